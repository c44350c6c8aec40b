"""The store: sheets found once, laid over each other where they are asked for, kept in memory up to a bound."""
from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from trailcoach.errors import InputError
from trailcoach.inputs.kinds import kind_of
from trailcoach.roughness import HIDES_FROM, Hidden
from trailcoach.tiles.assume import Assumptions
from trailcoach.tiles.blend import bend, halo_posts
from trailcoach.tiles.datasets import Datasets
from trailcoach.tiles.layer import Layer, on_one_lattice
from trailcoach.tiles.lru import Lru
from trailcoach.tiles.seams import check_together
from trailcoach.tiles.sheet import METRES_PER_DEGREE, Sheet, open_sheet
from trailcoach.tiles.suspicion import Suspicion

TILE = 256                          # posts along a side of a tile; it shares one more with each neighbour
CACHE_MB = 128                      # of heights and their standard deviations
MOST_POSTS = 1 << 30                # along a side of a terrain
_COARSE_GRID = 16                   # posts between places whose coordinates are computed, not interpolated
_AT_ONCE = 1024                     # posts along a side of what is told to hide something in one go
Progress = Callable[[str, float], None]
Tile = tuple[np.ndarray, np.ndarray]


class Store:
    """GeoTIFFs as one lattice of posts: heights and their standard deviations on demand.

    Parameters
    ----------
    paths : list of Path
        GeoTIFFs, or folders of them.
    assumptions : Assumptions
    cache_mb : float
        Bound of the tiles kept in memory.
    progress : callable, optional
        Called with what is done and the share done while the files are looked at.

    Attributes
    ----------
    layers : list of Layer
        Finest first.
    crs : str or None
        Of the lattice.
    x0, y0, dx : float
        Place of the lattice's south-west post, distance of posts, m.
    nx, ny : int
        Posts of the lattice.
    suspicions : list of Suspicion
    """

    def __init__(self, paths: list[Path], assumptions: Assumptions, *, cache_mb: float = CACHE_MB,
                 progress: Progress | None = None) -> None:
        self.path = paths[0] if len(paths) == 1 else paths[0].parent
        files = [f for p in paths for f in _files(p)]
        self._datasets = Datasets()
        self.suspicions: list[Suspicion] = []
        sheets: list[Sheet] = []
        for k, f in enumerate(files):
            sheet, doubts = open_sheet(f, assumptions.of(f))
            sheets.append(sheet)
            self.suspicions += doubts
            if progress is not None:
                progress("looking at the tiles", (k + 1) / len(files))
        self.layers = _layers(sheets, self._datasets)
        self._lay_out(assumptions.into)
        if not any(s.refused for s in self.suspicions):
            self.suspicions += check_together(self, assumptions, progress)
        self._tiles: Lru[tuple[int, int], Tile] = Lru(int(cache_mb * 1e6), lambda t: t[0].nbytes + t[1].nbytes)

    def _lay_out(self, into: str | None) -> None:
        """Choose the lattice: that of the finest layer in metres, or one in the system asked for."""
        metric = [layer for layer in self.layers if not _why_not_metric(layer)]
        first = metric[0] if metric else self.layers[0]
        self.crs, self.dx = into or first.crs, min(layer.dx for layer in self.layers)
        for layer in self.layers:
            if (layer.crs is None) != (self.crs is None):
                lacking = layer if layer.crs is None else first
                self.suspicions.append(Suspicion(
                    "no-crs", str(lacking.sheets[0].path), "no system (CRS), but other tiles have one; one is needed"
                    " (--assume crs=EPSG:...)", True))
        if into is None and not metric:
            self.suspicions.append(Suspicion("degrees" if first.geographic else "feet", str(first.sheets[0].path),
                                             _why_not_metric(first), True))
        base = next((layer for layer in self.layers if layer.crs == self.crs and layer.dx == self.dx), None)
        boxes = np.array([self._box(layer) for layer in self.layers])
        (west, south), (east, north) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        anchor = (base.x0, base.y0) if base is not None else (west, south)
        self.x0, self.y0 = (a - math.floor((a - low) / self.dx + 1e-6) * self.dx
                            for a, low in zip(anchor, (west, south), strict=True))
        self.nx, self.ny = (int((high - low) / self.dx + 1e-6) + 1
                            for high, low in ((east, self.x0), (north, self.y0)))
        if max(self.nx, self.ny) > MOST_POSTS:
            raise InputError(f"{self.path}: spans {(east - west) / 1e3:.0f} x {(north - south) / 1e3:.0f} km with"
                             f" {self.dx:g} m between posts; at most {MOST_POSTS} posts a side are allowed: tiles of"
                             " one region are needed")
        self._boxes = boxes
        self._shift = [self._shift_of(layer) for layer in self.layers]

    def _box(self, layer: Layer) -> tuple[float, float, float, float]:
        """West, south, east, north of a layer's posts on the lattice's system."""
        west, south, east, north = layer.bounds
        if layer.crs == self.crs or layer.crs is None or self.crs is None:
            return layer.bounds
        along = np.linspace(0.0, 1.0, 21)
        x = np.concatenate([west + along * (east - west)] * 2 + [np.full(21, west), np.full(21, east)])
        y = np.concatenate([np.full(21, south), np.full(21, north)] + [south + along * (north - south)] * 2)
        x, y = self._transform(layer.crs, self.crs, x, y)
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    def _transform(self, source: str, target: str, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        import pyproj
        x, y = pyproj.Transformer.from_crs(source, target, always_xy=True).transform(x, y)
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise InputError(f"{self.path}: places of {source[:40]} that have no place in {target[:40]}; tiles of one"
                             " region are needed")
        return x, y

    def _shift_of(self, layer: Layer) -> tuple[int, int] | None:
        """Post of the lattice on which the layer's south-west post lies, None where they do not fall together."""
        if layer.crs != self.crs or layer.step_x != layer.step_y or abs(layer.dx - self.dx) > 1e-9 * self.dx:
            return None
        shift = (layer.x0 - self.x0) / self.dx, (layer.y0 - self.y0) / self.dx
        return (round(shift[0]), round(shift[1])) if all(abs(s - round(s)) < 1e-2 for s in shift) else None

    def tile(self, ti: int, tj: int) -> Tile:
        """Heights and standard deviations (257, 257) float32 of a tile, its last row and column the neighbours'."""
        return self._tiles.get((ti, tj), lambda: self.compose(ti * TILE, tj * TILE, TILE + 1, TILE + 1))

    def posts(self, i: int, j: int, ni: int, nj: int) -> Tile:
        """Heights and standard deviations (nj, ni) float32 of posts of the lattice, NaN where unknown."""
        heights, sigma = np.full((2, nj, ni), np.nan, np.float32)
        for tj in range(j // TILE, (j + nj - 1) // TILE + 1):
            for ti in range(i // TILE, (i + ni - 1) // TILE + 1):
                i0, i1 = max(i, ti * TILE), min(i + ni, (ti + 1) * TILE)
                j0, j1 = max(j, tj * TILE), min(j + nj, (tj + 1) * TILE)
                tile = self.tile(ti, tj)
                part = slice(j0 - tj * TILE, j1 - tj * TILE), slice(i0 - ti * TILE, i1 - ti * TILE)
                here = slice(j0 - j, j1 - j), slice(i0 - i, i1 - i)
                heights[here], sigma[here] = tile[0][part], tile[1][part]
        return heights, sigma

    def cut(self, i: int, j: int, ni: int, nj: int) -> None:
        """Nothing is known beside :meth:`posts`: :meth:`trailcoach.terrain.Ground.cut`."""

    def hides(self, i: int, j: int, ni: int, nj: int) -> Hidden | None:
        """What squares as wide as posts are apart hide, (nj, ni), as the source of each tells.

        None where no source is coarser than the lattice: the posts of the lattice tell it themselves. Elsewhere they
        cannot, for between coarse posts they are smooth.
        """
        layers = [k for k in range(len(self.layers)) if self._meets(k, i, j, ni, nj, self._halo(k))]
        if all(self._shift[k] is not None for k in layers):
            return None
        out = np.full((3, nj, ni), np.nan, np.float32)
        for b in range(0, nj, _AT_ONCE):
            for a in range(0, ni, _AT_ONCE):
                part = out[:, b:b + _AT_ONCE, a:a + _AT_ONCE]
                self._tell_hidden(layers, i + a, j + b, part)
        return Hidden(*out)

    def _tell_hidden(self, layers: list[int], i: int, j: int, out: np.ndarray) -> None:
        """The same into (3, nj, ni), layer by layer, finest first."""
        nj, ni = out.shape[1:]
        open_ = np.ones((nj, ni), bool)
        for k in layers:
            layer = self.layers[k]
            known = (~np.isnan(self._sampled(k, i, j, ni, nj)[0]) if self._shift[k] is not None
                     else self._sample(k, i, j, ni, nj)[2] > 0)
            here = open_ & known
            if here.any():
                out[:, here] = 0.0
                if layer.dx > HIDES_FROM:
                    out[:, here] = layer.hides(*self._places(layer, i, j, ni, nj), self.dx)[:, here]
            open_ &= ~here

    def compose(self, i: int, j: int, ni: int, nj: int) -> Tile:
        """The same without the cache: finest first, coarser ones bent to meet it where it does not know."""
        layers = [k for k in range(len(self.layers)) if self._meets(k, i, j, ni, nj, self._halo(k))]
        if not layers:
            unknown = np.full((nj, ni), np.nan, np.float32)
            return unknown, unknown.copy()
        heights, sigma = self._sampled(layers[0], i, j, ni, nj)
        if len(layers) == 1 or not np.isnan(heights).any():
            return heights.astype(np.float32), sigma.astype(np.float32)
        halo = sum(self._halo(k) for k in layers[1:])
        i, j, ni, nj = i - halo, j - halo, ni + 2 * halo, nj + 2 * halo
        heights, sigma = self._sampled(layers[0], i, j, ni, nj)
        for k in layers[1:]:
            halo = self._halo(k)
            heights, sigma = bend(heights, sigma, *self._sample(k, i, j, ni, nj), self.layers[k].dx / self.dx, halo)
            i, j, ni, nj = i + halo, j + halo, ni - 2 * halo, nj - 2 * halo
        return heights.astype(np.float32), sigma.astype(np.float32)

    def box(self, k: int) -> tuple[float, float, float, float]:
        """West, south, east, north of the posts of layer k in the lattice's system."""
        west, south, east, north = self._boxes[k]
        return float(west), float(south), float(east), float(north)

    def layer_posts(self, k: int, i: int, j: int, ni: int, nj: int) -> np.ndarray:
        """Heights (nj, ni) of layer k alone on posts of the lattice, NaN where it does not know."""
        return self._sampled(k, i, j, ni, nj)[0]

    def _halo(self, k: int) -> int:
        return halo_posts(self.layers[k].dx / self.dx)

    def _meets(self, k: int, i: int, j: int, ni: int, nj: int, halo: int) -> bool:
        """Whether a layer has a say in some posts; a finer one has as far as coarser ones are bent to it."""
        reach = max(self._halo(len(self.layers) - 1), halo) * self.dx
        west, south, east, north = self._boxes[k]
        return bool(self.x0 + (i + ni - 1) * self.dx >= west - reach and self.x0 + i * self.dx <= east + reach
                    and self.y0 + (j + nj - 1) * self.dx >= south - reach and self.y0 + j * self.dx <= north + reach)

    def _sampled(self, k: int, i: int, j: int, ni: int, nj: int) -> Tile:
        """What a layer knows of some posts: its own where they fall together, else its surface between them."""
        if (shift := self._shift[k]) is not None:
            return self.layers[k].posts(i - shift[0], j - shift[1], ni, nj)
        heights, sigma, reach = self._sample(k, i, j, ni, nj)
        return np.where(reach == 2, heights, np.nan), np.where(reach == 2, sigma, np.nan)

    def _sample(self, k: int, i: int, j: int, ni: int, nj: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        layer = self.layers[k]
        return layer.sample(*self._places(layer, i, j, ni, nj))

    def _places(self, layer: Layer, i: int, j: int, ni: int, nj: int) -> tuple[np.ndarray, np.ndarray]:
        """Posts of the lattice in a layer's system: axes where it is the lattice's."""
        x, y = self.x0 + np.arange(i, i + ni) * self.dx, self.y0 + np.arange(j, j + nj) * self.dx
        if layer.crs == self.crs:
            return x[None, :], y[:, None]
        return self._curved(str(layer.crs), x, y)           # either all have a system or none: told before

    def _curved(self, crs: str, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places of a lattice in another system: computed every few posts, interpolated between (to micrometres)."""
        at_x, at_y = (np.arange(0, len(a) + _COARSE_GRID, _COARSE_GRID) for a in (x, y))
        px, py = np.meshgrid(x[0] + at_x * self.dx, y[0] + at_y * self.dx)
        px, py = self._transform(str(self.crs), crs, px, py)
        u, v = np.arange(len(x)) / _COARSE_GRID, np.arange(len(y)) / _COARSE_GRID
        i, j = u.astype(int), v.astype(int)
        u, v = u - i, (v - j)[:, None]
        out = []
        for p in (px, py):
            low = p[j][:, i] * (1.0 - u) + p[j][:, i + 1] * u
            high = p[j + 1][:, i] * (1.0 - u) + p[j + 1][:, i + 1] * u
            out.append(low * (1.0 - v) + high * v)
        return out[0], out[1]

    @property
    def sigma(self) -> float:
        """The largest standard deviation of a height, m, as the files say."""
        return max(layer.sigma for layer in self.layers)

    @property
    def cached_bytes(self) -> int:
        """Bytes of tiles in memory."""
        return self._tiles.bytes

    @property
    def cache_counts(self) -> dict[str, int]:
        """Hits, misses and evictions of the tiles in memory since the start."""
        return {"hits": self._tiles.hits, "misses": self._tiles.misses, "evictions": self._tiles.evictions}


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError(f"{path}: no such terrain; a GeoTIFF or a folder of GeoTIFFs is needed")
    if not path.is_dir():
        return [path]
    files = sorted(f for f in path.iterdir() if f.suffix.lower() in (".tif", ".tiff") and not f.name.startswith("."))
    if not files:
        raise InputError(f"{path}: is {kind_of(path)} without GeoTIFFs; a GeoTIFF (.tif) or a folder of them is needed")
    return files


def _layers(sheets: list[Sheet], datasets: Datasets) -> list[Layer]:
    """Sheets grouped by lattice, finest first, then by name."""
    groups: list[list[Sheet]] = []
    for sheet in sheets:
        group = next((g for g in groups if on_one_lattice(sheet, g[0])), None)
        if group is None:
            groups.append([sheet])
        else:
            group.append(sheet)
    return sorted((Layer(g, datasets) for g in groups), key=lambda layer: (layer.dx, str(layer.sheets[0].path)))


def _why_not_metric(layer: Layer) -> str:
    """What keeps a layer from being the lattice of a terrain; empty where nothing does."""
    if layer.crs is None:
        return ""
    if layer.geographic:
        west, south, east, north = layer.bounds
        lon, lat = (west + east) / 2, (south + north) / 2
        zone = (32600 if lat >= 0 else 32700) + int((lon + 180.0) // 6.0) % 60 + 1
        return (f"heights over degrees ({layer.crs[:40]}); metres are needed: reproject it, for instance to"
                f" EPSG:{zone}, or say --assume into=EPSG:{zone}")
    import pyproj
    axis: Any = pyproj.CRS.from_user_input(layer.crs).axis_info[0]
    if abs(axis.unit_conversion_factor - 1.0) > 1e-9:
        return (f"its system counts in {axis.unit_name}; metres are needed: reproject it, or say --assume into=EPSG:..."
                " with a metric one")
    return ""


__all__ = ["CACHE_MB", "METRES_PER_DEGREE", "TILE", "Progress", "Store"]
