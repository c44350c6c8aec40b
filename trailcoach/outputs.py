"""Tables that are written: CSV with one line of names, what is unknown left empty."""
from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_DECIMALS = 6                       # of a number without a format of its own; zeros at its end are left out


def write_table(path: str | Path, columns: Mapping[str, np.ndarray | list[str]],
                formats: Mapping[str, str] | None = None) -> None:
    """Write columns of equal length as CSV.

    Parameters
    ----------
    path : str or Path
    columns : mapping of str to array_like
        Name to values (n,): numbers or words. NaN becomes an empty cell.
    formats : mapping of str to str, optional
        Name to a printf format for its numbers that are not whole; without one up to six decimals.
    """
    cells = [_cells(np.asarray(values), (formats or {}).get(name)) for name, values in columns.items()]
    with open(path, "w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*cells, strict=True))


def _cells(values: np.ndarray, form: str | None) -> list[str]:
    if values.dtype.kind != "f":
        return [str(v) for v in values.tolist()]
    if form is None:
        return ["" if v != v else f"{v:.{_DECIMALS}f}".rstrip("0").rstrip(".") for v in values.tolist()]
    return ["" if v != v else form % v for v in values.tolist()]
