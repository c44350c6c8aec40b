"""Line: the best way over the ground ahead, found by a search over stances."""
from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trailcoach import _core, abi
from trailcoach.engine import make_config
from trailcoach.errors import InputError
from trailcoach.outputs import write_table
from trailcoach.room import room_words
from trailcoach.stance import Stance, rests
from trailcoach.stretches import BEHIND
from trailcoach.terrain import WHOLE_POSTS, Terrain
from trailcoach.tiles.windows import AHEAD
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle
from trailcoach.why import Limit, Why

FREE_HALF_WIDTH = 6.0           # m, of the corridor about the beeline where there is no trail
MAX_STANCES = 160_000           # of one plan at the desk: seconds, where there is no clear line and that is to be shown
MAX_NODES = 400_000             # 60 MB
POINT = 0.1                     # m between points of a line
ROOM = 0.10                     # m a driver may be aside of a line, where there is a way with so much room
DOUBT = 0.02                    # m of clearance that a stance may err: 16 mm in 1 of 20 (p95) against a physics engine


class Outcome(enum.IntEnum):
    """What became of a plan; the values are those of ``tc_line_info.outcome``."""

    CLEAR = 0                   # reaches the goal, nothing touches
    TOUCHES = 1                 # reaches the goal, but no line was found where nothing touches
    BLOCKED = 2                 # no line reaches the goal; the points lead to the farthest place reached
    BUDGET = 3                  # the budget ended the search; the points are the best so far

    def __str__(self) -> str:
        return ("clear", "touches", "blocked", "budget spent")[self]


@dataclass(frozen=True)
class Line:
    """A line a vehicle can drive, a point every 0.1 m.

    Attributes
    ----------
    points : ndarray
        (n,), abi.LINE_POINT: the line as the core gives it.
    stances : Stance
        How the vehicle rests at the points, as :func:`trailcoach.settle` says.
    rests : ndarray
        (n,), abi.STANCE: the same as the core gives it.
    outcome : Outcome
    cost : float
        What the search minimised: metres, made dearer by lack of clearance, tilt and steering.
    why : Why
    limit : Limit or None
        What keeps it from being clear; None where nothing does.
    tube : float
        Lateral error of the driver at which all of it was found to stay clear as well, m; 0 = not all of it has room.
    exhausted : bool
        True where no clear line leads forward, shown on a lattice of 10 cm and 2.5 deg.
    nodes, n_stances : int
        What the search spent.
    """

    points: np.ndarray
    stances: Stance
    rests: np.ndarray
    outcome: Outcome
    cost: float
    why: Why
    limit: Limit | None
    tube: float
    exhausted: bool
    nodes: int
    n_stances: int

    def __len__(self) -> int:
        return len(self.points)

    @property
    def s(self) -> np.ndarray:
        """(n,), along the line, horizontal, m."""
        return np.asarray(self.points["s"])

    @property
    def poses(self) -> np.ndarray:
        """(n, 3), x, y, yaw of the body origin, world, m and rad."""
        return np.column_stack([self.points["x"], self.points["y"], self.points["yaw"]])

    @property
    def gear(self) -> np.ndarray:
        """(n,), 1 forward, -1 reverse."""
        return np.asarray(self.points["gear"])

    @property
    def steer(self) -> np.ndarray:
        """(n,), road-wheel angle of the bicycle model, left positive, rad."""
        return np.asarray(self.points["steer"])

    @property
    def room(self) -> np.ndarray:
        """(n,), the driver may be so far aside at each point and nothing touches, m.

        10, 7 or 5 cm to either side; 0 = not even that, NaN = not asked, as the budget was spent.
        """
        return np.asarray(self.points["room"])

    @property
    def room_words(self) -> str:
        """How much room for error it has, and where it has less."""
        return room_words(self.s, self.room, ROOM)

    @property
    def length(self) -> float:
        """Horizontal, m."""
        return float(self.points["s"][-1])

    @property
    def least_clearance(self) -> np.ndarray:
        """(n,), of all parts at each point, m; NaN where the vehicle does not rest or the ground is unknown."""
        if not self.stances.parts:
            return np.full(len(self), np.inf)
        return np.asarray(self.stances.clearance.min(axis=1))

    def write_csv(self, path: str | Path) -> None:
        """Write line.csv: s, x, y, yaw, gear, steer, how the vehicle stands there, room; unknown stays empty."""
        columns = {k: self.points[k] for k in ("s", "x", "y", "yaw", "gear", "steer")}
        columns |= {k: v for k, v in self.stances.columns().items() if k not in columns}
        columns["room"] = self.room
        write_table(path, columns)


def plan(vehicle: Vehicle, terrain: Terrain, start: Sequence[float], goal: Sequence[float],
         trail: Trail | None = None, half_width: float | None = None, *, reverse: bool = False,
         max_stances: int = MAX_STANCES) -> Line:
    """Search the best line from start to goal.

    Parameters
    ----------
    vehicle : Vehicle
    terrain : Terrain
    start : sequence of float
        x, y, yaw of the body origin, m and rad. It may touch there and stand beside the corridor: it is where it is.
    goal : sequence of float
        x, y or x, y, yaw. The line ends within 0.45 m and 0.25 rad of it; without yaw any heading will do, and along a
        trail crossing the corridor there.
    trail : Trail, optional
        The whole vehicle stays within its corridor.
    half_width : float, optional
        Of the corridor, m; by default the trail's, without a trail 6 m either side of the beeline.
    reverse : bool
        Whether the line may back up and turn in several moves where no clear one leads forward.
    max_stances : int
        Budget of the search. The streaming engine's is smaller, see ``tc_line_config``.

    Returns
    -------
    Line
        Always; its outcome says whether it reaches the goal and whether anything touches.

    Raises
    ------
    InputError
        Start or goal is not finite or not on the terrain, or the trail is not.
    """
    a, b = pose_on("start", start, terrain), pose_on("goal", goal, terrain)
    config = make_config(vehicle)
    config["line"]["half_width"] = corridor_width(half_width, FREE_HALF_WIDTH)
    config["line"]["max_stances"] = max_stances
    config["line"]["max_nodes"] = MAX_NODES
    config["line"]["reverse"] = reverse
    config["line"]["tube"] = ROOM
    engine = _core.Engine(config)
    engine.set_terrain(_ground_between(terrain, a, b))
    if trail is not None:
        trail.check_on(terrain)
        engine.set_trail(_trail_between(trail, a, b), corridor_width(half_width, trail.half_width))
    info, points = engine.plan(a, b)
    return line_of(vehicle, terrain, points, info, Outcome(int(info["outcome"])), float(info["cost"]))


def pose_on(name: str, pose: Sequence[float] | np.ndarray, terrain: Terrain) -> np.ndarray:
    """x, y, yaw of a start or goal on the terrain; a goal's yaw may be left out (NaN)."""
    p = np.asarray(pose, dtype=float).ravel()
    if p.size not in ((2, 3) if name == "goal" else (3,)):
        raise InputError(f"{name}: {p.size} values; X,Y,YAW is needed" + (" (YAW may be left out)" * (name == "goal")))
    if not np.isfinite(p).all():
        raise InputError(f"{name}: {', '.join(f'{v:g}' for v in p)}; finite numbers are needed")
    if not terrain.covers(p[0], p[1]):
        west, south, east, north = terrain.bounds
        raise InputError(f"{name}: {p[0]:.1f}, {p[1]:.1f} lies outside the terrain {terrain.path}, which spans"
                         f" {west:.1f} to {east:.1f}, {south:.1f} to {north:.1f}")
    return p if p.size == 3 else np.append(p, np.nan)


def _ground_between(terrain: Terrain, a: np.ndarray, b: np.ndarray) -> _core.Grid:
    """The ground a line from a to b may use."""
    if terrain.is_whole:
        return terrain.grid
    (west, south), (east, north) = np.minimum(a[:2], b[:2]) - AHEAD, np.maximum(a[:2], b[:2]) + AHEAD
    if (east - west + terrain.dx) * (north - south + terrain.dx) > WHOLE_POSTS * terrain.dx ** 2:
        raise InputError(f"goal: {b[0]:.1f}, {b[1]:.1f} lies {np.hypot(*(b - a)[:2]):.0f} m from the start; on"
                         f" {terrain.path} with {terrain.dx:g} m between posts at most about"
                         f" {WHOLE_POSTS ** 0.5 * terrain.dx - 2.0 * AHEAD:.0f} m are allowed: plan along a trail")
    return terrain.cut(west, south, east, north, WHOLE_POSTS)


def _trail_between(trail: Trail, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The points of a trail that a line from a to b may meet, as many as the core holds."""
    if len(trail.xy) <= abi.MAX_TRAIL:
        return trail.xy
    ends = sorted(int(np.argmin(((trail.xy - p[:2]) ** 2).sum(axis=1))) for p in (a, b))
    part = trail.xy[max(ends[0] - BEHIND, 0):ends[1] + BEHIND]
    if len(part) > abi.MAX_TRAIL:
        raise InputError(f"{trail.path}: {len(part)} points between start and goal; at most {abi.MAX_TRAIL} are"
                         " allowed: plan to a nearer goal")
    return part


def corridor_width(asked: float | None, default: float) -> float:
    """Half the width asked for, or the default, m."""
    width = default if asked is None else float(asked)
    if not (math.isfinite(width) and width > 0.0):
        raise InputError(f"half-width {width}; metres above 0 are needed")
    return width


def line_of(vehicle: Vehicle, terrain: Terrain, points: np.ndarray, info: np.ndarray, outcome: Outcome,
            cost: float) -> Line:
    """A Line from what the core gave: an array (n,) of abi.LINE_POINT and one of abi.LINE_INFO."""
    why = Why(_part(vehicle, int(info["least_part"])), float(info["least_clearance"]), float(info["least_s"]),
              _part(vehicle, int(info["straight_part"])), float(info["straight_clearance"]), float(info["straight_s"]))
    records = np.zeros(len(points), abi.STANCE)
    for rows, some in rests(vehicle, terrain, np.column_stack([points["x"], points["y"], points["yaw"]])):
        records[rows] = some
    return Line(points, Stance.from_records(records, vehicle.part_names), records, outcome, cost, why,
                Limit.from_info(info, _part(vehicle, int(info["limit_part"]))),
                float(info["tube"]), bool(info["exhausted"]), int(info["nodes"]), int(info["stances"]))


def _part(vehicle: Vehicle, index: int) -> str | None:
    return vehicle.part_names[index] if index >= 0 else None
