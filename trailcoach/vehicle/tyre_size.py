"""Tyre sizes as printed on the sidewall."""
from __future__ import annotations

import re
from typing import NamedTuple

from trailcoach.errors import InputError

_INCH = 0.0254
_METRIC = re.compile(r"(?:LT|P|ST|C)?\s*(\d{3})\s*/\s*(\d{2,3})\s*(?:Z?R|-|D|B)\s*(\d{2}(?:\.5)?)(?![\d.])", re.I)
_FLOTATION = re.compile(r"(?:LT|P)?\s*(\d{2}(?:\.\d+)?)\s*[x/]\s*(\d{1,2}(?:\.\d+)?)\s*(?:R|-|D|B)\s*(\d{2}(?:\.5)?)"
                        r"(?![\d.])", re.I)
_FORMS = "the size as printed on the tyre is needed, like 285/70R17 or 35x12.5R17"
_RADII = (0.2, 1.0)             # m


class TyreSize(NamedTuple):
    """What a size says: unloaded radius and section width, m."""

    radius: float
    width: float


def parse_tyre(text: str) -> TyreSize:
    """Radius and width of a size, metric (LT285/70R17, width mm / aspect % R rim inch) or flotation (35x12.5R17, inch).

    What follows the rim (LT, load index, speed letter) is not read.

    Raises
    ------
    InputError
        Where the text is no such size or no tyre of a car has it.
    """
    if found := _METRIC.match(text.strip()):
        width, aspect, rim = (float(g) for g in found.groups())
        size = TyreSize(width / 1000.0 * aspect / 100.0 + rim * _INCH / 2.0, width / 1000.0)
    elif found := _FLOTATION.match(text.strip()):
        diameter, width, rim = (float(g) for g in found.groups())
        size = TyreSize(diameter * _INCH / 2.0, width * _INCH)
        if rim >= diameter:
            raise InputError(f"'{text}' has a rim wider than the tyre; {_FORMS}")
    else:
        raise InputError(f"'{text}' is no tyre size; {_FORMS}")
    if not (_RADII[0] <= size.radius <= _RADII[1] and size.width < size.radius * 2.0):
        raise InputError(f"'{text}' would be {2000.0 * size.radius:.0f} mm high and {1000.0 * size.width:.0f} mm wide;"
                         f" {_FORMS}")
    return size
