"""The grammar of the command line: argparse, with usage errors of one line and help that teaches by example."""
from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

_DEGREES = "deg"
_NEGATIVE_FIRST = re.compile(r"-[\d.]")
_TAKE_COORDINATES = ("--start", "--goal")


class UsageError(Exception):
    """The command line cannot be understood; the message is one line."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises where argparse would print its usage and leave."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Wrong use."""
        command = self.prog.partition(" ")[2]
        raise UsageError(f"{command + ': ' if command else ''}{message}; {self.prog} --help shows how")


class _Version(argparse.Action):
    """Look the version up only when asked for it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version
        try:
            number = version("trailcoach")
        except PackageNotFoundError:
            number = "(not installed)"
        print(f"trailcoach {number}")
        parser.exit()


def build_parser() -> Parser:
    """The parser of all commands."""
    from trailcoach.cli import assess, demo, fuse, native, plan, replay, schema, settle, terrain_learn, vehicle
    parser = Parser(
        prog="trailcoach", description="A digital off-road coach for 4x4 vehicles: how it stands, what the underbody"
        " will meet,\nwhich line is best.", epilog=_EXAMPLES)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.add_argument("--traceback", action="store_true", help="show a full Python traceback when something fails")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for module in (demo, replay, fuse, settle, plan, assess, terrain_learn, vehicle, schema, native):
        module.add_command(commands)
    return parser


_EXAMPLES = """\
examples:
  trailcoach demo
  trailcoach vehicle list
  trailcoach replay terrain_data/drives/d01 --vehicle land-rover-defender-110 \\
      --terrain terrain_data/drives/d01/terrain.tif --out results
  trailcoach replay --help

Lengths are metres, angles radians (roll > 0 right side down, pitch > 0 nose down, yaw counter-clockwise from
east). Exit status: 0 done, 2 wrong use or bad input, 1 anything else."""


def add(commands: Any, name: str, help: str, examples: str, **options: Any) -> Parser:
    """A command's parser, with the options all commands have."""
    parser: Parser = commands.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".",
                                         epilog=f"examples:\n{examples}", **options)
    parser.add_argument("--traceback", action="store_true", default=argparse.SUPPRESS,
                        help="show a full Python traceback when something fails")
    return parser


def add_vehicle(parser: Parser, *, required: bool) -> None:
    """The option --vehicle."""
    parser.add_argument("--vehicle", metavar="V", required=required,
                        help="a bundled vehicle (trailcoach vehicle list) or a vehicle file (.toml)"
                        + ("" if required else "; without it the one the log names"))


def add_terrain(parser: Parser, *, required: bool) -> None:
    """The option --terrain."""
    parser.add_argument("--terrain", metavar="T", type=Path, required=required,
                        help="a GeoTIFF of heights in a metric system, or a folder of such tiles")


def add_voice(parser: Parser) -> None:
    """The options --language and --detail: what the coach sounds like, and how much it says."""
    parser.add_argument("--language", metavar="L", default="en-US",
                        help="de-DE, en-GB, en-US, es-ES, fr-FR, it-IT, or a phrase file of your own (default en-US)")
    parser.add_argument("--detail", choices=("all", "matters", "stop"), default="all",
                        help="how much is said: all; what keeps the vehicle from touching, hanging or tipping; only"
                        " stop (default all)")


def add_out(parser: Parser, metavar: str, what: str, *, required: bool = True) -> None:
    """The option --out."""
    parser.add_argument("--out", metavar=metavar, type=Path, required=required, help=what)


def join_negative_values(words: Sequence[str]) -> list[str]:
    """``--start -5,3,0`` as ``--start=-5,3,0``: argparse would take a value that starts with - for an option."""
    out: list[str] = []
    for word in words:
        if out and out[-1] in _TAKE_COORDINATES and _NEGATIVE_FIRST.match(word):
            out[-1] = f"{out[-1]}={word}"
        else:
            out.append(word)
    return out


def pose(text: str) -> tuple[float, float, float]:
    """X,Y,YAW of an argument."""
    values = _numbers(text, "X,Y,YAW", 3, 3)
    return values[0], values[1], values[2]


def place(text: str) -> tuple[float, ...]:
    """X,Y or X,Y,YAW of an argument."""
    return tuple(_numbers(text, "X,Y or X,Y,YAW", 2, 3))


def _numbers(text: str, form: str, least: int, most: int) -> list[float]:
    cells = text.split(",")
    if not least <= len(cells) <= most:
        raise argparse.ArgumentTypeError(f"'{text}' has {len(cells)} value{'s' * (len(cells) > 1)}; {form} is needed,"
                                         " metres and radians")
    yaw_deg = len(cells) == 3 and cells[2].strip().endswith(_DEGREES)
    if yaw_deg:
        cells[2] = cells[2].strip().removesuffix(_DEGREES)
    try:
        values = [float(c) for c in cells]
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' does not hold numbers; {form} is needed, metres and radians"
                                         ) from None
    if not all(math.isfinite(v) for v in values):
        raise argparse.ArgumentTypeError(f"'{text}' holds a number that is not finite; {form} is needed")
    if yaw_deg:
        values[2] = math.radians(values[2])
    if len(values) == 3 and abs(values[2]) > 2.0 * math.pi:
        raise argparse.ArgumentTypeError(f"yaw {values[2]:g} in '{text}'; -6.28 to 6.28 radians are allowed"
                                         f" (for degrees write {values[2]:g}deg)")
    return values


def positive(text: str) -> float:
    """A finite number above zero."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0.0):
        raise argparse.ArgumentTypeError(f"'{text}'; a number above 0 is needed")
    return value
