"""``trailcoach terrain learn``: what the wheels of drives teach about the ground, as tiles for the next."""
from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

from trailcoach.cli.output import count, note, progress_bar, whole_folder
from trailcoach.cli.parser import add, add_terrain, add_vehicle

_EXAMPLES = """\
  trailcoach terrain learn terrain_data/drives/d01 --terrain terrain_data/drives/d01/terrain.tif --out learned/
  trailcoach terrain learn monday/ tuesday/ --terrain tiles/ --date 2026-05-12 --out learned/

Tiles that are in the folder already are what was known before; they are aged and added to. Each holds the bands height,
sigma, count (drives) and time (days since 1970-01-01)."""


def add_action(actions: Any) -> None:
    """Add ``learn`` to the actions of ``terrain``."""
    parser = add(actions, "learn", "learn the ground from where wheels stood, drive by drive", _EXAMPLES)
    parser.add_argument("log", metavar="LOG", type=Path, nargs="+", help="logs of drives, the earliest first")
    add_vehicle(parser, required=False)
    add_terrain(parser, required=True)
    parser.add_argument("--date", metavar="YYYY-MM-DD", type=_date, help="day of the drives (default: today)")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of learned tiles")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Read everything, learn drive by drive, write."""
    from trailcoach.cli.terrain import open_terrain
    from trailcoach.engine import vehicle_of
    from trailcoach.inputs.preflight import check_log_on_terrain
    from trailcoach.learned import Learned, learn
    from trailcoach.log import Log
    from trailcoach.vehicle import Vehicle
    terrain = open_terrain(args.terrain, args.assume)
    learned = Learned.read(args.out, terrain.crs)
    logs = [Log.open(path, crs=terrain.crs) for path in args.log]
    for log in logs:
        for text in [*log.warnings, *check_log_on_terrain(log, terrain)]:
            note(text)
        vehicle = vehicle_of(log) if args.vehicle is None else Vehicle.load(args.vehicle)
        known = learned.posts
        with progress_bar() as progress:
            learned = learn(log, vehicle, terrain, learned, day=args.date, progress=progress)
        print(f"{log.path}: {count(learned.posts - known, 'post')} new, heights {learned.offset:+.3f} m"
              f" (sd {learned.sd_offset:.3f}) over the terrain's")
    if not learned.posts:
        note(f"{args.terrain}: its heights are as sure as wheels tell (sigma {terrain.sigma:g} m): nothing to learn")
    with whole_folder(args.out) as folder:
        files = learned.write(folder)
    print(f"{count(len(files), 'tile')} with {count(learned.posts, 'learned post')}: {args.out}")


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}'; a date as 2026-05-12 is needed") from None
