"""Trail logs: a folder of CSV files, one per sensor, and meta.toml, read into the sample arrays of the core."""
from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from trailcoach import abi
from trailcoach.errors import InputError

SENSORS = ("imu", "wheels", "inclination", "steering", "speed", "gnss")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "imu": ("t", "gx", "gy", "gz", "ax", "ay", "az"),
    "wheels": ("t", "fl", "fr", "rl", "rr"),
    "inclination": ("t", "roll", "pitch"),
    "steering": ("t", "angle"),
    "speed": ("t", "v"),
}
_PLAUSIBLE = {  # sensor: (columns, largest magnitude, what that is)
    "imu": ((slice(1, 4), 40.0, "rad/s"), (slice(4, 7), 500.0, "m/s^2")),
    "wheels": ((slice(1, 5), 100.0, "m/s"),),
    "inclination": ((slice(1, 3), math.pi, "rad"),),
    "steering": ((slice(1, 2), math.pi / 2, "rad at the road wheel"),),
    "speed": ((slice(1, 2), 100.0, "m/s"),),
}
GNSS_SD = (3.0, 3.0, 5.0)           # m, a single-frequency receiver in the open, where the log gives none
GNSS_SD_VELOCITY = 0.1              # m/s
_VELOCITY = 1                       # TC_GNSS_VELOCITY
_MAX_TIME = 9.0e9                   # s, what int64 nanoseconds hold


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What meta.toml may say; all of it is optional, other keys are left alone.

    start is x, y, yaw of the body origin at rest; imu and gnss are lever arms in the body frame (m); noise is the
    sensors' data sheet, see :func:`trailcoach.engine.make_config`.
    """

    vehicle: str | None = None
    crs: str | None = None
    terrain: str | None = None
    imu: tuple[float, float, float] | None = None
    gnss: tuple[float, float, float] | None = None
    start: tuple[float, float, float] | None = None
    wheelbase: float | None = None
    track: float | None = None
    steering_ratio: float | None = None
    noise: dict[str, Any] = {}
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Log:
    """A trail log in memory: one array of the core's sample struct per sensor, None where there is none.

    Attributes
    ----------
    path : Path
    meta : Meta
    imu, wheels, inclination, steering, speed, gnss : ndarray or None
        Arrays of the dtypes in :mod:`trailcoach.abi`, times strictly increasing.
    frame : str
        What positions are in: the projected CRS, or "local" = metres from the first fix.
    origin : tuple of float or None
        lat, lon (deg), h (m) of the first fix where the frame is local.
    warnings : list of str
        What was left out, and why.
    """

    path: Path
    meta: Meta
    imu: np.ndarray | None = None
    wheels: np.ndarray | None = None
    inclination: np.ndarray | None = None
    steering: np.ndarray | None = None
    speed: np.ndarray | None = None
    gnss: np.ndarray | None = None
    frame: str = "local"
    origin: tuple[float, float, float] | None = None
    warnings: list[str] = field(default_factory=list)

    @staticmethod
    def open(path: str | Path) -> Log:
        """Read a log folder.

        Raises
        ------
        InputError
            Names file and line, what is wrong and what is allowed: no log, wrong columns, a row cut short, a value
            that is not a finite number or not plausible, time that does not increase.
        """
        path = Path(path)
        if not path.exists():
            raise InputError(f"{path}: no such log; a log is a folder with imu.csv and other sensors' CSV files")
        if not path.is_dir():
            raise InputError(f"{path}: not a log; a log is a folder with imu.csv and other sensors' CSV files")
        if not (path / "imu.csv").exists():
            raise InputError(f"{path}: not a log: imu.csv is missing; a log is a folder with imu.csv and other"
                             " sensors' CSV files")
        meta = _read_meta(path)
        warnings: list[str] = []
        arrays: dict[str, np.ndarray] = {}
        for sensor in ("imu", "wheels", "inclination", "speed"):
            if (path / f"{sensor}.csv").exists():
                arrays[sensor] = _samples(sensor, _read_csv(path / f"{sensor}.csv", sensor)[1])
        if (path / "steering.csv").exists():
            steering = _read_steering(path / "steering.csv", meta, warnings)
            if steering is not None:
                arrays["steering"] = steering
        frame, origin = meta.crs or "local", None
        if (path / "gnss.csv").exists():
            arrays["gnss"], origin = _read_gnss(path / "gnss.csv", meta.crs)
        return Log(path, meta, **arrays, frame=frame, origin=origin, warnings=warnings)  # type: ignore[arg-type]

    @property
    def arrays(self) -> list[np.ndarray | None]:
        """The sensors' arrays in the order of :data:`SENSORS`."""
        return [getattr(self, s) for s in SENSORS]

    @property
    def t_ns(self) -> tuple[int, int]:
        """First and last time stamp of any sensor."""
        times = [a["t_ns"] for a in self.arrays if a is not None]
        return int(min(t[0] for t in times)), int(max(t[-1] for t in times))

    def timeline(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All samples in time order, at equal times in the order of SENSORS.

        Returns
        -------
        kinds : (n,) uint8
            Index into SENSORS.
        rows : (n,) int64
            Row of that sensor's array.
        t_ns : (n,) int64
        """
        arrays = [(k, a["t_ns"]) for k, a in enumerate(self.arrays) if a is not None]
        kinds = np.concatenate([np.full(len(t), k, np.uint8) for k, t in arrays])
        rows = np.concatenate([np.arange(len(t)) for _, t in arrays])
        t_ns = np.concatenate([t for _, t in arrays])
        order = np.lexsort((kinds, t_ns))
        return kinds[order], rows[order], t_ns[order]


def _read_meta(folder: Path) -> Meta:
    path = folder / "meta.toml"
    if not path.exists():
        return Meta()
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Meta)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as e:
        raise InputError(f"{path}: {e}") from None


def _read_csv(path: Path, sensor: str) -> tuple[list[str], np.ndarray]:
    """Column names and the table (n, columns) of one sensor, every value finite, time increasing."""
    header, table = read_table(path)
    expected = _COLUMNS.get(sensor)
    if expected and tuple(header) != expected:
        looks = next((f"; these are the columns of {s}.csv" for s, c in _COLUMNS.items() if c == tuple(header)), "")
        raise InputError(f"{path}: line 1: columns {','.join(header)}{looks}; allowed: {','.join(expected)}")
    if header[:1] != ["t"]:
        raise InputError(f"{path}: line 1: columns {','.join(header)}; the first must be t, in seconds")
    t = table[:, 0]
    if abs(t[[0, -1]]).max() > _MAX_TIME:
        raise InputError(f"{path}: line 2: t = {t[0]:.0f}; seconds are needed (is this in milli- or nanoseconds?)")
    back = np.flatnonzero(np.diff(t) <= 0)
    if back.size:
        i = int(back[0])
        raise InputError(f"{path}: line {i + 3}: time does not increase: t = {t[i + 1]} after {t[i]}; rows must be in"
                         " time order")
    for columns, limit, unit in _PLAUSIBLE.get(sensor, ()):
        row, col = np.unravel_index(int(np.argmax(abs(table[:, columns]))), table[:, columns].shape)
        value = table[row, columns][col]
        if abs(value) > limit:
            raise InputError(f"{path}: line {row + 2}: {header[columns.start + int(col)]} = {value}; beyond"
                             f" {limit:g} {unit}: is the unit or the file right?")
    return header, table


def read_table(path: Path) -> tuple[list[str], np.ndarray]:
    """Header and numbers (n >= 1, columns) of a CSV file.

    Raises
    ------
    InputError
        Names the line that is cut short or holds something else than finite numbers.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a CSV file (it holds bytes that are not text)") from None
    except OSError as e:
        raise InputError(f"{path}: cannot be read: {e.strerror}") from None
    if len(lines) < 2:
        raise InputError(f"{path}: holds no rows; a line of column names and at least one row are needed")
    header = [c.strip() for c in lines[0].split(",")]
    try:
        table = np.loadtxt(lines[1:], delimiter=",", ndmin=2, comments=None)
        if table.shape[1] == len(header) and len(table) == len(lines) - 1 and np.isfinite(table).all():
            return header, table
    except ValueError:
        pass                        # the scan below names the line
    raise InputError(f"{path}: {_first_fault(header, lines)}")


def _first_fault(header: list[str], lines: list[str]) -> str:
    for number, line in enumerate(lines[1:], 2):
        cells = line.split(",")
        if len(cells) != len(header):
            cut = " (the file is cut short)" if number == len(lines) and len(cells) < len(header) else ""
            return f"line {number}: {len(cells)} values{cut}; {len(header)} are needed: {','.join(header)}"
        for name, cell in zip(header, cells, strict=True):
            try:
                value = float(cell)
            except ValueError:
                return f"line {number}: {name} = '{cell.strip()}' is not a number"
            if not math.isfinite(value):
                return f"line {number}: {name} = {cell.strip()}; a finite number is needed"
    return "cannot be read as a table of numbers"


def _samples(sensor: str, table: np.ndarray) -> np.ndarray:
    dtype = getattr(abi, sensor.upper())
    out = np.zeros(len(table), dtype)
    out["struct_size"] = dtype.itemsize
    out["t_ns"] = np.rint(table[:, 0] * 1e9).astype(np.int64)
    if sensor == "imu":
        out["gyro"], out["accelerometer"] = table[:, 1:4], table[:, 4:7]
    elif sensor == "wheels":
        out["speed"] = table[:, 1:5]
    elif sensor == "inclination":
        out["roll"], out["pitch"] = table[:, 1], table[:, 2]
    elif sensor == "steering":
        out["angle"] = table[:, 1]
    elif sensor == "speed":
        out["speed"] = table[:, 1]
    return out


def _read_steering(path: Path, meta: Meta, warnings: list[str]) -> np.ndarray | None:
    header, _ = read_table(path)
    if header != ["t", "steering_wheel_angle_deg"]:
        return _samples("steering", _read_csv(path, "steering")[1])
    if meta.steering_ratio is None:
        warnings.append(f"{path.name} holds the steering wheel's angle and meta.toml no steering_ratio: left out")
        return None
    table = _read_csv(path, "steering wheel")[1]
    table[:, 1] = np.radians(table[:, 1]) / meta.steering_ratio
    return _samples("steering", table)


def _read_gnss(path: Path, crs: str | None) -> tuple[np.ndarray, tuple[float, float, float] | None]:
    header, table = _read_csv(path, "gnss")
    column = dict(zip(header, table.T, strict=True))
    out = np.zeros(len(table), abi.GNSS)
    out["struct_size"] = abi.GNSS.itemsize
    out["t_ns"] = np.rint(table[:, 0] * 1e9).astype(np.int64)
    origin = None
    if {"x", "y", "z"} <= column.keys():
        out["position"] = np.column_stack([column[c] for c in "xyz"])
    elif {"lat", "lon", "h"} <= column.keys():
        lat, lon, h = column["lat"], column["lon"], column["h"]
        if abs(lat).max() > 90.0 or abs(lon).max() > 360.0:
            raise InputError(f"{path}: lat, lon beyond 90 and 360; degrees are needed")
        if crs is None:
            origin = (float(lat[0]), float(lon[0]), float(h[0]))
        x, y = project(lat, lon, crs, origin, path)
        out["position"] = np.column_stack([x, y, h - (origin[2] if origin else 0.0)])
    else:
        raise InputError(f"{path}: line 1: columns {','.join(header)}; x,y,z or lat,lon,h are needed")
    sd = {"sd_x", "sd_y", "sd_z"} <= column.keys()
    out["sd_position"] = np.column_stack([column[f"sd_{c}"] for c in "xyz"]) if sd else GNSS_SD
    if (out["sd_position"] <= 0.0).any():
        line = int(np.flatnonzero((out["sd_position"] <= 0.0).any(axis=1))[0]) + 2
        raise InputError(f"{path}: line {line}: a standard deviation of 0 or less; more than 0 is needed")
    if {"vx", "vy", "vz"} <= column.keys():
        out["flags"] |= _VELOCITY
        out["velocity"] = np.column_stack([column[f"v{c}"] for c in "xyz"])
        out["sd_velocity"] = GNSS_SD_VELOCITY
    return out, origin


def project(lat: np.ndarray, lon: np.ndarray, crs: str | None, origin: tuple[float, float, float] | None,
            where: Path) -> tuple[np.ndarray, np.ndarray]:
    """Degrees (WGS 84) to metres of a CRS, or of a transverse Mercator map about the origin where there is none."""
    import pyproj
    if crs is None and origin is not None:
        crs = f"+proj=tmerc +lat_0={origin[0]!r} +lon_0={origin[1]!r} +ellps=WGS84 +units=m"
    try:
        transformer = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    except pyproj.exceptions.CRSError:
        raise InputError(f"{where}: crs = '{crs}' is not known; a code such as EPSG:32612 is needed") from None
    x, y = transformer.transform(lon, lat)
    return np.asarray(x), np.asarray(y)
