"""Terrain aiding: the place found by how the vehicle stands, and silence where the ground says nothing."""
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from drives import VEHICLE, smooth_drive

from trailcoach import _core
from trailcoach.engine import make_config, vehicle_of
from trailcoach.errors import CoreError
from trailcoach.fusion import KINDS, Status, Track, fuse
from trailcoach.log import Log
from trailcoach.oddities import oddities
from trailcoach.terrain import Terrain

DRIVES = Path(__file__).parent.parent / "terrain_data" / "drives"
TERRAIN = KINDS.index("terrain")


class Ridden:
    """A bundled rock drive: its log without GNSS, its ground and truth."""

    def __init__(self, folder: Path) -> None:
        self.with_gnss = Log.open(folder)
        self.log = replace(self.with_gnss, gnss=None)
        self.terrain = Terrain.open(folder / "terrain.tif")
        truth = np.genfromtxt(folder / "truth.csv", delimiter=",", names=True)
        self.t = truth["t"]
        self.position = np.column_stack([truth[c] for c in "xyz"])

    def error(self, track: Track) -> np.ndarray:
        """Position error, m (n, 3), at the track's times."""
        return track.position - np.column_stack([np.interp(track.t, self.t, p) for p in self.position.T])


@pytest.fixture(scope="module", params=["d00", "d01"])
def ridden(request: pytest.FixtureRequest) -> Ridden:
    return Ridden(DRIVES / request.param)


@pytest.fixture(scope="module")
def d01() -> Ridden:
    return Ridden(DRIVES / "d01")


def without_aiding(log: Log) -> np.ndarray:
    config = make_config(vehicle_of(log), log, guidance=False)
    config["fusion"]["rest_height_sd"] = 0.0
    return config


def with_start(log: Log, east: float = 0.0, north: float = 0.0) -> Log:
    x, y, yaw = log.meta.start
    return replace(log, meta=msgspec.structs.replace(log.meta, start=(x + east, y + north, yaw)))


def test_rocks_show_the_place_without_gnss(ridden: Ridden) -> None:
    # given a start pose, wheels, IMU, inclinometer and the ground
    track = fuse(ridden.log, terrain=ridden.terrain)
    error = ridden.error(track)
    # then the end is known to 0.2 m, the height to centimetres, as surely as it is said
    assert np.hypot(*error[-1, :2]) < 0.2
    assert np.sqrt((error[track.t > 2.0, 2]**2).mean()) < 0.03
    assert (abs(error) < 3.0 * track.sd_position).mean(axis=0).min() > 0.95
    # and better than dead reckoning can be
    alone = fuse(ridden.log, terrain=ridden.terrain, config=without_aiding(ridden.log))
    assert np.hypot(*track.sd_position[-1, :2]) < 0.3 * np.hypot(*alone.sd_position[-1, :2])
    assert track.state["used"][-1, TERRAIN] > 100
    assert track.state["gated"][-1, TERRAIN] < 5


def test_it_can_be_switched_off(d01: Ridden) -> None:
    off = fuse(d01.log, terrain=d01.terrain, config=without_aiding(d01.log))
    assert off.state["used"][-1, TERRAIN] == off.state["gated"][-1, TERRAIN] == 0
    # as if there were no terrain but for the height at the start
    bare = fuse(d01.log)
    assert abs((off.position - off.position[0]) - (bare.position - bare.position[0])).max() < 1e-6


def test_a_start_half_a_metre_off_is_found_out(d01: Ridden) -> None:
    track = fuse(with_start(d01.log, east=0.3, north=-0.4), terrain=d01.terrain)
    error = np.hypot(*d01.error(track)[:, :2].T)
    assert error[track.t > 2.0][0] > 0.4
    assert error[track.distance > 10.0].max() < 0.25


def test_flat_ground_says_nothing_of_the_place() -> None:
    # given a drive over a plane
    drive = smooth_drive(seed=8, duration=30.0, tilt=0.0)
    x, y, z = drive.position[0]
    plane = Terrain.from_heights(np.full((600, 600), z, np.float32), x - 60.0, y - 60.0, 0.2)
    on_plane, alone = (fuse(drive.log, VEHICLE, plane, config=c) for c in (None, without_aiding(drive.log)))
    assert on_plane.state["used"][-1, TERRAIN] > 100
    # then the place is no surer than without aiding, and as good
    moving = on_plane.distance > 1.0
    assert (on_plane.sd_position[moving, :2] >= 0.99 * alone.sd_position[moving, :2]).all()
    end = drive.t.searchsorted(on_plane.t[-1]) - 1
    errors = [np.hypot(*(t.position[-1] - drive.position[end])[:2]) for t in (on_plane, alone)]
    assert errors[0] < errors[1] + 0.05
    # but the height is known
    assert abs(on_plane.position[-1, 2] - z) < 0.03
    assert on_plane.sd_position[-1, 2] < 0.03


def test_where_the_ground_is_unknown_it_is_dead_reckoning(d01: Ridden) -> None:
    # given a map that ends 8 m from the start
    x, _, _ = d01.log.meta.start
    heights = d01.terrain.grid.heights.copy()
    west = d01.terrain.x0 + d01.terrain.dx * np.arange(heights.shape[1])
    heights[:, west > x + 8.0] = np.nan
    half = Terrain.from_heights(heights, d01.terrain.x0, d01.terrain.y0, d01.terrain.dx)
    track = fuse(d01.log, terrain=half)
    beyond = track.distance > 12.0
    used = track.state["used"][beyond, TERRAIN]
    assert used[0] == used[-1] > 10
    assert (np.diff(np.hypot(*track.sd_position[beyond, :2].T)[::50]) > 0.0).all()
    assert (abs(d01.error(track)) < 3.0 * track.sd_position).mean(axis=0).min() > 0.95


def test_the_map_of_another_place_is_refused(ridden: Ridden, d01: Ridden) -> None:
    # given a drive's log with the ground of another one
    other = Ridden(DRIVES / "d00").terrain if ridden.position[0, 1] == d01.position[0, 1] else d01.terrain
    track = fuse(ridden.log, terrain=other)
    # then aiding is flagged as off, and the place is where dead reckoning says
    assert (track.status & Status.TERRAIN).any()
    assert track.state["resets"][-1] >= 1
    error = np.hypot(*ridden.error(track)[:, :2].T)
    assert error.max() < 2.0
    assert error[-1] < 3.0 * np.hypot(*track.sd_position[-1, :2])
    assert any("the terrain says" in note for note in oddities(ridden.log, track.state))


@pytest.mark.parametrize("above", [0.0, 0.3, 30.0, -45.0])
@pytest.mark.parametrize("start", [True, False])
def test_heights_of_another_datum_are_found_out(d01: Ridden, above: float, start: bool) -> None:
    # given fixes whose heights are above the terrain's by a constant
    gnss = d01.with_gnss.gnss.copy()
    gnss["position"][:, 2] += above
    log = replace(d01.with_gnss, gnss=gnss)
    if not start:
        log = replace(log, meta=msgspec.structs.replace(log.meta, start=None))
    track = fuse(log, terrain=d01.terrain)
    # then the height is the ground's, and the constant is known as well as is said
    height = d01.error(track)[:, 2]
    assert abs(height[track.t > 15.0]).max() < 0.06
    assert abs(track.state["gnss_datum"][-1] - above) < 2.0 * track.state["sd_gnss_datum"][-1] < 0.1
    assert track.columns()["gnss_datum"][-1] == track.state["gnss_datum"][-1]


def test_without_terrain_the_fixes_are_the_datum(d01: Ridden) -> None:
    gnss = d01.with_gnss.gnss.copy()
    gnss["position"][:, 2] += 30.0
    track = fuse(replace(d01.with_gnss, gnss=gnss))
    assert track.state["sd_gnss_datum"][-1] == 0.0
    assert "gnss_datum" not in track.columns()
    assert abs(d01.error(track)[-1, 2] - 30.0) < 0.15


def test_the_datum_can_be_said_to_be_the_same(d01: Ridden) -> None:
    config = make_config(vehicle_of(d01.with_gnss), d01.with_gnss, guidance=False)
    config["fusion"]["gnss_datum_sd"] = 0.0
    track = fuse(d01.with_gnss, terrain=d01.terrain, config=config)
    assert track.state["gnss_datum"][-1] == track.state["sd_gnss_datum"][-1] == 0.0
    assert abs(d01.error(track)[-1, 2]) < 0.06


@pytest.mark.parametrize("field", ["rest_height_sd", "rest_attitude_sd", "gnss_datum_sd"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_its_noise_is_checked(d01: Ridden, field: str, value: float) -> None:
    config = make_config(vehicle_of(d01.log), d01.log, guidance=False)
    config["fusion"][field] = value
    with pytest.raises(CoreError):
        _core.Engine(config)


def test_same_samples_and_ground_give_the_same_bits(d01: Ridden) -> None:
    tracks = [fuse(d01.with_gnss, terrain=d01.terrain).state.tobytes() for _ in range(2)]
    assert tracks[0] == tracks[1]


@pytest.mark.parametrize("name", ["d00", "d01", "d02", "d03"])
def test_rock_drives_end_where_the_ground_says(shared: Path, name: str) -> None:
    # d02 hangs on its belly after 16 m and spins its wheels for a minute: on such ground what does not tilt stands
    drive = Ridden(shared / "data" / "rig" / "drives" / name)
    track = fuse(drive.log, terrain=drive.terrain)
    error = drive.error(track)
    assert np.hypot(*error[-1, :2]) < 0.4
    assert (abs(error) < 3.0 * track.sd_position).mean(axis=0).min() > 0.9


def without_start(log: Log) -> Log:
    """Without start pose, and fixes without velocities."""
    gnss = log.gnss.copy()
    gnss["flags"] = 0
    return replace(log, gnss=gnss, meta=msgspec.structs.replace(log.meta, start=None))


def way_to_heading(track: Track) -> float:
    """Rolled until the heading is claimed, m."""
    return float(track.distance[np.argmax((track.status & Status.HEADING) != 0)])


def test_ground_with_features_shows_the_heading(d01: Ridden) -> None:
    # given precise fixes, and nothing that tells the heading
    log = without_start(d01.with_gnss)
    aided, alone = fuse(log, terrain=d01.terrain), fuse(log)
    # then it is known sooner than from the way between the fixes, and as well as is said
    assert way_to_heading(aided) < 0.85 * way_to_heading(alone)
    first = np.argmax((aided.status & Status.HEADING) != 0)
    yaw = np.genfromtxt(DRIVES / "d01" / "truth.csv", delimiter=",", names=True)["yaw"]
    error = aided.attitude[first, 2] - np.interp(aided.t[first], d01.t, np.unwrap(yaw))
    assert abs((error + np.pi) % (2.0 * np.pi) - np.pi) < 3.0 * aided.sd_attitude[first, 2] < 0.5


def test_level_ground_does_not() -> None:
    drive = smooth_drive(seed=8, duration=20.0, tilt=0.0, gnss=True, start=False)
    x, y, z = drive.position[0]
    plane = Terrain.from_heights(np.full((600, 600), z, np.float32), x - 60.0, y - 60.0, 0.2)
    log = without_start(drive.log)
    assert way_to_heading(fuse(log, VEHICLE, plane)) == way_to_heading(fuse(log, VEHICLE))
