"""A tyre on the rock: what a turn leads a front wheel onto, and where it comes down again."""
import numpy as np
import pytest
from test_coach import JEEP, Drive

from trailcoach._core import Grid
from trailcoach.words import Words

TURN = 6.0                              # m, where the wheel has to be turned
ON_TOP = 7.5                            # m, where the front axle is over the rock
STEER = 0.2                             # rad from the turn on
HALF_TRACK = JEEP.front_axle.track / 2.0
DX = 0.05                               # m


def ground(side=-1, height=0.3, slope=0.0):
    """Level or sloped ground with a rock of 0.7 m under a front wheel when the vehicle is at ON_TOP."""
    x, y = np.arange(-8.0, 40.0, DX), np.arange(-6.0, 6.0, DX)
    X, Y = np.meshgrid(x, y)
    far = np.hypot(X - ON_TOP - JEEP.wheelbase, Y - side * HALF_TRACK) / 0.35
    rock = np.where(far < 1.0, height * np.sqrt(np.clip(1.0 - far**2, 0.0, None)), 0.0)
    return Grid((slope * X + rock).astype(np.float32), float(x[0]), float(y[0]), DX)


def turn_around(grid):
    """Straight on a part touches; the line turns the wheel at TURN, and the driver does."""
    drive = Drive()
    drive.straight = -0.05, 12.0
    drive.steer = lambda x: STEER if x >= TURN else 0.0
    drive.grid = grid
    drive.roll(TURN)
    drive.state["steer"] = STEER
    return drive


@pytest.mark.parametrize(("side", "wheel", "named"), [(-1, 1, "passenger"), (1, 0, "driver")])
def test_given_a_turn_that_leads_a_tyre_onto_a_rock_then_it_says_which(side, wheel, named):
    drive = turn_around(ground(side))
    (_, _, turn), = [s for s in drive.only("steer") if s[2]["phase"] == 2]
    assert drive.only("steer", "on_rock")[-1][2] is turn
    assert turn["wheel"] == wheel
    said = Words.load("en-US").utterances(turn, JEEP)
    assert f"{named} front tire on rock" in said.now.text or f"{named} front tire on the rock" in said.now.text
    assert "passenger" not in said.now.text.split(",")[0]      # the turn itself is to the driver's side


def test_given_the_wheel_comes_down_from_it_then_it_is_let_down_once_and_before():
    drive = turn_around(ground()).roll(5.0)
    (_, x, step), = drive.only("forward", "climb_down")
    assert step["wheel"] == 1
    assert ON_TOP - 0.9 < x < ON_TOP + 0.35
    assert Words.load("en-US").utterances(step, JEEP).now.text == "Let it climb down: passenger front tire."


@pytest.mark.parametrize("grid", [ground(height=0.05), ground(height=0.0, slope=0.3), None],
                         ids=["the ride", "a slope", "no ground known"])
def test_given_no_rock_then_the_turn_is_about_clearance(grid):
    drive = turn_around(grid).roll(5.0)
    assert drive.only("steer", "on_rock") == []
    assert drive.only("forward", "climb_down") == []
    assert len(drive.only("steer", "clearance")) > 0


def test_given_nobody_was_led_onto_it_then_a_rock_under_a_wheel_is_no_word_worth():
    drive = Drive()
    drive.grid = ground()
    assert drive.roll(15.0).said == []
