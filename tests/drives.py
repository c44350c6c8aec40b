"""Simulated drives with known truth: what the sensors of a rolling 4x4 would read, for tests of fusion.

The body rolls as the no-slip constraint says: no side speed at the rear axle, no vertical speed at mid-wheelbase, both
at hub height. Everything is differentiated numerically at 1 kHz, so nothing here shares a formula with the filter.
"""
from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from trailcoach import abi
from trailcoach.log import Log, Meta
from trailcoach.vehicle import Vehicle

GRAVITY = 9.80665
FINE = 1000                         # Hz of the truth
NOISE = {"gyro_density": 1.2e-4, "accelerometer_density": 1.2e-3, "gyro_bias_sd_deg_per_s": 0.15,
         "accelerometer_bias_sd": 0.05, "inclination_bias_sd_deg": 0.15, "gravity": GRAVITY,
         "wheel_resolution": 0.01, "inclination_lowpass_hz": 2.0}
VEHICLE = Vehicle.load("jeep-wrangler-jlur")


@dataclass(frozen=True)
class Drive:
    """A log and its truth: t (n,), position and velocity (n, 3) of the body origin, attitude (n, 3)."""

    log: Log
    t: np.ndarray
    position: np.ndarray
    velocity: np.ndarray
    attitude: np.ndarray
    distance: float

    def with_sensor(self, sensor: str, samples: np.ndarray | None) -> Drive:
        """The same drive with other samples of one sensor, or without it."""
        return replace(self, log=replace(self.log, **{sensor: samples}))


def smooth_drive(seed: int = 0, *, duration: float = 40.0, speed: float = 2.0, imu_rate: int = 200, gnss: bool = False,
                 start: bool = True, gnss_sd: float = 0.05, tilt: float = 1.0) -> Drive:
    """Rest for 3 s, then hills (as steep as `tilt`) and bends at about `speed`, then rest for 3 s."""
    rng = np.random.default_rng(seed)
    t = np.arange(0.0, duration, 1.0 / FINE)
    run = np.clip((t - 3.0) / 2.0, 0.0, 1.0) * np.clip((duration - 3.0 - t) / 2.0, 0.0, 1.0)
    run = run**2 * (3.0 - 2.0 * run)
    phase = rng.uniform(0.0, 2.0 * np.pi, 6)
    rolled = np.cumsum(run) / FINE * speed
    v = speed * run * (1.0 + 0.2 * np.sin(0.5 * t + phase[0]))
    roll = tilt * (0.08 * np.sin(0.7 * rolled + phase[1]) + 0.05 * np.sin(1.9 * rolled + phase[2]))
    pitch = tilt * (0.10 * np.sin(0.5 * rolled + phase[3]) + 0.04 * np.sin(2.3 * rolled + phase[4]))
    yaw = 0.6 + 0.8 * (np.sin(0.25 * rolled + phase[5]) - np.sin(phase[5]))
    attitude = np.column_stack([roll, pitch, yaw])
    R_nb = Rotation.from_euler("ZYX", attitude[:, ::-1])
    w_b = np.zeros((len(t), 3))
    w_b[:-1] = (R_nb[:-1].inv() * R_nb[1:]).as_rotvec() * FINE
    w_b[-1] = w_b[-2]
    v_b = np.column_stack([v, w_b[:, 0] * VEHICLE.tyre.radius, w_b[:, 1] * VEHICLE.wheelbase / 2.0])
    velocity = R_nb.apply(v_b)
    position = np.cumsum(velocity, axis=0) / FINE + (500000.0, 4200000.0, 100.0)
    sensors = _sensors(rng, t, R_nb, w_b, v_b, velocity, position, imu_rate)
    if gnss:
        sensors["gnss"] = _gnss(rng, t, R_nb, w_b, v_b, position, gnss_sd)
    meta = Meta(vehicle="jeep-wrangler-jlur", crs="EPSG:32612", imu=VEHICLE.imu, gnss=VEHICLE.gnss, noise=NOISE,
                start=(position[0, 0], position[0, 1], yaw[0]) if start else None)
    log = Log(Path("simulated"), meta, **sensors, frame="EPSG:32612")
    return Drive(log, t[::20], position[::20], velocity[::20], attitude[::20], float(np.sum(v) / FINE))


def _sensors(rng: np.random.Generator, t: np.ndarray, R_nb: Rotation, w_b: np.ndarray, v_b: np.ndarray,
             velocity: np.ndarray, position: np.ndarray, imu_rate: int) -> dict[str, np.ndarray]:
    lever = np.array(VEHICLE.imu)
    at_imu = R_nb.apply(v_b + np.cross(w_b, lever))
    force = R_nb.inv().apply(np.gradient(at_imu, 1.0 / FINE, axis=0) + np.array([0.0, 0.0, GRAVITY]))
    n = FINE // imu_rate
    count = len(t) // n

    def interval_mean(a: np.ndarray) -> np.ndarray:
        return a[:count * n].reshape(count, n, 3).mean(axis=1)

    gyro, accelerometer = interval_mean(w_b), interval_mean(force)
    imu = blank(abi.IMU, t[:count * n:n] + n / FINE)
    imu["gyro"] = (gyro + rng.normal(0.0, np.radians(NOISE["gyro_bias_sd_deg_per_s"]), 3)
                   + rng.normal(0.0, NOISE["gyro_density"] * imu_rate**0.5, gyro.shape))
    imu["accelerometer"] = (accelerometer + rng.normal(0.0, NOISE["accelerometer_bias_sd"], 3)
                            + rng.normal(0.0, NOISE["accelerometer_density"] * imu_rate**0.5, gyro.shape))
    low = _lowpass(_lowpass(accelerometer, imu_rate), imu_rate)[::max(imu_rate // 20, 1)]
    inclination = blank(abi.INCLINATION, imu["t_ns"][::max(imu_rate // 20, 1)] * 1e-9)
    bias = rng.normal(0.0, np.radians(NOISE["inclination_bias_sd_deg"]), 2)
    white = rng.normal(0.0, 5e-4, (2, len(low)))
    inclination["roll"] = np.arctan2(low[:, 1], low[:, 2]) + bias[0] + white[0]
    inclination["pitch"] = np.arctan2(-low[:, 0], np.hypot(low[:, 1], low[:, 2])) + bias[1] + white[1]
    k = np.arange(0, len(t), 10)
    wheels = blank(abi.WHEELS, t[k])
    for i in range(4):
        side, axle = (1.0, -1.0)[i % 2], VEHICLE.front_axle if i < 2 else VEHICLE.rear_axle
        hub = np.array([VEHICLE.wheelbase if i < 2 else 0.0, side * axle.track / 2.0, VEHICLE.tyre.radius])
        u = (v_b + np.cross(w_b, hub))[k]
        along = np.hypot(u[:, 0], u[:, 1]) if i < 2 else u[:, 0]
        wheels["speed"][:, i] = np.round((along * 1.001 + rng.normal(0.0, 0.01, len(k)) * (along > 0.05)) / 0.01) * 0.01
    return {"imu": imu, "wheels": wheels, "inclination": inclination}


def _gnss(rng: np.random.Generator, t: np.ndarray, R_nb: Rotation, w_b: np.ndarray, v_b: np.ndarray,
          position: np.ndarray, sd: float) -> np.ndarray:
    k = np.arange(0, len(t), FINE // 5)
    out = blank(abi.GNSS, t[k])
    lever = np.array(VEHICLE.gnss)
    out["flags"] = 1
    out["position"] = (position + R_nb.apply(lever))[k] + rng.normal(0.0, sd, (len(k), 3))
    out["velocity"] = R_nb.apply(v_b + np.cross(w_b, lever))[k] + rng.normal(0.0, 0.03, (len(k), 3))
    out["sd_position"], out["sd_velocity"] = sd, 0.03
    return out


def _lowpass(a: np.ndarray, rate: int) -> np.ndarray:
    gain = 1.0 - np.exp(-2.0 * np.pi * NOISE["inclination_lowpass_hz"] / rate)
    out = a.copy()
    for i in range(1, len(a)):
        out[i] = out[i - 1] + gain * (a[i] - out[i - 1])
    return out


def blank(dtype: np.dtype, t: np.ndarray) -> np.ndarray:
    """Samples of a sensor at times t, s, with nothing in them yet."""
    out = np.zeros(len(t), dtype)
    out["struct_size"] = dtype.itemsize
    out["t_ns"] = np.rint(t * 1e9).astype(np.int64)
    return out
