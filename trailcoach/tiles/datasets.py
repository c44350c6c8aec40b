"""Datasets kept open, each used by one thread at a time."""
from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from trailcoach.tiles.sheet import Sheet, open_dataset, read_posts

if TYPE_CHECKING:
    import rasterio.io

MOST_OPEN = 64                      # files at a time
BLOCK_CACHE_MB = 32                 # of GDAL's own cache of decoded blocks, whose default is a share of the machine


class Datasets:
    """Open datasets by path. A GDAL dataset must not be used by two threads at once: each has its lock."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, tuple[rasterio.io.DatasetReader, Lock]] = OrderedDict()
        self._lock = Lock()

    def read(self, sheet: Sheet, i: int, j: int, ni: int, nj: int) -> tuple[np.ndarray, np.ndarray]:
        """Heights and standard deviations of posts, see :func:`trailcoach.tiles.sheet.read_posts`."""
        import rasterio
        with rasterio.Env(GDAL_CACHEMAX=BLOCK_CACHE_MB * 1024 * 1024):
            while True:
                dataset, lock = self._borrow(sheet.path)
                with lock:
                    if not dataset.closed:      # else it was put away between the two locks
                        return read_posts(dataset, sheet, i, j, ni, nj)

    def _borrow(self, path: Path) -> tuple[rasterio.io.DatasetReader, Lock]:
        with self._lock:
            if path not in self._open:
                self._open[path] = open_dataset(path), Lock()
            self._open.move_to_end(path)
            found = self._open[path]
            old = [self._open.popitem(last=False)[1] for _ in range(len(self._open) - MOST_OPEN)]
        for dataset, lock in old:
            with lock:
                dataset.close()
        return found

    def close(self) -> None:
        """Close all; they open again when they are needed."""
        with self._lock:
            old = list(self._open.values())
            self._open.clear()
        for dataset, lock in old:
            with lock:
                dataset.close()
