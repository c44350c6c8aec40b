"""What lessons say of a terrain's error: a Gaussian process asked about ground whose error is known."""
from dataclasses import replace

import numpy as np
import pytest

from trailcoach import _core
from trailcoach.engine import make_config
from trailcoach.ground_error import UNFELT_SD, Offset, Taught, teach
from trailcoach.lessons import STEP, Lessons
from trailcoach.vehicle import Vehicle

VEHICLE = Vehicle.load("jeep-wrangler-jlur")
CELL, SIGMA = 1.0, 0.1
WEST, SOUTH, DX, NX, NY = 100.0, 200.0, 0.1, 400, 120
ALONG = np.arange(105.0, 130.0, STEP)
MIDDLE = SOUTH + 6.0


def level(sigma: float = SIGMA) -> _core.Grid:
    """Ground that is level as far as is known."""
    grid = _core.Grid(np.zeros((NY, NX), np.float32), WEST, SOUTH, DX, sigma)
    grid.tell(np.full((NY, NX), sigma, np.float32), cell=CELL)
    return grid


def engine() -> _core.Engine:
    return _core.Engine(make_config(VEHICLE, guidance=False))


def lessons(left: np.ndarray, right: np.ndarray, offset: float = 0.0, place_sd: float = 0.0) -> Lessons:
    """Of a drive east over tracks whose true heights at ALONG are these, and that go on as they end."""
    ahead = ALONG + VEHICLE.wheelbase
    rear_left, rear_right = left, right
    front_left, front_right = (np.interp(ahead, ALONG, track) for track in (left, right))
    share, n = engine().front_roll_share, len(ALONG)
    rest = np.column_stack([
        0.5 * (rear_left + rear_right) + offset,
        share * (front_left - front_right) / VEHICLE.front_axle.track
        + (1.0 - share) * (rear_left - rear_right) / VEHICLE.rear_axle.track,
        0.5 * (rear_left + rear_right - front_left - front_right) / VEHICLE.wheelbase])
    return Lessons(pose=np.column_stack([ALONG, np.full(n, MIDDLE), np.zeros(n)]), rest=rest + at_rest(n),
                   variance=np.tile([0.01**2, 0.003**2, 0.003**2], (n, 1)), wandering=np.zeros(n),
                   place_variance=np.full(n, place_sd**2), distance=np.arange(n) * STEP)


def at_rest(n: int) -> np.ndarray:
    """Height, roll and pitch on level ground."""
    e = engine()
    e.set_terrain(level())
    stand = e.settle(np.array([[ALONG[0], MIDDLE, 0.0]]))[0]
    return np.tile([stand["z"], stand["roll"], stand["pitch"]], (n, 1))


def ask(given: Lessons, sigma: float = SIGMA, offset: Offset | None = None) -> Taught:
    taught = teach(VEHICLE, engine(), level(sigma), given, np.ones(len(given), bool), offset or Offset(0.0, 0.01**2))
    assert taught is not None
    return taught


def near(taught: Taught, x: np.ndarray, y: float) -> tuple[np.ndarray, np.ndarray]:
    """What is said and how surely at posts nearest to places of a row, NaN where nothing is."""
    told, sigma = np.full((2, NY, NX), np.nan)
    told[taught.j, taught.i], sigma[taught.j, taught.i] = taught.more, taught.sigma
    i, j = np.rint((x - WEST) / DX).astype(int), round((y - SOUTH) / DX)
    return told[j, i], sigma[j, i]


def wave(metres: float) -> np.ndarray:
    return 0.12 * np.sin(2.0 * np.pi * (ALONG - ALONG[0]) / metres)


LEFT, RIGHT = MIDDLE + 0.5 * VEHICLE.rear_axle.track, MIDDLE - 0.5 * VEHICLE.rear_axle.track
INNER = slice(20, -35)


@pytest.mark.parametrize("sides", [(1.0, 1.0), (1.0, -1.0), (1.0, 0.0)])
def test_tracks_are_found(sides):
    """GIVEN ground that is off below one wheel, both alike, or both against each other WHEN a vehicle has come by THEN
    what it says is off by a fifth of that, and less than half as unsure as before."""
    taught = ask(lessons(sides[0] * wave(7.0), sides[1] * wave(7.0)))
    for side, y in zip(sides, (LEFT, RIGHT), strict=True):
        told, sigma = near(taught, ALONG, y)
        assert np.sqrt(np.mean((told - side * wave(7.0))[INNER]**2)) < 0.2 * 0.12 / np.sqrt(2.0)
        assert (sigma[INNER] < 0.5 * SIGMA).all()
        assert (sigma[INNER] >= 0.9 * UNFELT_SD).all()


def test_the_offset_is_no_ground():
    """GIVEN heights of the vehicle 3 m too high WHEN nothing is known of that THEN it is found, the ground is told."""
    offset = Offset()
    told, _ = near(ask(lessons(wave(5.0), wave(5.0), offset=3.0), offset=offset), ALONG, LEFT)
    assert offset.mean == pytest.approx(3.0, abs=0.05)
    assert offset.variance < 0.06**2
    assert np.sqrt(np.mean((told - wave(5.0))[INNER]**2)) < 0.3 * 0.12 / np.sqrt(2.0)


def test_a_vehicle_unsure_of_its_place_teaches_less():
    """GIVEN the same drive WHEN its place is known to half a cell only THEN less is said, and less surely."""
    (told, sigma), (less, unsure) = (near(ask(lessons(wave(7.0), wave(7.0), place_sd=sd)), ALONG, LEFT)
                                     for sd in (0.0, 0.5))
    assert np.std(less[INNER]) < 0.9 * np.std(told[INNER])
    assert (unsure[INNER] > sigma[INNER]).all()


def test_ground_beside_a_track_is_told_less_surely_the_farther_off():
    taught = ask(lessons(wave(7.0), wave(7.0)))
    sigma = [np.nanmean(near(taught, ALONG[INNER], LEFT + aside)[1]) for aside in (0.0, 0.2, 0.4, 0.6)]
    assert np.all(np.diff(sigma) > 0.0)
    assert np.isnan(near(taught, ALONG[INNER], LEFT + 2.0)[0]).all()


def test_ground_surer_than_wheels_tell_stays():
    """GIVEN ground known to a centimetre WHEN a vehicle comes by THEN nothing is taught."""
    assert not len(ask(lessons(wave(7.0), wave(7.0)), sigma=0.01).i)


def test_one_lesson_that_cannot_be_of_the_ground_counts_for_nothing():
    """GIVEN a drive with one height 2 m off WHEN it is learnt THEN the ground there is told as without it."""
    given = lessons(wave(7.0), wave(7.0))
    odd = given[np.arange(len(given))]
    odd.rest[60, 0] += 2.0
    (told, _), (as_well, _) = (near(ask(one), ALONG, LEFT) for one in (given, odd))
    np.testing.assert_allclose(as_well[INNER], told[INNER], atol=0.02)


def test_no_lesson_on_ground_that_is_not_there():
    """GIVEN a drive beside the terrain WHEN it is learnt from THEN there is nothing to say."""
    given = lessons(wave(7.0), wave(7.0))
    beside = replace(given, pose=given.pose + np.array([0.0, 50.0, 0.0]))
    assert teach(VEHICLE, engine(), level(), beside, np.ones(len(given), bool), Offset()) is None


def test_stretches_cover_a_drive_once():
    given = lessons(wave(7.0), wave(7.0))
    parts = list(given.stretches(6.0, 2.0))
    np.testing.assert_array_equal(np.concatenate([p.distance[own] for p, own in parts]), given.distance)
    assert all(p.distance[-1] - p.distance[0] < 10.0 + 2 * STEP for p, _ in parts)


def test_a_body_that_follows_late_is_put_where_it_would_rest():
    """GIVEN roll that follows a slow wave of the ground as a damped spring WHEN asked where it would rest THEN most of
    the lag is gone."""
    t = np.arange(0.0, 10.0, 0.05)
    ground, w = 0.1 * np.sin(2.0 * t), 2.0 * np.pi * 1.1
    body, rate, roll = 0.0, 0.0, []
    for k in range(len(t) * 50):
        push = np.interp(k * 0.001, t, ground)
        rate += 0.001 * (w * w * (push - body) - 2.0 * 0.155 * w * rate)
        body += 0.001 * rate
        if k % 50 == 0:
            roll.append(body)
    pose = np.column_stack([np.zeros(len(t)), roll, np.zeros(len(t))])
    rest, variance = _core.at_rest((t * 1e9).astype(np.int64), pose)
    after = t > 4.0
    told = np.isfinite(rest[:, 1])
    assert np.isnan(rest[:3]).all()
    assert np.isnan(rest[-3:]).all()
    lag, left = (np.std((a - ground)[after & told]) for a in (pose[:, 1], rest[:, 1]))
    assert left < 0.3 * lag
    assert (variance[told] >= 0.0).all()
