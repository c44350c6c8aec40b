"""Terrain: tiles of any kind to one height field, whole where it is small, else a window at a time.

What is not known stays unknown (NaN). Between posts a height is bilinear, its gradient that of the same surface. (A
physics engine that draws two triangles a cell differs from it by up to a quarter of a cell's twist.)
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np

from trailcoach._core import Grid
from trailcoach.errors import InputError
from trailcoach.roughness import HALO, HIDES_FROM, Hidden, decimal, hidden
from trailcoach.tiles.assume import Assumptions
from trailcoach.tiles.suspicion import Suspicion

SIGMA = 0.01                        # m, of a height in memory where nobody says
WHOLE_POSTS = 16_000_000            # a terrain with no more is one grid (64 MB), a larger one is read as it is needed
WINDOW_POSTS = 4_000_000            # of a window at most (16 MB)
PICTURE_BLOCK = 128                 # posts: a picture of a large terrain shows so much about what happened
_AROUND = 16                        # posts about a place that tell how rough it is
Progress = Callable[[str, float], None]


class Ground(Protocol):
    """Posts on demand: what a terrain is made of."""

    x0: float
    y0: float
    dx: float
    nx: int
    ny: int

    def posts(self, i: int, j: int, ni: int, nj: int) -> tuple[np.ndarray, np.ndarray]:
        """Heights and standard deviations (nj, ni) float32, NaN where unknown."""

    def cut(self, i: int, j: int, ni: int, nj: int) -> Grid | None:
        """The same as a grid of the core with all that is known beside it; None where posts are all there is."""

    def hides(self, i: int, j: int, ni: int, nj: int) -> Hidden | None:
        """What their squares hide where posts of other distances than the lattice's tell; None where none do."""


class _Memory:
    """Heights that are there already."""

    def __init__(self, heights: np.ndarray, sigma: np.ndarray, x0: float, y0: float, dx: float,
                 source: Ground | None = None) -> None:
        self.heights, self.sigma, self.source = heights, sigma, source
        self.x0, self.y0, self.dx = x0, y0, dx
        self.ny, self.nx = heights.shape

    def posts(self, i: int, j: int, ni: int, nj: int) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`Ground.posts`, within what there is."""
        part = slice(j, j + nj), slice(i, i + ni)
        return self.heights[part], np.broadcast_to(self.sigma, self.heights.shape)[part]

    def cut(self, i: int, j: int, ni: int, nj: int) -> None:
        """As :meth:`Ground.cut`."""

    def hides(self, i: int, j: int, ni: int, nj: int) -> Hidden | None:
        """As :meth:`Ground.hides`."""
        return None if self.source is None else self.source.hides(i, j, ni, nj)


class Terrain:
    """A height field in a projected system.

    Attributes
    ----------
    x0, y0 : float
        World position of the south-west post, m.
    dx : float
        Distance of posts, m.
    nx, ny : int
        Posts west to east and south to north.
    sigma : float
        Standard deviation of a height, m: the largest there is.
    crs : str or None
        Code or WKT of the projected system; None = local metres without a place on Earth.
    path : str
        Where it came from.
    suspicions : list of Suspicion
        What is doubtful about its files and was taken nevertheless.
    """

    def __init__(self, ground: Ground, *, sigma: float, crs: str | None, path: str,
                 suspicions: Sequence[Suspicion] = ()) -> None:
        self._ground = ground
        self.x0, self.y0, self.dx, self.nx, self.ny = ground.x0, ground.y0, ground.dx, ground.nx, ground.ny
        self.sigma, self.crs, self.path, self.suspicions = sigma, crs, path, list(suspicions)
        self._grid: Grid | None = None
        self._is_told, self._telling = False, Lock()
        if isinstance(ground, _Memory):
            self._grid = Grid(ground.heights, self.x0, self.y0, self.dx, sigma)

    @staticmethod
    def open(path: str | Path | Sequence[str | Path], sigma: float | None = None, *,
             assume: Sequence[str] = (), cache_mb: float | None = None, whole_posts: int = WHOLE_POSTS,
             progress: Progress | None = None) -> Terrain:
        """Open GeoTIFFs as one terrain, or a pack that ``trailcoach terrain pack`` wrote.

        Tiles may differ in resolution, system and block layout, and may overlap. The posts are those of the finest;
        where it ends the next is bent to meet it (:mod:`trailcoach.tiles.blend`).

        Parameters
        ----------
        path : path or sequence of paths
            A GeoTIFF, a folder of GeoTIFFs, a pack, or several of the former.
        sigma : float, optional
            Standard deviation of a height, m; by default each file's own (:mod:`trailcoach.tiles.sheet`).
        assume : sequence of str
            What the files do not say or say wrongly: ``crs=EPSG:32610``, ``feet@usgs_*.tif`` ...
            (:mod:`trailcoach.tiles.assume`).
        cache_mb : float, optional
            Bound of the tiles kept in memory where the terrain is too large to be held whole.
        whole_posts : int
            A terrain with more posts is not held whole.
        progress : callable, optional
            Called with what is being done and the share done.

        Raises
        ------
        InputError
            Names the file and what is wrong with it, and what would mend it.
        """
        paths = [Path(path)] if isinstance(path, str | Path) else [Path(p) for p in path]
        if not paths:
            raise InputError("terrain: no file is named; GeoTIFFs, or a folder of them, are needed")
        where = ", ".join(map(str, paths))
        if sigma is not None and not (np.isfinite(sigma) and sigma >= 0.0):
            raise InputError(f"{where}: sigma = {sigma}; a standard deviation of 0 m or more is needed")
        from trailcoach.tiles.pack import PackedGround, is_pack
        if len(paths) == 1 and is_pack(paths[0]):
            pack = PackedGround(paths[0])
            return Terrain(pack, sigma=pack.sigma if sigma is None else sigma, crs=pack.crs, path=where)
        from trailcoach.tiles.store import CACHE_MB, Store
        words = [*assume, *([] if sigma is None else [f"sigma={sigma!r}"])]
        store = Store(paths, Assumptions.parse(words), cache_mb=CACHE_MB if cache_mb is None else cache_mb,
                      progress=progress)
        for s in store.suspicions:
            if s.refused:
                raise InputError(str(s))
        if store.nx * store.ny > whole_posts:
            return Terrain(store, sigma=store.sigma, crs=store.crs, path=where, suspicions=store.suspicions)
        heights, spread = store.compose(0, 0, store.nx, store.ny)
        if np.isnan(heights).all():
            raise InputError(f"{where}: holds no known height; some are needed")
        known = spread[~np.isnan(spread)]
        largest = float(known.max())
        if known.min() == largest:
            spread = np.array(largest, np.float32)
        memory = _Memory(heights, spread, store.x0, store.y0, store.dx, store if len(store.layers) > 1 else None)
        return Terrain(memory, sigma=decimal(largest), crs=store.crs, path=where,
                       suspicions=store.suspicions)

    @staticmethod
    def from_heights(heights: np.ndarray, x0: float, y0: float, dx: float, *, sigma: float = SIGMA,
                     crs: str | None = None, path: str = "memory") -> Terrain:
        """A terrain from heights (ny, nx), south to north, NaN = unknown; x0, y0 = the south-west post."""
        if heights.ndim != 2 or min(heights.shape) < 2:
            raise InputError(f"{path}: heights of shape {heights.shape}; at least 2 x 2 posts are needed")
        memory = _Memory(np.ascontiguousarray(heights, np.float32), np.array(sigma), x0, y0, dx)
        return Terrain(memory, sigma=sigma, crs=crs, path=path)

    @property
    def cached_bytes(self) -> int:
        """Bytes of tiles kept in memory beside a grid that is whole."""
        return getattr(self._ground, "cached_bytes", 0)

    @property
    def cache_counts(self) -> dict[str, int]:
        """Hits, misses and evictions of the tiles in memory since the start; empty where there are none."""
        return getattr(self._ground, "cache_counts", {})

    @property
    def is_whole(self) -> bool:
        """Whether all of it is one grid in memory."""
        return self._grid is not None

    @property
    def grid(self) -> Grid:
        """All of it as one grid of the core; what it hides is told when it is first asked for.

        Raises
        ------
        InputError
            It is too large for that; :meth:`window` gives a part.
        """
        if self._grid is None:
            raise InputError(f"{self.path}: {self.nx} x {self.ny} posts are no single grid; a window of it is needed")
        with self._telling:
            if not self._is_told:
                self._tell(self._grid, self._ground.posts(0, 0, self.nx, self.ny)[1], 0, 0)
                self._is_told = True
        return self._grid

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the outermost posts, m."""
        return self.x0, self.y0, self.x0 + (self.nx - 1) * self.dx, self.y0 + (self.ny - 1) * self.dx

    def window(self, x: float, y: float, half_size: float, posts: int = WINDOW_POSTS) -> Grid:
        """The ground about a place as a grid of the core.

        Parameters
        ----------
        x, y : float
            The middle, m.
        half_size : float
            From the middle to each side, m. What is off the terrain is left out.
        posts : int
            At most; where they do not reach the window is smaller.
        """
        return self.cut(x - half_size, y - half_size, x + half_size, y + half_size, posts)

    def cut(self, west: float, south: float, east: float, north: float, posts: int = WINDOW_POSTS) -> Grid:
        """The ground within bounds (m) as a grid of the core, made smaller about its middle to hold ``posts`` at most.

        Its standard deviation is the largest in it.
        """
        i0, i1 = self._span(west, east, self.x0, self.nx)
        j0, j1 = self._span(south, north, self.y0, self.ny)
        if (i1 - i0 + 1) * (j1 - j0 + 1) > posts:
            (i0, i1), (j0, j1) = (_about_middle(a, b, int(posts ** 0.5)) for a, b in ((i0, i1), (j0, j1)))
        grid = self._ground.cut(i0, j0, i1 - i0 + 1, j1 - j0 + 1)
        if grid is None:
            heights, spread = self._ground.posts(i0, j0, i1 - i0 + 1, j1 - j0 + 1)
            known = spread[~np.isnan(heights)]
            sigma = decimal(float(known.max())) if known.size else self.sigma
            grid = Grid(heights, self.x0 + i0 * self.dx, self.y0 + j0 * self.dx, self.dx, sigma)
            self._tell(grid, spread, i0, j0)
        elif grid.beside[1] is None and self.dx > HIDES_FROM:
            self._tell(grid, grid.beside[0], i0, j0)
        return grid

    def _tell(self, grid: Grid, spread: np.ndarray | None, i: int, j: int) -> None:
        """Tell a grid of the core what is known beside its heights: their sigma post by post, and what they hide."""
        known = np.empty(0) if spread is None else spread[~np.isnan(spread)]
        post_sigma = spread if known.size and known.min() < known.max() else None
        found = self.hides(i, j, *grid.heights.shape[::-1])
        if found is not None:
            grid.tell(post_sigma, found.highest, found.highest_rare, found.spread)
        elif post_sigma is not None:
            grid.tell(post_sigma)

    def hides(self, i: int, j: int, ni: int, nj: int) -> Hidden | None:
        """What the cells of posts counted from the south-west one hide, (nj, ni); None on ground too fine to hide any.

        The same for a post whatever part it is asked for with: the ground around the part has a say in it.
        """
        grid = self._ground.cut(i, j, ni, nj)
        if grid is not None and grid.beside[1] is not None:
            return Hidden(*grid.beside[1:4])
        if (told := self._ground.hides(i, j, ni, nj)) is not None:
            return told
        if self.dx <= HIDES_FROM:
            return None
        west, south = min(HALO, i), min(HALO, j)
        east, north = min(HALO, self.nx - i - ni), min(HALO, self.ny - j - nj)
        heights, _ = self._ground.posts(i - west, j - south, west + ni + east, south + nj + north)
        return hidden(heights, self.dx, rim=(west, south, east, north))

    def posts(self, i: int, j: int, ni: int, nj: int) -> tuple[np.ndarray, np.ndarray]:
        """Heights and standard deviations (nj, ni) float32 of posts counted from the south-west one, NaN where unknown.

        They must lie on the terrain.
        """
        return self._ground.posts(i, j, ni, nj)

    def thinned(self, bounds: tuple[float, float, float, float], most: int,
                about: np.ndarray) -> tuple[np.ndarray, float, float, float]:
        """Heights within bounds for a picture: south to north, with x0, y0 and distance of posts, m.

        All posts of a terrain in memory; else every n-th, not many more than ``most`` a side, and only near the points
        ``about`` (n, 2).
        """
        if self._grid is not None:
            return self._grid.heights, self.x0, self.y0, self.dx
        (i0, i1), (j0, j1) = (self._span(bounds[k], bounds[k + 2], first, n)
                              for k, first, n in ((0, self.x0, self.nx), (1, self.y0, self.ny)))
        step = max((i1 - i0) // most, (j1 - j0) // most) + 1
        out = np.full(((j1 - j0) // step + 1, (i1 - i0) // step + 1), np.nan, np.float32)
        block = -(-PICTURE_BLOCK // step) * step
        near = about[np.isfinite(about).all(axis=1)]
        corner = self.x0 + i0 * self.dx, self.y0 + j0 * self.dx
        u, v = ((near - corner) / self.dx).T
        wanted = {(a + da, b + db) for a, b in zip((u // block).astype(int), (v // block).astype(int), strict=True)
                  for da in (-1, 0, 1) for db in (-1, 0, 1)}
        for a, b in sorted(wanted):
            i, j = i0 + a * block, j0 + b * block
            ni, nj = min(block, i1 - i + 1), min(block, j1 - j + 1)
            if a >= 0 and b >= 0 and ni > 0 and nj > 0:
                part = self._ground.posts(i, j, ni, nj)[0][::step, ::step]
                row, column = b * block // step, a * block // step
                out[row:row + part.shape[0], column:column + part.shape[1]] = part
        return out, *corner, self.dx * step

    def _span(self, low: float, high: float, first: float, n: int) -> tuple[int, int]:
        """First and last post of a stretch along one axis, on the terrain, at least two."""
        if not (np.isfinite(low) and np.isfinite(high)):
            raise InputError(f"{self.path}: a window from {low} to {high}; finite numbers are needed")
        a = np.clip(np.floor((low - first) / self.dx), 0, n - 2)
        b = np.clip(np.ceil((high - first) / self.dx), 1, n - 1)
        return int(a), int(max(b, a + 1))

    def surface(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Height, dz/dx, dz/dy and sigma at world points, in the shape of x and y; NaN where unknown."""
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        xy = np.column_stack([x.ravel(), y.ravel()])
        points = self._grid.surface(xy) if self._grid is not None else None
        if points is None or not self._has_one_sigma:
            by_tiles, sigma = self._surface_by_tiles(xy)
            points = by_tiles if points is None else points
        else:
            sigma = np.full(len(xy), self.sigma)
        height = points["height"]
        sigma = np.where(np.isnan(height), np.nan, sigma)
        parts = height, points["dz_dx"], points["dz_dy"], sigma
        return tuple(part.reshape(x.shape) for part in parts)  # type: ignore[return-value]

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
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        if not x.size:
            return np.full(x.shape, np.nan)
        room = _AROUND * self.dx
        grid = self._grid or self.cut(x.min() - room, y.min() - room, x.max() + room, y.max() + room, WHOLE_POSTS)
        i0, j0 = round((grid.x0 - self.x0) / self.dx), round((grid.y0 - self.y0) / self.dx)
        told = self._ground.hides(i0, j0, *grid.heights.shape[::-1])
        (bound,) = (bounds(grid.heights, self.dx, (probability,)) if told is None
                    else (np.maximum(told.bound(probability), 0.0),))
        ny, nx = bound.shape
        i, j = np.floor((x - grid.x0) / self.dx + 0.5), np.floor((y - grid.y0) / self.dx + 0.5)
        there = (i >= 0) & (j >= 0) & (i < nx) & (j < ny)
        return np.where(there, bound[np.where(there, j, 0).astype(int), np.where(there, i, 0).astype(int)], np.nan)

    def covers(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Where world points lie on the map (their height may still be unknown)."""
        west, south, east, north = self.bounds
        return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))

    @property
    def _has_one_sigma(self) -> bool:
        return isinstance(self._ground, _Memory) and self._ground.sigma.ndim == 0

    def _surface_by_tiles(self, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Surface points and standard deviations, tile by tile; a place within a tile is counted in posts, exactly."""
        from trailcoach import abi
        from trailcoach.tiles.store import TILE
        out, sigma = np.zeros(len(xy), abi.SURFACE_POINT), np.full(len(xy), np.nan)
        for name in ("height", "dz_dx", "dz_dy"):
            out[name] = np.nan
        posts_per_metre = 1.0 / self.dx         # multiplied as the core does, for the same bits
        u, v = (xy[:, 0] - self.x0) * posts_per_metre, (xy[:, 1] - self.y0) * posts_per_metre
        on = np.flatnonzero((u >= 0.0) & (v >= 0.0) & (u <= self.nx - 1) & (v <= self.ny - 1))
        if not on.size:
            return out, sigma
        ti = np.minimum(u[on], self.nx - 2).astype(np.int64) // TILE
        tj = np.minimum(v[on], self.ny - 2).astype(np.int64) // TILE
        key = tj * (self.nx // TILE + 1) + ti
        order = np.argsort(key, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
            i, j, k = int(ti[rows[0]]) * TILE, int(tj[rows[0]]) * TILE, on[rows]
            heights, spread = self._ground.posts(i, j, min(TILE + 1, self.nx - i), min(TILE + 1, self.ny - j))
            at = np.column_stack([u[k] - i, v[k] - j])
            points = Grid(heights, 0.0, 0.0, 1.0, 0.0).surface(at)
            points["dz_dx"] *= posts_per_metre
            points["dz_dy"] *= posts_per_metre
            out[k] = points
            sigma[k] = Grid(np.nan_to_num(spread), 0.0, 0.0, 1.0, 0.0).surface(at)["height"]
        return out, sigma


def _about_middle(a: int, b: int, most: int) -> tuple[int, int]:
    """A stretch of posts made shorter at both ends."""
    if b - a + 1 <= most:
        return a, b
    middle = (a + b) // 2
    return middle - most // 2 + 1, middle + most // 2
