"""How far a terrain is off, told from where a vehicle's wheels stood: Gaussian process regression.

At rest on the terrain a vehicle has height, roll and pitch; its lessons say what they really were. To first order

    height - that of the terrain = (d_rl + d_rr) / 2 + o                    d_w  error of the ground below wheel w
    pitch  - that of the terrain = (d_rl + d_rr - d_fl - d_fr) / (2 wheelbase) + p
    roll   - that of the terrain = f (d_fl - d_fr) / track + (1 - f) (d_rl - d_rr) / track + r

with f the front axle's share of the roll stiffness, o the offset of the vehicle's heights, and p, r how it leans (load,
tyres, mounting). The errors of the ground hang together over a distance in proportion to the terrain's posts: those of
its heights as a surface laid through posts with errors of their own does, those of what the posts hide half as far.
Where the vehicle itself was is known to some metres or centimetres; the ground a lesson is about is as much less sure.

Rasmussen & Williams 2006, chapter 2.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trailcoach import _core
from trailcoach.lessons import Lessons
from trailcoach.stance import Quality, Rest
from trailcoach.vehicle import Vehicle

HEIGHT_REACH = 0.6                  # of a post's distance: Gaussian as wide as the cubic B-spline of bilinear surfaces
HIDDEN_REACH = 0.25                 # the same of what is hidden; both measured on averaged rig trails and a park
HIDDEN_SHARE = 0.5                  # of the spread told is the ground's; errors of the posts look like the rest
OFFSET_SD = 50.0                    # m, ellipsoid against geoid
OFFSET_WALK = 0.01                  # m/sqrt(m), the terrain's own bend
LEAN_SD, LEAN_WALK = 0.01, 0.0005   # rad, rad/sqrt(m)
SHARED_SD = 0.02                    # m of the offset that one stretch knows and the next may not count on
GATE = 5.0                          # standard deviations: beyond it is no ground
ODD = 3.0                           # of what is left over: such a lesson counts less
FARTHEST = 1.2                      # m from a wheel that is still told of
LEAST = 0.03                        # of its variance a post must lose to count as taught
UNFELT_SD = 0.025                   # m, what a tyre does not feel of the ground below it: 6 rig drives over rocks
FAR = 3.0                           # reaches: farther off nothing hangs together
_AT_ONCE = 1000                     # posts

_HEIGHT, _ROLL, _PITCH = range(3)


@dataclass
class Offset:
    """Height of the vehicle's positions over the terrain, m and m^2."""

    mean: float = 0.0
    variance: float = OFFSET_SD**2


@dataclass(frozen=True)
class Taught:
    """Posts on the lattice of a grid: places (n,), what is to be added to their heights, and how sure these are, m."""

    i: np.ndarray
    j: np.ndarray
    more: np.ndarray
    sigma: np.ndarray


@dataclass(frozen=True)
class Prior:
    """A terrain's grid with the standard deviations of its errors, by post."""

    grid: _core.Grid
    cell: float
    height_sd: np.ndarray
    hidden_sd: np.ndarray

    @staticmethod
    def of(grid: _core.Grid) -> Prior:
        """As a grid tells it."""
        sigma, _, _, spread, cell = grid.beside
        height_sd = np.full(grid.heights.shape, grid.sigma) if sigma is None else np.where(
            np.isnan(sigma), grid.sigma, sigma)
        hidden_sd = np.zeros(grid.heights.shape) if spread is None else HIDDEN_SHARE * np.nan_to_num(spread)
        return Prior(grid, cell or grid.dx, height_sd, hidden_sd)

    def at(self, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both standard deviations at the posts nearest to points (n, 2)."""
        i, j = (np.clip(np.rint((xy[:, k] - first) / self.grid.dx).astype(int), 0, n - 1)
                for k, first, n in ((0, self.grid.x0, self.grid.heights.shape[1]),
                                    (1, self.grid.y0, self.grid.heights.shape[0])))
        return self.height_sd[j, i], self.hidden_sd[j, i]

    def covariance(self, a: np.ndarray, b: np.ndarray, blur: np.ndarray | float = 0.0) -> np.ndarray:
        """Of the ground's errors at points a (n, 2) and b (m, 2), where those of a are ``blur`` (n, 1) m^2 unsure.

        Of two points the surer one counts: what is learned there already is no longer wrong together with the other.
        """
        far = (a[:, :1] - b[:, 0])**2 + (a[:, 1:] - b[:, 1])**2
        (height_a, hidden_a), (height_b, hidden_b) = self.at(a), self.at(b)
        out: np.ndarray = np.minimum.outer(height_a, height_b)**2 * _bell(far, HEIGHT_REACH * self.cell, blur)
        out += np.minimum.outer(hidden_a, hidden_b)**2 * _bell(far, HIDDEN_REACH * self.cell, blur)
        return out


def _bell(far: np.ndarray, reach: float, blur: np.ndarray | float) -> np.ndarray:
    """A Gaussian over squared distances, blurred by as much in x and y."""
    wide = reach**2 + blur
    return np.asarray(reach**2 / wide * np.exp(-0.5 * far / wide))


def teach(vehicle: Vehicle, engine: _core.Engine, grid: _core.Grid, lessons: Lessons, own: np.ndarray,
          offset: Offset) -> Taught | None:
    """What the lessons of a stretch say of the ground about those that are its own.

    Parameters
    ----------
    vehicle : Vehicle
    engine : _core.Engine
        Of this vehicle; it is given the grid.
    grid : _core.Grid
        The ground as known before.
    lessons : Lessons
    own : (n,) ndarray of bool
        Lessons near which posts are taught.
    offset : Offset
        As known before; moved on to what is known at the end of the stretch's own.

    Returns
    -------
    Taught or None
        None where no lesson fits this ground.
    """
    engine.set_terrain(grid)
    stand = engine.settle(np.ascontiguousarray(lessons.pose))
    fit = _fit(stand, len(vehicle.part)) & np.isfinite(lessons.rest).all(axis=1)
    if fit.sum() < 2 or not (fit & own).any():
        return None
    lessons, stand, own = lessons[fit], stand[fit], own[fit]
    prior = Prior.of(grid)
    contact = np.ascontiguousarray(stand["contact"][:, :, :2]).reshape(-1, 2)
    H = _rows(vehicle, engine.front_roll_share, len(lessons))
    common = _common(lessons, offset)
    noise = lessons.variance.T.ravel()
    seen = (lessons.rest - np.column_stack([stand["z"], stand["roll"], stand["pitch"]])).T.ravel()
    seen[:len(lessons)] -= offset.mean
    S = H @ prior.covariance(contact, contact) @ H.T + common
    noise = np.where(seen**2 > GATE**2 * (np.diag(S) + noise), 1e6, noise)
    inverse, weight = _solve(S, noise, seen)
    left = noise * weight / np.sqrt(np.maximum(noise - noise**2 * np.diag(inverse), 1e-12))
    noise = noise * np.maximum(np.abs(left) / ODD, 1.0)**2
    inverse, weight = _solve(S, noise, seen)
    taught = _spread(prior, contact, H, inverse, weight, lessons, own)
    _move_on(offset, common, inverse, weight, int(np.flatnonzero(own)[-1]))
    return taught


def _fit(stand: np.ndarray, n_parts: int) -> np.ndarray:
    """Rests on all wheels and nothing else."""
    free = (stand["clearance"][:, :n_parts] > 0.0).all(axis=1)
    return np.asarray(free & (stand["status"] == Rest.OK) & (stand["quality"] != Quality.EDGE) & (stand["lifted"] == 0))


def _rows(vehicle: Vehicle, front_share: float, n: int) -> np.ndarray:
    """What heights, rolls and pitches have of the errors below the wheels: (3 n, 4 n)."""
    H, k = np.zeros((3, n, n, 4)), np.arange(n)
    H[_HEIGHT, k, k, 2:] = 0.5
    H[_PITCH, k, k] = np.array([-0.5, -0.5, 0.5, 0.5]) / vehicle.wheelbase
    for first, share, axle in ((0, front_share, vehicle.front_axle), (2, 1.0 - front_share, vehicle.rear_axle)):
        H[_ROLL, k, k, first], H[_ROLL, k, k, first + 1] = share / axle.track, -share / axle.track
    return H.reshape(3 * n, 4 * n)


def _common(lessons: Lessons, offset: Offset) -> np.ndarray:
    """Covariance of what lessons have in common beside the ground: the offset and how the vehicle leans (3 n, 3 n)."""
    n = len(lessons)
    way = np.minimum.outer(lessons.distance, lessons.distance) - lessons.distance[0]
    wandering = np.minimum.outer(lessons.wandering, lessons.wandering) - lessons.wandering[0]
    out = np.zeros((3 * n, 3 * n))
    out[:n, :n] = offset.variance + OFFSET_WALK**2 * way + wandering
    for k in (_ROLL, _PITCH):
        out[k * n:(k + 1) * n, k * n:(k + 1) * n] = LEAN_SD**2 + LEAN_WALK**2 * way
    return out


def _solve(S: np.ndarray, noise: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy.linalg import cho_factor, cho_solve
    inverse = cho_solve(cho_factor(S + np.diag(noise), lower=True), np.eye(len(seen)))
    return inverse, inverse @ seen


def _spread(prior: Prior, contact: np.ndarray, H: np.ndarray, inverse: np.ndarray, weight: np.ndarray,
            lessons: Lessons, own: np.ndarray) -> Taught:
    """Posts about the wheels of some lessons."""
    from scipy.spatial import cKDTree
    grid, of_own = prior.grid, np.repeat(own, 4)
    reach = min(1.5 * prior.cell, FARTHEST)
    (i0, j0), (i1, j1) = (np.rint((edge - (grid.x0, grid.y0)) / grid.dx).astype(int)
                          for edge in (contact[of_own].min(axis=0) - reach, contact[of_own].max(axis=0) + reach))
    ny, nx = grid.heights.shape
    j, i = (a.ravel() for a in np.mgrid[max(j0, 0):min(j1 + 1, ny), max(i0, 0):min(i1 + 1, nx)])
    known = np.isfinite(grid.heights[j, i])
    far, nearest = cKDTree(contact[of_own]).query(np.column_stack([grid.x0 + i * grid.dx, grid.y0 + j * grid.dx]),
                                                  distance_upper_bound=reach)
    rows = np.flatnonzero(known & np.isfinite(far))
    rows = rows[np.argsort(nearest[rows] // 4, kind="stable")]          # along the way
    i, j = i[rows], j[rows]
    xy = np.column_stack([grid.x0 + i * grid.dx, grid.y0 + j * grid.dx])
    blur = lessons.place_variance[own][nearest[rows] // 4, None]
    more, lost = np.empty(len(rows)), np.empty(len(rows))
    for first in range(0, len(rows), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        of_lesson, wheel = _about(xy[part], contact, FAR * (HEIGHT_REACH * prior.cell + float(blur[part].max())**0.5))
        C = prior.covariance(xy[part], contact[wheel], blur[part]) @ H[np.ix_(of_lesson, wheel)].T
        more[part] = C @ weight[of_lesson]
        lost[part] = np.einsum("ij,ij->i", C @ inverse[np.ix_(of_lesson, of_lesson)], C)
    before = np.maximum(np.hypot(*prior.at(xy))**2, 1e-12)
    lost *= 1.0 - UNFELT_SD**2 / before
    taught = lost > LEAST * before
    sigma = np.sqrt(before - np.where(taught, lost, 0.0))
    return Taught(i[taught], j[taught], more[taught], sigma[taught])


def _about(xy: np.ndarray, contact: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """What has a say at some points: values of lessons, and wheels, by their place in H."""
    n = len(contact) // 4
    near = ((contact >= xy.min(axis=0) - reach) & (contact <= xy.max(axis=0) + reach)).all(axis=1)
    lesson = np.flatnonzero(near.reshape(n, 4).any(axis=1))
    return ((lesson + n * np.arange(3)[:, None]).ravel(), (4 * lesson[:, None] + np.arange(4)).ravel())


def _move_on(offset: Offset, common: np.ndarray, inverse: np.ndarray, weight: np.ndarray, last: int) -> None:
    """The offset at the last lesson, made less sure by what its stretch has in common with the next."""
    n = len(common) // 3
    row = np.zeros(3 * n)
    row[:n] = common[last, :n]
    offset.mean += float(row @ weight)
    offset.variance = max(float(common[last, last] - row @ inverse @ row), 0.0) + SHARED_SD**2
