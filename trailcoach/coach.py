"""Steps: what the coach says, as data first and words second.

The state machine that decides what is said, and when, is in the core (``ext/coach.pxi``); here its records become
:class:`Step` objects with names, reasons and utterances.
"""
from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from trailcoach.vehicle import Vehicle
from trailcoach.words import CAUSES, KINDS, PHASES, PRIORITIES, SETUPS, WHEELS, Utterance, Words

VERSION = 1             # of the JSON form


@dataclass(frozen=True)
class Trigger:
    """Where a step is to be done."""

    to_go: float        #: distance still to roll, m
    x: float            #: world, m
    y: float


@dataclass(frozen=True)
class Action:
    """What is to be done; None where the step does not ask for it."""

    turns: float | None         #: of the steering wheel from where it is, left positive
    steer: float | None         #: road-wheel angle to hold from there, rad, left positive
    distance: float | None      #: to keep it up, m
    gear: int | None            #: 1 forward, -1 reverse
    setup: tuple[str, ...]      #: "low_range", "lockers"


@dataclass(frozen=True)
class Why:
    """Why it is to be done; None where it is not known or not the point."""

    cause: str
    side: str | None            #: "driver" or "passenger"
    part: str | None            #: name in the vehicle file
    wheel: str | None           #: fl, fr, rl, rr
    clearance: float | None     #: expected on the line advised, m
    probability: float | None   #: of touching on it
    other_clearance: float | None       #: on the way not taken, straight along the trail, m
    angle: float | None         #: tip margin, or slope ahead (nose up positive), rad
    off_line: float | None      #: distance from the line, m
    text: str                   #: the same in words


@dataclass(frozen=True)
class Step:
    """One guidance instruction as it is to be spoken at ``t_ns``: the utterance of its ``phase``."""

    id: int
    kind: str           #: steer, hold, forward, reverse, stop, setup, warn, clear
    priority: str       #: advice, caution, danger
    phase: str          #: prepare, now, clear
    t_ns: int
    valid_until_ns: int #: not to be spoken later
    trigger: Trigger
    action: Action
    why: Why
    prepare: Utterance
    now: Utterance
    clear: Utterance

    @property
    def spoken(self) -> Utterance:
        """What is said at ``t_ns``."""
        said: Utterance = getattr(self, self.phase)
        return said

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and strings."""
        return {"version": VERSION, **asdict(self), "spoken": self.spoken.text}

    def to_json(self) -> str:
        """One line of JSON; what is not known is null."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)


class StepReader:
    """Turns records of the core into steps, for one vehicle in one language.

    Parameters
    ----------
    vehicle : Vehicle
    language : str
        See :func:`trailcoach.words.load_phrases`.
    """

    def __init__(self, vehicle: Vehicle, language: str = "en-US") -> None:
        self.words = Words(vehicle, language)
        self._part_names = vehicle.part_names
        self._driver_side = 1 if vehicle.driver_side == "left" else -1

    def read(self, record: np.ndarray) -> Step:
        """The step of a record, an array of abi.STEP with shape ()."""
        said = self.words.utterances(record)
        return Step(
            id=int(record["id"]), kind=KINDS[int(record["kind"])], priority=PRIORITIES[int(record["priority"])],
            phase=PHASES[int(record["phase"])], t_ns=int(record["t_ns"]),
            valid_until_ns=int(record["valid_until_ns"]),
            trigger=Trigger(float(record["to_go"]), float(record["x"]), float(record["y"])),
            action=_action(record), why=self._why(record, said.reason),
            prepare=said.prepare, now=said.now, clear=said.clear)

    def _why(self, record: np.ndarray, text: str) -> Why:
        side, part, wheel = int(record["side"]), int(record["part"]), int(record["wheel"])
        cause = CAUSES[int(record["cause"])]
        return Why(
            cause=cause, side=None if side == 0 else "driver" if side == self._driver_side else "passenger",
            part=self._part_names[part] if part >= 0 else None, wheel=WHEELS[wheel] if wheel >= 0 else None,
            clearance=_known(record["clearance"]), probability=_known(record["probability"]),
            other_clearance=_known(record["other_clearance"]), angle=_known(record["angle"]),
            off_line=float(record["distance"]) if cause == "off_line" else None, text=text)


def _known(value: np.ndarray) -> float | None:
    return None if math.isnan(value) else float(value)


def _action(record: np.ndarray) -> Action:
    kind = KINDS[int(record["kind"])]
    moves = kind in ("steer", "hold", "forward", "reverse")
    return Action(
        turns=float(record["turns"]) if kind == "steer" else None,
        steer=_known(record["steer"]) if moves else None,
        distance=float(record["distance"]) if moves else None,
        gear=-1 if kind == "reverse" else 1 if moves else None,
        setup=tuple(name for bit, name in SETUPS.items() if record["setup"] & bit))
