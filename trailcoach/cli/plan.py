"""``trailcoach plan``: the best line from here to there."""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from trailcoach.cli.output import check_file, note, whole_file
from trailcoach.cli.parser import add, add_out, add_terrain, add_vehicle, place, pose, positive
from trailcoach.cli.what_if import add_with, vehicle_with

_EXAMPLES = """\
  trailcoach plan --vehicle jeep-wrangler-jlur --terrain terrain_data/drives/d00/terrain.tif \\
      --start 599965.0,4250000.0,0.0 --goal 599979.0,4250000.5 --out line.csv
  trailcoach plan --vehicle jeep-wrangler-jlur --terrain terrain_data/drives/d00/terrain.tif \\
      --trail terrain_data/drives/d00/driven_path.csv --half-width 2.5 \\
      --start 599965.0,4250000.0,-5deg --goal 599979.0,4250000.5,0.1 --out line.csv"""


def add_command(commands: Any) -> None:
    """Add ``plan``."""
    parser = add(commands, "plan", "search the line on which least touches", _EXAMPLES)
    add_vehicle(parser, required=True)
    add_with(parser)
    add_terrain(parser, required=True)
    parser.add_argument("--start", metavar="X,Y,YAW", type=pose, required=True,
                        help="where the vehicle is: m in the terrain's system, rad counter-clockwise from east"
                             " (or with deg behind it)")
    parser.add_argument("--goal", metavar="X,Y[,YAW]", type=place, required=True,
                        help="where it shall go; without YAW it may arrive at any")
    parser.add_argument("--trail", metavar="TRACK", type=Path,
                        help="keep to this trail (GPX, GeoJSON or CSV x,y); without it any ground will do")
    parser.add_argument("--half-width", metavar="M", type=positive,
                        help="half the width of the corridor a line may use, m (default 3 along a trail, else 6)")
    parser.add_argument("--reverse", action="store_true",
                        help="where no clear line leads forward, also back up and turn in several moves")
    add_out(parser, "LINE.csv", "CSV to write: s, x, y, yaw, gear, steer, then how the vehicle stands there,"
                                  " and the room for error")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Read everything, search, write, and say what came out."""
    from trailcoach.cli.terrain import open_terrain
    from trailcoach.inputs.preflight import check_place, check_trail
    from trailcoach.vehicle import Vehicle
    check_file(args.out)
    vehicle = vehicle_with(Vehicle.load(args.vehicle), args.changes)
    terrain = open_terrain(args.terrain, args.assume)
    check_place("--start", args.start[:2], terrain)
    check_place("--goal", args.goal[:2], terrain)

    from trailcoach.decisive import decisive_places
    from trailcoach.line import DOUBT, FREE_HALF_WIDTH, Outcome, plan
    from trailcoach.remedy import around, remedies
    from trailcoach.trail import HALF_WIDTH, Trail
    trail = None
    if args.trail is not None:
        trail = Trail.open(args.trail, terrain.crs, args.half_width or HALF_WIDTH)
        for text in check_trail(trail, terrain):
            note(text)
    line = plan(vehicle, terrain, args.start, args.goal, trail=trail, half_width=args.half_width,
                reverse=args.reverse)
    with whole_file(args.out) as part:
        line.write_csv(part)
    print(f"{line.outcome!s}: {line.why!s}")
    if line.outcome is Outcome.CLEAR and line.why.clearance < DOUBT:
        print(f"that is within what a stance may err: count on contact ({DOUBT * 100:.0f} cm or more was not found)")
    print(line.room_words)
    for choice in decisive_places(vehicle, terrain, line):
        print(choice.words(vehicle.driver_side == "left"))
    if line.limit is not None:
        print(f"what limits it: {line.limit!s}")
        if line.exhausted:
            print("no clear line leads forward here: searched to the end at 10 cm and 2.5 deg")
        else:
            print("that no clear line leads forward here is not shown: the search was ended by its budget")
        width = args.half_width or (FREE_HALF_WIDTH if trail is None else trail.half_width)
        wider = around(vehicle, terrain, args.start, args.goal, trail, width, reverse=args.reverse)
        changes = [*remedies(vehicle, terrain, line), *([] if wider is None else [wider])]
        print("what would change it: " + ("; ".join(map(str, changes)) if changes else
                                          "nothing that was tried (lift, tyres, stones, a wider corridor)"))
    print(f"{line.length:.1f} m of line: {args.out}")
