"""Time: samples that come late, twice, out of order, or by a clock that is wrong."""
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from drives import Drive, smooth_drive

from trailcoach import _core, abi
from trailcoach.engine import make_config, vehicle_of
from trailcoach.errors import CoreError
from trailcoach.fusion import Status
from trailcoach.log import SENSORS, Log

E_RANGE, E_TIME = -3, -4
TIME_FIELDS = ("rewinds", "late", "refused", "duplicated", "clock_steps", "status")
HOUR = 3600 * 10**9


@pytest.fixture(scope="module")
def drive() -> Drive:
    return smooth_drive(seed=11, duration=14.0, gnss=True)


def engine_for(log: Log, lag: float = 0.5, **fusion: object) -> _core.Engine:
    config = make_config(vehicle_of(log), log, guidance=False)
    config["fusion"]["lag"] = lag
    for name, value in fusion.items():
        config["fusion"][name] = value
    engine = _core.Engine(config)
    if log.meta.start is not None:
        engine.set_start(*log.meta.start[:2], 100.0, log.meta.start[2], 0.05, 0.01)
    return engine


def pushed(log: Log, order: np.ndarray | None = None, **config: object) -> np.ndarray:
    """The last state when the samples of a log come in some order, None = that of their time."""
    engine = engine_for(log, **config)
    kinds, rows, _ = log.timeline()
    order = np.arange(len(kinds)) if order is None else order
    engine.push_merged(kinds[order], rows[order], log.arrays)
    return engine.state()


def late_by(log: Log, most: float, seed: int, sensors: tuple[str, ...] = SENSORS) -> np.ndarray:
    """An order in which each sample of these sensors comes up to so much later, s."""
    kinds, _, t_ns = log.timeline()
    delay = np.random.default_rng(seed).uniform(0.0, most * 1e9, len(kinds))
    concerned = np.isin(kinds, [SENSORS.index(s) for s in sensors])
    return np.argsort(t_ns + np.where(concerned, delay, 0.0), kind="stable")


def without_times(state: np.ndarray) -> np.ndarray:
    """A state less what tells how its samples came."""
    out = state.copy()
    for name in TIME_FIELDS:
        out[name] = 0
    return out


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return without_times(a).tobytes() == without_times(b).tobytes()


def knows(state: np.ndarray, bits: Status) -> bool:
    return int(state["status"]) & bits == bits


# ---- late, twice, out of order ----

@pytest.mark.parametrize("sensors", [SENSORS, ("imu",), ("wheels",), ("gnss",), ("inclination", "gnss")])
@pytest.mark.parametrize("most", [0.02, 0.2, 0.45])
def test_samples_shuffled_within_the_lag_give_the_bits_of_sorted_ones(drive: Drive, sensors, most: float) -> None:
    order = late_by(drive.log, most, seed=int(100 * most), sensors=sensors)
    shuffled, in_order = pushed(drive.log, order), pushed(drive.log)
    assert same(shuffled, in_order)
    assert shuffled["refused"].sum() == 0
    assert in_order["rewinds"] == 0
    # and the late ones are told, unless all of them could still be waited for
    late = [s for s in sensors if getattr(drive.log, s) is not None]
    if most > 0.1:
        assert all(shuffled["late"][SENSORS.index(s)] > 0 for s in late)
    assert shuffled["late"].sum() == shuffled["rewinds"]


def test_a_way_back_is_flagged_for_a_second(drive: Drive) -> None:
    kinds, rows, t_ns = drive.log.timeline()
    late = np.flatnonzero((kinds == SENSORS.index("wheels")) & (t_ns > 6e9))[0]
    rest = np.delete(np.arange(len(kinds)), late)
    at = np.searchsorted(t_ns[rest], t_ns[late] + int(0.3e9))
    engine = engine_for(drive.log)
    engine.push_merged(kinds[rest[:at]], rows[rest[:at]], drive.log.arrays)
    assert not knows(engine.state(), Status.REWOUND)
    engine.push(drive.log.wheels[rows[late]:rows[late] + 1])
    assert knows(engine.state(), Status.REWOUND)
    assert engine.state()["late"].tolist() == [0, 1, 0, 0, 0, 0]
    engine.push_merged(kinds[rest[at:]], rows[rest[at:]], drive.log.arrays)
    assert not knows(engine.state(), Status.REWOUND)


@pytest.mark.parametrize("lag", [0.0, 0.5])
def test_a_sample_older_than_the_lag_is_refused_and_counted(drive: Drive, lag: float) -> None:
    # given all samples but one of the wheels, which comes at the end
    kinds, rows, t_ns = drive.log.timeline()
    k = np.flatnonzero((kinds == SENSORS.index("wheels")) & (t_ns < t_ns[-1] - 0.6e9))[-1]
    engine = engine_for(drive.log, lag=lag)
    rest = np.delete(np.arange(len(kinds)), k)
    engine.push_merged(kinds[rest], rows[rest], drive.log.arrays)
    before = engine.state()
    engine.push(drive.log.wheels[rows[k]:rows[k] + 1])
    # then nothing moves, and it is told
    assert same(engine.state(), before)
    assert engine.state()["refused"].tolist() == [0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("lag", [0.0, 0.5])
def test_samples_that_come_twice_are_dropped_and_counted(drive: Drive, lag: float) -> None:
    kinds, _, _ = drive.log.timeline()
    twice = pushed(drive.log, np.repeat(np.arange(len(kinds)), 2), lag=lag)
    assert same(twice, pushed(drive.log, lag=lag))
    assert twice["duplicated"].tolist() == [len(getattr(drive.log, s) if getattr(drive.log, s) is not None else ())
                                            for s in SENSORS]
    assert twice["refused"].sum() == 0


def test_a_sensor_ahead_of_the_imu_needs_no_way_back(drive: Drive) -> None:
    # given wheels that always come 20 ms before the IMU has reached their time
    kinds, _, t_ns = drive.log.timeline()
    ahead = np.argsort(t_ns - np.where(kinds == SENSORS.index("wheels"), int(20e6), 0), kind="stable")
    state = pushed(drive.log, ahead)
    assert same(state, pushed(drive.log))
    assert state["rewinds"] == 0


def test_more_samples_than_the_memory_holds_shorten_the_lag_and_nothing_else(drive: Drive) -> None:
    # given wheel speeds at 10 kHz for a second
    fine = np.repeat(drive.log.wheels, 100)
    fine["t_ns"] += np.tile(np.arange(100) * 100_000, len(drive.log.wheels))
    log = replace(drive.log, wheels=fine[fine["t_ns"] < 2e9])
    state = pushed(log)
    assert state["refused"].sum() == state["rewinds"] == 0
    assert same(state, pushed(log, lag=5.0))


@pytest.mark.parametrize("value", [-0.1, 11.0, np.nan])
def test_a_lag_that_cannot_be_is_refused(drive: Drive, value: float) -> None:
    with pytest.raises(CoreError) as e:
        engine_for(drive.log, lag=value)
    assert e.value.status == E_RANGE


# ---- clocks ----

SHIFTED = [("imu", 2.0), ("imu", -2.0), ("wheels", 3.0), ("wheels", -3.0), ("inclination", 30.0), ("inclination", -1.5),
           ("gnss", 5.0), ("gnss", -5.0)]


@pytest.mark.parametrize(("sensor", "by"), SHIFTED)
def test_a_step_of_one_sensors_clock_is_found_and_its_stamps_are_carried_on(sensor: str, by: float) -> None:
    # given a clock that jumps in the middle of a drive, while samples come as ever
    drive = smooth_drive(seed=12, duration=20.0, gnss=True)
    log = drive.log
    stepped = getattr(log, sensor).copy()
    stepped["t_ns"][stepped["t_ns"] > 10e9] += int(by * 1e9)
    kinds, rows, _ = log.timeline()
    arrays = [stepped if s == sensor else getattr(log, s) for s in SENSORS]
    engine = engine_for(log)
    engine.push_merged(kinds, rows, arrays)
    state, plain = engine.state(), pushed(log)
    # then it is told, few samples are lost, and the drive ends where it did
    assert state["clock_steps"] == 1
    lost = np.zeros(6, int)
    lost[SENSORS.index(sensor)] = max(3, 0.11e9 // np.median(np.diff(getattr(log, sensor)["t_ns"])))
    assert (state["refused"] <= lost).all()
    assert abs(state["position"] - plain["position"]).max() < 0.1
    assert abs(int(state["t_ns"]) - int(plain["t_ns"])) <= 5e6
    assert np.degrees(abs(state["roll"] - plain["roll"])) < 0.2
    assert np.degrees(abs(state["pitch"] - plain["pitch"])) < 0.2


def test_a_step_of_a_clock_is_flagged_for_five_seconds() -> None:
    log = smooth_drive(seed=12, duration=20.0).log
    wheels = log.wheels.copy()
    wheels["t_ns"][wheels["t_ns"] > 10e9] -= int(3e9)
    kinds, rows, t_ns = log.timeline()
    arrays = [wheels if s == "wheels" else getattr(log, s) for s in SENSORS]
    engine, flagged = engine_for(log), []
    ends = [*np.searchsorted(t_ns, np.arange(1, 20) * 10**9), len(kinds)]
    for a, b in pairwise([0, *ends]):
        engine.push_merged(kinds[a:b], rows[a:b], arrays)
        flagged.append(knows(engine.state(), Status.CLOCK))
    assert flagged == [10 <= i < 15 for i in range(20)]


@pytest.mark.parametrize("pause", [2 * 10**9, 2 * HOUR, 400 * HOUR])
def test_a_pause_of_all_sensors_is_no_step(drive: Drive, pause: int) -> None:
    # given a drive that was interrupted while the vehicle stood
    log = drive.log
    shifted = {}
    for sensor in log.sensors:
        shifted[sensor] = getattr(log, sensor).copy()
        shifted[sensor]["t_ns"][shifted[sensor]["t_ns"] > 2e9] += pause
    state = pushed(replace(log, **shifted))
    # then it goes on with the stamps as they are, and has found level again
    assert state["clock_steps"] == 0
    assert int(state["t_ns"]) > pause
    assert knows(state, Status.LEVELLED)
    assert np.degrees(abs(state["roll"] - pushed(log)["roll"])) < 0.5


@pytest.mark.parametrize("sensor", ["imu", "wheels", "inclination", "gnss"])
@pytest.mark.parametrize("wrong", [-100 * HOUR, -5 * 10**9, 5 * 10**9, 100 * HOUR])
def test_a_first_stamp_that_is_wrong_does_not_last(drive: Drive, sensor: str, wrong: int) -> None:
    samples = getattr(drive.log, sensor).copy()
    samples["t_ns"][0] += wrong
    kinds, rows, _ = drive.log.timeline()
    engine = engine_for(drive.log)
    engine.push_merged(kinds, rows, [samples if s == sensor else getattr(drive.log, s) for s in SENSORS])
    state, plain = engine.state(), pushed(drive.log)
    assert state["t_ns"] == plain["t_ns"]
    assert knows(state, Status.LEVELLED | Status.HEADING | Status.POSITION)
    assert abs(state["position"] - plain["position"]).max() < 0.1
    assert state["refused"].sum() + state["clock_steps"] > 0


@pytest.mark.parametrize("sensor", ["imu", "wheels", "inclination", "gnss"])
@pytest.mark.parametrize("t_ns", [2**62, 100 * 10**9, -2**62])
def test_a_stray_stamp_is_left_out_and_all_goes_on(drive: Drive, sensor: str, t_ns: int) -> None:
    kinds, rows, _ = drive.log.timeline()
    engine, plain = engine_for(drive.log), engine_for(drive.log)
    half = len(kinds) // 2
    for e in (engine, plain):
        e.push_merged(kinds[:half], rows[:half], drive.log.arrays)
    stray = getattr(drive.log, sensor)[:1].copy()
    stray["t_ns"] = t_ns
    engine.push(stray)
    for e in (engine, plain):
        e.push_merged(kinds[half:], rows[half:], drive.log.arrays)
    assert same(engine.state(), plain.state())
    assert engine.state()["refused"].sum() == 1


def test_an_offset_that_is_known_is_taken_off(drive: Drive) -> None:
    # given wheels whose stamps are 0.3 s behind the IMU's
    wheels = drive.log.wheels.copy()
    wheels["t_ns"] -= int(0.3e9)
    clock = np.zeros(abi.N_SENSORS)
    clock[SENSORS.index("wheels")] = 0.3
    assert same(pushed(replace(drive.log, wheels=wheels), clock=clock), pushed(drive.log))


def test_the_imus_own_clock_has_no_offset(drive: Drive) -> None:
    with pytest.raises(CoreError) as e:
        engine_for(drive.log, clock=np.eye(abi.N_SENSORS)[0])
    assert e.value.status == E_RANGE


# ---- tick and reset ----

def test_a_tick_back_in_time_is_refused(drive: Drive) -> None:
    engine = engine_for(drive.log)
    engine.tick(10**9)
    engine.tick(10**9)
    with pytest.raises(CoreError) as e:
        engine.tick(10**9 - 1)
    assert e.value.status == E_TIME


def test_an_engine_reset_is_as_new(drive: Drive) -> None:
    kinds, rows, _ = drive.log.timeline()
    engine, new = engine_for(drive.log), engine_for(drive.log)
    engine.push_merged(kinds[100:], rows[100:], drive.log.arrays)
    engine.tick(14 * 10**9)
    engine.reset()
    engine.tick(0)
    assert np.isnan(engine.state()["position"]).all()
    engine.set_start(*drive.log.meta.start[:2], 100.0, drive.log.meta.start[2], 0.05, 0.01)
    for e in (engine, new):
        e.push_merged(kinds, rows, drive.log.arrays)
    assert engine.state().tobytes() == new.state().tobytes()


def test_a_reset_says_what_it_moved(drive: Drive) -> None:
    # given no start pose: heading and place come with the first fixes in motion
    log = smooth_drive(seed=2, gnss=True, start=False).log
    state = pushed(log)
    assert state["resets"] == 1
    # then the reset moved the local frame to the world's
    assert np.hypot(*(state["reset_position"][:2] - log.gnss["position"][0, :2])) < 20.0
    assert 0.0 < abs(state["reset_yaw"]) <= np.pi
