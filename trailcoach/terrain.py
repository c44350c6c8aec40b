"""Terrain: GeoTIFF tiles to one height grid the core can read. What is not known stays unknown (NaN)."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trailcoach._core import Grid
from trailcoach.errors import InputError

if TYPE_CHECKING:
    import rasterio.io

MAX_POSTS = 400_000_000             # 1.6 GB of heights
LOWEST, HIGHEST = -500.0, 9000.0    # m: what lies outside is no height of dry land
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
        Code or WKT of the projected system; None = local metres.
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
            Names the file and what is wrong with it: missing, no raster, in degrees or feet, turned, south-up,
            pixels not square, nodata not declared, or larger than memory allows.
        """
        path = Path(path)
        files = _files(path)
        import rasterio
        tiles = []
        for f in files:
            try:
                with rasterio.open(f) as dataset:
                    tiles.append(_read(dataset, f))
            except rasterio.errors.RasterioError as e:
                raise InputError(f"{f}: cannot be read as GeoTIFF: {str(e).splitlines()[0]}") from None
        heights, x0, y0, dx, crs = tiles[0] if len(tiles) == 1 else _join(tiles, files)
        return Terrain.from_heights(heights, x0, y0, dx, sigma=sigma, crs=crs, path=str(path))

    @staticmethod
    def from_heights(heights: np.ndarray, x0: float, y0: float, dx: float, *, sigma: float = SIGMA,
                     crs: str | None = None, path: str = "memory") -> Terrain:
        """A terrain from heights (ny, nx), south to north, NaN = unknown; x0, y0 = the south-west post."""
        if heights.ndim != 2 or min(heights.shape) < 2:
            raise InputError(f"{path}: heights of shape {heights.shape}; at least 2 x 2 are needed")
        grid = Grid(np.ascontiguousarray(heights, np.float32), x0, y0, dx, sigma)
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

    def covers(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Where world points lie on the map (their height may still be unknown)."""
        west, south, east, north = self.bounds
        return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError(f"{path}: no such terrain; a GeoTIFF or a folder of GeoTIFFs is needed")
    if path.is_file():
        return [path]
    files = sorted(f for f in path.iterdir() if f.suffix.lower() in (".tif", ".tiff"))
    if not files:
        what = "a log" if (path / "imu.csv").exists() else "a folder without GeoTIFFs"
        raise InputError(f"{path}: is {what}; a terrain is a GeoTIFF (.tif) or a folder of them")
    return files


def _read(dataset: rasterio.io.DatasetReader, path: Path) -> tuple[np.ndarray, float, float, float, str | None]:
    """Heights south to north, south-west post, spacing and CRS of one tile."""
    crs, t = dataset.crs, dataset.transform
    if crs is not None and crs.is_geographic:
        raise InputError(f"{path}: heights over degrees ({crs.to_string()}); metres are needed: reproject it, for"
                         f" instance to EPSG:{_utm(dataset)}")
    if crs is not None and crs.is_projected and abs(crs.linear_units_factor[1] - 1.0) > 1e-9:
        raise InputError(f"{path}: its system counts in {crs.linear_units_factor[0]}; metres are needed")
    if crs is None and abs(t.a) < 0.005:
        raise InputError(f"{path}: no system (CRS), and pixels of {t.a:g}: degrees? metres are needed")
    if t.is_identity:
        raise InputError(f"{path}: no position and pixel size; a GeoTIFF with both is needed")
    if t.b != 0.0 or t.d != 0.0:
        raise InputError(f"{path}: its grid is turned against north; north-up is needed")
    if t.e > 0.0 or t.a < 0.0:
        raise InputError(f"{path}: is south-up or mirrored; north-up is needed")
    if abs(t.a + t.e) > 1e-6 * t.a:
        raise InputError(f"{path}: pixels of {t.a:g} x {-t.e:g} m; square ones are needed")
    if dataset.count != 1:
        raise InputError(f"{path}: {dataset.count} bands (a picture?); one band of heights is needed")
    if dataset.width * dataset.height > MAX_POSTS:
        raise InputError(f"{path}: {dataset.width} x {dataset.height} posts; at most {MAX_POSTS} are allowed: cut out"
                         " the part that is driven")
    heights = dataset.read(1, masked=True).astype(np.float32).filled(np.nan)
    known = heights[np.isfinite(heights)]
    heights[~np.isfinite(heights)] = np.nan
    if known.size == 0:
        raise InputError(f"{path}: holds no known height")
    odd = known[(known < LOWEST) | (known > HIGHEST)]
    if odd.size:
        raise InputError(f"{path}: {odd.size} heights such as {odd[0]:g} m; {LOWEST:g} to {HIGHEST:g} are allowed: is"
                         " its nodata value declared?")
    x0, y0 = t.c + 0.5 * t.a, t.f + t.e * (dataset.height - 0.5)
    return heights[::-1], x0, y0, t.a, crs.to_string() if crs is not None else None


def _utm(dataset: rasterio.io.DatasetReader) -> int:
    """EPSG code of the UTM zone of a tile in degrees."""
    lon, lat = (dataset.bounds.left + dataset.bounds.right) / 2, (dataset.bounds.bottom + dataset.bounds.top) / 2
    return (32600 if lat >= 0 else 32700) + int((lon + 180.0) // 6.0) % 60 + 1


def _join(tiles: list[tuple[np.ndarray, float, float, float, str | None]],
          files: list[Path]) -> tuple[np.ndarray, float, float, float, str | None]:
    """Tiles of one lattice as one grid; where they overlap the first by name wins, holes stay unknown."""
    _, x_ref, y_ref, dx, crs = tiles[0]
    placed = []
    for (heights, x0, y0, step, system), f in zip(tiles, files, strict=True):
        if system != crs or abs(step - dx) > 1e-9 * dx:
            raise InputError(f"{f}: {step:g} m in {system}, but {files[0].name} has {dx:g} m in {crs}; one resolution"
                             " and system are needed")
        ix, iy = (x0 - x_ref) / dx, (y0 - y_ref) / dx
        if abs(ix - round(ix)) > 1e-3 or abs(iy - round(iy)) > 1e-3:
            raise InputError(f"{f}: its posts lie between those of {files[0].name}; one lattice is needed")
        placed.append((heights, round(ix), round(iy)))
    west, south = min(p[1] for p in placed), min(p[2] for p in placed)
    nx = max(i + h.shape[1] for h, i, _ in placed) - west
    ny = max(j + h.shape[0] for h, _, j in placed) - south
    if nx * ny > MAX_POSTS:
        raise InputError(f"{files[0].parent}: {nx} x {ny} posts; at most {MAX_POSTS} are allowed")
    out = np.full((ny, nx), np.nan, np.float32)
    for heights, i, j in placed:
        window = out[j - south:j - south + heights.shape[0], i - west:i - west + heights.shape[1]]
        np.copyto(window, heights, where=np.isnan(window))
    return out, x_ref + west * dx, y_ref + south * dx, dx, crs
