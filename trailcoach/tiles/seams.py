"""Whether tiles tell of one ground: systems, vertical datums, and heights where they meet."""
from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from trailcoach.tiles.assume import Assumptions
from trailcoach.tiles.sheet import FOOT, Sheet
from trailcoach.tiles.suspicion import Suspicion

if TYPE_CHECKING:
    from trailcoach.tiles.layer import Layer
    from trailcoach.tiles.store import Store

MOST_PAIRS = 200                    # of neighbours that are compared, spread evenly
SAME_GROUND = 0.05                  # m, middle difference of tiles that is always allowed,
SIGMAS = 3.0                        # and this many standard deviations between resolutions
_FAR = 100e3                        # m between a tile and all others
_SIDE = 128                         # posts compared along a side
_PLACES = 5                         # along a side of an overlap of two resolutions
_PATCH = 9                          # posts along a side of such a place
_CONSTANT = 0.2                     # spread over middle difference, below this it is an offset
_LEAST_DATUM, _MOST_DATUM = 5.0, 110.0      # m between ellipsoid and geoid where anybody drives
_FEET_LIKE = 0.05                   # of the ratio of feet and metres
_TALL = 20.0                        # m, heights whose ratio says something


@dataclass(frozen=True)
class Meeting:
    """Differences (m) where two sheets or layers meet, the second's heights, what is allowed, and how they meet.

    ``post_by_post``: the same posts are in both, so that every single difference counts, not only the middle one.
    """

    first: Sheet
    second: Sheet
    difference: np.ndarray
    heights: np.ndarray
    allowed: float
    how: str
    post_by_post: bool = False


def check_together(store: Store, assumptions: Assumptions,
                   progress: Callable[[str, float], None] | None = None) -> list[Suspicion]:
    """Suspicions about tiles as neighbours; those about heights are dropped where the user allows seams."""
    sheets = [s for layer in store.layers for s in layer.sheets]
    found = [*_datums(sheets), *_far_apart(store)]
    if assumptions.seams or len(sheets) == 1:
        return found
    meetings = [*_neighbours(store.layers), *_crossings(store)]
    picked = np.unique(np.linspace(0, len(meetings) - 1, min(len(meetings), MOST_PAIRS)).astype(int))
    for n, k in enumerate(picked):
        meeting = meetings[int(k)]()
        if meeting is not None and (doubt := _doubt(meeting)) is not None:
            found.append(doubt)
        if progress is not None:
            progress("comparing tiles where they meet", (n + 1) / len(picked))
    return found


def _datums(sheets: list[Sheet]) -> list[Suspicion]:
    named = {s.datum: s for s in sheets if s.datum is not None}
    if len(named) > 1:
        (a, first), (b, second) = list(named.items())[:2]
        return [Suspicion("datum", str(second.path), f"heights above {b}, but those of {first.path.name} above {a}; one"
                          " vertical datum is needed (--assume offset=METRES@PATTERN brings them together, datum=NAME"
                          " says that they are)", True)]
    silent = [s for s in sheets if s.datum is None]
    if named and silent:
        return [Suspicion("datum", str(silent[0].path), f"does not say what its heights are above; taken as above"
                          f" {next(iter(named))} as the others", False)]
    return []


def _far_apart(store: Store) -> list[Suspicion]:
    """Layers that lie far from all others: the wrong zone puts a tile hundreds of kilometres away."""
    boxes = np.array([store.box(k) for k in range(len(store.layers))])
    if len(boxes) < 2:
        return []
    gap = np.maximum(boxes[:, None, :2] - boxes[None, :, 2:], boxes[None, :, :2] - boxes[:, None, 2:])
    away = np.hypot(*np.maximum(gap, 0.0).transpose(2, 0, 1))
    np.fill_diagonal(away, np.inf)
    k = int(np.argmax(away.min(axis=1)))
    nearest = float(away[k].min())
    if nearest <= _FAR:
        return []
    return [Suspicion("far-apart", str(store.layers[k].sheets[0].path), f"lies {nearest / 1e3:.0f} km from the other"
                      " tiles: is its system (CRS) right? (--assume crs=EPSG:... corrects it)", False)]


Ask = Callable[[], Meeting | None]


def _neighbours(layers: list[Layer]) -> Iterator[Ask]:
    """Sheets of one lattice that overlap or touch."""
    for layer in layers:
        starts = np.array([layer.place(k) for k in range(len(layer.sheets))])
        ends = starts + [(s.nx, s.ny) for s in layer.sheets]
        for a in range(len(layer.sheets)):
            touch = ((starts[a + 1:] <= ends[a]) & (ends[a + 1:] >= starts[a])).all(axis=1)
            for b in np.flatnonzero(touch) + a + 1:
                low, high = np.maximum(starts[a], starts[b]), np.minimum(ends[a], ends[b])
                if (high > low).all():
                    yield partial(_overlap, layer, a, int(b), low, high)
                elif (high - low == 0).sum() == 1:
                    yield partial(_border, layer, a, int(b), low, high)


def _overlap(layer: Layer, a: int, b: int, low: np.ndarray, high: np.ndarray) -> Meeting | None:
    size = np.minimum(high - low, _SIDE)
    i, j = (int(v) for v in low + (high - low - size) // 2)
    first, second = (layer.read(k, i, j, int(size[0]), int(size[1]))[0].astype(float) for k in (a, b))
    sheets = layer.sheets[a], layer.sheets[b]
    allowed = max(SAME_GROUND, math.hypot(sheets[0].sigma, sheets[1].sigma))
    return _meeting(*sheets, first, second, allowed, "overlap", post_by_post=True)


def _border(layer: Layer, a: int, b: int, low: np.ndarray, high: np.ndarray) -> Meeting | None:
    """Sheets that end beside each other: both surfaces drawn on to the middle between the last posts."""
    axis = int(np.flatnonzero(high == low)[0])
    if layer.place(a)[axis] > layer.place(b)[axis]:
        a, b = b, a
    middle = int((low[1 - axis] + high[1 - axis]) // 2)
    begin, count = max(int(low[1 - axis]), middle - _SIDE), min(int(high[1 - axis] - low[1 - axis]), 2 * _SIDE)
    edge, lines = int(low[axis]), []
    for k, first in ((a, edge - 2), (b, edge)):
        box = (first, begin, 2, count) if axis == 0 else (begin, first, count, 2)
        posts = layer.read(k, *box)[0].astype(float)
        lines.append(posts if axis == 0 else posts.T)
    before, after = lines
    to_middle = 1.5 * before[:, 1] - 0.5 * before[:, 0]
    back = 1.5 * after[:, 0] - 0.5 * after[:, 1]
    sheets = layer.sheets[a], layer.sheets[b]
    noise = _spread(to_middle - back) / np.sqrt(max(count, 1))
    allowed = max(SAME_GROUND, math.hypot(sheets[0].sigma, sheets[1].sigma), 5.0 * noise)
    return _meeting(*sheets, to_middle, back, allowed, "touch")


def _crossings(store: Store) -> Iterator[Ask]:
    """Layers that overlap."""
    for a, b in itertools.combinations(range(len(store.layers)), 2):
        boxes = np.array([store.box(a), store.box(b)])
        low, high = boxes[:, :2].max(axis=0), boxes[:, 2:].min(axis=0)
        if (high > low).all() and not any(s.refused for s in store.suspicions):
            yield partial(_crossing, store, a, b, low, high)


def _crossing(store: Store, a: int, b: int, low: np.ndarray, high: np.ndarray) -> Meeting | None:
    """Heights of two layers at places spread over their overlap."""
    both: list[tuple[np.ndarray, np.ndarray]] = []
    for u, v in itertools.product((np.arange(_PLACES) + 0.5) / _PLACES, repeat=2):
        i, j = (int(n) for n in (low + (u, v) * (high - low) - (store.x0, store.y0)) / store.dx)
        first, second = (store.layer_posts(k, i, j, _PATCH, _PATCH).astype(float) for k in (a, b))
        both.append((first.ravel(), second.ravel()))
    first, second = (np.concatenate(part) for part in zip(*both, strict=True))
    sigma = float(np.hypot(store.layers[a].sigma, store.layers[b].sigma))
    return _meeting(store.layers[a].sheets[0], store.layers[b].sheets[0], first, second, SAME_GROUND + SIGMAS * sigma,
                    "overlap")


def _meeting(a: Sheet, b: Sheet, first: np.ndarray, second: np.ndarray, allowed: float, how: str,
             post_by_post: bool = False) -> Meeting | None:
    known = ~(np.isnan(first) | np.isnan(second))
    if not known.any():
        return None
    return Meeting(a, b, (second - first)[known], second[known], allowed, how, post_by_post)


def _spread(values: np.ndarray) -> float:
    """Robust standard deviation (1.4826 times the median distance from the median)."""
    values = values[~np.isnan(values)]
    return 1.4826 * float(np.median(abs(values - np.median(values)))) if values.size else 0.0


def _doubt(m: Meeting) -> Suspicion | None:
    """What a difference of heights looks like, None where it is allowed."""
    off = float(np.median(m.difference))
    if abs(off) <= m.allowed:
        off = float(np.median(abs(m.difference))) if m.post_by_post else 0.0
        if off <= m.allowed:
            return None
    where = f"{off:+.2f} m from {m.first.path.name} where they {m.how}"
    second = float(np.median(m.heights))
    first = second - off
    if min(abs(first), abs(second)) > _TALL:
        for foot, who in ((1.0 / FOOT, m.second), (FOOT, m.first)):
            if abs(second / first / foot - 1.0) < _FEET_LIKE:
                return Suspicion("feet", str(m.second.path), f"{where}, as if heights of {who.path.name} were in feet;"
                                 f" metres are needed (--assume feet@{who.path.name} converts them)", True)
    if _LEAST_DATUM <= abs(off) <= _MOST_DATUM and _spread(m.difference) < _CONSTANT * abs(off):
        return Suspicion("datum", str(m.second.path), f"{where}, evenly: another vertical datum? Tiles of one ground"
                         f" are needed (--assume offset={-off:.2f}@{m.second.path.name} brings it there)", True)
    return Suspicion("seam", str(m.second.path), f"{where}; tiles of one ground are needed, within {m.allowed:.2f} m"
                     " (--assume seams takes them as they are)", True)
