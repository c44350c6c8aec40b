"""GeoTIFF tiles of heights, read and checked, as one grid of posts."""
from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trailcoach.errors import InputError
from trailcoach.inputs.kinds import kind_of

if TYPE_CHECKING:
    import rasterio.crs
    import rasterio.io

MAX_POSTS = 400_000_000             # 1.6 GB of heights
LOWEST, HIGHEST = -500.0, 9000.0    # m: what lies outside is no height of dry land
_FARTHEST = 1e8                     # m: no projected system reaches farther
_FINEST, _COARSEST = 1e-3, 1000.0   # m between posts
_SAME_GROUND = 0.05                 # m, middle difference of two tiles where they overlap
_FEET = ("ft", "foot", "feet", "us-ft", "us survey foot", "us_survey_foot")


@dataclass(frozen=True)
class Tile:
    """Heights (ny, nx) float32 from south to north, NaN = unknown, x0, y0 = the south-west post, dx = spacing, m."""

    heights: np.ndarray
    x0: float
    y0: float
    dx: float
    crs: str | None


def read_tiles(path: Path) -> Tile:
    """A GeoTIFF, or a folder of GeoTIFFs with one resolution and system, as one grid.

    Raises
    ------
    InputError
        Names the file, what is wrong with it and what is needed.
    """
    files = _files(path)
    tiles = [_open(f) for f in files]
    return tiles[0] if len(tiles) == 1 else _join(tiles, files)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError(f"{path}: no such terrain; a GeoTIFF or a folder of GeoTIFFs is needed")
    if path.is_file():
        return [path]
    files = sorted(f for f in path.iterdir() if f.suffix.lower() in (".tif", ".tiff"))
    if not files:
        raise InputError(f"{path}: is {kind_of(path)} without GeoTIFFs; a GeoTIFF (.tif) or a folder of them is needed")
    return files


def _open(path: Path) -> Tile:
    import rasterio
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)    # told below, as an error
            with rasterio.open(path, driver="GTiff") as dataset:
                return _read(dataset, path)
    except (rasterio.errors.RasterioError, rasterio.errors.CRSError, OSError):
        kind = kind_of(path)
        if kind != "a GeoTIFF":
            raise InputError(f"{path}: is {kind}; a GeoTIFF of heights is needed") from None
        raise InputError(f"{path}: cannot be read, is it cut short or damaged? A whole GeoTIFF is needed") from None
    except MemoryError:
        raise InputError(f"{path}: more heights than memory holds; cut out the part that is driven") from None


def _read(dataset: rasterio.io.DatasetReader, path: Path) -> Tile:
    _check_system(dataset, path)
    _check_lattice(dataset, path)
    heights = _heights(dataset, path)
    t = dataset.transform
    south_up = t.e > 0.0
    y0 = t.f + 0.5 * t.e if south_up else t.f + t.e * (dataset.height - 0.5)
    crs = dataset.crs.to_string() if dataset.crs is not None and dataset.crs.is_projected else None
    return Tile(heights if south_up else heights[::-1], t.c + 0.5 * t.a, y0, t.a, crs)


def _check_system(dataset: rasterio.io.DatasetReader, path: Path) -> None:
    """Metres in all three directions."""
    crs, t = dataset.crs, dataset.transform
    if crs is not None and crs.is_geographic:
        raise InputError(f"{path}: heights over degrees ({crs.to_string()[:40]}); metres are needed: reproject it, for"
                         f" instance to EPSG:{_utm(dataset)}")
    if crs is not None and _unit(crs) is not None:
        raise InputError(f"{path}: its system counts in {_unit(crs)}; metres are needed: reproject it")
    if (dataset.units[0] or "").lower() in _FEET:
        raise InputError(f"{path}: heights in {dataset.units[0]}; metres are needed")
    if (crs is None or not crs.is_projected) and abs(t.a) < _FINEST:
        raise InputError(f"{path}: no system (CRS), and pixels of {t.a:g}: degrees? metres are needed")


def _unit(crs: rasterio.crs.CRS) -> str | None:
    """The unit of an axis of a system, the vertical one included, where it is not the metre."""
    import pyproj
    for axis in pyproj.CRS.from_wkt(crs.to_wkt()).axis_info:
        if abs(axis.unit_conversion_factor - 1.0) > 1e-9:
            return str(axis.unit_name)
    return None


def _check_lattice(dataset: rasterio.io.DatasetReader, path: Path) -> None:
    """Square pixels along the axes, one band of numbers, not too many."""
    t = dataset.transform
    if t.is_identity:
        raise InputError(f"{path}: no position and pixel size; a GeoTIFF with both is needed")
    if t.b != 0.0 or t.d != 0.0:
        raise InputError(f"{path}: its grid is turned against north; rows along the x axis are needed")
    if t.a < 0.0:
        raise InputError(f"{path}: is mirrored, x falls from left to right; rising x is needed")
    if abs(t.a - abs(t.e)) > 1e-6 * t.a or not _FINEST <= t.a <= _COARSEST:
        raise InputError(f"{path}: pixels of {t.a:g} x {abs(t.e):g} m; square ones of {_FINEST:g} to {_COARSEST:g} m"
                         " are needed")
    if max(abs(t.c), abs(t.f)) > _FARTHEST:
        raise InputError(f"{path}: lies at {t.c:g}, {t.f:g}; at most {_FARTHEST:g} m from the origin is allowed")
    if dataset.count != 1:
        raise InputError(f"{path}: {dataset.count} bands (a picture?); one band of heights is needed")
    if "complex" in dataset.dtypes[0]:
        raise InputError(f"{path}: complex numbers; heights are needed")
    if min(dataset.width, dataset.height) < 2:
        raise InputError(f"{path}: {dataset.width} x {dataset.height} posts; at least 2 x 2 are needed")
    if dataset.width * dataset.height > MAX_POSTS:
        raise InputError(f"{path}: {dataset.width} x {dataset.height} posts; at most {MAX_POSTS} are allowed: cut out"
                         " the part that is driven")


def _heights(dataset: rasterio.io.DatasetReader, path: Path) -> np.ndarray:
    """Heights in rows as they lie in the file, what is masked or not finite NaN."""
    heights = dataset.read(1)
    unknown = (dataset.read_masks(1) == 0) | ~np.isfinite(heights)
    scale, offset = dataset.scales[0], dataset.offsets[0]
    if scale != 1.0 or offset != 0.0:
        heights = heights * scale + offset
    known = heights[~unknown]
    if known.size == 0:
        raise InputError(f"{path}: holds no known height; some are needed")
    odd = known[(known < LOWEST) | (known > HIGHEST)]
    if odd.size:
        raise InputError(f"{path}: {odd.size} heights such as {odd[0]:g} m; {LOWEST:g} to {HIGHEST:g} are allowed: is"
                         " its nodata value declared?")
    return np.where(unknown, np.float32(np.nan), heights).astype(np.float32)


def _utm(dataset: rasterio.io.DatasetReader) -> int:
    """EPSG code of the UTM zone of a tile in degrees."""
    lon, lat = (dataset.bounds.left + dataset.bounds.right) / 2, (dataset.bounds.bottom + dataset.bounds.top) / 2
    return (32600 if lat >= 0 else 32700) + int((lon + 180.0) // 6.0) % 60 + 1


def _join(tiles: list[Tile], files: list[Path]) -> Tile:
    """Tiles of one lattice as one grid; where they overlap the first by name wins, holes stay unknown."""
    first = tiles[0]
    places = [_place(tile, first, f, files[0].name) for tile, f in zip(tiles, files, strict=True)]
    west, south = min(i for i, _ in places), min(j for _, j in places)
    nx = max(i + t.heights.shape[1] for t, (i, _) in zip(tiles, places, strict=True)) - west
    ny = max(j + t.heights.shape[0] for t, (_, j) in zip(tiles, places, strict=True)) - south
    if nx * ny > MAX_POSTS:
        raise InputError(f"{files[0].parent}: {nx} x {ny} posts; at most {MAX_POSTS} are allowed")
    out = np.full((ny, nx), np.nan, np.float32)
    for tile, (i, j), f in zip(tiles, places, files, strict=True):
        rows, columns = tile.heights.shape
        window = out[j - south:j - south + rows, i - west:i - west + columns]
        _check_overlap(window, tile.heights, f)
        np.copyto(window, tile.heights, where=np.isnan(window))
    return Tile(out, first.x0 + west * first.dx, first.y0 + south * first.dx, first.dx, first.crs)


def _place(tile: Tile, first: Tile, f: Path, first_name: str) -> tuple[int, int]:
    """Column and row of a tile's south-west post on the lattice of the first."""
    if tile.crs != first.crs or abs(tile.dx - first.dx) > 1e-9 * first.dx:
        raise InputError(f"{f}: {tile.dx:g} m in {_name(tile.crs)}, but {first_name} has {first.dx:g} m in"
                         f" {_name(first.crs)}; one resolution and system are needed")
    i, j = (tile.x0 - first.x0) / first.dx, (tile.y0 - first.y0) / first.dx
    if abs(i - round(i)) > 1e-2 or abs(j - round(j)) > 1e-2:
        raise InputError(f"{f}: its posts lie between those of {first_name}; one lattice is needed")
    return round(i), round(j)


def _name(crs: str | None) -> str:
    return "local metres" if crs is None else crs[:40]


def _check_overlap(there: np.ndarray, heights: np.ndarray, f: Path) -> None:
    """Tiles that overlap must show one ground."""
    both = ~np.isnan(there) & ~np.isnan(heights)
    if both.any():
        apart = float(np.median(abs(there[both] - heights[both])))
        if apart > _SAME_GROUND:
            raise InputError(f"{f}: {apart:.2f} m from the other tiles' heights where they overlap; tiles of one ground"
                             f" are needed, within {_SAME_GROUND} m")
