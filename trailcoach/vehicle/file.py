"""Writing vehicle files: TOML that says of every value what it means and whether it is an estimate."""
from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from trailcoach.vehicle import Vehicle

_WIDTH = 110
_MEANING = {
    "mass": "kg, as driven: kerb mass and driver",
    "cg": "m, ahead of the rear axle, left, up",
    "sprung_inertia": "kg m^2, about the sprung centre of gravity",
    "imu": "m, where the sensor sits",
    "tyre.radius": "m, unloaded",
    "tyre.mass": "kg, with rim and brake disc",
    "tyre.radial_stiffness": "N/m",
    "front_axle.mass": "kg, without wheels",
    "front_axle.spring_rate": "N/m per side, at the {spring}",
    "front_axle.spring_base": "m between left and right spring",
    "front_axle.anti_roll_rate": "{bar}",
    "front_axle.bump_travel": "m at the {spring}, from design height to the first bump stop",
    "front_axle.bump_stop_rates": "N/m, the second added after bump_stop_gap",
    "steering.max_angle_deg": "road wheel, bicycle model",
    "driveline.max_wheel_torque": "N m, all wheels together, low range",
}
_AXLE_WORDS = {"solid": {"spring": "spring", "bar": "N m/rad of axle roll against the chassis"},
               "independent": {"spring": "wheel", "bar": "N per m of left-right travel difference"}}


def vehicle_toml(vehicle: Vehicle, header: Sequence[str] = ()) -> str:
    """The text of a vehicle's file.

    Parameters
    ----------
    vehicle : Vehicle
    header : sequence of str
        Paragraphs of the comment at the top.
    """
    lines = [line for paragraph in header for line in
             textwrap.wrap(paragraph, _WIDTH, initial_indent="# ", subsequent_indent="# ") or ["#"]]
    tables = [name for name in ("tyre", "front_axle", "rear_axle", "steering", "driveline", "equipment")
              if getattr(vehicle, name) is not None]
    for key in vehicle.__struct_fields__:
        if key not in (*tables, "equipment", "part", "published"):
            lines += _entry(vehicle, "", key, getattr(vehicle, key))
    for table in tables:
        lines += ["", f"[{table}]", *_table(vehicle, f"{table}.", getattr(vehicle, table))]
    if vehicle.published is not None:
        lines += ["", "[published]", *_table(vehicle, "published.", vehicle.published)]
    for part in vehicle.part:
        lines += ["", "[[part]]", *_table(vehicle, f"part.{part.name}.", part)]
    return "\n".join(lines) + "\n"


def _table(vehicle: Vehicle, stem: str, table: Any) -> Iterator[str]:
    for key in table.__struct_fields__:
        value = getattr(table, key)
        if value is not None and value != ():
            yield from _entry(vehicle, stem, key, value)


def _entry(vehicle: Vehicle, stem: str, key: str, value: Any) -> Iterator[str]:
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        items = textwrap.wrap(", ".join(json.dumps(v, ensure_ascii=False).replace(" ", "\0") for v in value),
                              _WIDTH, break_long_words=False, break_on_hyphens=False)
        yield f"{key} = ["
        yield from (f"    {item}".replace("\0", " ") for item in items)
        yield "]"
        return
    remarks = []
    name = f"{stem}{key}"
    if not stem.startswith("part.") and vehicle.is_estimated(name):
        remarks.append("estimate")
    if meaning := _MEANING.get(name.replace("rear_axle", "front_axle")):
        axle = vehicle.rear_axle if name.startswith("rear") else vehicle.front_axle
        remarks.append(meaning.format(**_AXLE_WORDS[axle.suspension]))
    yield f"{key} = {_text(value)}" + (f"          # {'; '.join(remarks)}" if remarks else "")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_text(v) for v in value)}]"
    return repr(round(float(value), 6) + 0.0)
