"""What if: the same vehicle lifted, on other tyres, armoured, laden, locked or without its anti-roll bars.

A vehicle file describes the rest on level ground, and its springs are preloaded for just that. A change of weight,
tyres or springs makes another rest, found here from the balance of each axle:

- the tyres' hubs lie at radius - (axle load / 2 - wheel weight) / radial stiffness,
- a spring gives by (new preload - old preload) / rate, a lift adds to its length,
- the chassis, with all that is fixed to it, rises over each axle by what hubs and springs do, and what a spring has
  given is missing from its bump travel and added to its rebound travel.

The frame stays level: where front and rear sink differently, parts follow in height, boxes keep their attitude. Their
bottoms are lowered to where their lower end comes to lie, so that the least clearance of each is right and the rest of
it errs to the safe side, by at most its length times that small pitch.

A tyre of another size is taken as of the same make: tread in proportion to the width, mass to width times diameter
squared, and radial stiffness, at the same pressure, to the root of width times diameter (Rhyne, Tire Science and
Technology 33, 2005).
"""
from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from trailcoach.errors import InputError
from trailcoach.inputs.toml_file import to_struct
from trailcoach.vehicle.checks import check_vehicle
from trailcoach.vehicle.tyre_size import TyreSize, parse_tyre

if TYPE_CHECKING:
    from trailcoach.vehicle import Axle, Part, Tyre, Vehicle

_GRAVITY = 9.81                     # m/s^2, as the core's
_STEEL = 7850.0                     # kg/m^3
_PLATE = 0.005                      # m, a skid plate unless said otherwise
_THICKEST_PLATE = 0.05              # m
_HIGHEST_LIFT = 0.5                 # m
_HEAVIEST_LOAD = 10000.0            # kg
_BELLY = 0.35                       # of the track: parts further out are rockers
_NAME_LENGTH = 200
_LOCKERS = {"front": ("front",), "rear": ("rear",), "centre": ("centre",), "both": ("front", "rear"),
            "all": ("front", "centre", "rear")}
_SWAY_BARS = {"off": ("front_axle", "rear_axle"), "front_off": ("front_axle",), "rear_off": ("rear_axle",)}
_FOLLOWS = ("mass", "cg", "sprung_inertia", "tyre", "front_axle.bump_travel", "front_axle.rebound_travel",
            "rear_axle.bump_travel", "rear_axle.rebound_travel", "part")


def changed(vehicle: Vehicle, *, lift: float, tyre: str | float | None,
            skid_plate: str | float | Sequence[str] | Mapping[str, float] | None,
            load: Sequence[tuple[float, Sequence[float]]], locker: str | None, sway_bar: str | None) -> Vehicle:
    """See :meth:`trailcoach.vehicle.Vehicle.with_`."""
    height = _number("lift", lift, -_HIGHEST_LIFT, _HIGHEST_LIFT)
    plated, plates = _plated(vehicle, _plates(vehicle, skid_plate))
    loads = _loads(load)
    masses = [*loads, *plates]
    rested = _at_rest(vehicle, plated, height, _tyre(vehicle.tyre, tyre), masses)
    done = _disconnected(_locked(rested, locker), sway_bar)
    words = [f"{name} {value}" for name, value in (("lift", lift or None), ("tyre", tyre), ("skid plate", skid_plate),
                                                   ("load", _weight(loads)), ("locker", locker),
                                                   ("sway bar", sway_bar)) if value is not None]
    if not words:
        return vehicle
    weighs = bool(height or masses) or tyre is not None or plated is not vehicle
    done = msgspec.structs.replace(done, name=f"{vehicle.name}, {', '.join(words)}"[:_NAME_LENGTH], published=None,
                                   estimated=_marks(vehicle) if weighs else vehicle.estimated)
    label = f"{vehicle.name} with {', '.join(words)}"
    checked = to_struct(msgspec.to_builtins(done), type(vehicle), label)
    check_vehicle(checked, label)
    return checked


def _weight(loads: list[_Mass]) -> str | None:
    return f"{sum(m.mass for m in loads):g} kg" if loads else None


class _Mass(NamedTuple):
    """Something carried by the springs: kg, m in the body frame."""

    mass: float
    at: np.ndarray


class _Stand(NamedTuple):
    """How one axle carries the vehicle: hub height, m, and the force of each spring, N."""

    hub: float
    preload: float


def _at_rest(old: Vehicle, new: Vehicle, lift: float, tyre: Tyre, masses: list[_Mass]) -> Vehicle:
    """`new` (axles and parts of `old`, heavier by plates) on its tyres and springs, lifted and laden."""
    before = _stands(old, old.mass, old.cg[0], old.tyre)
    sprung, cg, inertia = _sprung_with(old, [s.hub for s in before], masses)
    axles = (new.front_axle, new.rear_axle)
    unsprung = [a.mass + 2.0 * tyre.mass for a in axles]
    mass = sprung + sum(unsprung)
    cg_x = (sprung * cg[0] + unsprung[0] * new.wheelbase) / mass
    if not 0.0 < cg_x < new.wheelbase:
        raise InputError(f"load puts the centre of gravity at x = {cg_x:.3f} m; it must stay between the axles,"
                         f" 0 to {new.wheelbase} m")
    after = _stands(new, mass, cg_x, tyre)
    sag = [(b.preload - a.preload) / axle.spring_rate for a, b, axle in zip(before, after, axles, strict=True)]
    ride = [lift - s for s in sag]
    front, rear = (b.hub - a.hub + r for a, b, r in zip(before, after, ride, strict=True))

    def rise(x: float) -> float:
        return rear + (front - rear) * x / new.wheelbase

    cg[2] += rise(cg[0])
    wheels = 2.0 * tyre.mass * tyre.radius
    cg_z = (sprung * cg[2] + sum(a.mass * s.hub + wheels for a, s in zip(axles, after, strict=True))) / mass
    heights = {"front_axle": after[0].hub - before[0].hub, "rear_axle": after[1].hub - before[1].hub}
    return msgspec.structs.replace(
        new, mass=mass, cg=(cg_x, sprung * cg[1] / mass, cg_z), sprung_inertia=inertia, tyre=tyre,
        imu=_raised(new.imu, rise(new.imu[0])), gnss=_raised(new.gnss, rise(new.gnss[0])),
        front_axle=_travelled("front_axle", axles[0], lift, sag[0]),
        rear_axle=_travelled("rear_axle", axles[1], lift, sag[1]),
        part=tuple(_part_raised(p, rise, heights, abs(front - rear) / new.wheelbase) for p in new.part))


def _stands(v: Vehicle, mass: float, cg_x: float, tyre: Tyre) -> list[_Stand]:
    front = mass * _GRAVITY * cg_x / v.wheelbase
    stands = []
    for axle, load in ((v.front_axle, front), (v.rear_axle, mass * _GRAVITY - front)):
        wheel = tyre.mass * _GRAVITY
        stands.append(_Stand(tyre.radius - (load / 2.0 - wheel) / tyre.radial_stiffness,
                             (load - axle.mass * _GRAVITY) / 2.0 - wheel))
    return stands


def _sprung_with(v: Vehicle, hubs: Sequence[float], masses: list[_Mass]) -> tuple[float, list[float], tuple[Any, ...]]:
    """Mass, centre of gravity and inertia of what the springs carry, with masses added, at the old ride height."""
    sprung, moment = v.mass, v.mass * np.array(v.cg)
    for axle, x, hub in ((v.front_axle, v.wheelbase, hubs[0]), (v.rear_axle, 0.0, hubs[1])):
        wheels = 2.0 * v.tyre.mass
        sprung -= axle.mass + wheels
        moment -= [(axle.mass + wheels) * x, 0.0, axle.mass * hub + wheels * v.tyre.radius]
    bodies = [_Mass(sprung, moment / sprung), *masses]
    mass = sum(b.mass for b in bodies)
    cg = sum((b.mass * b.at for b in bodies), np.zeros(3)) / mass
    inertia = np.array(v.sprung_inertia)
    for body in bodies:                 # parallel axes
        square = (body.at - cg) ** 2
        inertia = inertia + body.mass * (square.sum() - square)
    return mass, cg.tolist(), tuple(inertia.tolist())


def _travelled(name: str, axle: Axle, lift: float, sag: float) -> Axle:
    """The axle with what lift and sag leave of its travel."""
    bump, rebound = axle.bump_travel + lift - sag, axle.rebound_travel - lift + sag
    if bump > 0.0 and rebound > 0.0:
        return msgspec.structs.replace(axle, bump_travel=bump, rebound_travel=rebound)
    if lift:
        raise InputError(f"lift = {lift}; more than {sag - axle.bump_travel:.3f} and less than"
                         f" {sag + axle.rebound_travel:.3f} m are allowed, or the {name} rests on its stops")
    raise InputError(f"load makes the springs of the {name} give {sag:.3f} m; less than {axle.bump_travel:.3f} m are"
                     " allowed, or it rests on its bump stops")


def _raised(point: tuple[float, float, float], by: float) -> tuple[float, float, float]:
    return point[0], point[1], point[2] + by


def _part_raised(part: Part, rise: Callable[[float], float], heights: Mapping[str, float], slope: float) -> Part:
    """The part where chassis (which has sunk with a slope) or axle have gone."""
    place = {"hub_f": "front_axle", "hub_r": "rear_axle"}.get(part.fixed_to[:5], part.fixed_to)
    if place in heights:
        return msgspec.structs.replace(part, centre=_raised(part.centre, heights[place]))
    raised = msgspec.structs.replace(part, centre=_raised(part.centre, rise(part.centre[0])))
    return _thicker(raised, slope * part.half_size[0]) if part.half_size is not None else raised


def _tyre(old: Tyre, size: str | float | None) -> Tyre:
    if size is None:
        return old
    if isinstance(size, str):
        try:
            new = parse_tyre(size)
        except InputError as e:
            raise InputError(f"tyre = {e}") from None
    else:
        new = TyreSize(_number("tyre", size, 0.2, 1.0), old.width)
    wide, high = new.width / old.width, new.radius / old.radius
    return msgspec.structs.replace(old, radius=new.radius, width=new.width, tread_width=old.tread_width * wide,
                                   mass=old.mass * wide * high**2,
                                   radial_stiffness=old.radial_stiffness * math.sqrt(wide * high))


def _plates(v: Vehicle, asked: str | float | Sequence[str] | Mapping[str, float] | None) -> dict[str, float]:
    """Thickness by part."""
    if asked is None:
        return {}
    if isinstance(asked, str):
        plates: dict[str, Any] = {asked: _PLATE}
    elif isinstance(asked, Mapping):
        plates = dict(asked)
    elif isinstance(asked, Iterable):
        plates = {name: _PLATE for name in asked}
    else:
        track = min(v.front_axle.track, v.rear_axle.track)
        plates = {p.name: asked for p in v.part if p.fixed_to == "chassis" and 0.0 < p.centre[0] < v.wheelbase
                  and abs(p.centre[1]) < _BELLY * track}
    for name in plates:
        if name not in v.part_names:
            raise InputError(f"skid_plate = {name!r}; allowed are the parts {', '.join(v.part_names)}")
    return {name: _number("skid_plate", t, 0.0, _THICKEST_PLATE) for name, t in plates.items()}


def _plated(v: Vehicle, plates: Mapping[str, float]) -> tuple[Vehicle, list[_Mass]]:
    """The vehicle with thicker parts and heavier axles, and the plates its springs carry."""
    parts, carried, unsprung = [], [], {"f": 0.0, "r": 0.0}
    for part in v.part:
        thickness = plates.get(part.name, 0.0)
        if thickness == 0.0:
            parts.append(part)
            continue
        weight = _STEEL * thickness * _bottom_area(part)
        parts.append(_thicker(part, thickness))
        if part.fixed_to == "chassis":
            carried.append(_Mass(weight, np.array(part.centre)))
        else:
            unsprung[part.fixed_to.removeprefix("hub_")[0]] += weight
    if len(plates) == 0:
        return v, []
    front, rear = (msgspec.structs.replace(a, mass=a.mass + unsprung[end])
                   for a, end in ((v.front_axle, "f"), (v.rear_axle, "r")))
    return msgspec.structs.replace(v, part=tuple(parts), front_axle=front, rear_axle=rear), carried


def _bottom_area(part: Part) -> float:
    if part.half_size is not None:
        return 4.0 * part.half_size[0] * part.half_size[1]
    radius = part.radius or 0.0
    return math.pi * radius**2 if part.half_length is None else 4.0 * radius * part.half_length


def _thicker(part: Part, thickness: float) -> Part:
    """The part with its top where it was and its bottom lower."""
    half = thickness / 2.0
    centre = _raised(part.centre, -half)
    if part.half_size is not None:
        x, y, z = part.half_size
        return msgspec.structs.replace(part, centre=centre, half_size=(x, y, z + half))
    return msgspec.structs.replace(part, centre=centre, radius=(part.radius or 0.0) + half)


def _loads(asked: Any) -> list[_Mass]:
    form = "(mass, (x, y, z)) in kg and m, or a list of them, is needed"
    items = [asked] if isinstance(asked, tuple) and len(asked) == 2 and not isinstance(asked[0], Sequence) else asked
    masses = []
    try:
        for mass, place in items:
            x, y, z = place
            masses.append(_Mass(_number("load", mass, 0.0, _HEAVIEST_LOAD),
                                np.array([_number("load", c, -10.0, 10.0) for c in (x, y, z)])))
    except (TypeError, ValueError):
        raise InputError(f"load = {asked!r}; {form}") from None
    return masses


def _locked(v: Vehicle, locker: str | None) -> Vehicle:
    if locker is None:
        return v
    keys = {f"{end}_differential": "locked" for end in _choice("locker", locker, _LOCKERS)}
    return msgspec.structs.replace(v, driveline=msgspec.structs.replace(v.driveline, **keys))


def _disconnected(v: Vehicle, sway_bar: str | None) -> Vehicle:
    if sway_bar is None:
        return v
    return msgspec.structs.replace(v, **{key: msgspec.structs.replace(getattr(v, key), anti_roll_rate=0.0)
                                         for key in _choice("sway_bar", sway_bar, _SWAY_BARS)})


def _marks(v: Vehicle) -> tuple[str, ...]:
    """All that a change of stance or tyres touches is an estimate."""
    return tuple(dict.fromkeys([*v.estimated, *(k for k in _FOLLOWS if k != "part" or v.part)]))


def _number(name: str, value: Any, low: float, high: float) -> float:
    allowed = f"a number of {low:g} to {high:g} is needed"
    if isinstance(value, (bool, str)):
        raise InputError(f"{name} = {value!r}; {allowed}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} = {value!r}; {allowed}") from None
    if not low <= number <= high:
        raise InputError(f"{name} = {number:g}; {allowed}")
    return number


def _choice(name: str, value: Any, choices: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if not isinstance(value, str) or value not in choices:
        raise InputError(f"{name} = {value!r}; allowed are {', '.join(choices)}")
    return choices[value]
