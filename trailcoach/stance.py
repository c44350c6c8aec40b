"""Stance: how the vehicle rests on the ground, and what its underbody meets."""
from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trailcoach import _core, abi
from trailcoach.errors import InputError
from trailcoach.margins import Footing, Margins
from trailcoach.outputs import write_table

if TYPE_CHECKING:
    from trailcoach.terrain import Terrain
    from trailcoach.vehicle import Vehicle

CHUNK = 4096                    # poses settled at a time: 6 MB of tc_stance, 3 MB of tc_margins where asked for
SQUARE = 64.0                   # m, of ground read at a time where a terrain is not in memory,
REACH = 8.0                     # and m about it: no vehicle is longer
WHEELS = ("fl", "fr", "rl", "rr")


class Rest(enum.IntEnum):
    """What became of a pose; the values are those of ``tc_stance.status``."""

    OK = 0
    TIPS = 1                    # no rest: it would roll over
    NO_SUPPORT = 2              # fewer than three wheels can carry it
    OFF_MAP = 3                 # a wheel or a part is off the map
    UNKNOWN = 4                 # the ground under a wheel is unknown
    UNSOLVED = 5                # the iteration ended without rest
    BAD_POSE = 6                # the pose is not finite


class Quality(enum.IntEnum):
    """How exact a rest that was found is; the values are those of ``tc_stance.quality``."""

    EXACT = 0                   # less than 20 N out of balance
    ROUGH = 1                   # less than 80 N: the ground's steps allow no better
    EDGE = 2                    # less than 500 N: a tyre stands on an edge from which its contact jumps


@dataclass(frozen=True)
class Stance:
    """How a vehicle rests at n poses. What is not known is NaN.

    Attributes
    ----------
    x, y, yaw : ndarray
        (n,), the poses asked for, m and rad.
    z, roll, pitch : ndarray
        (n,), height of the body origin and attitude at rest, m and rad.
    wheel_load : ndarray
        (n, 4), vertical, fl, fr, rl, rr, N.
    travel : ndarray
        (n, 4), suspension at the wheel, positive = compressed, m.
    clearance : ndarray
        (n, parts), least vertical gap to the ground, negative = interference, m.
    nearest : ndarray
        (n, parts, 3), the ground point it is least at, world, m.
    contact_probability : ndarray
        (n, parts), that the part touches, for the errors of ground and model, 0 to 1.
    tip_margins : ndarray
        (n, 4), angle gravity may turn about the left, right, front and rear edge of the footprint, rad.
    tip_margin : ndarray
        (n,), the least of the four, rad.
    status : ndarray
        (n,), values of :class:`Rest`.
    quality : ndarray
        (n,), values of :class:`Quality`; says something where status is OK.
    lifted : ndarray
        (n, 4) bool, wheels that carry nothing.
    parts : tuple of str
        Names of the parts, in the order of the columns.
    margins : Margins, optional
        Where they were asked for.
    """

    x: np.ndarray
    y: np.ndarray
    yaw: np.ndarray
    z: np.ndarray
    roll: np.ndarray
    pitch: np.ndarray
    wheel_load: np.ndarray
    travel: np.ndarray
    clearance: np.ndarray
    nearest: np.ndarray
    contact_probability: np.ndarray
    tip_margins: np.ndarray
    tip_margin: np.ndarray
    status: np.ndarray
    quality: np.ndarray
    lifted: np.ndarray
    parts: tuple[str, ...]
    margins: Margins | None = None

    @staticmethod
    def from_records(records: np.ndarray, parts: tuple[str, ...]) -> Stance:
        """Stances of the core, an array (n,) of abi.STANCE."""
        stance = _empty(np.column_stack([records["x"], records["y"], records["yaw"]]), parts)
        _take(stance, slice(0, len(records)), records)
        return stance

    def __len__(self) -> int:
        return len(self.x)

    def columns(self) -> dict[str, np.ndarray]:
        """The columns of stance.csv but the id: name to array (n,)."""
        columns = {"x": self.x, "y": self.y, "yaw": self.yaw, "z": self.z, "roll": self.roll, "pitch": self.pitch}
        columns |= {f"load_{w}": self.wheel_load[:, i] for i, w in enumerate(WHEELS)}
        columns["tip_margin"] = self.tip_margin
        columns |= {f"clearance_{p}": self.clearance[:, i] for i, p in enumerate(self.parts)}
        columns |= {f"p_contact_{p}": self.contact_probability[:, i] for i, p in enumerate(self.parts)}
        columns["status"] = np.array([Rest(s).name.lower() for s in self.status], dtype=object)
        columns["quality"] = np.array([Quality(q).name.lower() if s == Rest.OK else "" for s, q in
                                       zip(self.status, self.quality, strict=True)], dtype=object)
        return columns if self.margins is None else columns | self.margins.columns()

    def write_csv(self, path: str | Path, ids: list[str] | None = None) -> None:
        """Write stance.csv; without ids the poses are numbered from 0. Unknown values are left empty."""
        names = [str(i) for i in range(len(self))] if ids is None else ids
        if len(names) != len(self):
            raise InputError(f"{len(names)} ids for {len(self)} poses; one for each pose is needed")
        write_table(path, {"id": names, **self.columns()})


def settle(vehicle: Vehicle, terrain: Terrain, poses: np.ndarray,
           progress: Callable[[int, int], None] | None = None, footing: Footing | None = None) -> Stance:
    """Let the vehicle rest on the terrain at each pose, brakes on.

    Parameters
    ----------
    vehicle : Vehicle
    terrain : Terrain
    poses : array_like
        (n, 3), x, y, yaw of the body origin, m and rad.
    progress : callable, optional
        Called with the number of poses done and n, now and then.
    footing : Footing, optional
        Ask for all margins on this footing, too: some 100 times the work.

    Returns
    -------
    Stance
        Every pose has a status; what a pose has no answer for is NaN.

    Raises
    ------
    InputError
        Where poses is not (n, 3), or what they ask for does not fit into memory.

    Notes
    -----
    A pose takes 188 bytes and 40 for each part in the arrays returned, 664 more with margins, and the work 10 MB
    besides, however many poses there are. Ask for some of them at a time where that is too much.
    """
    from trailcoach.terrain import Terrain
    from trailcoach.vehicle import Vehicle
    for name, value, kind in (("vehicle", vehicle, Vehicle), ("terrain", terrain, Terrain)):
        if not isinstance(value, kind):
            raise TypeError(f"settle: {name} is a {type(value).__name__}; a {kind.__name__} is needed")
    try:
        return _settle(vehicle, terrain, np.ascontiguousarray(poses, dtype=float), progress, footing)
    except MemoryError:
        raise InputError(f"{len(poses)} poses do not fit into memory; fewer at a time are needed, each takes"
                         f" {_pose_bytes(vehicle, footing)} bytes") from None


def _pose_bytes(vehicle: Vehicle, footing: Footing | None) -> int:
    """Of one pose in the arrays returned."""
    return 188 + 40 * len(vehicle.part) + (0 if footing is None else abi.MARGINS.itemsize)


def _settle(vehicle: Vehicle, terrain: Terrain, asked: np.ndarray, progress: Callable[[int, int], None] | None,
            footing: Footing | None) -> Stance:
    if asked.size == 0:
        asked = asked.reshape(0, 3)
    if asked.ndim != 2 or asked.shape[1] != 3:
        raise InputError(f"poses of shape {asked.shape}; (n, 3) of x, y, yaw is needed")
    stance, done = _empty(asked, vehicle.part_names, footing), 0
    for engine, rows in _engines(vehicle, terrain, asked):
        if footing is None or stance.margins is None:
            records = engine.settle(np.ascontiguousarray(asked[rows]))
        else:
            records, stance.margins.records[rows] = engine.examine(footing.to_abi(), np.ascontiguousarray(asked[rows]))
        _take(stance, rows, records)
        done += len(rows)
        if progress is not None:
            progress(done, len(asked))
    return stance


def assured_clearance(vehicle: Vehicle, terrain: Terrain, poses: np.ndarray) -> np.ndarray:
    """The least clearance that is sure at poses (n, 3) without a stance, m, (n,); -inf where none is.

    From the lowest and highest ground within the wheels' reach, as ACE (Otsu et al., Journal of Field Robotics 37,
    2020) bounds it: of a rest within 0.12 rad of the plane through the ground under the wheels never more than
    :func:`settle` finds there. Rough ground leaves open more often than not whether it is clear. The ground is taken as
    it is on the map; its errors are for ``contact_probability``.

    Parameters
    ----------
    vehicle : Vehicle
    terrain : Terrain
    poses : ndarray
        (n, 3), x, y, yaw of the body origin, m and rad.

    Returns
    -------
    ndarray
        (n,), m.

    Raises
    ------
    InputError
        Where poses is not (n, 3).
    """
    p = np.ascontiguousarray(poses, dtype=float)
    if p.ndim != 2 or p.shape[1] != 3:
        raise InputError(f"poses of shape {p.shape}; (n, 3) of x, y, yaw are needed")
    sure = np.full(len(p), -np.inf)
    for engine, rows in _engines(vehicle, terrain, p):
        sure[rows] = engine.assure(np.ascontiguousarray(p[rows]))
    return sure


def rests(vehicle: Vehicle, terrain: Terrain, poses: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The rests at poses (n, 3), some at a time: their rows, and an array of abi.STANCE."""
    for engine, rows in _engines(vehicle, terrain, poses):
        yield rows, engine.settle(np.ascontiguousarray(poses[rows]))


def _engines(vehicle: Vehicle, terrain: Terrain, poses: np.ndarray) -> Iterator[tuple[_core.Engine, np.ndarray]]:
    """An engine that knows the ground about some of the poses (n, 3), and the rows of these.

    Poses on a terrain that is not in memory come square by square, so that only the ground about them is.
    """
    config = _core.default_config()
    config["vehicle"] = vehicle.to_abi()
    config["line"]["max_nodes"] = 0             # no planner: its memory is not needed
    engine = _core.Engine(config)
    for grid, rows in _by_ground(terrain, poses):
        engine.set_terrain(grid)
        for some in np.array_split(rows, range(CHUNK, len(rows), CHUNK)):
            yield engine, some


def _by_ground(terrain: Terrain, poses: np.ndarray) -> Iterator[tuple[_core.Grid, np.ndarray]]:
    """Grids, and the rows of the poses that stand on them."""
    from trailcoach.terrain import WINDOW_POSTS
    if terrain.is_whole:
        yield terrain.grid, np.arange(len(poses))
        return
    side = max(min(SQUARE, terrain.dx * WINDOW_POSTS ** 0.5 - 2.0 * REACH), 1.0)
    on = np.isfinite(poses[:, :2]).all(axis=1)
    xy = np.where(on[:, None], poses[:, :2], (terrain.x0, terrain.y0))      # what has no place is refused anywhere
    squares, member = np.unique(np.floor(xy / side), axis=0, return_inverse=True)
    order = np.argsort(member.ravel(), kind="stable")
    counts = np.bincount(member.ravel(), minlength=len(squares))
    for (sx, sy), rows in zip(squares * side, np.split(order, np.cumsum(counts)[:-1]), strict=True):
        yield terrain.cut(sx - REACH, sy - REACH, sx + side + REACH, sy + side + REACH), rows


def _empty(poses: np.ndarray, parts: tuple[str, ...], footing: Footing | None = None) -> Stance:
    n, k = len(poses), len(parts)
    x, y, yaw = poses.T.copy()
    z, roll, pitch, tip_margin = np.full((4, n), np.nan)
    return Stance(
        x=x, y=y, yaw=yaw, z=z, roll=roll, pitch=pitch, wheel_load=np.full((n, abi.N_WHEELS), np.nan),
        travel=np.full((n, abi.N_WHEELS), np.nan), clearance=np.full((n, k), np.nan),
        nearest=np.full((n, k, 3), np.nan), contact_probability=np.full((n, k), np.nan),
        tip_margins=np.full((n, 4), np.nan), tip_margin=tip_margin, status=np.zeros(n, np.int32),
        quality=np.zeros(n, np.int32),
        lifted=np.zeros((n, abi.N_WHEELS), bool), parts=parts,
        margins=None if footing is None else Margins.empty(n, footing, parts))


def _take(stance: Stance, rows: slice | np.ndarray, results: np.ndarray) -> None:
    """Copy a chunk of tc_stance into the arrays."""
    k = len(stance.parts)
    for name in ("z", "roll", "pitch", "wheel_load", "travel", "status", "quality"):
        getattr(stance, name)[rows] = results[name]
    for name in ("clearance", "nearest", "contact_probability"):
        getattr(stance, name)[rows] = results[name][:, :k]
    stance.tip_margins[rows] = results["tip_margin"]
    stance.tip_margin[rows] = results["tip_margin"].min(axis=1)
    stance.lifted[rows] = (results["lifted"][:, None] >> np.arange(abi.N_WHEELS)) & 1
