"""Learned ground: what wheels have taught, kept in tiles from drive to drive.

A learned tile is a GeoTIFF of float32 bands, 0.1 m posts, nodata NaN: ``height`` (m), ``sigma`` (m, with all that is
not known of the ground there), ``count`` (drives that taught the post), ``time`` (days since 1970-01-01 of the last).
Heights are the terrain's: how far a drive's own heights were off is estimated and taken out of them.
"""
from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from trailcoach import _core
from trailcoach.engine import make_config
from trailcoach.errors import InputError
from trailcoach.ground_error import Offset, Taught, teach
from trailcoach.inputs.preflight import check_imu
from trailcoach.lessons import lessons_of
from trailcoach.log import Log
from trailcoach.terrain import WHOLE_POSTS, Terrain
from trailcoach.tiles.laid import LaidGround
from trailcoach.vehicle import Vehicle

SPACING = 0.1                       # m between learned posts
TILE = 512                          # posts along a side of a tile
STRETCH, LAP = 30.0, 5.0            # m of way learned from at a time, and what it has in common with the next
ROOM = 7.0                          # m about the body origin: the vehicle, and what its wheels tell of
AGEING = 0.03                       # m/sqrt(year), how ground changes that is driven and rained on
BANDS = ("height", "sigma", "count", "time")
_EPOCH = datetime.date(1970, 1, 1)
_YEAR = 365.25                      # days

Progress = Callable[[str, float], None]


@dataclass
class Learned:
    """Ground that wheels taught.

    Attributes
    ----------
    crs : str or None
        System of the terrain it was learned on.
    tiles : dict
        (column, row) of a tile, counted from the system's origin, to its array (4, TILE, TILE) float32 of
        :data:`BANDS`, south to north, NaN where nothing is learned.
    offset, sd_offset : float
        Height of the last drive's positions over the terrain's heights, m; NaN before the first.
    """

    crs: str | None
    tiles: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    offset: float = float("nan")
    sd_offset: float = float("nan")

    @property
    def posts(self) -> int:
        """How many posts are learned."""
        return int(sum(np.isfinite(t[0]).sum() for t in self.tiles.values()))

    def put(self, i: np.ndarray, j: np.ndarray, height: np.ndarray, sigma: np.ndarray, count: np.ndarray,
            day: float) -> None:
        """Take posts (n,) by their place on the lattice; what was known there is replaced."""
        tile_i, tile_j = i // TILE, j // TILE
        for key in np.unique(np.column_stack([tile_i, tile_j]), axis=0):
            rows = (tile_i == key[0]) & (tile_j == key[1])
            tile = self.tiles.setdefault((int(key[0]), int(key[1])), np.full((4, TILE, TILE), np.nan, np.float32))
            at = j[rows] % TILE, i[rows] % TILE
            for band, values in enumerate((height[rows], sigma[rows], count[rows], day)):
                tile[band][at] = values

    def at(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """What is known of posts (n,) by their place on the lattice: bands (4, n), NaN and count 0 = nothing."""
        out = np.full((len(BANDS), len(i)), np.nan)
        out[2] = 0.0
        for (column, row), tile in self.tiles.items():
            rows = (i // TILE == column) & (j // TILE == row)
            out[:, rows] = tile[:, j[rows] % TILE, i[rows] % TILE]
        out[2] = np.nan_to_num(out[2])
        return out

    def aged(self, today: float) -> Learned:
        """The same on a later day (days since 1970-01-01): less sure."""
        tiles = {}
        for key, tile in self.tiles.items():
            tiles[key] = tile.copy()
            years = np.maximum(today - tile[3], 0.0) / _YEAR
            tiles[key][1] = np.sqrt(tile[1]**2 + AGEING**2 * years)
        return Learned(self.crs, tiles, self.offset, self.sd_offset)

    def onto(self, terrain: Terrain) -> Terrain:
        """The terrain with what is learned laid over it, posts :data:`SPACING` apart, each with its own sigma.

        It is made whole where it is small, else window by window: :mod:`trailcoach.tiles.laid`.

        Raises
        ------
        InputError
            The learned ground is of another system, or the terrain is smaller than the distance of its posts.
        """
        laid = self._laid(terrain)
        path = f"{terrain.path} with learned ground"
        if laid.nx * laid.ny > WHOLE_POSTS:
            return Terrain(laid, sigma=terrain.sigma, crs=terrain.crs, path=path)
        grid = laid.cut(0, 0, laid.nx, laid.ny)
        out = Terrain.from_heights(grid.heights, laid.x0, laid.y0, SPACING, sigma=terrain.sigma, crs=terrain.crs,
                                   path=path)
        out.grid.tell(*grid.beside)
        return out

    def over(self, terrain: Terrain) -> Terrain:
        """As :meth:`onto`, made part by part where it is asked for, with what is learned by then."""
        return Terrain(self._laid(terrain), sigma=terrain.sigma, crs=terrain.crs, path=terrain.path)

    def _laid(self, terrain: Terrain) -> LaidGround:
        if self.crs != terrain.crs:
            raise InputError(f"learned ground in {self.crs or 'local metres'} for {terrain.path} in"
                             f" {terrain.crs or 'local metres'}; one system is needed")
        laid = LaidGround(terrain, self.tiles, SPACING)
        if min(laid.nx, laid.ny) < 2:
            raise InputError(f"{terrain.path}: {laid.nx} x {laid.ny} posts {SPACING} m apart; 2 x 2 or more are needed")
        return laid

    def write(self, folder: Path) -> list[Path]:
        """Write one GeoTIFF a tile into a folder that is there."""
        return [_write_tile(folder / f"learned_{column}_{row}.tif", column, row, tile, self.crs)
                for (column, row), tile in sorted(self.tiles.items())]

    @staticmethod
    def read(folder: Path, crs: str | None) -> Learned:
        """What an earlier :meth:`write` left in a folder; nothing where it holds no learned tiles.

        Raises
        ------
        InputError
            A file named as a learned tile is none, or of another system.
        """
        learned = Learned(crs)
        for path in sorted(folder.glob("learned_*.tif")) if folder.is_dir() else ():
            key, tile = _read_tile(path, crs)
            learned.tiles[key] = tile
        return learned


def learn(log: Log, vehicle: Vehicle, terrain: Terrain, learned: Learned | None = None, *,
          day: datetime.date | None = None, progress: Progress | None = None) -> Learned:
    """What the wheels of one drive teach, added to what is learned already.

    Parameters
    ----------
    log : Log
    vehicle : Vehicle
    terrain : Terrain
        The ground as its tiles have it.
    learned : Learned, optional
        Of earlier drives; it is aged to the day of this one, and is the prior there.
    day : date, optional
        Of the drive, today if not given.
    progress : callable, optional
        Called with what is being done and the share done.

    Returns
    -------
    Learned
        A new one.

    Raises
    ------
    InputError
        The log has no IMU, does not tell where it drove, or taught nothing on this terrain.
    """
    check_imu(log)
    today = float(((day or datetime.date.today()) - _EPOCH).days)
    known = (learned or Learned(terrain.crs)).aged(today)
    before = Learned(terrain.crs, {k: t.copy() for k, t in known.tiles.items()})
    ground = before.over(terrain)
    engine, offset = _core.Engine(make_config(vehicle, log, guidance=False)), Offset()
    lessons = lessons_of(log, vehicle, terrain, progress)
    for stretch, own in lessons.stretches(STRETCH, LAP):
        (west, south), (east, north) = stretch.pose[:, :2].min(axis=0) - ROOM, stretch.pose[:, :2].max(axis=0) + ROOM
        grid = ground.cut(west, south, east, north)
        taught = teach(vehicle, engine, grid, stretch, own, offset)
        if taught is not None:
            known.offset, known.sd_offset = offset.mean, float(np.sqrt(offset.variance))
            _take(known, before, grid, taught, today)
        if progress is not None:
            progress("learning the ground", stretch.distance[-1] / lessons.distance[-1])
    if np.isnan(known.offset):
        raise InputError(f"{log.path}: taught nothing on {terrain.path}: its place, heading or level are not known, or"
                         " it did not drive there")
    return known


def _take(known: Learned, before: Learned, grid: _core.Grid, taught: Taught, today: float) -> None:
    """Keep what a stretch has taught, where nothing surer is known from this drive."""
    i, j = taught.i + round(grid.x0 / SPACING), taught.j + round(grid.y0 / SPACING)
    height = grid.heights[taught.j, taught.i] + taught.more
    count, now = before.at(i, j)[2] + 1.0, known.at(i, j)
    rows = ~((now[2] == count) & (now[1] <= taught.sigma))
    known.put(i[rows], j[rows], height[rows], taught.sigma[rows], count[rows], today)


def _write_tile(path: Path, column: int, row: int, tile: np.ndarray, crs: str | None) -> Path:
    import rasterio
    corner = (column * TILE - 0.5) * SPACING, ((row + 1) * TILE - 0.5) * SPACING
    with rasterio.open(path, "w", driver="GTiff", dtype="float32", count=len(BANDS), width=TILE, height=TILE, crs=crs,
                       transform=rasterio.transform.from_origin(*corner, SPACING, SPACING), nodata=float("nan"),
                       compress="deflate", predictor=3, tiled=True) as f:
        f.write(tile[:, ::-1])
        f.descriptions = BANDS
    return path


def _read_tile(path: Path, crs: str | None) -> tuple[tuple[int, int], np.ndarray]:
    import rasterio
    try:
        with rasterio.open(path, driver="GTiff") as f:
            found, t = f.crs.to_string() if f.crs is not None else None, f.transform
            fits = (f.descriptions == BANDS and (f.width, f.height) == (TILE, TILE) and abs(t.a - SPACING) < 1e-9)
            tile = f.read()[:, ::-1].astype(np.float32) if fits else None
    except rasterio.errors.RasterioError:
        raise InputError(f"{path}: cannot be read; a tile that terrain learn wrote is needed") from None
    if tile is None:
        raise InputError(f"{path}: is no learned tile; bands {', '.join(BANDS)} of {TILE} x {TILE} posts are needed")
    if found != crs:
        raise InputError(f"{path}: learned in {found or 'local metres'}, the terrain is in {crs or 'local metres'}; one"
                         " system is needed")
    return (round((t.c / SPACING + 0.5) / TILE), round((t.f / SPACING + 0.5) / TILE) - 1), tile
