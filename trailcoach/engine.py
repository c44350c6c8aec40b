"""The streaming engine: samples in, state, stance and steps out. The C ABI is the same thing."""
from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from trailcoach import _core
from trailcoach.coach import Answer, Step
from trailcoach.errors import InputError
from trailcoach.log import Log
from trailcoach.phrase_file import SETUPS, UNITS
from trailcoach.sensors import set_sensors
from trailcoach.stretches import Stretches
from trailcoach.terrain import Terrain
from trailcoach.tiles.windows import Windows, hand_over
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle
from trailcoach.words import QUESTIONS, Words

_POSITION = 4                               # of tc_state.status: the place in the world is known
START_SD_XY, START_SD_YAW = 0.05, 0.01      # m, rad: a pose that somebody measured
DETAILS = {"all": 0, "matters": 1, "stop": 2}     # TC_DETAIL_: how much is said
_QUESTION_CODES = {name: code for code, name in QUESTIONS.items()}


def make_config(vehicle: Vehicle, log: Log | None = None, *, guidance: bool = True, language: str = "en-US",
                detail: str = "all") -> np.ndarray:
    """The engine's configuration for a vehicle and, where there is one, a log's data sheet.

    Parameters
    ----------
    vehicle : Vehicle
    log : Log, optional
        Its meta.toml may give lever arms and the sensors' noise.
    guidance : bool
        False leaves out the memory of the planner; the engine then only fuses and settles.
    language : str
        Its units tell how finely ways are rounded.
    detail : {"all", "matters", "stop"}
        How much is said: everything; what keeps the vehicle from touching, hanging or tipping, when it is to be done;
        only stop.

    Returns
    -------
    ndarray
        Array of abi.CONFIG with shape ().

    Raises
    ------
    InputError
        No such language or level of detail.
    """
    if detail not in DETAILS:
        raise InputError(f"detail '{detail}'; allowed: {', '.join(DETAILS)}")
    c = _core.default_config()
    c["vehicle"] = vehicle.to_abi()
    c["coach"]["steering_ratio"] = vehicle.steering.ratio
    c["coach"]["setups"] = sum(bit for bit, name in SETUPS.items() if name in vehicle.setups)
    c["coach"]["detail"] = DETAILS[detail]
    c["coach"]["units"] = UNITS[Words.load(language).phrases.units]
    if not guidance:
        c["line"]["max_nodes"] = 0
    set_sensors(c["fusion"], vehicle, log)
    return c


def vehicle_of(log: Log) -> Vehicle:
    """The vehicle a log names, or a stand-in with its wheelbase and track for fusion alone.

    Raises
    ------
    InputError
        The vehicle that meta.toml names is neither a file beside it nor one that :meth:`Vehicle.load` finds.
    """
    if log.meta.vehicle is not None:
        beside = log.path / log.meta.vehicle
        try:
            return Vehicle.load(beside if beside.is_file() else log.meta.vehicle)
        except InputError as e:
            raise InputError(f"{log.path / 'meta.toml'}: vehicle: {e}") from None
    base = Vehicle.load("land-rover-defender-110")
    wheelbase, track = log.meta.wheelbase or 2.7, log.meta.track or 1.55
    return msgspec.structs.replace(
        base, name="unknown vehicle", wheelbase=wheelbase, cg=(wheelbase / 2, 0.0, 0.6), part=(),
        imu=(0.0, 0.0, 1.0), gnss=(0.0, 0.0, 1.5),
        front_axle=msgspec.structs.replace(base.front_axle, track=track),
        rear_axle=msgspec.structs.replace(base.rear_axle, track=track))


class Engine:
    """The coach as a stream: push samples as they come, tick a few times a second, read what it has to say.

    Parameters
    ----------
    vehicle : Vehicle
    terrain : Terrain, optional
        Without one the engine fuses but cannot advise.
    trail : Trail, optional
        Where the driver wants to go; without one the engine watches the stance but advises no line.
    config : ndarray, optional
        From :func:`make_config`; made from the vehicle, the language and the detail if not given.
    language : str
        A bundled language or a phrase file of your own.
    detail : {"all", "matters", "stop"}
        How much is said, see :func:`make_config`; a config given has its own.
    on_window : callable, optional
        Called with every grid that is handed over: all of a small terrain at once, of a large one the part about the
        vehicle whenever it has left the last (:mod:`trailcoach.tiles.windows`).
    on_stretch : callable, optional
        Called with the points (n, 2) and the half-width of every part of the trail that is handed over: all at once, or
        of a long trail one after the other (:mod:`trailcoach.stretches`).

    Examples
    --------
    >>> engine = Engine(vehicle, terrain, trail)
    >>> engine.start(x, y, yaw)
    >>> engine.push(imu_samples)
    >>> for step in engine.tick(t_ns):
    ...     print(step.text)
    """

    def __init__(self, vehicle: Vehicle, terrain: Terrain | None = None, trail: Trail | None = None,
                 config: np.ndarray | None = None, language: str = "en-US", detail: str = "all",
                 on_window: Callable[[_core.Grid], None] | None = None,
                 on_stretch: Callable[[np.ndarray, float], None] | None = None) -> None:
        self.vehicle = vehicle
        self._terrain = terrain
        self._words = Words.load(language)
        self._core = _core.Engine(make_config(vehicle, language=language, detail=detail) if config is None else config)
        self._on_window = on_window
        self._windows = None if terrain is None else Windows(terrain)
        if terrain is not None and terrain.is_whole:
            self._follow(terrain.x0, terrain.y0)
        self._on_stretch = on_stretch
        self._half_width = 0.0 if trail is None else trail.half_width
        self._stretches = None if trail is None else Stretches(trail)
        if self._stretches is not None and self._stretches.is_one:
            self._follow_trail(0.0, 0.0)

    def start(self, x: float, y: float, yaw: float, z: float | None = None, sd_xy: float = START_SD_XY,
              sd_yaw: float = START_SD_YAW) -> None:
        """Tell the pose of the body origin at rest (m, rad); z defaults to the terrain's height there, or 0."""
        self._follow(x, y)
        self._core.set_start(*start_values(self._terrain, x, y, yaw, z, sd_xy, sd_yaw))

    def push(self, samples: np.ndarray) -> None:
        """Samples of one sensor in time order: an array of abi.IMU, WHEELS, INCLINATION, STEERING, SPEED or GNSS.

        Raises
        ------
        CoreError
            With the status of the sample that was refused; those before it are taken.
        """
        self._core.push(samples)

    def push_merged(self, kinds: np.ndarray, rows: np.ndarray, arrays: list[np.ndarray | None]) -> None:
        """Samples of several sensors in the order of :meth:`trailcoach.log.Log.timeline`."""
        self._core.push_merged(kinds, rows, arrays)

    def tick(self, t_ns: int) -> list[Step]:
        """Let the coach look once; what it has to say."""
        self.follow()
        self._core.tick(t_ns)
        steps = []
        while (record := self._core.next_step()) is not None:
            steps.append(Step.from_record(record, self.vehicle, self._words))
        return steps

    @property
    def has_all(self) -> bool:
        """Whether terrain and trail were small enough to be handed over whole."""
        return ((self._terrain is None or self._terrain.is_whole)
                and (self._stretches is None or self._stretches.is_one))

    def follow(self) -> None:
        """Hand over ground and trail about the vehicle where it has left what the engine knows; every tick does."""
        if self.has_all:
            return
        state = self._core.state()
        if not state["status"] & _POSITION:
            return
        x, y = float(state["position"][0]), float(state["position"][1])
        if self._terrain is not None and not self._terrain.is_whole:
            self._follow(x, y)
        if self._stretches is not None and not self._stretches.is_one:
            self._follow_trail(x, y)

    def _follow_trail(self, x: float, y: float) -> None:
        xy = self._stretches.follow(x, y) if self._stretches is not None else None
        if xy is None:
            return
        self._core.set_trail(xy, self._half_width)
        if self._on_stretch is not None:
            self._on_stretch(xy, self._half_width)

    def _follow(self, x: float, y: float) -> None:
        grid = self._windows.follow(x, y) if self._windows is not None else None
        if grid is None:
            return
        hand_over(self._core, grid)
        if self._on_window is not None:
            self._on_window(grid)

    def ask(self, question: str) -> Answer:
        """Answer a question from what the last tick knew.

        Parameters
        ----------
        question : {"repeat", "next", "why", "how_far", "another_way", "will_it_fit"}

        Raises
        ------
        InputError
            No such question.
        CoreError
            There was no tick since terrain and trail are what they are.
        """
        if question not in _QUESTION_CODES:
            raise InputError(f"question '{question}'; allowed: {', '.join(_QUESTION_CODES)}")
        return Answer.from_record(self._core.ask(_QUESTION_CODES[question]), self.vehicle, self._words)

    def contacts(self) -> list[np.ndarray]:
        """Contacts felt that are over and were not read yet: arrays of abi.CONTACT with shape ()."""
        found = []
        while (record := self._core.next_contact()) is not None:
            found.append(record)
        return found

    @property
    def contact(self) -> np.ndarray | None:
        """The contact felt that is not over: array of abi.CONTACT with shape (), None if there is none."""
        return self._core.contact()

    @property
    def state(self) -> np.ndarray:
        """What fusion knows now: array of abi.STATE with shape ()."""
        return self._core.state()

    @property
    def stance(self) -> np.ndarray | None:
        """How the vehicle stood at the last tick: array of abi.STANCE with shape (), None if not known."""
        return self._core.stance()

    @property
    def line(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The line advised now: its abi.LINE_INFO and its abi.LINE_POINT points, None if there is none."""
        return self._core.line()


def start_values(terrain: Terrain | None, x: float, y: float, yaw: float, z: float | None = None,
                 sd_xy: float = START_SD_XY, sd_yaw: float = START_SD_YAW) -> tuple[float, ...]:
    """Arguments of tc_set_start for a pose at rest; z defaults to the terrain's height there, or 0."""
    if z is None:
        z = float(terrain.height(np.array(x), np.array(y))) if terrain is not None else 0.0
        if not np.isfinite(z):
            raise InputError(f"start pose x = {x:.1f}, y = {y:.1f}: the ground there is unknown to {terrain.path}"
                             if terrain is not None else "start pose: its height is unknown")
    return x, y, z, yaw, sd_xy, sd_yaw
