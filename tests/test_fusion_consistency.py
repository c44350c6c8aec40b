"""Whether the filter is as good as it says, over simulated drives with its own noise: NEES, NIS, whiteness."""
from dataclasses import replace

import numpy as np
import pytest
from drives import Drive
from fleet import fleet_drive
from scipy.stats import chi2, norm

from trailcoach.fusion import KINDS, Track, fuse, innovations

N_DRIVES = 32
TIMES = (5.0, 10.0, 20.0, 29.5)     # s: soon after the start, and late
CONFIDENCE = 0.999
MOVING = 4.0                        # s: from here on all of them do
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
def normalised(fleet: list[Drive]) -> dict[tuple[str, int], tuple[list[np.ndarray], int]]:
    """By kind and axis: of each drive the innovations over their deviations, and how many in a row count as one."""
    out: dict[tuple[str, int], tuple[list[np.ndarray], int]] = {}
    for drive in fleet:
        found = innovations(drive.log)
        found = found[found["t_ns"] > MOVING * 1e9]
        for kind, axis in {(int(k), int(a)) for k, a in found[["kind", "axis"]].tolist()}:
            of = found[(found["kind"] == kind) & (found["axis"] == axis)]
            z = of["innovation"] / np.sqrt(of["variance"])
            out.setdefault((KINDS[kind], axis), ([], int(np.ceil(of["raised"].mean()))))[0].append(z)
    return out


@pytest.mark.parametrize(("kind", "axes"), [("gnss", 6), ("inclination", 2), ("wheels", 4), ("constraint", 2)])
def test_innovations_are_of_the_size_expected(normalised: dict, kind: str, axes: int) -> None:
    of = [normalised[kind, axis] for axis in range(axes)]
    squares = np.concatenate([np.concatenate(z) for z, _ in of]) ** 2
    raised = of[0][1]
    low, high = mean_square_bounds(len(squares) // raised)
    # where errors last, the state follows them in part: what is left of them in the innovations is less, not more
    assert low - (0.2 if raised > 1 else 0.0) < squares.mean() < high


@pytest.mark.parametrize(("kind", "axes"), [("gnss", 6), ("inclination", 2), ("wheels", 4), ("constraint", 2)])
def test_innovations_are_white(normalised: dict, kind: str, axes: int) -> None:
    # given the innovations of each axis over all drives, those of errors that last two correlation times apart
    bound = norm.ppf(1.0 - 0.5 * (1.0 - CONFIDENCE) / (3 * axes))       # the largest of so many
    for axis in range(axes):
        series, raised = normalised[kind, axis]
        thin = [z[::2 * raised if raised > 1 else 1] for z in series]
        for lag in (1, 2, 3):
            products = np.concatenate([z[lag:] * z[:-lag] for z in thin])
            correlation = products.mean() / np.concatenate(thin).var()
            assert abs(correlation) < bound / np.sqrt(len(products)), (axis, lag)
