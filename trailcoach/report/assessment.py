"""An assessment as files: JSON, the line as CSV, and a map."""
from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from trailcoach.assess import Assessment
from trailcoach.line import ROOM
from trailcoach.room import narrow_stretches
from trailcoach.terrain import Terrain
from trailcoach.trail import Trail

VERSION = 1                     # of assess.json
_AROUND = 4.0                   # m of ground drawn around line and trail
_MOST_POSTS = 1500              # along a side of the picture


def write_assessment(found: Assessment, terrain: Terrain, trail: Trail, folder: Path) -> None:
    """Write assess.json, line.csv and map.png into a folder that exists."""
    (folder / "assess.json").write_text(json.dumps(to_json(found), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    found.line.write_csv(folder / "line.csv")
    draw_map(found, terrain, trail, folder / "map.png")


def to_json(found: Assessment) -> dict[str, Any]:
    """The assessment as numbers and words; lengths in m, angles in rad, what is not known null."""
    limit = found.line.limit
    plain: dict[str, Any] = _plain({
        "version": VERSION,
        "rating": found.rating,
        "outcome": found.line.outcome.name.lower(),
        "no_clear_line_exists": found.line.exhausted,
        "trail_length": found.trail_length,
        "line_length": found.line.length,
        "contact_probability": found.risk.line,
        "contact_probability_of": dict(zip(found.risk.parts, found.risk.part.tolist(), strict=True)),
        "room": found.line.tube,
        "narrow": [asdict(n) for n in narrow_stretches(found.line.s, found.line.room, ROOM)],
        "limit": None if limit is None else asdict(limit) | {"cause": limit.cause.name.lower(), "words": str(limit)},
        "choices": [asdict(c) | {"words": c.words()} for c in found.choices],
        "remedies": [asdict(r) | {"words": str(r)} for r in found.remedies],
        "sections": [asdict(s) for s in found.sections],
        "outfits": [asdict(v) | {"outcome": v.outcome.name.lower()} for v in found.variants],
    })
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def draw_map(found: Assessment, terrain: Terrain, trail: Trail, path: Path) -> None:
    """Draw the ground, the trail, and the line coloured by the clearance left, as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LightSource
    from matplotlib.figure import Figure
    line, xy = found.line, found.line.poses[:, :2]
    both = np.concatenate([xy, trail.xy])
    (west, south), (east, north) = both.min(axis=0) - _AROUND, both.max(axis=0) + _AROUND
    heights, extent = _window(terrain, west, south, east, north)
    figure = Figure(figsize=(10.0, 7.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    dx = (extent[1] - extent[0]) / heights.shape[1]
    axes.imshow(LightSource(315.0, 45.0).hillshade(heights, dx=dx, dy=dx), cmap="gray", origin="lower", extent=extent,
                alpha=0.8)
    axes.plot(*trail.xy.T, color="white", linewidth=1.0, linestyle="--", label="trail")
    gaps = np.ma.masked_invalid(np.where(line.stances.status == 0, line.least_clearance, np.nan) * 100.0)
    pieces = LineCollection(list(np.stack([xy[:-1], xy[1:]], axis=1)), array=gaps[1:], cmap="RdYlGn", linewidths=4.0,
                            clim=(0.0, 20.0))
    axes.add_collection(pieces)
    figure.colorbar(pieces, ax=axes, label="least clearance, cm", extend="both", shrink=0.8)
    for s in found.sections:
        at = int(np.argmin(abs(line.s - s.begin)))
        axes.annotate(f"{s.begin:.0f} m: {s.rating}", xy[at], fontsize=8, xytext=(4, 4), textcoords="offset points",
                      bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0})
    for narrow in narrow_stretches(line.s, line.room, ROOM):
        rows = (line.s >= narrow.begin) & (line.s <= narrow.end)
        axes.plot(*xy[rows].T, "o", color="black", fillstyle="none", markersize=9)
    if line.limit is not None:
        axes.plot(line.limit.x, line.limit.y, "kx", markersize=12, markeredgewidth=3, label=str(line.limit))
    axes.set(xlim=(west, east), ylim=(south, north), aspect="equal", xlabel="east, m", ylabel="north, m",
             title=f"rating {found.rating} of 10, {line.outcome!s}; numbers: where a section begins, its rating")
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.legend(loc="upper left")
    figure.savefig(path, dpi=110)


def _window(terrain: Terrain, west: float, south: float, east: float,
            north: float) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """Heights of a rectangle, thinned to what a picture shows, and its edges."""
    step = max(terrain.dx, max(east - west, north - south) / _MOST_POSTS)
    x, y = np.meshgrid(np.arange(west, east, step), np.arange(south, north, step))
    return terrain.height(x, y), (west, west + x.shape[1] * step, south, south + x.shape[0] * step)
