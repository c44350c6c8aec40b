"""The smoother: filterpy's, where both can be had; honest; and better than the filter where it matters."""
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import reference_fusion
from drives import Drive, smooth_drive
from filterpy.kalman import KalmanFilter
from fleet import fleet_drive
from scipy.stats import chi2

from trailcoach import _core, abi, smoother
from trailcoach.cli import main
from trailcoach.engine import make_config, start_values, vehicle_of
from trailcoach.fusion import Status, Track, fuse
from trailcoach.log import SENSORS, Log

BUNDLED = Path(__file__).parent.parent / "terrain_data" / "drives"
N_DRIVES = 20


def test_gains_are_those_of_filterpy_on_a_linear_system() -> None:
    # given a random linear system and a filter that went over its measurements
    rng = np.random.default_rng(3)
    m, n = 5, 40
    F = np.eye(m) + 0.2 * rng.normal(size=(m, m))
    Q, R, H = 0.05 * np.eye(m), 0.3, rng.normal(size=m)
    x, P = np.zeros(m), np.eye(m)
    xs, Ps, moved, own, C, later = [x], [P], [], [], [], []
    for _ in range(n):
        nu = rng.normal() - H @ F @ x
        prior = F @ P @ F.T + Q
        S = H @ prior @ H + R
        # the earlier state, its variance and its covariance with the later, all after the measurement
        PFH = P @ F.T @ H
        moved.append(PFH * nu / S)
        own.append(P - np.outer(PFH, PFH) / S)
        C.append(P @ F.T - np.outer(PFH, prior @ H) / S)
        x, P = F @ x + prior @ H * nu / S, prior - np.outer(prior @ H, prior @ H) / S
        xs.append(x)
        Ps.append(P)
        later.append(P)
    # when the gains carry the errors back
    G = smoother.gains(np.array(C), np.array(later))
    error, cov = np.zeros(m), Ps[-1]
    for k in range(n - 1, -1, -1):
        error = moved[k] + G[k] @ error
        cov = own[k] + G[k] @ (cov - later[k]) @ G[k].T
    # then the first state is that of the textbook
    back, covs, _, _ = KalmanFilter(m, 1).rts_smoother(np.array(xs), np.array(Ps), [F] * (n + 1), [Q] * (n + 1))
    np.testing.assert_allclose(xs[0] + error, back[0], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(cov, covs[0], rtol=1e-8, atol=1e-10)


@pytest.fixture(scope="module")
def short() -> tuple[Log, tuple[float, float, float, float, float, float]]:
    log = smooth_drive(seed=7, duration=12.0).log
    log = replace(log, **{s: a[a["t_ns"] < 4.6e9] for s in SENSORS if (a := getattr(log, s)) is not None})
    return log, (log.meta.start[0], log.meta.start[1], 0.0, log.meta.start[2], 0.05, 0.01)


def test_a_drive_is_smoothed_as_filterpy_does(short: tuple[Log, tuple[float, ...]]) -> None:
    # given the dense reference filter and filterpy's smoother over all its steps
    log, start = short
    reference = reference_fusion.run(log, make_config(vehicle_of(log), log, guidance=False), start)
    t, x, cov = reference_fusion.smoothed(reference)
    # when the core's is smoothed
    track = fuse(log, smooth=True, rate=25.0)
    plain = fuse(log, rate=25.0)
    # then they agree wherever both have a state, to a small part of what smoothing moved
    both = 0
    for k in np.flatnonzero(track.t > 1.2):
        near = np.flatnonzero(abs(t - track.t[k]) < 1e-4)
        if not len(near):
            continue
        both += 1
        s, j = track.state[k], near[-1]
        reference.x = x[j]
        position, attitude = reference.pose
        np.testing.assert_allclose(s["position"], position, rtol=0.0, atol=1e-4)
        np.testing.assert_allclose([s["roll"], s["pitch"], s["yaw"]], attitude, rtol=0.0, atol=1e-5)
        np.testing.assert_allclose(s["gyro_bias"], x[j].bg, rtol=0.0, atol=1e-6)
        np.testing.assert_allclose(s["accelerometer_bias"], x[j].ba, rtol=0.0, atol=1e-5)
        # mounting apart, whose part in the deviations is small here
        np.testing.assert_allclose(s["sd_attitude"][2], np.sqrt(cov[j][2, 2]), rtol=0.02)
    assert both > 20
    assert abs(track.attitude - plain.attitude)[track.t > 1.2].max() > 1e-3


def test_smoothed_errors_are_of_the_size_stated() -> None:
    # given drives with the filter's own noise, half of them without fixes
    z, gained = [], []
    for seed in range(1000, 1000 + N_DRIVES):
        drive = fleet_drive(seed, gnss=True)
        log = drive.log if seed % 2 else replace(drive.log, gnss=None)
        (plain, _), (e, sd) = (errors(fuse(log, rate=5.0, smooth=smooth), drive) for smooth in (False, True))
        z.append((e / sd)[[25, 50, 100, 145]])
        gained.append((plain[25:] ** 2).mean(axis=0) / (e[25:] ** 2).mean(axis=0))
    # then every mean squared error over its variance is that of honest ones
    low, high = chi2.ppf([0.0005, 0.9995], N_DRIVES) / N_DRIVES
    nees = (np.array(z) ** 2).mean(axis=0)
    assert low < nees.min()
    assert nees.max() < high
    # and roll and pitch are far better than the filter's, nothing worse
    gain = np.sqrt(np.median(gained, axis=0))
    assert gain[6:8].min() > 1.5
    assert gain.min() > 0.95


def errors(track: Track, drive: Drive) -> tuple[np.ndarray, np.ndarray]:
    """(n, 9) errors of position, velocity and attitude at the states, and what is stated of them."""
    at = np.rint(track.t / (drive.t[1] - drive.t[0])).astype(int).clip(0, len(drive.t) - 1)
    estimate = np.column_stack([track.position, track.velocity, track.attitude])
    truth = np.column_stack([drive.position, drive.velocity, drive.attitude])[at]
    e = estimate - truth
    e[:, 8] = (e[:, 8] + np.pi) % (2.0 * np.pi) - np.pi
    return e, np.column_stack([track.sd_position, track.sd_velocity, track.sd_attitude])


def test_an_outage_is_bridged_from_both_ends() -> None:
    # given drives without wheels whose fixes, good to a metre, are missing for 14 s
    share = []
    for seed in (1, 2, 3):
        drive = fleet_drive(seed, gnss=True)
        t = drive.log.gnss["t_ns"] * 1e-9
        log = replace(drive.log, wheels=None, gnss=drive.log.gnss[(t < 8.0) | (t > 22.0)])
        most = []
        for smooth in (False, True):
            track = fuse(log, smooth=smooth, rate=5.0)
            within = (track.t > 8.0) & (track.t < 22.0)
            most.append(np.hypot(*errors(track, drive)[0][within, :2].T).max())
        share.append(most[1] / most[0])
    # then the middle of it is far better known afterwards
    assert np.median(share) < 0.4


def test_the_first_seconds_in_motion_are_right_afterwards() -> None:
    # given a phone mounted 3.7 deg nose down in a car that is under way
    log = Log.open(BUNDLED / "comma2k19_ex1")
    truth = np.genfromtxt(log.path / "truth.csv", delimiter=",", names=True)
    track = fuse(log, smooth=True)
    t = truth["t"][(truth["t"] > 3.0) & (truth["t"] < track.t[-1])]
    rmse = [np.degrees(np.std(np.interp(t, track.t, track.attitude[:, i]) - np.interp(t, truth["t"], truth[name])))
            for i, name in enumerate(("roll", "pitch"))]
    assert rmse[0] <= 0.10
    assert rmse[1] <= 0.15


def test_late_samples_are_smoothed_at_their_time() -> None:
    drive = smooth_drive(seed=11, duration=14.0, gnss=True)
    rng = np.random.default_rng(2)
    late = {s: a[np.argsort(a["t_ns"] + rng.uniform(0.0, 0.2e9, len(a)))]
            for s in SENSORS if (a := getattr(drive.log, s)) is not None}
    plain, shuffled = fuse(drive.log, smooth=True), fuse(replace(drive.log, **late), smooth=True)
    assert shuffled.state["rewinds"][-1] == 0
    np.testing.assert_allclose(shuffled.position, plain.position, rtol=0.0, atol=1e-9)


def test_a_checkpoint_the_filter_went_back_behind_is_counted() -> None:
    # given an engine that is handed a wheel sample 0.3 s late, checkpoints every 0.1 s
    log = smooth_drive(seed=11, duration=10.0).log
    kinds, rows, t_ns = log.timeline()
    late = int(np.flatnonzero((kinds == SENSORS.index("wheels")) & (t_ns > 6e9))[0])
    order = np.insert(np.delete(np.arange(len(kinds)), late), np.searchsorted(t_ns, 6.3e9), late)
    engine = _core.Engine(make_config(vehicle_of(log), log, guidance=False))
    engine.set_start(*start_values(None, *log.meta.start))
    ends = np.searchsorted(t_ns, np.arange(1, 100) * 10**8)
    checkpoints, states = smoother.Smoother(len(ends)), np.zeros(len(ends), abi.STATE)
    for i, (first, end) in enumerate(pairwise([0, *ends])):
        engine.push_merged(kinds[order[first:end]], rows[order[first:end]], log.arrays)
        checkpoints.take(engine)
        engine.state_into(states[i:i + 1])
    # then smoothing begins anew there, and what it gives is still a drive
    smooth = checkpoints.smooth(states)
    assert checkpoints.torn == 1
    assert states["rewinds"][-1] == 1
    assert abs(smooth["position"] - states["position"])[20:].max() < 0.5


def test_what_nobody_can_tell_stays_untold() -> None:
    # given a drive without start pose or fixes: the heading is that of no world
    log = smooth_drive(seed=4, duration=10.0, start=False).log
    track = fuse(log, smooth=True)
    assert not (track.status & (Status.HEADING | Status.POSITION)).any()
    assert np.isfinite(track.attitude[track.t > 1.2]).all()
    # and a gap of the IMU of two seconds is none the less one
    imu = log.imu[(log.imu["t_ns"] < 5e9) | (log.imu["t_ns"] > 7e9)]
    track = fuse(replace(log, imu=imu), smooth=True)
    assert (track.status & Status.IMU_GAP).any()
    assert np.isfinite(track.attitude[track.t > 9.0]).all()


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "track.csv"
    assert main(["fuse", str(BUNDLED / "d01"), "--smooth", "--out", str(out)]) == 0
    assert "fused and smoothed" in capsys.readouterr().out
    table = np.genfromtxt(out, delimiter=",", names=True)
    plain = fuse(Log.open(BUNDLED / "d01"))
    assert np.nanmean(table["sd_pitch"]) < np.nanmean(plain.sd_attitude[:, 1])
