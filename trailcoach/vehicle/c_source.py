"""A vehicle as C source, so that a host without Python can fill its tc_vehicle."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from trailcoach import abi
from trailcoach.vehicle import Vehicle

_INDENT = "    "


def c_initialiser(vehicle: Vehicle, name: str = "vehicle") -> str:
    """C99 source that defines a ``tc_vehicle`` of this name with exactly the values of :meth:`Vehicle.to_abi`.

    Numbers are written so that a C compiler reads back the very same bits; what is zero is left out.
    """
    comment = vehicle.name.replace("*/", "* /")
    body = "\n".join(_fields(vehicle.to_abi(), abi.VEHICLE, 1, vehicle))
    return (f"/* {comment}: made by trailcoach vehicle show --c; lengths in m, masses in kg, rates in N/m. */\n"
            f"#include <trailcoach.h>\n\nstatic const tc_vehicle {name} = {{\n{body}\n}};")


def _fields(record: Any, dtype: np.dtype, depth: int, vehicle: Vehicle) -> Iterator[str]:
    """Designated initialisers of a struct's fields."""
    pad = _INDENT * depth
    for field in dtype.names or ():
        value = record[field]
        if field == "struct_size":
            yield f"{pad}.struct_size = sizeof(tc_vehicle),"
        elif field in ("axle", "part"):
            used = value[:len(vehicle.part)] if field == "part" else value
            if len(used) == 0:
                continue
            yield f"{pad}.{field} = {{"
            for item in used:
                yield f"{pad}{_INDENT}{{"
                yield from _fields(item, value.dtype, depth + 2, vehicle)
                yield f"{pad}{_INDENT}}},"
            yield f"{pad}}},"
        elif np.any(value != np.zeros((), value.dtype)):
            yield f"{pad}.{field} = {_text(value)},"


def _text(value: Any) -> str:
    if np.ndim(value):
        return "{" + ", ".join(_text(v) for v in value) + "}"
    kind = np.asarray(value).dtype.kind
    if kind == "S":
        return f'"{bytes(value).decode()}"'     # a part's name: letters, digits and underscores
    return repr(float(value)) if kind == "f" else str(int(value))
