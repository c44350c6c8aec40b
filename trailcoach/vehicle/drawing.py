"""Pictures of a vehicle file: side, front and underbody, every part named, to see whether it is the vehicle meant."""
from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailcoach.vehicle import Part, Vehicle
from trailcoach.vehicle.angles import lowest, ramp_angles, tyre_radius_loaded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = {"chassis": "#4878a8", "front_axle": "#c0763c", "rear_axle": "#c0763c"}     # and hubs:
_HUB = "#6a9a4a"
_TYRE = "#555555"
_DPI = 150
_RANK = 0.75                        # m above the drawing for the parts' names
_X, _Y, _Z = 0, 1, 2


def draw_views(vehicle: Vehicle, folder: Path) -> list[str]:
    """Draw side.png, front.png and underbody.png.

    Parameters
    ----------
    vehicle : Vehicle
    folder : Path
        An existing folder.

    Returns
    -------
    list of str
        The files' names.
    """
    from matplotlib.figure import Figure
    names = []
    for name, across, up, size in (("side", _X, _Z, (11.0, 5.0)), ("front", _Y, _Z, (8.0, 6.5)),
                                   ("underbody", _X, _Y, (11.0, 7.0))):
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots()
        _tyres(axes, vehicle, across, up)
        for part in vehicle.part:
            _draw_part(axes, part, across, up)
        _label_parts(axes, vehicle, across, up)
        if name == "side":
            _ramps(axes, vehicle)
        if up == _Z:
            axes.axhline(0.0, color="black", linewidth=1.0)
        if across == _Y:
            axes.invert_xaxis()         # seen from behind, left is left
        axes.set(title=f"{vehicle.name}: {_TITLES[name]}", xlabel=_LABELS[across], ylabel=_LABELS[up], aspect="equal")
        figure.savefig(folder / f"{name}.png", dpi=_DPI)
        names.append(f"{name}.png")
    return names


_LABELS = ("x forward, m", "y left, m", "z up, m")
_TITLES = {"side": "side, at rest on level ground", "front": "seen from behind", "underbody": "seen from above"}


def _colour(part: Part) -> str:
    return _COLOURS.get(part.fixed_to, _HUB)


def _half_extent(part: Part) -> tuple[float, float, float]:
    if part.shape == "box" and part.half_size is not None:
        return part.half_size
    radius = part.radius or 0.0
    return radius, part.half_length or radius, radius


def _draw_part(axes: Axes, part: Part, across: int, up: int) -> None:
    from matplotlib.patches import Circle, Rectangle
    centre, half = part.centre, _half_extent(part)
    style: dict[str, Any] = {"facecolor": _colour(part), "edgecolor": "black", "alpha": 0.55, "linewidth": 0.8}
    round_here = part.shape == "sphere" or (part.shape == "tube" and _Y not in (across, up))
    if round_here:
        axes.add_patch(Circle((centre[across], centre[up]), part.radius or 0.0, **style))
    else:
        axes.add_patch(Rectangle((centre[across] - half[across], centre[up] - half[up]), 2 * half[across],
                                 2 * half[up], **style))


def _label_parts(axes: Axes, vehicle: Vehicle, across: int, up: int) -> None:
    """Names in a rank over the drawing, evenly spread in the parts' own order so that none covers another."""
    tyre_ends = (-vehicle.tyre.radius, vehicle.wheelbase + vehicle.tyre.radius) if across == _X else (
        -vehicle.rear_axle.track / 2.0 - 0.2, vehicle.rear_axle.track / 2.0 + 0.2)
    parts = sorted(vehicle.part, key=lambda p: p.centre[across])
    first, last = (f([*tyre_ends, *(p.centre[across] + side * _half_extent(p)[across] for p in parts)])
                   for f, side in ((min, -1.0), (max, 1.0)))
    base = 0.0 if up == _Z else -vehicle.rear_axle.track / 2.0 - 0.3
    top = max([2.0 * vehicle.tyre.radius if up == _Z else -base,
               *(p.centre[up] + _half_extent(p)[up] for p in parts)])
    axes.set(xlim=(first - 0.3, last + 0.3), ylim=(base - 0.15, top + _RANK))
    step = (last - first) / max(len(parts) - 1, 1)
    for i, part in enumerate(parts):
        text = f"{part.name}  {lowest(part):.3f} m" if up == _Z else part.name
        axes.annotate(text, (part.centre[across], part.centre[up]), (first + i * step, top + 0.1), fontsize=6,
                      rotation=90, ha="center", va="bottom",
                      arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": "#888888"})


def _tyres(axes: Axes, vehicle: Vehicle, across: int, up: int) -> None:
    from matplotlib.patches import Circle, Rectangle
    style: dict[str, Any] = {"facecolor": "none", "edgecolor": _TYRE, "linewidth": 1.5}
    r, w = vehicle.tyre.radius, vehicle.tyre.width
    for x, axle in ((vehicle.wheelbase, vehicle.front_axle), (0.0, vehicle.rear_axle)):
        height = tyre_radius_loaded(vehicle, x)
        if (across, up) == (_X, _Z):
            axes.add_patch(Circle((x, height), r, **style))
            continue
        for y in (axle.track / 2.0, -axle.track / 2.0):
            if up == _Z:
                axes.add_patch(Rectangle((y - w / 2.0, height - r), w, 2.0 * r, **style))
            else:
                axes.add_patch(Rectangle((x - r, y - w / 2.0), 2.0 * r, w, **style))


def _ramps(axes: Axes, vehicle: Vehicle) -> None:
    """Approach and departure as lines that touch the tyres, all three in words."""
    angles = ramp_angles(vehicle)
    for x, limit, towards in ((vehicle.wheelbase, angles.approach, 1.0), (0.0, angles.departure, -1.0)):
        if not limit.part:
            continue
        radius, angle = tyre_radius_loaded(vehicle, x), math.radians(limit.value)
        touch = (x + towards * radius * math.sin(angle), radius * (1.0 - math.cos(angle)))
        axes.plot([touch[0], touch[0] + towards * 1.2 * math.cos(angle)],
                  [touch[1], touch[1] + 1.2 * math.sin(angle)], color="#b03030", linewidth=1.0)
    axes.text(0.5, 0.01, f"approach {angles.approach.value:.1f} deg, breakover {angles.breakover.value:.1f} deg,"
              f" departure {angles.departure.value:.1f} deg, clearance {angles.clearance.value:.3f} m",
              transform=axes.transAxes, ha="center", va="bottom", fontsize=8, color="#b03030")
