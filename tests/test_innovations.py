"""What the sensors measured less what the filter expected, as an array."""
from dataclasses import replace

import numpy as np
import pytest
from drives import Drive, smooth_drive

from trailcoach import _core, abi
from trailcoach.engine import make_config, start_values, vehicle_of
from trailcoach.errors import InputError
from trailcoach.fusion import KINDS, fuse, innovations
from trailcoach.log import Log


@pytest.fixture(scope="module")
def drive() -> Drive:
    return smooth_drive(seed=11, duration=14.0, gnss=True)


def watched(log: Log, n: int, order: np.ndarray | None = None) -> tuple[np.ndarray, int, np.ndarray]:
    """A ring of n after a log, how many innovations there were, and the last state."""
    engine = _core.Engine(make_config(vehicle_of(log), log, guidance=False))
    engine.set_start(*start_values(None, *log.meta.start))
    ring = np.zeros(n, abi.INNOVATION)
    engine.watch_innovations(ring.view(np.uint8))
    kinds, rows, _ = log.timeline()
    order = np.arange(len(kinds)) if order is None else order
    engine.push_merged(kinds[order], rows[order], log.arrays)
    return ring, engine.innovation_count, engine.state()


def test_every_update_and_refusal_is_told(drive: Drive) -> None:
    # given one fix that is off by 50 m
    gnss = drive.log.gnss.copy()
    gnss["position"][40, 0] += 50.0
    log = replace(drive.log, gnss=gnss)
    found, last = innovations(log), fuse(log).state[-1]
    # then there is one record of each, in the order of time
    for kind, name in enumerate(KINDS):
        of = found[found["kind"] == kind]
        assert abs(int((of["taken"] == 1).sum()) - int(last["used"][kind])) <= 12, name     # the log goes on a little
    assert (np.diff(found["t_ns"]) >= 0).all()
    refused = found[(found["taken"] == 0) & (found["kind"] == KINDS.index("gnss"))]
    far = refused[abs(refused["innovation"]) > 10.0]
    assert len(far) == 1
    assert far["axis"][0] == 0
    assert far["innovation"][0] == pytest.approx(50.0, abs=0.5)
    # and the variance holds the noise
    assert (found["variance"] > found["noise"]).all()
    assert (found["noise"] > 0.0).all()


def test_watching_changes_nothing(drive: Drive) -> None:
    engine = _core.Engine(make_config(vehicle_of(drive.log), drive.log, guidance=False))
    engine.set_start(*start_values(None, *drive.log.meta.start))
    kinds, rows, _ = drive.log.timeline()
    engine.push_merged(kinds, rows, drive.log.arrays)
    assert watched(drive.log, 10)[2].tobytes() == engine.state().tobytes()


def test_a_small_ring_keeps_the_newest(drive: Drive) -> None:
    whole, n, _ = watched(drive.log, 100_000)
    ring, count, _ = watched(drive.log, 64)
    assert count == n
    np.testing.assert_array_equal(np.roll(ring, -(n % 64)), whole[n - 64:n])


def test_late_samples_give_the_innovations_of_samples_in_time(drive: Drive) -> None:
    kinds, _, t_ns = drive.log.timeline()
    order = np.argsort(t_ns + np.random.default_rng(1).uniform(0.0, 0.2e9, len(kinds)), kind="stable")
    whole, n, _ = watched(drive.log, 100_000)
    shuffled, m, state = watched(drive.log, 100_000, order)
    assert state["rewinds"] > 0
    assert n == m
    np.testing.assert_array_equal(shuffled[:m], whole[:n])


def test_a_log_of_every_sensor_fits(drive: Drive) -> None:
    # given sensors far faster than usual
    fine = np.repeat(drive.log.inclination, 20)
    fine["t_ns"] += np.tile(np.arange(20) * 2_000_000, len(drive.log.inclination))
    found = innovations(replace(drive.log, inclination=fine))
    assert (found["kind"] == KINDS.index("inclination")).sum() > 2 * 0.8 * len(fine)


def test_a_log_without_imu_is_refused(drive: Drive) -> None:
    with pytest.raises(InputError, match="imu"):
        innovations(replace(drive.log, imu=drive.log.imu[:5]))
