"""``trailcoach terrain``: what tiles are and what is wrong with them, and packed tiles for a head unit."""
from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailcoach.cli import terrain_learn
from trailcoach.cli.output import check_file, count, note, progress_bar, show, whole_file
from trailcoach.cli.parser import Parser, add, add_assume, add_out

if TYPE_CHECKING:
    from trailcoach.terrain import Terrain
    from trailcoach.tiles.info import TerrainInfo

_EXAMPLES = """\
  trailcoach terrain info terrain_data/drives/d00/terrain.tif
  trailcoach terrain info tiles/ --json
  trailcoach terrain pack tiles/ --out country.tcpack --bounds 599960,4249993,600040,4250007"""
_INFO = """\
  trailcoach terrain info terrain_data/drives/d00/terrain.tif
  trailcoach terrain info tiles/ --assume crs=EPSG:32610@gabilan*.tif --json

What is suspicious is named; what the other commands refuse is marked, with the --assume that mends it."""
_PACK = """\
  trailcoach terrain pack terrain_data/drives/d00/terrain.tif --out d00.tcpack
  trailcoach terrain pack tiles/ --bounds 599960,4249993,600040,4250007 --out part.tcpack

A pack is one file that a head unit maps into memory and libtrailcoach reads without GDAL (tc_pack_open). Every command
that takes --terrain takes a pack too."""


def add_command(commands: Any) -> None:
    """Add ``terrain``."""
    parser = add(commands, "terrain", "look at tiles, pack them for a head unit, learn ground from drives", _EXAMPLES)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, parser_class=Parser)
    info = add(actions, "info", "extent, resolution, holes, systems and suspicions of tiles", _INFO)
    _add_tiles(info)
    info.add_argument("--json", action="store_true", help="as JSON")
    info.set_defaults(run=run_info)
    pack = add(actions, "pack", "write tiles as one file that a head unit maps into memory", _PACK)
    _add_tiles(pack)
    pack.add_argument("--bounds", metavar="W,S,E,N", type=bounds, help="only this part, m in the terrain's system")
    add_out(pack, "FILE", "pack to write")
    pack.set_defaults(run=run_pack)
    terrain_learn.add_action(actions)


def _add_tiles(parser: Parser) -> None:
    parser.add_argument("terrain", metavar="T", type=Path, nargs="+",
                        help="GeoTIFFs, a folder of them, or a pack")
    add_assume(parser)


def bounds(text: str) -> tuple[float, float, float, float]:
    """W,S,E,N of an argument."""
    try:
        west, south, east, north = (float(cell) for cell in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}'; four numbers W,S,E,N (m) are needed") from None
    if not (all(map(math.isfinite, (west, south, east, north))) and west < east and south < north):
        raise argparse.ArgumentTypeError(f"'{text}'; W,S,E,N with W below E and S below N are needed")
    return west, south, east, north


def open_terrain(path: Path | Sequence[Path], assume: Sequence[str]) -> Terrain:
    """Open a terrain, with a bar where that takes long, and tell what is doubtful and was taken nevertheless."""
    from trailcoach.terrain import Terrain
    with progress_bar() as progress:
        terrain = Terrain.open(path, assume=assume, progress=progress)
    for s in terrain.suspicions:
        if s.name in _TOLD:
            note(str(s))
    return terrain


_TOLD = ("datum", "far-apart", "feet")      # the others are no matter of doubt where the terrain is opened


def run_info(args: argparse.Namespace) -> None:
    """Look at the tiles and tell."""
    from trailcoach.tiles.info import look
    with progress_bar() as progress:
        info = look(args.terrain, args.assume, progress)
    if args.json:
        print(json.dumps(info.as_json(), indent=1, ensure_ascii=False))
        return
    _show(info)


def _show(info: TerrainInfo) -> None:
    from rich.table import Table
    whole = Table(info.path, "", box=None)
    for name, value in info.rows():
        whole.add_row(name, value)
    show(whole)
    if info.layers:
        table = Table("resolution", "tiles", "size", "system", "heights above", "sigma", "holes")
        for layer in info.layers:
            table.add_row(f"{layer.dx:g} m", str(layer.tiles), f"{layer.width:.0f} x {layer.height:.0f} m",
                          layer.crs or "local metres", layer.datum or "not said", f"{layer.sigma:g} m",
                          f"{100 * layer.holes:.2g} %")
        show(table)
    for s in info.suspicions:
        print(f"{'REFUSED' if s.refused else 'note'} [{s.name}] {s}")
    if not info.suspicions:
        print("nothing suspicious")


def run_pack(args: argparse.Namespace) -> None:
    """Read the tiles, pack, and say what came out."""
    from trailcoach.tiles.pack import write_pack
    check_file(args.out)
    terrain = open_terrain(args.terrain, args.assume)
    with progress_bar() as progress, whole_file(args.out) as part:
        tiles, size = write_pack(part, terrain, args.bounds, progress)
    print(f"{count(tiles, 'tile')}, {size / 1e6:.1f} MB: {args.out}")
