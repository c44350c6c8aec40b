"""What a look of the coach costs, and what the words cost beside it."""
import numpy as np
import pytest

from trailcoach import _core, abi
from trailcoach.coach import Step
from trailcoach.vehicle import Vehicle
from trailcoach.words import Words

JEEP = Vehicle.load("jeep-wrangler-jlur")


@pytest.fixture
def rock_garden():
    """A coach, and the arguments of its tick: 12 m of line that turns every metre and is tight all along."""
    config = _core.default_config()
    config["vehicle"] = JEEP.to_abi()
    rng = np.random.default_rng(3)
    points = np.zeros(121, abi.LINE_POINT)
    points["s"] = points["x"] = np.arange(121) * 0.1
    points["steer"] = np.repeat(rng.normal(0.0, 0.25, 13), 10)[:121]
    points["clearance"] = rng.normal(0.06, 0.02, 121)
    points["gear"], points["tip_margin"] = 1, 0.6
    info = np.zeros((), abi.LINE_INFO)
    info["straight_clearance"], info["straight_s"], info["least_clearance"] = -0.1, 12.0, 0.01
    state = np.zeros((), abi.STATE)
    state["status"], state["velocity"] = 7, (0.5, 0.0, 0.0)
    stance = np.zeros((), abi.STANCE)
    stance["tip_margin"] = 0.6
    return _core.Coach(config), state, stance, info, points


def test_tick(benchmark, rock_garden):
    coach, state, stance, info, points = rock_garden

    def look():
        state["t_ns"] += 100_000_000
        return coach.tick(state, stance, info, points, 0.5)
    benchmark(look)


def test_words_of_a_step(benchmark):
    record = np.zeros((), abi.STEP)
    for field, value in {"kind": 1, "cause": 1, "priority": 1, "phase": 2, "turns": 0.5, "steer": 0.2, "side": 1,
                         "wheel": -1}.items():
        record[field] = value
    words = Words.load()
    assert benchmark(lambda: Step.from_record(record, JEEP, words).text) == "Half a turn driver, now."
