"""Recordings: what an engine was given, byte for byte, so that any host can replay it with the same result.

A recording is a file of 8 bytes ``TCREC`` 0 0 and the ABI version, then records of uint32 kind, uint32 size and size
bytes, in the order the engine was given them. Numbers are in the machine's own (little-endian) layout:

====  =========  =============================================================================================
kind  name       bytes
====  =========  =============================================================================================
1     config     tc_config
2     terrain    tc_grid, its pointers 1 for what follows and 0 for what does not, then heights, post_sigma, highest,
                 highest_rare and spread as float32, those that do
3     trail      half width, then x, y of every point, as doubles
4     start      x, y, z, yaw, sd_xy, sd_yaw as doubles
10+k  sample     tc_imu, tc_wheels, tc_inclination, tc_steering, tc_speed, tc_gnss for k = 0 ... 5
20    tick       t_ns as int64
====  =========  =============================================================================================
"""
from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from trailcoach.log import Log
from trailcoach.terrain import Terrain

MAGIC = b"TCREC\0\0\1"
_GRID = "=Iiii4dQd4Q"              # tc_grid
CONFIG, TERRAIN, TRAIL, START, SAMPLE, TICK = 1, 2, 3, 4, 10, 20


class Recording:
    """Writes a recording.

    Parameters
    ----------
    file : binary file
        Open for writing.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.write(MAGIC)

    def _record(self, kind: int, payload: bytes) -> None:
        self._file.write(struct.pack("<II", kind, len(payload)) + payload)

    def config(self, config: np.ndarray) -> None:
        """The tc_config the engine is made with."""
        self._record(CONFIG, config.tobytes())

    def terrain(self, terrain: Terrain) -> None:
        """The grid handed over."""
        heights = terrain.grid.heights
        *beside, cell = terrain.grid.beside
        ny, nx = heights.shape
        grid = struct.pack(_GRID, struct.calcsize(_GRID), nx, ny, 0, terrain.x0, terrain.y0, terrain.dx,
                           terrain.sigma, 1, cell, *(int(array is not None) for array in beside))
        self._record(TERRAIN, b"".join([grid, heights.tobytes(), *(a.tobytes() for a in beside if a is not None)]))

    def trail(self, xy: np.ndarray, half_width: float) -> None:
        """The trail, (n, 2)."""
        self._record(TRAIL, struct.pack("=d", half_width) + np.ascontiguousarray(xy, float).tobytes())

    def start(self, *values: float) -> None:
        """The arguments of tc_set_start."""
        self._record(START, struct.pack("=6d", *values))

    def sample(self, kind: int, sample: np.ndarray) -> None:
        """One sample; kind is its place in :data:`trailcoach.log.SENSORS`."""
        self._record(SAMPLE + kind, sample.tobytes())

    def tick(self, t_ns: int) -> None:
        """A tick."""
        self._record(TICK, struct.pack("=q", t_ns))


def tick_times(log: Log, rate: float) -> np.ndarray:
    """Times (ns) of guidance ticks over a log, rate per second, from one period after its first sample."""
    first, last = log.t_ns
    period = round(1e9 / rate)
    return np.arange(first + period, last + period, period, dtype=np.int64)


def write_recording(path: str | Path, log: Log, ticks: Iterable[int], *, config: np.ndarray, terrain: Terrain,
                    trail: tuple[np.ndarray, float] | None, start: tuple[float, ...] | None) -> None:
    """A log, what goes with it and the ticks of its guidance, as one recording."""
    with open(path, "wb") as file:
        r = Recording(file)
        r.config(config)
        r.terrain(terrain)
        if trail is not None:
            r.trail(*trail)
        if start is not None:
            r.start(*start)
        kinds, rows, t_ns = log.timeline()
        arrays, j = log.arrays, 0
        for tick in ticks:
            while j < len(t_ns) and t_ns[j] <= tick:
                r.sample(int(kinds[j]), arrays[kinds[j]][rows[j]])
                j += 1
            r.tick(int(tick))
