"""Stop and steer: turns that follow each other faster than they can be told, one leg at a time."""
import numpy as np
import pytest
from test_coach import JEEP, OIL_PAN, REAR_DIFF, Drive

from trailcoach import abi
from trailcoach.engine import Engine, make_config
from trailcoach.phrase_file import CAUSES, KINDS
from trailcoach.terrain import Terrain
from trailcoach.trail import Trail
from trailcoach.words import Words

RATIO = 16.0                            # road wheel to steering wheel, as the coach takes it
QUARTER = np.pi / 2.0 / RATIO           # rad at the road wheels
FIRST, SECOND = 6.0, 7.5                # m: joints of a garden


def garden(**settings):
    """Straight on a part touches; the way around it is a half turn, held for 1.5 m, and back."""
    drive = Drive(**settings)
    drive.legs = True
    drive.straight = -0.05, 9.0
    drive.steer = lambda x: 0.0 if x < FIRST else 2.0 * QUARTER if x < SECOND else 0.0 if x < SECOND + 5.0 else -QUARTER
    drive.clearance = lambda x: 0.06
    return drive


def stand(drive):
    drive.speed = 0.0
    drive.planned = None
    return drive


def now(drive, kind):
    return drive.only(kind, "tight_turns")


def test_given_turns_that_follow_at_once_then_stop_in_front_of_the_first():
    drive = garden().roll(FIRST - 0.1)
    (_, x, stop), = now(drive, "stop")
    assert FIRST - 1.5 < x < FIRST - 0.5 * drive.speed
    assert drive.only("steer") == []
    assert (stop["other_part"], stop["part"]) == (OIL_PAN, REAR_DIFF)
    assert stop["to_go"] >= drive.speed


def test_given_the_driver_stands_at_the_turn_then_the_leg_is_told_with_its_length():
    drive = stand(garden().roll(FIRST - 0.1)).wait(6.0)
    (_, _, leg), = now(drive, "steer")
    assert leg["turns"] == pytest.approx(0.5, abs=0.01)
    assert leg["distance"] == pytest.approx(SECOND - FIRST, abs=0.21)
    assert Words.load("en-US").utterances(leg, JEEP).now.text == "Half a turn driver. Forward five feet."


def test_given_the_driver_turns_the_wheel_then_nothing_is_said_until_he_has_come_as_far_as_told():
    drive = stand(garden().roll(FIRST - 0.1)).wait(4.0)
    told = len(drive.said)
    drive.state["steer"] = 2.0 * QUARTER
    drive.wait(2.0)
    drive.speed = 0.35
    drive.roll(SECOND - FIRST)
    assert len(drive.said) == told


def test_given_the_driver_comes_too_far_then_stop():
    drive = garden()
    drive.steer = lambda x: 0.0 if x < FIRST else 2.0 * QUARTER if x < SECOND else -2.0 * QUARTER
    stand(drive.roll(FIRST - 0.1)).wait(4.0)
    drive.state["steer"] = 2.0 * QUARTER
    drive.speed = 0.35
    drive.planned = None
    drive.roll(SECOND - FIRST + 0.8)
    assert len(now(drive, "stop")) == 2


def test_given_a_vehicle_that_nobody_stopped_then_it_is_not_told_to_come():
    drive = garden(speed=0.0)
    drive.x = FIRST
    assert drive.wait(20.0).said == []


def test_given_one_small_turn_with_room_behind_it_then_it_is_told_on_the_move():
    drive = garden()
    drive.steer = lambda x: 0.0 if x < FIRST else 2.0 * QUARTER
    drive.roll(FIRST)
    assert now(drive, "stop") == []
    assert drive.only("steer")


def test_given_a_leg_backwards_then_back_up_with_the_turn_before_it():
    drive = stand(garden().roll(FIRST - 0.1))
    drive.plan()
    points = drive.planned[2]
    points["gear"][:11] = -1
    points["steer"][:11] = -2.0 * QUARTER
    drive.wait(4.0)
    (_, _, leg), = now(drive, "reverse")
    assert leg["distance"] == pytest.approx(1.0, abs=0.11)
    assert Words.load("en-US").utterances(leg, JEEP).now.text == "Half a turn passenger. Back up three feet."


def lost():
    """Stopped for a leg, and then no legs are found: only a line with turns of its own, that leads on."""
    drive = stand(garden().roll(FIRST - 0.1))
    drive.legs = False
    drive.steer = lambda x: 2.0 * QUARTER if int(x) % 2 else -2.0 * QUARTER
    return drive


def test_given_a_driver_who_waits_and_no_legs_then_he_is_told_to_look_himself_and_not_to_turn():
    drive = lost().wait(20.0)
    assert drive.words()[1:] == [("warn", "no_line", "now")]
    assert Words.load("en-US").utterances(drive.said[-1][2], JEEP).now.text == "No line here. Stop and look."


def test_given_a_driver_who_waits_where_it_was_said_before_then_it_is_not_said_again_a_hand_on():
    drive = lost().wait(20.0)
    drive.x += 0.2
    assert len(drive.wait(20.0).said) == 2


def test_given_the_end_of_the_trail_then_nobody_who_stands_there_is_told_to_look():
    drive = garden()
    drive.course_clearance = lambda x: 0.02 if 0.5 < x < 1.0 else 0.2
    drive.trail_end = FIRST
    stand(drive.roll(FIRST - 1.1))
    drive.legs = False
    told = drive.words()
    assert ("stop", "end", "now") in told
    assert drive.wait(20.0).words() == told


def test_given_a_driver_who_is_stopping_then_no_second_stop_is_called():
    drive = garden()
    drive.course_clearance = lambda x: -0.03 if x > FIRST + 0.8 else 0.06
    while not drive.said:
        drive.tick()
    for _ in range(15):
        drive.speed = max(0.06, drive.speed - 0.02)
        drive.tick()
    assert drive.words() == [("stop", "tight_turns", "now")]
    assert drive.course()["clearance"].min() < 0.0


def swerve():
    """A turn told on the move to be held for 4 m; half a second later another plan wants the other way."""
    drive = Drive()
    drive.straight = -0.05, 20.0
    drive.steer = lambda x: 0.0 if x < 3.0 else QUARTER if x < 7.0 else 0.0
    while not [r for _, _, r in drive.only("steer") if r["phase"] == 2]:
        drive.tick()
    drive.state["steer"] = QUARTER
    drive.wait(0.5)
    drive.steer = lambda x: -QUARTER if x < 9.0 else 0.0
    drive.planned = None
    return drive


def turned_back(drive):
    return [x for _, x, r in drive.only("steer") if r["phase"] == 2 and r["side"] == -1]


def test_given_a_turn_told_then_another_plan_does_not_take_it_back_within_its_way():
    drive = swerve()
    drive.roll(2.0)
    assert turned_back(drive) == []
    drive.roll(4.0)
    assert turned_back(drive)


def test_given_a_turn_told_and_something_that_touches_then_it_is_taken_back():
    drive = swerve()
    drive.course_clearance = lambda x: -0.05 if x > 6.5 else 0.2
    drive.roll(2.0)
    assert turned_back(drive) or [r for _, _, r in drive.only("stop")]


class Ground:
    """A flat place with rocks, and the engine standing on it where it was told to stop."""

    def __init__(self, rocks, steer=0.0):
        x, y = np.meshgrid(np.arange(0.0, 24.0, 0.05), np.arange(-5.0, 5.0, 0.05))
        heights = np.zeros_like(x)
        for at, aside, radius, height in rocks:
            dome = 1.0 - ((x - at) ** 2 + (y - aside) ** 2) / radius**2
            heights = np.maximum(heights, height * np.sqrt(np.clip(dome, 0.0, None)))
        terrain = Terrain.from_heights(heights.astype(np.float32), 0.0, -5.0, 0.05)
        self.engine = Engine(JEEP, terrain, Trail(np.array([[1.0, 0.0], [22.0, 0.0]]), 2.5), make_config(JEEP))
        self.engine.start(3.0, 0.0, 0.0)
        self.steer, self.step = steer, 0

    def wait(self, seconds):
        """Stand still; what is said."""
        steps = []
        for _ in range(round(seconds * 200.0)):
            t_ns = self.step * 5_000_000
            self._push(abi.IMU, t_ns, accelerometer=(0.0, 0.0, 9.80665))
            if self.step % 4 == 0:
                self._push(abi.WHEELS, t_ns)
                self._push(abi.STEERING, t_ns, angle=self.steer)
            if self.step % 20 == 19:
                steps += self.engine.tick(t_ns)
            self.step += 1
        return steps

    def _push(self, dtype, t_ns, **fields):
        sample = np.zeros(1, dtype)
        sample["struct_size"], sample["t_ns"] = dtype.itemsize, t_ns
        for name, value in fields.items():
            sample[name] = value
        self.engine.push(sample)


ROCKS = ((7.5, 0.0, 0.45, 0.4), (12.0, -1.2, 0.45, 0.4))


def test_the_line_around_rocks_is_one_of_few_legs_by_quarter_turns():
    steer = 0.03
    place = Ground(ROCKS, steer)
    place.wait(1.5)
    info, points = place.engine.line
    joints = np.flatnonzero(np.diff(points["steer"]) != 0.0)
    assert info["outcome"] == 0
    assert info["least_clearance"] > 0.0
    assert 1 <= len(joints) <= 4
    assert np.diff(points["s"][np.r_[0, joints]]).min() >= 0.95
    ratio = float(make_config(JEEP)["coach"]["steering_ratio"])
    quarters = (points["steer"] - steer) * ratio / (np.pi / 2.0)
    straight = np.abs(points["steer"]) < 1e-12
    assert np.allclose(quarters[~straight], np.round(quarters[~straight]), atol=1e-6)


def test_the_legs_hold_the_curvature_of_their_steer():
    place = Ground(ROCKS)
    place.wait(1.5)
    _, points = place.engine.line
    gear = points["gear"][:-1]          # where it changes a point has the one it is left with
    turned = np.diff(points["yaw"]) / np.diff(points["s"]) * gear
    assert np.allclose(turned, np.tan(points["steer"][1:]) / JEEP.wheelbase, atol=1e-3)


def test_given_easy_ground_then_the_line_is_the_plan_s_own():
    place = Ground(())
    assert place.wait(1.5) == []
    info, points = place.engine.line
    assert info["outcome"] == 0
    assert np.ptp(points["steer"]) < 0.1


def test_every_step_of_a_leg_has_a_name():
    drive = stand(garden().roll(FIRST - 0.1)).wait(6.0)
    assert {(KINDS[int(r["kind"])], CAUSES[int(r["cause"])]) for _, _, r in drive.said} == {
        ("stop", "tight_turns"), ("steer", "tight_turns")}
