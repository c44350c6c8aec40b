"""Vehicle files: what the core must know of a 4x4, from TOML, checked before anything relies on it."""
from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from trailcoach import abi
from trailcoach.errors import InputError

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
_GRAVITY = 9.81


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: its keys are the fields, others are refused."""


class Tyre(_Table, kw_only=True):
    """All four tyres alike: metres, kg, N/m."""

    radius: Annotated[float, msgspec.Meta(ge=0.2, le=1.0)]
    width: Annotated[float, msgspec.Meta(ge=0.1, le=0.8)]
    tread_width: Annotated[float, msgspec.Meta(ge=0.05, le=0.8)]
    mass: Annotated[float, msgspec.Meta(gt=0.0, le=300.0)]
    radial_stiffness: Annotated[float, msgspec.Meta(ge=2e4, le=5e6)]


class Axle(_Table, kw_only=True):
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


class Steering(_Table, kw_only=True):
    """Steering limits."""

    max_angle_deg: Annotated[float, msgspec.Meta(ge=5.0, le=60.0)]
    ratio: Annotated[float, msgspec.Meta(ge=5.0, le=40.0)] = 16.0


class Driveline(_Table, kw_only=True):
    """Torque and differentials."""

    max_wheel_torque: Positive
    front_differential: Differential
    centre_differential: Differential
    rear_differential: Differential


class Part(_Table, kw_only=True):
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


class Vehicle(_Table, kw_only=True):
    """A 4x4 as its file describes it.

    Lengths in m, masses in kg, rates in N/m, frames as in :mod:`trailcoach`. `imu` and `gnss` are where the sensors
    sit unless the log says otherwise. Get one with :meth:`load`.
    """

    name: str
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
    part: tuple[Part, ...] = ()

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
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
            raise InputError(f"{path}: not a vehicle file (TOML): {e}") from None
        for key, value in _numbers(raw):
            if not math.isfinite(value):
                raise InputError(f"{path}: {key} = {value}; a finite number is needed")
        try:
            vehicle = msgspec.convert(raw, Vehicle)
        except msgspec.ValidationError as e:
            raise InputError(f"{path}: {_explain(str(e), raw)}") from None
        _check_whole(vehicle, path)
        return vehicle

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
    path = Path(name_or_path)
    if path.is_file():
        return path
    if path.is_dir():
        raise InputError(f"{path}: is a folder; a vehicle is a TOML file or one of {', '.join(bundled_vehicles())}")
    if str(name_or_path) in bundled_vehicles():
        return Path(str(files("trailcoach").joinpath("vehicles", f"{name_or_path}.toml")))
    raise InputError(f"{name_or_path}: no such vehicle file, and no such bundled vehicle"
                     f" ({', '.join(bundled_vehicles())})")


def _numbers(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """All numbers of a TOML value with their keys."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield from _numbers(v, f"{key}.{k}" if key else k)
    elif isinstance(value, list):
        for i, v in enumerate(value):
            yield from _numbers(v, f"{key}[{i}]")
    elif isinstance(value, float):
        yield key, value


def _explain(message: str, raw: dict[str, Any]) -> str:
    """A msgspec message with the key in TOML's words and the value found."""
    reason, _, path = message.partition(" - at `")
    path = path.rstrip("`")
    missing = re.search(r"missing required field `(\w+)`", reason)
    unknown = re.search(r"unknown field `(\w+)`", reason)
    where = path.removeprefix("$").lstrip(".")
    if missing or unknown:
        field = (missing or unknown)[1]  # type: ignore[index]
        key = f"{where}.{field}" if where else field
        return f"key '{key}' is missing" if missing else f"unknown key '{key}'{_similar(field)}"
    value: Any = raw
    for name, index in re.findall(r"(\w+)|\[(\d+)\]", where):
        value = value[int(index)] if index else value[name]
    allowed = reason.replace("Expected ", "").replace("`", "")
    return f"{where} = {value!r}; allowed: {allowed}"


def _similar(field: str) -> str:
    import difflib
    tables = (Vehicle, Tyre, Axle, Steering, Driveline, Part)
    close = difflib.get_close_matches(field, {f for t in tables for f in t.__struct_fields__}, 1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _check_whole(v: Vehicle, path: Path) -> None:
    """What no single key can tell."""
    def bad(what: str) -> InputError:
        return InputError(f"{path}: {what}")

    if len(v.part) > abi.MAX_PARTS:
        raise bad(f"part: {len(v.part)} parts; at most {abi.MAX_PARTS} are allowed")
    for name in v.part_names:
        if v.part_names.count(name) > 1:
            raise bad(f"part.name = '{name}' twice; every part needs a name of its own")
    for p in v.part:
        need = {"box": {"half_size"}, "sphere": {"radius"}, "tube": {"radius", "half_length"}}[p.shape]
        has = {k for k in ("half_size", "radius", "half_length") if getattr(p, k) is not None}
        if need != has:
            raise bad(f"part '{p.name}': a {p.shape} needs {' and '.join(sorted(need))}; found"
                      f" {' and '.join(sorted(has)) or 'none'}")
        axle = {"f": v.front_axle, "r": v.rear_axle}.get(p.fixed_to[0]) if "axle" in p.fixed_to else None
        if axle is not None and axle.suspension != "solid":
            raise bad(f"part '{p.name}': fixed_to = '{p.fixed_to}', but that axle is independent; allowed: chassis or"
                      " a hub")
    if not 0.0 < v.cg[0] < v.wheelbase:
        raise bad(f"cg = {list(v.cg)}; x must lie between the axles, 0 to wheelbase {v.wheelbase} m")
    if not 0.0 < v.cg[2] < 3.0:
        raise bad(f"cg = {list(v.cg)}; z must lie 0 to 3 m above the ground")
    for key, axle, share in (("front_axle", v.front_axle, v.cg[0] / v.wheelbase),
                             ("rear_axle", v.rear_axle, 1.0 - v.cg[0] / v.wheelbase)):
        if axle.suspension == "solid" and axle.spring_base is None:
            raise bad(f"key '{key}.spring_base' is missing; a solid axle needs it")
        carried = v.mass * share
        unsprung = axle.mass + 2.0 * v.tyre.mass
        if carried <= unsprung:
            raise bad(f"{key}: carries {carried:.0f} kg of mass = {v.mass} but axle and wheels alone weigh"
                      f" {unsprung:.0f} kg")
        sag = carried * _GRAVITY / 2.0 / v.tyre.radial_stiffness
        if sag > 0.5 * v.tyre.radius:
            raise bad(f"tyre.radial_stiffness = {v.tyre.radial_stiffness}; {key} would press its tyres in by"
                      f" {sag * 1000:.0f} mm")
