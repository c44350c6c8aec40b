"""Packed tiles: a terrain in one file that a head unit maps into memory. The format is told in ext/pack.pxi."""
from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from trailcoach import _core
from trailcoach.errors import CoreError, InputError
from trailcoach.roughness import decimal

if TYPE_CHECKING:
    from trailcoach.terrain import Terrain

MAGIC = b"TCPACK\r\n"
VERSION, BYTE_ORDER = 2, 0x01020304
READABLE = (1, VERSION)
SIGMA, HIDDEN = 1, 2                # layers beside the heights
CELLS = 128                         # along a side of a tile: 67 kB
ALIGN = 64                          # bytes, of the heights of a tile
MOST_TILES = 4_000_000
_HEAD = 256
_HEAD_FORMAT = "<8sIIQiiiI4dIIQ"
_ENTRY = struct.Struct("<iiQdII")
_MAGIC_START = 6                    # bytes that a conversion of line ends leaves


class PackedGround:
    """A pack as the ground of a terrain.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        The file is no pack, of another version, cut short or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._pack = _core.Pack(np.memmap(path, np.uint8, "r"))
        except CoreError:
            raise InputError(f"{path}: {_what_is_wrong(path)}; a whole pack is needed: trailcoach terrain pack writes"
                             " it") from None
        except (OSError, ValueError) as e:
            raise InputError(f"{path}: cannot be mapped into memory: {e}") from None
        self.x0, self.y0, self.dx, self.nx, self.ny = self._pack.lattice
        self.crs, self.sigma, self.n_tiles, self.cells = (self._pack.crs, self._pack.sigma, self._pack.n_tiles,
                                                          self._pack.cells)

    def posts(self, i: int, j: int, ni: int, nj: int) -> tuple[np.ndarray, np.ndarray]:
        """Heights and standard deviations (nj, ni) of posts of the lattice, NaN where unknown."""
        grid = self.cut(i, j, ni, nj)
        sigma = np.float32(grid.sigma) if grid.beside[0] is None else grid.beside[0]
        return grid.heights, np.where(np.isnan(grid.heights), np.float32(np.nan), sigma)

    def hides(self, i: int, j: int, ni: int, nj: int) -> None:
        """All that is hidden lies beside the posts: :meth:`cut`."""

    def cut(self, i: int, j: int, ni: int, nj: int) -> _core.Grid:
        """These posts as a grid of the core with all that the pack knows of them."""
        try:
            return self._pack.cut(i, j, ni, nj)
        except CoreError:
            raise InputError(f"{self._path}: a tile of it is damaged (its checksum is wrong); a whole pack is needed"
                             ) from None

    def verify(self) -> None:
        """Check all of it.

        Raises
        ------
        InputError
            A checksum is wrong.
        """
        try:
            self._pack.verify()
        except CoreError:
            raise InputError(f"{self._path}: a tile of it is damaged (its checksum is wrong); a whole pack is needed"
                             ) from None


def is_pack(path: Path) -> bool:
    """Whether a file begins as a pack does."""
    try:
        with open(path, "rb") as file:
            return file.read(_MAGIC_START) == MAGIC[:_MAGIC_START]
    except OSError:
        return False


def write_pack(path: Path, terrain: Terrain, bounds: tuple[float, float, float, float] | None = None,
               progress: Callable[[str, float], None] | None = None) -> tuple[int, int]:
    """Write a terrain as a pack, tile by tile.

    Parameters
    ----------
    path : Path
        Written in place: give a neighbour and rename it.
    terrain : Terrain
    bounds : tuple, optional
        West, south, east, north of what is packed, m; all of it if not given.
    progress : callable, optional
        Called with what is being done and the share done.

    Returns
    -------
    tiles, size : int
        Tiles with known heights, and bytes of the file.

    Raises
    ------
    InputError
        Nothing known lies within the bounds, or the pack would hold too many tiles.
    """
    i0, j0, nx, ny = _stretch(terrain, bounds)
    across, down = -(-(nx - 1) // CELLS), -(-(ny - 1) // CELLS)
    if across * down > MOST_TILES:
        raise InputError(f"{terrain.path}: {across} x {down} tiles of {CELLS} cells; at most {MOST_TILES} are allowed:"
                         " bounds are needed (--bounds)")
    crs = (terrain.crs or "").encode()
    crs += b"\0" * (-len(crs) % 8)
    entries: list[tuple[int, int, int, float, int, int]] = []
    with open(path, "wb") as file:
        room = _HEAD + len(crs) + _ENTRY.size * across * down      # of the index if every tile is known
        for tx, ty in _order(across, down):
            layers = _layers(terrain, (i0, j0), tx, ty, nx, ny)
            if not np.isnan(layers[0]).all():
                entries.append(_put(file, room, tx, ty, layers))
            if progress is not None:
                progress("packing", (ty * across + tx + 1) / (across * down))
        if not entries:
            raise InputError(f"{terrain.path}: nothing is known there; a part with heights is needed")
        size = max(file.seek(0, 2), room)
        file.truncate(size)
        index = b"".join(_ENTRY.pack(*e) for e in entries)
        file.seek(_HEAD)
        file.write(crs + index)
        head = struct.pack(
            _HEAD_FORMAT, MAGIC, VERSION, BYTE_ORDER, size, nx, ny, CELLS, len(entries), terrain.x0 + i0 * terrain.dx,
            terrain.y0 + j0 * terrain.dx, terrain.dx, max(e[3] for e in entries), len((terrain.crs or "").encode()),
            zlib.crc32(crs + index), _HEAD + len(crs)).ljust(_HEAD - 4, b"\0")
        file.seek(0)
        file.write(head + struct.pack("<I", zlib.crc32(head)))
    return len(entries), size


def _stretch(terrain: Terrain, bounds: tuple[float, float, float, float] | None) -> tuple[int, int, int, int]:
    """South-west post and numbers of posts of what is packed."""
    if bounds is None:
        return 0, 0, terrain.nx, terrain.ny
    west, south, east, north = bounds
    spans = []
    for low, high, first, n, what in ((west, east, terrain.x0, terrain.nx, "west and east"),
                                      (south, north, terrain.y0, terrain.ny, "south and north")):
        a = max(int(np.floor((low - first) / terrain.dx + 1e-6)), 0)
        b = min(int(np.ceil((high - first) / terrain.dx - 1e-6)), n - 1)
        if not low < high or b <= a:
            raise InputError(f"bounds {low:g} and {high:g} ({what}): the terrain {terrain.path} spans {first:.1f} to"
                             f" {first + (n - 1) * terrain.dx:.1f}; a part of it is needed, the smaller number first")
        spans.append((a, b - a + 1))
    return spans[0][0], spans[1][0], spans[0][1], spans[1][1]


def _order(across: int, down: int) -> Iterator[tuple[int, int]]:
    return ((tx, ty) for ty in range(down) for tx in range(across))


def _layers(terrain: Terrain, first: tuple[int, int], tx: int, ty: int, nx: int, ny: int) -> list[np.ndarray]:
    """Heights, standard deviations and what is hidden of a tile; NaN off what is packed."""
    ni, nj = min(CELLS + 1, nx - tx * CELLS), min(CELLS + 1, ny - ty * CELLS)
    part = first[0] + tx * CELLS, first[1] + ty * CELLS, ni, nj
    found = list(terrain.posts(*part))
    if np.isfinite(found[0]).any() and (hidden := terrain.hides(*part)) is not None:
        found += [hidden.highest, hidden.highest_rare, hidden.spread]
    return [np.pad(layer, ((0, CELLS + 1 - nj), (0, CELLS + 1 - ni)), constant_values=np.nan) for layer in found]


def _put(file: BinaryIO, room: int, tx: int, ty: int,
         layers: list[np.ndarray]) -> tuple[int, int, int, float, int, int]:
    """Write the layers of a tile, sigma only where it varies; its entry."""
    heights, sigma, *hidden = layers
    known = sigma[~np.isnan(heights)]
    varies = SIGMA if known.min() < known.max() else 0
    offset = max(file.seek(0, 2), room)
    offset += -offset % ALIGN
    file.seek(offset)
    values = np.ascontiguousarray([heights, *([sigma] if varies else []), *hidden], "<f4").tobytes()
    file.write(values)
    return tx, ty, offset, decimal(float(known.max())), zlib.crc32(values), varies | (HIDDEN if hidden else 0)


def _what_is_wrong(path: Path) -> str:
    """Why the core refused a pack, in words."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    if not head.startswith(MAGIC):
        return ("its line ends were converted as if it were text" if head.startswith(MAGIC[:_MAGIC_START])
                else "is no pack")
    if len(head) < _HEAD:
        return f"is cut short, {size} bytes"
    version, order, promised = struct.unpack_from("<IIQ", head, len(MAGIC))
    if struct.unpack_from("<I", head, _HEAD - 4)[0] != zlib.crc32(head[:-4]):
        return "is damaged (the checksum of its head is wrong)"
    if version not in READABLE or order != BYTE_ORDER:
        return f"is a pack of version {version}; versions {' and '.join(map(str, READABLE))} can be read"
    if promised != size:
        return f"is {'cut short' if size < promised else 'too long'}, {size} bytes instead of {promised}"
    return "is damaged (the checksum of its index is wrong, or the index makes no sense)"
