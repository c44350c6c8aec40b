"""What a terrain is and what is doubtful about it, without refusing it."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trailcoach.tiles.assume import Assumptions
from trailcoach.tiles.layer import Layer
from trailcoach.tiles.pack import PackedGround, is_pack
from trailcoach.tiles.store import Store
from trailcoach.tiles.suspicion import Suspicion

_COUNTED = 64                       # blocks of a layer looked at for holes, spread over it
_BLOCK = 256                        # posts along a side of such a block


@dataclass(frozen=True)
class LayerInfo:
    """Tiles on one lattice: distance of posts and size, m; share of unknown posts (of a sample where they are many)."""

    dx: float
    tiles: int
    width: float
    height: float
    crs: str | None
    datum: str | None
    sigma: float
    holes: float


@dataclass(frozen=True)
class TerrainInfo:
    """A terrain as ``trailcoach terrain info`` tells it.

    Attributes
    ----------
    path : str
    kind : str
        "tiles" or "pack".
    crs : str or None
        The system it is worked in; None = local metres.
    bounds : tuple
        West, south, east, north, m.
    dx : float
        Distance of posts, m.
    posts : tuple
        West to east, south to north.
    holes : float
        Share of posts within the bounds that are unknown, of a sample where they are many.
    lowest, highest : float or None
        Of that sample, m.
    layers : list of LayerInfo
    suspicions : list of Suspicion
    """

    path: str
    kind: str
    crs: str | None
    bounds: tuple[float, float, float, float]
    dx: float
    posts: tuple[int, int]
    holes: float
    lowest: float | None
    highest: float | None
    layers: list[LayerInfo]
    suspicions: list[Suspicion]

    @property
    def refused(self) -> bool:
        """Whether other commands refuse it until the user says more."""
        return any(s.refused for s in self.suspicions)

    def as_json(self) -> dict[str, Any]:
        """For a machine."""
        return {**asdict(self), "refused": self.refused}

    def rows(self) -> list[tuple[str, str]]:
        """For a table."""
        west, south, east, north = self.bounds
        heights = "unknown" if self.lowest is None else f"{self.lowest:.2f} to {self.highest:.2f} m"
        return [("system", self.crs or "local metres"),
                ("extent", f"x {west:.2f} to {east:.2f}, y {south:.2f} to {north:.2f}"
                           f" ({east - west:.1f} x {north - south:.1f} m)"),
                ("posts", f"{self.posts[0]} x {self.posts[1]}, {self.dx:g} m apart"), ("heights", heights),
                ("unknown", f"{100 * self.holes:.2g} %")]


def look(paths: Sequence[Path], assume: Sequence[str],
         progress: Callable[[str, float], None] | None = None) -> TerrainInfo:
    """Look at tiles or a pack.

    Raises
    ------
    InputError
        A file cannot be read at all.
    """
    where = ", ".join(map(str, paths))
    if len(paths) == 1 and is_pack(paths[0]):
        return _of_pack(paths[0], where)
    store = Store(list(paths), Assumptions.parse(assume), progress=progress)
    odd = {s.path for s in store.suspicions if s.refused and s.name in ("nodata", "feet")}
    sampled = [_sampled(layer, odd) for layer in store.layers]
    layers = [_layer_info(layer, heights) for layer, heights in zip(store.layers, sampled, strict=True)]
    heights = np.concatenate([s[~np.isnan(s)] for s in sampled])
    bounds = store.x0, store.y0, store.x0 + (store.nx - 1) * store.dx, store.y0 + (store.ny - 1) * store.dx
    holes = _holes_together(store) if not any(s.refused for s in store.suspicions) else layers[-1].holes
    return TerrainInfo(where, "tiles", store.crs, bounds, store.dx, (store.nx, store.ny), holes, *_range(heights),
                       layers, store.suspicions)


def _of_pack(path: Path, where: str) -> TerrainInfo:
    pack = PackedGround(path)
    pack.verify()
    bounds = pack.x0, pack.y0, pack.x0 + (pack.nx - 1) * pack.dx, pack.y0 + (pack.ny - 1) * pack.dx
    blocks = [pack.posts(i, j, min(_BLOCK, pack.nx - i), min(_BLOCK, pack.ny - j))[0].ravel()
              for i, j in _blocks(pack.nx, pack.ny)]
    heights = np.concatenate(blocks)
    return TerrainInfo(where, "pack", pack.crs, bounds, pack.dx, (pack.nx, pack.ny), float(np.isnan(heights).mean()),
                       *_range(heights[~np.isnan(heights)]), [], [])


def _range(heights: np.ndarray) -> tuple[float | None, float | None]:
    return (float(heights.min()), float(heights.max())) if heights.size else (None, None)


def _layer_info(layer: Layer, heights: np.ndarray) -> LayerInfo:
    west, south, east, north = layer.bounds
    across, up = layer.dx / layer.step_x, layer.dx / layer.step_y
    datums = {s.datum for s in layer.sheets if s.datum is not None}
    return LayerInfo(layer.dx, len(layer.sheets), (east - west) * across, (north - south) * up, layer.crs,
                     ", ".join(sorted(datums)) or None, layer.sigma, float(np.isnan(heights).mean()))


def _sampled(layer: Layer, odd: set[str]) -> np.ndarray:
    """Heights of blocks spread over a layer's tiles, NaN where unknown; all of a tile whose heights are odd is."""
    out = [np.full(1, np.nan)]
    each = max(_COUNTED // len(layer.sheets), 1)
    for k in np.unique(np.linspace(0, len(layer.sheets) - 1, _COUNTED).astype(int)):
        sheet, (i0, j0) = layer.sheets[k], layer.place(k)
        if str(sheet.path) in odd:
            continue
        for i, j in _blocks(sheet.nx, sheet.ny, each):
            out.append(layer.read(k, i0 + i, j0 + j, min(_BLOCK, sheet.nx - i), min(_BLOCK, sheet.ny - j))[0].ravel())
    return np.concatenate(out[1:] or out)


def _holes_together(store: Store) -> float:
    """Share of the lattice that no layer knows."""
    unknown, seen = 0, 0
    for i, j in _blocks(store.nx, store.ny, _COUNTED):
        heights = store.posts(i, j, min(_BLOCK, store.nx - i), min(_BLOCK, store.ny - j))[0]
        unknown += int(np.isnan(heights).sum())
        seen += heights.size
    return unknown / seen


def _blocks(nx: int, ny: int, most: int = _COUNTED) -> list[tuple[int, int]]:
    """South-west posts of blocks spread over a raster."""
    across, down = -(-nx // _BLOCK), -(-ny // _BLOCK)
    return [(int(k) % across * _BLOCK, int(k) // across * _BLOCK)
            for k in np.unique(np.linspace(0, across * down - 1, min(across * down, most)).astype(np.int64))]
