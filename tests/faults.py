"""Faults to lay over a log: what breaks in sensors of real vehicles, one at a time."""
from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from trailcoach.log import SENSORS, Log

DURING = 5.0                        # s that a passing fault lasts


class Fault(enum.Enum):
    """What goes wrong, and for how long."""

    NONE = "nothing"
    NO_WHEELS = "no wheel speeds at all"
    WHEELS_GONE = "no wheel speeds for 5 s"
    WHEEL_DEAD = "one wheel reads zero throughout"
    WHEEL_SPINS = "one wheel spins at three times the speed for 5 s"
    ALL_SPIN = "all four wheels spin at four times the speed for 5 s"
    ALL_ZERO = "all four wheels read zero for 5 s"
    ALL_KMH = "all four wheels in km/h throughout"
    IMU_SPIKE = "one IMU sample at 35 rad/s and 300 m/s^2"
    IMU_GAP = "no IMU samples for 0.5 s"
    GYRO_SATURATED = "a rate beyond the range of the gyro for 0.3 s: it reads its limit"
    INCLINATION_STUCK = "the inclinometer keeps its value"
    GNSS_JUMP = "fixes jump by 50 m for 4 s"
    GNSS_DRIFTS = "fixes drift away by 3 m over 20 s, and back"
    GNSS_GONE = "no fixes any more"
    CLOCK_STEP_WHEELS = "the clock of the wheel speeds steps by 2 s"
    CLOCK_STEP_IMU = "the clock of the IMU steps by 3 s"
    CLOCK_BACK_IMU = "the clock of the IMU steps back by 3 s"
    CLOCK_STEP_ALL = "the clock of all sensors steps by 2 s"
    SHUFFLED = "samples come up to 0.2 s late, in any order"


def _with(log: Log, sensor: str, change: Callable[[np.ndarray], None]) -> Log:
    samples = getattr(log, sensor).copy()
    change(samples)
    return replace(log, **{sensor: samples})


def _only(log: Log, sensor: str, keep: Callable[[np.ndarray], np.ndarray]) -> Log:
    samples = getattr(log, sensor)
    return replace(log, **{sensor: samples[keep(samples["t_ns"])]})


def lay_over(log: Log, fault: Fault, t_ns: int, seed: int = 0) -> Log:
    """The log with a fault that begins at t_ns; fixes only where the fault is theirs."""
    gnss = fault in (Fault.GNSS_JUMP, Fault.GNSS_DRIFTS, Fault.GNSS_GONE)
    log = replace(log, gnss=log.gnss if gnss else None)
    end = t_ns + int(DURING * 1e9)

    def during(t: np.ndarray) -> np.ndarray:
        return (t > t_ns) & (t < end)

    def spin(wheels: slice | int, factor: float) -> Log:
        def change(s: np.ndarray) -> None:
            s["speed"][during(s["t_ns"]), wheels] *= factor
        return _with(log, "wheels", change)

    def after(sensor: str, by: float) -> Log:
        def change(s: np.ndarray) -> None:
            s["t_ns"][s["t_ns"] > t_ns] += int(by * 1e9)
        return _with(log, sensor, change)

    match fault:
        case Fault.NONE:
            return log
        case Fault.NO_WHEELS:
            return replace(log, wheels=None)
        case Fault.WHEELS_GONE:
            return _only(log, "wheels", lambda t: ~during(t))
        case Fault.WHEEL_DEAD:
            return _with(log, "wheels", lambda s: s["speed"][:, 2].fill(0.0))
        case Fault.WHEEL_SPINS:
            return spin(3, 3.0)
        case Fault.ALL_SPIN:
            return spin(slice(None), 4.0)
        case Fault.ALL_ZERO:
            return spin(slice(None), 0.0)
        case Fault.ALL_KMH:
            return _with(log, "wheels", lambda s: s["speed"].__imul__(3.6))
        case Fault.IMU_SPIKE:
            def spike(s: np.ndarray) -> None:
                k = np.searchsorted(s["t_ns"], t_ns)
                s["gyro"][k], s["accelerometer"][k] = (35.0, -35.0, 35.0), (300.0, -300.0, 300.0)
            return _with(log, "imu", spike)
        case Fault.IMU_GAP:
            return _only(log, "imu", lambda t: (t <= t_ns) | (t >= t_ns + int(0.5e9)))
        case Fault.GYRO_SATURATED:
            def saturate(s: np.ndarray) -> None:
                s["gyro"][(s["t_ns"] > t_ns) & (s["t_ns"] < t_ns + int(0.3e9)), 1] = np.radians(250.0)
            return _with(log, "imu", saturate)
        case Fault.INCLINATION_STUCK:
            def stick(s: np.ndarray) -> None:
                late = s["t_ns"] > t_ns
                for angle in ("roll", "pitch"):
                    s[angle][late] = s[angle][late][0]
            return _with(log, "inclination", stick)
        case Fault.GNSS_JUMP:
            def jump(s: np.ndarray) -> None:
                s["position"][(s["t_ns"] > t_ns) & (s["t_ns"] < t_ns + int(4e9)), 0] += 50.0
            return _with(log, "gnss", jump)
        case Fault.GNSS_DRIFTS:
            def drift(s: np.ndarray) -> None:
                u = np.clip((s["t_ns"] - t_ns) * 1e-9, 0.0, 40.0)
                s["position"][:, 1] += 3.0 * np.clip(np.minimum(u, 40.0 - u) / 20.0, 0.0, 1.0)
            return _with(log, "gnss", drift)
        case Fault.GNSS_GONE:
            return _only(log, "gnss", lambda t: t < t_ns)
        case Fault.CLOCK_STEP_WHEELS:
            return after("wheels", 2.0)
        case Fault.CLOCK_STEP_IMU:
            return after("imu", 3.0)
        case Fault.CLOCK_BACK_IMU:
            return after("imu", -3.0)
        case Fault.CLOCK_STEP_ALL:
            for sensor in log.sensors:
                log = replace(log, **{sensor: getattr(after(sensor, 2.0), sensor)})
            return log
        case Fault.SHUFFLED:
            rng = np.random.default_rng(seed)
            for sensor in log.sensors:
                s = getattr(log, sensor)
                log = replace(log, **{sensor: s[np.argsort(s["t_ns"] + rng.uniform(0.0, 0.2e9, len(s)))]})
            return log


def stepped_by(fault: Fault) -> float:
    """What the clock of the track differs from that of the truth by after the fault, s."""
    return 2.0 if fault is Fault.CLOCK_STEP_ALL else 0.0


__all__ = ["SENSORS", "Fault", "lay_over", "stepped_by"]
