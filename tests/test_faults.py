"""Faults of sensors, one at a time over one drive: survived, flagged, and recovered from."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from faults import DURING, Fault, lay_over, stepped_by

from trailcoach.fusion import Status, Track, fuse
from trailcoach.log import Log
from trailcoach.terrain import Terrain

DRIVES = Path(__file__).parent.parent / "terrain_data" / "drives"
BEGIN = {"d00": 20.0, "d01": 18.0}      # s, in motion

# fault: the flag it raises, and for how much of its five seconds, or of the one after a moment's fault
EXPECTED = {
    Fault.NO_WHEELS: (Status.NO_WHEELS, 1.0),
    Fault.WHEELS_GONE: (Status.NO_WHEELS, 0.85),
    Fault.WHEEL_DEAD: (Status.SLIP, 0.9),
    Fault.WHEEL_SPINS: (Status.SLIP, 0.9),
    Fault.ALL_SPIN: (Status.SLIP | Status.NO_WHEELS, 0.85),
    Fault.ALL_ZERO: (Status.NO_WHEELS, 0.85),
    Fault.ALL_KMH: (Status.SLIP | Status.NO_WHEELS, 0.9),
    Fault.IMU_SPIKE: (Status.IMU_FAULT, 0.15),
    Fault.IMU_GAP: (Status.IMU_GAP, 0.2),
    Fault.GYRO_SATURATED: (Status.IMU_FAULT, 0.2),
    Fault.INCLINATION_STUCK: (Status.INCLINATION, 0.5),
    Fault.GNSS_JUMP: (Status.GNSS, 0.7),
    Fault.GNSS_DRIFTS: (Status.GNSS, 0.2),
    Fault.GNSS_GONE: (Status.DEAD_RECKONING, 0.75),
    Fault.CLOCK_STEP_WHEELS: (Status.CLOCK, 0.9),
    Fault.CLOCK_STEP_IMU: (Status.CLOCK, 0.9),
    Fault.CLOCK_BACK_IMU: (Status.CLOCK, 0.9),
    Fault.CLOCK_STEP_ALL: (Status.IMU_GAP, 0.15),
    Fault.SHUFFLED: (Status.REWOUND, 0.9),
}
BLIND = {Fault.IMU_GAP, Fault.GYRO_SATURATED, Fault.CLOCK_STEP_ALL}     # nothing tells how the vehicle turned meanwhile
WITHOUT_SPEED = {Fault.NO_WHEELS, Fault.ALL_KMH}        # and nothing how far it went


class Drive:
    """A bundled drive with its truth; errors of a track about it."""

    def __init__(self, name: str) -> None:
        folder = DRIVES / name
        self.log, self.terrain = Log.open(folder), Terrain.open(folder / "terrain.tif")
        truth = np.genfromtxt(folder / "truth.csv", delimiter=",", names=True)
        self.t = truth["t"]
        self.position = np.column_stack([truth[c] for c in "xyz"])
        self.attitude = np.column_stack([truth[c] for c in ("roll", "pitch", "yaw")])
        self.distance = float(np.hypot(*np.diff(self.position[:, :2], axis=0).T).sum())

    def errors(self, track: Track, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Position (m) and roll, pitch (deg) at each state, whose true times are t."""
        position = track.position - np.column_stack([np.interp(t, self.t, c) for c in self.position.T])
        attitude = track.attitude[:, :2] - np.column_stack([np.interp(t, self.t, c) for c in self.attitude[:, :2].T])
        return position, np.degrees(attitude)


@pytest.fixture(scope="module", params=["d00", "d01"])
def drive(request: pytest.FixtureRequest) -> Drive:
    return Drive(request.param)


@pytest.mark.parametrize("fault", EXPECTED)
def test_a_fault_is_flagged_and_survived(drive: Drive, request: pytest.FixtureRequest, fault: Fault) -> None:
    begin = BEGIN[request.node.callspec.params["drive"]]
    if fault.name.startswith("GNSS") and drive.log.gnss is None:
        pytest.skip("a drive without fixes")
    # given the fault from there on
    track = fuse(lay_over(drive.log, fault, int(begin * 1e9)), terrain=drive.terrain)
    t = track.t - np.where(track.t > begin + 1.0, stepped_by(fault), 0.0)
    k = (t > 1.5) & (t < drive.t[-1])
    position, attitude = drive.errors(track, t)
    # then it is flagged
    bits, share = EXPECTED[fault]
    during = (t > begin) & (t < begin + DURING)
    for bit in bits:
        assert ((track.status[during] & bit) != 0).mean() >= share, bit
    # and roll and pitch stay within a degree, but where nothing measures them: there they come back
    blind = (t > begin) & (t < begin + 4.0) if fault in BLIND else np.zeros(len(t), bool)
    level = (track.status & Status.LEVELLED) != 0
    assert abs(attitude[k & level & ~blind]).max() <= 1.0
    assert np.sqrt((attitude[k][-100:] ** 2).mean(axis=0)).max() <= 0.5
    # and the place stays within 2 % of the way, or says itself how far it may be off
    off = np.hypot(*position[k][-1, :2])
    if fault in WITHOUT_SPEED | BLIND:
        assert off <= 3.0 * np.hypot(*track.sd_position[k][-1, :2])
    if fault not in WITHOUT_SPEED | {Fault.CLOCK_STEP_ALL}:
        assert off <= 0.02 * drive.distance


@pytest.mark.parametrize("fault", [Fault.WHEELS_GONE, Fault.ALL_SPIN, Fault.INCLINATION_STUCK, Fault.CLOCK_STEP_IMU])
def test_a_flag_is_not_raised_without_its_fault(drive: Drive, fault: Fault) -> None:
    track = fuse(lay_over(drive.log, Fault.NONE, 0), terrain=drive.terrain)
    bits, _ = EXPECTED[fault]
    rolling = track.t > 6.0
    for bit in bits & ~Status.SLIP:
        assert ((track.status[rolling] & bit) != 0).mean() < 0.05, bit     # wheels at rest are waited for


@pytest.mark.parametrize("aided", [False, True])
def test_fixes_that_walk_away_do_not_take_the_place_along(aided: bool) -> None:
    # given fixes sure of 2 cm that drift by 3 m, and back
    drive = Drive("d01")
    terrain = drive.terrain if aided else None
    right, wrong = (fuse(lay_over(drive.log, Fault.GNSS_DRIFTS, int(t * 1e9)), terrain=terrain) for t in (1e5, 18.0))
    # then wheels and IMU carry the place to 2 % of the way, and it is told as long as it lasts
    position, _ = drive.errors(wrong, wrong.t)
    k = (wrong.t > 1.5) & (wrong.t < drive.t[-1])
    assert np.hypot(*position[k][:, :2].T).max() <= 0.02 * drive.distance
    drifting = (wrong.t > 22.0) & (wrong.t < drive.t[-1])
    assert ((wrong.status[drifting] & Status.GNSS) != 0).mean() > 0.9
    # while fixes that are right are neither told of nor doubted
    position, _ = drive.errors(right, right.t)
    assert np.hypot(*position[k][:, :2].T).max() < 0.1
    assert ((right.status & Status.GNSS) != 0).mean() < 0.05


def test_a_knocked_inclinometer_is_believed_again_with_its_new_bias(drive: Drive) -> None:
    inclination = drive.log.inclination.copy()
    late = inclination["t_ns"] > 15e9
    inclination["roll"][late] += np.radians(3.0)
    track = fuse(replace(drive.log, inclination=inclination, gnss=None), terrain=drive.terrain)
    _, attitude = drive.errors(track, track.t)
    flagged = (track.status & Status.INCLINATION) != 0
    assert flagged[(track.t > 17.0) & (track.t < 24.0)].all()
    assert not flagged[track.t > 27.0].any()
    assert track.state["resets"][-1] == 1
    assert abs(attitude[(track.t > 1.5) & (track.t < drive.t[-1])]).max() < 1.0


def attitude_error(drive: Drive, log: Log, begin: float, end: float) -> np.ndarray:
    """Largest of roll, and of pitch, from begin to end, deg."""
    track = fuse(log, rate=100.0)
    _, attitude = drive.errors(track, track.t)
    return abs(attitude[(track.t > begin) & (track.t < end)]).max(axis=0)


MOMENTS = (8.0, 12.0, 16.0, 20.0, 24.0)     # s, in motion


def test_a_gyro_at_its_limit_loses_one_axis_only(drive: Drive) -> None:
    # given a pitch rate out of range for 0.3 s at several moments, without terrain
    logs = [lay_over(drive.log, Fault.GYRO_SATURATED, int(t * 1e9)) for t in MOMENTS]
    # then roll goes on as it was, and pitch is back soon, by accelerometer and wheels
    for t, log in zip(MOMENTS, logs, strict=True):
        assert attitude_error(drive, log, t, t + 2.0)[0] <= 0.5
        assert attitude_error(drive, log, t + 1.3, t + 3.0)[1] <= 1.0


def test_an_inclinometer_tells_of_the_sway_through_a_gap(drive: Drive) -> None:
    # given no IMU for 0.5 s at several moments, with an inclinometer and with one silent meanwhile
    told, silent = [], []
    for t in MOMENTS:
        log = lay_over(drive.log, Fault.IMU_GAP, int(t * 1e9))
        told.append(attitude_error(drive, log, t + 0.5, t + 2.5))
        kept = (log.inclination["t_ns"] < t * 1e9) | (log.inclination["t_ns"] > (t + 0.5) * 1e9)
        silent.append(attitude_error(drive, replace(log, inclination=log.inclination[kept]), t + 0.5, t + 2.5))
    # then it is worth its samples
    assert np.sqrt(np.mean(np.square(told))) < 0.75 * np.sqrt(np.mean(np.square(silent))), (told, silent)
