"""Time of one IMU sample with its share of all updates, beside peers on the same samples in the same run.

Each benchmark handles 2000 IMU samples (10 s of a simulated drive); divide its time by 2000. filterpy carries as many
states and gets a ready transition matrix, VQF estimates attitude only.
"""
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from drives import smooth_drive

from trailcoach import _core
from trailcoach.engine import make_config, vehicle_of

N_STATES = 24
SAMPLES = 2000


@pytest.fixture(scope="module")
def log():
    return smooth_drive(seed=1, duration=SAMPLES / 200.0, gnss=True).log


def test_trailcoach(benchmark, log) -> None:
    kinds, rows, _ = log.timeline()
    config = make_config(vehicle_of(log), log, guidance=False)

    def fresh():
        engine = _core.Engine(config)
        engine.set_start(*log.meta.start[:2], 0.0, log.meta.start[2], 0.05, 0.01)
        return (engine,), {}

    def push(engine):
        engine.push_merged(kinds, rows, log.arrays)
        return engine

    benchmark.extra_info["us_per_imu_sample"] = "time / 2000"
    engine = benchmark.pedantic(push, setup=fresh, rounds=30)
    assert engine.state()["used"][0] > 0


def test_filterpy_ekf_with_as_many_states(benchmark, log) -> None:
    from filterpy.kalman import ExtendedKalmanFilter
    every = 200                     # samples a round; filterpy is slow
    ekf = ExtendedKalmanFilter(dim_x=N_STATES, dim_z=4)
    ekf.F = np.eye(N_STATES)
    ekf.F[6:9, 3:6] = np.eye(3) / 200.0
    ekf.Q *= 1e-6
    H = np.zeros((4, N_STATES))
    H[:, 3] = 1.0
    speed = log.wheels["speed"]

    def run():
        for i in range(every):
            ekf.predict()
            if i % 4 == 0:          # wheels are used at 50 Hz
                ekf.update(speed[i // 2], lambda _: H, lambda x: H @ x)

    benchmark.extra_info["us_per_imu_sample"] = "time / 200"
    benchmark.pedantic(run, rounds=5)
    assert np.isfinite(ekf.x).all()


def test_vqf_attitude_only(benchmark, log) -> None:
    vqf = pytest.importorskip("vqf")
    gyro = np.ascontiguousarray(log.imu["gyro"])
    accelerometer = np.ascontiguousarray(log.imu["accelerometer"])

    def run():
        return vqf.VQF(1.0 / 200.0).updateBatch(gyro, accelerometer)

    benchmark.extra_info["us_per_imu_sample"] = "time / 2000"
    out = benchmark.pedantic(run, rounds=10)
    assert len(out["quat6D"]) == len(gyro)
