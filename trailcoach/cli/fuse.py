"""``trailcoach fuse``: where the vehicle was and how it stood, from its sensors."""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailcoach.cli.output import check_file, count, note, progress_bar, show, whole_file
from trailcoach.cli.parser import add, add_out, add_terrain, add_vehicle

if TYPE_CHECKING:
    from rich.table import Table

    from trailcoach.inputs.truth import Score

_EXAMPLES = """\
  trailcoach fuse terrain_data/drives/comma2k19_ex1 --out track.csv
  trailcoach fuse terrain_data/drives/d00 --terrain terrain_data/drives/d00/terrain.tif --out track.csv
  trailcoach fuse my_log --vehicle land-rover-defender-110 --terrain tiles/ --out track.csv
  trailcoach fuse my_log --imu tactical --without wheel_scale --out track.csv
  trailcoach fuse my_log --smooth --out track.csv
  trailcoach fuse --parameters

A log is a folder with imu.csv and any of wheels.csv, inclination.csv, steering.csv, speed.csv, gnss.csv and
meta.toml. Where it holds truth.csv too, the result is put beside it."""


def add_command(commands: Any) -> None:
    """Add ``fuse``."""
    parser = add(commands, "fuse", "fuse a log's sensors into a track: position, velocity, attitude, slip", _EXAMPLES)
    parser.add_argument("log", metavar="LOG", type=Path, help="a log: a folder of CSV files")
    add_vehicle(parser, required=False)
    add_terrain(parser, required=False)
    add_out(parser, "TRACK.csv", "CSV to write")
    parser.add_argument("--imu", type=_imu_class, metavar="CLASS",
                        help="what the IMU is, where meta.toml has no data sheet of it: tactical, mems or consumer;"
                        " default imu_class of meta.toml, else consumer")
    parser.add_argument("--without", action="append", type=_state, default=[], metavar="STATE",
                        help="leave a state out of the filter, as wheel_scale; may be given again (--parameters names"
                        " them)")
    parser.add_argument("--smooth", action="store_true",
                        help="what was really driven, as well as it can be told afterwards: every state from all"
                        " samples, those after it too, 20 a second; else what the vehicle knew at each moment")
    parser.add_argument("--parameters", action=_Parameters, nargs=0,
                        help="show all parameters, with unit, range and defaults, and exit")
    parser.set_defaults(run=run)


def _imu_class(text: str) -> str:
    from trailcoach.fusion_parameters import IMU_CLASSES
    return _one_of(text, IMU_CLASSES)


def _state(text: str) -> str:
    from trailcoach.fusion_parameters import optional_states
    return _one_of(text, optional_states())


def _one_of(text: str, names: Sequence[str]) -> str:
    if text not in names:
        raise argparse.ArgumentTypeError(f"'{text}'; one of {', '.join(names)} is needed")
    return text


class _Parameters(argparse.Action):
    """Print the table of parameters, two lines each."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from trailcoach.fusion_parameters import IMU_CLASSES, parameters
        print("Parameter, unit, range: default. meta.toml sets them under [fusion], or as the sensors' data sheet\n"
              "under [noise]; imu_class there chooses among the defaults, fusion_off = [states] leaves states out.\n")
        for name, p in parameters().items():
            classes = ", ".join(f"{c} {p.default(c):g}" for c in IMU_CLASSES)
            defaults = classes if p.value is None else f"{p.value:g}"
            print(f"{name}, {p.unit}, {p.range[0]:g} to {p.range[1]:g}: {defaults}")
            state = f"; of the state {p.state}" if p.state else ""
            data_sheet = f"; [noise] {p.data_sheet}" if p.data_sheet else ""
            print(f"    {p.meaning}{state}{data_sheet}")
        parser.exit()


def run(args: argparse.Namespace) -> None:
    """Read everything, fuse, write, compare with the truth where there is one."""
    import msgspec

    from trailcoach.cli.terrain import open_terrain
    from trailcoach.engine import vehicle_of
    from trailcoach.inputs.preflight import check_log_on_terrain
    from trailcoach.inputs.truth import Truth
    from trailcoach.log import Log
    from trailcoach.vehicle import Vehicle
    check_file(args.out)
    terrain = None if args.terrain is None else open_terrain(args.terrain, args.assume)
    log = Log.open(args.log, crs=terrain.crs if terrain else None)
    meta = msgspec.structs.replace(log.meta, imu_class=args.imu or log.meta.imu_class,
                                   fusion_off=(*log.meta.fusion_off, *args.without))
    log = replace(log, meta=meta)
    vehicle = vehicle_of(log) if args.vehicle is None else Vehicle.load(args.vehicle)
    if args.vehicle is None and log.meta.vehicle is None:
        note(f"meta.toml names no vehicle: a stand-in is used, wheelbase {vehicle.wheelbase:.2f} m, track"
             f" {vehicle.front_axle.track:.2f} m (--vehicle, or wheelbase and track in meta.toml, give the right one)")
    truth = Truth.of(log)
    for text in [*log.warnings, *(check_log_on_terrain(log, terrain) if terrain else [])]:
        note(text)

    from trailcoach.fusion import fuse
    from trailcoach.oddities import oddities
    with progress_bar() as progress:
        track = fuse(log, vehicle, terrain, progress=progress, smooth=args.smooth)
    for text in oddities(log, track.state):
        note(text)
    if track.torn:
        note(f"smoothing began anew {count(track.torn, 'time')}, at samples that came too late: what was before them"
             " is as the vehicle knew it")
    with whole_file(args.out) as part:
        track.write_csv(part)
    first, last = log.t_ns
    print(f"{(last - first) * 1e-9:.1f} s of {', '.join(log.sensors)} fused{' and smoothed' if args.smooth else ''}:"
          f" {args.out}")
    if truth is not None:
        score = truth.score(track)
        if score is None:
            note("roll and pitch are known at none of the times in truth.csv: nothing is scored")
        else:
            show(_score_table(score))


def _score_table(score: Score) -> Table:
    from rich.table import Table
    table = Table("against truth.csv", "RMSE, deg", "mean removed, deg", "mean, deg",
                  caption=f"over {100 * score.share:.0f} % of the truth, where the filter knows roll and pitch",
                  caption_justify="left")
    for name, e in (("roll", score.roll_deg), ("pitch", score.pitch_deg)):
        table.add_row(name, f"{e.rms:.3f}", f"{e.rms_about_mean:.3f}", f"{e.mean:+.3f}")
    if score.end_error is not None and score.distance:
        table.caption = (f"{table.caption}\nend position off by {score.end_error:.2f} m,"
                         f" {100 * score.end_error / score.distance:.2f} % of {score.distance:.1f} m")
    else:
        table.caption = f"{table.caption}\npositions are not scored: truth and track do not both know them in one frame"
    return table
