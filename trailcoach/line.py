"""Line: the best way over the ground ahead, found by a search over stances."""
from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trailcoach import _core, abi
from trailcoach.engine import make_config
from trailcoach.errors import InputError
from trailcoach.outputs import write_table
from trailcoach.stance import Stance, rests
from trailcoach.terrain import WHOLE_POSTS, Terrain
from trailcoach.tiles.windows import AHEAD, Windows, hand_over
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle

FREE_HALF_WIDTH = 6.0           # m, of the corridor about the beeline where there is no trail
HORIZON = 12.0                  # m planned at a time along a trail
KEEP = 5.0                      # m of it that are kept
MAX_STANCES = 20000             # of one plan at the desk
POINT = 0.1                     # m between points of a line
Progress = Callable[[str, float], None]     # what is being done, and how much of it, 0 to 1
_ARC = 5                        # points to an arc: the line may be cut where one ends


class Outcome(enum.IntEnum):
    """What became of a plan; the values are those of ``tc_line_info.outcome``."""

    CLEAR = 0                   # reaches the goal, nothing touches
    TOUCHES = 1                 # reaches the goal, but no line was found where nothing touches
    BLOCKED = 2                 # no line reaches the goal; the points lead to the farthest place reached
    BUDGET = 3                  # the budget ended the search; the points are the best so far

    def __str__(self) -> str:
        return ("clear", "touches", "blocked", "budget spent")[self]


@dataclass(frozen=True)
class Why:
    """The tightest place of a line, and the same of the unsteered way along the trail.

    Attributes
    ----------
    part, straight_part : str or None
        The part that comes closest to the ground; None where nothing is known.
    clearance, straight_clearance : float
        By how much, m; negative = interference, NaN = not known.
    s, straight_s : float
        Where: metres along the line, and along the unsteered way.
    """

    part: str | None
    clearance: float
    s: float
    straight_part: str | None
    straight_clearance: float
    straight_s: float

    def __str__(self) -> str:
        here = _closeness(self.part, self.clearance, self.s)
        return f"{here}; unsteered: {_closeness(self.straight_part, self.straight_clearance, self.straight_s)}"


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
    nodes, n_stances : int
        What the search spent.
    """

    points: np.ndarray
    stances: Stance
    rests: np.ndarray
    outcome: Outcome
    cost: float
    why: Why
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
        """Write line.csv: s, x, y, yaw, gear, steer, then how the vehicle stands there; what is unknown stays empty."""
        columns = {k: self.points[k] for k in ("s", "x", "y", "yaw", "gear", "steer")}
        columns |= {k: v for k, v in self.stances.columns().items() if k not in columns}
        write_table(path, columns)


def plan(vehicle: Vehicle, terrain: Terrain, start: Sequence[float], goal: Sequence[float],
         trail: Trail | None = None, half_width: float | None = None, *, max_stances: int = MAX_STANCES) -> Line:
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
    a, b = _pose("start", start, terrain), _pose("goal", goal, terrain)
    config = make_config(vehicle)
    config["line"]["half_width"] = _width(half_width, FREE_HALF_WIDTH)
    config["line"]["max_stances"] = max_stances
    engine = _core.Engine(config)
    engine.set_terrain(_ground_between(terrain, a, b))
    if trail is not None:
        trail.check_on(terrain)
        engine.set_trail(trail.xy, _width(half_width, trail.half_width))
    info, points = engine.plan(a, b)
    return _line(vehicle, terrain, points, info, Outcome(int(info["outcome"])), float(info["cost"]))


def plan_along(vehicle: Vehicle, terrain: Terrain, trail: Trail, half_width: float | None = None,
               start: Sequence[float] | None = None, progress: Progress | None = None) -> Line:
    """The line along a whole trail: plan 12 m, keep about 5 m, go on from there.

    Parameters
    ----------
    vehicle : Vehicle
    terrain : Terrain
    trail : Trail
    half_width : float, optional
        Of the corridor, m; by default the trail's.
    start : sequence of float, optional
        x, y, yaw; by default the trail's first point, looking along it.
    progress : callable, optional
        Called after each plan.

    Returns
    -------
    Line
        To the trail's end, or to where it is blocked. Its outcome is the worst of the plans; ``why`` compares with the
        unsteered way of the plan that is tightest.

    Raises
    ------
    InputError
        The trail or the start is not on the terrain.
    """
    trail.check_on(terrain)
    width = _width(half_width, trail.half_width)
    config = make_config(vehicle)
    config["line"]["max_stances"] = MAX_STANCES
    engine = _core.Engine(config)
    windows = Windows(terrain)
    trail_s, here = trail.s, _pose("start", _first_pose(trail) if start is None else start, terrain)
    kept: list[np.ndarray] = []
    infos: list[np.ndarray] = []
    at, outcome, travelled, cost = 0.0, Outcome.CLEAR, 0.0, 0.0
    while True:
        if (grid := windows.follow(here[0], here[1])) is not None:
            hand_over(engine, grid)
        to = min(at + HORIZON, trail_s[-1])
        engine.set_trail(_stretch(trail, trail_s, at - 3.0, to + 6.0), width)
        info, points = engine.plan(here, np.array([*_at(trail, trail_s, to), np.nan]))
        reached = Outcome(int(info["outcome"]))
        last = to == trail_s[-1] or reached in (Outcome.BLOCKED, Outcome.BUDGET)
        points = points if last else points[:_cut(points) + 1]
        points["s"] += travelled
        info["least_s"] += travelled
        info["straight_s"] += at
        kept.append(points if not kept else points[1:])
        infos.append(info)
        cost += float(info["cost"]) * (points["s"][-1] - travelled) / max(float(info["length"]), POINT)
        outcome = max(outcome, reached if last else Outcome.CLEAR)
        travelled, here = points["s"][-1], np.array([points[c][-1] for c in ("x", "y", "yaw")])
        if progress is not None:
            progress("line", 1.0 if last else at / float(trail_s[-1]))
        if last:
            break
        at = _progress(trail, trail_s, here, at, to)
    whole = np.concatenate(kept)
    if outcome is Outcome.CLEAR and not _clear(whole):
        outcome = Outcome.TOUCHES
    return _line(vehicle, terrain, whole, _summary(whole, infos), outcome, cost)


def _pose(name: str, pose: Sequence[float] | np.ndarray, terrain: Terrain) -> np.ndarray:
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


def _width(asked: float | None, default: float) -> float:
    width = default if asked is None else float(asked)
    if not (math.isfinite(width) and width > 0.0):
        raise InputError(f"half-width {width}; metres above 0 are needed")
    return width


def _line(vehicle: Vehicle, terrain: Terrain, points: np.ndarray, info: np.ndarray, outcome: Outcome,
          cost: float) -> Line:
    why = Why(_part(vehicle, int(info["least_part"])), float(info["least_clearance"]), float(info["least_s"]),
              _part(vehicle, int(info["straight_part"])), float(info["straight_clearance"]), float(info["straight_s"]))
    records = np.zeros(len(points), abi.STANCE)
    for rows, some in rests(vehicle, terrain, np.column_stack([points["x"], points["y"], points["yaw"]])):
        records[rows] = some
    return Line(points, Stance.from_records(records, vehicle.part_names), records, outcome, cost, why,
                int(info["nodes"]), int(info["stances"]))


def _part(vehicle: Vehicle, index: int) -> str | None:
    return vehicle.part_names[index] if index >= 0 else None


def _closeness(part: str | None, clearance: float, s: float) -> str:
    if part is None or math.isnan(clearance):
        return "clearance not known"
    gap = f"clears by {clearance * 100:.0f} cm" if clearance >= 0.0 else f"touches by {-clearance * 100:.0f} cm"
    return f"{part.replace('_', ' ')} {gap} after {s:.1f} m"


# ---- along a whole trail

def _at(trail: Trail, trail_s: np.ndarray, s: float) -> np.ndarray:
    return np.array([np.interp(s, trail_s, trail.xy[:, 0]), np.interp(s, trail_s, trail.xy[:, 1])])


def _first_pose(trail: Trail) -> np.ndarray:
    trail_s = trail.s
    ahead = _at(trail, trail_s, min(1.0, trail_s[-1])) - trail.xy[0]
    return np.array([*trail.xy[0], math.atan2(ahead[1], ahead[0])])


def _stretch(trail: Trail, trail_s: np.ndarray, s0: float, s1: float) -> np.ndarray:
    """The part of the trail from s0 to s1, so that a trail that meets itself elsewhere cannot be mistaken."""
    s0, s1 = max(s0, 0.0), min(s1, trail_s[-1])
    inside = trail.xy[(trail_s > s0) & (trail_s < s1)]
    return np.ascontiguousarray(np.vstack([_at(trail, trail_s, s0), inside, _at(trail, trail_s, s1)]))


def _cut(points: np.ndarray) -> int:
    """Where a planned line is left for the next: near KEEP, between two arcs, with the wheels as straight as may be."""
    ends = np.arange(_ARC, len(points), _ARC)
    near = ends[abs(ends * POINT - KEEP) <= 1.0]
    if near.size == 0:
        return int(ends[-1])
    worth = abs(points["steer"][near]) + 0.02 * abs(near * POINT - KEEP)
    return int(near[np.argmin(worth)])


def _progress(trail: Trail, trail_s: np.ndarray, here: np.ndarray, s0: float, s1: float) -> float:
    """How far along the trail a pose is, between s0 and s1."""
    s = np.arange(s0, s1, POINT)
    x, y = np.interp(s, trail_s, trail.xy[:, 0]), np.interp(s, trail_s, trail.xy[:, 1])
    return float(s[np.argmin(np.hypot(x - here[0], y - here[1]))])


def _clear(points: np.ndarray) -> bool:
    rests = points["stance_status"] == 0
    return bool(rests.any() and (points["clearance"][rests] >= 0.0).all())


def _summary(points: np.ndarray, infos: list[np.ndarray]) -> np.ndarray:
    """One tc_line_info for the whole line."""
    info = np.zeros((), abi.LINE_INFO)
    gap = np.where(points["stance_status"] == 0, points["clearance"], np.nan)
    info["least_clearance"] = info["least_s"] = np.nan
    info["least_part"] = -1
    if np.isfinite(gap).any():
        i = int(np.nanargmin(gap))
        info["least_clearance"], info["least_s"], info["least_part"] = gap[i], points["s"][i], points["part"][i]
    straight = np.array([float(i["straight_clearance"]) for i in infos])
    worst = infos[int(np.nanargmin(straight))] if np.isfinite(straight).any() else infos[0]
    for field in ("straight_clearance", "straight_s", "straight_part"):
        info[field] = worst[field]
    info["nodes"], info["stances"] = sum(int(i["nodes"]) for i in infos), sum(int(i["stances"]) for i in infos)
    return info
