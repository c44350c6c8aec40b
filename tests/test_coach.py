"""The coach by itself: states, stances and lines from here, steps from it."""
import itertools
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from trailcoach import _core, abi
from trailcoach.coach import Step
from trailcoach.engine import vehicle_of
from trailcoach.log import Log
from trailcoach.phrase_file import CAUSES, KINDS, LONGEST, PHASES, PRIORITIES, words_in
from trailcoach.playback import replay
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle
from trailcoach.words import Words

JEEP = Vehicle.load("jeep-wrangler-jlur")
OIL_PAN = JEEP.part_names.index("oil_pan")
REAR_DIFF = JEEP.part_names.index("rear_diff")
TICK = 0.1                              # s
SPACING = 0.1                           # m between points of a line
KNOWN_POSE = 7                          # TC_FUSION_LEVELLED | TC_FUSION_HEADING | TC_FUSION_POSITION
CLEAR, TOUCHES, BLOCKED = 0, 1, 2       # TC_LINE_
OK, UNKNOWN_GROUND = 0, 4               # TC_STANCE_
OPEN = 0                                # TC_OPEN, of a differential


class Drive:
    """A vehicle that rolls along the x axis, on a line that is planned anew every metre from where it is."""

    def __init__(self, speed=0.5, horizon=12.0, **coach):
        config = _core.default_config()
        config["vehicle"] = JEEP.to_abi()
        for key, value in coach.items():
            config["coach"][key] = value
        self.coach = _core.Coach(config)
        self.speed, self.horizon = speed, horizon
        self.t = self.x = 0.0
        self.state = np.zeros((), abi.STATE)
        self.state["status"] = KNOWN_POSE
        self.state["sd_position"] = 0.02
        self.state["steer"] = 0.0
        self.stance = np.zeros((), abi.STANCE)
        self.stance["tip_margin"] = 0.6
        self.stance["clearance"] = 0.2
        self.clearance = lambda x: 0.2          # of the line at a place, m
        self.part = REAR_DIFF
        self.steer = lambda x: 0.0              # of the line at a place, rad
        self.tip_margin = lambda x: 0.6
        self.pitch = lambda x: 0.0
        self.lifted = lambda x: 0
        self.straight = 0.2, 0.0                # clearance of the unsteered way, and where
        self.ends = None                        # where the ways end: BLOCKED
        self.course_clearance = None            # of the present course at a place, m; None = not known
        self.course_part = OIL_PAN
        self.course_tip_margin = lambda x: 0.6
        self.course_gear = 1
        self.has_line = True
        self.legs = False                       # the line is one of legs with a constant steer
        self.off_line = lambda x: 0.0
        self.aside_clearance = None             # beside the line at a place, m; None = not off it
        self.aside_part = REAR_DIFF
        self.ground_ends = None                 # where the known ground ends, m
        self.contact = None                     # felt at the next tick
        self.grid = None                        # ground about the vehicle
        self.trail_end = 1e6
        self.said = []
        self.planned = None

    def plan(self):
        end = self.x + self.horizon if self.ends is None else min(self.x + self.horizon, self.ends)
        n = max(0, round((end - self.x) / SPACING) + 1)
        points = np.zeros(n, abi.LINE_POINT)
        info = np.zeros((), abi.LINE_INFO)
        info["straight_clearance"], info["straight_s"] = self.straight[0], self.straight[1] - self.x
        info["straight_part"] = OIL_PAN
        info["least_part"] = self.part
        info["outcome"] = CLEAR
        if n:
            points["s"] = np.arange(n) * SPACING
            points["x"] = self.x + points["s"]
            points["gear"] = 1
            points["part"] = self.part
            for field in ("clearance", "steer", "tip_margin", "pitch", "lifted"):
                points[field] = [getattr(self, field)(x) for x in points["x"]]
            info["least_clearance"] = points["clearance"].min()
            info["outcome"] = TOUCHES if info["least_clearance"] < 0.0 else CLEAR
        if self.ends is not None:
            info["outcome"] = BLOCKED
        self.planned = self.x, info, points

    def course(self):
        """What lies within the next 3 m, the wheel held as it is."""
        if self.course_clearance is None:
            return None
        points = np.zeros(20, abi.LINE_POINT)
        points["s"] = (np.arange(20) + 1) * 0.15
        points["x"] = self.x + points["s"]
        points["clearance"] = [self.course_clearance(x) for x in points["x"]]
        points["tip_margin"] = [self.course_tip_margin(x) for x in points["x"]]
        points["part"] = self.course_part
        points["steer"] = self.state["steer"]
        points["gear"] = self.course_gear
        return points

    def aside(self):
        """The next 4 m beside the line, as far off it as now."""
        if self.aside_clearance is None:
            return None
        points = np.zeros(20, abi.LINE_POINT)
        points["x"] = self.x + np.arange(20) * 0.2
        points["s"] = points["x"] - self.planned[0]
        points["clearance"] = [self.aside_clearance(x) for x in points["x"]]
        points["part"] = self.aside_part
        return points

    def tick(self):
        if self.planned is None or self.x - self.planned[0] > 1.0:
            self.plan()
        s = self.state
        s["t_ns"] = round(self.t * 1e9)
        s["position"] = self.x, 0.0, 0.0
        s["velocity"] = self.speed, 0.0, 0.0
        s["distance"] = self.x
        at, info, points = self.planned
        if not self.has_line:
            info = points = None
        steps = self.coach.tick(s, self.stance, info, points, self.x - at, self.off_line(self.x),
                                self.trail_end - self.x, self.course(), 0.0, self.aside(), self.contact,
                                None if self.ground_ends is None else (UNKNOWN_GROUND, self.ground_ends - self.x),
                                self.legs, self.grid)
        self.contact = None
        self.said += [(self.t, self.x, step) for step in steps]
        self.t += TICK
        self.x += self.speed * TICK
        return steps

    def roll(self, metres):
        end = self.x + metres
        while self.x < end:
            self.tick()
        return self

    def wait(self, seconds):
        for _ in range(round(seconds / TICK)):
            self.tick()
        return self

    def words(self):
        """Kind, cause and phase of what was said."""
        return [(KINDS[int(r["kind"])], CAUSES[int(r["cause"])], PHASES[int(r["phase"])]) for _, _, r in self.said]

    def only(self, kind, cause=None):
        return [(t, x, r) for t, x, r in self.said
                if KINDS[int(r["kind"])] == kind and cause in (None, CAUSES[int(r["cause"])])]


def bump(begin, end, value, otherwise):
    return lambda x: value if begin <= x < end else otherwise


def test_given_easy_ground_then_nothing_is_said():
    assert Drive(speed=3.0).roll(200).said == []


def test_given_a_winding_road_then_nothing_is_said():
    drive = Drive(speed=3.0)
    drive.steer = lambda x: 0.3 * np.sin(x / 5.0)
    drive.trail_end = 150.0
    assert drive.roll(150).said == []


def test_given_a_standing_vehicle_before_a_rock_then_it_is_not_nagged():
    drive = Drive(speed=0.0)
    drive.clearance = bump(1.0, 1.5, -0.05, 0.2)
    assert len(drive.wait(120).said) == 1


def around_a_rock(speed=0.5):
    """Straight on the oil pan touches at x = 10; the line turns left at 6 m, straightens at 8 m."""
    drive = Drive(speed)
    drive.straight = -0.05, 10.0
    drive.steer = bump(6.0, 8.0, 0.2, 0.0)
    return drive


def test_given_a_rock_on_the_straight_way_then_the_turn_is_prepared_and_said_in_time():
    drive = around_a_rock().roll(5.9)
    assert drive.words() == [("steer", "clearance", "prepare"), ("steer", "clearance", "now")]
    (_, x_prepare, prepare), (_, x_now, now) = drive.only("steer")
    assert prepare["to_go"] == pytest.approx(6.0 - x_prepare, abs=0.15)
    assert (6.0 - x_now) / drive.speed >= 1.0           # the driver can still act
    assert 6.0 - x_now < 1.5
    assert now["side"] == 1
    assert now["turns"] == pytest.approx(0.2 * 16.0 / (2.0 * np.pi), rel=0.1)
    assert now["distance"] == pytest.approx(2.0, abs=0.5)
    assert (now["part"], now["clearance"]) == (REAR_DIFF, 0.2)
    assert (now["other_part"], now["other_clearance"]) == (OIL_PAN, -0.05)


def test_given_a_driver_who_follows_then_the_wheel_is_straightened_and_the_rest_is_silence():
    drive = around_a_rock()
    while drive.x < 30.0:
        if drive.said and drive.said[-1][2]["phase"] == 2 and drive.t - drive.said[-1][0] > 1.0:
            drive.state["steer"] = drive.said[-1][2]["steer"]
        drive.tick()
    turns = [r for _, _, r in drive.only("steer") if r["phase"] == 2]
    assert [int(r["side"]) for r in turns] == [1, -1]
    assert turns[1]["steer"] == pytest.approx(0.0, abs=0.05)
    assert not [1 for _, x, _ in drive.said if x > 11.0]


def test_given_plans_that_differ_a_little_each_metre_then_a_turn_is_told_once():
    drive = around_a_rock(speed=0.3)
    noise = np.random.default_rng(7)
    nominal = drive.steer
    plan = drive.plan

    def plan_differently():
        shift, wobble = noise.normal(0.0, 0.2), noise.normal(0.0, 0.02)
        drive.steer = lambda x: nominal(x + shift) + wobble
        plan()
    drive.plan = plan_differently
    drive.roll(5.5)
    assert [w for w in drive.words() if w[2] == "prepare"] == [("steer", "clearance", "prepare")]
    assert len([w for w in drive.words() if w[2] == "now"]) <= 1


def test_given_a_plan_that_asks_for_another_turn_then_it_is_prepared_again():
    drive = around_a_rock(speed=0.2)
    drive.roll(3.3)
    (_, _, first), = drive.only("steer")
    drive.steer = bump(6.0, 8.0, 0.5, 0.0)
    drive.plan()
    drive.roll(1.1)
    _, (_, _, second) = drive.only("steer")
    assert (first["phase"], second["phase"]) == (1, 1)
    assert second["steer"] - first["steer"] > 0.2
    assert second["valid_until_ns"] > second["t_ns"] >= first["valid_until_ns"]


def test_given_a_way_in_words_then_the_step_is_valid_while_it_is_true():
    drive = around_a_rock().roll(5.9)
    (_, _, prepare), (_, _, now) = drive.only("steer")
    valid = (prepare["valid_until_ns"] - prepare["t_ns"]) * 1e-9
    assert 1.5 <= valid <= 1.5 / drive.speed + 1e-6
    assert now["valid_until_ns"] > now["t_ns"]


def test_given_a_turn_that_gains_nothing_then_it_is_not_advised():
    drive = around_a_rock()
    drive.straight = 0.12, 10.0
    drive.clearance = lambda x: 0.14
    assert drive.roll(12).said == []


def test_given_no_steering_sensor_then_the_line_itself_tells_what_changes():
    drive = around_a_rock()
    drive.state["steer"] = np.nan
    assert drive.roll(5.9).words() == [("steer", "clearance", "prepare"), ("steer", "clearance", "now")]


@pytest.mark.parametrize("speed", [0.3, 0.5, 1.0])
def test_given_a_turn_then_there_is_time_to_hear_it_and_to_react(speed):
    """One second to say how far and which way, then the reaction time."""
    drive = around_a_rock(speed).roll(5.9)
    _, x, _ = drive.only("steer")[-1]
    assert (6.0 - x) / speed >= 1.5 + 1.0


def test_given_a_driver_who_was_told_to_turn_then_the_way_back_is_told_though_nothing_is_near_any_more():
    drive = around_a_rock()
    while drive.x < 8.5:
        if any(KINDS[int(r["kind"])] == "steer" and r["phase"] == 2 for r in drive.tick()):
            drive.state["steer"] = 0.2
            drive.straight = 0.2, 0.0                   # what was near is behind, the wheel is still turned
            drive.plan()
    turns = [r for _, _, r in drive.only("steer") if r["phase"] == 2]
    assert [int(r["side"]) for r in turns] == [1, -1]
    assert PRIORITIES[int(turns[1]["priority"])] == "caution"


def test_given_a_stop_for_a_part_then_the_same_place_is_not_eased_through_with_a_hand_s_breadth_less_than_sure():
    drive = Drive(speed=0.4)
    drive.has_line = False
    drive.course_clearance = bump(3.0, 3.5, -0.02, 0.2)
    drive.roll(2.0)
    assert len(drive.only("stop", "clearance")) >= 1
    drive.speed = 0.0
    drive.course_clearance = bump(3.0, 3.5, 0.015, 0.2)
    drive.wait(10.0)
    assert drive.only("forward") == []
    drive.course_clearance = bump(3.0, 3.5, 0.04, 0.2)
    drive.wait(10.0)
    assert len(drive.only("forward")) == 1


def test_given_a_tight_place_then_ease_through_and_clear_after_it():
    drive = Drive()
    drive.clearance = bump(5.0, 6.0, 0.02, 0.2)
    drive.roll(10.0)
    assert drive.words() == [("forward", "clearance", "now"), ("clear", "clearance", "clear")]
    (_, x, ease), (_, x_clear, _) = drive.said
    assert 1.0 < 5.0 - x < 4.0
    assert ease["part"] == REAR_DIFF
    assert ease["clearance"] == 0.02
    assert ease["distance"] == pytest.approx(6.5 - x, abs=0.2)
    assert 6.4 < x_clear < 7.0
    assert drive.said[1][2]["part"] == REAR_DIFF


def test_given_a_tight_place_under_a_turned_wheel_then_hold_it():
    drive = Drive()
    drive.state["steer"] = 0.3
    drive.steer = lambda x: 0.3
    drive.clearance = bump(5.0, 6.0, 0.02, 0.2)
    assert drive.roll(5.0).words() == [("hold", "clearance", "now")]


def test_given_a_turn_within_the_tight_place_then_the_wheel_is_not_held_through_it():
    drive = Drive()
    drive.clearance = bump(5.0, 9.0, 0.02, 0.2)
    drive.straight = -0.05, 12.0
    drive.steer = bump(7.0, 9.0, 0.25, 0.0)
    drive.roll(5.0)
    eases = drive.only("forward") + drive.only("hold")
    assert eases
    assert all(x + ease["distance"] <= 7.0 + 0.15 for _, x, ease in eases)


def test_given_a_turn_due_soon_within_the_tight_place_then_no_word_of_forward_comes_in_its_way():
    drive = Drive()
    drive.clearance = bump(4.0, 9.0, 0.02, 0.2)
    drive.straight = -0.05, 12.0
    drive.steer = bump(2.5, 9.0, 0.25, 0.0)
    drive.roll(2.4)
    assert [w[0] for w in drive.words() if w[2] == "now"] == ["steer"]


def test_given_a_part_would_touch_straight_on_then_the_turn_is_more_than_advice():
    touching, near = around_a_rock(), around_a_rock()
    near.straight = 0.02, 10.0
    for drive, priority in ((touching, "caution"), (near, "advice")):
        drive.roll(5.9)
        assert PRIORITIES[int(drive.said[-1][2]["priority"])] == priority


def test_given_the_place_gets_worse_by_a_clear_step_then_it_is_said_again():
    drive = Drive(speed=0.0)
    drive.clearance = bump(1.0, 2.0, 0.045, 0.2)
    drive.wait(30.0)
    assert len(drive.said) == 1
    drive.clearance = bump(1.0, 2.0, 0.04, 0.2)
    drive.plan()
    assert len(drive.wait(30.0).said) == 1
    drive.clearance = bump(1.0, 2.0, 0.005, 0.2)
    drive.plan()
    assert len(drive.wait(30.0).said) == 2


@pytest.mark.parametrize("speed", [0.3, 1.0, 3.0])
def test_given_a_line_that_touches_then_stop_is_said_while_there_is_room_to_stop(speed):
    drive = Drive(speed)
    drive.clearance = bump(10.0, 10.5, -0.04, 0.2)
    drive.straight = -0.06, 10.0
    drive.roll(9.9)
    (_, x, stop), = drive.only("stop", "clearance")
    room = 10.0 - x - speed * 1.5
    assert room >= speed**2 / (2.0 * 2.0)
    assert stop["priority"] == number(PRIORITIES, "danger")
    assert stop["part"] == REAR_DIFF
    assert stop["clearance"] == pytest.approx(-0.04)
    assert drive.words().index(("warn", "no_line", "prepare")) < drive.words().index(("stop", "clearance", "now"))


def number(names, name):
    return next(n for n, found in names.items() if found == name)


def test_given_no_line_then_stop_before_its_end():
    drive = Drive()
    drive.ends = 8.0
    drive.roll(7.0)
    assert drive.words() == [("warn", "no_line", "prepare"), ("stop", "no_line", "now")]
    _, x, _ = drive.said[-1]
    assert 8.0 - x > 0.5 * 1.5


def test_given_no_line_at_all_then_stop_at_once():
    drive = Drive()
    drive.ends = -1.0
    drive.tick()
    assert drive.words() == [("stop", "no_line", "now")]


def test_given_a_margin_that_shrinks_then_stop_with_the_side_that_goes_down():
    drive = Drive()
    drive.stance["tip_margin"] = 0.5, 0.1, 0.5, 0.5
    drive.state["roll"] = 0.6
    drive.tick()
    (_, _, stop), = drive.said
    assert (KINDS[int(stop["kind"])], CAUSES[int(stop["cause"])], int(stop["side"])) == ("stop", "tip", -1)
    assert stop["angle"] == pytest.approx(0.1)


def test_given_the_line_tips_ahead_then_stop_before_it():
    drive = Drive()
    drive.tip_margin = bump(6.0, 7.0, 0.08, 0.6)
    drive.roll(5.9)
    assert drive.words() == [("stop", "tip", "now")]
    assert drive.said[0][1] < 6.0 - 0.5 * 1.5


def test_danger_interrupts_and_advice_waits():
    drive = around_a_rock()
    drive.roll(5.0)
    assert drive.words()[-1][0] == "steer"
    drive.stance["tip_margin"] = 0.1
    drive.tick()
    assert drive.words()[-1] == ("stop", "tip", "now")
    before = len(drive.said)
    drive.tick()
    drive.tick()
    assert len(drive.said) == before


def test_given_spinning_wheels_and_no_way_made_then_stop_once():
    drive = Drive(speed=0.02)
    drive.state["slip"] = 0.0, 0.0, 0.9, 0.9
    drive.wait(90.0)
    assert drive.words().count(("stop", "slip", "now")) == 1
    assert len(drive.said) <= 3                         # each spinning wheel once, then stop


def test_given_a_spinning_wheel_then_it_is_named_once_and_not_for_a_moment():
    drive = Drive()
    drive.state["slip"][1] = 0.9
    drive.wait(0.3)
    drive.state["slip"][1] = 0.0
    drive.wait(1.0)
    assert drive.said == []
    drive.state["slip"][1] = 0.9
    drive.wait(5.0)
    assert drive.words() == [("warn", "slip", "now")]
    assert drive.said[0][2]["wheel"] == 1


def test_given_a_wheel_that_lifts_on_the_line_then_it_is_named_before():
    drive = Drive()
    drive.lifted = bump(5.0, 6.0, 0b0010, 0)
    drive.roll(5.0)
    (_, x, step), = drive.only("warn", "wheel_lift")
    assert x < 4.5
    assert step["wheel"] == 1
    assert step["side"] == -1


def test_given_a_moment_of_lift_then_silence():
    drive = Drive()
    drive.lifted = bump(5.0, 5.15, 0b0010, 0)
    assert drive.roll(8.0).only("warn") == []


def test_given_off_the_line_where_it_matters_then_the_part_is_told():
    drive = Drive()
    drive.off_line = lambda x: -0.3
    drive.aside_clearance = bump(2.0, 2.5, -0.04, 0.2)
    drive.tick()
    assert drive.words() == [("warn", "off_line", "now")]
    step = drive.said[0][2]
    assert (step["side"], step["part"], step["other_part"]) == (-1, REAR_DIFF, REAR_DIFF)
    assert (step["distance"], step["clearance"], step["other_clearance"]) == pytest.approx((0.3, 0.2, -0.04))
    assert step["to_go"] == pytest.approx(2.0, abs=0.2)
    assert step["probability"] > 0.95


def test_given_off_the_line_where_the_line_is_as_close_then_it_is_not_blamed():
    drive = Drive()
    drive.clearance = lambda x: 0.03
    drive.off_line = lambda x: -0.3
    drive.aside_clearance = lambda x: 0.02
    drive.roll(3.0)
    assert drive.only("warn", "off_line") == []


def test_given_off_the_line_where_nothing_is_near_then_silence():
    drive = Drive()
    drive.off_line = lambda x: -0.3
    drive.aside_clearance = lambda x: 0.2
    assert drive.roll(5.0).said == []


def test_given_a_position_worse_than_the_deviation_then_it_is_not_claimed():
    drive = Drive()
    drive.off_line = lambda x: -0.3
    drive.aside_clearance = lambda x: -0.04
    drive.state["sd_position"] = 0.2
    drive.tick()
    assert drive.said == []


def test_given_easy_ground_on_the_course_too_then_nothing_is_said():
    drive = Drive(speed=3.0)
    drive.course_clearance = lambda x: 0.12
    assert drive.roll(100).said == []


@pytest.mark.parametrize("has_line", [True, False])
@pytest.mark.parametrize("speed", [0.3, 1.0])
def test_given_the_present_course_touches_then_stop_is_said_while_there_is_room_to_stop(has_line, speed):
    drive = Drive(speed)
    drive.has_line = has_line
    drive.course_clearance = bump(10.0, 10.5, -0.04, 0.2)
    drive.roll(9.9)
    (_, x, stop), = [(t, x, r) for t, x, r in drive.only("stop", "clearance") if r["phase"] == 2]
    assert 10.0 - x - speed * 1.5 >= speed**2 / (2.0 * 2.0)
    assert 10.0 - x <= 3.0
    assert stop["priority"] == number(PRIORITIES, "danger")
    assert stop["part"] == OIL_PAN
    assert stop["to_go"] == pytest.approx(10.0 - x, abs=0.2)
    assert stop["other_clearance"] == pytest.approx(-0.04)
    assert stop["probability"] > 0.95
    assert stop["other_part"] == OIL_PAN
    assert np.isnan(stop["clearance"])      # the step is about the course


def test_given_the_course_touches_for_one_tick_only_then_silence():
    drive = Drive()
    drive.course_clearance = lambda x: 0.2
    drive.roll(1.0)
    drive.course_clearance = lambda x: -0.1
    drive.tick()
    drive.course_clearance = lambda x: 0.2
    assert drive.roll(3.0).said == []


def test_given_a_turn_of_the_line_still_avoids_it_then_the_turn_is_said_as_a_caution_and_stop_only_if_it_is_ignored():
    for follows in (True, False):
        drive = Drive(speed=0.4)
        drive.steer = bump(2.0, 20.0, 0.2, 0.0)
        drive.clearance = lambda x: 0.15
        drive.course_clearance = bump(4.5, 5.0, -0.05, 0.2)
        while drive.x < 4.4:
            steps = drive.tick()
            if follows and any(KINDS[int(r["kind"])] == "steer" for r in steps):
                drive.course_clearance = lambda x: 0.15
                drive.state["steer"] = 0.2
        (_, x, turn), = drive.only("steer")
        assert PRIORITIES[int(turn["priority"])] == "caution"
        assert (turn["side"], turn["part"], turn["other_part"]) == (1, REAR_DIFF, OIL_PAN)
        assert (turn["clearance"], turn["other_clearance"]) == (0.15, -0.05)
        assert x < 3.0
        assert len(drive.only("stop", "clearance")) == (0 if follows else 1)


def test_given_the_course_comes_close_and_there_is_no_line_then_ease_through_and_clear():
    drive = Drive()
    drive.has_line = False
    drive.course_clearance = bump(5.0, 6.0, 0.03, 0.2)
    drive.roll(9.0)
    assert drive.words() == [("forward", "clearance", "now"), ("clear", "clearance", "clear")]
    ease = drive.said[0][2]
    assert (ease["part"], ease["other_clearance"]) == (OIL_PAN, 0.03)
    assert 0.0 < ease["probability"] < 0.05


def test_given_line_and_course_touch_at_the_same_place_then_it_is_one_danger():
    drive = Drive()
    drive.clearance = drive.course_clearance = bump(10.0, 10.5, -0.04, 0.2)
    drive.roll(9.9)
    assert len(drive.only("stop", "clearance")) == 1


def test_given_the_next_danger_behind_one_that_was_told_then_it_is_told_too():
    drive = Drive()
    drive.has_line = False
    drive.course_clearance = lambda x: -0.05 if 5.0 <= x < 5.3 or 8.0 <= x < 8.3 else 0.2
    drive.roll(7.9)
    dangers = [x for _, x, r in drive.said if PRIORITIES[int(r["priority"])] == "danger"]
    assert len(dangers) == 2
    assert dangers[0] < 5.0 < dangers[1] < 8.0


def test_given_the_course_tips_then_stop_before_it():
    drive = Drive()
    drive.course_clearance = lambda x: 0.2
    drive.course_tip_margin = bump(6.0, 7.0, 0.08, 0.6)
    drive.roll(5.9)
    assert drive.words() == [("stop", "tip", "now")]
    assert drive.said[0][1] < 6.0 - 0.5 * 1.5


def test_given_rolling_back_onto_a_rock_then_stop_and_no_word_of_forward():
    drive = Drive(speed=0.3)
    drive.course_gear = -1
    drive.course_clearance = bump(5.0, 5.5, -0.05, 0.04)
    drive.roll(4.9)
    assert ("stop", "clearance", "now") in drive.words()
    assert {w[0] for w in drive.words()} == {"stop"}


def test_given_a_turn_soon_taken_back_that_the_course_does_not_need_then_it_is_not_said():
    for needed, said in ((0.2, []), (0.045, ["steer"])):
        drive = Drive()
        drive.straight = -0.05, 10.0
        drive.steer = bump(3.0, 3.9, 0.2, 0.0)
        drive.course_clearance = bump(3.4, 3.8, needed, 0.2)
        drive.roll(2.9)
        assert [w[0] for w in drive.words() if w == ("steer", "clearance", "now")] == said


def test_a_course_that_is_too_long_is_refused():
    drive = Drive()
    with pytest.raises(ValueError, match="at most 40"):
        drive.coach.tick(drive.state, drive.stance, course=np.zeros(41, abi.LINE_POINT))


@cache
def steps_on(drive):
    """Steps on a bundled drive with their seconds from its beginning."""
    folder = Path(__file__).parent.parent / "terrain_data" / "drives" / drive
    log = Log.open(folder)
    steps = list(replay(log, vehicle_of(log), Terrain.open(folder / "terrain.tif")))
    return [(s.t - log.t_ns[0] * 1e-9, s) for s in steps]


def test_given_a_drive_that_strikes_the_transfer_case_then_the_driver_is_told_in_time():
    strike = 7.55                       # s, truth_underbody.csv
    told = [t for t, s in steps_on("d01") if s.priority != "advice" and t < strike
            and "transfer_case" in (s.why["part"], s.why["other_part"])]
    danger = [t for t, s in steps_on("d01") if s.priority == "danger"]
    assert min(told) <= strike - 0.5
    assert len(danger) == 1
    assert danger[0] <= strike - 1.5    # the reaction time


def test_given_a_drive_that_strikes_nothing_then_there_is_no_danger():
    assert [s.text for _, s in steps_on("d00") if s.priority == "danger"] == []


@pytest.mark.parametrize(("lose", "cause"), [
    (lambda d: d.state.__setitem__("status", 3), "position"),
    (lambda d: d.state.__setitem__("sd_position", 2.0), "position"),
    (lambda d: d.state.__setitem__("sd_position", np.nan), "position"),
    (lambda d: d.stance.__setitem__("status", UNKNOWN_GROUND), "no_ground"),
])
def test_given_place_or_ground_is_lost_then_it_says_so_once_and_stops_advising(lose, cause):
    drive = around_a_rock()
    drive.roll(1.0)
    lose(drive)
    drive.roll(8.0)
    assert [w for w in drive.words() if w[0] != "steer"] == [("warn", cause, "now")]
    lost_at = next(t for t, _, r in drive.said if CAUSES[int(r["cause"])] == cause)
    assert not [1 for t, _, _ in drive.said if t > lost_at]


def test_given_the_position_comes_back_then_guidance_goes_on():
    drive = Drive()
    drive.tick()
    drive.state["status"] = 3
    drive.wait(10.0)
    drive.state["status"] = KNOWN_POSE
    drive.wait(10.0)
    assert drive.words() == [("warn", "position", "now"), ("clear", "position", "clear")]


def test_given_a_start_without_position_then_patience_at_rest_and_a_word_on_the_move():
    drive = Drive(speed=0.0)
    drive.state["status"] = 0
    assert drive.wait(60.0).said == []
    drive.speed = 0.5
    assert drive.wait(30.0).words() == [("warn", "position", "now")]


def test_given_a_state_that_is_not_known_at_all_then_silence_and_then_a_step_without_a_place():
    drive = Drive()
    drive.state["status"] = 0
    for field in ("position", "velocity", "sd_position", "roll", "pitch", "yaw", "distance", "slip"):
        drive.state[field] = np.nan
    for k in range(600):
        drive.state["t_ns"] = k * 100_000_000
        assert drive.coach.tick(drive.state) == []
    drive.state["velocity"] = 1.0, 0.0, 0.0
    steps = []
    for k in range(600, 1200):
        drive.state["t_ns"] = k * 100_000_000
        steps += drive.coach.tick(drive.state)
    (step,) = [Step.from_record(r, JEEP, Words.load()) for r in steps]
    assert step.cause == "position"
    assert json.loads(step.to_json())["trigger"] == {"to_go": 0.0, "x": None, "y": None}


def test_given_a_steep_climb_ahead_then_low_range_before_it_and_once():
    drive = Drive()
    drive.pitch = bump(8.0, 20.0, -0.3, 0.0)
    drive.roll(20.0)
    (_, x, step), = drive.only("setup")
    assert x < 7.0
    assert step["setup"] == 1
    assert step["angle"] == pytest.approx(0.3)
    assert step["to_go"] == pytest.approx(8.0 - x, abs=0.3)
    assert step["x"] == pytest.approx(x + step["to_go"], abs=0.02)      # where, not where the vehicle is


def test_the_end_is_told_if_anything_was():
    quiet, busy = Drive(), Drive()
    busy.clearance = bump(3.0, 4.0, 0.02, 0.2)
    for drive in (quiet, busy):
        drive.trail_end = 10.0
        drive.roll(10.5)
    assert quiet.said == []
    assert busy.words()[-1] == ("stop", "end", "now")
    _, x, end = busy.said[-1]
    assert end["x"] == pytest.approx(x + end["to_go"], abs=0.15)


def test_given_a_wheel_that_hangs_ahead_on_gentle_ground_then_lockers_for_that_reason():
    drive = Drive()
    config = _core.default_config()
    config["vehicle"] = JEEP.to_abi()
    config["vehicle"]["axle"]["differential"] = OPEN
    drive.coach = _core.Coach(config)
    drive.pitch = lambda x: 0.02
    drive.lifted = bump(8.0, 9.0, 0b0010, 0)
    drive.roll(7.0)
    (_, _, record), = drive.only("setup")
    step = Step.from_record(record, JEEP, Words.load())
    assert (step.action.setup, step.cause, step.why["wheel"]) == (("lockers",), "wheel_lift", "fr")
    assert step.why["angle"] is None
    assert step.reason == "Passenger front tire will carry nothing further on."


def rock_garden():
    drive = Drive(speed=0.4)
    rng = np.random.default_rng(3)
    clearances, steers = rng.normal(0.06, 0.05, 600), np.repeat(rng.normal(0.0, 0.25, 60), 10)
    drive.clearance = lambda x: clearances[min(int(x * 10), 599)]
    drive.steer = lambda x: steers[min(int(x * 10), 599)]
    drive.lifted = lambda x: int(clearances[min(int(x * 10), 599)] > 0.12)
    drive.straight = -0.05, 45.0
    return drive.roll(45.0)


def test_same_input_same_bits():
    one, two = rock_garden(), rock_garden()
    assert one.said
    assert [r.tobytes() for _, _, r in one.said] == [r.tobytes() for _, _, r in two.said]


def test_ids_count_up_and_every_step_is_valid_for_a_while():
    steps = [r for _, _, r in rock_garden().said]
    assert [int(r["id"]) for r in steps] == list(range(1, len(steps) + 1))
    for r in steps:
        assert 0.5e9 <= r["valid_until_ns"] - r["t_ns"] <= 60e9
        assert r["to_go"] >= 0.0


def test_only_danger_comes_while_another_step_is_heard():
    said = rock_garden().said
    for (t0, _, a), (t1, _, b) in itertools.pairwise(said):
        assert t1 - t0 >= 2.5 - 1e-9 or a["priority"] < b["priority"] == number(PRIORITIES, "danger")


def test_a_step_reads_as_data_and_as_json():
    drive = around_a_rock().roll(5.9)
    step = Step.from_record(drive.said[-1][2], JEEP, Words.load())
    assert (step.kind, step.phase, step.priority) == ("steer", "now", "caution")
    assert step.text == "Half a turn driver, now."
    assert (step.cause, step.why["part"], step.why["other_part"]) == ("clearance", "rear_diff", "oil_pan")
    assert step.why["side"] == "driver"
    assert step.why["probability"] > 0.99       # straight on
    assert step.reason == "Rear diff: eight inches to spare on this line; oil pan: touches by two inches straight on."
    assert (step.x, step.y, step.t) == (step.trigger.x, 0.0, step.t_ns * 1e-9)
    data = json.loads(step.to_json())
    assert data["version"] == 3
    assert data["trigger"].keys() == {"to_go", "x", "y"}
    assert data["why"]["other_clearance"] == -0.05
    assert data["now"]["ssml"].startswith("<speak")
    assert data["text"] == "Half a turn driver, now."


def test_a_line_that_is_too_long_is_refused():
    drive = Drive()
    drive.plan()
    _, info, _ = drive.planned
    with pytest.raises(ValueError, match="at most 1024"):
        drive.coach.tick(drive.state, drive.stance, info, np.zeros(1025, abi.LINE_POINT))


def test_given_spinning_wheels_with_a_part_on_the_ground_then_it_is_named_as_what_it_hangs_on():
    drive = Drive(speed=0.02)
    drive.state["slip"] = 0.0, 0.0, 0.9, 0.9
    drive.stance["least_part"] = OIL_PAN
    drive.stance["clearance"][OIL_PAN] = -0.03
    drive.wait(60.0)
    (_, _, stop), = drive.only("stop")
    assert (CAUSES[int(stop["cause"])], stop["part"]) == ("high_centred", OIL_PAN)
    assert stop["t_ns"] - stop["since_ns"] >= 3e9


def climb(speed, **coach):
    drive = Drive(speed, **coach)
    drive.state["pitch"] = -0.3
    return drive


def test_given_a_climb_that_fails_then_stop_within_a_second_and_once():
    drive = climb(0.5).wait(3.0)
    begin = drive.t
    drive.speed = -0.4
    drive.wait(5.0)
    (t, _, stop), = drive.only("stop", "roll_back")
    assert t - begin < 1.0
    assert stop["priority"] == number(PRIORITIES, "danger")
    assert stop["angle"] == pytest.approx(0.3)


def test_given_the_driver_backs_up_after_a_rest_then_that_is_not_rolling_back():
    drive = climb(0.5).wait(3.0)
    drive.speed = 0.0
    drive.wait(4.0)
    drive.speed = -0.4
    assert drive.wait(5.0).only("stop", "roll_back") == []


def test_given_backing_on_the_level_then_silence():
    drive = Drive(0.5).wait(3.0)
    drive.speed = -0.4
    assert drive.wait(5.0).only("stop", "roll_back") == []


def felt(part, t_ns):
    contact = np.zeros((), abi.CONTACT)
    contact["part"], contact["t_ns"], contact["clearance"] = part, t_ns, -0.01
    return contact


def test_given_a_contact_felt_then_the_part_is_told_and_when_it_began():
    drive = Drive().wait(2.0)
    drive.contact = felt(REAR_DIFF, 1_900_000_000)
    drive.tick()
    (_, _, step), = drive.said
    assert drive.words() == [("warn", "contact", "now")]
    assert (step["part"], step["since_ns"]) == (REAR_DIFF, 1_900_000_000)


@pytest.mark.parametrize("speed", [0.3, 1.0, 2.0])
def test_given_unknown_ground_ahead_then_stop_before_it(speed):
    drive = Drive(speed)
    drive.has_line = False
    drive.course_clearance = lambda x: 0.2
    drive.ground_ends = 12.0
    drive.roll(11.9)
    (_, x, stop), = drive.only("stop", "no_ground")
    assert 12.0 - x - speed * 1.5 >= speed**2 / (2.0 * 2.0)
    assert stop["to_go"] == pytest.approx(12.0 - x, abs=0.01)
    assert drive.words()[0] == ("warn", "no_ground", "prepare")


def test_given_a_line_that_turns_away_from_unknown_ground_then_no_stop_for_it():
    drive = around_a_rock()
    drive.course_clearance = lambda x: 0.2
    drive.ground_ends = 9.0
    drive.roll(5.9)
    assert drive.only("stop", "no_ground") == []


def busy(detail):
    """A turn around a rock, a tight place, a danger, and then no position."""
    drive = around_a_rock()
    drive.coach = Drive(detail=detail).coach
    drive.clearance = bump(16.0, 17.0, 0.02, 0.2)
    drive.roll(20.0)
    drive.stance["tip_margin"] = 0.1
    drive.wait(3.0)
    drive.stance["tip_margin"] = 0.6
    drive.state["sd_position"] = 2.0
    drive.wait(5.0)
    return drive.words()


def test_the_level_of_detail_leaves_out_but_never_adds():
    everything, matters, only_stop = busy(0), busy(1), busy(2)
    assert {w[2] for w in everything} == {"prepare", "now", "clear"}
    assert {w for w in everything if w[2] == "prepare"} & set(matters) == set()
    assert ("forward", "clearance", "now") in matters
    assert ("steer", "clearance", "now") in matters
    assert only_stop == [("stop", "tip", "now"), ("warn", "position", "now")]
    assert len(everything) > len(matters) > len(only_stop)


@pytest.mark.parametrize(("units", "way", "holds"), [(0, 1.2, 0.3), (1, 1.2, 0.5), (0, 4.0, 1.5), (1, 4.0, 1.0)])
def test_a_way_in_words_holds_as_finely_as_the_language_says_it(units, way, holds):
    drive = Drive(speed=0.1, units=units)
    drive.has_line = False
    drive.course_clearance = lambda x: 0.2
    drive.ground_ends = way
    drive.tick()
    step = drive.said[0][2]
    assert (step["valid_until_ns"] - step["t_ns"]) * 1e-9 == pytest.approx(holds / 0.2)     # never slower than a crawl


def test_given_a_line_that_touches_far_ahead_then_walk_it_first_is_said_before_any_word_of_stopping():
    drive = Drive(horizon=9.0, setups=16)
    drive.clearance = bump(8.0, 9.0, -0.02, 0.2)
    drive.straight = -0.02, 8.0
    drive.roll(8.0)
    (begin, _, walk), = drive.only("setup")
    assert (walk["setup"], walk["part"]) == (16, REAR_DIFF)
    assert begin < min(t for t, _, r in drive.said if KINDS[int(r["kind"])] in ("stop", "warn"))
    assert "walk it first" in Words.load("en-US").utterances(walk, JEEP).prepare.text


def test_what_a_vehicle_can_be_set_to_is_what_its_file_says():
    names = ("rivian-r1t", "jeep-wrangler-jlur", "ford-bronco-sasquatch")
    has = {name: set(Vehicle.load(name).setups) for name in names}
    assert has["rivian-r1t"] == {"tyres", "walk"}
    assert has["jeep-wrangler-jlur"] == {"low_range", "lockers", "tyres", "walk"}     # its bar is free in the file
    assert "sway_bar" not in has["ford-bronco-sasquatch"]


BUNDLED = ("d00", "d01")                # those with ground


def speed_on(drive, t):
    """Wheel speed of a bundled drive, m/s."""
    log = Log.open(Path(__file__).parent.parent / "terrain_data" / "drives" / drive)
    wheels = log.in_time("wheels")
    at = np.searchsorted((wheels["t_ns"] - log.t_ns[0]) * 1e-9, t)
    return float(np.mean(wheels["speed"][min(at, len(wheels) - 1)]))


def test_the_median_bundled_drive_hears_less_than_eight_utterances_a_minute():
    rates = []
    for drive in BUNDLED:
        log = Log.open(Path(__file__).parent.parent / "terrain_data" / "drives" / drive)
        rates.append(len(steps_on(drive)) * 60e9 / (log.t_ns[1] - log.t_ns[0]))
    assert np.median(rates) < 8.0


@pytest.mark.parametrize("drive", BUNDLED)
def test_no_utterance_of_a_bundled_drive_takes_more_than_four_seconds(drive):
    assert [s.text for _, s in steps_on(drive) if words_in(s.text) > LONGEST] == []


@pytest.mark.parametrize("drive", BUNDLED)
def test_advice_on_a_bundled_drive_comes_a_second_before_it_must_be_acted_on(drive):
    late = [s.text for t, s in steps_on(drive)
            if s.priority != "danger" and s.kind in ("steer", "hold", "forward", "reverse", "stop", "setup")
            and s.to_go < 1.0 * speed_on(drive, t) and s.action.distance is None]
    assert late == []
