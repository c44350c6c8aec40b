"""Fewer points with the same story: every minimum and every gap of a thinned record survives."""
import numpy as np
from numpy.typing import NDArray


def keep_minima(signals: NDArray[np.float64], limit: int, must: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
    """Choose at most about ``limit`` rows so that each column keeps its minima and its gaps.

    The rows are cut into equal buckets, as many as the limit allows; from each bucket the row of the least value of
    every column stays, and one row with an unknown value where there is one.

    Parameters
    ----------
    signals : ndarray, shape (n, k)
        NaN = unknown. To keep maxima, add the negated column.
    limit : int
        Rows to keep.
    must : ndarray of int, optional
        Rows that stay in any case, on top of the limit.

    Returns
    -------
    ndarray of int
        Rows to keep, increasing.
    """
    n = len(signals)
    if n <= limit:
        return np.arange(n)
    gap = np.where(np.isnan(signals).any(axis=1), -1.0, 0.0)
    columns = np.column_stack([signals, gap])
    fixed = np.unique(np.concatenate([[0, n - 1], np.asarray(must if must is not None else [], dtype=np.intp)]))
    low, high = 1, limit
    while low < high:
        buckets = (low + high + 1) // 2
        if len(_rows_of_least(columns, buckets)) <= limit:
            low = buckets
        else:
            high = buckets - 1
    kept: NDArray[np.intp] = np.union1d(_rows_of_least(columns, low), fixed).astype(np.intp)
    return kept


def _rows_of_least(columns: NDArray[np.float64], buckets: int) -> NDArray[np.intp]:
    """Rows where any column is least within its bucket; unknown values never win against known ones."""
    n, k = columns.shape
    width = -(-n // buckets)
    padded = np.full((buckets * width, k), np.inf)
    padded[:n] = np.where(np.isnan(columns), np.inf, columns)
    first = np.arange(buckets)[:, None] * width
    rows = first + padded.reshape(buckets, width, k).argmin(axis=1)
    return np.unique(rows[rows < n])
