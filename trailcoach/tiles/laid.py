"""Learned ground laid over a terrain: fine posts, each with its own standard deviation, made where asked for."""
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from trailcoach._core import Grid

if TYPE_CHECKING:
    from trailcoach.terrain import Terrain


class LaidGround:
    """A terrain on finer posts, with what is learned in place of its own heights: a ground of a terrain.

    Parameters
    ----------
    terrain : Terrain
    tiles : mapping
        (column, row) to (bands, side, side) float32, the first two bands height and sigma, NaN = not learned.
    spacing : float
        Between learned posts, m.

    Attributes
    ----------
    x0, y0, dx, nx, ny
        As of a :class:`trailcoach.terrain.Ground`.
    """

    def __init__(self, terrain: Terrain, tiles: Mapping[tuple[int, int], np.ndarray], spacing: float) -> None:
        self._terrain, self._tiles, self.dx = terrain, tiles, spacing
        self._side = next(iter(tiles.values())).shape[1] if tiles else 1
        west, south, east, north = terrain.bounds
        self._i, self._j = int(np.ceil(west / spacing - 1e-6)), int(np.ceil(south / spacing - 1e-6))
        self.nx = int(np.floor(east / spacing + 1e-6)) + 1 - self._i
        self.ny = int(np.floor(north / spacing + 1e-6)) + 1 - self._j
        self.x0, self.y0 = self._i * spacing, self._j * spacing

    def posts(self, i: int, j: int, ni: int, nj: int) -> tuple[np.ndarray, np.ndarray]:
        """Heights and standard deviations (nj, ni) float32, NaN where unknown."""
        x, y = self._places(i, j, ni, nj)
        height, _, _, sigma = (np.asarray(a, np.float32) for a in self._terrain.surface(x[None, :], y[:, None]))
        for part, tile in self._learned(i, j, ni, nj):
            known = np.isfinite(tile[0]) & np.isfinite(height[part])
            height[part][known], sigma[part][known] = tile[0][known], tile[1][known]
        return height, sigma

    def hides(self, i: int, j: int, ni: int, nj: int) -> None:
        """All that is hidden lies beside the posts: :meth:`cut`."""

    def cut(self, i: int, j: int, ni: int, nj: int) -> Grid:
        """The same as a grid of the core; where ground is learned it hides as much less as it is surer."""
        height, sigma = self.posts(i, j, ni, nj)
        known = sigma[np.isfinite(height)]
        grid = Grid(height, self.x0 + i * self.dx, self.y0 + j * self.dx, self.dx,
                    float(known.max()) if known.size else self._terrain.sigma)
        layers = self._hidden(i, j, ni, nj)
        if layers:
            self._hide_less(layers, sigma, i, j)
        highest, rare, spread = layers or (None, None, None)
        grid.tell(sigma, highest, rare, spread, self._terrain.dx)
        return grid

    def _hide_less(self, layers: list[np.ndarray], sigma: np.ndarray, i: int, j: int) -> None:
        """Where ground is learned: what is hidden shrinks as all that is unknown there has, sigma is the rest."""
        nj, ni = sigma.shape
        x, y = self._places(i, j, ni, nj)
        untaught = np.hypot(self._terrain.surface(x[None, :], y[:, None])[3], layers[2])
        for part, tile in self._learned(i, j, ni, nj):
            known = np.isfinite(tile[1]) & np.isfinite(untaught[part])
            left = np.where(known, np.minimum(tile[1] / np.where(known, untaught[part], 1.0), 1.0), 1.0)
            for layer in layers:
                layer[part] *= left
            sigma[part][known] = np.sqrt(np.maximum(tile[1]**2 - layers[2][part]**2, 0.0))[known]

    def _places(self, i: int, j: int, ni: int, nj: int) -> tuple[np.ndarray, np.ndarray]:
        return (self._i + i + np.arange(ni)) * self.dx, (self._j + j + np.arange(nj)) * self.dx

    def _learned(self, i: int, j: int, ni: int, nj: int) -> list[tuple[tuple[slice, slice], np.ndarray]]:
        """Parts of the posts asked for that lie on learned tiles, with the tiles' own parts."""
        west, south, side, out = self._i + i, self._j + j, self._side, []
        for row in range(south // side, (south + nj - 1) // side + 1):
            for column in range(west // side, (west + ni - 1) // side + 1):
                if (tile := self._tiles.get((column, row))) is None:
                    continue
                a, b = max(west, column * side), min(west + ni, (column + 1) * side)
                c, d = max(south, row * side), min(south + nj, (row + 1) * side)
                there = tile[:, c - row * side:d - row * side, a - column * side:b - column * side]
                out.append(((slice(c - south, d - south), slice(a - west, b - west)), there))
        return out

    def _hidden(self, i: int, j: int, ni: int, nj: int) -> list[np.ndarray]:
        """What the terrain hides, by its nearest posts; empty where it does not say."""
        t = self._terrain
        at = [np.clip(np.floor((places - first) / t.dx + 0.5).astype(int), 0, n - 1)
              for places, first, n in zip(self._places(i, j, ni, nj), (t.x0, t.y0), (t.nx, t.ny), strict=True)]
        (i0, j0), (i1, j1) = (a[0] for a in at), (a[-1] for a in at)
        found = t.hides(int(i0), int(j0), int(i1 - i0) + 1, int(j1 - j0) + 1)
        if found is None:
            return []
        return [a[(at[1] - j0)[:, None], (at[0] - i0)[None, :]] for a in (found.highest, found.highest_rare,
                                                                         found.spread)]
