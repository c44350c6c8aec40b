"""A first vehicle file from the figures of a data sheet: what they say is met, all else is a marked estimate.

The underbody is that of a usual 4x4 of this wheelbase. Its parts are set so that the model's angles and clearance are
those of the sheet: the front bumper's lower edge touches the line of the approach angle, the rear bumper's that of the
departure angle, the transfer case both lines of the breakover angle, and the axles' or arms' bottoms stand at the
ground clearance. Masses, springs and inertias scale from a vehicle weighed and driven (a 2.1 t one on solid axles, a
2.3 t one on independent suspension).
"""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import msgspec

from trailcoach.errors import InputError
from trailcoach.inputs.toml_file import to_struct
from trailcoach.vehicle import Vehicle
from trailcoach.vehicle.angles import breakover_height, ramp_height, tyre_radius_loaded
from trailcoach.vehicle.checks import check_vehicle
from trailcoach.vehicle.tyre_size import TyreSize, parse_tyre

Suspension = Literal["solid", "independent"]

_DRIVER = 75.0                      # kg, ISO 1176: with the kerb mass this is "as driven"
_MARGIN = 0.004                     # m that parts keep from the lines the limiting parts touch
_TYRE = {"radius": 0.4154, "width": 0.285, "mass": 40.0, "radial_stiffness": 260000.0}      # 285/70R17 with its rim
_TUBE = 0.042                       # m, radius of an axle's tube
_TREAD = 0.84                       # of the width
_FREQUENCY = {"solid": (1.38, 1.5), "independent": (1.25, 1.32)}                            # Hz, front and rear
_TRAVEL = {"solid": ((0.10, 0.13), (0.105, 0.135)), "independent": ((0.10, 0.11), (0.11, 0.12))}
_AXLE_MASS = {"solid": (0.062, 0.057), "independent": (0.0195, 0.0195)}                     # of the vehicle's
_SPRING_BASE = (0.56, 0.65)         # of the track
_STOPS = {"solid": (120000.0, 500000.0), "independent": (100000.0, 400000.0)}
_REFERENCE_MASS = 2100.0            # kg, the vehicle the stops and bars are of
_GYRATION = (0.42, 0.432, 0.4466)   # of track, wheelbase, wheelbase
_TORQUE_PER_KG = 6.7                # N m, all wheels, low range
_CG_OVER_TYRE = 0.31                # m, height of the centre of gravity over the tyre's radius


class PartPlan(NamedTuple):
    """A box of the chassis: middle and half lengths along x and y, half height, least height of its bottom; m."""

    name: str
    x: float
    y: float
    half: tuple[float, float, float]
    bottom: float


@dataclass(frozen=True)
class DataSheet:
    """What a data sheet says, and what its reader knows beside it; m, kg, degrees where the name says so.

    Without a breakover angle the belly lies a little above the ground clearance. An overhang is the distance from the
    axle to the bumper's foremost or rearmost lower edge.
    """

    name: str
    wheelbase: float
    front_track: float
    rear_track: float
    tyre: str
    mass: float
    approach_deg: float
    departure_deg: float
    clearance: float
    breakover_deg: float | None = None
    front_suspension: Suspension = "solid"
    rear_suspension: Suspension = "solid"
    front_share: float = 0.51
    cg_height: float | None = None
    front_overhang: float | None = None
    rear_overhang: float | None = None
    driver_side: Literal["left", "right"] = "left"
    sources: tuple[str, ...] = ("figures given by hand",)
    unconfirmed: tuple[str, ...] = ()


def draft_vehicle(sheet: DataSheet, plans: tuple[PartPlan, ...] | None = None,
                  adjust: Callable[[dict[str, Any]], None] | None = None,
                  limiting: str = "transfer_case") -> Vehicle:
    """A vehicle that has the sheet's figures.

    Parameters
    ----------
    sheet : DataSheet
    plans : tuple of PartPlan, optional
        The belly; without it a usual one.
    adjust : callable, optional
        Gets the tables of the file before the underbody is fitted, to put better figures in.
    limiting : str
        The part of the belly that sets the breakover angle.

    Raises
    ------
    InputError
        Where a figure is out of range or two of them contradict each other.
    """
    _check_sheet(sheet)
    size = _tyre_of(sheet)
    raw = _tables(sheet, size)
    if adjust is not None:
        adjust(raw)
    bare = to_struct({**raw, "part": []}, Vehicle, sheet.name)
    check_vehicle(msgspec.structs.replace(bare, estimated=()), sheet.name)
    raw["part"] = _underbody(sheet, bare, usual_belly(sheet) if plans is None else plans, limiting)
    vehicle = to_struct(raw, Vehicle, sheet.name)
    check_vehicle(vehicle, sheet.name)
    return vehicle


def _check_sheet(sheet: DataSheet) -> None:
    for name, value, low, high in (
        ("wheelbase", sheet.wheelbase, 1.2, 6.0), ("track", sheet.front_track, 0.8, 3.0),
        ("rear track", sheet.rear_track, 0.8, 3.0), ("mass", sheet.mass, 200.0, 20000.0),
        ("approach", sheet.approach_deg, 5.0, 80.0), ("departure", sheet.departure_deg, 5.0, 80.0),
        ("breakover", sheet.breakover_deg, 2.0, 80.0), ("clearance", sheet.clearance, 0.05, 1.0),
        ("front share", sheet.front_share, 0.2, 0.8), ("cg height", sheet.cg_height, 0.2, 2.0),
        ("front overhang", sheet.front_overhang, 0.2, 3.0), ("rear overhang", sheet.rear_overhang, 0.2, 3.0),
    ):
        if value is not None and not low <= value <= high:
            raise InputError(f"{name} = {value:g}; {low:g} to {high:g} is allowed")


def _tyre_of(sheet: DataSheet) -> TyreSize:
    try:
        return parse_tyre(sheet.tyre)
    except InputError as e:
        raise InputError(f"tyre = {e}") from None


def _tables(sheet: DataSheet, size: TyreSize) -> dict[str, Any]:
    """All of the file but its parts."""
    mass = sheet.mass + _DRIVER
    wide, high = size.width / _TYRE["width"], size.radius / _TYRE["radius"]
    tyre = {"radius": round(size.radius, 4), "width": round(size.width, 4),
            "tread_width": round(_TREAD * size.width, 3), "mass": round(_TYRE["mass"] * wide * high**2, 1),
            "radial_stiffness": round(_TYRE["radial_stiffness"] * math.sqrt(wide * high), -3)}
    height = size.radius + _CG_OVER_TYRE if sheet.cg_height is None else sheet.cg_height
    axles = [_axle(sheet, end, mass, tyre["mass"]) for end in (0, 1)]
    sprung = mass - sum(a["mass"] for a in axles) - 4.0 * tyre["mass"]
    lengths = ((sheet.front_track + sheet.rear_track) / 2.0, sheet.wheelbase, sheet.wheelbase)
    published = {key: value for key, value in (
        ("approach_deg", sheet.approach_deg), ("breakover_deg", sheet.breakover_deg),
        ("departure_deg", sheet.departure_deg), ("ground_clearance", sheet.clearance),
        ("wheelbase", sheet.wheelbase), ("front_track", sheet.front_track), ("rear_track", sheet.rear_track),
        ("kerb_mass", sheet.mass), ("tyre", sheet.tyre)) if value is not None}
    return {
        "name": sheet.name, "wheelbase": sheet.wheelbase, "mass": round(mass, 1),
        "cg": [round(sheet.front_share * sheet.wheelbase, 3), 0.0, round(height, 3)],
        "sprung_inertia": [round(sprung * (g * length) ** 2, -1)
                           for g, length in zip(_GYRATION, lengths, strict=True)],
        "imu": [round(0.55 * sheet.wheelbase, 3), 0.0, 0.8], "gnss": [round(0.4 * sheet.wheelbase, 3), 0.0, 1.85],
        "driver_side": sheet.driver_side,
        "estimated": ["mass", "cg", "sprung_inertia", "imu", "gnss", "tyre.tread_width", "tyre.mass",
                      "tyre.radial_stiffness", *(f"{end}_axle.{key}" for end, axle in zip(("front", "rear"), axles,
                                                                                         strict=True)
                                                 for key in axle if key not in ("suspension", "track")),
                      "steering.*", "driveline.*", "part.*"],
        "tyre": tyre, "front_axle": axles[0], "rear_axle": axles[1],
        "steering": {"max_angle_deg": 35.0, "ratio": 16.0},
        "driveline": {"max_wheel_torque": round(_TORQUE_PER_KG * mass, -2), "front_differential": "open",
                      "centre_differential": "locked", "rear_differential": "open"},
        "published": {**published, **({"unconfirmed": list(sheet.unconfirmed)} if sheet.unconfirmed else {}),
                      "sources": list(sheet.sources)},
    }


def _axle(sheet: DataSheet, end: int, mass: float, wheel: float) -> dict[str, Any]:
    kind = (sheet.front_suspension, sheet.rear_suspension)[end]
    track = (sheet.front_track, sheet.rear_track)[end]
    share = (sheet.front_share, 1.0 - sheet.front_share)[end]
    own = round(_AXLE_MASS[kind][end] * mass, 0)
    sprung = max((share * mass - own) / 2.0 - wheel, 1.0)
    bump, rebound = _TRAVEL[kind][end]
    scale = mass / _REFERENCE_MASS
    axle: dict[str, Any] = {
        "suspension": kind, "track": track, "mass": own,
        "spring_rate": round((2.0 * math.pi * _FREQUENCY[kind][end]) ** 2 * sprung, -2)}
    if kind == "solid":
        axle["spring_base"] = round(_SPRING_BASE[end] * track, 2)
    axle |= {"anti_roll_rate": round((8000.0 if kind == "solid" else (9000.0, 6000.0)[end]) * scale, -2),
             "bump_travel": bump, "rebound_travel": rebound,
             "bump_stop_rates": [round(k * scale, -3) for k in _STOPS[kind]], "bump_stop_gap": 0.045,
             "rebound_stop_rate": round(400000.0 * scale, -3)}
    return axle


def usual_belly(sheet: DataSheet) -> tuple[PartPlan, ...]:
    """Engine ahead, gearbox and transfer case in the middle, tank beside the shaft, sills along the sides."""
    length, track, low = sheet.wheelbase, min(sheet.front_track, sheet.rear_track), sheet.clearance
    plans = [
        PartPlan("oil_pan", 0.825 * length, 0.0, (0.06 * length, 0.17, 0.09), low + 0.09),
        PartPlan("transmission", 0.65 * length, 0.0, (0.083 * length, 0.18, 0.09), low + 0.05),
        PartPlan("transfer_case", 0.475 * length, 0.02, (0.073 * length, 0.24, 0.09), low + 0.015),
        PartPlan("fuel_tank", 0.25 * length, 0.18 * track, (0.115 * length, 0.19, 0.11), low + 0.08),
        PartPlan("rocker_left", 0.493 * length, 0.5 * track, (0.27 * length, 0.05, 0.05), low + 0.17),
        PartPlan("rocker_right", 0.493 * length, -0.5 * track, (0.27 * length, 0.05, 0.05), low + 0.17),
        PartPlan("muffler", -0.46, 0.0, (0.11, 0.36, 0.07), low + 0.21)]
    if sheet.front_suspension == "independent":
        plans += [PartPlan("skid_plate", length + 0.30, 0.0, (0.14, 0.28, 0.03), low + 0.06),
                  PartPlan("front_diff", length, 0.12, (0.16, 0.16, 0.09), low + 0.04)]
    if sheet.rear_suspension == "independent":
        plans.append(PartPlan("rear_diff", 0.0, 0.0, (0.2, 0.2, 0.1), low + 0.04))
    return tuple(plans)


def _underbody(sheet: DataSheet, v: Vehicle, plans: tuple[PartPlan, ...], limiting: str) -> list[dict[str, Any]]:
    front, rear = tyre_radius_loaded(v, v.wheelbase), tyre_radius_loaded(v, 0.0)
    parts = [_bumper("front_bumper", sheet.approach_deg, front, sheet.front_overhang, sheet.front_track, sheet,
                     lambda d: v.wheelbase + d)]
    parts += [_box(plan, _bottom(plan, sheet, v, plan.name == limiting)) for plan in plans]
    parts.append(_bumper("rear_bumper", sheet.departure_deg, rear, sheet.rear_overhang, sheet.rear_track, sheet,
                         lambda d: -d))
    for end, axle, x, radius in (("front", v.front_axle, v.wheelbase, front), ("rear", v.rear_axle, 0.0, rear)):
        solid = axle.suspension == "solid"
        room = radius - (_TUBE + 0.02 if solid else 0.0)
        if sheet.clearance >= room:
            raise InputError(f"clearance = {sheet.clearance}; less than {room:.3f} m is needed under"
                             f" {'solid axles' if solid else 'wishbones'} on these tyres")
        parts += (_solid_axle(end, x, radius, axle.track, sheet.clearance, v.tyre.width) if solid
                  else _arms(end, x, axle.track, sheet.clearance))
    return parts


def _bottom(plan: PartPlan, sheet: DataSheet, v: Vehicle, limiting: bool) -> float:
    """Height of a part's bottom: as planned, or as high as the angles of the sheet ask for."""
    first, last = plan.x - plan.half[0], plan.x + plan.half[0]
    needs = [plan.bottom]
    if last > v.wheelbase:
        front = tyre_radius_loaded(v, v.wheelbase)
        needs.append(ramp_height(front, last - v.wheelbase, sheet.approach_deg) + _MARGIN)
    if first < 0.0:
        rear = tyre_radius_loaded(v, 0.0)
        needs.append(ramp_height(rear, -first, sheet.departure_deg) + _MARGIN)
    if sheet.breakover_deg is not None:
        inside = [first + (last - first) * i / 32.0 for i in range(33)]
        lines = [breakover_height(v, x, sheet.breakover_deg) for x in inside if 0.0 < x < v.wheelbase]
        if limiting and lines:
            line = max(lines)
            if line < sheet.clearance - 0.0005:
                raise InputError(f"breakover = {sheet.breakover_deg}: the belly would lie at {line:.3f} m, under the"
                                 f" clearance of {sheet.clearance} m; a larger angle or a smaller clearance is needed")
            return line
        needs += [line + _MARGIN for line in lines]
    return max(needs)


def _bumper(name: str, angle_deg: float, radius: float, overhang: float | None, track: float, sheet: DataSheet,
            place: Callable[[float], float]) -> dict[str, Any]:
    """A bumper whose outer lower edge touches the line of the angle."""
    half = (0.06, round(0.39 * track, 3), 0.08)
    slope = math.radians(angle_deg)
    if overhang is None:                # a usual lower edge is a quarter higher than the hub
        edge = max(1.25 * radius, sheet.clearance + 0.05)
        overhang = (edge - radius + radius / math.cos(slope)) / math.tan(slope)
    overhang = round(overhang, 3)
    bottom = ramp_height(radius, overhang, angle_deg)
    if bottom < sheet.clearance:
        raise InputError(f"{name.partition('_')[0]} overhang = {overhang} m would put the bumper {bottom:.3f} m over"
                         f" the ground, under the clearance of {sheet.clearance} m; a longer one is needed")
    return _box(PartPlan(name, place(overhang - half[0]), 0.0, half, bottom), bottom)


def _box(plan: PartPlan, bottom: float) -> dict[str, Any]:
    half = [round(h, 3) for h in plan.half]
    return {"name": plan.name, "fixed_to": "chassis", "shape": "box",
            "centre": [round(plan.x, 3), round(plan.y, 3), round(bottom + half[2], 4)], "half_size": half}


def _solid_axle(end: str, x: float, hub: float, track: float, clearance: float, width: float) -> list[dict[str, Any]]:
    y = 0.2 if end == "front" else 0.0
    centre = round(hub, 4)
    return [{"name": f"{end}_diff", "fixed_to": f"{end}_axle", "shape": "sphere", "centre": [x, y, centre],
             "radius": round(centre - clearance, 4)},
            {"name": f"{end}_tube", "fixed_to": f"{end}_axle", "shape": "tube", "centre": [x, 0.0, centre],
             "radius": _TUBE, "half_length": round(track / 2.0 - width / 2.0 - 0.02, 3)}]


def _arms(end: str, x: float, track: float, clearance: float) -> list[dict[str, Any]]:
    return [{"name": f"{end}_arm_{side}", "fixed_to": f"hub_{end[0]}{side[0]}", "shape": "box",
             "centre": [x, sign * round(0.36 * track, 3), round(clearance + 0.03, 4)], "half_size": [0.06, 0.1, 0.03]}
            for side, sign in (("left", 1.0), ("right", -1.0))]
