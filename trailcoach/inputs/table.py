"""Tables of numbers from CSV files, with every fault told by file, line and column."""
from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trailcoach.errors import InputError
from trailcoach.inputs.kinds import kind_of

_SHOWN = 40                         # characters of a bad cell or header that a message shows


class Table:
    """A CSV file in memory: UTF-8 with or without byte order mark, any line ends, blank lines only at its end.

    Attributes
    ----------
    path : Path
    columns : list of str
        Names of the columns, each once.
    values : (n, columns) ndarray
        The numbers of :attr:`columns`, all finite, n >= 1. Row i stands in line i + 2 of the file.
    text : list of str
        The cells of the text column, where one was asked for and is there.
    """

    def __init__(self, path: Path, columns: list[str], values: np.ndarray, text: list[str]) -> None:
        self.path, self.columns, self.values, self.text = path, columns, values, text

    def __getitem__(self, column: str) -> np.ndarray:
        """One column, (n,)."""
        return self.values[:, self.columns.index(column)]

    def has(self, *columns: str) -> bool:
        """Whether all these columns are there."""
        return set(columns) <= set(self.columns)

    def fault(self, row: int, what: str) -> InputError:
        """An error about one row."""
        return InputError(f"{self.path}: line {row + 2}: {what}")

    @staticmethod
    def read(path: Path, *, text_column: str = "", whole_lines: bool = False) -> Table:
        """Read a table.

        Parameters
        ----------
        path : Path
        text_column : str
            The one column that may hold words, if it is there.
        whole_lines : bool
            Refuse a last line without a line end: a recorder that dies leaves half a number there.

        Raises
        ------
        InputError
            Names the line that is cut short or holds something else than finite numbers.
        """
        lines = _lines(path, whole_lines)
        columns = [c.strip() for c in lines[0].split(",")]
        _check_header(path, columns, lines[0])
        rows = lines[1:]
        text: list[str] = []
        if text_column in columns:
            place = columns.index(text_column)
            rows, text = _take_out(path, rows, columns, place)
            columns = columns[:place] + columns[place + 1:]
        try:
            blank = not all(row.strip() for row in rows)        # loadtxt would skip it
            values = np.zeros((0, 0)) if blank else np.loadtxt(rows, delimiter=",", ndmin=2, comments=None)
            if values.shape == (len(rows), len(columns)) and np.isfinite(values).all():
                return Table(path, columns, values, text)
        except ValueError:
            pass                        # the scan below names the line
        raise InputError(f"{path}: {_first_fault(columns, rows)}")


def _lines(path: Path, whole_lines: bool) -> list[str]:
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is {kind_of(path)}; a CSV file is needed")
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is {kind_of(path)}; a CSV file (text, UTF-8) is needed") from None
    except OSError as e:
        raise InputError(f"{path}: cannot be read: {e.strerror}; a CSV file is needed") from None
    if "\0" in content:
        raise InputError(f"{path}: is {kind_of(path)}; a CSV file (text, UTF-8) is needed")
    if whole_lines and content and not content.endswith("\n"):
        number = content.count("\n") + 1
        raise InputError(f"{path}: line {number}: ends without a line break: the file is cut short; whole rows are"
                         " needed")
    lines = content.rstrip("\n \t").split("\n")
    if len(lines) < 2:
        what = "is empty" if not lines[0] else "holds no rows"
        raise InputError(f"{path}: {what}; a line of column names and at least one row of numbers are needed")
    return lines


def _check_header(path: Path, columns: Sequence[str], line: str) -> None:
    twice = next((c for i, c in enumerate(columns) if c in columns[:i]), None)
    if twice is not None:
        raise InputError(f"{path}: line 1: column '{_short(twice)}' twice; every column once is allowed")
    if len(columns) == 1 and any(mark in line for mark in ";\t"):
        raise InputError(f"{path}: line 1: no commas in '{_short(line)}'; columns separated by commas are needed")


def _take_out(path: Path, rows: list[str], columns: list[str], place: int) -> tuple[list[str], list[str]]:
    """Rows without one column, and its cells."""
    rest, text = [], []
    for number, row in enumerate(rows, 2):
        cells = row.split(",")
        if len(cells) != len(columns):
            raise InputError(f"{path}: line {number}: {len(cells)} values; {len(columns)} are needed:"
                             f" {','.join(columns)}")
        text.append(cells.pop(place).strip())
        rest.append(",".join(cells))
    return rest, text


def _first_fault(columns: Sequence[str], rows: Sequence[str]) -> str:
    for number, row in enumerate(rows, 2):
        cells = row.split(",")
        if len(cells) != len(columns):
            cut = " (the file is cut short)" if number == len(rows) + 1 and len(cells) < len(columns) else ""
            return f"line {number}: {len(cells)} values{cut}; {len(columns)} are needed: {_short(','.join(columns))}"
        for name, cell in zip(columns, cells, strict=True):
            fault = _cell_fault(cell)
            if fault:
                return f"line {number}: {_short(name)} {fault}"
    return "cannot be read as a table of numbers"


def _cell_fault(cell: str) -> str:
    if not cell.strip():
        return "is empty; a number is needed"
    try:
        value = float(cell.replace("_", "?"))       # float() takes 1_000
    except ValueError:
        return f"= {_short(cell.strip())!r}; a number is needed"
    return "" if math.isfinite(value) else f"= {_short(cell.strip())}; a finite number is needed"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def read_table(path: Path) -> tuple[list[str], np.ndarray]:
    """Column names and numbers (n >= 1, columns) of a CSV file; see :meth:`Table.read`."""
    table = Table.read(path)
    return table.columns, table.values
