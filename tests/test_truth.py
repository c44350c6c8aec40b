"""A track put beside a log's truth."""
from pathlib import Path

import numpy as np
import pytest
from inputs import write_log

from trailcoach import abi
from trailcoach.fusion import Status, Track
from trailcoach.inputs.truth import Truth
from trailcoach.log import Log

KNOWN = int(Status.LEVELLED | Status.POSITION)


def track_of(t: np.ndarray, roll: float = 0.0, status: int = KNOWN) -> Track:
    """A track that drives east at 1 m/s."""
    state = np.zeros(len(t), abi.STATE)
    state["t_ns"], state["roll"], state["status"] = np.rint(t * 1e9), roll, status
    state["position"][:, 0] = t
    return Track.from_states(state)


def truth_of(t: np.ndarray) -> Truth:
    return Truth(t, np.zeros_like(t), np.zeros_like(t), np.column_stack([t, np.zeros_like(t)]))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(tmp_path / "log")


def test_states_that_are_not_finite_are_not_scored() -> None:
    track = track_of(np.arange(0.0, 10.0, 0.1), roll=0.01)
    track.attitude[:50] = np.nan
    score = truth_of(np.arange(0.0, 9.9, 0.2)).score(track)
    assert score is not None
    assert score.roll_deg.rms == pytest.approx(np.degrees(0.01))
    assert 0.45 < score.share < 0.55


def test_nothing_is_scored_across_a_gap() -> None:
    t = np.arange(0.0, 10.0, 0.1)
    score = truth_of(np.arange(0.0, 9.9, 0.05)).score(track_of(t[(t < 2.0) | (t > 8.0)]))
    assert score is not None
    assert score.share == pytest.approx(0.4, abs=0.03)


def test_a_track_that_never_knows_its_attitude_has_no_score() -> None:
    t = np.arange(0.0, 10.0, 0.1)
    assert truth_of(t).score(track_of(t, status=int(Status.POSITION))) is None
    assert truth_of(t + 100.0).score(track_of(t)) is None


def test_positions_are_scored_only_where_they_are_known_in_the_world() -> None:
    t = np.arange(0.0, 10.0, 0.1)
    known, relative = (truth_of(t[:-1]).score(track_of(t, status=s)) for s in (KNOWN, int(Status.LEVELLED)))
    assert known is not None
    assert known.end_error == pytest.approx(0.0, abs=1e-9)
    assert relative is not None
    assert relative.end_error is None


def test_metres_of_an_unnamed_system_are_not_put_beside_those_from_the_first_fix(log: Path) -> None:
    (log / "meta.toml").unlink()
    (log / "gnss.csv").write_text("t,lat,lon,h\n0,38.4,-109.9,1300\n5,38.4,-109.9,1300\n")
    truth = Truth.of(Log.open(log))
    assert truth is not None
    assert truth.xy is None
