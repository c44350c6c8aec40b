"""What clearance is sure without a stance: never more than the exact one, whatever the ground."""
import numpy as np
import pytest
from grounds import X, Y, flat, rocks, terrain

from trailcoach.errors import InputError
from trailcoach.stance import Rest, assured_clearance, settle
from trailcoach.vehicle import Vehicle

VEHICLES = ("jeep-wrangler-jlur", "land-rover-defender-110", "suzuki-jimny-jb74")
POSES = 150


@pytest.fixture(scope="module", params=VEHICLES)
def vehicle(request):
    return Vehicle.load(request.param)


def anywhere(seed):
    rng = np.random.default_rng(seed)
    return rng.uniform((0.0, -4.0, -np.pi), (18.0, 4.0, np.pi), (POSES, 3))


def rolling(seed):
    """Swells and steps: 15 deg of slope at most, ledges of 20 cm."""
    rng = np.random.default_rng(seed)
    a, b, phase = rng.uniform(0.3, 0.9), rng.uniform(0.3, 0.9), rng.uniform(0.0, 6.0)
    return 0.25 * np.sin(a * X + phase) + 0.2 * np.cos(b * Y) + 0.2 * (rng.uniform(4.0, 12.0) < X)


GROUNDS = [pytest.param(lambda seed: rocks(seed, 40), id="few rocks"),
           pytest.param(lambda seed: rocks(seed, 240), id="many rocks"), pytest.param(rolling, id="swells and a ledge")]


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("seed", range(2))
def test_no_contact_is_missed(vehicle, ground, seed):
    # given poses on ground known exactly
    here, poses = terrain(ground(seed)), anywhere(seed + 10)
    # when what is sure there is held against the stances
    sure, stance = assured_clearance(vehicle, here, poses), settle(vehicle, here, poses)
    rests = stance.status == Rest.OK
    # then no pose has less clearance than was sure; where something may touch nothing is sure
    assert rests.mean() > 0.9
    assert (stance.clearance[rests].min(axis=1) >= sure[rests]).all()
    assert ((sure >= 0.0) | (sure == -np.inf)).all()


def test_on_level_ground_all_is_sure(vehicle):
    poses = anywhere(1)
    sure, exact = assured_clearance(vehicle, terrain(flat()), poses), settle(vehicle, terrain(flat()), poses).clearance
    assert (sure > 0.0).all()
    assert (sure <= exact.min(axis=1)).all()


def test_nothing_is_sure_where_the_ground_is_not_known(vehicle):
    # given ground with a hole under the pose, and poses off the map and nowhere
    here = terrain(np.where(np.hypot(X - 1.5, Y) < 0.4, np.nan, 0.0))
    poses = np.array([[0.0, 0.0, 0.0], [500.0, 0.0, 0.0], [np.nan, 0.0, 0.0], [5.0, 0.0, np.inf]])
    # then nothing is said of them
    assert (assured_clearance(vehicle, here, poses) == -np.inf).all()


def test_poses_that_are_none(vehicle):
    with pytest.raises(InputError, match="shape"):
        assured_clearance(vehicle, terrain(flat()), np.zeros((3, 2)))
