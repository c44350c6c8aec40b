"""The closed loop's own parts: somebody who drives by ear, and a vehicle that stands as its file says."""
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "examples"))
from sim.driver import CREEP, SKILLS, Driver

from trailcoach.vehicle import Vehicle

PRACTISED = SKILLS[0]
DT = 0.02
JEEP = Vehicle.load("jeep-wrangler-jlur")


def driver(skill=PRACTISED):
    return Driver(skill, 16.0, 0.6, 3.0, np.random.default_rng(1))


def drive(someone, seconds, begin=0.0, distance=0.0):
    """Speeds and steers on the middle of the trail."""
    return np.array([someone.drive(begin + i * DT, DT, (0.0, 0.0, 0.0), distance) for i in range(round(seconds / DT))])


def test_a_turn_is_made_after_it_was_heard_and_understood():
    someone = driver()
    someone.hear(0.0, "Half a turn driver, now.")
    steer = drive(someone, 6.0)[:, 1]
    first = int(np.argmax(steer > 0.0)) * DT
    assert first == pytest.approx(4 / 2.5 + PRACTISED.reaction, abs=0.05)
    assert steer[-1] == pytest.approx(0.5 * 2.0 * np.pi / 16.0, rel=0.2)


def test_a_turn_that_was_announced_is_made_sooner():
    someone = driver()
    someone.hear(0.0, "In five feet: half a turn driver.")
    drive(someone, 4.0)
    someone.hear(4.0, "Half a turn driver, now.")
    steer = drive(someone, 3.0, begin=4.0)[:, 1]
    assert np.argmax(steer > 0.0) * DT == pytest.approx(1 / 2.5 + PRACTISED.reaction, abs=0.05)


def test_stop_is_understood_with_its_first_word():
    someone = driver()
    someone.hear(0.0, "Stop: oil pan touches in five feet. Walk it.")
    speed = drive(someone, 3.0)[:, 0]
    assert np.argmax(speed == 0.0) * DT == pytest.approx(0.4 + PRACTISED.reaction, abs=0.05)


def test_ease_forward_is_slow_for_the_way_that_was_said():
    someone = driver()
    someone.hear(0.0, "Ease forward ten feet: oil pan is close.")
    assert drive(someone, 5.0)[-1, 0] == CREEP
    assert drive(someone, 1.0, begin=5.0, distance=3.048 * (1.0 + 4.0 * PRACTISED.way_error))[-1, 0] > CREEP


def test_a_leg_is_driven_with_the_wheel_turned_before_and_ends_in_a_stop():
    someone = driver()
    someone.hear(0.0, "Stop. Wait for me.")
    drive(someone, 3.0)
    someone.hear(3.0, "One turn driver. Forward three feet.")
    motion = drive(someone, 8.0, begin=3.0)
    rolls = int(np.argmax(motion[:, 0] > 0.0))
    assert motion[rolls, 1] == pytest.approx(2.0 * np.pi / 16.0, rel=0.2)
    assert motion[-1, 0] == CREEP
    someone.hear(11.0, "Passenger front tire spins. Ease off.")
    assert drive(someone, 3.0, begin=11.0, distance=0.9144 * (1.0 + 4.0 * PRACTISED.way_error))[-1, 0] == 0.0


def test_back_up_goes_back_and_stops():
    someone = driver()
    someone.hear(0.0, "Straighten the wheel. Back up three feet.")
    assert drive(someone, 6.0)[-1, 0] < 0.0
    assert drive(someone, 1.0, begin=6.0, distance=0.9144 * (1.0 + 4.0 * PRACTISED.way_error))[-1, 0] == 0.0


def test_the_model_stands_at_design_height_with_the_file_s_loads():
    pytest.importorskip("mujoco")
    from sim.vehicle_model import GRAVITY, Simulator

    from trailcoach.terrain import Terrain
    flat = Terrain.from_heights(np.zeros((121, 201), np.float32), -4.0, -3.0, 0.05)
    sim = Simulator.make(JEEP, flat)
    sim.place(0.0, 0.0, 0.0, 0.0)
    assert sim.data.qpos[2] == pytest.approx(0.0, abs=0.02)
    assert sim.upright() > 0.999
    assert sim.model.body_mass.sum() == pytest.approx(JEEP.mass, rel=1e-6)
    assert sim.part_forces().max() == 0.0
    assert sim.imu()[1][2] == pytest.approx(GRAVITY, abs=0.1)
