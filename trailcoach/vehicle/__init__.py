"""Vehicle files: what the core must know of a 4x4, from TOML, checked before anything relies on it."""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np

from trailcoach import abi
from trailcoach.errors import InputError
from trailcoach.inputs.kinds import kind_of
from trailcoach.inputs.toml_file import load_toml
from trailcoach.vehicle.checks import check_vehicle, covers

Positive = Annotated[float, msgspec.Meta(gt=0.0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0.0)]
Length = Annotated[float, msgspec.Meta(gt=0.0, le=10.0)]
Coordinate = Annotated[float, msgspec.Meta(ge=-10.0, le=10.0)]
Point = tuple[Coordinate, Coordinate, Coordinate]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=abi.NAME_SIZE - 1, pattern=r"^[A-Za-z0-9_]+$")]
Differential = Literal["open", "limited_slip", "locked"]
Place = Literal["chassis", "front_axle", "rear_axle", "hub_fl", "hub_fr", "hub_rl", "hub_rr"]

_DIFFERENTIALS = ("open", "limited_slip", "locked")
_PLACES = ("chassis", "front_axle", "rear_axle", "hub_fl", "hub_fr", "hub_rl", "hub_rr")
_SHAPES = ("box", "sphere", "tube")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: its keys are the fields, others are refused."""


class Tyre(_Table, frozen=True, kw_only=True):
    """All four tyres alike: metres, kg, N/m."""

    radius: Annotated[float, msgspec.Meta(ge=0.2, le=1.0)]
    width: Annotated[float, msgspec.Meta(ge=0.1, le=0.8)]
    tread_width: Annotated[float, msgspec.Meta(ge=0.05, le=0.8)]
    mass: Annotated[float, msgspec.Meta(gt=0.0, le=300.0)]
    radial_stiffness: Annotated[float, msgspec.Meta(ge=2e4, le=5e6)]


class Axle(_Table, frozen=True, kw_only=True):
    """One axle and its suspension; spring rates are per side at the spring (solid) or wheel (independent)."""

    suspension: Literal["solid", "independent"]
    track: Annotated[float, msgspec.Meta(ge=0.8, le=3.0)]
    mass: Annotated[float, msgspec.Meta(gt=0.0, le=1500.0)]
    spring_rate: Annotated[float, msgspec.Meta(ge=1e3, le=1e6)]
    spring_base: Annotated[float, msgspec.Meta(gt=0.0, le=3.0)] | None = None
    anti_roll_rate: NotNegative = 0.0
    bump_travel: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]
    rebound_travel: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]
    bump_stop_rates: tuple[NotNegative, NotNegative]
    bump_stop_gap: Annotated[float, msgspec.Meta(ge=0.0, le=0.5)]
    rebound_stop_rate: NotNegative


class Steering(_Table, frozen=True, kw_only=True):
    """Steering limits."""

    max_angle_deg: Annotated[float, msgspec.Meta(ge=5.0, le=60.0)]
    ratio: Annotated[float, msgspec.Meta(ge=5.0, le=40.0)] = 16.0


class Driveline(_Table, frozen=True, kw_only=True):
    """Torque and differentials; low range multiplies by low_range_ratio, 1 = there is none."""

    max_wheel_torque: Positive
    front_differential: Differential
    centre_differential: Differential
    rear_differential: Differential
    low_range_ratio: Annotated[float, msgspec.Meta(ge=1.0, le=10.0)] | None = None


class Equipment(_Table, frozen=True, kw_only=True):
    """What the driver can set before a hard place: differentials to lock by hand, a sway bar to free."""

    lockers: tuple[Literal["front", "centre", "rear"], ...] = ()
    sway_bar_disconnect: bool = False


class Part(_Table, frozen=True, kw_only=True):
    """One part of the underbody, fixed to the chassis, an axle or a hub; body frame at design ride height, m."""

    name: Name
    fixed_to: Place
    shape: Literal["box", "sphere", "tube"]
    centre: Point
    half_size: tuple[Length, Length, Length] | None = None
    radius: Length | None = None
    half_length: Length | None = None

    def size(self) -> tuple[float, float, float]:
        """The three sizes of tc_part."""
        if self.shape == "box" and self.half_size is not None:
            return self.half_size
        return self.radius or 0.0, self.half_length or 0.0, 0.0


Angle = Annotated[float, msgspec.Meta(gt=0.0, lt=90.0)]


class Published(_Table, frozen=True, kw_only=True):
    """What the maker publishes, to hold the model against; `unconfirmed` names those of it no source at hand shows."""

    approach_deg: Angle | None = None
    breakover_deg: Angle | None = None
    departure_deg: Angle | None = None
    ground_clearance: Length | None = None
    wheelbase: Length | None = None
    front_track: Length | None = None
    rear_track: Length | None = None
    kerb_mass: Positive | None = None
    tyre: str | None = None
    unconfirmed: tuple[str, ...] = ()
    sources: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class Vehicle(_Table, frozen=True, kw_only=True):
    """A 4x4 as its file describes it.

    Lengths in m, masses in kg, rates in N/m, frames as in :mod:`trailcoach`. `imu` and `gnss` are where the sensors
    sit unless the log says otherwise. `estimated` names the keys whose values are estimates ("cg", "tyre.mass",
    "part.oil_pan", "front_axle.*"). Get one with :meth:`load`.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    wheelbase: Annotated[float, msgspec.Meta(ge=1.2, le=6.0)]
    mass: Annotated[float, msgspec.Meta(ge=200.0, le=20000.0)]
    cg: Point
    sprung_inertia: tuple[Positive, Positive, Positive]
    imu: Point = (0.0, 0.0, 0.0)
    gnss: Point = (0.0, 0.0, 0.0)
    driver_side: Literal["left", "right"]
    tyre: Tyre
    front_axle: Axle
    rear_axle: Axle
    steering: Steering
    driveline: Driveline
    equipment: Equipment | None = None
    part: tuple[Part, ...] = ()
    published: Published | None = None
    estimated: tuple[str, ...] = ()

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the underbody parts in the order of every clearance array."""
        return tuple(p.name for p in self.part)

    @staticmethod
    def load(name_or_path: str | Path) -> Vehicle:
        """Read and check a vehicle file.

        Parameters
        ----------
        name_or_path : str or Path
            A bundled vehicle ("jeep-wrangler-jlur") or a path to a TOML file.

        Raises
        ------
        InputError
            Names the file, the key, the value found and what is allowed.
        """
        path = _find(name_or_path)
        vehicle = load_toml(path, Vehicle, "a vehicle file")
        check_vehicle(vehicle, path)
        return vehicle

    @property
    def setups(self) -> tuple[str, ...]:
        """What a driver can be told to set: all but what this vehicle has not got, or has as the file drives it.

        Tyres can be let down and a way walked on every vehicle; where the file is silent on its equipment, lockers are
        taken to be there and a sway bar to stay.
        """
        has = self.equipment
        locked = {end: getattr(self.driveline, f"{end}_differential") == "locked"
                  for end in ("front", "centre", "rear")}
        lockers = ("rear",) if has is None else has.lockers
        out = {"low_range": self.driveline.low_range_ratio is None or self.driveline.low_range_ratio > 1.0,
               "lockers": any(not locked[end] for end in lockers),
               "sway_bar": has is not None and has.sway_bar_disconnect and self.front_axle.anti_roll_rate > 0.0,
               "tyres": True, "walk": True}
        return tuple(name for name, there in out.items() if there)

    def is_estimated(self, key: str) -> bool:
        """Whether the file calls the value of a key ("cg", "tyre.mass", "part.oil_pan.centre") an estimate."""
        return any(covers(pattern, key) for pattern in self.estimated)

    def with_(self, *, lift: float = 0.0, tyre: str | float | None = None,
              skid_plate: str | float | Sequence[str] | Mapping[str, float] | None = None,
              load: Sequence[tuple[float, Sequence[float]]] = (), locker: str | None = None,
              sway_bar: str | None = None) -> Vehicle:
        """Another vehicle: this one lifted, on other tyres, armoured, laden, locked or without its anti-roll bars.

        Mass, centre of gravity, heights, angles and what is left of the travel follow; see
        :mod:`trailcoach.vehicle.what_if`.

        Parameters
        ----------
        lift : float
            Of the chassis over the axles by longer springs, dampers and bump stops as they are, m.
        tyre : str or float, optional
            The size as printed on it ("315/70R17", "35x12.5R17"), or the unloaded radius, m.
        skid_plate : str, sequence of str, mapping of str to float, or float, optional
            Parts that get a steel plate underneath: 5 mm, or thickness by part, m. A thickness alone: all of the belly.
        load : sequence of (mass, (x, y, z))
            Added masses, kg, and where they lie in the body frame of this vehicle, m.
        locker : {"front", "rear", "centre", "both", "all"}, optional
            Differentials to lock; both are front and rear.
        sway_bar : {"off", "front_off", "rear_off"}, optional
            Anti-roll bars to disconnect.

        Raises
        ------
        InputError
            Names the argument, the value and what is allowed.
        """
        from trailcoach.vehicle.what_if import changed
        return changed(self, lift=lift, tyre=tyre, skid_plate=skid_plate, load=load, locker=locker, sway_bar=sway_bar)

    def to_abi(self) -> np.ndarray:
        """The vehicle as a tc_vehicle: array of abi.VEHICLE with shape ()."""
        v = np.zeros((), abi.VEHICLE)
        v["struct_size"], v["n_parts"] = abi.VEHICLE.itemsize, len(self.part)
        v["wheelbase"], v["mass"], v["cg"] = self.wheelbase, self.mass, self.cg
        v["tyre_radius"], v["tyre_width"] = self.tyre.radius, self.tyre.width
        v["tyre_tread"], v["tyre_mass"] = self.tyre.tread_width, self.tyre.mass
        v["tyre_stiffness"] = self.tyre.radial_stiffness
        v["max_steer"] = math.radians(self.steering.max_angle_deg)
        v["max_wheel_torque"] = self.driveline.max_wheel_torque
        v["low_range_ratio"] = self.driveline.low_range_ratio or 0.0
        v["centre_differential"] = _DIFFERENTIALS.index(self.driveline.centre_differential)
        v["driver_side"] = 1 if self.driver_side == "left" else -1
        for i, (axle, differential) in enumerate(((self.front_axle, self.driveline.front_differential),
                                                  (self.rear_axle, self.driveline.rear_differential))):
            a = v["axle"][i]
            a["suspension"] = 0 if axle.suspension == "solid" else 1
            a["differential"] = _DIFFERENTIALS.index(differential)
            a["spring_base"] = axle.spring_base or 0.0
            for key in ("track", "mass", "spring_rate", "anti_roll_rate", "bump_travel", "rebound_travel",
                        "bump_stop_rates", "bump_stop_gap", "rebound_stop_rate"):
                a[key] = getattr(axle, key)
        for i, part in enumerate(self.part):
            p = v["part"][i]
            p["name"], p["centre"], p["size"] = part.name.encode(), part.centre, part.size()
            p["shape"], p["fixed_to"] = _SHAPES.index(part.shape), _PLACES.index(part.fixed_to)
        return v


def bundled_vehicles() -> list[str]:
    """Names of the vehicles that come with trailcoach."""
    return sorted(p.name.removesuffix(".toml") for p in files("trailcoach").joinpath("vehicles").iterdir()
                  if p.name.endswith(".toml"))


def _find(name_or_path: str | Path) -> Path:
    bundled = bundled_vehicles()
    if not str(name_or_path):
        raise InputError(f"vehicle '': no name; allowed: a vehicle file (.toml) or one of {', '.join(bundled)}")
    path = Path(name_or_path)
    if path.is_file():
        return path
    if str(name_or_path) in bundled:
        return Path(str(files("trailcoach").joinpath("vehicles", f"{name_or_path}.toml")))
    what = f"is {kind_of(path)}" if path.exists() else "no such vehicle"
    raise InputError(f"{name_or_path}: {what}; allowed: a vehicle file (.toml) or one of {', '.join(bundled)}")
