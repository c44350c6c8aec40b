"""``trailcoach settle``: how the vehicle stands at given poses."""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from trailcoach.cli.output import check_file, count, note, progress_bar, whole_file
from trailcoach.cli.parser import add, add_out, add_terrain, add_vehicle, positive
from trailcoach.cli.what_if import add_with, vehicle_with

_EXAMPLES = """\
  printf 'id,x,y,yaw\\nfirst_ledge,599999.0,4250000.0,0.30\\n' > poses.csv
  trailcoach settle --vehicle jeep-wrangler-jlur --terrain terrain_data/drives/d00/terrain.tif \\
      --poses poses.csv --out stance.csv
  trailcoach settle --vehicle jeep-wrangler-jlur --with lift=0.05 --with tyre=35x12.50R17 --margins --friction 0.6 \\
      --terrain terrain_data/drives/d00/terrain.tif --poses poses.csv --out lifted.csv"""


def add_command(commands: Any) -> None:
    """Add ``settle``."""
    parser = add(commands, "settle", "set the vehicle down at poses: attitude, wheel loads, clearance of every part",
                 _EXAMPLES)
    add_vehicle(parser, required=True)
    add_with(parser)
    add_terrain(parser, required=True)
    parser.add_argument("--poses", metavar="POSES.csv", type=Path, required=True,
                        help="CSV of id, x, y, yaw (m in the terrain's system, rad)")
    add_out(parser, "STANCE.csv", "CSV to write: pose, z, roll, pitch, loads, clearance and P(contact) of each part")
    parser.add_argument("--margins", action="store_true",
                        help="add columns: tipping with suspension, approach to departure as it stands, other rests,"
                        " parts that carry, friction to hold and to drive with each locker")
    parser.add_argument("--friction", metavar="MU", type=positive,
                        help="of the tyres on the ground, for --margins (default 0.8, dry rock; gravel 0.6,"
                        " wet earth 0.5)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Read everything, settle, write."""
    from trailcoach.cli.terrain import open_terrain
    from trailcoach.errors import InputError
    from trailcoach.inputs.poses import read_poses
    from trailcoach.inputs.preflight import check_poses_on_terrain
    from trailcoach.vehicle import Vehicle
    check_file(args.out)
    if args.friction is not None and not args.margins:
        raise InputError("--friction: says something with --margins only; add --margins")
    vehicle = vehicle_with(Vehicle.load(args.vehicle), args.changes)
    ids, poses = read_poses(args.poses)
    terrain = open_terrain(args.terrain, args.assume)
    for text in check_poses_on_terrain(poses, terrain, str(args.poses)):
        note(text)

    from trailcoach.margins import Footing
    from trailcoach.stance import Rest, settle
    footing = (Footing() if args.friction is None else Footing(friction=args.friction)) if args.margins else None
    with progress_bar() as progress:
        stance = settle(vehicle, terrain, poses, progress=lambda done, n: progress("settling", done / n),
                        footing=footing)
    with whole_file(args.out) as part:
        stance.write_csv(part, ids=ids)
    at_rest = int((stance.status == Rest.OK).sum())
    print(f"{at_rest} of {count(len(ids), 'pose')} at rest, the others' status says why: {args.out}"
          if at_rest < len(ids) else f"{count(len(ids), 'pose')} settled: {args.out}")
