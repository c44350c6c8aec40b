"""``trailcoach replay``: a recorded drive once more, with the guidance it would have had."""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailcoach.cli.output import check_file, check_folder, count, note, progress_bar, show, whole_file, whole_folder
from trailcoach.cli.parser import add, add_out, add_terrain, add_vehicle, add_voice, positive
from trailcoach.cli.what_if import add_with, vehicle_with

if TYPE_CHECKING:
    from rich.table import Table

    from trailcoach.log import Log
    from trailcoach.replay_result import ReplayResult
    from trailcoach.terrain import Terrain
    from trailcoach.trail import Trail
    from trailcoach.vehicle import Vehicle

_EXAMPLES = """\
  trailcoach replay terrain_data/drives/d01 --vehicle land-rover-defender-110 \\
      --terrain terrain_data/drives/d01/terrain.tif --out results
  trailcoach replay terrain_data/drives/d00 --trail terrain_data/drives/d00/driven_path.csv --half-width 2.5 \\
      --out results
  trailcoach replay my_log --vehicle my.toml --terrain tiles/ --trail track.gpx --out results

writes to results/:
  steps.jsonl    what the coach would have said, one step a line
  track.csv      where the vehicle was and how it moved
  stance.csv     how it stood: attitude, wheel loads, clearance of every part
  debrief.json   what touched, what was least, what to learn
  report.html    all of it as one page that opens without network"""


def add_command(commands: Any) -> None:
    """Add ``replay``."""
    parser = add(commands, "replay", "replay a log with guidance and write the report", _EXAMPLES)
    parser.add_argument("log", metavar="LOG", type=Path, help="a log: a folder of CSV files")
    add_vehicle(parser, required=False)
    add_with(parser)
    add_terrain(parser, required=False)
    parser.add_argument("--trail", metavar="TRACK", type=Path,
                        help="where the driver wanted to go (GPX, GeoJSON or CSV x,y); without it the path driven")
    parser.add_argument("--half-width", metavar="M", type=positive, default=3.0,
                        help="half the width of the corridor a line may use, m (default 3)")
    add_voice(parser)
    parser.add_argument("--record", metavar="FILE", type=Path,
                        help="also write what the engine was given, for examples/host.c to replay bit for bit")
    add_out(parser, "DIR", "folder to write to")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Read everything, replay, write, and sum up."""
    check_folder(args.out)
    if args.record is not None:
        check_file(args.record, "--record", may_make_folder=True)
    log, vehicle, terrain = load(args.log, args.vehicle, args.terrain, args.assume)
    vehicle = vehicle_with(vehicle, args.changes)
    from trailcoach.inputs.preflight import check_trail
    from trailcoach.playback import driven_trail, record
    from trailcoach.trail import Trail
    if args.trail is not None:
        trail = Trail.open(args.trail, terrain.crs, args.half_width)
        for text in check_trail(trail, terrain):
            note(text)
    else:
        trail = driven_trail(log, vehicle, terrain, args.half_width)
    result = replay_into(args.out, log, vehicle, terrain, trail, args.language, args.detail)
    if args.record is not None:
        with whole_file(args.record, "--record") as part:
            record(part, log, vehicle, terrain, trail, language=args.language, detail=args.detail)
    summarize(result)
    print(f"{count(len(result.steps), 'step')}; report: {args.out / 'report.html'}")


def load(log_path: Path, vehicle_name: str | None, terrain_path: Path | None,
         assume: Sequence[str] = ()) -> tuple[Log, Vehicle, Terrain]:
    """A drive with its vehicle and its terrain, which the log may name, checked against each other."""
    from trailcoach.cli.terrain import open_terrain
    from trailcoach.engine import vehicle_of
    from trailcoach.errors import InputError
    from trailcoach.inputs.preflight import check_log_on_terrain
    from trailcoach.log import Log
    from trailcoach.vehicle import Vehicle
    log = Log.open(log_path)
    if vehicle_name is None and log.meta.vehicle is None:
        raise InputError(f"{log_path}: meta.toml names no vehicle; --vehicle is needed")
    if terrain_path is None and log.meta.terrain is None:
        raise InputError(f"{log_path}: meta.toml names no terrain; --terrain is needed")
    vehicle = vehicle_of(log) if vehicle_name is None else Vehicle.load(vehicle_name)
    terrain = open_terrain(terrain_path or log_path / str(log.meta.terrain), assume)
    if log.origin is not None and terrain.crs is not None:
        log = Log.open(log_path, crs=terrain.crs)
    for text in [*log.warnings, *check_log_on_terrain(log, terrain)]:
        note(text)
    if vehicle_name is not None and log.meta.vehicle not in (None, vehicle_name):
        note(f"the log was recorded with {log.meta.vehicle}")
    return log, vehicle, terrain


def replay_into(out: Path, log: Log, vehicle: Vehicle, terrain: Terrain, trail: Trail | None, language: str = "en-US",
                detail: str = "all") -> ReplayResult:
    """Replay a drive, write the results, and tell what is odd."""
    from trailcoach.oddities import oddities
    from trailcoach.playback import replay_log, smoothed, write_results
    with progress_bar() as progress:
        result = replay_log(log, vehicle, terrain, trail, progress, language=language, detail=detail)
        progress("smoothing the drive", 0.0)
        result = smoothed(result, log, vehicle, terrain)
        progress("writing the report", 0.0)
        with whole_folder(out) as part:
            write_results(result, part)
    for text in oddities(log, result.state):
        note(text)
    return result


def summarize(result: ReplayResult) -> None:
    """A table of the drive: distance, attitude, and the parts that came closest to the ground."""
    import numpy as np
    from rich.table import Table
    state, stance = result.state, result.stance
    stood = stance["status"] == 0
    drive = Table(f"{result.vehicle_name}", "", box=None)
    drive.add_row("driven", f"{state['distance'][-1]:.1f} m in {result.t[-1]:.0f} s")
    if stood.any():
        for name, positive, negative in (("roll", "right side down", "left side down"),
                                         ("pitch", "nose down", "nose up")):
            angle = stance[name][stood]
            most = angle[np.argmax(abs(angle))]
            drive.add_row(f"most {name}", f"{np.degrees(abs(most)):.1f} deg {positive if most > 0 else negative}")
    show(drive)
    if stood.any():
        show(_clearances(result, stance["clearance"][stood][:, :len(result.part_names)]))


def _clearances(result: ReplayResult, clearance: Any) -> Table:
    import numpy as np
    from rich.table import Table
    table = Table("part", "least clearance, m")
    least = np.nanmin(np.where(np.isnan(clearance), np.inf, clearance), axis=0)
    for i in np.argsort(least)[:5]:
        if np.isfinite(least[i]):
            table.add_row(result.part_names[i], f"{least[i]:+.3f}" + ("  touches" if least[i] < 0.0 else ""))
    return table
