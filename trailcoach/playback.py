"""Replay: a log pushed through the engine as the vehicle's sensors would, with what the engine says and knows."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from trailcoach import _core, abi
from trailcoach.along import plan_along
from trailcoach.coach import Step
from trailcoach.debrief import could_feel, debrief
from trailcoach.engine import Engine, make_config, start_values
from trailcoach.errors import InputError
from trailcoach.fusion import Status, Track, fuse
from trailcoach.inputs.preflight import check_imu
from trailcoach.log import Log
from trailcoach.recording import Recording, tick_times
from trailcoach.replay_result import ReplayResult
from trailcoach.report import write_report
from trailcoach.stance import Rest, Stance
from trailcoach.terrain import Terrain
from trailcoach.tiles.windows import Windows
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle

TICK_RATE = 10.0                    # guidance ticks per second
AFTERWARDS_RATE = 5.0               # smoothed states per second: a line on the map
PATH_STEP = 0.25                    # m between points of a trail taken from the path driven
STANDS_STILL = 0.05                 # m: a path shorter than this is no path

Progress = Callable[[str, float], None]     # what is being done, and how much of it, 0 to 1


@dataclass(frozen=True)
class Tick:
    """What the engine knew, said and felt at one tick.

    stance is None while it does not know where it stands; contacts (abi.CONTACT) are those over since the last tick, at
    the last one of a drive also the one that is not over.
    """

    t_ns: int
    state: np.ndarray
    stance: np.ndarray | None
    steps: list[Step]
    contacts: list[np.ndarray]


def replay(log: Log, vehicle: Vehicle, terrain: Terrain, trail: Trail | None = None, *, language: str = "en-US",
           detail: str = "all") -> Iterator[Step]:
    """Steps as they would have been spoken on the drive.

    Parameters
    ----------
    log : Log
    vehicle : Vehicle
    terrain : Terrain
    trail : Trail, optional
        Where the driver wanted to go; without one the path that was driven.
    language : str
        A bundled language or a phrase file of your own.
    detail : {"all", "matters", "stop"}
        How much is said, see :func:`trailcoach.engine.make_config`.

    Yields
    ------
    Step
    """
    for tick in ticks(log, vehicle, terrain, trail or driven_trail(log, vehicle, terrain), language=language,
                      detail=detail):
        yield from tick.steps


def ticks(log: Log, vehicle: Vehicle, terrain: Terrain, trail: Trail, progress: Progress | None = None, *,
          language: str = "en-US", detail: str = "all",
          on_window: Callable[[_core.Grid], None] | None = None) -> Iterator[Tick]:
    """The drive tick by tick; ``on_window`` as of :class:`trailcoach.engine.Engine`."""
    check_imu(log)
    config = make_config(vehicle, log, language=language, detail=detail)
    engine = Engine(vehicle, terrain, trail, config, language, on_window=on_window)
    if log.meta.start is not None:
        engine.start(*log.meta.start)
    kinds, rows, t_ns = log.timeline()
    times = tick_times(log, TICK_RATE)
    ends = np.searchsorted(t_ns, times, side="right")
    first = 0
    for i, (time, end) in enumerate(zip(times, ends, strict=True)):
        engine.push_merged(kinds[first:end], rows[first:end], log.arrays)
        first = end
        steps = engine.tick(int(time))
        if progress is not None:
            progress("replaying the drive", (i + 1) / len(times))
        contacts = engine.contacts()
        if i == len(times) - 1 and (going_on := engine.contact) is not None:
            contacts.append(going_on)
        yield Tick(int(time), engine.state, engine.stance, steps, contacts)


def driven_trail(log: Log, vehicle: Vehicle, terrain: Terrain | None = None, half_width: float = 3.0) -> Trail:
    """The path a log drove, by fusion alone, as a trail.

    Raises
    ------
    InputError
        The log does not tell where it drove: less than a second of IMU, no start pose and no fix, or the vehicle stands
        still.
    """
    check_imu(log)
    engine = _core.Engine(make_config(vehicle, log, guidance=False))
    windows = None if terrain is None else Windows(terrain)
    if windows is not None:
        windows.begin(engine, log.meta.start)
    if log.meta.start is not None:
        engine.set_start(*start_values(terrain, *log.meta.start))
    kinds, rows, t_ns = log.timeline()
    times = tick_times(log, TICK_RATE)
    states = np.zeros(len(times), abi.STATE)
    first = 0
    for i, end in enumerate(np.searchsorted(t_ns, times, side="right")):
        engine.push_merged(kinds[first:end], rows[first:end], log.arrays)
        engine.state_into(states[i:i + 1])
        if windows is not None:
            windows.serve(engine, states[i])
        first = end
    known = states[(states["status"] & Status.POSITION) != 0]
    if not len(known):
        raise InputError(f"{log.path}: the log does not tell where it drove: no start pose in meta.toml and no fix in"
                         " gnss.csv; one of them, or a trail, is needed")
    xy = known["position"][:, :2]
    keep = [0]
    for i in range(1, len(xy)):
        if np.hypot(*(xy[i] - xy[keep[-1]])) >= PATH_STEP:
            keep.append(i)
    if len(keep) < 2:
        raise InputError(f"{log.path}: the vehicle stands still; a trail is needed to advise on")
    return Trail(np.ascontiguousarray(xy[keep]), half_width)


def replay_log(log: Log, vehicle: Vehicle, terrain: Terrain, trail: Trail | None = None,
               progress: Progress | None = None, *, language: str = "en-US", detail: str = "all") -> ReplayResult:
    """Replay a log and keep everything the report is drawn from."""
    trail = trail or driven_trail(log, vehicle, terrain)
    drive = list(ticks(log, vehicle, terrain, trail, progress, language=language, detail=detail))
    state = np.array([t.state for t in drive])
    stance = np.array([_unknown_stance() if t.stance is None else t.stance for t in drive])
    if progress is not None:
        progress("planning the line advised", 0.0)
    advised = plan_along(vehicle, terrain, trail)
    t_ns = np.array([d.t_ns for d in drive])
    return ReplayResult(
        drive=log.path.resolve().name, vehicle_name=vehicle.name, part_names=vehicle.part_names,
        t=(t_ns - log.t_ns[0]) * 1e-9, state=state, stance=stance, advised=advised.points,
        advised_stance=advised.rests, steps=[s for d in drive for s in d.steps], trail_xy=trail.xy,
        half_width=trail.half_width, terrain=terrain,
        debrief=debrief(vehicle.part_names, t_ns, state, stance, [c for d in drive for c in d.contacts],
                        felt=could_feel(log.in_time("imu")), advised=advised.points, advised_stance=advised.rests),
        notes=[*log.meta.notes, *log.warnings])


def smoothed(result: ReplayResult, log: Log, vehicle: Vehicle, terrain: Terrain) -> ReplayResult:
    """The result with the drive smoothed beside it, and in words how far that is from what the vehicle knew."""
    state = fuse(log, vehicle, terrain, rate=AFTERWARDS_RATE, smooth=True).state
    known = (result.state["status"] & Status.POSITION) != 0
    if not known.any():
        return result
    at, t = result.state["t_ns"][known], state["t_ns"]
    aside = np.hypot(*(np.interp(at, t, state["position"][:, i]) - result.state["position"][known, i] for i in (0, 1)))
    text = (f"Smoothed over the whole log, the drive ran {np.median(aside):.2f} m (median; at most {aside.max():.2f} m)"
            " beside where the vehicle took itself to be; the map shows both.")
    return replace(result, afterwards=state, notes=[*result.notes, text])


def record(path: str | Path, log: Log, vehicle: Vehicle, terrain: Terrain, trail: Trail | None = None, *,
           language: str = "en-US", detail: str = "all") -> None:
    """Write what a replay gives the engine as a recording, for a C host to replay with the same result."""
    trail = trail or driven_trail(log, vehicle, terrain)
    config = make_config(vehicle, log, language=language, detail=detail)
    kinds, rows, t_ns = log.timeline()
    times = tick_times(log, TICK_RATE)
    first = 0
    with open(path, "wb") as file:
        recording = Recording(file)
        recording.config(config)
        engine = Engine(vehicle, terrain, trail, config, on_window=recording.terrain, on_stretch=recording.trail)
        if log.meta.start is not None:
            recording.start(*start_values(terrain, *log.meta.start))
            engine.start(*log.meta.start)
        for time, end in zip(times, np.searchsorted(t_ns, times, side="right"), strict=True):
            for j in range(first, end):
                recording.sample(int(kinds[j]), log.arrays[kinds[j]][rows[j]])
            if not engine.has_all:              # only the engine knows when it needs the next part
                engine.push_merged(kinds[first:end], rows[first:end], log.arrays)
                engine.follow()
            first = end
            recording.tick(int(time))


def write_results(result: ReplayResult, folder: Path) -> None:
    """Write steps.jsonl, track.csv, stance.csv, debrief.json and report.html."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "steps.jsonl", "w", encoding="utf-8") as f:
        f.writelines(s.to_json() + "\n" for s in result.steps)
    Track.from_states(result.state).write_csv(folder / "track.csv")
    Stance.from_records(result.stance, result.part_names).write_csv(
        folder / "stance.csv", ids=[f"{t:.3f}" for t in result.t])
    (folder / "debrief.json").write_text(json.dumps(result.debrief, indent=1, ensure_ascii=False) + "\n",
                                         encoding="utf-8")
    write_report(folder / "report.html", result, title=f"Drive {result.drive}")


def _unknown_stance() -> np.ndarray:
    """A stance that says it is unknown: every figure NaN."""
    out = np.zeros((), abi.STANCE)
    for name in abi.STANCE.names or ():
        if out[name].dtype.kind == "f":
            out[name] = np.nan
    out["status"], out["least_part"] = Rest.UNKNOWN, -1
    return out
