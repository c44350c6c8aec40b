"""The numbers behind the report's plots: thinned, rounded, in the units of the human edge, unknown values as null."""
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trailcoach.fusion import Status
from trailcoach.replay_result import ReplayResult
from trailcoach.report.hillshade import LONGEST_SIDE, relief
from trailcoach.report.thinning import keep_minima

if TYPE_CHECKING:
    from trailcoach.coach import Step

POINTS_DRIVEN, POINTS_ADVISED = 2000, 1000      # most points of one curve
CELLS_DRIVEN, CELLS_ADVISED = 18_000, 9_000     # points x parts, holds the file's size whatever the vehicle
LEAST_POINTS = 250                              # fewer points than this would no longer show the drive
POINTS_AFTERWARDS = 4000            # of the smoothed line, about
MARGIN = 4.0            # ground shown beyond what was driven, m
MATCH_REACH = 10.0      # the advised line lies at most this far along from where it was last, m
PLACES = 5              # places of least clearance that get a mark
PLACES_APART = 1.5      # m along the line
WHEELS = ("front left", "front right", "rear left", "rear right")
TIP_SIDES = ("left", "right", "front", "rear")


def spoken_name(part: str) -> str:
    """Give the name of a part as people say it."""
    return part.replace("_", " ")


def distance_driven(replay: ReplayResult) -> NDArray[np.float64]:
    """Metres rolled at each tick, never falling, so that a place on the axis is found by bisection; NaN = unknown."""
    s = np.array(replay.state["distance"], dtype=np.float64)
    known = np.isfinite(s)
    s[known] = np.maximum.accumulate(s[known])
    return s


def known_state(state: NDArray[np.void]) -> NDArray[np.void]:
    """Copy of the states in which what the filter does not claim to know is NaN."""
    out = state.copy()
    for bit, fields in ((Status.LEVELLED, ("roll", "pitch")), (Status.HEADING, ("yaw", "velocity")),
                        (Status.POSITION, ("position",))):
        for name in fields:
            out[name][(state["status"] & bit) == 0] = np.nan
    return out


def step_times(replay: ReplayResult) -> NDArray[np.float64]:
    """Times of the steps on the clock of ``replay.t``, s: the engine's clock need not start with the log."""
    start = np.median(replay.state["t_ns"] * 1e-9 - replay.t) if len(replay.t) else 0.0
    return np.array([step.t for step in replay.steps], dtype=np.float64) - start


def known_clearance(stance: NDArray[np.void], n_parts: int) -> NDArray[np.float64]:
    """Clearance by part, shape (n, parts), m; NaN where the stance or the ground is unknown."""
    clearance = np.array(stance["clearance"][:, :n_parts], dtype=np.float64)
    clearance[stance["status"] != 0] = np.nan
    return clearance


def least_of(clearance: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Least clearance over the parts at each row, and which part; NaN and -1 where none is known."""
    filled = np.where(np.isnan(clearance), np.inf, clearance)
    if clearance.shape[1] == 0:
        return np.full(len(clearance), np.nan), np.full(len(clearance), -1)
    part = filled.argmin(axis=1)
    least = filled[np.arange(len(filled)), part]
    return np.where(np.isinf(least), np.nan, least), np.where(np.isinf(least), -1, part)


def report_data(replay: ReplayResult) -> dict[str, Any]:
    """Gather everything the page draws. Coordinates are metres from ``origin``, clearances cm, angles degrees."""
    n_parts = len(replay.part_names)
    replay = replace(replay, state=known_state(replay.state))
    s = distance_driven(replay)
    clearance = known_clearance(replay.stance, n_parts)
    advised_clearance = known_clearance(replay.advised_stance, n_parts)
    window = _window(replay)
    origin = np.array([np.floor(window[0] / 10) * 10, np.floor(window[1] / 10) * 10])
    said_at = step_times(replay)
    step_ticks = nearest_tick(replay.t, said_at)
    rows = _driven_rows(replay, clearance, step_ticks)
    rows_advised = keep_minima(np.column_stack([advised_clearance, replay.advised["clearance"]]),
                               _points(CELLS_ADVISED, n_parts, POINTS_ADVISED))
    places = least_places(clearance, s)
    return {
        "origin": origin.tolist(),
        "map": _map(replay, window, origin),
        "tick": _tick(replay, s, clearance, origin, rows),
        "parts": _parts(replay.stance[rows], clearance[rows], origin),
        "part_names": [spoken_name(name) for name in replay.part_names],
        "part_least": numbers(_column_least(clearance) * 100, 1),
        "afterwards": _afterwards(replay, origin),
        "advised": _advised(replay, s, advised_clearance, origin, rows_advised),
        "places": [_place(replay, clearance, s, origin, tick, part) for tick, part in places],
        "steps": [_step(step, i, t, origin, rows, tick) for i, (step, t, tick) in
                  enumerate(zip(replay.steps, said_at, step_ticks, strict=True))],
        "glyph": _glyph(replay.stance),
        "wheels": WHEELS,
    }


def nearest_tick(t: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.intp]:
    """Index of the tick nearest in time to each wanted time."""
    if len(t) == 0:
        return np.zeros(len(wanted), dtype=np.intp)
    after = np.clip(np.searchsorted(t, wanted), 1 if len(t) > 1 else 0, len(t) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(np.abs(wanted - t[before]) <= np.abs(t[after] - wanted), before, after)


def least_places(clearance: NDArray[np.float64], s: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Tick and part of the places of least clearance, least first, each a place of its own."""
    least, part = least_of(clearance)
    ranked = [i for i in np.argsort(least) if np.isfinite(least[i]) and np.isfinite(s[i])]
    places: list[tuple[int, int]] = []
    for i in ranked:
        if all(abs(s[i] - s[j]) >= PLACES_APART for j, _ in places):
            places.append((int(i), int(part[i])))
        if len(places) == PLACES:
            break
    return places


def match_distance(xy: NDArray[np.float64], driven_xy: NDArray[np.float64],
                   driven_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance driven at which the vehicle was nearest to each point of another line, m.

    A point is looked for near the one before it, so a line that crosses itself stays on its own branch.
    """
    known = np.isfinite(driven_xy).all(axis=1) & np.isfinite(driven_s)
    if not known.any():
        return np.full(len(xy), np.nan)
    driven_xy, driven_s = driven_xy[known], driven_s[known]
    matched = np.full(len(xy), np.nan)
    expected = None
    for i, point in enumerate(xy):
        if not np.isfinite(point).all():
            continue
        gap = np.hypot(*(driven_xy - point).T)
        if expected is not None:
            near = np.abs(driven_s - expected) <= MATCH_REACH
            gap = np.where(near, gap, np.inf) if near.any() else gap
        expected = matched[i] = driven_s[gap.argmin()]
    return matched


def numbers(values: NDArray[np.float64], digits: int) -> list[float | int | None]:
    """Round for JSON; an unknown value becomes None, which a plot shows as a gap."""
    rounded = np.round(np.asarray(values, dtype=np.float64), digits)
    if digits == 0:
        return [int(v) if np.isfinite(v) else None for v in rounded]
    return [float(v) if np.isfinite(v) else None for v in rounded]


def forward_speed(state: NDArray[np.void]) -> NDArray[np.float64]:
    """Speed along the vehicle's own x axis, m/s, negative in reverse."""
    yaw, pitch = state["yaw"], state["pitch"]
    ahead = np.column_stack([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    return np.asarray((state["velocity"] * ahead).sum(axis=1))


def _points(cells: int, n_parts: int, most: int) -> int:
    return int(np.clip(cells // max(n_parts, 1), LEAST_POINTS, most))


def _driven_rows(replay: ReplayResult, clearance: NDArray[np.float64],
                 step_ticks: NDArray[np.intp]) -> NDArray[np.intp]:
    """Ticks that stay: minima by part, both extremes of attitude, speed and slip, and the moment of every step."""
    state = replay.state
    swinging = np.column_stack([state["roll"], state["pitch"], forward_speed(state), state["slip"]])
    signals = np.column_stack([clearance, replay.stance["tip_margin"].min(axis=1), swinging, -swinging])
    return keep_minima(signals, _points(CELLS_DRIVEN, clearance.shape[1], POINTS_DRIVEN), step_ticks)


def _window(replay: ReplayResult) -> tuple[float, float, float, float]:
    """West, south, east, north of everything that happened, with a margin; the whole terrain if nothing is known."""
    advised_xy = np.column_stack([replay.advised["x"], replay.advised["y"]])
    driven_xy = replay.state["position"][:, :2]
    points = np.concatenate([driven_xy, advised_xy, replay.trail_xy.reshape(-1, 2)])
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) == 0:
        return replay.terrain.bounds
    margin = MARGIN + replay.half_width
    west, south = points.min(axis=0) - margin
    east, north = points.max(axis=0) + margin
    return float(west), float(south), float(east), float(north)


def _map(replay: ReplayResult, window: tuple[float, float, float, float],
         origin: NDArray[np.float64]) -> dict[str, Any]:
    seen = np.concatenate([replay.trail_xy.reshape(-1, 2), replay.state["position"][:, :2]])
    ground = relief(*replay.terrain.thinned(window, LONGEST_SIDE, seen), window, replay.trail_xy, replay.half_width)
    trail = replay.trail_xy.reshape(-1, 2) - origin
    return {
        "image": ground.uri, "west": round(ground.west - origin[0], 3), "north": round(ground.north - origin[1], 3),
        "width": round(ground.width, 3), "height": round(ground.height, 3),
        "trail_x": numbers(trail[:, 0], 2), "trail_y": numbers(trail[:, 1], 2), "half_width": replay.half_width,
    }


def _tick(replay: ReplayResult, s: NDArray[np.float64], clearance: NDArray[np.float64],
          origin: NDArray[np.float64], rows: NDArray[np.intp]) -> dict[str, Any]:
    """What the cursor reads: one value a kept tick."""
    state, stance = replay.state[rows], replay.stance[rows]
    least, part = least_of(clearance[rows])
    tip = np.array(stance["tip_margin"], dtype=np.float64)
    tip[stance["status"] != 0] = np.nan
    sides = numbers(np.degrees(tip).T.ravel(), 2)
    return {
        "t": numbers(replay.t[rows], 3), "s": numbers(s[rows], 3),
        "x": numbers(state["position"][:, 0] - origin[0], 3), "y": numbers(state["position"][:, 1] - origin[1], 3),
        "yaw": numbers(state["yaw"], 4),
        "roll": numbers(np.degrees(state["roll"]), 2), "pitch": numbers(np.degrees(state["pitch"]), 2),
        "sd_roll": numbers(np.degrees(state["sd_attitude"][:, 0]), 3),
        "sd_pitch": numbers(np.degrees(state["sd_attitude"][:, 1]), 3),
        "speed": numbers(forward_speed(state), 3),
        "slip": [numbers(state["slip"][:, wheel] * 100, 1) for wheel in range(len(WHEELS))],
        "tip": {side: sides[i * len(rows):(i + 1) * len(rows)] for i, side in enumerate(TIP_SIDES)},
        "least": numbers(least * 100, 1), "least_part": part.tolist(),
        "stance_status": stance["status"].tolist(),
    }


def _parts(stance: NDArray[np.void], clearance: NDArray[np.float64], origin: NDArray[np.float64]) -> list[Any]:
    """Clearance (cm), risk (%) and the ground point below (cm from the origin, height in cm) of each part."""
    curves = []
    for part in range(clearance.shape[1]):
        known = np.isfinite(clearance[:, part])[:, None]
        point = np.where(known, stance["nearest"][:, part] - [*origin, 0.0], np.nan) * 100
        risk = np.where(known[:, 0], stance["contact_probability"][:, part], np.nan) * 100
        curves.append({
            "c": numbers(clearance[:, part] * 100, 1), "p": numbers(risk, 0),
            "gx": numbers(point[:, 0], 0), "gy": numbers(point[:, 1], 0), "gz": numbers(point[:, 2], 0),
        })
    return curves


def _advised(replay: ReplayResult, s: NDArray[np.float64], clearance: NDArray[np.float64],
             origin: NDArray[np.float64], rows: NDArray[np.intp]) -> dict[str, Any]:
    line = replay.advised[rows]
    xy = np.column_stack([line["x"], line["y"]])
    driven_xy = replay.state["position"][:, :2]
    along = match_distance(xy, driven_xy, s)
    if np.isnan(along).all():
        along = np.array(line["s"], dtype=np.float64)
    known = np.isfinite(s)
    when = np.interp(along, s[known], replay.t[known]) if known.any() else np.full(len(along), np.nan)
    return {
        "s": numbers(along, 3), "t": numbers(when, 3),
        "x": numbers(line["x"] - origin[0], 3), "y": numbers(line["y"] - origin[1], 3),
        "parts": _parts(replay.advised_stance[rows], clearance[rows], origin),
        "part_least": numbers(_column_least(clearance) * 100, 1),
    }


def _afterwards(replay: ReplayResult, origin: NDArray[np.float64]) -> dict[str, Any]:
    """The line driven as it is known from all of the log; empty where nobody smoothed it."""
    if replay.afterwards is None:
        return {"x": [], "y": []}
    state = known_state(replay.afterwards[::max(len(replay.afterwards) // POINTS_AFTERWARDS, 1)])
    xy = state["position"][:, :2] - origin
    return {"x": numbers(xy[:, 0], 2), "y": numbers(xy[:, 1], 2)}


def _column_least(clearance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least of each column, NaN where nothing is known."""
    least = np.where(np.isnan(clearance), np.inf, clearance).min(axis=0, initial=np.inf)
    return np.where(np.isinf(least), np.nan, least)


def _place(replay: ReplayResult, clearance: NDArray[np.float64], s: NDArray[np.float64],
           origin: NDArray[np.float64], tick: int, part: int) -> dict[str, Any]:
    x, y, z = replay.stance["nearest"][tick, part]
    return {
        "part": part, "c": round(float(clearance[tick, part]) * 100, 1), "s": round(float(s[tick]), 3),
        "t": round(float(replay.t[tick]), 3), "gx": numbers(np.array([x - origin[0]]), 3)[0],
        "gy": numbers(np.array([y - origin[1]]), 3)[0], "gz": numbers(np.array([z]), 3)[0],
    }


def _step(step: "Step", index: int, t: float, origin: NDArray[np.float64], rows: NDArray[np.intp],
          tick: int) -> dict[str, Any]:
    place = numbers(np.array([step.x - origin[0], step.y - origin[1]], dtype=np.float64), 3)
    return {
        "n": index + 1, "id": step.id, "t": round(float(t), 3), "x": place[0], "y": place[1],
        "tick": int(np.searchsorted(rows, tick)) if len(rows) else None, "priority": step.priority,
    }


def _glyph(stance: NDArray[np.void]) -> dict[str, float] | None:
    """Wheelbase and tracks as the wheels stood, m; None where no stance is known."""
    known = stance[stance["status"] == 0]
    contact = known["contact"][np.isfinite(known["contact"]).all(axis=(1, 2))]
    known = known[np.isfinite(known["contact"]).all(axis=(1, 2))]
    if len(known) == 0:
        return None
    cos, sin = np.cos(known["yaw"])[:, None], np.sin(known["yaw"])[:, None]
    east, north = contact[:, :, 0] - known["x"][:, None], contact[:, :, 1] - known["y"][:, None]
    ahead, left = np.median(cos * east + sin * north, axis=0), np.median(cos * north - sin * east, axis=0)
    return {
        "front": round(float(ahead[:2].mean()), 3), "rear": round(float(ahead[2:].mean()), 3),
        "track_front": round(float(left[0] - left[1]), 3), "track_rear": round(float(left[2] - left[3]), 3),
    }
