"""A line along a whole trail: planned a stretch at a time, as the vehicle would meet it."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from trailcoach import _core, abi
from trailcoach.engine import make_config
from trailcoach.line import POINT, ROOM, Line, Outcome, corridor_width, line_of, pose_on
from trailcoach.terrain import Terrain
from trailcoach.tiles.windows import Windows, hand_over
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle
from trailcoach.why import Cause

HORIZON = 12.0                  # m planned at a time along a trail
KEEP = 5.0                      # m of it that are kept
MAX_STANCES = 20_000            # of the plan of a stretch
Progress = Callable[[str, float], None]     # what is being done, and how much of it, 0 to 1
_ARC = 5                        # points to an arc: the line may be cut where one ends


def plan_along(vehicle: Vehicle, terrain: Terrain, trail: Trail, half_width: float | None = None,
               start: Sequence[float] | None = None, progress: Progress | None = None,
               *, reverse: bool = False) -> Line:
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
    reverse : bool
        Whether the line may back up where no clear one leads forward.

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
    width = corridor_width(half_width, trail.half_width)
    config = make_config(vehicle)
    config["line"]["max_stances"] = MAX_STANCES
    config["line"]["reverse"] = reverse
    config["line"]["tube"] = ROOM
    engine = _core.Engine(config)
    windows = Windows(terrain)
    trail_s, here = trail.s, pose_on("start", _first_pose(trail) if start is None else start, terrain)
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
    return line_of(vehicle, terrain, whole, _summary(whole, infos, outcome), outcome, cost)


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
    """Where a planned line is left for the next: near KEEP, between two arcs, with the wheels as straight as may be.

    A line that backs up is not left before it goes ahead again.
    """
    ends = np.arange(_ARC, len(points), _ARC)
    back = np.flatnonzero(points["gear"] < 0)
    if back.size:
        ahead = ends[ends > max(back[-1] + _ARC, round(KEEP / POINT))]
        return int(ahead[0] if ahead.size else ends[-1])
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


def _summary(points: np.ndarray, infos: list[np.ndarray], outcome: Outcome) -> np.ndarray:
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
    for field in ("limit_cause", "limit_x", "limit_y", "limit_clearance", "limit_tilt", "limit_part"):
        info[field] = infos[-1][field]
    if outcome is Outcome.TOUCHES:
        at = points[np.argmax(points["s"] == info["least_s"])]
        info["limit_cause"], info["limit_part"] = Cause.CLEARANCE, at["part"]
        info["limit_x"], info["limit_y"], info["limit_clearance"] = at["x"], at["y"], at["clearance"]
        info["limit_tilt"] = math.acos(math.cos(at["roll"]) * math.cos(at["pitch"]))
    info["tube"] = np.nan_to_num(points["room"]).min()
    info["exhausted"] = any(int(i["exhausted"]) for i in infos)
    info["nodes"], info["stances"] = sum(int(i["nodes"]) for i in infos), sum(int(i["stances"]) for i in infos)
    return info
