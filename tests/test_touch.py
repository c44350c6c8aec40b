"""P(contact) of a pose against ground simulated one by one: a Monte Carlo of errors, through the exact stance."""
import numpy as np
import pytest
from grounds import DX, SOUTH, WEST, X, Y, flat, rock
from scipy.ndimage import gaussian_filter
from scipy.stats import norm
from test_coach import Drive, bump

from trailcoach._core import Grid
from trailcoach.stance import settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

CORRELATION = 0.3                                           # m, as the core takes it
STANDS = np.array([[0.0, 0.0, 0.0]])
DRAWS = 60


@pytest.fixture(scope="module", params=["jeep-wrangler-jlur", "land-rover-defender-110"])
def vehicle(request):
    return Vehicle.load(request.param)


def noisy(rng, heights, sigma):
    noise = gaussian_filter(rng.standard_normal(X.shape), CORRELATION / DX / np.sqrt(2.0), mode="wrap")
    return heights + sigma * noise / noise.std()


def settled(vehicle, heights, sigma):
    return settle(vehicle, Terrain.from_heights(heights.astype(np.float32), WEST, SOUTH, DX, sigma=sigma), STANDS)


def peg(x, y, height):
    """A small stone: the place a part touches is known."""
    return rock(x, y, 0.1, height)


@pytest.mark.parametrize(("name", "left"), [("transfer_case", 0.0), ("rear_bumper", 0.3), ("rocker_left", 0.0)])
def test_the_gap_varies_as_errors_of_the_ground_make_it(vehicle, name, left):
    # given a stone under a part, and maps of it with errors of 2 cm
    part = vehicle.part_names.index(name)
    centre, low = vehicle.part[part].centre, settled(vehicle, flat(), 0.0).clearance[0, part]
    true = peg(centre[0], centre[1] + left, low)
    rng = np.random.default_rng(1)
    gaps = np.array([settled(vehicle, noisy(rng, true, 0.02), 0.02).clearance[0, part] for _ in range(DRAWS)])
    # when the spread that the probability on the true map stands for is read off two heights of the stone
    chance = [settled(vehicle, peg(centre[0], centre[1] + left, low + d), 0.02).contact_probability[0, part]
              for d in (-0.025, 0.025)]
    told = 0.05 / (norm.ppf(chance[1]) - norm.ppf(chance[0]))
    # then it is the spread of the gaps, as near as so many maps tell it
    assert told == pytest.approx(np.std(gaps), rel=0.35)


def test_a_part_far_behind_the_axle_is_less_certain_than_one_between_the_wheels(vehicle):
    # given parts with the same gap of a few cm, one amid the wheels and one behind them
    chance = {}
    for name in ("transfer_case", "rear_bumper"):
        part = vehicle.part_names.index(name)
        centre, low = vehicle.part[part].centre, settled(vehicle, flat(), 0.0).clearance[0, part]
        chance[name] = settled(vehicle, peg(*centre[:2], low - 0.015), 0.03).contact_probability[0, part]
    assert chance["rear_bumper"] > chance["transfer_case"] > 0.05


def test_errors_from_post_to_post_count_for_less(vehicle):
    """Tyres and parts span many posts: the same sigma in white noise moves a vehicle less than a swell does."""
    part = vehicle.part_names.index("transfer_case")
    low = settled(vehicle, flat(), 0.0).clearance[0, part]
    true = rock(vehicle.part[part].centre[0], 0.0, 0.4, low - 0.06)
    rng = np.random.default_rng(2)
    gaps = {}
    for kind in ("white", "swell"):
        gaps[kind] = []
        for _ in range(DRAWS // 2):
            heights = true + 0.03 * rng.standard_normal(X.shape) if kind == "white" else noisy(rng, true, 0.03)
            gaps[kind].append(settled(vehicle, heights, 0.03).clearance[0, part])
    assert np.nanstd(gaps["white"]) < 0.8 * np.nanstd(gaps["swell"])


def test_what_is_deep_in_the_ground_touches_whatever_the_errors(vehicle):
    block = np.where((abs(X - 1.45) < 0.3) & (abs(Y) < 0.3), 0.7, 0.0)
    part = vehicle.part_names.index("transfer_case")
    for sigma in (0.0, 0.01, 0.05):
        assert settled(vehicle, block, sigma).contact_probability[0, part] > 0.99


def test_probabilities_are_probabilities_however_little_is_known(vehicle):
    for sigma in (0.0, 1e-6, 0.5, 10.0, 1e4):
        chance = settled(vehicle, rock(1.4, 0.1, 0.4, 0.25), sigma).contact_probability
        assert np.isfinite(chance).all()
        assert (chance >= 0.0).all()
        assert (chance <= 1.0).all()


def test_it_falls_with_clearance_on_any_ground_whatever_the_errors(vehicle):
    part = vehicle.part_names.index("transfer_case")
    centre, low = vehicle.part[part].centre, settled(vehicle, flat(), 0.0).clearance[0, part]
    rng = np.random.default_rng(3)
    for sigma, noise in ((0.01, 0.0), (0.03, 0.03 * rng.standard_normal(X.shape)), (1.0, 0.0)):
        chance = [settled(vehicle, noise + rock(centre[0], 0.0, 0.4, low + d), sigma).contact_probability[0, part]
                  for d in np.linspace(-0.15, 0.15, 13)]
        assert np.all(np.diff(chance) >= 0.0)


def test_large_errors_leave_what_is_usual(vehicle):
    """Where nothing is known the chance is that of the prior: neither none nor for sure."""
    part = vehicle.part_names.index("transfer_case")
    chance = [settled(vehicle, rock(1.4, 0.1, 0.4, 0.25), sigma).contact_probability[0, part] for sigma in (1.0, 10.0)]
    assert chance[1] == pytest.approx(chance[0], rel=0.5)
    assert 0.01 < chance[0] < 0.5


def test_white_errors_on_smooth_ground_are_looked_through(vehicle):
    # given maps of a broad rise that clears a part by 5 cm, with white errors of 5 cm: on many it is far less
    part = vehicle.part_names.index("transfer_case")
    low = settled(vehicle, flat(), 0.0).clearance[0, part]
    true = rock(vehicle.part[part].centre[0], 0.0, 0.4, low - 0.05)
    rng = np.random.default_rng(4)
    maps = [settled(vehicle, true + 0.05 * rng.standard_normal(X.shape), 0.05) for _ in range(DRAWS // 3)]
    gaps, chances = np.array([(m.clearance[0, part], m.contact_probability[0, part]) for m in maps]).T
    # then contact is not expected where the map says it is
    assert (gaps < 0.01).any()
    assert np.median(chances[gaps < 0.01]) < 0.25


def test_a_stake_in_white_errors_is_no_error(vehicle):
    part = vehicle.part_names.index("transfer_case")
    x, y = vehicle.part[part].centre[:2]
    low = settled(vehicle, flat(), 0.0).clearance[0, part]
    heights = 0.01 * np.random.default_rng(5).standard_normal(X.shape)
    heights[np.unravel_index(np.hypot(X - x, Y - y).argmin(), X.shape)] = low + 0.05
    assert settled(vehicle, heights, 0.01).contact_probability[0, part] > 0.9


def test_the_coach_asks_the_ground_of_the_pose_a_step_is_about():
    """The same gap on a line is less likely none on level ground than among rocks as high as the part."""
    jeep = Vehicle.load("jeep-wrangler-jlur")
    part, chance = jeep.part_names.index("rear_diff"), {}
    for name, heights in (("flat", flat()), ("rocks", rock(2.6, 0.5, 0.3, 0.35) + rock(4.0, -0.4, 0.3, 0.35))):
        drive = Drive()
        drive.part, drive.grid = part, Grid(heights.astype(np.float32), WEST, SOUTH, DX, 0.05)
        drive.off_line = lambda x: -0.3
        drive.aside_part = part
        drive.aside_clearance = bump(2.0, 2.5, 0.02, 0.2)
        drive.tick()
        chance[name] = drive.said[0][2]["probability"]
    assert chance["rocks"] > 1.2 * chance["flat"]
