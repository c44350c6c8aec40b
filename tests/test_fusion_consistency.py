"""Whether the filter is as good as it says, over simulated drives with its own noise: NEES, NIS, whiteness."""
from dataclasses import replace

import numpy as np
import pytest
from drives import Drive
from fleet import fleet_drive
from scipy.stats import chi2, norm

from trailcoach import _core
from trailcoach.engine import make_config, start_values, vehicle_of
from trailcoach.fusion import KINDS, Track, fuse
from trailcoach.log import SENSORS

N_DRIVES = 32
TIMES = (5.0, 10.0, 20.0, 29.5)     # s: soon after the start, and late
CONFIDENCE = 0.999
STATES = ("x", "y", "z", "vx", "vy", "vz", "roll", "pitch", "yaw")


@pytest.fixture(scope="module")
def fleet() -> list[Drive]:
    return [fleet_drive(seed, gnss=True) for seed in range(1000, 1000 + N_DRIVES)]


def normalised_errors(track: Track, drive: Drive) -> np.ndarray:
    """(times, 9): position, velocity, attitude errors over the deviations stated."""
    values = np.column_stack([track.position, track.velocity, np.unwrap(track.attitude, axis=0)])
    truth = np.column_stack([drive.position, drive.velocity, np.unwrap(drive.attitude, axis=0)])
    sd = np.column_stack([track.sd_position, track.sd_velocity, track.sd_attitude])
    out = []
    for t in TIMES:
        error = [np.interp(t, track.t, a) - np.interp(t, drive.t, b) for a, b in zip(values.T, truth.T, strict=True)]
        error[8] = (error[8] + np.pi) % (2.0 * np.pi) - np.pi
        out.append(np.array(error) / [np.interp(t, track.t, a) for a in sd.T])
    return np.array(out)


def mean_square_bounds(n: int) -> tuple[float, float]:
    low, high = chi2.ppf([0.5 * (1.0 - CONFIDENCE), 0.5 * (1.0 + CONFIDENCE)], n) / n
    return float(low), float(high)


@pytest.mark.parametrize("gnss", [False, True])
def test_errors_are_of_the_size_stated(fleet: list[Drive], gnss: bool) -> None:
    logs = [drive.log if gnss else replace(drive.log, gnss=None) for drive in fleet]
    z = np.array([normalised_errors(fuse(log, rate=20.0), drive) for log, drive in zip(logs, fleet, strict=True)])
    # then every state's mean squared error over its variance, heading included, is that of honest ones
    low, high = mean_square_bounds(N_DRIVES)
    nees = (z**2).mean(axis=0)
    wrong = [(t, s, round(float(nees[i, j]), 2)) for i, t in enumerate(TIMES) for j, s in enumerate(STATES)
             if not low < nees[i, j] < high]
    assert wrong == []
    # and no state leans to one side: the largest of so many means
    means = abs(z.mean(axis=0))
    assert means.max() < norm.ppf(1.0 - 0.5 * (1.0 - CONFIDENCE) / means.size) / np.sqrt(N_DRIVES)


@pytest.fixture(scope="module")
def innovations(fleet: list[Drive]) -> dict[str, tuple[list[np.ndarray], list[np.ndarray]]]:
    """By kind and drive: the last normalised innovation of each sample, and the mean square of all of a sample."""
    out: dict[str, tuple[list[np.ndarray], list[np.ndarray]]] = {k: ([], []) for k in ("gnss", "inclination")}
    for drive in fleet:
        log = drive.log
        engine = _core.Engine(make_config(vehicle_of(log), log, guidance=False))
        engine.set_start(*start_values(None, *log.meta.start))
        kinds, rows, _ = log.timeline()
        kept: dict[str, tuple[list[float], list[float]]] = {k: ([], []) for k in out}
        first, used, nis = 0, engine.state()["used"], np.zeros(len(KINDS))
        for end in np.flatnonzero(np.isin(kinds, [SENSORS.index(k) for k in out])) + 1:
            engine.push_merged(kinds[first:end], rows[first:end], log.arrays)
            first = end
            sensor = SENSORS[kinds[end - 1]]
            kind = KINDS.index(sensor)
            now, (last, total) = engine.state()["used"], engine.innovations()
            if now[kind] > used[kind]:
                kept[sensor][0].append(last[kind])
                kept[sensor][1].append((total[kind] - nis[kind]) / (now[kind] - used[kind]))
            used, nis = now, total
        for sensor, (lasts, squares) in kept.items():
            out[sensor][0].append(np.array(lasts))
            out[sensor][1].append(np.array(squares))
    return out


@pytest.mark.parametrize(("sensor", "rows"), [("gnss", 6), ("inclination", 2)])
def test_innovations_are_of_the_size_expected(innovations: dict, sensor: str, rows: int) -> None:
    squares = np.concatenate(innovations[sensor][1])
    low, high = mean_square_bounds(len(squares) * rows)
    # a fix far off is gated and its noise raised, so the squares lack their tail: up to a tenth may be missing
    assert low - 0.1 < squares.mean() < high


@pytest.mark.parametrize("sensor", ["gnss", "inclination"])
def test_innovations_are_white(innovations: dict, sensor: str) -> None:
    # given the normalised innovations of all drives, the first seconds apart
    settled = [z[len(z) // 4:] for z in innovations[sensor][0]]
    for lag in (1, 2, 3):
        products = np.concatenate([z[lag:] * z[:-lag] for z in settled])
        correlation = products.mean() / np.concatenate(settled).var()
        assert abs(correlation) < norm.ppf(0.5 * (1.0 + CONFIDENCE)) / np.sqrt(len(products)), lag
