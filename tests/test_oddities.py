"""What is told about a drive that cannot be right."""
from pathlib import Path

import numpy as np
import pytest
from inputs import write_log

from trailcoach import abi
from trailcoach.fusion import Status
from trailcoach.log import Log
from trailcoach.oddities import oddities


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log.open(write_log(tmp_path / "log"))


def test_nothing_odd_says_nothing(log: Log) -> None:
    assert oddities(log, np.zeros(10, abi.STATE)) == []


def test_what_came_late_is_one_line(log: Log) -> None:
    state = np.zeros(10, abi.STATE)
    state["late"][-1, 1], state["refused"][-1, [0, 5]], state["duplicated"][-1, 5] = 12, (1, 2), 3
    state["clock_steps"][-1] = 1
    assert oddities(log, state) == [
        "samples: late, taken at their time: wheels 12; refused for their stamps: imu 1, gnss 2; duplicates dropped:"
        " gnss 3; steps of a sensor's clock: 1"]


def test_slip_most_of_the_time(log: Log) -> None:
    state = np.zeros(10, abi.STATE)
    state["status"][:6] = Status.SLIP
    note, = oddities(log, state)
    assert "slipping 60 % of the time" in note


@pytest.mark.parametrize(("speed", "words"), [(61.0, "61 m/s"), (np.nan, "not known")])
def test_a_speed_at_the_end_that_cannot_be(log: Log, speed: float, words: str) -> None:
    state = np.zeros(10, abi.STATE)
    state["velocity"][-1, 1] = speed
    note, = oddities(log, state)
    assert words in note
