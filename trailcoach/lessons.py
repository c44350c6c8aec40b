"""Lessons of a drive: where it went, and how high and how level it would have rested there.

A body on its springs follows the ground late. From its smoothed motion the core tells where it would have come to rest
(``ext/fusion_terrain.pxi``); that, against the rest on the terrain as its tiles have it, is what wheels teach.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np

from trailcoach import _core
from trailcoach.engine import make_config
from trailcoach.fusion import Status, fuse
from trailcoach.log import Log
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

STEP = 0.2                          # m rolled between lessons: a tyre's footprint
RATE = 20.0                         # states a second a lag is told from
SMOOTHED = 900.0                    # s of a drive that are smoothed: each state of it takes some 20 kB
HEIGHT_SD = 0.015                   # m, tyre and soil
# how far a body is from rest once its lag is taken out, roll and pitch: standing (rad), and with speed (rad s/m); 0.3
# to 0.7 deg and 0.2 to 0.3 deg at 0.5 to 1 m/s on rig drives over rocks, exact ground, 5 drives
LEAN_SD = (0.004, 0.003)
LEAN_RIDE = (0.005, 0.003)

_KNOWN = Status.LEVELLED | Status.HEADING | Status.POSITION

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Lessons:
    """Places of a drive, some :data:`STEP` apart.

    Attributes
    ----------
    pose : (n, 3) ndarray
        x, y, yaw of the body origin, m and rad.
    rest : (n, 3) ndarray
        Height (m), roll and pitch (rad) it would have rested at.
    variance : (n, 3) ndarray
        Of these, each on its own.
    wandering : (n,) ndarray
        Variance that the height has gathered since the drive began, common to all that comes after, m^2.
    place_variance : (n,) ndarray
        Of x and of y, m^2.
    distance : (n,) ndarray
        Rolled, m.
    """

    pose: np.ndarray
    rest: np.ndarray
    variance: np.ndarray
    wandering: np.ndarray
    place_variance: np.ndarray
    distance: np.ndarray

    def __getitem__(self, rows: slice | np.ndarray) -> Lessons:
        return Lessons(*(getattr(self, f.name)[rows] for f in fields(self)))

    def __len__(self) -> int:
        return len(self.distance)

    def stretches(self, length: float, lap: float) -> Iterator[tuple[Lessons, np.ndarray]]:
        """Lessons of one stretch after the other with ``lap`` metres more at both ends, and which are its own."""
        first = 0
        while first < len(self):
            begin = self.distance[first]
            end = int(np.searchsorted(self.distance, begin + length))
            low, high = np.searchsorted(self.distance, (begin - lap, begin + length + lap))
            rows = np.arange(low, high)
            yield self[rows], (rows >= first) & (rows < end)
            first = max(end, first + 1)


def lessons_of(log: Log, vehicle: Vehicle, terrain: Terrain, progress: Progress | None = None) -> Lessons:
    """What a drive has to teach; empty where its place, heading or level are never known.

    The whole of a drive of up to :data:`SMOOTHED` seconds has its say in every state; of a longer one what was known at
    the moment counts. What the ground tells the vehicle is left out: it must not come back as its lesson.

    Raises
    ------
    InputError
        The log has no IMU.
    """
    config = make_config(vehicle, log, guidance=False)
    config["fusion"]["rest_height_sd"] = 0.0
    track = fuse(log, vehicle, terrain, progress, rate=RATE, config=config, smooth=_seconds(log) <= SMOOTHED)
    lean = np.column_stack([track.position[:, 2], track.attitude[:, :2]])
    rest, variance = _core.at_rest(np.ascontiguousarray(track.state["t_ns"]), np.ascontiguousarray(lean))
    speed = np.hypot(*track.velocity[:, :2].T)
    variance[:, 0] += HEIGHT_SD**2
    for k in range(2):
        variance[:, 1 + k] += (LEAN_SD[k] + LEAN_RIDE[k] * speed)**2 + track.sd_attitude[:, k]**2
    known = (track.status & int(_KNOWN) == int(_KNOWN)) & np.isfinite(rest).all(axis=1)
    rows = _apart(track.distance, np.flatnonzero(known))
    height = track.sd_position[rows, 2]**2
    return Lessons(
        pose=np.column_stack([track.position[rows, :2], track.attitude[rows, 2]]), rest=rest[rows],
        variance=variance[rows], wandering=np.cumsum(np.abs(np.diff(height, prepend=height[:1]))),
        place_variance=(track.sd_position[rows, :2]**2).mean(axis=1), distance=track.distance[rows])


def _seconds(log: Log) -> float:
    """How long a drive is."""
    return 0.0 if log.imu is None or not len(log.imu) else float(log.imu["t_ns"][-1] - log.imu["t_ns"][0]) * 1e-9


def _apart(distance: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Those of some rows that are :data:`STEP` or more from the one before."""
    steps = np.floor(distance[rows] / STEP)
    return rows[np.flatnonzero(np.diff(steps, prepend=-1.0) > 0)]
