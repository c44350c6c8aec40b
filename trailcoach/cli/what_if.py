"""The option ``--with``: what if the vehicle were lifted, on other tyres, armoured, laden, locked."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trailcoach.errors import InputError

if TYPE_CHECKING:
    from trailcoach.cli.parser import Parser
    from trailcoach.vehicle import Vehicle

_FORMS = {"lift": "lift=M", "tyre": "tyre=SIZE", "skid_plate": "skid_plate=PART[:M][,PART...]", "load": "load=KG@X,Y,Z",
          "locker": "locker=front|rear|centre|both|all", "sway_bar": "sway_bar=off|front_off|rear_off"}
_AGAIN = ("load", "locker")             # those that may be given more than once


def add_with(parser: Parser) -> None:
    """The option --with."""
    parser.add_argument("--with", dest="changes", metavar="CHANGE", action="append", default=[],
                        help="the vehicle with a change, may be repeated: " + ", ".join(_FORMS.values())
                        + " (like lift=0.05, tyre=35x12.50R17, load=80@0.2,0,1.6); mass, heights and angles follow")


def vehicle_with(vehicle: Vehicle, changes: Sequence[str]) -> Vehicle:
    """The vehicle with the changes of --with.

    Raises
    ------
    InputError
        Names the change and what is allowed.
    """
    asked: dict[str, Any] = {}
    lockers = []
    for text in changes:
        key, equals, value = text.partition("=")
        if key not in _FORMS or not equals or not value:
            raise InputError(f"--with {text}: no such change; allowed are {', '.join(_FORMS.values())}")
        if key in asked and key not in _AGAIN:
            raise InputError(f"--with {text}: {key} twice; one is allowed")
        if key == "locker":
            lockers.append(value)
        elif key == "load":
            asked.setdefault("load", []).append(_load(text, value))
        elif key == "skid_plate":
            asked[key] = _plates(text, value)
        else:
            asked[key] = _number(text, value) if key == "lift" else _tyre(value) if key == "tyre" else value
    try:
        changed = vehicle.with_(**asked)
        for locker in lockers:
            changed = changed.with_(locker=locker)
    except InputError as e:
        raise InputError(f"--with {e}") from None
    return changed


def _number(text: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InputError(f"--with {text}: '{value}' is no number; {_FORMS[text.partition('=')[0]]} is needed") from None


def _tyre(value: str) -> str | float:
    """A size, or the unloaded radius in m."""
    try:
        return float(value)
    except ValueError:
        return value


def _load(text: str, value: str) -> tuple[float, tuple[float, ...]]:
    mass, at, place = value.partition("@")
    cells = place.split(",")
    if not at or len(cells) != 3:
        raise InputError(f"--with {text}: {_FORMS['load']} is needed, kg and where it lies, m ahead of the rear axle,"
                         " left, up")
    return _number(text, mass), tuple(_number(text, c) for c in cells)


def _plates(text: str, value: str) -> dict[str, float] | list[str] | float:
    """Parts with their thickness, parts alone, or a thickness alone."""
    items = [item.partition(":") for item in value.split(",")]
    if len(items) == 1 and not items[0][1]:
        try:
            return float(value)
        except ValueError:
            return [value]
    if all(not colon for _, colon, _ in items):
        return [name for name, _, _ in items]
    return {name: _number(text, thickness) if colon else 0.005 for name, colon, thickness in items}
