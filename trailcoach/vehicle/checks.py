"""Whether a vehicle's figures make one vehicle: its parts, tyres and masses against each other."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from trailcoach import abi
from trailcoach.errors import InputError
from trailcoach.vehicle.tyre_size import parse_tyre

if TYPE_CHECKING:
    from trailcoach.vehicle import Part, Vehicle

_GRAVITY = 9.81                     # m/s^2
_LARGEST_GYRATION = 3.0             # m, radius of gyration of the sprung mass


def check_vehicle(v: Vehicle, path: Path | str) -> None:
    """Refuse what no single key can tell; `path` is what messages call the vehicle.

    Raises
    ------
    InputError
        Names the file, the key, and what is allowed.
    """
    def bad(what: str) -> InputError:
        return InputError(f"{path}: {what}")

    if not v.name.isprintable():
        raise bad(f"name = {v.name!r}; one line of text is needed")
    if len(v.part) > abi.MAX_PARTS:
        raise bad(f"part: {len(v.part)} parts; at most {abi.MAX_PARTS} are allowed")
    for name in v.part_names:
        if v.part_names.count(name) > 1:
            raise bad(f"part.name = '{name}' twice; every part needs a name of its own")
    for p in v.part:
        _check_part(p, v, bad)
    _check_tyres(v, bad)
    _check_masses(v, bad)
    _check_sources(v, bad)


def _check_part(p: Part, v: Vehicle, bad: Callable[[str], InputError]) -> None:
    need = {"box": {"half_size"}, "sphere": {"radius"}, "tube": {"radius", "half_length"}}[p.shape]
    has = {k for k in ("half_size", "radius", "half_length") if getattr(p, k) is not None}
    if need != has:
        raise bad(f"part '{p.name}': a {p.shape} needs {' and '.join(sorted(need))}; found"
                  f" {' and '.join(sorted(has)) or 'none'}")
    axle = {"f": v.front_axle, "r": v.rear_axle}.get(p.fixed_to[0]) if "axle" in p.fixed_to else None
    if axle is not None and axle.suspension != "solid":
        raise bad(f"part '{p.name}': fixed_to = '{p.fixed_to}', but that axle is independent; allowed: chassis or a"
                  " hub")
    lowest = p.centre[2] - (p.half_size[2] if p.half_size else p.radius or 0.0)
    if lowest <= 0.0:
        raise bad(f"part '{p.name}': reaches {-lowest:.3f} m into the ground at design ride height; all of it must lie"
                  " above z = 0")


def _check_tyres(v: Vehicle, bad: Callable[[str], InputError]) -> None:
    if v.tyre.tread_width > v.tyre.width:
        raise bad(f"tyre.tread_width = {v.tyre.tread_width}; at most its width {v.tyre.width} m is allowed")
    if v.tyre.width >= 2.0 * v.tyre.radius:
        raise bad(f"tyre.width = {v.tyre.width}; less than its diameter {2.0 * v.tyre.radius:g} m is needed")
    if 2.0 * v.tyre.radius >= v.wheelbase:
        raise bad(f"tyre.radius = {v.tyre.radius}; tyres of front and rear would meet at a wheelbase of"
                  f" {v.wheelbase} m")
    for key, axle in (("front_axle", v.front_axle), ("rear_axle", v.rear_axle)):
        if axle.spring_base is not None and axle.spring_base > axle.track:
            raise bad(f"{key}.spring_base = {axle.spring_base}; at most its track {axle.track} m is allowed")


def _check_masses(v: Vehicle, bad: Callable[[str], InputError]) -> None:
    x, y, z = v.sprung_inertia
    if x + y <= z or y + z <= x or z + x <= y or max(x, y, z) > v.mass * _LARGEST_GYRATION**2:
        raise bad(f"sprung_inertia = {list(v.sprung_inertia)}; no body of {v.mass:g} kg has these: any two must be more"
                  f" than the third, and none above {v.mass * _LARGEST_GYRATION**2:g} kg m^2")
    if abs(v.cg[1]) >= min(v.front_axle.track, v.rear_axle.track) / 2.0:
        raise bad(f"cg = {list(v.cg)}; y must lie between the wheels, or the vehicle falls over")
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


def _check_sources(v: Vehicle, bad: Callable[[str], InputError]) -> None:
    """Marks of what is estimated or unconfirmed must name something."""
    keys = list(_keys(v))
    for pattern in v.estimated:
        if not any(covers(pattern, key) for key in keys):
            raise bad(f"estimated: '{pattern}' is no key of this file; allowed are keys such as cg, tyre.mass,"
                      " front_axle.* and part.NAME")
    if v.published is None:
        return
    if v.published.tyre is not None:
        try:
            parse_tyre(v.published.tyre)
        except InputError as e:
            raise bad(f"published.tyre: {e}") from None
    for name in v.published.unconfirmed:
        if getattr(v.published, name, None) is None or name in ("sources", "unconfirmed"):
            raise bad(f"published.unconfirmed: '{name}' is no figure of that table")


def covers(pattern: str, key: str) -> bool:
    """Whether a mark ("tyre.*", "tyre", "part.oil_pan") speaks of a key ("tyre.mass", "part.oil_pan.centre")."""
    stem = pattern.removesuffix(".*")
    return key.startswith(stem + ".") or (key == stem and stem == pattern)


def _keys(v: Vehicle) -> Iterator[str]:
    """All keys of a vehicle file that hold a value; those of parts by the part's name."""
    for key in v.__struct_fields__:
        value = getattr(v, key)
        if key == "part":
            yield from (f"part.{p.name}.{k}" for p in v.part for k in p.__struct_fields__ if getattr(p, k) is not None)
        elif hasattr(value, "__struct_fields__"):
            yield from (f"{key}.{k}" for k in value.__struct_fields__ if getattr(value, k) is not None)
        elif key not in ("published", "estimated"):
            yield key
