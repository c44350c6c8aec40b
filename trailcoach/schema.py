"""The JSON that leaves trailcoach, as types: one line of steps.jsonl, and debrief.json.

The schema files in ``trailcoach/schemas`` are made from these types (a test holds them together); a program that reads
the streams can check them with any JSON Schema validator. A change that a reader could notice raises the version.
"""
from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Literal

import msgspec

from trailcoach import coach
from trailcoach import debrief as debriefing
from trailcoach.errors import InputError


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Step(coach.Step, frozen=True):
    """One guidance instruction: one line of steps.jsonl. Times are nanoseconds of the log's clock."""

    version: Literal[3]
    text: str


class Contact(_Record, frozen=True):
    """A contact predicted, felt or both; times from the first tick, felt is null where no IMU could tell.

    It is felt by a shock of the IMU, m/s^2, or by load that shifted, which lifts the part, m.
    """

    t: float
    t_end: float
    part: str
    predicted_probability: float | None
    predicted_clearance: float
    felt: bool | None
    felt_by: list[Literal["shock", "load_shift"]]
    shock: float | None
    lift: float | None


class Departure(_Record, frozen=True):
    """A stretch beside the line advised that cost clearance; off_line is left positive, m."""

    t: float
    t_end: float
    off_line: float
    part: str
    clearance: float
    advised_clearance: float
    contact: bool


class Cost(_Record, frozen=True):
    """What points of the score were lost for."""

    points: int
    reason: Literal["contact", "contact_no_better_line", "near_tip", "departure"]
    t: float
    part: str | None


class Score(_Record, frozen=True):
    """100 less what the driver could have spared the vehicle."""

    value: int
    why: list[Cost]


class Debrief(_Record, frozen=True):
    """debrief.json: what touched, what was least, where the driver left the better line. Metres by part."""

    version: Literal[3]
    contacts: list[Contact]
    could_feel: bool
    shocks_elsewhere: int
    least_clearance: dict[str, float | None]
    least_clearance_advised: dict[str, float | None] | None
    departures: list[Departure]
    score: Score | None


TYPES: dict[str, type[msgspec.Struct]] = {"step": Step, "debrief": Debrief}
VERSIONS = {"step": coach.VERSION, "debrief": debriefing.VERSION}


def make_schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of "step" or "debrief", made from its type."""
    if name not in TYPES:
        raise InputError(f"schema '{name}'; allowed: {', '.join(TYPES)}")
    schema = msgspec.json.schema(TYPES[name])
    for record in schema["$defs"].values():
        record["description"] = record["description"].partition("\n\n")[0]    # the fields have their own names
    return {"$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"trailcoach {name}, version {VERSIONS[name]}", **schema}


def schema_text(name: str) -> str:
    """The schema file that comes with trailcoach."""
    if name not in TYPES:
        raise InputError(f"schema '{name}'; allowed: {', '.join(TYPES)}")
    return files("trailcoach").joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8")


def read_steps(lines: list[str]) -> list[Step]:
    """Steps of the lines of a steps.jsonl.

    Raises
    ------
    InputError
        A line is not a step of this version; names the line and what is wrong.
    """
    steps = []
    for number, line in enumerate(lines, 1):
        try:
            steps.append(msgspec.json.decode(line, type=Step))
        except msgspec.MsgspecError as e:
            raise InputError(f"line {number}: not a step of version {VERSIONS['step']}: {e}") from None
    return steps


def read_debrief(text: str) -> Debrief:
    """The debrief of the text of a debrief.json.

    Raises
    ------
    InputError
        It is not a debrief of this version; says what is wrong.
    """
    try:
        return msgspec.json.decode(text, type=Debrief)
    except msgspec.MsgspecError as e:
        raise InputError(f"not a debrief of version {VERSIONS['debrief']}: {e}") from None


def dump(name: str) -> str:
    """A schema as the text of its file."""
    return json.dumps(make_schema(name), indent=1) + "\n"
