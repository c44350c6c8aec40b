"""What a height grid hides between its posts: the highest point of each cell and the spread about the surface.

A post stands for its cell, the square of one spacing about it, and its height for the mean of the ground there. What
the mean hides is told from how the posts around it lie, over three neighbourhoods: second differences at one, two and
four spacings (how they grow with distance is the slope of a power law; on rocks they do not grow), how they lean to
one side (rocks stand up) and how heavy their tails are (few rocks or many), the slope and the spacing itself. A small
network says from these how the highest hidden point is distributed. It was fitted on thousands of random grounds
(power laws of any slope, rocks with sizes after Golombek & Rapp 1997, ledges, ruts, stones laid, washes ...) and on
tiles whose fine ground is known, and its quantiles were then moved to hold on tiles that it had not seen
(examples/fit_roughness.py). ext/roughness.pxi looks at the posts and computes the network.

Mandelbrot 1982 (power law); Romano, Patterson & Candes 2019 (conformal quantiles).
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from trailcoach import _core

HIDES_FROM = 0.1                    # m between posts: a finer grid shows what a tyre or a part would meet
HALO = 16                           # posts about a post that have a say in what it hides: 25 x 25, and 4 about each
FEATURES = 16
BLOCK = 160                         # posts along a side of what is told in one go: its work fits into a cache
Rim = tuple[int, int, int, int]
NO_RIM: Rim = (0, 0, 0, 0)

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
    """The model the core was compiled with; examples/fit_roughness.py made it."""
    return Model(**_core.rough_model())


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

    def bound(self, p: float) -> np.ndarray:
        """Height that the highest hidden point stays below with probability p, by Gumbel's law through both."""
        u = (gumbel(p) - gumbel(0.5)) / (gumbel(0.99) - gumbel(0.5))
        return np.asarray(self.highest + u * (self.highest_rare - self.highest))


def hidden(heights: np.ndarray, dx: float, measured: np.ndarray | None = None, rim: Rim = NO_RIM) -> Hidden:
    """What each cell of a grid hides.

    Parameters
    ----------
    heights : ndarray
        (ny, nx), NaN = unknown, m.
    dx : float
        Distance of posts, m.
    measured : ndarray, optional
        Highest point known in each cell over the surface, m, NaN = none: no bound is below it.
    rim : tuple
        Posts in the west, south, east and north that are only looked at and not told of.
    """
    highest, rare, spread = _told(heights, dx, (0.5, 0.99), rim)
    for bound in (highest, rare):
        _not_below(bound, measured)
    return Hidden(highest, rare, spread)


def bounds(heights: np.ndarray, dx: float, probability: tuple[float, ...],
           measured: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """Heights over the surface that the highest hidden point stays below with each probability, m."""
    out = tuple(_told(heights, dx, probability, NO_RIM)[:-1])
    for bound in out:
        _not_below(bound, measured)
    return out


def _not_below(bound: np.ndarray, measured: np.ndarray | None) -> None:
    if measured is not None:
        np.fmax(bound, measured, out=bound, where=np.isfinite(bound))


def _told(heights: np.ndarray, dx: float, probability: tuple[float, ...], rim: Rim) -> np.ndarray:
    """Bounds at each probability, and the spread: (n + 1, ny, nx), block by block."""
    h = np.ascontiguousarray(heights, np.float32)
    west, south, east, north = rim
    out = np.full((len(probability) + 1, h.shape[0] - south - north, h.shape[1] - west - east), np.nan, np.float32)
    for j in range(0, out.shape[1], BLOCK):
        for i in range(0, out.shape[2], BLOCK):
            part = np.s_[j + south:min(j + BLOCK, out.shape[1]) + south, i + west:min(i + BLOCK, out.shape[2]) + west]
            known = np.isfinite(h[part])
            if not known.any():
                continue
            around, inner = _with_halo(part, h.shape)
            seen, scale = features(h[around], dx)
            curve = _core.rough_curves(np.ascontiguousarray(seen[inner][known]))
            over = np.column_stack([*(_at(p, curve[:, :-1]) for p in probability), curve[:, -1]])
            out[:, j:j + BLOCK, i:i + BLOCK][:, known] = (np.exp(over) * scale[inner][known][:, None]).T
    return out


def gumbel(p: float) -> float:
    """Reduced variate of Gumbel's law, the law of the highest of many."""
    return float(-np.log(-np.log(p)))


def _at(p: float, quantile: np.ndarray) -> np.ndarray:
    """A quantile between those fitted and beyond: the logarithm goes with the reduced variate of Gumbel."""
    known = np.array([gumbel(float(q)) for q in model().probability])
    x = gumbel(p)
    i = int(np.clip(np.searchsorted(known, x), 1, len(known) - 1))
    u = np.float32((x - known[i - 1]) / (known[i] - known[i - 1]))
    return np.asarray(quantile[:, i - 1] + u * (quantile[:, i] - quantile[:, i - 1]))


def _with_halo(part: tuple[slice, slice], shape: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """A part with all that has a say in it, and where it lies therein."""
    around = [slice(max(s.start - HALO, 0), min(s.stop + HALO, n)) for s, n in zip(part, shape, strict=True)]
    inner = [slice(s.start - a.start, s.stop - a.start) for s, a in zip(part, around, strict=True)]
    return (around[0], around[1]), (inner[0], inner[1])


def features(heights: np.ndarray, dx: float) -> tuple[np.ndarray, np.ndarray]:
    """What is looked at in each cell, (ny, nx, FEATURES) float32, and its own roughness (ny, nx), m.

    In this order: logarithms of the root mean square of second differences near by over the spacing, wide over near,
    vast over wide, at two spacings over one (wide, vast), at four over two (vast); the cell's own second difference at
    one and two spacings over that about it; skewness (wide, vast); logarithm of the kurtosis (wide, vast); logarithms
    of the slope, of the twist over the bend, of the spacing; skewness at two spacings (vast). Where a neighbourhood
    does not tell, the next wider one does.
    """
    return _core.rough_look(np.ascontiguousarray(heights, np.float32), dx)


def decimal(sigma: float) -> float:
    """A float32 as the decimal number it was made from: 0.01 and not 0.00999999977648."""
    return float(str(np.float32(sigma)))
