"""Assess: will this rig fit this trail, where is it hardest, what limits it, and what would change that."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trailcoach.along import Progress, plan_along
from trailcoach.decisive import Choice, decisive_places
from trailcoach.errors import InputError
from trailcoach.line import Line, Outcome
from trailcoach.remedy import Remedy, remedies
from trailcoach.risk import Risk, line_risk
from trailcoach.stance import Rest
from trailcoach.terrain import Terrain
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle

SECTION = 20.0                  # m of line to a section
STEP_REACH = 0.4                # m of rolling in which a wheel climbs a ledge; what takes longer is a slope

# A rating is read off straight lines between the levels of published scales; the worst criterion counts.
# Tilt, deg: 4xploring's scale for a stock Wrangler Rubicon (1-4: grade and side hill up to 15; 5-6: 20; 7-8: 30).
RATING_TILT = ((0.0, 15.0, 20.0, 30.0, 40.0), (1.0, 4.0, 6.0, 8.0, 10.0))
# Ledge, m: gentryoffroad (6 in: 4; 9 in: 5), 4xploring (12 in: 6; 30 in: 8).
RATING_LEDGE = ((0.0, 0.152, 0.229, 0.305, 0.762, 1.2), (1.0, 4.0, 5.0, 6.0, 8.0, 10.0))
# Clearance left to this rig, m: no published scale asks for the rig. Body damage begins at 7 with most of them.
RATING_CLEARANCE = ((-0.15, 0.0, 0.05, 0.25), (10.0, 7.0, 5.0, 1.0))
IMPASSABLE = 10                 # where no line leads through


@dataclass(frozen=True)
class Section:
    """A stretch of the trail on its best line.

    Attributes
    ----------
    begin, end : float
        Along the line, m.
    clearance, part, clearance_s : float, str or None, float
        The least, of which part, and where along the line, m; NaN and None where nothing is known.
    contact_probability : float
        That anything touches between begin and end, 0 to 1.
    pitch_down, pitch_up : float
        The steepest of the chassis, nose down and nose up, rad, 0 at least.
    roll : float
        The largest to either side, rad.
    tip_margin : float
        The least, rad.
    ledge : float
        The highest a wheel climbs within 0.4 m, m.
    lifted : float
        Share of the way with a wheel in the air, 0 to 1.
    room : float
        The driver may be so far aside anywhere on it and nothing touches, m, see :attr:`Line.room`; 0 = not known to.
    unknown : float
        Share of the way where the stance, or the ground below a part, is not known, 0 to 1.
    rating : int
        1 (graded road) to 10, by :func:`rating`.
    reason : str
        The criterion that gives the rating: tilt, ledge, clearance or way.
    """

    begin: float
    end: float
    clearance: float
    part: str | None
    clearance_s: float
    contact_probability: float
    pitch_down: float
    pitch_up: float
    roll: float
    tip_margin: float
    ledge: float
    lifted: float
    room: float
    unknown: float
    rating: int
    reason: str


@dataclass(frozen=True)
class Variant:
    """What another outfit of the same vehicle would meet on the same trail."""

    name: str
    outcome: Outcome
    length: float               # m, of the line: shorter where it is blocked
    clearance: float            # m, the least on it; NaN = not known
    part: str | None
    contact_probability: float  # anywhere on it


@dataclass(frozen=True)
class Assessment:
    """A trail as a rig will find it.

    Attributes
    ----------
    line : Line
        The best along the whole trail, or to where it is blocked.
    risk : Risk
    sections : tuple of Section
    rating : int
        Of the hardest section; 10 where no line leads to the end.
    variants : tuple of Variant
        The rig as it is first, then what was asked for.
    trail_length : float
        Of the trail asked about, m.
    choices : tuple of Choice
        The decisive places of the line, and what the ways not taken would meet.
    remedies : tuple of Remedy
        What would change its limit; empty where it has none.
    """

    line: Line
    risk: Risk
    sections: tuple[Section, ...]
    rating: int
    variants: tuple[Variant, ...]
    trail_length: float
    choices: tuple[Choice, ...]
    remedies: tuple[Remedy, ...]


def assess(vehicle: Vehicle, terrain: Terrain, trail: Trail, variants: Iterable[tuple[str, Vehicle]] = (), *,
           reverse: bool = False, section: float = SECTION, progress: Progress | None = None) -> Assessment:
    """Walk a whole trail before the trip.

    Parameters
    ----------
    vehicle : Vehicle
    terrain : Terrain
    trail : Trail
    variants : iterable of (str, Vehicle)
        Other outfits to compare, under a name.
    reverse : bool
        Whether the lines may back up where no clear one leads forward.
    section : float
        Length of a section, m.
    progress : callable, optional
        Called with what is being done, and how much of it, 0 to 1.

    Raises
    ------
    InputError
        The trail is not on the terrain; a section length that is none.
    """
    if not (np.isfinite(section) and section > 0.0):
        raise InputError(f"section of {section} m; a length above 0 is needed")
    line = plan_along(vehicle, terrain, trail, reverse=reverse, progress=progress)
    risk = line_risk(vehicle, terrain, line)
    sections = tuple(_sections(line, risk, section))
    blocked = line.outcome in (Outcome.BLOCKED, Outcome.BUDGET)
    compared = [_variant("as it is", line, risk)]
    for name, other in variants:
        if progress is not None:
            progress(name, 0.0)
        its_line = plan_along(other, terrain, trail, reverse=reverse)
        compared.append(_variant(name, its_line, line_risk(other, terrain, its_line)))
        if progress is not None:
            progress(name, 1.0)
    return Assessment(line, risk, sections, IMPASSABLE if blocked else max(s.rating for s in sections),
                      tuple(compared), float(trail.s[-1]), decisive_places(vehicle, terrain, line),
                      remedies(vehicle, terrain, line))


def usual_variants(vehicle: Vehicle) -> list[tuple[str, Vehicle]]:
    """The changes most rigs get first: a lift, larger tyres, both."""
    radius = vehicle.tyre.radius + 0.025
    return [("lift 5 cm", vehicle.with_(lift=0.05)), ("tyres 5 cm larger", vehicle.with_(tyre=radius)),
            ("lift 5 cm, tyres 5 cm larger", vehicle.with_(lift=0.05, tyre=radius)),
            ("anti-roll bars off", vehicle.with_(sway_bar="off"))]


def rating(tilt: float, ledge: float, clearance: float) -> tuple[int, str]:
    """Difficulty for a rig from 1 to 10, and the criterion that sets it.

    Parameters
    ----------
    tilt : float
        Of the chassis, rad.
    ledge : float
        The highest a wheel climbs, m.
    clearance : float
        The least, m.

    Returns
    -------
    (int, str)
        A value that is NaN does not count; what lies between two levels is rounded up.
    """
    marks = {"tilt": _read(np.degrees(tilt), RATING_TILT), "ledge": _read(ledge, RATING_LEDGE),
             "clearance": _read(clearance, RATING_CLEARANCE)}
    reason = max(marks, key=lambda k: marks[k])
    return int(np.ceil(marks[reason] - 1e-9)), reason


def _read(value: float, scale: tuple[tuple[float, ...], tuple[float, ...]]) -> float:
    return 1.0 if np.isnan(value) else float(np.interp(value, *scale))


def _variant(name: str, line: Line, risk: Risk) -> Variant:
    clearance, part, _ = _least(line, np.arange(len(line)))
    return Variant(name, line.outcome, line.length, clearance, part, risk.line)


def _least(line: Line, rows: np.ndarray) -> tuple[float, str | None, float]:
    """Least clearance, of which part and where along the line, of some of its points."""
    stance = line.stances
    gaps = np.where(stance.status[rows] == Rest.OK, line.least_clearance[rows], np.nan)
    if not (np.isfinite(gaps).any() and stance.parts):
        return np.nan, None, np.nan
    at = rows[np.nanargmin(gaps)]
    return float(np.nanmin(gaps)), stance.parts[int(np.argmin(stance.clearance[at]))], float(line.s[at])


def _sections(line: Line, risk: Risk, length: float) -> Iterable[Section]:
    n = max(round(line.length / length), 1)
    edges = np.linspace(0.0, line.length, n + 1)
    ledge = _ledges(line)
    for begin, end in pairwise(edges):
        rows = np.flatnonzero((line.s >= begin - 1e-9) & (line.s <= end + 1e-9))
        yield _section(line, risk, ledge, rows, float(begin), float(end))


def _section(line: Line, risk: Risk, ledge: np.ndarray, rows: np.ndarray, begin: float, end: float) -> Section:
    stance = line.stances
    rests = stance.status[rows] == Rest.OK
    clearance, part, where = _least(line, rows)
    pitch, roll = stance.pitch[rows][rests], stance.roll[rows][rests]
    highest = float(ledge[rows].max())
    tilt = float(np.arccos(np.cos(roll) * np.cos(pitch)).max()) if rests.any() else np.nan
    mark, reason = rating(tilt, highest, clearance)
    return Section(
        begin, end, clearance, part, where, risk.between(begin, end), float(pitch.max(initial=0.0)),
        float(-pitch.min(initial=0.0)), float(abs(roll).max(initial=0.0)),
        float(stance.tip_margin[rows][rests].min(initial=np.inf)), highest,
        float(stance.lifted[rows][rests].any(axis=1).mean()) if rests.any() else 0.0,
        float(np.nan_to_num(line.room[rows]).min()), float((risk.unknown[rows] | ~rests).mean()), mark, reason)


def _ledges(line: Line) -> np.ndarray:
    """(n,), how far the wheel that climbs most from a point rises within STEP_REACH of rolling, m."""
    height = line.rests["contact"][:, :, 2]
    steps = max(round(STEP_REACH / max(float(np.diff(line.s).mean()), 1e-6)), 1) if len(line) > 1 else 1
    rise = np.zeros(len(line))
    for k in range(1, min(steps, len(line) - 1) + 1):
        climbed = np.nanmax(np.nan_to_num(height[k:] - height[:-k], nan=0.0), axis=1)
        rise[:-k] = np.maximum(rise[:-k], climbed)
    return rise
