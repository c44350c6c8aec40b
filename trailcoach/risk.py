"""Risk: how likely a line touches, for the errors of ground and model and a driver who does not hold it exactly."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trailcoach import _core
from trailcoach.line import Line
from trailcoach.stance import Rest, settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

WANDER_SD = 0.075               # m aside of the line: a driver holds it to about +-15 cm


@dataclass(frozen=True)
class Risk:
    """Probability that parts touch on a line.

    Attributes
    ----------
    parts : tuple of str
        Names, in the order of the columns.
    point : ndarray
        (n, parts), at each point of the line, the driver's wander included, 0 to 1.
    part : ndarray
        (parts,), that the part touches anywhere on the line.
    line : float
        That any part touches anywhere on it.
    s : ndarray
        (n,), of the points along the line, m.
    at : ndarray
        (offsets, n), that any part touches at each point with the driver that far aside.
    aside : ndarray
        (n, 2), least clearance of all parts two standard deviations of the wander to the right and to the left, m;
        NaN where the vehicle does not rest there or the ground is unknown.
    unknown : ndarray
        (n,) bool: within the wander the ground is unknown, or no stance was found. The probabilities are of what is
        known; a pose that tips counts as touching.
    wander_sd : float
        Of the driver's lateral error, m.
    """

    parts: tuple[str, ...]
    point: np.ndarray
    part: np.ndarray
    line: float
    s: np.ndarray
    at: np.ndarray
    aside: np.ndarray
    unknown: np.ndarray
    wander_sd: float

    def between(self, begin: float, end: float) -> float:
        """Probability that any part touches between two places of the line, m."""
        rows = (self.s >= begin - 1e-9) & (self.s <= end + 1e-9)
        at, s = np.ascontiguousarray(self.at[:, rows, None]), np.ascontiguousarray(self.s[rows])
        return float(_core.risk_along(at, s, self.wander_sd)[-1])


def line_risk(vehicle: Vehicle, terrain: Terrain, line: Line, wander_sd: float = WANDER_SD) -> Risk:
    """How likely a line touches.

    The errors along a line hang together: who is 10 cm off now still is half a metre on, and a rest that is misjudged
    at a rock is misjudged on all of it. Within stretches of 2 m one lateral error and one model error are taken to hold
    throughout, between stretches none (ext/line_risk.pxi; a host has the same as ``tc_line_risk``).

    Parameters
    ----------
    vehicle : Vehicle
    terrain : Terrain
    line : Line
    wander_sd : float
        Standard deviation of the driver's lateral error, m; 0 = the line is held exactly.

    Returns
    -------
    Risk
    """
    offsets, weight = _core.risk_wander(wander_sd)
    x, y, yaw = line.poses.T
    poses = np.concatenate([np.column_stack([x - d * np.sin(yaw), y + d * np.cos(yaw), yaw]) for d in offsets])
    stances = settle(vehicle, terrain, poses)
    n, k = len(line), len(stances.parts)
    rests = stances.status == Rest.OK
    touches = np.where(rests[:, None], stances.contact_probability, np.nan)
    touches[stances.status == Rest.TIPS] = 1.0
    touches = touches.reshape(len(offsets), n, k)
    known = np.isfinite(touches)
    touches = np.where(known, touches, 0.0)
    least = np.where(rests, stances.clearance.min(axis=1), np.nan).reshape(len(offsets), n)
    low, high = (int(np.argmin(abs(offsets - side * 2.0 * wander_sd))) for side in (-1.0, 1.0))
    any_part = 1.0 - np.prod(1.0 - touches, axis=2)
    whole = _core.risk_along(np.ascontiguousarray(touches), np.ascontiguousarray(line.s), wander_sd)
    return Risk(stances.parts, np.einsum("o,onk->nk", weight, touches), whole[:k], float(whole[k]), line.s, any_part,
                np.column_stack([least[low], least[high]]), np.asarray(~known.all(axis=(0, 2))), wander_sd)
