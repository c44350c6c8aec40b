"""One GeoTIFF of heights: what its header says, and its posts on demand.

Error model: a height's standard deviation is that of the file's band ``sigma`` post by post, else the file's tag
``SIGMA_M`` (m), else 0.1 of the distance of posts and never below 1 cm. The rule of a tenth holds for what tiles are
made of: airborne lidar at 1 m is specified to 0.10 m RMSE (USGS Lidar Base Specification, quality level 2),
photogrammetry at 0.1 m reaches centimetres, SRTM at 30 m a few metres from pixel to pixel.
"""
from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trailcoach.errors import InputError
from trailcoach.inputs.kinds import kind_of
from trailcoach.tiles.assume import Assumed
from trailcoach.tiles.suspicion import Suspicion, has_converted_line_ends, has_lost_line_ends

if TYPE_CHECKING:
    import rasterio.crs
    import rasterio.io

MAX_SIDE = 1 << 24                  # posts along a side of a file
LOWEST, HIGHEST = -500.0, 9000.0    # m: what lies outside is no height of dry land
SIGMA = 0.01                        # m, the least standard deviation believed where nobody says,
SIGMA_PER_POST = 0.1                # and per metre between posts
FOOT = 0.3048                       # m
METRES_PER_DEGREE = 111_320.0       # of latitude
_FARTHEST = 1e8                     # m: no projected system reaches farther
_FINEST, _COARSEST = 1e-3, 1000.0   # m between posts
_FEET = ("ft", "foot", "feet", "us-ft", "us survey foot", "us_survey_foot", "international foot", "ftus")
_ARC = np.array([10.0, 15.0, 30.0, 60.0]) / 3600.0     # degrees: pixels of tiles that would pass for centimetres
_BEYOND_USE = 3.0                   # degrees outside the area a system is made for
_SAMPLED_BLOCKS = 9                 # looked at when a large file is opened
_LOOKED_AT = 512                    # posts of a block along each side
_WHOLE = 1 << 20                    # posts: a file with fewer is looked at whole
_CHECKED_BLOCKS = 4096              # whose place in the file is checked
_FEW = 4                            # different values that unknown posts have in a file; more are noise or another unit
_CLIFF = 50.0                       # m between the lowest height and the next that no ground has,
_OFTEN = 1e-3                       # if this share of all posts stands on the lowest


@dataclass(frozen=True)
class Sheet:
    """The header of a GeoTIFF of heights; posts are counted from the south-west one.

    Attributes
    ----------
    path : Path
    crs : str or None
        Horizontal system; None = local metres.
    geographic : bool
        Counts in degrees.
    nx, ny : int
        Posts west to east and south to north.
    x0, y0, step_x, step_y : float
        Place of the south-west post and distance of posts, in the file's system.
    dx : float
        Distance of posts, m (of a system in degrees about).
    south_up : bool
        Rows lie south to north in the file.
    band, sigma_band : int
        Of heights and of their standard deviations; 0 = none.
    scale, offset : float
        Metres = value * scale + offset.
    nodata : float or None
        Assumed by the user; NaN = every height is one. None = as the file says.
    sigma : float
        Standard deviation of a height, m, where there is no band of it.
    datum : str or None
        What heights are above; None = not said.
    """

    path: Path
    crs: str | None
    geographic: bool
    nx: int
    ny: int
    x0: float
    y0: float
    step_x: float
    step_y: float
    dx: float
    south_up: bool
    band: int
    sigma_band: int
    scale: float
    offset: float
    nodata: float | None
    sigma: float
    datum: str | None

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the outermost posts, in the file's system."""
        return self.x0, self.y0, self.x0 + (self.nx - 1) * self.step_x, self.y0 + (self.ny - 1) * self.step_y


def open_dataset(path: Path) -> rasterio.io.DatasetReader:
    """A GeoTIFF opened with rasterio.

    Raises
    ------
    InputError
        Names the file and what it is instead.
    """
    import rasterio
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)    # told below, as an error
            return rasterio.open(path, driver="GTiff")
    except (rasterio.errors.RasterioError, rasterio.errors.CRSError, OSError):
        raise damaged(path) from None


def damaged(path: Path) -> InputError:
    """The error for a file that cannot be read."""
    kind = kind_of(path)
    if kind != "a GeoTIFF":
        return InputError(f"{path}: is {kind}; a GeoTIFF of heights is needed")
    if has_converted_line_ends(path) or has_lost_line_ends(path):
        return InputError(f"{path}: its line ends were converted as if it were text; copy it again as binary data")
    return InputError(f"{path}: cannot be read, is it cut short or damaged? A whole GeoTIFF is needed")


def open_sheet(path: Path, assumed: Assumed) -> tuple[Sheet, list[Suspicion]]:
    """The header of a GeoTIFF and what is suspicious about it.

    Raises
    ------
    InputError
        The file is no GeoTIFF of heights, or damaged.
    """
    import rasterio
    try:
        with open_dataset(path) as dataset:
            _check_lattice(dataset, path)
            _check_blocks(dataset, path)
            sheet, suspicions = _sheet(dataset, path, assumed)
            return sheet, suspicions + _look_at_heights(dataset, sheet)
    except (rasterio.errors.RasterioError, rasterio.errors.CRSError, OSError):
        raise damaged(path) from None
    except MemoryError:
        raise InputError(f"{path}: a block of it is more than memory holds; rewrite it in tiles of 256 x 256") from None


def read_posts(dataset: rasterio.io.DatasetReader, sheet: Sheet, i: int, j: int, ni: int,
               nj: int) -> tuple[np.ndarray, np.ndarray]:
    """Heights and their standard deviations (nj, ni) float32, south to north; NaN outside and where unknown.

    Raises
    ------
    InputError
        The file is damaged there, or holds what is no height.
    """
    import rasterio
    heights, sigma = np.full((2, nj, ni), np.nan, np.float32)
    i0, i1, j0, j1 = max(i, 0), min(i + ni, sheet.nx), max(j, 0), min(j + nj, sheet.ny)
    if i1 <= i0 or j1 <= j0:
        return heights, sigma
    row = j0 if sheet.south_up else sheet.ny - j1
    window = ((row, row + j1 - j0), (i0, i1))
    there = slice(j0 - j, j1 - j), slice(i0 - i, i1 - i)
    try:
        known = _known(dataset, sheet, window)
        spread = dataset.read(sheet.sigma_band, window=window) if sheet.sigma_band else np.float32(sheet.sigma)
    except (rasterio.errors.RasterioError, OSError):
        raise damaged(sheet.path) from None
    _check_range(known, sheet)
    spread = np.where(np.isnan(known), np.float32(np.nan), spread)
    heights[there], sigma[there] = (known, spread) if sheet.south_up else (known[::-1], spread[::-1])
    return heights, sigma


def _known(dataset: rasterio.io.DatasetReader, sheet: Sheet, window: Any) -> np.ndarray:
    """Heights in rows as they lie in the file, m, float32, NaN = unknown."""
    values = dataset.read(sheet.band, window=window)
    if sheet.nodata is not None:
        unknown = values == sheet.nodata
    elif dataset.nodata is None and "nodata" not in {f.name for f in dataset.mask_flag_enums[sheet.band - 1]} \
            and all(f.name == "all_valid" for f in dataset.mask_flag_enums[sheet.band - 1]):
        unknown = np.zeros(values.shape, bool)
    else:
        unknown = dataset.read_masks(sheet.band, window=window) == 0
    if values.dtype.kind == "f":
        unknown |= ~np.isfinite(values)
    if sheet.scale != 1.0 or sheet.offset != 0.0:
        values = values * sheet.scale + sheet.offset
    with np.errstate(over="ignore"):    # what a float32 cannot hold is no height: infinite, and refused
        heights = values.astype(np.float32, copy=False)
    return np.where(unknown, np.float32(np.nan), heights) if unknown.any() else heights


def _check_range(heights: np.ndarray, sheet: Sheet) -> None:
    with np.errstate(invalid="ignore"):
        if not ((heights < LOWEST) | (heights > HIGHEST)).any():
            return
        odd = heights[(heights < LOWEST) | (heights > HIGHEST)]
    raise InputError(f"{sheet.path}: {odd.size} heights such as {odd[0]:g} m; {LOWEST:g} to {HIGHEST:g} are allowed: is"
                     f" its nodata value declared? (--assume nodata={odd[0]:g} says so)")


def _check_lattice(dataset: rasterio.io.DatasetReader, path: Path) -> None:
    """One band of heights on rows along the x axis, not absurdly many."""
    t = dataset.transform
    if t.is_identity:
        raise InputError(f"{path}: no position and pixel size; a GeoTIFF with both is needed")
    if not all(math.isfinite(v) for v in t[:6]):
        raise InputError(f"{path}: a position or pixel size that is not finite; a GeoTIFF with both is needed")
    if t.b != 0.0 or t.d != 0.0:
        raise InputError(f"{path}: its grid is turned against north; rows along the x axis are needed")
    if t.a < 0.0:
        raise InputError(f"{path}: is mirrored, x falls from left to right; rising x is needed")
    if dataset.count != 1 and "height" not in dataset.descriptions:
        raise InputError(f"{path}: {dataset.count} bands (a picture?); one band of heights is needed")
    if any("complex" in kind for kind in dataset.dtypes):
        raise InputError(f"{path}: complex numbers; heights are needed")
    if min(dataset.width, dataset.height) < 2:
        raise InputError(f"{path}: {dataset.width} x {dataset.height} posts; at least 2 x 2 are needed")
    if max(dataset.width, dataset.height) > MAX_SIDE:
        raise InputError(f"{path}: {dataset.width} x {dataset.height} posts; at most {MAX_SIDE} a side are allowed: cut"
                         " out the part that is driven")


def _check_blocks(dataset: rasterio.io.DatasetReader, path: Path) -> None:
    """Whether what the header promises is in the file."""
    rows, columns = dataset.block_shapes[0]
    across, down = -(-dataset.width // columns), -(-dataset.height // rows)
    size, end = path.stat().st_size, 0
    for k in np.unique(np.linspace(0, across * down - 1, min(across * down, _CHECKED_BLOCKS)).astype(np.int64)):
        place = f"{k % across}_{k // across}"
        offset, length = (dataset.get_tag_item(f"BLOCK_{what}_{place}", "TIFF", bidx=1) for what in ("OFFSET", "SIZE"))
        end = max(end, int(offset or 0) + int(length or 0))
    if end > size or has_converted_line_ends(path):
        raise damaged(path)


def _sheet(dataset: rasterio.io.DatasetReader, path: Path, assumed: Assumed) -> tuple[Sheet, list[Suspicion]]:
    t, suspicions = dataset.transform, []
    horizontal, datum, vertical_unit = _systems(dataset.crs)
    if assumed.crs is not None:
        horizontal, datum, vertical_unit = _systems(_rasterio_crs(assumed.crs))
    geographic = horizontal is not None and horizontal.is_geographic
    suspicions += _suspect_system(dataset, path, horizontal, assumed)
    factor, feet = _height_unit(dataset, vertical_unit, assumed)
    if feet:
        suspicions.append(Suspicion("feet", str(path), f"heights in {feet}; metres are needed (--assume feet converts"
                                    " them)", refused=not assumed.feet))
    if not geographic and abs(t.a - abs(t.e)) > 1e-6 * t.a:
        raise InputError(f"{path}: pixels of {t.a:g} x {abs(t.e):g} m; square ones of {_FINEST:g} to {_COARSEST:g} m"
                         " are needed")
    per_unit = METRES_PER_DEGREE if geographic else _unit_of(horizontal)[0]
    dx = min(t.a * (math.cos(math.radians(t.f)) if geographic else 1.0), abs(t.e)) * per_unit
    south_up = t.e > 0.0
    if south_up:
        suspicions.append(Suspicion("south-up", str(path), "rows lie south to north; read as its position says", False))
    names = dataset.descriptions
    band = names.index("height") + 1 if "height" in names else 1
    return Sheet(
        path=path, crs=None if horizontal is None else _name(horizontal), geographic=geographic, nx=dataset.width,
        ny=dataset.height, x0=t.c + 0.5 * t.a, y0=t.f + 0.5 * t.e if south_up else t.f + t.e * (dataset.height - 0.5),
        step_x=t.a, step_y=abs(t.e), dx=dx, south_up=south_up, band=band,
        sigma_band=names.index("sigma") + 1 if "sigma" in names else 0, scale=dataset.scales[band - 1] * factor,
        offset=dataset.offsets[band - 1] * factor + assumed.offset, nodata=assumed.nodata,
        sigma=_sigma(dataset, path, dx, assumed), datum=assumed.datum or datum), suspicions


def _rasterio_crs(name: str) -> rasterio.crs.CRS:
    import rasterio.crs
    return rasterio.crs.CRS.from_user_input(name)


def _name(system: Any) -> str:
    authority = system.to_authority()
    return ":".join(authority) if authority else str(system.to_wkt())


def _systems(crs: rasterio.crs.CRS | None) -> tuple[Any, str | None, tuple[float, str]]:
    """Horizontal system (pyproj; None = local metres), vertical datum, metres in a unit of height and its name."""
    import pyproj
    metre = 1.0, "metre"
    if crs is None:
        return None, None, metre
    system = pyproj.CRS.from_wkt(crs.to_wkt())
    if system.is_compound:
        horizontal, vertical = system.sub_crs_list[0], system.sub_crs_list[1]
        axis = vertical.axis_info[0]
        return horizontal, vertical.name, (axis.unit_conversion_factor, axis.unit_name)
    if not (system.is_geographic or system.is_projected):
        unit, name = _unit_of(system)
        return None, None, metre if unit == 1.0 else (unit, name)
    if len(system.axis_info) == 3:
        return system.to_2d(), "ellipsoid", (system.axis_info[2].unit_conversion_factor, system.axis_info[2].unit_name)
    return system, None, metre


def _unit_of(system: Any) -> tuple[float, str]:
    """Metres in the unit of a system's first axis, and its name."""
    if system is None or not system.axis_info:
        return 1.0, "metre"
    return system.axis_info[0].unit_conversion_factor, system.axis_info[0].unit_name


def _suspect_system(dataset: rasterio.io.DatasetReader, path: Path, system: Any,
                    assumed: Assumed) -> list[Suspicion]:
    t = dataset.transform
    if system is None:
        box = dataset.bounds
        in_degrees = max(abs(box.left), abs(box.right)) <= 360.0 and max(abs(box.bottom), abs(box.top)) <= 90.0
        if t.a < _FINEST or (in_degrees and (abs(t.a / _ARC - 1.0) < 1e-6).any()):
            return [Suspicion("degrees", str(path), f"no system (CRS), and pixels of {t.a:g}: degrees? metres are"
                              " needed (--assume crs=EPSG:4326 says that they are degrees)", True)]
        _check_reach(path, t)
        return [Suspicion("no-crs", str(path), "no system (CRS); taken as local metres without a place on Earth"
                          " (--assume crs=EPSG:... gives it one)", False)]
    if system.is_geographic:
        if max(abs(t.c), abs(t.c + t.a * dataset.width)) > 540.0 or max(abs(t.f), abs(dataset.bounds.bottom)) > 90.1:
            return [Suspicion("wrong-crs", str(path), f"says degrees ({_name(system)[:40]}), but lies at {t.c:g},"
                              f" {t.f:g}: metres? (--assume crs=EPSG:... corrects it)", True)]
        return []
    if max(abs(t.c), abs(dataset.bounds.right)) <= 180.0 and max(abs(t.f), abs(dataset.bounds.bottom)) <= 90.0 \
            and (t.a < _FINEST or (abs(t.a / _ARC - 1.0) < 1e-6).any()):
        return [Suspicion("degrees", str(path), f"says {_name(system)[:40]}, which counts in metres, but lies at"
                          f" {t.c:g}, {t.f:g} with pixels of {t.a:g}: degrees as metres? (--assume crs=EPSG:4326 says"
                          " so)", True)]
    _check_reach(path, t)
    return [] if assumed.crs is not None else _suspect_place(dataset, path, system)


def _check_reach(path: Path, t: Any) -> None:
    if not (_FINEST <= t.a <= _COARSEST * 4.0):
        raise InputError(f"{path}: pixels of {t.a:g} x {abs(t.e):g} m; square ones of {_FINEST:g} to {_COARSEST:g} m"
                         " are needed")
    if max(abs(t.c), abs(t.f)) > _FARTHEST:
        raise InputError(f"{path}: lies at {t.c:g}, {t.f:g}; at most {_FARTHEST:g} m from the origin is allowed")


def _suspect_place(dataset: rasterio.io.DatasetReader, path: Path, system: Any) -> list[Suspicion]:
    """Whether the tile lies where its system is made for."""
    import pyproj
    authority = system.to_authority()
    area = pyproj.CRS.from_authority(*authority).area_of_use if authority else None     # WKT of a file does not tell it
    if area is None or _unit_of(system)[0] != 1.0:      # feet are refused for themselves
        return []
    x, y = (dataset.bounds.left + dataset.bounds.right) / 2, (dataset.bounds.bottom + dataset.bounds.top) / 2
    lon, lat = pyproj.Transformer.from_crs(system, "EPSG:4326", always_xy=True).transform(x, y)
    east = (lon - area.west) % 360.0
    width = (area.east - area.west) % 360.0 or 360.0
    beyond = 0.0 if east <= width else min(east - width, 360.0 - east)
    if lat <= area.north + _BEYOND_USE and lat >= area.south - _BEYOND_USE and beyond <= _BEYOND_USE:
        return []
    return [Suspicion("wrong-crs", str(path), f"says {_name(system)[:40]}, but lies at {x:.0f}, {y:.0f}, outside of"
                      f" what that is made for ({area.name[:60]}): the right system? (--assume crs=EPSG:... says it)",
                      True)]


def _height_unit(dataset: rasterio.io.DatasetReader, vertical: tuple[float, str],
                 assumed: Assumed) -> tuple[float, str]:
    """Metres in a unit of height, and what it is where that is not the metre."""
    said = (dataset.units[0] or "").lower()
    unit = vertical[0] if vertical[0] != 1.0 else FOOT if said in _FEET else 1.0
    name = "" if unit == 1.0 else said if said in _FEET else vertical[1]
    if assumed.feet and unit == 1.0:
        return FOOT, "feet, as assumed"
    return unit, name


def _sigma(dataset: rasterio.io.DatasetReader, path: Path, dx: float, assumed: Assumed) -> float:
    if assumed.sigma is not None:
        return assumed.sigma
    said = dataset.tags().get("SIGMA_M")
    if said is None:
        return max(SIGMA, SIGMA_PER_POST * dx)
    try:
        sigma = float(said)
    except ValueError:
        sigma = math.nan
    if not (math.isfinite(sigma) and sigma >= 0.0):
        raise InputError(f"{path}: its tag SIGMA_M is '{said}'; a standard deviation of 0 m or more is needed")
    return sigma


def _look_at_heights(dataset: rasterio.io.DatasetReader, sheet: Sheet) -> list[Suspicion]:
    """Whether unknown posts pass for heights, in a small file or in some blocks of a large one."""
    whole = sheet.nx * sheet.ny <= _WHOLE
    known = np.concatenate([h[~np.isnan(h)] for h in (_known(dataset, sheet, w) for w in _windows(dataset, whole))])
    if known.size == 0:
        if whole:
            raise InputError(f"{sheet.path}: holds no known height; some are needed")
        return []
    with np.errstate(invalid="ignore"):
        odd = known[(known < LOWEST) | (known > HIGHEST)]
    if odd.size and np.unique(odd).size > _FEW:
        if odd.min() > HIGHEST and odd.max() <= HIGHEST / FOOT:
            return [Suspicion("feet", str(sheet.path), f"heights up to {odd.max():g} m; {LOWEST:g} to {HIGHEST:g} are"
                              " allowed: feet? (--assume feet says so)", True)]
        raise damaged(sheet.path)
    if odd.size:
        return [Suspicion("nodata", str(sheet.path), f"{odd.size} heights such as {odd[0]:g} m; {LOWEST:g} to"
                          f" {HIGHEST:g} are allowed: is its nodata value declared? (--assume nodata={odd[0]:g} says"
                          " it)", True)]
    lowest = known.min()
    others = known[known != lowest]
    if sheet.nodata is None and others.size and known.size - others.size >= max(4, _OFTEN * known.size) \
            and others.min() - lowest > _CLIFF:
        return [Suspicion("nodata", str(sheet.path), f"{100 * (1 - others.size / known.size):.2g} % of its heights are"
                          f" {lowest:g} m, the next {others.min():g} m: unknown posts as heights? (--assume"
                          f" nodata={lowest:g} says so, nodata=none that they are heights)", True)]
    return []


def _windows(dataset: rasterio.io.DatasetReader, whole: bool) -> list[Any]:
    """Windows to look at: all of a file, or blocks spread over it."""
    if whole:
        return [((0, dataset.height), (0, dataset.width))]
    rows, columns = dataset.block_shapes[0]
    across, down = -(-dataset.width // columns), -(-dataset.height // rows)
    picked = np.unique(np.linspace(0, across * down - 1, _SAMPLED_BLOCKS).astype(np.int64))
    return [((k // across * rows, min(k // across * rows + min(rows, _LOOKED_AT), dataset.height)),
             (k % across * columns, min(k % across * columns + min(columns, _LOOKED_AT), dataset.width)))
            for k in map(int, picked)]
