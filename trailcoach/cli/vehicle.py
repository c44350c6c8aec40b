"""``trailcoach vehicle``: list, show and check vehicles."""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailcoach.cli.output import check_folder, show, whole_folder
from trailcoach.cli.parser import Parser, add, positive

if TYPE_CHECKING:
    from rich.table import Table

    from trailcoach.vehicle import Vehicle

_EXAMPLES = """\
  trailcoach vehicle list
  trailcoach vehicle show jeep-wrangler-jlur --out views
  trailcoach vehicle check jeep-wrangler-jlur --approach 43.9 --breakover 22.6 --departure 37.0 --clearance 0.274"""
_PUBLISHED = (("approach", "deg"), ("breakover", "deg"), ("departure", "deg"), ("clearance", "m"))


def add_command(commands: Any) -> None:
    """Add ``vehicle`` and what it can do."""
    parser = add(commands, "vehicle", "list, show or check vehicles", _EXAMPLES)
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=Parser)
    listing = add(actions, "list", "list the bundled vehicles", "  trailcoach vehicle list")
    listing.set_defaults(run=run_list)
    showing = add(actions, "show", "show a vehicle's figures and underbody",
                  "  trailcoach vehicle show jeep-wrangler-jlur\n"
                  "  trailcoach vehicle show my.toml --out views   (writes side.png, front.png, underbody.png)")
    showing.add_argument("vehicle", metavar="V", help="a bundled vehicle or a vehicle file (.toml)")
    showing.add_argument("--out", metavar="DIR", type=Path, help="folder to draw side, front and underbody views to")
    showing.set_defaults(run=run_show)
    checking = add(actions, "check", "check a vehicle file, and its angles against published ones",
                   "  trailcoach vehicle check my.toml\n"
                   "  trailcoach vehicle check jeep-wrangler-jlur --approach 43.9 --departure 37.0")
    checking.add_argument("vehicle", metavar="V", help="a vehicle file (.toml) or a bundled vehicle")
    for name, unit in _PUBLISHED:
        checking.add_argument(f"--{name}", metavar=unit.upper(), type=positive,
                              help=f"published {name}{' angle' if unit == 'deg' else ' under the axles'}, {unit}")
    checking.set_defaults(run=run_check)


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
    vehicle = Vehicle.load(args.vehicle)
    show(_figures(vehicle))
    show(_parts(vehicle))
    if args.out is not None:
        from trailcoach.drawing import draw_views
        with whole_folder(args.out) as part:
            names = draw_views(vehicle, part)
        print("views: " + " ".join(str(args.out / name) for name in names))


def run_check(args: argparse.Namespace) -> None:
    """A file that passes is complete and consistent; its angles show whether it is this vehicle."""
    from rich.table import Table

    from trailcoach.angles import ramp_angles
    from trailcoach.vehicle import Vehicle
    vehicle = Vehicle.load(args.vehicle)
    angles = ramp_angles(vehicle)
    table = Table(vehicle.name, "of the model", "limited by", "published", "difference")
    for name, unit in _PUBLISHED:
        value, part = getattr(angles, name)
        published = getattr(args, name)
        form = ".1f" if unit == "deg" else ".3f"
        shown = f"{value:{form}} {unit}" if part else "not limited"
        table.add_row(name, shown, part, "" if published is None else f"{published:{form}} {unit}",
                      "" if published is None or not part else f"{value - published:+{form}} {unit}")
    show(table)
    print(f"{args.vehicle}: a valid vehicle of {len(vehicle.part)} parts")


def _figures(v: Vehicle) -> Table:
    from rich.table import Table

    from trailcoach.angles import ramp_angles
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

    from trailcoach.angles import lowest
    table = Table("part", "shape", "fixed to", "x, m", "y, m", "lowest z, m")
    for p in v.part:
        table.add_row(p.name, p.shape, p.fixed_to, f"{p.centre[0]:.3f}", f"{p.centre[1]:.3f}", f"{lowest(p):.3f}")
    return table
