"""After the drive: contacts predicted against contacts felt, where the driver left the better line, and a score.

Nothing is claimed that the data cannot show. A contact is *felt* where the core recognised a shock that stands out of
the ride while a part was near the ground, or load that shifted from the wheels to a part; a shock with no part near is
not called a contact, and a light scrape without either stays a prediction.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

VERSION = 3                     # of the JSON form: trailcoach/schemas/debrief.schema.json
SAMPLE_RATE_LEAST = 60.0        # Hz, below this a shock passes unseen
MERGE = 0.5                     # s between predicted contacts that are one
MATCH = 0.3                     # s between a shock and the prediction it is laid beside
MOVING = 0.1                    # m/s
OFF_LINE = 0.15                 # m beside the line that count, beyond what the position may be wrong
WORTH = 0.02                    # m of clearance that make another line the better one
CLOSE = 0.05                    # m of clearance below which a place matters
BESIDE = 0.3                    # m along the line within which a place on it is the one passed
FELT_BY = {1: "shock", 2: "load_shift"}     # TC_FELT_
TILTED = 0.15                   # rad of tip margin below which it was near tipping
KNOWN_LEAST = 0.5               # of the time on the move: with less known there is no score
COSTS = {"contact": 20, "contact_no_better_line": 5, "near_tip": 15, "departure": 5}    # points of 100


def could_feel(imu: NDArray[np.void] | None) -> bool:
    """Whether the IMU of a log is there and fast enough to show a shock."""
    if imu is None or len(imu) < 3:
        return False
    return 1e9 / float(np.median(np.diff(imu["t_ns"]))) >= SAMPLE_RATE_LEAST


def debrief(part_names: Sequence[str], t_ns: NDArray[np.int64], state: NDArray[np.void], stance: NDArray[np.void],
            contacts: Sequence[NDArray[np.void]] = (), *, felt: bool = True, advised: NDArray[np.void] | None = None,
            advised_stance: NDArray[np.void] | None = None) -> dict[str, Any]:
    """What touched, what was least, and what another line would have kept clear.

    Parameters
    ----------
    part_names : sequence of str
        Parts in the order of ``stance["clearance"]``.
    t_ns : (n,) int64
        Times of the guidance ticks.
    state, stance : (n,) arrays of abi.STATE and abi.STANCE
        What was known at these ticks; a stance counts where its status is 0.
    contacts : sequence of abi.CONTACT
        What the engine felt, in order of time.
    felt : bool
        Whether an IMU was there that could show a shock, see :func:`could_feel`.
    advised, advised_stance : (m,) arrays of abi.LINE_POINT and abi.STANCE, optional
        The line advised for the whole trail.

    Returns
    -------
    dict
        As ``schemas/debrief.schema.json`` says: ``contacts``, ``shocks_elsewhere``, ``could_feel``,
        ``least_clearance`` by part, ``least_clearance_advised`` by part, ``departures`` from the line advised that cost
        clearance, ``score``.
    """
    n_parts = len(part_names)
    t = (t_ns - t_ns[0]) * 1e-9 if len(t_ns) else np.zeros(0)
    known = stance["status"] == 0
    clearance = np.where(known[:, None], stance["clearance"][:, :n_parts], np.nan)
    probability = np.where(known[:, None], stance["contact_probability"][:, :n_parts], np.nan)
    shocks = [_felt(c, part_names, t_ns[0]) for c in contacts if c["part"] >= 0 and len(t_ns)]
    found = shocks + _only_predicted(part_names, t, clearance, probability, shocks, felt)
    found.sort(key=lambda c: (c["t"], c["part"]))
    line = _line_clearance(advised, advised_stance, n_parts)
    departures = [] if line is None or advised is None else _departures(part_names, t, state, clearance, advised, line,
                                                                        shocks)
    return {"version": VERSION, "contacts": found, "could_feel": felt,
            "shocks_elsewhere": sum(1 for c in contacts if c["part"] < 0),
            "least_clearance": _least(part_names, clearance),
            "least_clearance_advised": None if line is None else _least(part_names, line),
            "departures": departures, "score": _score(t, state, stance, shocks, departures)}


def _felt(contact: NDArray[np.void], part_names: Sequence[str], first_ns: np.int64) -> dict[str, Any]:
    begin, end = ((int(contact[name]) - int(first_ns)) * 1e-9 for name in ("t_ns", "t_end_ns"))
    by = [name for bit, name in FELT_BY.items() if int(contact["felt"]) & bit]
    return _contact(part_names[int(contact["part"])], begin, end, float(contact["clearance"]),
                    float(contact["probability"]), by, float(contact["shock"]), float(contact["lift"]))


def _only_predicted(part_names: Sequence[str], t: NDArray[np.float64], clearance: NDArray[np.float64],
                    probability: NDArray[np.float64], felt: list[dict[str, Any]],
                    could_feel: bool) -> list[dict[str, Any]]:
    """Stretches where a part should have touched, but for those that were felt."""
    contacts = []
    for part, name in enumerate(part_names):
        below = np.flatnonzero(clearance[:, part] < 0.0)
        for r in _stretches(t[below], MERGE):
            rows = below[r]
            begin, end = float(t[rows[0]]), float(t[rows[-1]])
            if any(c["part"] == name and begin <= c["t_end"] + MATCH and c["t"] - MATCH <= end for c in felt):
                continue
            contacts.append(_contact(name, begin, end, float(clearance[rows, part].min()),
                                     float(_columns(np.nanmax, probability[rows])[part]),
                                     [] if could_feel else None))
    return contacts


def _contact(part: str, begin: float, end: float, clearance: float, probability: float, felt_by: list[str] | None,
             shock: float = 0.0, lift: float = np.nan) -> dict[str, Any]:
    """felt_by: nothing where nothing was felt, None where nothing could be."""
    return {"t": begin, "t_end": end, "part": part,
            "predicted_probability": probability if np.isfinite(probability) else None,
            "predicted_clearance": clearance, "felt": None if felt_by is None else bool(felt_by),
            "felt_by": felt_by or [], "shock": shock if shock > 0.0 else None,
            "lift": lift if np.isfinite(lift) else None}


def _line_clearance(advised: NDArray[np.void] | None, stance: NDArray[np.void] | None,
                    n_parts: int) -> NDArray[np.float64] | None:
    """Clearance (m, parts) on the line advised; NaN where no stance is known, None where there is no line."""
    if advised is None or stance is None or not len(advised) or len(stance) != len(advised):
        return None
    return np.where((stance["status"] == 0)[:, None], stance["clearance"][:, :n_parts], np.nan)


def _departures(part_names: Sequence[str], t: NDArray[np.float64], state: NDArray[np.void],
                clearance: NDArray[np.float64], advised: NDArray[np.void], line: NDArray[np.float64],
                felt: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stretches beside the line advised on which a part came close to the ground that the line keeps from it."""
    driven = _rows_least(clearance)
    rows = np.flatnonzero(np.isfinite(driven) & (driven < CLOSE))
    if not len(rows):
        return []
    on_line = _rows_least(line)
    place = state["position"][rows, :2]
    near = cKDTree(np.column_stack([advised["x"], advised["y"]])).query(place)[1]
    dx, dy = place[:, 0] - advised["x"][near], place[:, 1] - advised["y"][near]
    c, s = np.cos(advised["yaw"][near]), np.sin(advised["yaw"][near])
    off, along = dy * c - dx * s, dx * c + dy * s
    sd = np.hypot(state["sd_position"][rows, 0], state["sd_position"][rows, 1])
    left = (np.abs(off) - sd > OFF_LINE) & (np.abs(along) < BESIDE) & (on_line[near] > driven[rows] + WORTH)
    return [_departure(part_names, t, clearance, rows[left][r], off[left][r], on_line[near][left][r], felt)
            for r in _stretches(t[rows[left]], MERGE)]


def _departure(part_names: Sequence[str], t: NDArray[np.float64], clearance: NDArray[np.float64],
               rows: NDArray[np.int64], off: NDArray[np.float64], on_line: NDArray[np.float64],
               felt: list[dict[str, Any]]) -> dict[str, Any]:
    least = _columns(np.nanmin, clearance[rows])
    part = int(np.nanargmin(least))
    worst = int(np.nanargmin(clearance[rows, part]))
    begin, end = float(t[rows[0]]), float(t[rows[-1]])
    return {"t": begin, "t_end": end, "off_line": float(off[worst]), "part": part_names[part],
            "clearance": float(least[part]), "advised_clearance": float(on_line[worst]),
            "contact": any(begin - MATCH <= c["t_end"] and c["t"] <= end + MATCH for c in felt)}


def _score(t: NDArray[np.float64], state: NDArray[np.void], stance: NDArray[np.void], felt: list[dict[str, Any]],
           departures: list[dict[str, Any]]) -> dict[str, Any] | None:
    """100 less what the driver could have spared the vehicle; None where too little is known to say.

    A contact counts in full where the line advised kept clear, a little where none did better.
    """
    moving = np.linalg.norm(state["velocity"], axis=1) > MOVING
    known = stance["status"] == 0
    if not moving.any() or np.mean(known[moving]) < KNOWN_LEAST:
        return None
    why = []
    for c in felt:
        spared = any(d["t"] - MATCH <= c["t_end"] and c["t"] <= d["t_end"] + MATCH for d in departures)
        why.append(_cost("contact" if spared else "contact_no_better_line", c["t"], c["part"]))
    why += [_cost("departure", d["t"], d["part"]) for d in departures if not d["contact"]]
    tilted = np.flatnonzero(known & (stance["tip_margin"].min(axis=1) < TILTED))
    why += [_cost("near_tip", float(t[tilted[r]][0]), None) for r in _stretches(t[tilted], 5.0)]
    return {"value": max(0, 100 - sum(w["points"] for w in why)), "why": sorted(why, key=lambda w: w["t"])}


def _cost(reason: str, t: float, part: str | None) -> dict[str, Any]:
    return {"points": COSTS[reason], "reason": reason, "t": t, "part": part}


def _least(part_names: Sequence[str], clearance: NDArray[np.float64]) -> dict[str, float | None]:
    least = _columns(np.nanmin, clearance)
    return {name: float(c) if np.isfinite(c) else None for name, c in zip(part_names, least, strict=True)}


def _rows_least(clearance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least of every row; NaN where nothing is known."""
    filled = np.where(np.isnan(clearance), np.inf, clearance).min(axis=1, initial=np.inf)
    return np.where(np.isinf(filled), np.nan, filled)


def _columns(reduce: Any, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A NaN-aware reduction of every column; NaN where a column knows nothing."""
    out = np.full(values.shape[1], np.nan)
    for j in np.flatnonzero(np.isfinite(values).any(axis=0)):
        out[j] = reduce(values[:, j])
    return out


def _stretches(t: NDArray[np.float64], gap: float) -> Iterator[slice]:
    """Slices of times that follow each other by no more than a gap."""
    if len(t):
        cuts = np.flatnonzero(np.diff(t) > gap) + 1
        for begin, end in zip([0, *cuts], [*cuts, len(t)], strict=True):
            yield slice(int(begin), int(end))
