"""Fusion: what the filter knows, what it says it does not, and what it does when sensors lie."""
from dataclasses import replace

import numpy as np
import pytest
import reference_fusion
from drives import Drive, smooth_drive

from trailcoach import _core, abi
from trailcoach.engine import make_config, vehicle_of
from trailcoach.errors import CoreError, InputError
from trailcoach.fusion import Track, fuse
from trailcoach.log import SENSORS, Log, project
from trailcoach.terrain import Terrain

LEVELLED, HEADING, POSITION, STANDSTILL, SLIP, DEAD_RECKONING, NO_WHEELS, IMU_GAP, IMU_FAULT = \
    (1 << i for i in range(9))
E_RANGE = -3
WHEELS, CONSTRAINT, INCLINATION, GNSS, SPEED, REST = range(6)


def at_truth(track: Track, t: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.column_stack([np.interp(t, track.t, v) for v in values.T])


def errors(track: Track, drive: Drive, after: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Position error (m) and attitude error (rad) over the drive."""
    k = (drive.t > after) & (drive.t < track.t[-1])
    position = at_truth(track, drive.t[k], track.position) - drive.position[k]
    known = np.isfinite(track.attitude[:, 2])
    attitude = np.column_stack([np.interp(drive.t[k], track.t[known], np.unwrap(a[known])) for a in track.attitude.T])
    attitude -= drive.attitude[k]
    return position, (attitude + np.pi) % (2.0 * np.pi) - np.pi


def with_start_height(drive: Drive) -> Drive:
    """The same drive lowered so that it starts at the height 0 a start without terrain has."""
    return replace(drive, position=drive.position - (0.0, 0.0, drive.position[0, 2]))


@pytest.fixture(scope="module")
def drive() -> Drive:
    return with_start_height(smooth_drive(seed=1))


@pytest.fixture(scope="module")
def drive_with_gnss() -> Drive:
    return smooth_drive(seed=2, gnss=True, start=False)


def test_dead_reckons_from_a_known_start(drive: Drive) -> None:
    # given a start pose, IMU, wheels and inclinometer, but no GNSS
    track = fuse(drive.log)
    # then attitude holds to a fifth of a degree and the end to 1 % of the way
    position, attitude = errors(track, drive)
    assert np.degrees(np.sqrt((attitude**2).mean(axis=0)))[:2].max() < 0.2
    assert np.hypot(*position[-1, :2]) < 0.01 * drive.distance
    # and the status says what is known
    assert track.status[-1] & (LEVELLED | HEADING | POSITION) == LEVELLED | HEADING | POSITION
    assert track.status[-1] & DEAD_RECKONING
    assert abs(track.distance[-1] - drive.distance) < 0.02 * drive.distance


def test_standing_and_rolling_are_told_apart(drive: Drive) -> None:
    track = fuse(drive.log)
    still = (track.status & STANDSTILL) != 0
    assert still[(track.t > 2.0) & (track.t < 3.0)].all()
    assert not still[(track.t > 6.0) & (track.t < 33.0)].any()
    assert still[track.t > 39.0].all()


def test_position_gets_less_sure_while_dead_reckoning(drive: Drive) -> None:
    track = fuse(drive.log)
    sd = np.hypot(track.sd_position[:, 0], track.sd_position[:, 1])
    at = [np.searchsorted(track.t, t) for t in (2.0, 10.0, 20.0, 30.0)]
    assert (np.diff(sd[at]) > 0.0).all()


def test_heading_is_unknown_until_gnss_motion_shows_it(drive_with_gnss: Drive) -> None:
    # given no start pose: the vehicle stands for 3 s, then drives
    drive = drive_with_gnss
    track = fuse(drive.log)
    before, after = (track.t > 1.5) & (track.t < 3.0), track.t > 12.0
    # then roll and pitch are known at rest, yaw and place are not
    assert (track.status[before] & LEVELLED).all()
    assert not (track.status[before] & (HEADING | POSITION)).any()
    assert (track.sd_attitude[before, 2] > 3.0).all()
    # and are known, rightly, once it has moved
    assert (track.status[after] & (HEADING | POSITION) == HEADING | POSITION).all()
    position, attitude = errors(track, drive, after=12.0)
    assert np.degrees(abs(attitude[:, 2])).max() < 2.0
    assert np.linalg.norm(position, axis=1).max() < 0.3


def test_without_gnss_and_start_the_frame_is_local(drive: Drive) -> None:
    log = replace(drive.log, meta=replace_meta(drive.log, start=None))
    track = fuse(log)
    assert (track.status[track.t > 3.0] & LEVELLED).all()
    assert not (track.status & (HEADING | POSITION)).any()
    # the way itself is right, turned by the unknown heading
    assert abs(np.linalg.norm(track.position[-1]) - np.linalg.norm(drive.position[-1] - drive.position[0])) \
        < 0.02 * drive.distance


def replace_meta(log: Log, **changes: object) -> object:
    import msgspec
    return msgspec.structs.replace(log.meta, **changes)


def test_errors_are_within_the_stated_sd() -> None:
    # given 12 drives with other biases and other ways
    position, attitude = [], []
    for seed in range(100, 112):
        drive = with_start_height(smooth_drive(seed, duration=25.0))
        track = fuse(drive.log)
        end = drive.t[-50:-49]
        ends = at_truth(track, end, track.sd_position), at_truth(track, end, track.sd_attitude)
        p, a = errors(track, drive)
        position.append(p[-50] / ends[0][0])
        attitude.append(a[-50] / ends[1][0])
    # then the normalised squared errors have the mean of honest ones (3 states each), with room for pessimism
    nees_position = (np.array(position) ** 2).sum(axis=1).mean()
    nees_attitude = (np.array(attitude) ** 2).sum(axis=1).mean()
    assert 0.1 < nees_position < 5.0
    assert 0.3 < nees_attitude < 5.0


def test_same_samples_give_the_same_bits(drive_with_gnss: Drive) -> None:
    assert fuse(drive_with_gnss.log).state.tobytes() == fuse(drive_with_gnss.log).state.tobytes()


def test_all_wheels_spinning_are_taken_out(drive: Drive) -> None:
    # given four wheels that turn four times too fast for 5 s
    wheels = drive.log.wheels.copy()
    spin = (wheels["t_ns"] > 15e9) & (wheels["t_ns"] < 20e9)
    wheels["speed"][spin] *= 4.0
    track = fuse(drive.with_sensor("wheels", wheels).log)
    # then they are flagged, and hardly move the position
    during = (track.t > 15.2) & (track.t < 19.8)
    assert (track.status[during] & SLIP).mean() / SLIP > 0.9
    assert np.nanmin(track.slip[during]) > 0.5
    position, attitude = errors(track, drive)
    assert np.hypot(*position[-1, :2]) < 0.02 * drive.distance
    assert np.degrees(abs(attitude[:, :2])).max() < 1.0


def test_one_dead_wheel_is_taken_out(drive: Drive) -> None:
    wheels = drive.log.wheels.copy()
    wheels["speed"][:, 2] = 0.0
    track = fuse(drive.with_sensor("wheels", wheels).log)
    rolling = (track.t > 8.0) & (track.t < 33.0)
    assert (track.status[rolling] & SLIP).all()
    position, _ = errors(track, drive)
    assert np.hypot(*position[-1, :2]) < 0.02 * drive.distance


def test_dead_wheel_sensors_do_not_look_parked(drive_with_gnss: Drive) -> None:
    wheels = drive_with_gnss.log.wheels.copy()
    wheels["speed"] = 0.0
    track = fuse(drive_with_gnss.with_sensor("wheels", wheels).log)
    assert not (track.status[(track.t > 8.0) & (track.t < 33.0)] & STANDSTILL).any()


def test_dead_wheel_sensors_do_not_hold_the_position(drive: Drive) -> None:
    # given wheels that read zero on a drive without GNSS
    wheels = drive.log.wheels.copy()
    wheels["speed"] = 0.0
    track = fuse(drive.with_sensor("wheels", wheels).log)
    # then they are refused and flagged, and the position says how little it knows
    driving = (track.t > 6.0) & (track.t < 36.0)
    assert (track.status[driving] & NO_WHEELS).mean() / NO_WHEELS > 0.95
    assert track.state["gated"][-1, WHEELS] > 2000
    position, _ = errors(track, drive)
    sd = np.linalg.norm(track.sd_position[-1, :2])
    assert np.hypot(*position[-1, :2]) < 3.0 * sd


def test_wheel_speeds_in_another_unit_are_not_believed(drive: Drive) -> None:
    # given km/h where m/s are wanted, and no GNSS
    wheels = drive.log.wheels.copy()
    wheels["speed"] *= 3.6
    track = fuse(drive.with_sensor("wheels", wheels).log)
    driving = (track.t > 6.0) & (track.t < 36.0)
    assert (track.status[driving] & NO_WHEELS).mean() / NO_WHEELS > 0.95
    position, _ = errors(track, drive)
    assert np.hypot(*position[-1, :2]) < 3.0 * np.linalg.norm(track.sd_position[-1, :2])


def test_a_wheel_without_reading_is_left_out(drive: Drive) -> None:
    wheels = drive.log.wheels.copy()
    wheels["speed"][:, 1] = np.nan
    track = fuse(drive.with_sensor("wheels", wheels).log)
    assert np.isnan(track.slip[track.t > 3.0, 1]).all()
    position, _ = errors(track, drive)
    assert np.hypot(*position[-1, :2]) < 0.01 * drive.distance


def test_no_wheels_is_flagged(drive: Drive) -> None:
    track = fuse(drive.with_sensor("wheels", None).log)
    assert (track.status[track.t > 3.0] & NO_WHEELS).all()


def test_one_vehicle_speed_serves_where_there_are_no_wheels(drive: Drive) -> None:
    speed = np.zeros(len(drive.log.wheels), abi.SPEED)
    speed["struct_size"], speed["t_ns"] = abi.SPEED.itemsize, drive.log.wheels["t_ns"]
    speed["speed"] = drive.log.wheels["speed"][:, 2:].mean(axis=1)
    lone = drive.with_sensor("wheels", None).with_sensor("speed", speed[::20])
    track = fuse(lone.log)
    position, attitude = errors(track, drive)
    assert np.hypot(*position[-1, :2]) < 0.02 * drive.distance
    assert np.degrees(np.sqrt((attitude**2).mean(axis=0)))[:2].max() < 0.4
    assert track.state["used"][-1, SPEED] > 100


def test_slow_imu_serves() -> None:
    drive = with_start_height(smooth_drive(seed=3, imu_rate=10))
    track = fuse(drive.log)
    position, attitude = errors(track, drive)
    assert np.degrees(np.sqrt((attitude**2).mean(axis=0)))[:2].max() < 0.5
    assert np.hypot(*position[-1, :2]) < 0.02 * drive.distance
    assert not (track.status & IMU_GAP).any()


def test_imu_gap_is_bridged_and_flagged(drive: Drive) -> None:
    imu = drive.log.imu
    gap = (imu["t_ns"] > 15.0e9) & (imu["t_ns"] < 15.5e9)
    track = fuse(drive.with_sensor("imu", imu[~gap]).log)
    assert (track.status[(track.t > 15.5) & (track.t < 16.0)] & IMU_GAP).all()
    assert not (track.status[track.t > 17.0] & IMU_GAP).any()
    position, attitude = errors(track, drive, after=15.5)
    assert np.degrees(abs(attitude[:, :2])).max() < 2.5
    assert np.degrees(abs(attitude[-1, :2])).max() < 0.3
    assert np.hypot(*position[-1, :2]) < 0.03 * drive.distance


@pytest.mark.parametrize("at", [1.5, 15.0])
def test_a_long_gap_of_all_sensors_is_not_bridged_but_levelled_anew(drive: Drive, at: float) -> None:
    # given a pause of 100 s in the record, at rest and while driving
    log, shifted = drive.log, {}
    for sensor in ("imu", "wheels", "inclination"):
        shifted[sensor] = getattr(log, sensor).copy()
        shifted[sensor]["t_ns"][shifted[sensor]["t_ns"] > at * 1e9] += int(100e9)
    track = fuse(replace(log, **shifted))
    after = track.t > at + 50.0
    t = track.t - np.where(after, 100.0, 0.0)
    error = np.column_stack([np.interp(t, drive.t, a) for a in drive.attitude.T]) - track.attitude
    # then the gap is flagged and counted, and the tilt is right within 2 s, and known at last
    assert (track.status[(t > at) & (t < at + 1.9) & after] & IMU_GAP).all()
    assert track.state["resets"][-1] == 1
    assert np.degrees(abs(error[after & (t > at + 2.0), :2])).max() < 0.5
    assert (track.status[after & (t > at + 4.0)] & LEVELLED).all()
    # and the position says how far it may be off, which is not at all for one at rest
    gone = np.linalg.norm(track.position[after][0] - track.position[~after][-1])
    assert gone < 0.1
    sd = track.sd_position[after][60, 0]
    assert sd > 100.0 if at == 15.0 else sd < 50.0
    assert bool(track.status[-1] & HEADING) == (at == 1.5)


def test_imu_lost_while_the_others_go_on_is_not_bridged(drive: Drive) -> None:
    imu = drive.log.imu
    gap = (imu["t_ns"] > 15e9) & (imu["t_ns"] < 25e9)
    track = fuse(drive.with_sensor("imu", imu[~gap]).log)
    _, attitude = errors(track, drive, after=27.5)
    assert np.degrees(abs(attitude[:, :2])).max() < 0.5
    assert np.isfinite(track.sd_position).all()


def test_imu_spike_is_replaced_and_flagged(drive: Drive) -> None:
    imu = drive.log.imu.copy()
    imu["gyro"][3000] = 35.0
    track = fuse(drive.with_sensor("imu", imu).log)
    assert (track.status[(track.t > 15.05) & (track.t < 15.8)] & IMU_FAULT).all()
    _, attitude = errors(track, drive)
    assert np.degrees(abs(attitude[:, :2])).max() < 0.5


def test_gnss_jump_is_refused_then_believed(drive_with_gnss: Drive) -> None:
    # given fixes that are 50 m off for 2 s, and from 30 s on for good
    gnss = drive_with_gnss.log.gnss.copy()
    short = (gnss["t_ns"] > 20e9) & (gnss["t_ns"] < 22e9)
    gnss["position"][short | (gnss["t_ns"] > 30e9), 0] += 50.0
    track = fuse(drive_with_gnss.with_sensor("gnss", gnss).log)
    position = at_truth(track, drive_with_gnss.t, track.position) - drive_with_gnss.position
    # then the short jump moves nothing, and the long one is followed at last
    assert abs(position[(drive_with_gnss.t > 20.0) & (drive_with_gnss.t < 29.9), 0]).max() < 0.5
    assert track.state["gated"][-1, GNSS] >= 10
    assert abs(position[-100, 0] - 50.0) < 0.5
    assert track.state["resets"][-1] == 2            # heading found, and the way back


def test_stuck_inclinometer_is_gated(drive: Drive) -> None:
    inclination = drive.log.inclination.copy()
    late = inclination["t_ns"] > 10e9
    inclination["roll"][late], inclination["pitch"][late] = 0.3, -0.3
    track = fuse(drive.with_sensor("inclination", inclination).log)
    assert track.state["gated"][-1, INCLINATION] > 1000
    _, attitude = errors(track, drive)
    assert np.degrees(abs(attitude[:, :2])).max() < 1.0


def test_bad_samples_are_refused() -> None:
    log = smooth_drive(seed=4, duration=10.0, gnss=True).log
    samples = {"imu": "gyro", "wheels": "speed", "inclination": "roll", "gnss": "position"}
    for sensor, field in samples.items():
        # given an infinite value in the last of ten samples
        bad = getattr(log, sensor)[:10].copy()
        bad[field][9] = np.inf
        with pytest.raises(CoreError, match=f"{sensor} sample 9") as e:
            engine_for(log).push(bad)
        assert e.value.status == E_RANGE


def test_a_stray_last_row_leaves_the_drive_as_it_was(drive: Drive) -> None:
    imu = drive.log.imu.copy()
    imu["t_ns"][-1] = int(1e15)
    log = replace(drive.with_sensor("imu", imu).log, warnings=[])
    track = fuse(log)
    assert track.state.tobytes() == fuse(drive.with_sensor("imu", imu[:-1]).log).state.tobytes()
    assert any("imu.csv: 1 samples" in text for text in log.warnings)


def engine_for(log: Log) -> _core.Engine:
    return _core.Engine(make_config(vehicle_of(log), log, guidance=False))


@pytest.mark.parametrize("gnss", [False, True])
def test_agrees_with_the_reference(gnss: bool) -> None:
    # given rest and the first metres of a drive
    log = smooth_drive(seed=7, duration=12.0, gnss=gnss).log
    log = replace(log, **{s: a[a["t_ns"] < 4.2e9] for s in SENSORS if (a := getattr(log, s)) is not None})
    config = make_config(vehicle_of(log), log, guidance=False)
    start = (log.meta.start[0], log.meta.start[1], 100.0, log.meta.start[2], 0.05, 0.01)
    # when the core and the dense reference with numeric Jacobians are given the same
    reference = reference_fusion.run(log, config, start)
    engine = _core.Engine(config)
    engine.set_start(*start)
    kinds, rows, _ = log.timeline()
    engine.push_merged(kinds, rows, log.arrays)
    # then they agree; with GNSS but for the derivative of arm times age of the fix, which the core leaves out
    state, (position, attitude) = engine.state(), reference.pose
    close = 1e-4 if gnss else 1e-9
    np.testing.assert_allclose(state["position"], position, rtol=0.0, atol=close)
    np.testing.assert_allclose([state["roll"], state["pitch"], state["yaw"]], attitude, rtol=0.0, atol=close)
    np.testing.assert_allclose(state["velocity"], reference_velocity(reference), rtol=0.0, atol=close)
    np.testing.assert_allclose(state["accelerometer_bias"], reference.x.ba, rtol=0.0, atol=close)
    np.testing.assert_allclose(state["gyro_bias"], reference.x.bg, rtol=0.0, atol=close)
    np.testing.assert_allclose(state["mounting"], reference.x.mount, rtol=0.0, atol=close)
    np.testing.assert_allclose(state["wheel_scale"], 1.0 + reference.x.scale, rtol=0.0, atol=close)
    np.testing.assert_allclose(state["sd_velocity"], reference_sd_velocity(reference), rtol=1e-3)
    assert state["used"][WHEELS] > 0


def test_agrees_with_the_reference_when_samples_come_late() -> None:
    # given a short drive some of whose samples come 0.05 to 0.15 s late
    log = smooth_drive(seed=7, duration=12.0).log
    log = replace(log, **{s: a[a["t_ns"] < 3.6e9] for s in SENSORS if (a := getattr(log, s)) is not None})
    config = make_config(vehicle_of(log), log, guidance=False)
    start = (log.meta.start[0], log.meta.start[1], 100.0, log.meta.start[2], 0.05, 0.01)
    kinds, rows, t_ns = log.timeline()
    late = np.zeros(len(t_ns), np.int64)
    rng = np.random.default_rng(5)
    late[rng.choice(np.flatnonzero(t_ns > 2.5e9), 10, replace=False)] = rng.uniform(0.05e9, 0.15e9, 10)
    order = np.argsort(t_ns + late, kind="stable")
    # when the core goes back in its buffer, and the reference to a copy from before each late sample
    reference, back = reference_fusion.run_late(log, order, config, start)
    engine = _core.Engine(config)
    engine.set_start(*start)
    engine.push_merged(kinds[order], rows[order], log.arrays)
    # then both have gone back, and agree
    state, (position, attitude) = engine.state(), reference.pose
    assert back > 5
    assert state["rewinds"] > 5
    np.testing.assert_allclose(state["position"], position, rtol=0.0, atol=1e-9)
    np.testing.assert_allclose([state["roll"], state["pitch"], state["yaw"]], attitude, rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(state["velocity"], reference_velocity(reference), rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(state["wheel_scale"], 1.0 + reference.x.scale, rtol=0.0, atol=1e-9)


def reference_velocity(reference: reference_fusion.Reference) -> np.ndarray:
    x = reference.x
    return x.v - x.R_nb @ np.cross(x.w_b, reference.lever)


def reference_sd_velocity(reference: reference_fusion.Reference) -> np.ndarray:
    """Of the body origin, rate and mounting taken as known."""
    arm_s = reference.x.R_bs.T @ np.cross(reference.x.w_b, reference.lever)
    rows = [reference.row(lambda x, i=i: (x.v - x.R_ns @ arm_s)[i], rate_too=False) for i in range(3)]
    return np.array([np.sqrt(H @ reference.cov @ H) for H in rows])


@pytest.mark.parametrize(("field", "value"), [("gravity", 0.0), ("gyro_density", -1.0), ("wheel_sd", np.nan),
                                              ("imu_lever", np.inf), ("mounting_sd", -0.1)])
def test_bad_configuration_is_refused(field: str, value: float) -> None:
    log = smooth_drive(seed=4, duration=10.0).log
    config = make_config(vehicle_of(log), log, guidance=False)
    config["fusion"][field] = value
    with pytest.raises(CoreError) as e:
        _core.Engine(config)
    assert e.value.status == E_RANGE


def test_bad_data_sheet_is_named() -> None:
    log = smooth_drive(seed=4, duration=10.0).log
    log = replace(log, meta=replace_meta(log, noise={"gyro_density": "low"}))
    with pytest.raises(InputError, match=r"meta.toml: noise.gyro_density = 'low'"):
        fuse(log)


def test_a_misspelt_key_of_the_data_sheet_is_refused() -> None:
    log = smooth_drive(seed=4, duration=10.0).log
    with pytest.raises(InputError, match=r"meta.toml: unknown key 'noise.gyro_densty'; did you mean 'gyro_density'\?"):
        fuse(replace(log, meta=replace_meta(log, noise={"gyro_densty": 1e-4})))
    fuse(replace(log, meta=replace_meta(log, noise={"gnss_white": 0.02, "engine_vibration": 0.1})))


def test_a_log_without_imu_is_refused(drive: Drive) -> None:
    with pytest.raises(InputError, match=r"imu\.csv"):
        fuse(drive.with_sensor("imu", None).log)


def test_track_csv_has_the_columns_of_the_contract(drive: Drive, tmp_path) -> None:
    track = fuse(drive.log, rate=10.0)
    track.write_csv(tmp_path / "track.csv")
    table = np.genfromtxt(tmp_path / "track.csv", delimiter=",", names=True)
    assert ",".join(table.dtype.names) == (
        "t,x,y,z,vx,vy,vz,roll,pitch,yaw,sd_x,sd_y,sd_z,sd_vx,sd_vy,sd_vz,sd_roll,sd_pitch,sd_yaw,"
        "slip_fl,slip_fr,slip_rl,slip_rr,status,resets,reset_x,reset_y,reset_z,reset_yaw")
    np.testing.assert_allclose(table["x"], track.position[:, 0], atol=1e-5)
    assert abs(np.diff(table["t"]) - 0.1).max() < 0.006


def test_track_csv_has_degrees_where_the_log_had_them(drive_with_gnss: Drive) -> None:
    # given fixes in metres about an origin
    origin = (44.23, -76.47, 70.0)
    gnss = drive_with_gnss.log.gnss.copy()
    gnss["position"] -= drive_with_gnss.position[0]
    log = replace(drive_with_gnss.with_sensor("gnss", gnss).log, origin=origin, frame="local")
    track = fuse(log)
    columns = track.columns()
    known = np.isfinite(track.position[:, 0])
    assert known.mean() > 0.9
    x, y = project(columns["lat"][known], columns["lon"][known], None, origin, log.path)
    np.testing.assert_allclose(np.column_stack([x, y]), track.position[known, :2], atol=1e-3)
    np.testing.assert_allclose(columns["h"], track.position[:, 2] + 70.0)


# ---- drives of the reference data ----

@pytest.mark.parametrize(("name", "sensors"), [("d00", ()), ("d01", ()), ("d01", ("gnss",)), ("d03", ("gnss",))])
def test_rock_drives_hold_attitude_and_way(shared, name: str, sensors: tuple[str, ...]) -> None:
    folder = shared / "data" / "rig" / "drives" / name
    log = replace(Log.open(folder), **dict.fromkeys(sensors))
    truth = np.genfromtxt(folder / "truth.csv", delimiter=",", names=True)
    drive = truth_drive(log, truth)
    track = fuse(log, terrain=Terrain.open(folder / "terrain.tif"))
    position, attitude = errors(track, drive)
    assert np.degrees(np.sqrt((attitude**2).mean(axis=0)))[:2].max() <= 0.2
    assert np.hypot(*position[-1, :2]) <= 0.015 * drive.distance


@pytest.mark.parametrize("name", ["d00", "d01", "d02", "d03"])
def test_rock_drives_are_honest(shared, name: str) -> None:
    folder = shared / "data" / "rig" / "drives" / name
    log = Log.open(folder)
    drive = truth_drive(log, np.genfromtxt(folder / "truth.csv", delimiter=",", names=True))
    track = fuse(log, terrain=Terrain.open(folder / "terrain.tif"))
    position, attitude = errors(track, drive)
    k = (drive.t > 1.5) & (drive.t < track.t[-1])
    within = abs(position) < 3.0 * at_truth(track, drive.t[k], track.sd_position)
    level = abs(attitude) < 3.0 * at_truth(track, drive.t[k], track.sd_attitude)
    assert within.mean(axis=0).min() > 0.95
    assert level.mean(axis=0).min() > 0.97


def truth_drive(log: Log, truth: np.ndarray) -> Drive:
    xyz = np.column_stack([truth[c] for c in "xyz"])
    return Drive(log, truth["t"], xyz, np.column_stack([truth[c] for c in ("vx", "vy", "vz")]),
                 np.column_stack([truth[c] for c in ("roll", "pitch", "yaw")]),
                 float(np.hypot(*np.diff(xyz[:, :2], axis=0).T).sum()))
