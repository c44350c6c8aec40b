"""Risk: how likely a line touches, for the errors of ground and model and a driver who does not hold it exactly."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from trailcoach.line import Line
from trailcoach.stance import Rest, settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

WANDER_SD = 0.075               # m aside of the line: a driver holds it to about +-15 cm
WANDER_LENGTH = 2.0             # m along the line after which one error says little about the next
OFFSETS = np.linspace(-2.5, 2.5, 9)         # of the wander's standard deviation, where stances are asked


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
    """

    parts: tuple[str, ...]
    point: np.ndarray
    part: np.ndarray
    line: float
    s: np.ndarray
    at: np.ndarray
    aside: np.ndarray
    unknown: np.ndarray

    def between(self, begin: float, end: float) -> float:
        """Probability that any part touches between two places of the line, m."""
        rows = (self.s >= begin - 1e-9) & (self.s <= end + 1e-9)
        weight = _weights() if len(self.at) > 1 else np.ones(1)
        return float(_along(self.at[:, rows, None], weight, self.s[rows])[0]) if rows.any() else 0.0


def line_risk(vehicle: Vehicle, terrain: Terrain, line: Line, wander_sd: float = WANDER_SD) -> Risk:
    """How likely a line touches.

    The errors along a line hang together: who is 10 cm off now still is half a metre on, and a rest that is misjudged
    at a rock is misjudged on all of it. Within stretches of WANDER_LENGTH one lateral error and one model error are
    taken to hold throughout, between stretches none; stretches that overlap by half are averaged, so that it does not
    matter where they begin.

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
    offsets = OFFSETS * wander_sd if wander_sd > 0.0 else np.zeros(1)
    weight = _weights() if wander_sd > 0.0 else np.ones(1)
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
    any_part = 1.0 - np.prod(1.0 - touches, axis=2, keepdims=True)
    whole = _along(np.concatenate([touches, any_part], axis=2), weight, line.s)
    return Risk(stances.parts, np.einsum("o,onk->nk", weight, touches), whole[:k], float(whole[k]),
                line.s, any_part[:, :, 0], np.column_stack([least[low], least[high]]),
                np.asarray(~known.all(axis=(0, 2))))


def _weights() -> np.ndarray:
    """Probability of the wander about each offset."""
    edges = np.concatenate([[-np.inf], 0.5 * (OFFSETS[1:] + OFFSETS[:-1]), [np.inf]])
    return np.asarray(np.diff(norm.cdf(edges)))


def _along(touches: np.ndarray, weight: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Probability of touching anywhere, (k,), from that at each offset and point, (offsets, n, k)."""
    results = []
    for begin in (0.0, 0.5 * WANDER_LENGTH):
        stretch = ((s + begin) / WANDER_LENGTH).astype(int)
        starts = np.flatnonzero(np.diff(stretch, prepend=-1))
        worst = np.maximum.reduceat(touches, starts, axis=1)
        results.append(1.0 - np.prod(1.0 - np.einsum("o,ork->rk", weight, worst), axis=0))
    return np.asarray(0.5 * (results[0] + results[1]))
