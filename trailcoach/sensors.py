"""What fusion expects of the sensors: a log's data sheet and lever arms over the core's defaults."""
from __future__ import annotations

import difflib
import math

import numpy as np

from trailcoach.errors import InputError
from trailcoach.log import SENSORS, Log
from trailcoach.vehicle import Vehicle

DRIVEN_NOISE = 4.0                  # noise density of a driven accelerometer / that of its data sheet: vibration
KNOWN_MOUNTING_SD = 1e-3            # rad: an IMU whose place was measured was aligned, too
KNOWN_PIVOT_SD = 0.2                # m: a locked or loaded axle scrubs, and turns about a point ahead of it
KNOWN_SCALE_SD = 3e-3               # of the wheel speed, where the vehicle and so its tyre is known
EARTH_RATE = 7.292115e-5            # rad/s, WGS 84

_DATA_SHEET = {  # key of [noise] in meta.toml: field of abi.FUSION_CONFIG, factor, least
    "gravity": ("gravity", 1.0, 9.7),
    "gyro_density": ("gyro_density", 1.0, 1e-7),
    "accelerometer_density": ("accelerometer_density", DRIVEN_NOISE, 1e-6),
    "gyro_bias_sd_deg_per_s": ("gyro_bias_sd", math.radians(1.0), 0.0),
    "accelerometer_bias_sd": ("accelerometer_bias_sd", 1.0, 0.0),
    "gyro_bias_walk": ("gyro_bias_walk", 1.0, 0.0),
    "accelerometer_bias_walk": ("accelerometer_bias_walk", 1.0, 0.0),
    "wheel_resolution": ("wheel_resolution", 1.0, 0.0),
    "wheel_reads_zero_below": ("wheel_dead_below", 1.0, 0.0),
    "wheel_scale_sd": ("wheel_scale_sd", 1.0, 0.0),
    "inclination_lowpass_hz": ("inclination_lowpass_hz", 1.0, 0.0),
    "inclination_bias_sd_deg": ("inclination_bias_sd", math.radians(1.0), 0.0),
    "mounting_sd_deg": ("mounting_sd", math.radians(1.0), 0.0),
}


def set_sensors(fusion: np.ndarray, vehicle: Vehicle, log: Log | None = None) -> None:
    """Fill what the vehicle and the log's meta.toml say of the sensors into a fusion configuration.

    Parameters
    ----------
    fusion : ndarray
        Array of abi.FUSION_CONFIG with shape (), filled with defaults; changed in place.
    vehicle : Vehicle
    log : Log, optional

    Raises
    ------
    InputError
        A value of ``[noise]`` in meta.toml is not a number or out of range.
    """
    fusion["imu_lever"], fusion["gnss_lever"] = vehicle.imu, vehicle.gnss
    if log is None:
        return
    if log.meta.imu is not None:
        fusion["imu_lever"] = log.meta.imu
        fusion["mounting_sd"], fusion["pivot_sd"] = KNOWN_MOUNTING_SD, KNOWN_PIVOT_SD
    if log.meta.gnss is not None:
        fusion["gnss_lever"] = log.meta.gnss
    if log.meta.vehicle is not None:
        fusion["wheel_scale_sd"] = KNOWN_SCALE_SD
    if log.origin is not None:
        latitude = math.radians(log.origin[0])
        fusion["earth_rate"] = (0.0, EARTH_RATE * math.cos(latitude), EARTH_RATE * math.sin(latitude))
        fusion["gravity"] = normal_gravity(latitude, log.origin[2])
    for sensor in SENSORS[1:]:
        fusion["clock"][SENSORS.index(sensor)] = getattr(log.meta.clock, sensor)
    fusion["gnss_velocity_clock"] = log.meta.clock.gnss_velocity
    _check_names(log)
    for key, (name, factor, least) in _DATA_SHEET.items():
        value = log.meta.noise.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
            raise InputError(f"{log.path / 'meta.toml'}: noise.{key} = {value!r}; a number of at least {least:g} is"
                             " needed")
        fusion[name] = value * factor


def _check_names(log: Log) -> None:
    """Refuse a key of [noise] that looks like one that counts; a log may tell more than is asked for."""
    for key in log.meta.noise:
        close = difflib.get_close_matches(key, _DATA_SHEET, 1)
        if key not in _DATA_SHEET and close:
            raise InputError(f"{log.path / 'meta.toml'}: unknown key 'noise.{key}'; did you mean '{close[0]}'?")


def normal_gravity(latitude: float, height: float) -> float:
    """Gravity (m/s^2) at a latitude (rad) and height (m): Somigliana's formula with WGS 84, free-air gradient."""
    s2 = math.sin(latitude) ** 2
    return 9.7803253359 * (1.0 + 1.93185265241e-3 * s2) / math.sqrt(1.0 - 6.69437999014e-3 * s2) - 3.086e-6 * height
