"""What a height grid hides between its posts: the highest point of each cell and the spread about the surface.

A post stands for its cell, the square of one spacing about it, and its height for the mean of the ground there. What
the mean hides is told from how the posts around it lie, over three neighbourhoods: second differences at one, two and
four spacings (how they grow with distance is the slope of a power law; on rocks they do not grow), how they lean to
one side (rocks stand up) and how heavy their tails are (few rocks or many), the slope and the spacing itself. A small
network says from these how the highest hidden point is distributed. It was fitted on thousands of random grounds
(power laws of any slope, rocks with sizes after Golombek & Rapp 1997, ledges, ruts, stones laid, washes ...) and on
tiles whose fine ground is known, and its quantiles were then moved to hold on tiles that it had not seen
(examples/fit_roughness.py). Mandelbrot 1982 (power law); Romano, Patterson & Candes 2019 (conformal quantiles).
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

MODEL = Path(__file__).parent / "roughness_model.npz"
HIDES_FROM = 0.1                    # m between posts: a finer grid shows what a tyre or a part would meet
NEAR, WIDE, VAST = 3, 9, 25         # posts along a side of the neighbourhoods
HALO = VAST // 2 + 4                # posts about a post that have a say in what it hides
FEATURES = 16
STRIPE = 1 << 15                    # posts looked at in one go

_TINY = 1e-4                        # of a spacing: flatter than that is flat
_FLATTEST = 0.01                    # slope, below which it does not matter
_BEYOND = 3.0                       # standard deviations of a feature: farther off nothing has been seen
_STEPS = -8.0, 3.0                  # bounds of the logarithm of a step from one quantile to the next


@dataclass(frozen=True)
class Model:
    """A network of two hidden layers: features to quantiles of the highest hidden point over the cell's own roughness.

    Attributes
    ----------
    mean, deviation : (FEATURES,) ndarray
        Of the features on the ground it was fitted on.
    weight1, bias1, weight2, bias2, weight3, bias3 : ndarray
        The last layer gives the logarithm of the median, the logarithms of the steps (of the logarithm) to the other
        quantiles, and last that of the rms of what is hidden.
    probability : (n,) ndarray
        Of the quantiles; one is 1/2.
    shift : (n,) ndarray
        Added to the logarithms of the quantiles, so that they hold on ground not fitted on.
    """

    mean: np.ndarray
    deviation: np.ndarray
    weight1: np.ndarray
    bias1: np.ndarray
    weight2: np.ndarray
    bias2: np.ndarray
    weight3: np.ndarray
    bias3: np.ndarray
    probability: np.ndarray
    shift: np.ndarray

    def curves(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logarithms of the quantiles (n, probabilities) and of the rms (n,), both over the cell's own roughness."""
        a = np.clip((features - self.mean) / self.deviation, -_BEYOND, _BEYOND)
        a = np.tanh(a @ self.weight1 + self.bias1)
        a = np.tanh(a @ self.weight2 + self.bias2)
        return self.from_outputs(a @ self.weight3 + self.bias3)

    def from_outputs(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same from what the last layer gives."""
        n, middle = len(self.probability), int(np.argmin(np.abs(self.probability - 0.5)))
        quantile = np.empty((len(outputs), n), outputs.dtype)
        step = np.exp(np.clip(outputs[:, :n], *_STEPS))
        quantile[:, middle] = outputs[:, middle]
        for k in range(middle + 1, n):
            quantile[:, k] = quantile[:, k - 1] + step[:, k]
        for k in range(middle - 1, -1, -1):
            quantile[:, k] = quantile[:, k + 1] - step[:, k]
        return np.maximum.accumulate(quantile + self.shift, axis=1), outputs[:, n]


@cache
def model() -> Model:
    """The model fitted for the package; examples/fit_roughness.py made it."""
    with np.load(MODEL) as f:
        return Model(*(f[name] for name in Model.__dataclass_fields__))


@dataclass(frozen=True)
class Hidden:
    """What the cells of a grid hide; arrays of the grid's shape, m, NaN where the grid is unknown.

    Attributes
    ----------
    highest, highest_rare : ndarray
        Over the surface between posts: exceeded by the highest hidden point in half and in one of a hundred cells.
    spread : ndarray
        Root mean square of the hidden ground about that surface.
    """

    highest: np.ndarray
    highest_rare: np.ndarray
    spread: np.ndarray


def hidden(heights: np.ndarray, dx: float, measured: np.ndarray | None = None) -> Hidden:
    """What each cell of a grid hides.

    Parameters
    ----------
    heights : ndarray
        (ny, nx), NaN = unknown, m.
    dx : float
        Distance of posts, m.
    measured : ndarray, optional
        Highest point known in each cell over the surface, m, NaN = none: no bound is below it.
    """
    highest, rare, spread = _told(heights, dx, (0.5, 0.99))
    for bound in (highest, rare):
        _not_below(bound, measured)
    return Hidden(highest, rare, spread)


def bounds(heights: np.ndarray, dx: float, probability: tuple[float, ...],
           measured: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """Heights over the surface that the highest hidden point stays below with each probability, m."""
    out = _told(heights, dx, probability)[:-1]
    for bound in out:
        _not_below(bound, measured)
    return out


def _not_below(bound: np.ndarray, measured: np.ndarray | None) -> None:
    if measured is not None:
        np.fmax(bound, measured, out=bound, where=np.isfinite(bound))


def _told(heights: np.ndarray, dx: float, probability: tuple[float, ...]) -> tuple[np.ndarray, ...]:
    """Bounds at each probability, and the spread."""
    looked_at, scale = features(heights, dx)
    looked_at, scale = looked_at.reshape(-1, FEATURES), scale.ravel()
    known = np.flatnonzero(np.isfinite(heights).ravel())
    out = np.full((len(probability) + 1, heights.size), np.nan, np.float32)
    for first in range(0, len(known), STRIPE):
        rows = known[first:first + STRIPE]
        quantile, spread = model().curves(looked_at[rows])
        for k, p in enumerate(probability):
            out[k, rows] = np.exp(_at(p, quantile)) * scale[rows]
        out[-1, rows] = np.exp(spread) * scale[rows]
    return tuple(out.reshape(-1, *heights.shape))


def _at(p: float, quantile: np.ndarray) -> np.ndarray:
    """A quantile between those fitted and beyond: the logarithm goes with the reduced variate of Gumbel."""
    known = -np.log(-np.log(model().probability.astype(float)))
    x = -np.log(-np.log(p))
    i = int(np.clip(np.searchsorted(known, x), 1, len(known) - 1))
    u = (x - known[i - 1]) / (known[i] - known[i - 1])
    return np.asarray(quantile[:, i - 1] + u * (quantile[:, i] - quantile[:, i - 1]))


def features(heights: np.ndarray, dx: float) -> tuple[np.ndarray, np.ndarray]:
    """What is looked at in each cell, (ny, nx, FEATURES) float32, and its own roughness (ny, nx), m.

    All but the spacing are logarithms and ratios without unit. Where a neighbourhood does not tell, the next wider one
    does, then the whole grid.
    """
    h = np.asarray(heights, float)
    least = _TINY * dx
    one, two, four = (_Differences(h, step) for step in (1, 2, 4))
    whole = one.square[one.known]
    vast = _filled(one.mean(one.square, VAST), np.asarray(whole.mean() if whole.size else 0.0))
    wide = _filled(one.mean(one.square, WIDE), vast)
    near = _filled(one.mean(one.square, NEAR), wide)
    far = _filled(two.mean(two.square, WIDE), 4.0 * wide)               # as on a plane that bends
    farther = _filled(two.mean(two.square, VAST), 4.0 * vast)
    farthest = _filled(four.mean(four.square, VAST), 4.0 * farther)
    near, wide, vast, far, farther, farthest = (np.sqrt(np.maximum(a, 0.0)) + least
                                                for a in (near, wide, vast, far, farther, farthest))
    third, fourth = one.both**3, one.both**4
    skew, kurtosis = zip(*(one.shape(third, fourth, side, least) for side in (WIDE, VAST)), strict=True)
    skew_far, _ = two.shape(two.both**3, None, VAST, least)
    gy, gx = np.gradient(h)
    table = (np.log(near / dx), np.log(wide / near), np.log(vast / wide), np.log(far / wide), np.log(farther / vast),
             np.log(farthest / farther), np.clip(np.nan_to_num(one.both) / near, -2.5, 2.5),
             np.clip(np.nan_to_num(two.both) / far, -2.5, 2.5), *skew, *kurtosis,
             np.log(np.nan_to_num(np.hypot(gx, gy)) / dx + _FLATTEST), np.log(_twist(h, least) / wide),
             np.full(h.shape, np.log(dx)), skew_far)
    return np.stack(table, axis=-1, dtype=np.float32, casting="same_kind"), np.sqrt(0.5 * (near**2 + wide**2))


class _Differences:
    """Height over the middle of the posts a step either side.

    Attributes
    ----------
    both, square : ndarray
        Mean along x and y of the difference, and of its square; NaN where neither is known.
    known : ndarray
    """

    def __init__(self, h: np.ndarray, step: int) -> None:
        x, y = np.full(h.shape, np.nan), np.full(h.shape, np.nan)
        if h.shape[1] > 2 * step:
            x[:, step:-step] = h[:, step:-step] - 0.5 * (h[:, :-2 * step] + h[:, 2 * step:])
        if h.shape[0] > 2 * step:
            y[step:-step] = h[step:-step] - 0.5 * (h[:-2 * step] + h[2 * step:])
        self.both, self.square = _mean_of(x, y), _mean_of(x**2, y**2)
        self.known = np.isfinite(self.both)
        self._share: dict[int, np.ndarray] = {}

    def mean(self, a: np.ndarray, side: int) -> np.ndarray:
        """Mean of what is known of an array in a square about each post; NaN where nothing is."""
        share = self._share.get(side)
        if share is None:
            share = self._share[side] = _filter(self.known.astype(float), side)
        total = _filter(np.where(self.known, a, 0.0), side)
        return np.where(share * side**2 > 0.5, total / np.maximum(share, 1e-9), np.nan)

    def shape(self, third: np.ndarray, fourth: np.ndarray | None, side: int,
              least: float) -> tuple[np.ndarray, np.ndarray]:
        """Skewness, and logarithm of the kurtosis, in a square about each post."""
        scale = np.sqrt(np.maximum(np.nan_to_num(self.mean(self.both**2, side)), 0.0)) + least
        skew = np.clip(np.nan_to_num(self.mean(third, side)) / scale**3, -3.0, 3.0)
        if fourth is None:
            return skew, skew
        return skew, np.log(np.clip(np.nan_to_num(self.mean(fourth, side)) / scale**4, 1.0, _MOST_KURTOSIS[side]))


_MOST_KURTOSIS = {WIDE: 30.0, VAST: 60.0}


def _twist(h: np.ndarray, least: float) -> np.ndarray:
    """Root mean square of how the ground twists between diagonals, over the wide neighbourhood."""
    twist = np.full(h.shape, np.nan)
    twist[1:-1, 1:-1] = 0.25 * (h[2:, 2:] + h[:-2, :-2] - h[2:, :-2] - h[:-2, 2:])
    known = np.isfinite(twist)
    share = _filter(known.astype(float), WIDE)
    total = _filter(np.where(known, twist**2, 0.0), WIDE)
    mean = np.where(share * WIDE**2 > 0.5, total / np.maximum(share, 1e-9), 0.0)
    return np.asarray(np.sqrt(np.maximum(mean, 0.0)) + least)


def _mean_of(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean of what is known of two arrays."""
    return np.where(np.isnan(a), b, np.where(np.isnan(b), a, 0.5 * (a + b)))


def _filter(a: np.ndarray, side: int) -> np.ndarray:
    from scipy.ndimage import uniform_filter
    return np.asarray(uniform_filter(a, side, mode="constant"))


def _filled(a: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(a), other, a)


def decimal(sigma: float) -> float:
    """A float32 as the decimal number it was made from: 0.01 and not 0.00999999977648."""
    return float(str(np.float32(sigma)))
