"""Trails: where the driver wants to go, as a polyline on the terrain, from GPX, GeoJSON or CSV."""
from __future__ import annotations

import csv
import json
import math
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trailcoach.errors import InputError
from trailcoach.inputs.kinds import kind_of
from trailcoach.inputs.projection import project
from trailcoach.terrain import Terrain

HALF_WIDTH = 3.0                # m, of the corridor where nobody says
MOST_POINTS = 4_000_000         # of a trail: 400 km at the closest spacing
SPACING = 0.1                   # m, points of a file closer than this are one
_MOST_OFF = 0.5                 # share of a trail's length that may lie off the map
_MOST_PLACES = 100_000          # of a trail that are looked up on the map
_GEOGRAPHIC = ("OGC:CRS84", "OGC:1.3:CRS84", "EPSG:4326")


@dataclass(frozen=True)
class Trail:
    """A polyline and the corridor about it that a line may use.

    Attributes
    ----------
    xy : ndarray
        (n, 2), world, m, n >= 2. The engine is given as many at a time as the core holds (8192).
    half_width : float
        Of the corridor, m.
    path : str
        Where it came from.

    Raises
    ------
    InputError
        Fewer than two places, a value that is not finite, too many points, or a width that is none.
    """

    xy: np.ndarray
    half_width: float = HALF_WIDTH
    path: str = "trail"

    def __post_init__(self) -> None:
        xy = np.ascontiguousarray(self.xy, dtype=float)
        if xy.ndim != 2 or xy.shape[1] != 2:
            raise InputError(f"{self.path}: points of shape {xy.shape}; (n, 2) of x, y is needed")
        if not np.isfinite(xy).all():
            row = int(np.flatnonzero(~np.isfinite(xy).all(axis=1))[0])
            raise InputError(f"{self.path}: point {row}: {xy[row, 0]}, {xy[row, 1]}; finite numbers are needed")
        if len(xy) < 2 or (xy == xy[0]).all():
            raise InputError(f"{self.path}: a trail needs at least two places")
        if len(xy) > MOST_POINTS:
            raise InputError(f"{self.path}: {len(xy)} points; at most {MOST_POINTS} are allowed: cut out the part"
                             " that is driven")
        if not (math.isfinite(self.half_width) and self.half_width > 0.0):
            raise InputError(f"{self.path}: half-width {self.half_width}; metres above 0 are needed")
        object.__setattr__(self, "xy", xy)

    @staticmethod
    def open(path: str | Path, crs: str | None = None, half_width: float = HALF_WIDTH) -> Trail:
        """Read a trail.

        Parameters
        ----------
        path : str or Path
            .gpx (one track or route), .geojson or .json (one line), or .csv with columns x, y (in the terrain's
            system) or lat, lon (degrees); other columns are left alone.
        crs : str, optional
            The terrain's system; needed for latitude and longitude.
        half_width : float
            Of the corridor, m.

        Raises
        ------
        InputError
            Names file, place and what is allowed.
        """
        path = Path(path)
        readers = {".gpx": _read_gpx, ".geojson": _read_geojson, ".json": _read_geojson, ".csv": _read_csv}
        reader = readers.get(path.suffix.lower())
        if not path.is_file():
            raise InputError(f"{path}: no such file; a trail is a .gpx, .geojson or .csv file")
        if reader is None:
            raise InputError(f"{path}: is {kind_of(path)}; a trail is a .gpx, .geojson or .csv file")
        return Trail(_thin(reader(path, crs)), half_width, str(path))

    @property
    def s(self) -> np.ndarray:
        """(n,), distance of each point along the trail, m."""
        return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(self.xy, axis=0).T))])

    def share_off(self, terrain: Terrain) -> float:
        """Share of the trail's length that lies off the map, 0 to 1."""
        s = self.s
        at = np.linspace(0.0, s[-1], min(int(s[-1] / SPACING) + 2, _MOST_PLACES))
        x, y = (np.interp(at, s, column) for column in self.xy.T)
        return 1.0 - float(terrain.covers(x, y).mean())

    def check_on(self, terrain: Terrain) -> None:
        """Raise InputError where more than half of the trail's length lies off the map."""
        off = self.share_off(terrain)
        if off > _MOST_OFF:
            west, south, east, north = terrain.bounds
            x, y = self.xy[0]
            raise InputError(f"{self.path}: {100 * off:.0f} % of it lies outside the terrain {terrain.path}: it begins"
                             f" at {x:.1f}, {y:.1f}; the terrain spans {west:.1f} to {east:.1f}, {south:.1f} to"
                             f" {north:.1f}, and at least half must lie within")


def _thin(xy: np.ndarray) -> np.ndarray:
    """Leave out points closer than SPACING to the last one kept; the ends stay."""
    keep, last = [0], xy[0]
    for i in range(1, len(xy)):
        if math.hypot(*(xy[i] - last)) >= SPACING:
            keep.append(i)
            last = xy[i]
    if keep[-1] != len(xy) - 1:
        keep[-1 if len(keep) > 1 else len(keep):] = [len(xy) - 1]
    return xy[keep]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is {kind_of(path)}; a .gpx, .geojson or .csv file is needed") from None
    except OSError as e:
        raise InputError(f"{path}: cannot be read: {e.strerror}") from None


def _from_degrees(path: Path, lat: np.ndarray, lon: np.ndarray, crs: str | None) -> np.ndarray:
    """Points (n, 2) in the terrain's system."""
    if crs is None:
        raise InputError(f"{path}: is in latitude and longitude, but the terrain has no system (CRS) to bring it to")
    bad = np.flatnonzero(~((abs(lat) <= 90.0) & (abs(lon) <= 180.0)))
    if bad.size:
        i = int(bad[0])
        raise InputError(f"{path}: point {i}: latitude {lat[i]:g}, longitude {lon[i]:g}; -90 to 90 and -180 to 180 are"
                         " allowed")
    return np.column_stack(project(lat, lon, crs, None, path))


def _read_gpx(path: Path, crs: str | None) -> np.ndarray:
    """The one track (its segments joined) or route of a GPX file (topografix.com/GPX/1/1)."""
    text = _text(path)
    if re.search(r"<!(DOCTYPE|ENTITY)", text):
        raise InputError(f"{path}: holds a document type; a plain GPX file is needed")
    try:
        root = ET.fromstring(text)
    except ET.ParseError as e:
        raise InputError(f"{path}: line {e.position[0]}: not a GPX file: {e.msg}") from None
    tracks = [t for t in root.iter() if _tag(t) in ("trk", "rte")]
    lines = [[p for p in t.iter() if _tag(p) in ("trkpt", "rtept")] for t in tracks]
    lines = [points for points in lines if len(points) > 1]
    if len(lines) != 1:
        names = ", ".join(repr(n.text) for t in tracks for n in t if _tag(n) == "name")
        raise InputError(f"{path}: holds {len(lines)} tracks or routes{': ' + names if names else ''}; one is needed")
    try:
        lat, lon = np.array([(float(p.attrib["lat"]), float(p.attrib["lon"])) for p in lines[0]]).T
    except (KeyError, ValueError):
        raise InputError(f"{path}: a point without numbers lat and lon") from None
    return _from_degrees(path, lat, lon, crs)


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _read_geojson(path: Path, crs: str | None) -> np.ndarray:
    """The one line of a GeoJSON file (RFC 7946: degrees; a named system as the 2008 form has is taken too)."""
    try:
        data = json.loads(_text(path))
    except json.JSONDecodeError as e:
        raise InputError(f"{path}: line {e.lineno}: not a GeoJSON file: {e.msg}") from None
    lines = list(_lines_of(data))
    if len(lines) != 1:
        raise InputError(f"{path}: holds {len(lines)} lines; one LineString is needed")
    try:
        xy = np.array([(float(p[0]), float(p[1])) for p in lines[0]])
    except (TypeError, ValueError, IndexError, KeyError):
        raise InputError(f"{path}: a point of the line is not two numbers") from None
    if len(xy) < 2:
        raise InputError(f"{path}: fewer than two points; a trail needs at least two places")
    system = _system_of(path, data)
    if system is None or system in _GEOGRAPHIC:
        return _from_degrees(path, xy[:, 1], xy[:, 0], crs)
    if crs is None or system != crs:
        raise InputError(f"{path}: is in {system}, the terrain in {crs}; degrees (RFC 7946) or the terrain's system are"
                         " needed")
    return xy


def _lines_of(node: Any) -> Any:
    """All LineStrings below a GeoJSON object."""
    if not isinstance(node, dict):
        return
    kind, children = node.get("type"), node.get("coordinates")
    if kind == "LineString" and isinstance(children, list):
        yield children
    elif kind == "MultiLineString" and isinstance(children, list):
        yield from children
    for key in ("features", "geometries"):
        below = node.get(key)
        for child in below if isinstance(below, list) else ():
            yield from _lines_of(child)
    yield from _lines_of(node.get("geometry"))


def _system_of(path: Path, data: Any) -> str | None:
    """AUTHORITY:CODE of the named system of a 2008 GeoJSON file, None where there is none."""
    crs = data.get("crs") if isinstance(data, dict) else None
    if crs is None:
        return None
    try:
        return re.sub(r"^urn:ogc:def:crs:", "", str(crs["properties"]["name"])).replace("::", ":")
    except (TypeError, KeyError):
        raise InputError(f"{path}: its crs is not a named one; leave it out (degrees) or name the terrain's") from None


def _read_csv(path: Path, crs: str | None) -> np.ndarray:
    """Columns x, y or lat, lon of a CSV file."""
    rows = list(csv.reader(_text(path).splitlines()))
    header = [c.strip() for c in rows[0]] if rows else []
    wanted = next((w for w in (("x", "y"), ("lat", "lon")) if set(w) <= set(header)), None)
    if wanted is None:
        raise InputError(f"{path}: line 1: columns {','.join(header)}; x,y (m) or lat,lon (degrees) are needed")
    at = [header.index(c) for c in wanted]
    points = []
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) != len(header):
            raise InputError(f"{path}: line {number}: {len(row)} values; {len(header)} are needed: {','.join(header)}")
        try:
            point = float(row[at[0]]), float(row[at[1]])
        except ValueError:
            raise InputError(f"{path}: line {number}: {wanted[0]} = '{row[at[0]]}', {wanted[1]} = '{row[at[1]]}';"
                             " numbers are needed") from None
        if not (math.isfinite(point[0]) and math.isfinite(point[1])):
            raise InputError(f"{path}: line {number}: {wanted[0]} = {row[at[0]]}, {wanted[1]} = {row[at[1]]}; finite"
                             " numbers are needed")
        points.append(point)
    if len(points) < 2:
        raise InputError(f"{path}: fewer than two points; a trail needs at least two places")
    table = np.array(points)
    return table if wanted == ("x", "y") else _from_degrees(path, table[:, 0], table[:, 1], crs)
