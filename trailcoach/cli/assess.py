"""``trailcoach assess``: a whole trail before the trip: will this rig fit, and what limits it."""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailcoach.cli.output import check_folder, note, progress_bar, show, whole_folder
from trailcoach.cli.parser import add, add_out, add_terrain, add_vehicle, positive
from trailcoach.cli.what_if import add_with, vehicle_with

if TYPE_CHECKING:
    from rich.table import Table

    from trailcoach.assess import Assessment

_EXAMPLES = """\
  trailcoach assess terrain_data/drives/d01/driven_path.csv --vehicle land-rover-defender-110 \\
      --terrain terrain_data/drives/d01/terrain.tif
  trailcoach assess track.gpx --vehicle jeep-wrangler-jlur --terrain tiles/ --what-if --out trip

with --out trip, writes to trip/:
  assess.json    sections, ratings, what limits the rig, what other outfits would meet
  line.csv       the best line, and how the vehicle stands on it
  map.png        the line on the ground, coloured by the clearance left"""


def add_command(commands: Any) -> None:
    """Add ``assess``."""
    parser = add(commands, "assess", "walk a trail before the trip: will my rig fit, and what limits it", _EXAMPLES)
    parser.add_argument("track", metavar="TRACK", type=Path,
                        help="the trail (GPX, GeoJSON, or CSV x,y as line.csv has)")
    add_vehicle(parser, required=True)
    add_with(parser)
    add_terrain(parser, required=True)
    parser.add_argument("--half-width", metavar="M", type=positive, default=3.0,
                        help="half the width of the corridor a line may use, m (default 3)")
    parser.add_argument("--section", metavar="M", type=positive, default=20.0,
                        help="length of a section, m (default 20)")
    parser.add_argument("--reverse", action="store_true",
                        help="where no clear line leads forward, also back up and turn in several moves")
    parser.add_argument("--what-if", action="store_true", help="also try a lift, larger tyres and no anti-roll bars")
    add_out(parser, "DIR", "folder to write to", required=False)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Read everything, walk the trail, and say what it asks of the rig."""
    from trailcoach.cli.terrain import open_terrain
    from trailcoach.inputs.preflight import check_trail
    from trailcoach.trail import Trail
    from trailcoach.vehicle import Vehicle
    if args.out is not None:
        check_folder(args.out)
    vehicle = vehicle_with(Vehicle.load(args.vehicle), args.changes)
    terrain = open_terrain(args.terrain, args.assume)
    trail = Trail.open(args.track, terrain.crs, args.half_width)
    for text in check_trail(trail, terrain):
        note(text)

    from trailcoach.assess import assess, usual_variants
    with progress_bar() as progress:
        found = assess(vehicle, terrain, trail, usual_variants(vehicle) if args.what_if else (), reverse=args.reverse,
                       section=args.section, progress=progress)
    show(_sections(found))
    print(_verdict(found))
    for choice in found.choices:
        print(choice.words(vehicle.driver_side == "left"))
    if args.what_if:
        show(_variants(found))
    if args.out is not None:
        from trailcoach.report.assessment import write_assessment
        with whole_folder(args.out) as part:
            write_assessment(found, terrain, trail, part)
        print(f"map: {args.out / 'map.png'}")


def _sections(found: Assessment) -> Table:
    from rich.table import Table
    table = Table("from", "to", "clearance", "of", "P(touch)", "room", "up", "down", "side", "ledge", "rating", "by",
                  box=None)
    for s in found.sections:
        table.add_row(f"{s.begin:.0f} m", f"{s.end:.0f} m", centimetres(s.clearance), (s.part or "").replace("_", " "),
                      percent(s.contact_probability), f"{s.room * 100:.0f} cm", _deg(s.pitch_up), _deg(s.pitch_down),
                      _deg(s.roll), f"{s.ledge * 100:.0f} cm", str(s.rating), s.reason)
    return table


def _variants(found: Assessment) -> Table:
    from rich.table import Table
    table = Table("outfit", "line", "length", "least clearance", "of", "P(touch)", box=None)
    for v in found.variants:
        table.add_row(v.name, str(v.outcome), f"{v.length:.0f} m", centimetres(v.clearance),
                      (v.part or "").replace("_", " "), percent(v.contact_probability))
    return table


def _verdict(found: Assessment) -> str:
    words = f"rating {found.rating} of 10; {found.line.outcome!s} over {found.line.length:.0f} m of line;" \
            f" P(touch) {percent(found.risk.line)}"
    unknown = sum(s.unknown * (s.end - s.begin) for s in found.sections)
    if unknown > 0.0:
        words += f"; {unknown:.1f} m of it on ground that is not known"
    words += f"\n{found.line.room_words}"
    if found.line.limit is not None:
        words += f"\nwhat limits it: {found.line.limit!s}"
        words += "\nwhat would change it: " + ("; ".join(map(str, found.remedies)) or
                                               "nothing that was tried (lift, tyres, stones)")
    return words


def centimetres(clearance: float) -> str:
    """A clearance; negative is interference."""
    return "unknown" if clearance != clearance else f"{clearance * 100:.0f} cm"


def percent(probability: float) -> str:
    """A probability, never rounded to impossible or certain."""
    if probability < 0.001:
        return "< 0.1 %"
    return "> 99.9 %" if probability > 0.999 else f"{probability * 100:.1f} %"


def _deg(angle: float) -> str:
    return f"{angle * 57.29577951308232:.0f} deg"
