"""One sensor's CSV file, checked, as an array of the core's sample struct."""
from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trailcoach import abi
from trailcoach.errors import InputError
from trailcoach.inputs.projection import Origin, project
from trailcoach.inputs.table import Table

COLUMNS: dict[str, tuple[str, ...]] = {
    "imu": ("t", "gx", "gy", "gz", "ax", "ay", "az"),
    "wheels": ("t", "fl", "fr", "rl", "rr"),
    "inclination": ("t", "roll", "pitch"),
    "steering": ("t", "angle"),
    "speed": ("t", "v"),
}
STEERING_WHEEL = ("t", "steering_wheel_angle_deg")
_PLAUSIBLE = {  # sensor: (columns, largest magnitude, what that is)
    "imu": ((slice(1, 4), 40.0, "rad/s"), (slice(4, 7), 500.0, "m/s^2")),
    "wheels": ((slice(1, 5), 100.0, "m/s"),),
    "inclination": ((slice(1, 2), math.pi, "rad"), (slice(2, 3), math.pi / 2, "rad")),
    "steering": ((slice(1, 2), math.pi / 2, "rad at the road wheel"),),
    "speed": ((slice(1, 2), 100.0, "m/s"),),
}
GNSS_SD = (3.0, 3.0, 5.0)           # m, a single-frequency receiver in the open, where the log gives none
GNSS_SD_VELOCITY = 0.1              # m/s
_GNSS_COLUMNS = {"t", *"xyz", "lat", "lon", "h", "vx", "vy", "vz", "sd_x", "sd_y", "sd_z", "sd_vx", "sd_vy", "sd_vz"}
_GNSS_FARTHEST = (1e8, 1e8, 2e4)    # m; no projected system and no hill reaches farther
_GNSS_FASTEST = 200.0               # m/s
_GNSS_SD_LEAST, _GNSS_SD_MOST = 1e-4, 1e5       # m
_GRAVITY = (6.0, 14.0)              # m/s^2: where the middle specific force of a car on Earth must lie
_SLOWEST_IMU = 0.25                 # s between samples
_VELOCITY = 1                       # TC_GNSS_VELOCITY
_MOST_AGAIN = 0.1                   # share of rows that may repeat the stamp before them,
_MOST_BACK = 0.6                    # and go back in time: half of them do in a log that is shuffled
_MAX_TIME = 9.0e9                   # s, what int64 nanoseconds hold


def read_samples(path: Path, sensor: str) -> np.ndarray:
    """The samples of imu, wheels, inclination, steering or speed.

    Raises
    ------
    InputError
        Names file and line: other columns, a row cut short, a value that is not finite or not plausible, stamps too
        coarse or back to front.
    """
    table = _read(path, COLUMNS[sensor])
    _check_values(table, sensor)
    return _samples(sensor, table.values)


def read_steering(path: Path, ratio: float | None, warnings: list[str]) -> np.ndarray | None:
    """Steering samples; the steering wheel's angle needs the ratio, else it is left out with a warning."""
    with_wheel = Table.read(path, whole_lines=True).columns == list(STEERING_WHEEL)
    if not with_wheel:
        return read_samples(path, "steering")
    if ratio is None:
        warnings.append(f"{path.name} holds the steering wheel's angle and meta.toml no steering_ratio: left out")
        return None
    table = _read(path, STEERING_WHEEL)
    table.values[:, 1] = np.radians(table.values[:, 1]) / ratio
    _check_values(table, "steering")
    return _samples("steering", table.values)


@dataclass(frozen=True)
class Fixes:
    """GNSS samples in metres.

    crs is the system they were projected to; origin the first fix (lat, lon in deg, h in m) where they were in degrees
    and there was no system to project them to.
    """

    samples: np.ndarray
    crs: str | None
    origin: Origin | None


def read_gnss(path: Path, crs: str | None, warnings: list[str]) -> Fixes:
    """Fixes in x, y, z as they are; in degrees projected to crs, or to metres from the first one."""
    table = _read(path, None)
    _check_gnss_columns(table, warnings)
    out = np.zeros(len(table.values), abi.GNSS)
    out["struct_size"] = abi.GNSS.itemsize
    out["t_ns"] = _nanoseconds(table)
    out["position"], origin = _positions(table, crs)
    _limit(table, out["position"], "x,y,z", _GNSS_FARTHEST, "m")
    out["sd_position"] = _columns(table, "sd_x", "sd_y", "sd_z", GNSS_SD)
    _check_deviations(table, out["sd_position"])
    if table.has("vx", "vy", "vz"):
        out["flags"] |= _VELOCITY
        out["velocity"] = _columns(table, "vx", "vy", "vz", (0.0, 0.0, 0.0))
        out["sd_velocity"] = _columns(table, "sd_vx", "sd_vy", "sd_vz", (GNSS_SD_VELOCITY,) * 3)
        _limit(table, out["velocity"], "vx,vy,vz", (_GNSS_FASTEST,) * 3, "m/s")
        _check_deviations(table, out["sd_velocity"])
    return Fixes(out, None if table.has(*"xyz") else crs, origin)


def _read(path: Path, expected: tuple[str, ...] | None) -> Table:
    """A table with these columns and time in seconds, whose rows may be late or come twice."""
    table = Table.read(path, whole_lines=True)
    columns = tuple(table.columns)
    if expected and columns != expected:
        looks = next((f" are those of {s}.csv" for s, c in COLUMNS.items() if c == columns), "")
        raise InputError(f"{path}: line 1: columns {','.join(columns)[:60]}{looks}; allowed: {','.join(expected)}")
    if columns[0] != "t":
        raise InputError(f"{path}: line 1: columns {','.join(columns)[:60]}; the first must be t, in seconds")
    t = table["t"]
    beyond = np.flatnonzero(abs(t) > _MAX_TIME)
    if beyond.size:
        raise table.fault(int(beyond[0]), f"t = {t[beyond[0]]:g}; seconds are needed, at most {_MAX_TIME:g} (is this"
                                          " in milli- or nanoseconds?)")
    again = np.flatnonzero(np.diff(_nanoseconds(table)) == 0)
    if again.size > _MOST_AGAIN * len(t):
        row, share = int(again[0]) + 1, 100 * again.size / len(t)
        raise table.fault(row, f"t = {t[row]:.10g} again, as in {share:.0f} % of the rows; stamps fine enough to tell"
                               " the rows apart are needed")
    back = np.flatnonzero(np.diff(t) < 0.0)
    if back.size > _MOST_BACK * len(t):
        row, share = int(back[0]) + 1, 100 * back.size / len(t)
        raise table.fault(row, f"t = {t[row]:.10g} after {t[row - 1]:.10g}: time goes back in {share:.0f} % of the"
                               " rows; rows in the order they came are needed")
    return table


def _nanoseconds(table: Table) -> np.ndarray:
    return np.rint(table["t"] * 1e9).astype(np.int64)


def _check_values(table: Table, sensor: str) -> None:
    for columns, limit, unit in _PLAUSIBLE[sensor]:
        _limit(table, table.values[:, columns], ",".join(table.columns[columns]), (limit,) * 6, unit)
    if sensor == "imu":
        _check_imu(table)


def _check_imu(table: Table) -> None:
    """Faults of a whole file: units and axes."""
    force = float(np.median(np.linalg.norm(table.values[:, 4:7], axis=1)))
    if not _GRAVITY[0] < force < _GRAVITY[1]:
        raise InputError(f"{table.path}: ax,ay,az: a specific force of {force:.3g} in the middle; about 9.8 m/s^2 is"
                         " needed (is this in g, or without gravity?)")
    up = float(np.median(table["az"]))
    if up < 0.0:
        raise InputError(f"{table.path}: az = {up:.3g} m/s^2 in the middle: z points down; axes x forward, y left, z up"
                         " are needed")
    if len(table.values) > 1:
        step = float(np.median(abs(np.diff(table["t"]))))
        if step > _SLOWEST_IMU:
            raise InputError(f"{table.path}: a sample every {step:g} s; at least one in {_SLOWEST_IMU} s is needed (is"
                             " t in milliseconds?)")


def _limit(table: Table, values: np.ndarray, names: str, most: tuple[float, ...], unit: str) -> None:
    """Refuse the first row with a value (n, columns) beyond what can be."""
    beyond = abs(values) > np.array(most[:values.shape[1]])
    rows = np.flatnonzero(beyond.any(axis=1))
    if rows.size:
        row = int(rows[0])
        column = int(np.flatnonzero(beyond[row])[0])
        raise table.fault(row, f"{names.split(',')[column]} = {values[row, column]:g}; at most {most[column]:.4g}"
                               f" {unit} either way is allowed: is the unit or the file right?")


def _samples(sensor: str, values: np.ndarray) -> np.ndarray:
    dtype = getattr(abi, sensor.upper())
    out = np.zeros(len(values), dtype)
    out["struct_size"] = dtype.itemsize
    out["t_ns"] = np.rint(values[:, 0] * 1e9).astype(np.int64)
    if sensor == "imu":
        out["gyro"], out["accelerometer"] = values[:, 1:4], values[:, 4:7]
    elif sensor == "wheels":
        out["speed"] = values[:, 1:5]
    elif sensor == "inclination":
        out["roll"], out["pitch"] = values[:, 1], values[:, 2]
    elif sensor == "steering":
        out["angle"] = values[:, 1]
    elif sensor == "speed":
        out["speed"] = values[:, 1]
    return out


def _check_gnss_columns(table: Table, warnings: list[str]) -> None:
    if table.has("roll", "pitch"):
        raise InputError(f"{table.path}: line 1: columns {','.join(table.columns)[:60]} are those of truth.csv, no"
                         " receiver measures attitude; allowed: t,x,y,z or t,lat,lon,h, vx,vy,vz, sd_x,sd_y,sd_z")
    if not (table.has(*"xyz") or table.has("lat", "lon", "h")):
        raise InputError(f"{table.path}: line 1: columns {','.join(table.columns)[:60]}; t,x,y,z or t,lat,lon,h are"
                         " needed")
    others = [c for c in table.columns if c not in _GNSS_COLUMNS]
    if others:
        warnings.append(f"{table.path.name}: columns {', '.join(others)[:60]} are not known: left out")


def _positions(table: Table, crs: str | None) -> tuple[np.ndarray, Origin | None]:
    if table.has(*"xyz"):
        return np.column_stack([table[c] for c in "xyz"]), None
    lat, lon, h = table["lat"], table["lon"], table["h"]
    _limit(table, np.column_stack([lat, lon]), "lat,lon", (90.0, 360.0), "degrees")
    origin = (float(lat[0]), float(lon[0]), float(h[0])) if crs is None else None
    x, y = project(lat, lon, crs, origin, table.path)
    return np.column_stack([x, y, h - (origin[2] if origin else 0.0)]), origin


def _columns(table: Table, a: str, b: str, c: str, otherwise: tuple[float, float, float]) -> np.ndarray:
    """Three columns as (n, 3), or one row for all where the file has none."""
    return np.column_stack([table[a], table[b], table[c]]) if table.has(a, b, c) else np.array([otherwise])


def _check_deviations(table: Table, sd: np.ndarray) -> None:
    rows = np.flatnonzero(((sd < _GNSS_SD_LEAST) | (sd > _GNSS_SD_MOST)).any(axis=1))
    if rows.size:
        raise table.fault(int(rows[0]), f"a standard deviation of {', '.join(f'{v:g}' for v in sd[rows[0]])};"
                                        f" {_GNSS_SD_LEAST:g} to {_GNSS_SD_MOST:g} is allowed")
