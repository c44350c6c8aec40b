"""What wheels teach: the window around the vehicle, the ground learned on a drive, and its tiles."""
import datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from trailcoach import _core
from trailcoach.cli import main
from trailcoach.data import data_folder
from trailcoach.engine import make_config
from trailcoach.errors import CoreError, InputError
from trailcoach.learned import AGEING, SPACING, TILE, Learned, learn
from trailcoach.log import Log
from trailcoach.stance import settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

DRIVE = data_folder() / "drives" / "d01"
OFFSET = 0.3
DAY = datetime.date(2026, 5, 12)
VEHICLE = Vehicle.load("land-rover-defender-110")


def degraded(fine: Terrain, cell: float) -> Terrain:
    """Averaged, with 5 cm of noise, and 0.3 m too high."""
    k = round(cell / fine.dx)
    ny, nx = fine.grid.heights.shape[0] // k, fine.grid.heights.shape[1] // k
    mean = fine.grid.heights[:ny * k, :nx * k].reshape(ny, k, nx, k).mean(axis=(1, 3))
    mean = mean + np.random.default_rng(1).normal(OFFSET, 0.05, mean.shape)
    edge = 0.5 * (k - 1) * fine.dx
    return Terrain.from_heights(mean, fine.x0 + edge, fine.y0 + edge, k * fine.dx, sigma=0.05, crs=fine.crs)


@pytest.fixture(scope="module")
def fine() -> Terrain:
    return Terrain.open(DRIVE / "terrain.tif")


@pytest.fixture(scope="module")
def coarse(fine) -> Terrain:
    return degraded(fine, 1.0)


@pytest.fixture(scope="module")
def learned(coarse) -> Learned:
    return learn(Log.open(DRIVE), VEHICLE, coarse, day=DAY)


def poses() -> np.ndarray:
    truth = np.genfromtxt(DRIVE / "truth.csv", delimiter=",", names=True)[400::50]
    return np.column_stack([truth["x"], truth["y"], truth["yaw"]])


def test_the_offset_between_vehicle_and_tile_is_found(learned):
    """GIVEN a tile 0.3 m too high WHEN a drive with GNSS is learnt THEN positions are about so much lower."""
    assert learned.offset == pytest.approx(-OFFSET, abs=0.08)
    assert learned.sd_offset < 0.05


def test_learnt_ground_is_nearer_the_truth(fine, coarse, learned):
    """GIVEN the truth WHEN the vehicle rests on the coarse tile and on what was learnt THEN attitude and clearance err
    less on the latter."""
    truth, before, after = (settle(VEHICLE, t, poses()) for t in (fine, coarse, learned.onto(coarse)))
    for name in ("roll", "pitch", "clearance"):
        true, was, now = (getattr(s, name) for s in (truth, before, after))
        assert np.nanmean((now - true)**2) < 0.85 * np.nanmean((was - true)**2), name


def test_a_terrain_too_large_to_be_whole_is_learned_on_in_pieces(tmp_path, coarse, learned):
    """GIVEN the same ground as one corner of a country WHEN the drive is learnt, twice THEN it teaches the same posts,
    to the centimetre, and learned ground is laid over the country a window at a time."""
    ny, nx = coarse.grid.heights.shape
    wide = np.full((ny + 2000, nx + 2000), 5.0, np.float32)
    wide[:ny, :nx] = coarse.grid.heights
    tile = tmp_path / "country.tif"
    with rasterio.open(tile, "w", driver="GTiff", dtype="float32", count=1, width=wide.shape[1], height=wide.shape[0],
                       crs=coarse.crs, transform=rasterio.transform.from_origin(
                           coarse.x0 - 0.5, coarse.y0 + len(wide) - 0.5, 1.0, 1.0)) as f:
        f.write(wide[::-1], 1)
    country = Terrain.open(tile, sigma=0.05, whole_posts=0)
    one = learn(Log.open(DRIVE), VEHICLE, country, day=DAY)
    assert one.offset == pytest.approx(learned.offset, abs=0.03)
    key = max(learned.tiles, key=lambda k: np.isfinite(learned.tiles[k][0]).sum())
    a, b = learned.tiles[key][0], one.tiles[key][0]
    both = np.isfinite(a) & np.isfinite(b)
    assert both.sum() > 0.9 * np.isfinite(a).sum()
    assert np.median(np.abs(a - b)[both]) < 0.01
    laid = one.onto(country)
    assert not laid.is_whole
    two = learn(Log.open(DRIVE), VEHICLE, country, one, day=DAY)
    assert np.nanmax(two.tiles[key][2]) == 2.0
    posts = poses()
    small, large = learned.onto(coarse).height(*posts[:, :2].T), laid.height(*posts[:, :2].T)
    assert np.nanmedian(np.abs(small - large)) < 0.01


def test_learnt_ground_is_as_sure_as_it_says(fine, learned):
    """GIVEN the truth WHEN a drive over rocks has been learnt THEN posts err by about what their sigma says, the
    surest least."""
    told, seen = [], []
    for (column, row), tile in learned.tiles.items():
        j, i = np.nonzero(np.isfinite(tile[0]))
        at = (column * TILE + i) * SPACING, (row * TILE + j) * SPACING
        told.append(tile[1][j, i])
        seen.append(tile[0][j, i] - OFFSET - fine.height(*at))
    told, seen = np.concatenate(told), np.concatenate(seen)
    for sure in (told < 0.045, told >= 0.045):
        assert 0.6 < np.sqrt(np.nanmean(seen[sure]**2) / np.mean(told[sure]**2)) < 1.5
    assert np.nanstd(seen[told < 0.045]) < np.nanstd(seen[told >= 0.055])


def test_a_vehicle_at_its_own_height_is_as_high_over_learnt_ground_as_over_the_true(fine, coarse, learned):
    """GIVEN where the vehicle was WHEN its clearance is taken there over the tile, and over learnt ground with the
    offset found THEN the error falls by more than half."""
    truth, before, after = (settle(VEHICLE, t, poses()) for t in (fine, coarse, learned.onto(coarse)))
    was = before.clearance - truth.clearance + (truth.z - before.z)[:, None]
    now = after.clearance - truth.clearance + (truth.z - learned.offset - after.z)[:, None]
    assert np.nanmean(now**2) < 0.25 * np.nanmean(was**2)


def test_nothing_is_learnt_far_from_the_wheels(coarse, learned):
    ground = learned.onto(coarse)
    west, south, _, _ = coarse.bounds
    x, y = np.array([west + 1.0]), np.array([south + 1.0])
    assert ground.height(x, y) == pytest.approx(coarse.height(x, y), abs=1e-3)


def test_tiles_come_back_as_they_were_written(tmp_path, learned):
    files = learned.write(tmp_path)
    back = Learned.read(tmp_path, learned.crs)
    assert len(files) == len(back.tiles)
    for key, tile in learned.tiles.items():
        np.testing.assert_array_equal(back.tiles[key], tile)


def test_old_knowledge_ages(learned):
    day = float(np.nanmax(next(iter(learned.tiles.values()))[3]))
    old = learned.aged(day + 4 * 365.25)
    for key, tile in learned.tiles.items():
        grown = np.where(np.isnan(tile[1]), np.nan, 4 * AGEING**2)
        np.testing.assert_allclose(old.tiles[key][1]**2 - tile[1]**2, grown, rtol=1e-3)


def test_a_second_drive_counts_and_replaces(coarse, learned):
    """GIVEN learnt ground WHEN the same drive comes again a year later THEN posts count two, of the later day."""
    again = learn(Log.open(DRIVE), VEHICLE, coarse, learned, day=datetime.date(2027, 5, 12))
    tile = max(again.tiles.values(), key=lambda t: np.isfinite(t[0]).sum())
    assert np.nanmax(tile[2]) == 2.0
    assert np.nanmax(tile[3]) == (datetime.date(2027, 5, 12) - datetime.date(1970, 1, 1)).days


def test_learned_ground_of_another_system_is_refused(coarse, learned):
    with pytest.raises(InputError, match="one system"):
        Learned("EPSG:32611", learned.tiles).onto(coarse)


@pytest.mark.parametrize("content", [b"", b"II*\0nonsense", b"not a picture"])
def test_a_learned_tile_that_is_none(tmp_path, content):
    (tmp_path / "learned_0_0.tif").write_bytes(content)
    with pytest.raises(InputError, match=r"learned_0_0\.tif"):
        Learned.read(tmp_path, None)


def test_command_refuses_and_writes_nothing(tmp_path, capsys):
    out = tmp_path / "learned"
    words = ["terrain", "learn", str(DRIVE), "--terrain", str(DRIVE / "terrain.tif"), "--out", str(out)]
    assert main([*words, "--date", "yesterday"]) == 2
    assert main([*words[:2], str(tmp_path / "no_log"), *words[3:]]) == 2
    assert not out.exists()
    assert capsys.readouterr().err.count("\n") == 2


def test_command_on_ground_as_sure_as_wheels(tmp_path, capsys):
    """GIVEN fine ground known to 1 cm WHEN a drive on it is learnt THEN it says that there is nothing to learn."""
    out = tmp_path / "learned"
    assert main(["terrain", "learn", str(DRIVE), "--terrain", str(DRIVE / "terrain.tif"), "--out", str(out)]) == 0
    assert "nothing to learn" in capsys.readouterr().err


def test_command_writes_tiles_and_adds_to_them(tmp_path, coarse, capsys):
    """GIVEN a coarse tile WHEN a drive is learnt twice THEN tiles stand in the folder, taught by two drives."""
    tile, out = tmp_path / "coarse.tif", tmp_path / "learned"
    heights = coarse.grid.heights
    corner = coarse.x0 - 0.5 * coarse.dx, coarse.y0 + (len(heights) - 0.5) * coarse.dx
    with rasterio.open(tile, "w", driver="GTiff", dtype="float32", count=1, width=heights.shape[1],
                       height=heights.shape[0], crs=coarse.crs,
                       transform=rasterio.transform.from_origin(*corner, coarse.dx, coarse.dx)) as f:
        f.write(heights[::-1], 1)
    words = ["terrain", "learn", str(DRIVE), "--terrain", str(tile), "--out", str(out), "--date", "2026-05-12"]
    assert main(words) == 0
    assert main(words) == 0
    assert "learned posts" in capsys.readouterr().out
    with rasterio.open(next(out.glob("learned_*.tif"))) as f:
        assert f.descriptions == ("height", "sigma", "count", "time")
        assert np.nanmax(f.read(3)) == 2.0


def drive_window(ground: Terrain, x: float, y: float) -> dict[str, object] | None:
    """The window of an engine that stands level at a place."""
    log = Log.open(DRIVE)
    config = make_config(VEHICLE, log, guidance=False)
    engine = _core.Engine(config)
    engine.set_terrain(ground.grid)
    engine.set_start(x, y, 0.0, 0.0, 0.01, 0.01)
    engine.push(log.imu[:400])
    engine.tick(int(log.imu["t_ns"][399]))
    return engine.window()


def test_the_window_shows_the_terrain_it_is_laid_over(coarse):
    """GIVEN a coarse terrain WHEN the engine stands on it THEN the window is that surface, unknown where it ends."""
    west, south, _, north = coarse.bounds
    window = drive_window(coarse, west + 10.0, 0.5 * (south + north))
    assert window is not None
    ny, nx = window["height"].shape
    x, y = np.meshgrid(window["x0"] + window["dx"] * np.arange(nx), window["y0"] + window["dx"] * np.arange(ny))
    of_terrain = window["origin"] == 1
    np.testing.assert_allclose(window["height"][of_terrain], coarse.height(x, y)[of_terrain], atol=2e-3)
    assert np.isnan(window["height"][window["origin"] == 0]).all()
    assert np.isnan(coarse.height(x, y)[window["origin"] == 0]).all()
    assert (window["origin"] == 0).any()


def test_fine_terrain_is_read_in_place(fine):
    west, south, _, north = fine.bounds
    assert drive_window(fine, west + 10.0, 0.5 * (south + north)) is None


def test_a_window_that_was_moved_is_the_one_laid_afresh(coarse):
    """GIVEN a whole drive WHEN its window has moved many times THEN posts no wheel taught are the terrain's still."""
    begun = None
    log = Log.open(DRIVE)
    engine = _core.Engine(make_config(VEHICLE, log, guidance=False))
    engine.set_terrain(coarse.grid)
    engine.set_start(*log.meta.start[:2], 0.0, log.meta.start[2], 0.05, 0.01)
    kinds, rows, t_ns = log.timeline()
    step = len(t_ns) // 300
    for first in range(0, len(t_ns), step):
        engine.push_merged(kinds[first:first + step], rows[first:first + step], log.arrays)
        engine.tick(int(t_ns[min(first + step, len(t_ns)) - 1]))
        begun = begun or engine.window()
    last = engine.window()
    assert last is not None
    assert last["x0"] - begun["x0"] > 10.0
    ny, nx = last["height"].shape
    x, y = np.meshgrid(last["x0"] + last["dx"] * np.arange(nx), last["y0"] + last["dx"] * np.arange(ny))
    untouched = last["origin"] == 1
    np.testing.assert_allclose(last["height"][untouched], coarse.height(x, y)[untouched], atol=2e-3)
    assert (last["origin"] == 2).sum() > 500
    assert np.isfinite(last["taught"][last["origin"] == 2]).all()


@pytest.mark.parametrize(("name", "value"), [("posts", 63), ("posts", 5000), ("spacing", 0.0), ("spacing", np.nan),
                                             ("offset_sd", 0.0), ("offset_walk", -1.0)])
def test_a_window_that_cannot_be(name, value):
    config = make_config(VEHICLE)
    config["window"][name] = value
    with pytest.raises(CoreError, match="not finite or outside"):
        _core.Engine(config)


def test_tile_keys_are_their_places():
    learned = Learned(None)
    learned.put(np.array([-1, TILE]), np.array([0, 0]), np.zeros(2), np.ones(2), np.ones(2), 1.0)
    assert set(learned.tiles) == {(-1, 0), (1, 0)}


def test_a_folder_without_learned_tiles_holds_nothing(tmp_path: Path):
    assert Learned.read(tmp_path / "none", None).posts == 0
