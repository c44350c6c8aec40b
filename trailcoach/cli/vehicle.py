"""``trailcoach vehicle``: list, show, check and draft vehicles."""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailcoach.cli.output import check_file, check_folder, show, whole_file, whole_folder
from trailcoach.cli.parser import Parser, add, add_out, positive
from trailcoach.cli.what_if import add_with, vehicle_with
from trailcoach.errors import TrailcoachError

if TYPE_CHECKING:
    from rich.table import Table

    from trailcoach.vehicle import Vehicle

_NEW = """\
  trailcoach vehicle new --name "My 4x4" --wheelbase 2.85 --track 1.6 --tyre 265/70R17 --mass 2200 --approach 32 \\
      --breakover 24 --departure 26 --clearance 0.23 --front independent --rear solid --out my.toml"""
_EXAMPLES = f"""\
  trailcoach vehicle list
  trailcoach vehicle show jeep-wrangler-jlur --out views
  trailcoach vehicle check jeep-wrangler-jlur --approach 43.9 --breakover 22.6 --departure 37.0 --clearance 0.274
{_NEW}"""
_PUBLISHED = (("approach", "deg"), ("breakover", "deg"), ("departure", "deg"), ("clearance", "m"))
_KEYS = {"approach": "approach_deg", "breakover": "breakover_deg", "departure": "departure_deg",
         "clearance": "ground_clearance"}
_TOLERANCE = {"deg": 1.0, "m": 0.01}
_FIGURES = (("wheelbase", "M", "distance between the axles"),
            ("track", "M", "between the middles of left and right tyre"),
            ("mass", "KG", "kerb mass"), ("approach", "DEG", "approach angle"), ("departure", "DEG", "departure angle"),
            ("clearance", "M", "ground clearance"))
_CHOICES = (("rear-track", "M", "track of the rear axle, where it is another"), ("breakover", "DEG", "breakover angle"),
            ("cg-height", "M", "height of the centre of gravity"),
            ("front-overhang", "M", "from front axle to the bumper's foremost lower edge"),
            ("rear-overhang", "M", "from rear axle to the bumper's rearmost lower edge"),
            ("front-share", "SHARE", "share of the mass on the front axle, 0 to 1"))


def add_command(commands: Any) -> None:
    """Add ``vehicle`` and what it can do."""
    parser = add(commands, "vehicle", "list, show, check or draft vehicles", _EXAMPLES)
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=Parser)
    listing = add(actions, "list", "list the bundled vehicles", "  trailcoach vehicle list")
    listing.set_defaults(run=run_list)
    showing = add(actions, "show", "show a vehicle's figures and underbody",
                  "  trailcoach vehicle show jeep-wrangler-jlur\n"
                  "  trailcoach vehicle show jeep-wrangler-jlur --with lift=0.05 --with tyre=35x12.50R17\n"
                  "  trailcoach vehicle show my.toml --c > my_vehicle.h\n"
                  "  trailcoach vehicle show my.toml --out views   (writes side.png, front.png, underbody.png)")
    showing.add_argument("vehicle", metavar="V", help="a bundled vehicle or a vehicle file (.toml)")
    showing.add_argument("--out", metavar="DIR", type=Path, help="folder to draw side, front and underbody views to")
    showing.add_argument("--c", action="store_true",
                         help="print the vehicle as a C initialiser of tc_vehicle instead, for a host without Python")
    add_with(showing)
    showing.set_defaults(run=run_show)
    checking = add(actions, "check", "check a vehicle file, and its angles against published ones",
                   "  trailcoach vehicle check my.toml\n"
                   "  trailcoach vehicle check jeep-wrangler-jlur --approach 43.9 --departure 37.0")
    checking.add_argument("vehicle", metavar="V", help="a vehicle file (.toml) or a bundled vehicle")
    for name, unit in _PUBLISHED:
        checking.add_argument(f"--{name}", metavar=unit.upper(), type=positive,
                              help=f"published {name}{' angle' if unit == 'deg' else ' under the axles'}, {unit}"
                              " (without it the one in the file)")
    checking.add_argument("--strict", action="store_true", help="exit with 1 where the model differs by more than"
                          f" {_TOLERANCE['deg']:g} deg or {_TOLERANCE['m']:g} m")
    checking.set_defaults(run=run_check)
    _add_new(actions)


def _add_new(actions: Any) -> None:
    drafting = add(actions, "new", "draft a vehicle file from a data sheet's figures, all else marked as estimated",
                   _NEW)
    drafting.add_argument("--name", required=True, help="what the vehicle is called")
    drafting.add_argument("--tyre", metavar="SIZE", required=True,
                          help="as printed on it, like 265/70R17 or 35x12.5R17")
    for figures, required in ((_FIGURES, True), (_CHOICES, False)):
        for name, unit, what in figures:
            drafting.add_argument(f"--{name}", metavar=unit, type=positive, required=required,
                                  help=what if unit == "SHARE" else f"{what}, {unit.lower()}")
    for end, kind in (("front", "independent"), ("rear", "solid")):
        drafting.add_argument(f"--{end}", choices=("solid", "independent"), default=kind,
                              help=f"suspension of the {end} axle (default {kind})")
    drafting.add_argument("--driver-side", choices=("left", "right"), default="left", help="default left")
    drafting.add_argument("--source", metavar="TEXT", action="append", default=[],
                          help="where the figures are from: publisher, document, year (may be repeated)")
    add_out(drafting, "FILE.toml", "vehicle file to write")
    drafting.set_defaults(run=run_new)


def run_list(args: argparse.Namespace) -> None:
    """Names, to be used for --vehicle, and what they stand for."""
    from rich.table import Table

    from trailcoach.vehicle import Vehicle, bundled_vehicles
    table = Table("name", "vehicle", "wheelbase, m", "mass, kg", "parts", box=None)
    for name in bundled_vehicles():
        v = Vehicle.load(name)
        table.add_row(name, v.name, f"{v.wheelbase:.3f}", f"{v.mass:.0f}", str(len(v.part)))
    show(table)


def run_show(args: argparse.Namespace) -> None:
    """Figures, the underbody's parts, and drawings where a folder is given."""
    from trailcoach.vehicle import Vehicle
    if args.out is not None:
        check_folder(args.out)
    vehicle = vehicle_with(Vehicle.load(args.vehicle), args.changes)
    if args.c:
        from trailcoach.vehicle.c_source import c_initialiser
        print(c_initialiser(vehicle))
        return
    show(_figures(vehicle))
    show(_parts(vehicle))
    if args.out is not None:
        from trailcoach.vehicle.drawing import draw_views
        with whole_folder(args.out) as part:
            names = draw_views(vehicle, part)
        print("views: " + " ".join(str(args.out / name) for name in names))


def run_check(args: argparse.Namespace) -> None:
    """A file that passes is complete and consistent; its angles show whether it is this vehicle."""
    from rich.table import Table

    from trailcoach.vehicle import Vehicle
    from trailcoach.vehicle.angles import ramp_angles
    vehicle = Vehicle.load(args.vehicle)
    angles = ramp_angles(vehicle)
    table = Table("", "published", "of the model", "difference", "verdict", "limited by", title=vehicle.name, box=None)
    differing = []
    for name, unit in _PUBLISHED:
        value, part = getattr(angles, name)
        published, remark = _published(vehicle, name, getattr(args, name))
        form = ".1f" if unit == "deg" else ".3f"
        shown = f"{value:{form}} {unit}" if part else "not limited"
        if published is None:
            table.add_row(name, "", shown, "", "", part)
            continue
        agrees = bool(part) and abs(value - published) <= _TOLERANCE[unit]
        table.add_row(name, f"{published:{form}} {unit}{remark}", shown,
                      f"{value - published:+{form}} {unit}" if part else "", "agrees" if agrees else "differs", part)
        differing += [] if agrees else [name]
    show(table)
    print(f"{args.vehicle}: a valid vehicle of {len(vehicle.part)} parts{_marks(vehicle)}")
    if vehicle.published is not None:
        print("sources: " + "\n         ".join(vehicle.published.sources))
    if differing:
        text = f"{args.vehicle}: {', '.join(differing)} of the model and as published differ"
        if args.strict:
            raise TrailcoachError(text)
        print(text)


def _published(vehicle: Vehicle, name: str, given: float | None) -> tuple[float | None, str]:
    """A published figure, from the command line or else the file, and what is to be said of it."""
    if given is not None or vehicle.published is None:
        return given, ""
    key = _KEYS[name]
    return getattr(vehicle.published, key), " (unconfirmed)" if key in vehicle.published.unconfirmed else ""


def _marks(vehicle: Vehicle) -> str:
    return f", estimated: {', '.join(vehicle.estimated)}" if vehicle.estimated else ""


def run_new(args: argparse.Namespace) -> None:
    """Draft, write, and say what to do with it."""
    from trailcoach.vehicle.data_sheet import DataSheet, draft_vehicle
    from trailcoach.vehicle.file import vehicle_toml
    check_file(args.out)
    given = {name: getattr(args, name) for name in ("front_overhang", "rear_overhang", "cg_height", "front_share")}
    sheet = DataSheet(
        name=args.name, wheelbase=args.wheelbase, front_track=args.track, rear_track=args.rear_track or args.track,
        tyre=args.tyre, mass=args.mass, approach_deg=args.approach, breakover_deg=args.breakover,
        departure_deg=args.departure, clearance=args.clearance, front_suspension=args.front,
        rear_suspension=args.rear, driver_side=args.driver_side,
        sources=tuple(args.source) or ("figures given to trailcoach vehicle new",),
        **{name: value for name, value in given.items() if value is not None})
    vehicle = draft_vehicle(sheet)
    text = vehicle_toml(vehicle, (f"{args.name}.", "Drafted from the figures in [published]. What 'estimated' names is"
                                  " of a usual vehicle of this size: put what you measure in its place, and strike"
                                  " it from that list."))
    with whole_file(args.out) as part:
        part.write_text(text, encoding="utf-8")
    print(f"{args.out}: a first vehicle file; trailcoach vehicle show {args.out} --out views draws it")


def _figures(v: Vehicle) -> Table:
    from rich.table import Table

    from trailcoach.vehicle.angles import ramp_angles
    table = Table(v.name, "", "")
    front = 100.0 * v.cg[0] / v.wheelbase
    angles = ramp_angles(v)
    for name, value, remark in (
        ("wheelbase", f"{v.wheelbase:.3f} m", ""),
        ("track", f"{v.front_axle.track:.3f} / {v.rear_axle.track:.3f} m", "front / rear"),
        ("mass", f"{v.mass:.0f} kg", f"{front:.0f} % on the front axle"),
        ("centre of gravity", f"{v.cg[0]:.3f}, {v.cg[1]:.3f}, {v.cg[2]:.3f} m", "ahead of the rear axle, left, up"),
        ("tyre radius", f"{v.tyre.radius:.3f} m", f"{v.tyre.radial_stiffness / 1000:.0f} kN/m"),
        ("suspension", f"{v.front_axle.suspension} / {v.rear_axle.suspension}", "front / rear"),
        ("travel", f"{_travel(v.front_axle)} / {_travel(v.rear_axle)} m", "bump + rebound, at the spring or wheel"),
        ("steering", f"{v.steering.max_angle_deg:.0f} deg", f"{v.steering.ratio:g} : 1"),
        ("differentials", f"{v.driveline.front_differential} / {v.driveline.centre_differential} /"
                          f" {v.driveline.rear_differential}", "front / centre / rear"),
        *((f"{name} angle", f"{getattr(angles, name)[0]:.1f} deg", getattr(angles, name)[1])
          for name in ("approach", "breakover", "departure")),
        ("ground clearance", f"{angles.clearance[0]:.3f} m", angles.clearance[1]),
    ):
        table.add_row(name, value, remark)
    return table


def _travel(axle: Any) -> str:
    return f"{axle.bump_travel:.3f} + {axle.rebound_travel:.3f}"


def _parts(v: Vehicle) -> Table:
    from rich.table import Table

    from trailcoach.vehicle.angles import lowest
    table = Table("part", "shape", "fixed to", "x, m", "y, m", "lowest z, m")
    for p in v.part:
        table.add_row(p.name, p.shape, p.fixed_to, f"{p.centre[0]:.3f}", f"{p.centre[1]:.3f}", f"{lowest(p):.3f}")
    return table
