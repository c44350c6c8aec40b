"""Terrain: GeoTIFF tiles to one height grid the core can read. What is not known stays unknown (NaN)."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trailcoach._core import Grid
from trailcoach.errors import InputError
from trailcoach.inputs.tiles import read_tiles
from trailcoach.roughness import HIDES_FROM, tell_hidden

SIGMA = 0.01                        # m, of a height where the source says nothing


@dataclass(frozen=True)
class Terrain:
    """A height grid in a projected system.

    Attributes
    ----------
    grid : Grid
        The grid of the core; ``grid.heights`` is (ny, nx) float32, south to north, NaN = unknown.
    x0, y0 : float
        World position of the south-west post, m.
    dx : float
        Distance of posts, m.
    sigma : float
        Standard deviation of a height, m.
    crs : str or None
        Code or WKT of the projected system; None = local metres without a place on Earth.
    path : str
        Where it came from.
    """

    grid: Grid
    x0: float
    y0: float
    dx: float
    sigma: float
    crs: str | None
    path: str

    @staticmethod
    def open(path: str | Path, sigma: float = SIGMA) -> Terrain:
        """Open a GeoTIFF, or a folder of GeoTIFFs with one resolution and system.

        Raises
        ------
        InputError
            Names the file and what is wrong with it: missing, no GeoTIFF, in degrees or feet, turned or mirrored,
            pixels not square, nodata not declared, larger than memory allows; tiles that do not fit together.
        """
        path = Path(path)
        if not (np.isfinite(sigma) and sigma >= 0.0):
            raise InputError(f"{path}: sigma = {sigma}; a standard deviation of 0 m or more is needed")
        tile = read_tiles(path)
        return Terrain.from_heights(tile.heights, tile.x0, tile.y0, tile.dx, sigma=sigma, crs=tile.crs, path=str(path))

    @staticmethod
    def from_heights(heights: np.ndarray, x0: float, y0: float, dx: float, *, sigma: float = SIGMA,
                     crs: str | None = None, path: str = "memory") -> Terrain:
        """A terrain from heights (ny, nx), south to north, NaN = unknown; x0, y0 = the south-west post."""
        if heights.ndim != 2 or min(heights.shape) < 2:
            raise InputError(f"{path}: heights of shape {heights.shape}; at least 2 x 2 posts are needed")
        grid = Grid(np.ascontiguousarray(heights, np.float32), x0, y0, dx, sigma)
        if dx > HIDES_FROM:
            tell_hidden(grid, dx)
        return Terrain(grid, x0, y0, dx, sigma, crs, path)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the outermost posts, m."""
        ny, nx = self.grid.heights.shape
        return self.x0, self.y0, self.x0 + (nx - 1) * self.dx, self.y0 + (ny - 1) * self.dx

    def surface(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Height, dz/dx, dz/dy and sigma at world points, in the shape of x and y; NaN where unknown."""
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        points = self.grid.surface(np.column_stack([x.ravel(), y.ravel()]))
        height = points["height"].reshape(x.shape)
        return (height, points["dz_dx"].reshape(x.shape), points["dz_dy"].reshape(x.shape),
                np.where(np.isnan(height), np.nan, self.sigma))

    def height(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Height at world points, m, in the shape of x and y; NaN where unknown."""
        return self.surface(x, y)[0]

    def hidden(self, x: np.ndarray, y: np.ndarray, probability: float) -> np.ndarray:
        """How high over the surface the highest point hidden in the cell about each point may be, m.

        Parameters
        ----------
        x, y : array_like
            World points, m.
        probability : float
            That the highest hidden point of the cell is no higher, between 0 and 1.

        Returns
        -------
        ndarray
            In the shape of x and y; NaN where the ground is unknown. See :mod:`trailcoach.roughness`.
        """
        from trailcoach.roughness import bounds
        if not 0.0 < probability < 1.0:
            raise InputError(f"hidden: probability = {probability}; between 0 and 1 is needed")
        (bound,) = bounds(self.grid.heights, self.dx, (probability,))
        ny, nx = bound.shape
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        i, j = np.floor((x - self.x0) / self.dx + 0.5), np.floor((y - self.y0) / self.dx + 0.5)
        there = (i >= 0) & (j >= 0) & (i < nx) & (j < ny)
        return np.where(there, bound[np.where(there, j, 0).astype(int), np.where(there, i, 0).astype(int)], np.nan)

    def covers(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Where world points lie on the map (their height may still be unknown)."""
        west, south, east, north = self.bounds
        return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))
