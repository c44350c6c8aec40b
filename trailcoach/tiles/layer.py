"""Sheets on one lattice of posts as one raster, and its surface between posts."""
from __future__ import annotations

import numpy as np

from trailcoach.roughness import HALO, gumbel, hidden
from trailcoach.tiles.datasets import Datasets
from trailcoach.tiles.sheet import Sheet

FEATHER = 16                        # posts from its border to where a sheet counts fully, where sheets overlap
_SAME_STEP, _SAME_PHASE = 1e-9, 1e-2    # relative; in posts


class Layer:
    """Sheets of one system, one distance of posts and one phase; posts are counted from its south-west one.

    Where sheets overlap they are averaged, each with a weight that falls to its border: no step where one ends. Heights
    on which all agree stay as they are, to the bit.

    Parameters
    ----------
    sheets : list of Sheet
    datasets : Datasets
    """

    def __init__(self, sheets: list[Sheet], datasets: Datasets) -> None:
        first = sheets[0]
        self.sheets, self._datasets = sheets, datasets
        self.crs, self.geographic, self.dx = first.crs, first.geographic, first.dx
        self.step_x, self.step_y = first.step_x, first.step_y
        self.sigma = max(s.sigma for s in sheets)
        places = np.array([(round((s.x0 - first.x0) / s.step_x), round((s.y0 - first.y0) / s.step_y)) for s in sheets])
        corner = places.min(axis=0)
        self.x0, self.y0 = first.x0 + int(corner[0]) * first.step_x, first.y0 + int(corner[1]) * first.step_y
        self._first = places - corner                                   # (n, 2), south-west posts of the sheets
        self._end = self._first + [(s.nx, s.ny) for s in sheets]
        self.nx, self.ny = (int(n) for n in self._end.max(axis=0))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the outermost posts, in the layer's system."""
        return self.x0, self.y0, self.x0 + (self.nx - 1) * self.step_x, self.y0 + (self.ny - 1) * self.step_y

    def place(self, k: int) -> tuple[int, int]:
        """South-west post of sheet k."""
        return int(self._first[k, 0]), int(self._first[k, 1])

    def touching(self, i: int, j: int, ni: int, nj: int) -> list[int]:
        """The sheets that hold some of these posts."""
        meets = ((self._first < (i + ni, j + nj)) & (self._end > (i, j))).all(axis=1)
        return [int(k) for k in np.flatnonzero(meets)]

    def read(self, k: int, i: int, j: int, ni: int, nj: int) -> tuple[np.ndarray, np.ndarray]:
        """Heights and standard deviations of sheet k alone, (nj, ni)."""
        return self._datasets.read(self.sheets[k], i - int(self._first[k, 0]), j - int(self._first[k, 1]), ni, nj)

    def posts(self, i: int, j: int, ni: int, nj: int) -> tuple[np.ndarray, np.ndarray]:
        """Heights and standard deviations (nj, ni) float32, NaN where no sheet knows."""
        met = self.touching(i, j, ni, nj)
        if len(met) == 1:
            return self.read(met[0], i, j, ni, nj)
        total, weighted, spread = np.zeros((3, nj, ni))
        for k in met:
            west, south = np.maximum(self._first[k], (i, j))
            east, north = np.minimum(self._end[k], (i + ni, j + nj))
            there = slice(south - j, north - j), slice(west - i, east - i)
            heights, sigma = self.read(k, int(west), int(south), int(east - west), int(north - south))
            weight = np.where(np.isnan(heights), 0.0, self._weight(k, int(west), int(south), *heights.shape[::-1]))
            total[there] += weight
            weighted[there] += weight * np.nan_to_num(heights)
            spread[there] += weight * np.nan_to_num(sigma)
        with np.errstate(invalid="ignore"):
            return (weighted / total).astype(np.float32), (spread / total).astype(np.float32)

    def _weight(self, k: int, i: int, j: int, ni: int, nj: int) -> np.ndarray:
        """How much sheet k counts, by the distances to its borders; the same for all sheets that end there."""
        (i0, j0), (i1, j1) = self._first[k], self._end[k]
        x, y = np.arange(i, i + ni), np.arange(j, j + nj)
        across, up = np.minimum(x - i0, i1 - 1 - x) + 1, np.minimum(y - j0, j1 - 1 - y) + 1
        return np.asarray(np.minimum(across, FEATHER)[None, :] * np.minimum(up, FEATHER)[:, None], float)

    def sample(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The surface at places of the layer's system, arrays that broadcast together: two axes of a lattice do.

        Returns
        -------
        heights, sigma, reach : ndarray
            Bilinear between posts, extended by one post beyond the known ones, NaN farther off. ``reach`` is 2 where
            the four posts about a place are known, 1 where it lies within the pixel of a known one, else 0.
        """
        u, v = (x - self.x0) / self.step_x, (y - self.y0) / self.step_y
        shape = np.broadcast_shapes(u.shape, v.shape)
        in_u, in_v = (u > -1.0) & (u < self.nx), (v > -1.0) & (v < self.ny)
        if not (in_u.any() and in_v.any()):
            return np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, np.int8)
        i, j = int(np.floor(u[in_u].min())) - 2, int(np.floor(v[in_v].min())) - 2
        ni, nj = int(np.floor(u[in_u].max())) + 4 - i, int(np.floor(v[in_v].max())) + 4 - j
        posts, sigma = self.posts(i, j, ni, nj)
        u, v = np.where(in_u, u - i, 0.0), np.where(in_v, v - j, 0.0)
        known = ~np.isnan(posts)
        if known.all() and in_u.all() and in_v.all():
            return _bilinear(posts.astype(float), u, v), self._spread(sigma, u, v), np.full(shape, 2, np.int8)
        inside = in_u & in_v
        heights = np.where(inside, _bilinear(extended(posts.astype(float)), u, v), np.nan)
        in_pixel = known[np.minimum(np.rint(v), nj - 1).astype(int), np.minimum(np.rint(u), ni - 1).astype(int)]
        reach = np.where(_all_known(known, u, v), 2, np.where(in_pixel & ~np.isnan(heights), 1, 0)) * inside
        return heights, self._spread(sigma, u, v), reach.astype(np.int8)

    def hides(self, x: np.ndarray, y: np.ndarray, side: float) -> np.ndarray:
        """What squares of a side (m) about places, as for :meth:`sample`, hide: highest, highest_rare, spread.

        The post nearest to a place tells. The highest of a smaller square follows the same Gumbel law, moved by its
        scale times the logarithm of the areas' ratio (``ext/hidden.pxi``).
        """
        at_x, at_y = (np.clip(np.rint((a - first) / step), 0, n - 1).astype(int)
                      for a, first, step, n in ((x, self.x0, self.step_x, self.nx), (y, self.y0, self.step_y, self.ny)))
        i, j, ni, nj = at_x.min(), at_y.min(), np.ptp(at_x) + 1, np.ptp(at_y) + 1
        heights, _ = self.posts(int(i) - HALO, int(j) - HALO, int(ni) + 2 * HALO, int(nj) + 2 * HALO)
        told = hidden(heights, self.dx, rim=(HALO,) * 4)
        scale = (told.highest_rare - told.highest) / (gumbel(0.99) - gumbel(0.5)) * 2.0 * np.log(side / self.dx)
        layers = np.stack([told.highest + scale, told.highest_rare + scale, told.spread])
        return np.asarray(layers[:, at_y - j, at_x - i])

    def _spread(self, sigma: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Standard deviations between posts, those of the layer where a post has none."""
        known = sigma[~np.isnan(sigma)]
        if known.size == 0 or known.min() == known.max():
            value = self.sigma if known.size == 0 else float(known[0])
            return np.full(np.broadcast_shapes(u.shape, v.shape), value)
        return _bilinear(np.where(np.isnan(sigma), self.sigma, sigma).astype(float), u, v)


def on_one_lattice(a: Sheet, b: Sheet) -> bool:
    """Whether the posts of two sheets fall on each other."""
    if a.crs != b.crs or any(abs(p - q) > _SAME_STEP * q for p, q in ((a.step_x, b.step_x), (a.step_y, b.step_y))):
        return False
    shifts = (a.x0 - b.x0) / b.step_x, (a.y0 - b.y0) / b.step_y
    return all(abs(s - round(s)) <= _SAME_PHASE for s in shifts)


def extended(heights: np.ndarray) -> np.ndarray:
    """Heights with unknown posts beside known ones filled along the slope of the two nearest, float64."""
    padded = np.pad(heights, 2, constant_values=np.nan)
    total, count = np.zeros(heights.shape), np.zeros(heights.shape)
    for dj, di in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        near, far = (_shifted(padded, step * dj, step * di) for step in (1, 2))
        guess = np.where(np.isnan(far), near, 2.0 * near - far)
        known = ~np.isnan(guess)
        total[known] += guess[known]
        count[known] += 1.0
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(heights), total / count, heights)


def _shifted(padded: np.ndarray, dj: int, di: int) -> np.ndarray:
    ny, nx = padded.shape[0] - 4, padded.shape[1] - 4
    return padded[2 + dj:2 + dj + ny, 2 + di:2 + di + nx]


def _bilinear(a: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    i, j = np.minimum(u.astype(int), a.shape[1] - 2), np.minimum(v.astype(int), a.shape[0] - 2)
    u, v = u - i, v - j
    if u.ndim == v.ndim == 2 and u.shape[0] == v.shape[1] == 1:         # axes of a lattice: first up, then across
        rows = a[j[:, 0]]
        rows += v * (a[j[:, 0] + 1] - rows)
        out = np.take(rows, i[0], axis=1)
        out += u * (np.take(rows, i[0] + 1, axis=1) - out)
        return np.asarray(out)
    h00, h10, h01, h11 = a[j, i], a[j, i + 1], a[j + 1, i], a[j + 1, i + 1]
    return np.asarray(h00 + u * (h10 - h00) + v * (h01 - h00) + u * v * (h11 - h10 - h01 + h00))


def _all_known(known: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Where all posts that have a say in a place are known."""
    i0, j0, i1, j1 = (np.asarray(a, int) for a in (np.floor(u), np.floor(v), np.ceil(u), np.ceil(v)))
    if u.ndim == v.ndim == 2 and u.shape[0] == v.shape[1] == 1:         # axes of a lattice
        rows = known[j0[:, 0]] & known[j1[:, 0]]
        return np.asarray(np.take(rows, i0[0], axis=1) & np.take(rows, i1[0], axis=1))
    return np.asarray(known[j0, i0] & known[j0, i1] & known[j1, i0] & known[j1, i1])
