"""The decisive places of a line: what it does about an obstacle there, and what the ways not taken would meet."""
from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trailcoach.line import Line
from trailcoach.stance import Rest, settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

CLOSE = 0.15                    # m of clearance: a place with less is decisive
APART = 3.0                     # m of line between two such places
MOST = 3                        # of them
ASIDE = np.arange(-12, 13) * 0.1            # m, ways beside the line that are looked at
PASSING = 0.25                  # m of line between stances while an obstacle is passed
AROUND = 0.5                    # m before and behind the vehicle that count as its place
CELL = 0.05                     # m, at which the ground is looked over for the obstacle
LEAST_HEIGHT = 0.10             # m above the ground around, lower is no obstacle to go about


@dataclass(frozen=True)
class Way:
    """One way to pass an obstacle.

    Attributes
    ----------
    how : str
        ``straddling``, ``left wheels on it``, ``right wheels on it``, ``left of it`` or ``right of it``.
    aside : float
        Where the vehicle is from the line taken, left positive, m.
    part : str or None
        The part with the least clearance on the way past; None where the vehicle does not rest all the way.
    clearance : float
        Of that part, m, negative = interference; NaN where the vehicle does not rest all the way.
    """

    how: str
    aside: float
    part: str | None
    clearance: float

    def words(self, driver_left: bool) -> str:
        """As a spotter says it: wheels by the driver's side."""
        side = {"left wheels on it": "driver" if driver_left else "passenger",
                "right wheels on it": "passenger" if driver_left else "driver"}.get(self.how)
        how = self.how if side is None else f"{side} side on it"
        if self.part is None or np.isnan(self.clearance):
            return f"{how}: the vehicle would not stand"
        gap = self.clearance * 100.0
        part = self.part.replace("_", " ")
        return f"{how}: {gap:.0f} cm under the {part}" if gap >= 0.0 else f"{how}: {part} touches by {-gap:.0f} cm"


@dataclass(frozen=True)
class Choice:
    """A decisive place of a line.

    Attributes
    ----------
    s : float
        Where the line is tightest there, m along it.
    x, y : float
        The obstacle: the highest ground under the vehicle against the slope of what is around it, world, m.
    height : float
        Of it above that, m.
    taken : Way
    others : tuple of Way
        The best of each other way to pass it, the one nearest to the line first.
    """

    s: float
    x: float
    y: float
    height: float
    taken: Way
    others: tuple[Way, ...]

    def words(self, driver_left: bool = True) -> str:
        """One sentence: the way taken and the nearest one not taken."""
        text = f"after {self.s:.1f} m, {self.height * 100:.0f} cm high: {self.taken.words(driver_left)}"
        return text if not self.others else f"{text}; {self.others[0].words(driver_left)}"


def decisive_places(vehicle: Vehicle, terrain: Terrain, line: Line) -> tuple[Choice, ...]:
    """The places where a line comes closest, and what other ways past the obstacle there would meet.

    Parameters
    ----------
    vehicle : Vehicle
    terrain : Terrain
    line : Line

    Returns
    -------
    tuple of Choice
        At most three, along the line; none where it has room everywhere.
    """
    found = [_choice(vehicle, terrain, line, i) for i in _tight_points(line)]
    return tuple(c for c in found if c is not None)


def _tight_points(line: Line) -> list[int]:
    """Points of least clearance, APART from each other, in order of the line."""
    gap = np.where(line.stances.status == Rest.OK, line.least_clearance, np.nan)
    chosen: list[int] = []
    for i in np.argsort(np.where(np.isnan(gap), np.inf, gap), kind="stable"):
        if not gap[i] < CLOSE or len(chosen) == MOST:
            break
        if all(abs(line.s[i] - line.s[k]) >= APART for k in chosen):
            chosen.append(int(i))
    return sorted(chosen)


def _choice(vehicle: Vehicle, terrain: Terrain, line: Line, i: int) -> Choice | None:
    ahead, aside, height = _obstacle(vehicle, terrain, line.poses[i])
    if not height >= LEAST_HEIGHT:
        return None
    x, y, yaw = line.poses[i]
    ways = _ways(vehicle, terrain, line, i, aside)
    taken = next(w for w in ways if w.aside == 0.0)
    best: dict[str, Way] = {}
    for way in ways:
        if way.how != taken.how and _better(way, best.get(way.how)):
            best[way.how] = way
    others = sorted(best.values(), key=lambda w: (abs(w.aside), w.aside))
    return Choice(float(line.s[i]), x + ahead * np.cos(yaw) - aside * np.sin(yaw),
                  y + ahead * np.sin(yaw) + aside * np.cos(yaw), height, taken, tuple(others))


def _better(a: Way, b: Way | None) -> bool:
    return b is None or np.nan_to_num(a.clearance, nan=-np.inf) > np.nan_to_num(b.clearance, nan=-np.inf)


def _obstacle(vehicle: Vehicle, terrain: Terrain, pose: np.ndarray) -> tuple[float, float, float]:
    """The highest ground under a vehicle above the plane through it: metres ahead and left of the origin, height."""
    side = 0.5 * max(vehicle.front_axle.track, vehicle.rear_axle.track) + 0.5 * vehicle.tyre.width
    ahead, aside = (a.ravel() for a in np.meshgrid(np.arange(-AROUND, vehicle.wheelbase + AROUND, CELL),
                                                   np.arange(-side, side + CELL, CELL)))
    c, s = np.cos(pose[2]), np.sin(pose[2])
    z = terrain.height(pose[0] + c * ahead - s * aside, pose[1] + s * ahead + c * aside)
    known = np.isfinite(z)
    if known.sum() < 3:
        return 0.0, 0.0, np.nan
    ahead, aside, z = ahead[known], aside[known], z[known]
    plane = np.column_stack([np.ones_like(ahead), ahead, aside])
    above = z - plane @ np.linalg.lstsq(plane, z, rcond=None)[0]
    k = int(np.argmax(above))
    return float(ahead[k]), float(aside[k]), float(above[k] - np.median(above))


def _how(vehicle: Vehicle, aside: float) -> str:
    """How an obstacle that lies so far left of a vehicle's middle is passed."""
    track, half = 0.5 * vehicle.rear_axle.track, 0.5 * vehicle.tyre.width
    if abs(aside) < track - half:
        return "straddling"
    if abs(aside) <= track + half:
        return "left wheels on it" if aside > 0.0 else "right wheels on it"
    return "right of it" if aside > 0.0 else "left of it"


def _ways(vehicle: Vehicle, terrain: Terrain, line: Line, i: int, aside: float) -> list[Way]:
    """The ways past an obstacle that lies `aside` of the line at point i, each so far beside the line."""
    rows = np.flatnonzero(abs(line.s - line.s[i]) <= 0.5 * vehicle.wheelbase + AROUND)
    rows = rows[np.unique(np.concatenate([np.arange(0, len(rows), max(round(PASSING / _spacing(line)), 1)),
                                          [int(np.flatnonzero(rows == i)[0])]]))]
    x, y, yaw = line.poses[rows].T
    poses = np.concatenate([np.column_stack([x - d * np.sin(yaw), y + d * np.cos(yaw), yaw]) for d in ASIDE])
    stance = settle(vehicle, terrain, poses)
    gap = np.where((stance.status == Rest.OK)[:, None], stance.clearance, np.nan).reshape(len(ASIDE), len(rows), -1)
    ways = []
    for d, its in zip(ASIDE, gap, strict=True):
        at = None if np.isnan(its).any() else int(np.argmin(its.min(axis=0)))
        ways.append(Way(_how(vehicle, aside - d), float(d), None if at is None else stance.parts[at],
                        np.nan if at is None else float(its.min())))
    return ways


def _spacing(line: Line) -> float:
    steps = [b - a for a, b in pairwise(line.s.tolist())]
    return float(np.median(steps)) if steps else PASSING
