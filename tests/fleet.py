"""Many short drives with the filter's own noise, and their truth: what a test of consistency needs.

The body follows a smooth way over hills. Its side and vertical speed are not zero but what the filter says of the
no-slip constraint, wheels err as it says, and fixes have a white and a slow part. Everything is differentiated
numerically.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
from drives import GRAVITY, VEHICLE, Drive, blank
from scipy.signal import lfilter
from scipy.spatial.transform import Rotation

from trailcoach import abi
from trailcoach.fusion_parameters import parameters
from trailcoach.log import Log, Meta

FINE, IMU_RATE = 200, 100           # Hz of the truth, and of the IMU: means over two steps
REST, DURATION = 2.0, 30.0          # s at rest first; of a drive
WHEEL_TAU, CONSTRAINT_TAU = 0.15, 0.08      # s, correlation of what violates both models, as in the filter
GNSS_SD = 1.0                       # m, stated
NOISE = {"gyro_density": 5e-4, "accelerometer_density": 2e-3, "gyro_bias_sd_deg_per_s": 0.2,
         "accelerometer_bias_sd": 0.05, "gravity": GRAVITY, "wheel_resolution": 0.0,
         "inclination_bias_sd_deg": 0.3, "inclination_lowpass_hz": 2.0}


def correlated(rng: np.random.Generator, sd: float, tau: float, n: int, step: float) -> np.ndarray:
    """Noise of a standard deviation and a correlation time, n values."""
    keep = np.exp(-step / tau)
    white = rng.normal(0.0, sd * np.sqrt(1.0 - keep**2), n)
    white[0] /= np.sqrt(1.0 - keep**2)
    return lfilter([1.0], [1.0, -keep], white)


def fleet_drive(seed: int, *, gnss: bool) -> Drive:
    """One drive of the fleet: known start pose at rest, IMU, wheels, inclinometer and, if asked for, GNSS."""
    rng = np.random.default_rng(seed)
    p = {name: parameter.default() for name, parameter in parameters().items()}
    t = np.arange(0.0, DURATION, 1.0 / FINE)
    run = np.clip((t - REST) / 2.0, 0.0, 1.0)
    run = run**2 * (3.0 - 2.0 * run)
    phase = rng.uniform(0.0, 2.0 * np.pi, 7)
    ahead = rng.uniform(1.5, 3.0) * run * (1.0 + 0.3 * np.sin(0.4 * t + phase[0]))
    rolled = np.cumsum(ahead) / FINE
    roll = 0.08 * np.sin(0.35 * rolled + phase[1]) + 0.03 * np.sin(0.9 * rolled + phase[2])
    pitch = 0.10 * np.sin(0.25 * rolled + phase[3]) + 0.03 * np.sin(1.1 * rolled + phase[4])
    yaw = rng.uniform(-3.0, 3.0) + 0.6 * (np.sin(0.15 * rolled + phase[5]) - np.sin(phase[5]))
    attitude = np.column_stack([roll, pitch, yaw])
    R_nb = Rotation.from_euler("ZYX", attitude[:, ::-1])
    w_b = np.zeros((len(t), 3))
    w_b[:-1] = (R_nb[:-1].inv() * R_nb[1:]).as_rotvec() * FINE
    w_b[-1] = w_b[-2]
    # the constraint's noise, smooth enough to have an acceleration: two stages of half its correlation time
    gain = 1.0 - np.exp(-2.0 / (CONSTRAINT_TAU * FINE))
    white = rng.normal(0.0, p["constraint_sd"] * np.sqrt(2.0 * CONSTRAINT_TAU * FINE), (len(t), 2))
    off = lfilter([gain**2], [1.0, 2.0 * gain - 2.0, (1.0 - gain) ** 2], white, axis=0) * run[:, None]
    v_b = np.column_stack([ahead, w_b[:, 0] * VEHICLE.tyre.radius + off[:, 0],
                           w_b[:, 1] * VEHICLE.wheelbase / 2.0 + off[:, 1]])
    velocity = R_nb.apply(v_b)
    position = np.cumsum(velocity, axis=0) / FINE
    start = position[0, :2] + rng.normal(0.0, 0.05, 2), yaw[0] + rng.normal(0.0, 0.01)
    position[:, 2] += rng.normal(0.0, 0.05)
    sensors = {**_imu(rng, t, R_nb, w_b, v_b), "wheels": _wheels(rng, t, w_b, v_b, run, p)}
    if gnss:
        sensors["gnss"] = _gnss(rng, t, R_nb, w_b, v_b, position, p)
    meta = Meta(vehicle="jeep-wrangler-jlur", crs="EPSG:32612", imu=VEHICLE.imu, gnss=VEHICLE.gnss, noise=NOISE,
                start=(*start[0], start[1]), fusion_off=("pivot", "gnss_delay", "gnss_lag", "mounting"),
                fusion={"gyro_bias_walk": 0.0, "accelerometer_bias_walk": 0.0})
    log = Log(Path("fleet"), meta, **sensors, frame="EPSG:32612")
    return Drive(log, t, position, velocity, attitude, float(rolled[-1]))


def _imu(rng: np.random.Generator, t: np.ndarray, R_nb: Rotation, w_b: np.ndarray,
         v_b: np.ndarray) -> dict[str, np.ndarray]:
    at_imu = R_nb.apply(v_b + np.cross(w_b, VEHICLE.imu))
    change = np.zeros_like(at_imu)
    change[:-1] = np.diff(at_imu, axis=0) * FINE
    middle = R_nb[:-1] * Rotation.from_rotvec(0.5 * w_b[:-1] / FINE)
    force = middle.inv().apply(change[:-1] + np.array([0.0, 0.0, GRAVITY]))
    force = np.vstack([force, force[-1]])
    n = len(t) // 2

    def read(values: np.ndarray, bias_sd: float, density: float) -> np.ndarray:
        clean = values[:2 * n].reshape(n, 2, 3).mean(axis=1)
        return clean + rng.normal(0.0, bias_sd, 3) + rng.normal(0.0, density * IMU_RATE**0.5, clean.shape)

    imu = blank(abi.IMU, t[:2 * n:2] + 2.0 / FINE)
    imu["gyro"] = read(w_b, np.radians(NOISE["gyro_bias_sd_deg_per_s"]), NOISE["gyro_density"])
    density = NOISE["accelerometer_density"] * parameters()["accelerometer_density"].data_sheet_factor
    bias = rng.normal(0.0, NOISE["accelerometer_bias_sd"], 3)
    imu["accelerometer"] = read(force, 0.0, density) + bias
    # the inclinometer feels the force the IMU feels, without its noise of the moment
    keep = 1.0 - np.exp(-2.0 * np.pi * NOISE["inclination_lowpass_hz"] / IMU_RATE)
    low = imu["accelerometer"] - bias
    for _ in range(2):
        low = lfilter([keep], [1.0, keep - 1.0], low, axis=0, zi=(1.0 - keep) * low[:1])[0]
    inclination = blank(abi.INCLINATION, imu["t_ns"][::5] * 1e-9)
    error = rng.normal(0.0, np.radians(NOISE["inclination_bias_sd_deg"]), (2, 1)) + \
        rng.normal(0.0, parameters()["inclination_sd"].default(), (2, len(inclination)))
    low = low[::5]
    inclination["roll"] = np.arctan2(low[:, 1], low[:, 2]) + error[0]
    inclination["pitch"] = np.arctan2(-low[:, 0], np.hypot(low[:, 1], low[:, 2])) + error[1]
    return {"imu": imu, "inclination": inclination}


def _wheels(rng: np.random.Generator, t: np.ndarray, w_b: np.ndarray, v_b: np.ndarray, run: np.ndarray,
            p: dict[str, float]) -> np.ndarray:
    k = np.arange(0, len(t), 8)             # 25 Hz
    wheels = blank(abi.WHEELS, t[k])
    scale = 1.0 + rng.normal(0.0, 0.003)
    for i in range(4):
        side, axle = (1.0, -1.0)[i % 2], VEHICLE.front_axle if i < 2 else VEHICLE.rear_axle
        hub = np.array([VEHICLE.wheelbase if i < 2 else 0.0, side * axle.track / 2.0, VEHICLE.tyre.radius])
        u = (v_b + np.cross(w_b, hub))[k]
        along = np.hypot(u[:, 0], u[:, 1]) if i < 2 else u[:, 0]
        bump = 0.65 * u[:, 2] ** 2 / (2.0 * np.maximum(abs(along), 0.15))
        error = correlated(rng, p["wheel_sd"], WHEEL_TAU, len(k), 8.0 / FINE)
        wheels["speed"][:, i] = scale * (along + bump + error * run[k]) * (run[k] > 0.0)
    return wheels


def _gnss(rng: np.random.Generator, t: np.ndarray, R_nb: Rotation, w_b: np.ndarray, v_b: np.ndarray,
          position: np.ndarray, p: dict[str, float]) -> np.ndarray:
    k = np.arange(0, len(t), FINE)          # 1 Hz
    out = blank(abi.GNSS, t[k])
    lever = np.array(VEHICLE.gnss)
    slow = np.column_stack([correlated(rng, p["gnss_drift_sd"] * GNSS_SD, p["gnss_drift_tau"], len(k), 1.0)
                            for _ in range(3)])
    out["flags"] = 1
    out["position"] = (position + R_nb.apply(lever))[k] + slow + rng.normal(0.0, p["gnss_white"] * GNSS_SD, (len(k), 3))
    out["velocity"] = R_nb.apply(v_b + np.cross(w_b, lever))[k] + rng.normal(0.0, 0.12, (len(k), 3))
    out["sd_position"], out["sd_velocity"] = GNSS_SD, 0.1
    return out
