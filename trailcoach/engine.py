"""The streaming engine: samples in, state, stance and steps out. The C ABI is the same thing."""
from __future__ import annotations

import msgspec
import numpy as np

from trailcoach import _core
from trailcoach.log import Log
from trailcoach.vehicle import Vehicle


def make_config(vehicle: Vehicle, log: Log | None = None, *, guidance: bool = True) -> np.ndarray:
    """The engine's configuration for a vehicle and, where there is one, a log's data sheet.

    Parameters
    ----------
    vehicle : Vehicle
    log : Log, optional
        Its meta.toml may give lever arms and the sensors' noise.
    guidance : bool
        False leaves out the memory of the planner; the engine then only fuses and settles.

    Returns
    -------
    ndarray
        Array of abi.CONFIG with shape ().
    """
    c = _core.default_config()
    c["vehicle"] = vehicle.to_abi()
    c["coach"]["steering_ratio"] = vehicle.steering.ratio
    if not guidance:
        c["line"]["max_nodes"] = 0
    fusion = c["fusion"]
    fusion["imu_lever"], fusion["gnss_lever"] = vehicle.imu, vehicle.gnss
    if log is not None:
        if log.meta.imu is not None:
            fusion["imu_lever"] = log.meta.imu
        if log.meta.gnss is not None:
            fusion["gnss_lever"] = log.meta.gnss
    return c


def vehicle_of(log: Log) -> Vehicle:
    """The vehicle a log names, or a stand-in with its wheelbase and track for fusion alone."""
    if log.meta.vehicle is not None:
        return Vehicle.load(log.meta.vehicle)
    base = Vehicle.load("land-rover-defender-110")
    wheelbase, track = log.meta.wheelbase or 2.7, log.meta.track or 1.55
    return msgspec.structs.replace(
        base, name="unknown vehicle", wheelbase=wheelbase, cg=(wheelbase / 2, 0.0, 0.6), part=(),
        imu=(wheelbase / 2, 0.0, 1.0), gnss=(wheelbase / 2, 0.0, 1.5),
        front_axle=msgspec.structs.replace(base.front_axle, track=track),
        rear_axle=msgspec.structs.replace(base.rear_axle, track=track))
