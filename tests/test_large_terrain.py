"""A drive over ground too large for memory: window by window, the same at the desk and in a C host."""
import subprocess
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from trailcoach import abi
from trailcoach.along import plan_along
from trailcoach.engine import Engine, make_config
from trailcoach.line import plan
from trailcoach.log import Log
from trailcoach.playback import TICK_RATE, driven_trail, record, replay_log, ticks, write_results
from trailcoach.recording import tick_times
from trailcoach.stance import settle
from trailcoach.stretches import AHEAD, Stretches
from trailcoach.terrain import Terrain
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle

ROOT = Path(__file__).parent.parent
DRIVE = ROOT / "terrain_data" / "drives" / "d01"


@pytest.fixture(scope="module")
def grounds(tmp_path_factory) -> tuple[Terrain, Terrain]:
    """The bundled ground in tiles that overlap, once whole, once never held whole."""
    folder = tmp_path_factory.mktemp("tiles")
    with rasterio.open(DRIVE / "terrain.tif") as f:
        heights, t, crs = f.read(1), f.transform, f.crs
    for k, first in enumerate(range(0, heights.shape[1] - 100, 450)):
        part = heights[:, first:first + 520]
        with rasterio.open(folder / f"{k}.tif", "w", driver="GTiff", width=part.shape[1], height=part.shape[0],
                           count=1, dtype="float32", crs=crs, compress="deflate",
                           transform=Affine(t.a, 0, t.c + first * t.a, 0, t.e, t.f)) as f:
            f.write(part, 1)
    return Terrain.open(folder), Terrain.open(folder, whole_posts=0, cache_mb=1.0)


def test_tiles_of_the_bundled_ground_are_that_ground(grounds):
    np.testing.assert_array_equal(grounds[0].grid.heights, Terrain.open(DRIVE / "terrain.tif").grid.heights)


def test_settle_is_the_same_square_by_square(grounds):
    vehicle, rng = Vehicle.load("jeep-wrangler-jlur"), np.random.default_rng(0)
    west, south, east, north = grounds[0].bounds
    poses = rng.uniform((west, south, -3.0), (east, north, 3.0), (150, 3))
    poses[7] = np.nan
    whole, by_squares = (settle(vehicle, terrain, poses) for terrain in grounds)
    np.testing.assert_array_equal(whole.status, by_squares.status)
    np.testing.assert_allclose(by_squares.z, whole.z, atol=1e-6)
    np.testing.assert_allclose(by_squares.clearance, whole.clearance, atol=1e-4)


def test_plans_are_the_same_window_by_window(grounds):
    vehicle, whole = Vehicle.load("jeep-wrangler-jlur"), grounds[0]
    x, y = whole.bounds[0] + 5.0, (whole.bounds[1] + whole.bounds[3]) / 2
    a, b = (plan(vehicle, terrain, (x, y, 0.0), (x + 8.0, y + 0.3), max_stances=1500) for terrain in grounds)
    assert a.outcome == b.outcome
    np.testing.assert_allclose(b.points["x"], a.points["x"], atol=1e-6)
    trail = Trail(np.array([[x, y], [x + 30.0, y]]))
    a, b = (plan_along(vehicle, terrain, trail) for terrain in grounds)
    assert a.outcome == b.outcome
    np.testing.assert_allclose(b.points["x"][-1], a.points["x"][-1], atol=0.5)


def test_replay_over_windows_says_what_it_says_over_the_whole(grounds, tmp_path):
    log, vehicle = Log.open(DRIVE), Vehicle.load("land-rover-defender-110")
    whole, by_windows = (replay_log(log, vehicle, terrain) for terrain in grounds)
    assert [s.text for s in whole.steps] == [s.text for s in by_windows.steps]
    np.testing.assert_allclose(by_windows.stance["z"], whole.stance["z"], atol=1e-6)
    write_results(by_windows, tmp_path)
    assert (tmp_path / "report.html").stat().st_size > 100_000


def test_windows_are_handed_over_on_the_way_and_change_nothing(grounds, monkeypatch):
    # given windows so small that a drive of 30 m needs several
    from trailcoach.tiles import windows
    monkeypatch.setattr(windows, "HALF_SIZE", 26.0)
    log, vehicle = Log.open(DRIVE), Vehicle.load("land-rover-defender-110")
    trail = driven_trail(log, vehicle, grounds[0])
    grids = []
    steps = []
    for terrain in grounds:
        heard: list[object] = []
        grids.append(heard)
        steps.append([s for tick in ticks(log, vehicle, terrain, trail, on_window=heard.append) for s in tick.steps])
    assert len(grids[0]) == 1
    assert len(grids[1]) > 3
    assert [s.text for s in steps[0]] == [s.text for s in steps[1]]


def test_a_c_host_given_the_recorded_windows_answers_as_python_bit_for_bit(grounds, tmp_path, monkeypatch):
    from native.toolchain import build

    from trailcoach.tiles import windows
    monkeypatch.setattr(windows, "HALF_SIZE", 26.0)
    log, vehicle, terrain = Log.open(DRIVE), Vehicle.load("land-rover-defender-110"), grounds[1]
    trail = driven_trail(log, vehicle, terrain)
    # when Python replays, and a C host replays what was recorded
    record(tmp_path / "drive.tcrec", log, vehicle, terrain, trail)
    host = build(ROOT / "examples" / "host.c", tmp_path)
    lines = subprocess.run([str(host), str(tmp_path / "drive.tcrec")], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    from_c = [[float.fromhex(w) for w in ln.split()[2:5]] for ln in lines if ln.startswith("stance ")]
    engine = Engine(vehicle, terrain, trail, make_config(vehicle, log))
    if log.meta.start is not None:
        engine.start(*log.meta.start)
    kinds, rows, t_ns = log.timeline()
    times, first, from_python = tick_times(log, TICK_RATE), 0, []
    for time, end in zip(times, np.searchsorted(t_ns, times, side="right"), strict=True):
        engine.push_merged(kinds[first:end], rows[first:end], log.arrays)
        first = end
        engine.tick(int(time))
        if (stance := engine.stance) is not None:
            from_python.append([float(stance[k]) for k in ("z", "roll", "pitch")])
    # then every stance is the same to the last bit
    np.testing.assert_array_equal(from_c, from_python)
    assert len(from_c) > 100


def winding(length: float, step: float) -> np.ndarray:
    """A trail (n, 2) that winds and meets itself."""
    s = np.arange(0.0, length, step)
    heading = 1.5 * np.sin(s / 60.0) + 2.5 * np.sin(s / 410.0)
    return np.cumsum(np.column_stack([np.cos(heading), np.sin(heading)]) * step, axis=0)


def test_a_trail_of_100_km_goes_to_the_core_in_parts_that_hold_what_is_ahead():
    # given a trail of 100 km with a point every metre, and a vehicle that drives along it a metre aside
    xy = winding(100e3, 1.0)
    stretches, handed, last = Stretches(Trail(xy)), 0, np.zeros((0, 2))
    for k in range(0, len(xy), 7):
        new = stretches.follow(*(xy[k] + (0.6, -0.8)))
        if new is not None:
            last, handed = new, handed + 1
            assert len(new) <= abi.MAX_TRAIL
        # then the core always holds the trail about it and ahead
        at = int(np.argmin(abs(last - xy[k]).sum(axis=1)))
        np.testing.assert_array_equal(last[at], xy[k])
        assert len(last) - at > AHEAD - 10 or last[-1, 0] == xy[-1, 0]
    assert 10 < handed < 30
    # and the same on the way back
    for k in range(len(xy) - 1, 0, -7):
        new = stretches.follow(*xy[k])
        last = last if new is None else new
        assert abs(last - xy[k]).sum(axis=1).min() == 0.0


def test_a_long_trail_changes_nothing_on_the_way(grounds):
    # given the path driven, and the same that goes on for kilometres
    log, vehicle = Log.open(DRIVE), Vehicle.load("land-rover-defender-110")
    path = driven_trail(log, vehicle, grounds[0]).xy
    on = path[-1] + np.arange(1, 12_000)[:, None] * (0.4, 0.0)
    long = Trail(np.concatenate([path, on]))
    short = Trail(long.xy[:abi.MAX_TRAIL])
    a, b = ([s.text for tick in ticks(log, vehicle, grounds[0], t) for s in tick.steps] for t in (short, long))
    assert a == b
    assert len(a) > 0


def test_a_gpx_of_100_km_is_brought_into_the_system_of_the_terrain(tmp_path):
    from pyproj import Transformer
    xy = winding(100e3, 5.0) + np.array([480e3, 4_250_000.0])
    lon, lat = Transformer.from_crs("EPSG:32612", "EPSG:4326", always_xy=True).transform(*xy.T)
    points = "".join(f'<trkpt lat="{p:.9f}" lon="{q:.9f}"/>' for p, q in zip(lat, lon, strict=True))
    (tmp_path / "t.gpx").write_text(f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>")
    trail = Trail.open(tmp_path / "t.gpx", "EPSG:32612")
    assert len(trail.xy) == 20_000
    np.testing.assert_allclose(trail.xy, xy, atol=1e-3)
