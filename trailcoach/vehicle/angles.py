"""Approach, breakover and departure angle and ground clearance, computed from a vehicle's geometry.

The angles are those of SAE J1100 (H106, H147, H107): between the ground and lines that touch a tyre's arc of static
loaded radius and the underbody. A line that touches the circle (C, r) from below and the circle (P, q) of the body at
distance d rises by

    asin((P_z - C_z) / d) + asin((r - q) / d)

where a corner is a circle of q = 0.
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from trailcoach.vehicle import Part, Vehicle

_GRAVITY = 9.81                     # m/s^2
_ALONG_BOX = 33                     # places looked at along a box's lower edge


class Limit(NamedTuple):
    """A value and the part that sets it, "" where none does."""

    value: float
    part: str


class RampAngles(NamedTuple):
    """Angles in degrees, as data sheets have them; clearance in m."""

    approach: Limit
    breakover: Limit
    departure: Limit
    clearance: Limit


class _Arc(NamedTuple):
    """A circle in the side view: x forward, z up, m."""

    x: float
    z: float
    radius: float


def ramp_angles(vehicle: Vehicle) -> RampAngles:
    """The angles of a vehicle at rest on level ground at design ride height."""
    front, rear = (_tyre(vehicle, x) for x in (vehicle.wheelbase, 0.0))
    outlines = [(p, list(_outline(p))) for p in vehicle.part]
    chassis = [(p, o) for p, o in outlines if p.fixed_to == "chassis"]
    return RampAngles(
        _least((_rise(front, a, +1.0), p.name) for p, o in outlines for a in o if a.x > front.x),
        _least((_rise(front, a, -1.0) + _rise(rear, a, +1.0), p.name)
               for p, o in chassis for a in o if rear.x < a.x < front.x),
        _least((_rise(rear, a, -1.0), p.name) for p, o in outlines for a in o if a.x < rear.x),
        min((Limit(lowest(p), p.name) for p in vehicle.part), default=Limit(math.inf, "")))


def lowest(part: Part) -> float:
    """Height of a part's lowest point over the ground at design ride height, m."""
    return min(a.z - a.radius for a in _outline(part))


def tyre_radius_loaded(vehicle: Vehicle, x: float) -> float:
    """Static loaded radius of the tyres of the axle at x (0 or the wheelbase), m."""
    share = vehicle.cg[0] / vehicle.wheelbase
    load = vehicle.mass * _GRAVITY * (share if x > 0.0 else 1.0 - share) / 2.0
    return vehicle.tyre.radius - load / vehicle.tyre.radial_stiffness


def ramp_height(radius: float, distance: float, angle_deg: float) -> float:
    """Height at a distance from the axle of the line at this angle that touches a tyre of that radius, m."""
    angle = math.radians(angle_deg)
    return radius + distance * math.tan(angle) - radius / math.cos(angle)


def breakover_height(vehicle: Vehicle, x: float, angle_deg: float) -> float:
    """Height of the point at x between the axles that both tyres' lines meet in at this breakover angle, m."""
    front, rear = (_tyre(vehicle, at) for at in (vehicle.wheelbase, 0.0))
    low, high = 0.0, vehicle.wheelbase      # the angle grows with the height
    for _ in range(60):
        middle = (low + high) / 2.0
        point = _Arc(x, middle, 0.0)
        if _rise(front, point, -1.0) + _rise(rear, point, +1.0) < angle_deg:
            low = middle
        else:
            high = middle
    return high


def _tyre(vehicle: Vehicle, x: float) -> _Arc:
    radius = tyre_radius_loaded(vehicle, x)
    return _Arc(x, radius, radius)


def _outline(part: Part) -> Iterator[_Arc]:
    """The lower outline of a part in the side view."""
    x, _, z = part.centre
    if part.shape == "box" and part.half_size is not None:
        hx, _, hz = part.half_size
        for i in range(_ALONG_BOX):
            yield _Arc(x + hx * (2.0 * i / (_ALONG_BOX - 1) - 1.0), z - hz, 0.0)
    else:
        yield _Arc(x, z, part.radius or 0.0)


def _rise(tyre: _Arc, body: _Arc, towards: float) -> float:
    """Angle (deg) of the line under a tyre and a body before (+1) or behind (-1) it; inf where there is none."""
    dx, dz = (body.x - tyre.x) * towards, body.z - tyre.z
    d = math.hypot(dx, dz)
    if d <= abs(tyre.radius - body.radius):
        return math.inf
    return math.degrees(math.atan2(dz, dx) + math.asin((tyre.radius - body.radius) / d))


def _least(candidates: Iterable[tuple[float, str]]) -> Limit:
    value, part = min(candidates, default=(math.inf, ""))
    return Limit(value, part if math.isfinite(value) else "")
