"""What fusion expects of the sensors: class of IMU, then lever arms, data sheet and parameters of the log."""
from __future__ import annotations

import difflib
import math

import numpy as np

from trailcoach.errors import InputError
from trailcoach.fusion_parameters import (
    DEFAULT_IMU_CLASS,
    parameters,
    set_data_sheet,
    set_imu_class,
    set_values,
    switch_off,
)
from trailcoach.log import SENSORS, Log
from trailcoach.vehicle import Vehicle

KNOWN_MOUNTING_SD = 1e-3            # rad: an IMU whose place was measured was aligned, too
KNOWN_PIVOT_SD = 0.2                # m: a locked or loaded axle scrubs, and turns about a point ahead of it
KNOWN_SCALE_SD = 3e-3               # of the wheel speed, where the vehicle and so its tyre is known
EARTH_RATE = 7.292115e-5            # rad/s, WGS 84


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
        A value of ``[noise]`` or ``[fusion]`` in meta.toml is not a number or out of range, or of no parameter or
        state there is.
    """
    fusion["imu_lever"], fusion["gnss_lever"] = vehicle.imu, vehicle.gnss
    set_imu_class(fusion, DEFAULT_IMU_CLASS if log is None or log.meta.imu_class is None else log.meta.imu_class)
    if log is None:
        return
    source = str(log.path / "meta.toml")
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
    set_data_sheet(fusion, log.meta.noise, source)
    set_values(fusion, log.meta.fusion, source)
    switch_off(fusion, log.meta.fusion_off, source)


def _check_names(log: Log) -> None:
    """Refuse a key of [noise] that looks like one that counts; a log may tell more than is asked for."""
    known = [p.data_sheet for p in parameters().values() if p.data_sheet is not None]
    for key in log.meta.noise:
        close = difflib.get_close_matches(key, known, 1)
        if key not in known and close:
            raise InputError(f"{log.path / 'meta.toml'}: unknown key 'noise.{key}'; did you mean '{close[0]}'?")


def normal_gravity(latitude: float, height: float) -> float:
    """Gravity (m/s^2) at a latitude (rad) and height (m): Somigliana's formula with WGS 84, free-air gradient."""
    s2 = math.sin(latitude) ** 2
    return 9.7803253359 * (1.0 + 1.93185265241e-3 * s2) / math.sqrt(1.0 - 6.69437999014e-3 * s2) - 3.086e-6 * height
