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
from trailcoach.engine import make_config, start_values
from trailcoach.errors import InputError
from trailcoach.inputs.preflight import check_imu
from trailcoach.log import Log
from trailcoach.recording import tick_times
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

SPACING = 0.1                       # m between learned posts
TILE = 512                          # posts along a side of a tile
TICK_RATE = 10.0                    # lessons are looked for so often, 1/s
READ_EVERY = 2.0                    # m rolled between looks at what was taught; the window reaches farther
AGEING = 0.03                       # m/sqrt(year), how ground changes that is driven and rained on
BANDS = ("height", "sigma", "count", "time")
MAX_POSTS = 40_000_000              # of the ground learned ground is laid over
_MARGIN = 30.0                      # m of terrain kept about learned ground
_ORIGIN_WHEELS = 2
_SURE_OFFSET = 1.0                  # m: with a larger standard deviation no lesson was had
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

        Raises
        ------
        InputError
            The learned ground is of another system, or spreads over more than fits into memory.
        """
        if self.crs != terrain.crs:
            raise InputError(f"learned ground in {self.crs or 'local metres'} for {terrain.path} in"
                             f" {terrain.crs or 'local metres'}; one system is needed")
        west, south, east, north = self._bounds(terrain)
        i = np.arange(np.ceil(west / SPACING), np.floor(east / SPACING) + 1).astype(np.int64)
        j = np.arange(np.ceil(south / SPACING), np.floor(north / SPACING) + 1).astype(np.int64)
        if i.size < 2 or j.size < 2:
            raise InputError(f"learned ground does not lie on {terrain.path}")
        x, y = np.meshgrid(i * SPACING, j * SPACING)
        height, _, _, sigma = (np.asarray(a, np.float32) for a in terrain.surface(x, y))
        beside = _beside(terrain, x, y)
        for (column, row), tile in self.tiles.items():
            a, b = np.searchsorted(i, (column * TILE, (column + 1) * TILE))
            c, d = np.searchsorted(j, (row * TILE, (row + 1) * TILE))
            part = tile[:, j[c:d, None] % TILE, i[None, a:b] % TILE]
            known = np.isfinite(part[0]) & np.isfinite(height[c:d, a:b])
            height[c:d, a:b][known], sigma[c:d, a:b][known] = part[0][known], part[1][known]
            for array in beside:
                array[c:d, a:b][known] = 0.0        # its sigma says all that is hidden there
        out = Terrain.from_heights(height, float(i[0] * SPACING), float(j[0] * SPACING), SPACING, sigma=terrain.sigma,
                                   crs=terrain.crs, path=f"{terrain.path} with learned ground")
        highest, rare, spread = beside or (None, None, None)
        out.grid.tell(sigma, highest, rare, spread, terrain.dx)
        return out

    def _bounds(self, terrain: Terrain) -> tuple[float, float, float, float]:
        """All of a small terrain, or the learned part of a large one with room about it."""
        west, south, east, north = terrain.bounds
        if (east - west) * (north - south) > MAX_POSTS * SPACING**2 and self.tiles:
            keys = np.array(list(self.tiles))
            low, high = keys.min(axis=0) * TILE * SPACING - _MARGIN, (keys.max(axis=0) + 1) * TILE * SPACING + _MARGIN
            west, south = max(west, low[0]), max(south, low[1])
            east, north = min(east, high[0]), min(north, high[1])
        if (east - west) * (north - south) > MAX_POSTS * SPACING**2:
            raise InputError(f"{terrain.path}: learned ground over {east - west:.0f} x {north - south:.0f} m; at most"
                             f" {MAX_POSTS * SPACING**2 / 1e6:.1f} square kilometres fit into memory: learn parts into"
                             " folders of their own")
        return west, south, east, north

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
    ground = known.onto(terrain) if known.tiles else terrain
    config = make_config(vehicle, log, guidance=False)
    config["window"]["spacing"], config["window"]["learn"] = SPACING, 1
    config["fusion"]["rest_height_sd"] = 0.0    # what the ground tells the vehicle must not come back as its lesson
    engine = _core.Engine(config)
    if ground.grid.beside[0] is None:                   # so that even a fine terrain is looked at through the window
        _, highest, rare, spread, cell = ground.grid.beside
        sigma = np.full(ground.grid.heights.shape, ground.sigma, np.float32)
        ground.grid.tell(sigma, highest, rare, spread, cell)
    engine.set_terrain(ground.grid)
    if log.meta.start is not None:
        engine.set_start(*start_values(terrain, *log.meta.start))
    kinds, rows, t_ns = log.timeline()
    times, first, rolled = tick_times(log, TICK_RATE), 0, -READ_EVERY
    for n, (time, end) in enumerate(zip(times, np.searchsorted(t_ns, times, side="right"), strict=True)):
        engine.push_merged(kinds[first:end], rows[first:end], log.arrays)
        first = end
        engine.tick(int(time))
        distance = float(engine.state()["distance"])
        if distance - rolled >= READ_EVERY or n == len(times) - 1:
            rolled = distance
            _take(known, before, engine.window(), today)
        if progress is not None:
            progress("learning the ground", (n + 1) / len(times))
    if np.isnan(known.offset):
        raise InputError(f"{log.path}: taught nothing on {terrain.path}: its place, heading or level are not known, or"
                         " it did not drive there")
    return known


def _take(known: Learned, before: Learned, window: dict[str, object] | None, today: float) -> None:
    """Keep what the window has been taught."""
    if window is None:
        return
    if float(str(window["sd_offset"])) < _SURE_OFFSET:
        known.offset, known.sd_offset = float(str(window["offset"])), float(str(window["sd_offset"]))
    taught = np.asarray(window["origin"]) == _ORIGIN_WHEELS
    if not taught.any():
        return
    spread = np.nan_to_num(np.asarray(window["spread"])) if "spread" in window else np.zeros(taught.shape)
    sigma = np.sqrt(np.asarray(window["sigma"])**2 + spread**2)
    j, i = np.nonzero(taught)
    i += round(float(str(window["x0"])) / SPACING)
    j += round(float(str(window["y0"])) / SPACING)
    known.put(i, j, np.asarray(window["height"])[taught], sigma[taught], _counts(before, i, j) + 1.0, today)


def _counts(before: Learned, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Drives that had taught posts (n,)."""
    counts = np.zeros(len(i), np.float32)
    for (column, row), tile in before.tiles.items():
        rows = (i // TILE == column) & (j // TILE == row)
        counts[rows] = np.nan_to_num(tile[2][j[rows] % TILE, i[rows] % TILE])
    return counts


def _beside(terrain: Terrain, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """What the terrain hides at points, by their nearest posts; empty where it does not say."""
    arrays = terrain.grid.beside[1:4]
    if arrays[0] is None:
        return []
    ny, nx = arrays[0].shape
    i = np.clip(np.floor((x - terrain.x0) / terrain.dx + 0.5).astype(int), 0, nx - 1)
    j = np.clip(np.floor((y - terrain.y0) / terrain.dx + 0.5).astype(int), 0, ny - 1)
    return [array[j, i] for array in arrays]


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
