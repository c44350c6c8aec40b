"""Fusion: a log's samples through the error-state filter of the core, and what the vehicle did, as arrays."""
from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trailcoach import _core, abi, smoother
from trailcoach.engine import make_config, start_values, vehicle_of
from trailcoach.errors import CoreError, InputError
from trailcoach.inputs.preflight import check_imu
from trailcoach.inputs.projection import unproject
from trailcoach.log import SENSORS, Log, without_strays
from trailcoach.outputs import write_table
from trailcoach.terrain import Terrain
from trailcoach.tiles.windows import Windows
from trailcoach.vehicle import Vehicle

RATE = 50.0                         # states kept per second
CLOCK_STEP_NS = 10**9              # a stamp later than this against its neighbours is of a clock that stepped
KINDS = ("wheels", "constraint", "inclination", "gnss", "speed", "standstill", "terrain")

Progress = Callable[[str, float], None]     # what is being done, and how much of it, 0 to 1

_WHEELS = ("fl", "fr", "rl", "rr")
_CHECKED = 25 * 13                  # innovations per second of constraint, standstill and terrain, at most


class Status(enum.IntFlag):
    """What is known and what is wrong; the bits are those of ``tc_state.status``."""

    LEVELLED = 1                # roll and pitch are known
    HEADING = 2                 # yaw is known
    POSITION = 4                # position is known in the world, not only relative to the start
    STANDSTILL = 8
    SLIP = 16                   # at least one wheel is taken out
    DEAD_RECKONING = 32         # no absolute position for 1 s
    NO_WHEELS = 64              # no believable wheel speed for 0.5 s
    IMU_GAP = 128               # a gap longer than 0.1 s was bridged
    IMU_FAULT = 256             # an implausible IMU sample was replaced by the last one
    REWOUND = 512               # a late sample changed what was said in the last second
    CLOCK = 1024                # a sensor's clock stepped in the last 5 s
    INCLINATION = 2048          # the inclinometer has been refused for 1 s, or is stuck
    GNSS = 4096                 # the last fix was refused, or fixes walk away from the motion
    TERRAIN = 8192              # the ground does not fit the map: terrain aiding is off for a while


@dataclass(frozen=True)
class Track:
    """Motion of the body origin over a log; n states. Frames and signs as everywhere in trailcoach.

    Attributes
    ----------
    t : (n,) ndarray
        Time of the log, s.
    position, velocity : (n, 3) ndarray
        World, m and m/s.
    attitude : (n, 3) ndarray
        Roll, pitch, yaw, rad.
    sd_position, sd_velocity, sd_attitude : (n, 3) ndarray
        Standard deviations the filter states.
    slip : (n, 4) ndarray
        Of the wheels fl, fr, rl, rr: (wheel - ground) / the larger of both, NaN = unknown.
    status : (n,) ndarray of uint32
        Bits of :class:`Status`.
    distance : (n,) ndarray
        Rolled since the start, m.
    state : (n,) ndarray of abi.STATE
        All the filter says, biases and counters included.
    origin : tuple of float or None
        lat, lon (deg), h (m) of x = y = z = 0 where positions are metres from the first fix.
    torn : int
        Times that smoothing began anew since a sample came too late to be sorted; 0 where nothing was smoothed.
    """

    t: np.ndarray
    position: np.ndarray
    velocity: np.ndarray
    attitude: np.ndarray
    sd_position: np.ndarray
    sd_velocity: np.ndarray
    sd_attitude: np.ndarray
    slip: np.ndarray
    status: np.ndarray
    distance: np.ndarray
    state: np.ndarray
    origin: tuple[float, float, float] | None = None
    torn: int = 0

    @staticmethod
    def from_states(state: np.ndarray, origin: tuple[float, float, float] | None = None, torn: int = 0) -> Track:
        """A track of states, an array (n,) of abi.STATE."""
        return Track(
            t=state["t_ns"] * 1e-9, position=state["position"], velocity=state["velocity"],
            attitude=np.column_stack([state["roll"], state["pitch"], state["yaw"]]),
            sd_position=state["sd_position"], sd_velocity=state["sd_velocity"], sd_attitude=state["sd_attitude"],
            slip=state["slip"], status=state["status"], distance=state["distance"], state=state, origin=origin,
            torn=torn)

    def columns(self) -> dict[str, np.ndarray]:
        """Columns of track.csv by name; lat, lon (deg), h (m) too where the log's positions had them.

        gnss_datum, the height of the fixes above the terrain's (m), is there where terrain aiding estimates it.
        resets counts how often the filter began anew or leapt, reset_x to reset_yaw tell what the last of it moved.
        """
        out = {"t": self.t}
        groups = (("x", "y", "z"), self.position), (("vx", "vy", "vz"), self.velocity), \
                 (("roll", "pitch", "yaw"), self.attitude)
        for names, values in groups:
            out.update(zip(names, values.T, strict=True))
        for (names, _), sd in zip(groups, (self.sd_position, self.sd_velocity, self.sd_attitude), strict=True):
            out.update(zip((f"sd_{n}" for n in names), sd.T, strict=True))
        out.update(zip((f"slip_{w}" for w in _WHEELS), self.slip.T, strict=True))
        out["status"] = self.status
        if self.state["sd_gnss_datum"].any() and self.state["used"][-1, KINDS.index("gnss")]:
            out["gnss_datum"], out["sd_gnss_datum"] = self.state["gnss_datum"], self.state["sd_gnss_datum"]
        out["resets"] = self.state["resets"]
        out.update(zip(("reset_x", "reset_y", "reset_z"), self.state["reset_position"].T, strict=True))
        out["reset_yaw"] = self.state["reset_yaw"]
        if self.origin is not None:
            out["lat"], out["lon"], out["h"] = self.geographic()
        return out

    def geographic(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Latitude, longitude (deg, WGS 84) and height (m) of the positions; the track needs an origin."""
        if self.origin is None:
            raise ValueError("the track's positions are in the terrain's CRS, not about an origin")
        lat, lon = unproject(self.position[:, 0], self.position[:, 1], self.origin)
        return lat, lon, self.position[:, 2] + self.origin[2]

    def write_csv(self, path: str | Path) -> None:
        """Write track.csv: SI units, radians; lat and lon in degrees. What is unknown stays empty."""
        columns = self.columns()
        formats = {"t": "%.6f", "lat": "%.9f", "lon": "%.9f"}
        write_table(path, columns, {name: formats.get(name, "%.5f" if name in "xyzh" else "%.6g") for name in columns})


def fuse(log: Log, vehicle: Vehicle | None = None, terrain: Terrain | None = None,
         progress: Progress | None = None, *, rate: float | None = None, config: np.ndarray | None = None,
         smooth: bool = False) -> Track:
    """Where the vehicle was, how it stood and how much its wheels slipped.

    Parameters
    ----------
    log : Log
        Its meta.toml may give the start pose, lever arms and the sensors' data sheet.
    vehicle : Vehicle, optional
        Default: the one the log names, or a stand-in with its wheelbase and track.
    terrain : Terrain, optional
        Gives the height at the start pose.
    progress : callable, optional
        Called with what is being done and how much of it, 0 to 1.
    rate : float, optional
        States kept per second of the log; default RATE, smoothed :data:`trailcoach.smoother.RATE`.
    config : ndarray, optional
        Array of abi.CONFIG with shape () instead of :func:`trailcoach.engine.make_config`'s.
    smooth : bool
        Every state from all samples, those after it too: what was really driven, as well as it can be told afterwards.
        Without it, what the vehicle knew at each moment. Takes some 20 kB a state; see :mod:`trailcoach.smoother`.

    Returns
    -------
    Track

    Raises
    ------
    InputError
        The log has no IMU or less than a second of it, the rate is not above 0, or the core refuses a
        sample or the start pose.
    """
    if rate is None:
        rate = smoother.RATE if smooth else RATE
    if not (np.isfinite(rate) and rate > 0.0):
        raise InputError(f"fuse: rate = {rate}; states per second above 0 are needed")
    drive = _Drive.begin(log, vehicle, terrain, config, in_order=smooth)
    checkpoints = smoother.Smoother(len(drive.ends(rate))) if smooth else None
    with _told_of(log):
        states = drive.run(rate, progress, checkpoints)
    if checkpoints is None:
        return Track.from_states(states, log.origin)
    return Track.from_states(checkpoints.smooth(states), log.origin, checkpoints.torn)


def innovations(log: Log, vehicle: Vehicle | None = None, terrain: Terrain | None = None, *,
                config: np.ndarray | None = None) -> np.ndarray:
    """What every sensor measured less what the filter expected, over a log: whether its noise is as the filter thinks.

    Parameters
    ----------
    log, vehicle, terrain, config
        As of :func:`fuse`.

    Returns
    -------
    (n,) ndarray
        abi.INNOVATION in the order of their time. ``innovation / sqrt(variance)`` is standard normal where noise and
        model are right, and white where ``raised`` is 1; `raised` of them in a row say what a white one would.

    Raises
    ------
    InputError
        As of :func:`fuse`.
    """
    drive = _Drive.begin(log, vehicle, terrain, config, in_order=True)
    ring = np.zeros(drive.most_innovations(), abi.INNOVATION)
    drive.engine.watch_innovations(ring.view(np.uint8))
    with _told_of(log):
        drive.run(RATE, None, None)
    return ring[:drive.engine.innovation_count].copy()


@contextmanager
def _told_of(log: Log) -> Iterator[None]:
    """What the core refuses, as an error of this log."""
    try:
        yield
    except CoreError as e:
        raise InputError(f"{log.path}: {e}") from None


@dataclass(frozen=True)
class _Drive:
    """An engine, and the samples it is to be given."""

    engine: _core.Engine
    windows: Windows | None
    log: Log
    kinds: np.ndarray
    rows: np.ndarray
    t_ns: np.ndarray

    @staticmethod
    def begin(log: Log, vehicle: Vehicle | None, terrain: Terrain | None, config: np.ndarray | None, *,
              in_order: bool) -> _Drive:
        if not isinstance(log, Log):
            raise TypeError(f"fuse: log is a {type(log).__name__}; a Log is needed, as Log.open gives")
        check_imu(log)
        vehicle = vehicle or vehicle_of(log)
        with _told_of(log):
            log = without_strays(log)
            config = make_config(vehicle, log, guidance=False) if config is None else config
            engine = _core.Engine(config)
            windows = None if terrain is None else Windows(terrain)
            if windows is not None:
                windows.begin(engine, log.meta.start)
            if log.meta.start is not None:
                engine.set_start(*start_values(terrain, *log.meta.start))
        timeline = _in_order_of_stamps(log, config["fusion"]["clock"]) if in_order else log.timeline()
        return _Drive(engine, windows, log, *timeline)

    def ends(self, rate: float) -> np.ndarray:
        """One beyond the first IMU sample of every 1 / rate seconds."""
        imu = np.flatnonzero(self.kinds == SENSORS.index("imu"))
        slot = np.floor((self.t_ns[imu] - self.t_ns[imu[0]]) * 1e-9 * rate + 1e-6)
        return imu[np.flatnonzero(np.diff(slot, prepend=-1.0) > 0)] + 1

    def most_innovations(self) -> int:
        """More than the drive can give: values of all sensors, and those of the checks 25 times a second."""
        values = {"wheels": 4, "inclination": 2, "speed": 2, "gnss": 6}
        most = sum(n * int((self.kinds == SENSORS.index(sensor)).sum()) for sensor, n in values.items())
        return most + int(_CHECKED * ((self.t_ns[-1] - self.t_ns[0]) * 1e-9 + 1.0))

    def run(self, rate: float, progress: Progress | None, checkpoints: smoother.Smoother | None) -> np.ndarray:
        """Push the log, and read the state at each of the ends."""
        ends = self.ends(rate)
        states = np.zeros(len(ends), abi.STATE)
        first = 0
        for i, end in enumerate(ends):
            self._push(first, end)
            if checkpoints is not None:
                checkpoints.take(self.engine)
            self.engine.state_into(states[i:i + 1])
            if self.windows is not None:
                self.windows.serve(self.engine, states[i])
            first = end
            if progress is not None and i % 256 == 0:
                progress("fusing the sensors", i / len(ends))
        self._push(first, len(self.kinds))
        if progress is not None:
            progress("fusing the sensors", 1.0)
        return states

    def _push(self, first: int, end: int) -> None:
        self.engine.push_merged(self.kinds[first:end], self.rows[first:end], self.log.arrays)


def _in_order_of_stamps(log: Log, clock: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As Log.timeline, but late samples at their time: a smoother starts anew where the filter goes back."""
    kinds, rows, came = log.timeline()
    stamps = np.array([log.arrays[k]["t_ns"][row] for k, row in zip(kinds, rows, strict=True)])
    late = came - stamps
    t_ns = np.where((late >= 0) & (late < CLOCK_STEP_NS), stamps, came) + np.rint(clock[kinds] * 1e9).astype(np.int64)
    order = np.lexsort((kinds, t_ns))
    return kinds[order], rows[order], t_ns[order]
