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
from trailcoach.terrain import WHOLE_POSTS, Terrain
from trailcoach.tiles.laid import LaidGround
from trailcoach.tiles.windows import POSITION, Windows, hand_over
from trailcoach.vehicle import Vehicle

SPACING = 0.1                       # m between learned posts
TILE = 512                          # posts along a side of a tile
TICK_RATE = 10.0                    # lessons are looked for so often, 1/s
READ_EVERY = 2.0                    # m rolled between looks at what was taught; the window reaches farther
AGEING = 0.03                       # m/sqrt(year), how ground changes that is driven and rained on
BANDS = ("height", "sigma", "count", "time")
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

        It is made whole where it is small, else window by window: :mod:`trailcoach.tiles.laid`.

        Raises
        ------
        InputError
            The learned ground is of another system, or the terrain is smaller than the distance of its posts.
        """
        if self.crs != terrain.crs:
            raise InputError(f"learned ground in {self.crs or 'local metres'} for {terrain.path} in"
                             f" {terrain.crs or 'local metres'}; one system is needed")
        laid = LaidGround(terrain, self.tiles, SPACING)
        if min(laid.nx, laid.ny) < 2:
            raise InputError(f"{terrain.path}: {laid.nx} x {laid.ny} posts {SPACING} m apart; 2 x 2 or more are needed")
        path = f"{terrain.path} with learned ground"
        if laid.nx * laid.ny > WHOLE_POSTS:
            return Terrain(laid, sigma=terrain.sigma, crs=terrain.crs, path=path)
        grid = laid.cut(0, 0, laid.nx, laid.ny)
        out = Terrain.from_heights(grid.heights, laid.x0, laid.y0, SPACING, sigma=terrain.sigma, crs=terrain.crs,
                                   path=path)
        out.grid.tell(*grid.beside)
        return out

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
    windows = Windows(ground)
    config = make_config(vehicle, log, guidance=False)
    config["window"]["spacing"], config["window"]["learn"] = SPACING, 1
    config["fusion"]["rest_height_sd"] = 0.0    # what the ground tells the vehicle must not come back as its lesson
    engine = _core.Engine(config)
    start = log.meta.start
    _hand_over(engine, windows.follow(ground.x0, ground.y0) if ground.is_whole else
               None if start is None else windows.follow(start[0], start[1]))
    if log.meta.start is not None:
        engine.set_start(*start_values(terrain, *log.meta.start))
    kinds, rows, t_ns = log.timeline()
    times, first, rolled = tick_times(log, TICK_RATE), 0, -READ_EVERY
    for n, (time, end) in enumerate(zip(times, np.searchsorted(t_ns, times, side="right"), strict=True)):
        engine.push_merged(kinds[first:end], rows[first:end], log.arrays)
        first = end
        engine.tick(int(time))
        state = engine.state()
        if int(state["status"]) & POSITION and not ground.is_whole:
            _hand_over(engine, windows.follow(float(state["position"][0]), float(state["position"][1])))
        distance = float(state["distance"])
        if distance - rolled >= READ_EVERY or n == len(times) - 1:
            rolled = distance
            _take(known, before, engine.window(), today)
        if progress is not None:
            progress("learning the ground", (n + 1) / len(times))
    if np.isnan(known.offset):
        raise InputError(f"{log.path}: taught nothing on {terrain.path}: its place, heading or level are not known, or"
                         " it did not drive there")
    return known


def _hand_over(engine: _core.Engine, grid: _core.Grid | None) -> None:
    """Give an engine the next ground, sigma by post, so that even a fine one is looked at through the window."""
    if grid is None:
        return
    if grid.beside[0] is None:
        _, *beside = grid.beside
        grid.tell(np.full(grid.heights.shape, grid.sigma, np.float32), *beside)
    hand_over(engine, grid)


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
