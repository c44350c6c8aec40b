"""What a height grid hides between its posts: the highest point of each cell and the spread about the surface.

A post stands for its cell, the square of one spacing about it, and its height for the mean of the ground there. What
the mean hides is told from how the posts around it lie: second differences beside it and over the neighbourhood, how
they grow with distance (a power law on soil, none on rocks), how they lean to one side (rocks stand up), the slope
and the spacing itself. A forest of small decision trees says how the highest hidden point was distributed in cells
like this one on tiles whose fine ground is known; its leaves are the classes of terrain. Golombek & Rapp 1997 (rock
size and frequency) is in it by the rock fields among those tiles, Mandelbrot's power law by the others.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

MODEL = Path(__file__).parent / "roughness_model.npz"
HALO = 24                           # posts about a post that have a say in what it hides
HIDES_FROM = 0.1                    # m between posts: a finer grid shows what a tyre or a part would meet
NEIGHBOURHOOD = 9                   # posts along a side
STRIPE = 1 << 18                    # posts looked at in one go

_TINY = 1e-4                        # of a spacing: flatter than that is flat
_FLATTEST = 0.01                    # slope, below which it does not matter


@dataclass(frozen=True)
class Forest:
    """Trees of one depth: feature and threshold of each node, and of each leaf what was found there.

    Attributes
    ----------
    feature, threshold : (trees, nodes) ndarray
        A cell goes right where its feature is above the threshold.
    quantile : (trees, leaves, n) ndarray
        Of the highest hidden point over the cell's own roughness, at `probability`.
    spread : (trees, leaves) ndarray
        Median of the rms of hidden ground over the cell's own roughness.
    probability : (n,) ndarray
    least, most : (features,) ndarray
        What the tiles fitted on show of each feature: beyond it nothing has been seen.
    """

    feature: np.ndarray
    threshold: np.ndarray
    quantile: np.ndarray
    spread: np.ndarray
    probability: np.ndarray
    least: np.ndarray
    most: np.ndarray

    def leaves(self, features: np.ndarray) -> np.ndarray:
        """Leaf of each cell (n, features) in each tree: (trees, n)."""
        trees, nodes = self.feature.shape
        n, rows = len(features), np.arange(len(features))
        out = np.zeros((trees, n), np.int64)
        for tree in range(trees):
            at = np.zeros(n, np.int64)
            while nodes and at[:1].size and at[0] < nodes:      # complete trees: all cells are on one level
                right = features[rows, self.feature[tree, at]] > self.threshold[tree, at]
                at = 2 * at + 1 + right
            out[tree] = at - nodes
        return out


@cache
def forest() -> Forest:
    """The forest fitted for the package; examples/fit_roughness.py made it."""
    with np.load(MODEL) as f:
        return Forest(*(f[name] for name in Forest.__dataclass_fields__))


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
    table = np.stack([_leaf_bound(0.5), _leaf_bound(0.99), forest().spread], axis=-1)
    highest, rare, spread = _from_leaves(heights, dx, table)
    for bound in (highest, rare):
        _not_below(bound, measured)
    return Hidden(highest, rare, spread)


def bounds(heights: np.ndarray, dx: float, probability: tuple[float, ...],
           measured: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """Heights over the surface that the highest hidden point stays below with each probability, m."""
    out = _from_leaves(heights, dx, np.stack([_leaf_bound(p) for p in probability], axis=-1))
    for bound in out:
        _not_below(bound, measured)
    return out


def _not_below(bound: np.ndarray, measured: np.ndarray | None) -> None:
    if measured is not None:
        np.fmax(bound, measured, out=bound, where=np.isfinite(bound))


def _leaf_bound(p: float) -> np.ndarray:
    """Quantile p of every leaf, (trees, leaves). Beyond the last fitted the tail goes on as that of a Gumbel law."""
    f = forest()
    reduced, x = -np.log(-np.log(f.probability)), -np.log(-np.log(p))
    i = int(np.clip(np.searchsorted(reduced, x), 1, len(reduced) - 1))
    u = (x - reduced[i - 1]) / (reduced[i] - reduced[i - 1])
    return np.asarray(f.quantile[..., i - 1] + u * (f.quantile[..., i] - f.quantile[..., i - 1]))


def _from_leaves(heights: np.ndarray, dx: float, table: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mean over the trees of what their leaves hold, table (trees, leaves, n), times the cells' own roughness."""
    looked_at, scale = features(heights, dx)
    looked_at = looked_at.reshape(-1, looked_at.shape[-1])
    known = np.flatnonzero(np.isfinite(heights).ravel())
    out = np.full((table.shape[-1], heights.size), np.nan, np.float32)
    for first in range(0, len(known), STRIPE):
        rows = known[first:first + STRIPE]
        found = sum(table[tree, leaf] for tree, leaf in enumerate(forest().leaves(looked_at[rows])))
        out[:, rows] = (found / len(table) * scale.ravel()[rows, None]).T
    return tuple(out.reshape(-1, *heights.shape))


def features(heights: np.ndarray, dx: float) -> tuple[np.ndarray, np.ndarray]:
    """What is looked at in each cell, (ny, nx, 7), and its own roughness (ny, nx), m.

    All but the last are logarithms and ratios without unit. Where there are no neighbours to tell, the neighbourhood
    counts, then the whole grid: on a grid too small for that the cells are taken as rough as their slope.
    """
    h = np.asarray(heights, float)
    x1, y1 = _second_difference(h, 1)
    lap = _mean_of(x1, y1)
    bend = _mean_of(x1**2, y1**2)
    near = _filled(_local(bend, 3), bend)
    wide = _filled(_local(bend, NEIGHBOURHOOD), bend)
    x2, y2 = _second_difference(h, 2)
    far = _mean_of(x2**2, y2**2)
    wider = _filled(_local(far, NEIGHBOURHOOD), far)
    wider = np.where(np.isnan(wider), 4.0 * wide, wider)
    e = _TINY * dx
    near, wide, wider = (np.sqrt(np.maximum(np.nan_to_num(a), 0.0)) + e for a in (near, wide, wider))    # rounding
    lap = np.nan_to_num(lap)
    lean = np.clip(np.nan_to_num(_local(lap**3, NEIGHBOURHOOD))
                   / np.maximum(np.nan_to_num(_local(lap**2, NEIGHBOURHOOD)), e * e)**1.5, -3.0, 3.0)
    gx, gy = (np.nan_to_num(a) for a in _slopes(h))
    table = np.stack([np.log(near / dx), np.log(wide / dx), np.log(wider / wide), np.clip(lap / near, -2.0, 2.0), lean,
                      np.log(np.hypot(gx, gy) / dx + _FLATTEST), np.full(h.shape, np.log(dx))], axis=-1)
    return table, np.sqrt(0.5 * (near**2 + wide**2))


def _second_difference(h: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Height over the middle of the posts `step` either side, along x and y; NaN at the rim."""
    x, y = np.full(h.shape, np.nan), np.full(h.shape, np.nan)
    if h.shape[1] > 2 * step:
        x[:, step:-step] = h[:, step:-step] - 0.5 * (h[:, :-2 * step] + h[:, 2 * step:])
    if h.shape[0] > 2 * step:
        y[step:-step] = h[step:-step] - 0.5 * (h[:-2 * step] + h[2 * step:])
    return x, y


def _slopes(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rise per spacing along x and y."""
    gy, gx = np.gradient(h)
    return gx, gy


def _mean_of(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean of what is known of two arrays."""
    return np.where(np.isnan(a), b, np.where(np.isnan(b), a, 0.5 * (a + b)))


def _local(a: np.ndarray, side: int) -> np.ndarray:
    """Mean of what is known in a square about each post; NaN where nothing is."""
    from scipy.ndimage import uniform_filter
    known = np.isfinite(a)
    share = uniform_filter(known.astype(float), side, mode="constant")
    total = uniform_filter(np.where(known, a, 0.0), side, mode="constant")
    return np.where(share * side**2 > 0.5, total / np.maximum(share, 1e-9), np.nan)


def _filled(a: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """With the mean of the whole where it is not known."""
    known = whole[np.isfinite(whole)]
    return np.where(np.isnan(a), known.mean() if known.size else np.nan, a)


def decimal(sigma: float) -> float:
    """A float32 as the decimal number it was made from: 0.01 and not 0.00999999977648."""
    return float(str(np.float32(sigma)))
