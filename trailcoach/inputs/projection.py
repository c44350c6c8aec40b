"""Degrees to metres."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from trailcoach.errors import InputError

Origin = tuple[float, float, float]     # lat, lon (deg), h (m)


def check_system(crs: str, where: Path | str) -> None:
    """Refuse a system that is unknown, or that does not count in metres."""
    import pyproj
    try:
        system = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        raise InputError(f"{where}: crs = {crs[:60]!r} is not known; a code such as EPSG:32612 is needed") from None
    if system.is_geographic:
        raise InputError(f"{where}: crs = {crs[:60]!r} counts in degrees; a projected system such as EPSG:32612 is"
                         " needed")
    if any(axis.unit_conversion_factor != 1.0 for axis in system.axis_info[:2]):
        raise InputError(f"{where}: crs = {crs[:60]!r} counts in {system.axis_info[0].unit_name}; metres are needed")


def project(lat: np.ndarray, lon: np.ndarray, crs: str | None, origin: Origin | None,
            where: Path) -> tuple[np.ndarray, np.ndarray]:
    """Degrees (WGS 84) to metres of a CRS, or of a transverse Mercator map about the origin where there is none.

    Raises
    ------
    InputError
        The system is unknown, or these degrees have no place in it.
    """
    import pyproj
    if crs is None and origin is not None:
        crs = local_system(origin)
    try:
        transformer = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    except pyproj.exceptions.CRSError:
        raise InputError(f"{where}: crs = {str(crs)[:60]!r} is not known, or has no place on Earth; a code such as"
                         " EPSG:32612 is needed") from None
    x, y = (np.asarray(v) for v in transformer.transform(lon, lat))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError(f"{where}: lat, lon that have no place in {str(crs)[:60]}; degrees within that system are"
                         " needed")
    return x, y


def unproject(x: np.ndarray, y: np.ndarray, origin: Origin) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude (deg, WGS 84) of metres from the origin; NaN stays NaN."""
    import pyproj
    to_degrees = pyproj.Transformer.from_crs(local_system(origin), "EPSG:4326", always_xy=True)
    known = np.isfinite(x) & np.isfinite(y)
    lat, lon = np.full((2, *known.shape), np.nan)
    lon[known], lat[known] = to_degrees.transform(x[known], y[known])
    return lat, lon


def local_system(origin: Origin) -> str:
    """The transverse Mercator map about an origin."""
    return f"+proj=tmerc +lat_0={origin[0]!r} +lon_0={origin[1]!r} +ellps=WGS84 +units=m"
