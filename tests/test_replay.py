"""A bundled log through all stations."""
import csv
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from trailcoach.errors import InputError
from trailcoach.fusion import Status, fuse
from trailcoach.log import Log, Meta, read_table
from trailcoach.playback import driven_trail, replay, replay_log, smoothed, write_results
from trailcoach.replay_result import ReplayResult
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

DRIVES = Path(__file__).parent.parent / "terrain_data" / "drives"


@pytest.fixture(scope="module")
def d01() -> tuple[Log, Vehicle, Terrain]:
    return (Log.open(DRIVES / "d01"), Vehicle.load("land-rover-defender-110"),
            Terrain.open(DRIVES / "d01" / "terrain.tif"))


@pytest.fixture(scope="module")
def result(d01: tuple[Log, Vehicle, Terrain]) -> ReplayResult:
    return replay_log(*d01)


def test_the_vehicle_is_followed_along_the_drive(result: ReplayResult) -> None:
    columns, table = read_table(DRIVES / "d01" / "truth.csv")
    truth = dict(zip(columns, table.T, strict=True))
    x, y = (np.interp(result.t, truth["t"], truth[k]) for k in ("x", "y"))
    off = np.hypot(result.state["position"][:, 0] - x, result.state["position"][:, 1] - y)
    levelled = (result.state["status"] & 1) != 0
    assert levelled.mean() > 0.95
    assert off[levelled].max() < 0.3
    # before levelling it is at the pose the log begins with, and says how well that is known
    early = result.state[~levelled]
    assert len(early) > 0
    assert off[~levelled].max() < 3.0 * early["sd_position"][:, :2].max() < 0.3
    settled = result.stance["status"] == 0
    assert settled.mean() > 0.9


def test_a_place_nobody_told_is_not_claimed_before_levelling(d01: tuple[Log, Vehicle, Terrain]) -> None:
    log, vehicle, _ = d01
    meta = msgspec.structs.replace(log.meta, start=None)
    track = fuse(replace(log, meta=meta, gnss=None), vehicle)
    levelled = (track.status & Status.LEVELLED) != 0
    early = track.t < track.t[levelled][0]
    assert early.any()
    # nor after it: without fixes it never learns where in the world it is
    assert np.isnan(track.position[track.t < track.t[0] + 0.9]).all()
    assert np.isnan(track.attitude[track.t < track.t[0] + 0.9, 2]).all()
    assert not (track.status & (Status.HEADING | Status.POSITION)).any()


def test_steps_are_numbered_in_time_order_with_words_and_distance_to_go(result: ReplayResult) -> None:
    assert [s.id for s in result.steps] == list(range(1, len(result.steps) + 1))
    assert all(a.t <= b.t for a, b in zip(result.steps, result.steps[1:], strict=False))
    assert all(s.text and s.to_go >= 0.0 for s in result.steps)


def test_the_same_log_gives_the_same_steps_again(d01: tuple[Log, Vehicle, Terrain], result: ReplayResult) -> None:
    again = [s.to_json() for s in replay(*d01)]
    assert again == [s.to_json() for s in result.steps]


def test_results_hold_the_columns_of_the_contract(result: ReplayResult, tmp_path: Path) -> None:
    write_results(result, tmp_path)
    steps = [json.loads(line) for line in (tmp_path / "steps.jsonl").read_text().splitlines()]
    assert len(steps) == len(result.steps)
    assert {"id", "kind", "trigger", "action", "why", "priority", "valid_until_ns"} <= steps[0].keys()
    with open(tmp_path / "track.csv") as f:
        head = next(csv.reader(f))
    assert head[:10] == ["t", "x", "y", "z", "vx", "vy", "vz", "roll", "pitch", "yaw"]
    assert {"sd_x", "sd_roll", "slip_fl", "slip_rr", "status"} <= set(head)
    with open(tmp_path / "stance.csv") as f:
        head = next(csv.reader(f))
    assert {"load_fl", "tip_margin", "clearance_oil_pan", "p_contact_oil_pan"} <= set(head)
    assert {"contacts", "least_clearance"} <= json.loads((tmp_path / "debrief.json").read_text()).keys()
    assert (tmp_path / "report.html").stat().st_size > 1000


def test_the_drive_is_smoothed_beside_what_the_vehicle_knew(d01: tuple[Log, Vehicle, Terrain],
                                                           result: ReplayResult) -> None:
    later = smoothed(result, *d01)
    assert later.state is result.state
    columns, table = read_table(DRIVES / "d01" / "truth.csv")
    truth = dict(zip(columns, table.T, strict=True))
    t = later.afterwards["t_ns"] * 1e-9
    moving = (t > 3.0) & (t < truth["t"][-1])
    off = np.hypot(*(later.afterwards["position"][moving, i] - np.interp(t[moving], truth["t"], truth["xy"[i]])
                     for i in (0, 1)))
    assert off.max() < 0.15
    assert "beside where the vehicle took itself to be" in later.notes[-1]


def test_a_log_that_cannot_say_where_it_drove_is_refused(d01: tuple[Log, Vehicle, Terrain]) -> None:
    log, vehicle, terrain = d01
    blind = Log(log.path, Meta(), imu=log.imu, wheels=log.wheels)
    with pytest.raises(InputError, match="does not tell where it drove"):
        driven_trail(blind, vehicle, terrain)
