"""Trail logs: a folder of CSV files, one per sensor, and meta.toml, read into the sample arrays of the core."""
from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np

from trailcoach.errors import InputError
from trailcoach.fusion_parameters import ImuClass
from trailcoach.inputs.arrival import on_one_clock, strays
from trailcoach.inputs.kinds import kind_of
from trailcoach.inputs.projection import Origin, check_system, project
from trailcoach.inputs.samples import read_gnss, read_samples, read_steering
from trailcoach.inputs.table import read_table
from trailcoach.inputs.toml_file import load_toml, unknown_keys

__all__ = ["SENSORS", "Log", "Meta", "project", "read_table", "without_strays"]

SENSORS = ("imu", "wheels", "inclination", "steering", "speed", "gnss")
_WANTED = "a log is a folder with imu.csv and other sensors' CSV files"

_Length = Annotated[float, msgspec.Meta(ge=-20.0, le=20.0)]
Arm = Annotated[tuple[_Length, _Length, _Length], msgspec.Meta(description="x, y, z: three numbers in brackets, m")]
Map = Annotated[float, msgspec.Meta(ge=-1e8, le=1e8)]
Yaw = Annotated[float, msgspec.Meta(ge=-4 * math.pi, le=4 * math.pi)]
Pose = Annotated[tuple[Map, Map, Yaw], msgspec.Meta(description="x, y, yaw: three numbers in brackets, m and rad")]
_Offset = Annotated[float, msgspec.Meta(ge=-10.0, le=10.0)]


class Clock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[clock]`` of meta.toml: what is added to a sensor's stamps to make them the IMU's, s.

    gnss_velocity is added to a fix's stamp to make it that of its velocity: negative where the velocity lags.
    """

    wheels: _Offset = 0.0
    inclination: _Offset = 0.0
    steering: _Offset = 0.0
    speed: _Offset = 0.0
    gnss: _Offset = 0.0
    gnss_velocity: Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)] = 0.0


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What meta.toml may say; all of it is optional, other keys are left alone.

    A key that looks like a known one misspelt is told among the log's warnings; in ``[clock]`` and ``[noise]`` it is
    refused.
    start is x, y, yaw of the body origin at rest; imu and gnss are lever arms in the body frame (m); noise is the
    sensors' data sheet, see :func:`trailcoach.engine.make_config`. imu_class says what the IMU is where there is no
    data sheet, fusion sets parameters and fusion_off leaves states out: see :mod:`trailcoach.fusion_parameters`.
    """

    vehicle: str | None = None
    crs: str | None = None
    terrain: str | None = None
    imu: Arm | None = None
    gnss: Arm | None = None
    start: Pose | None = None
    wheelbase: Annotated[float, msgspec.Meta(ge=1.2, le=6.0)] | None = None
    track: Annotated[float, msgspec.Meta(ge=0.8, le=3.0)] | None = None
    steering_ratio: Annotated[float, msgspec.Meta(ge=5.0, le=40.0)] | None = None
    noise: dict[str, Any] = {}
    imu_class: ImuClass | None = None
    fusion: dict[str, Any] = {}
    fusion_off: tuple[str, ...] = ()
    clock: Clock = Clock()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Log:
    """A trail log in memory: one array of the core's sample struct per sensor, None where there is none.

    Attributes
    ----------
    path : Path
    meta : Meta
    imu, wheels, inclination, steering, speed, gnss : ndarray or None
        Arrays of the dtypes in :mod:`trailcoach.abi`, in the order the samples came; stamps may be late or twice.
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
    origin: Origin | None = None
    warnings: list[str] = field(default_factory=list)

    @staticmethod
    def open(path: str | Path, crs: str | None = None) -> Log:
        """Read a log folder.

        Parameters
        ----------
        path : str or Path
        crs : str, optional
            The system that fixes in degrees are projected to where meta.toml names none, such as the terrain's.

        Raises
        ------
        InputError
            Names file and line, what is wrong and what is allowed: no log, wrong columns, a row cut short, a value
            that is not a finite number or not plausible, stamps too coarse for the rows, sensors that share no time.
        """
        path = Path(path)
        _check_folder(path)
        warnings: list[str] = []
        meta = _read_meta(path, warnings)
        arrays: dict[str, np.ndarray] = {}
        for sensor in ("imu", "wheels", "inclination", "speed"):
            if (path / f"{sensor}.csv").exists():
                arrays[sensor] = read_samples(path / f"{sensor}.csv", sensor)
        if (path / "steering.csv").exists():
            steering = read_steering(path / "steering.csv", meta.steering_ratio, warnings)
            if steering is not None:
                arrays["steering"] = steering
        frame, origin = meta.crs or "local", None
        if (path / "gnss.csv").exists():
            fixes = read_gnss(path / "gnss.csv", meta.crs or crs, warnings)
            arrays["gnss"], origin = fixes.samples, fixes.origin
            frame = fixes.crs or frame
        _check_clock(path, arrays)
        return without_strays(Log(path, meta, **arrays, frame=frame, origin=origin, warnings=warnings))

    def project(self, lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Degrees (WGS 84) to x, y in the frame of this log, m."""
        if self.frame == "local" and self.origin is None:
            raise InputError(f"{self.path}: positions in metres of an unnamed system have no place on Earth; a crs in"
                             " meta.toml is needed")
        return project(lat, lon, None if self.frame == "local" else self.frame, self.origin, self.path)

    @property
    def sensors(self) -> list[str]:
        """Names of the sensors this log has, in the order of :data:`SENSORS`."""
        return [s for s in SENSORS if getattr(self, s) is not None]

    @property
    def arrays(self) -> list[np.ndarray | None]:
        """The sensors' arrays in the order of :data:`SENSORS`."""
        return [getattr(self, s) for s in SENSORS]

    @property
    def t_ns(self) -> tuple[int, int]:
        """When the first and the last sample of any sensor came."""
        times = self._level().values()
        return int(min(t[0] for t in times)), int(max(t.max() for t in times))

    def in_time(self, sensor: str) -> np.ndarray:
        """One sensor's samples in the order of their time, each stamp once, on the clock the log began with."""
        samples: np.ndarray = getattr(self, sensor).copy()
        samples["t_ns"] = self._level()[sensor]
        return samples[np.unique(samples["t_ns"], return_index=True)[1]]

    def _level(self) -> dict[str, np.ndarray]:
        return on_one_clock({s: getattr(self, s)["t_ns"] for s in self.sensors if len(getattr(self, s))})

    def timeline(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All samples in the order they came, see :mod:`trailcoach.inputs.arrival`; at equal times in that of SENSORS.

        Returns
        -------
        kinds : (n,) uint8
            Index into SENSORS.
        rows : (n,) int64
            Row of that sensor's array.
        t_ns : (n,) int64
            When they came, never back in time; the stamp for a sample in time.
        """
        arrays = [(SENSORS.index(s), np.maximum.accumulate(t)) for s, t in self._level().items()]
        kinds = np.concatenate([np.full(len(t), k, np.uint8) for k, t in arrays])
        rows = np.concatenate([np.arange(len(t)) for _, t in arrays])
        t_ns = np.concatenate([t for _, t in arrays])
        order = np.lexsort((kinds, t_ns))
        return kinds[order], rows[order], t_ns[order]


def _check_folder(path: Path) -> None:
    if not path.exists():
        raise InputError(f"{path}: no such log; {_WANTED}")
    if not path.is_dir():
        raise InputError(f"{path}: not a log but {kind_of(path)}; {_WANTED}")
    if not (path / "imu.csv").exists():
        raise InputError(f"{path}: not a log: imu.csv is missing; {_WANTED}")


def _read_meta(folder: Path, warnings: list[str]) -> Meta:
    path = folder / "meta.toml"
    if not path.exists():
        return Meta()
    noun = "a log's meta.toml"
    meta = load_toml(path, Meta, noun)
    warnings += [f"meta.toml: {key}: did you mean {known}?" for key, known in unknown_keys(path, Meta, noun)]
    if meta.crs is not None:
        check_system(meta.crs, path)
    return meta


def _check_clock(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Every sensor must have been on while the IMU was: else their clocks differ."""
    begin, end = (edge(arrays["imu"]["t_ns"]) for edge in (np.min, np.max))
    for sensor, samples in arrays.items():
        first, last = (edge(samples["t_ns"]) for edge in (np.min, np.max))
        if last < begin or first > end:
            raise InputError(f"{path / f'{sensor}.csv'}: t is {first * 1e-9:g} to {last * 1e-9:g} s, but that of"
                             f" imu.csv {begin * 1e-9:g} to {end * 1e-9:g} s; one clock is needed")


def without_strays(log: Log) -> Log:
    """The log without single stamps far from those about them, which are told among its warnings."""
    kept = {}
    for sensor in log.sensors:
        samples = getattr(log, sensor)
        stray = strays(samples["t_ns"])
        if not stray.any():
            continue
        kept[sensor] = samples[~stray]
        text = f"{sensor}.csv: {stray.sum()} samples with a stamp far from those about them were left out"
        if text not in log.warnings:
            log.warnings.append(text)
    return replace(log, **kept)
