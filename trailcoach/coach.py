"""Steps: what the coach says, as data first and words second.

The state machine that decides what is said, and when, is in the core (``ext/coach.pxi``); here its records become
:class:`Step` objects with names, reasons and utterances.
"""
from __future__ import annotations

import json
import math
from typing import Any, Literal, TypedDict

import msgspec
import numpy as np

from trailcoach.phrase_file import CAUSES, KINDS, PHASES, PRIORITIES, SETUPS, Cause, Kind, Phase, Priority, Setup
from trailcoach.vehicle import Vehicle
from trailcoach.words import OUTCOMES, QUESTIONS, WHEELS, Utterance, Wheel, Words

VERSION = 3             # of the JSON form: trailcoach/schemas/step.schema.json


class Trigger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a step is to be done.

    Attributes
    ----------
    to_go : float
        Distance still to roll, m.
    x, y : float or None
        The place, world, m; None where it is not known.
    """

    to_go: float
    x: float | None
    y: float | None


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be done; None where the step does not ask for it.

    Attributes
    ----------
    turns : float or None
        Of the steering wheel from where it is, left positive.
    steer : float or None
        Road-wheel angle to hold from there, rad, left positive.
    distance : float or None
        How far to keep it up, m.
    gear : int or None
        1 forward, -1 reverse.
    setup : tuple of str
        "low_range", "lockers", "sway_bar", "tyres", "walk".
    """

    turns: float | None
    steer: float | None
    distance: float | None
    gear: Literal[1, -1] | None
    setup: tuple[Setup, ...]


class Why(TypedDict):
    """Why a step is given; None where it is not known or not the point.

    Keys
    ----
    side : str or None
        "driver" or "passenger": where the cause is.
    part : str or None
        What the step is about, and what `clearance` is of; name in the vehicle file.
    wheel : str or None
        fl, fr, rl, rr.
    clearance : float or None
        Expected on the line advised, m.
    probability : float or None
        Of touching if nothing is changed: on the line where the vehicle is on it, else on the way not advised.
    other_clearance : float or None
        On the way not advised, m: the present course where the step is about that, else the trail itself.
    other_part : str or None
        What `other_clearance` is of.
    angle : float or None
        Tip margin, or slope ahead (nose up positive), rad.
    off_line : float or None
        Distance of the vehicle from the line, m.
    """

    side: Literal["driver", "passenger"] | None
    part: str | None
    wheel: Wheel | None
    clearance: float | None
    probability: float | None
    other_clearance: float | None
    other_part: str | None
    angle: float | None
    off_line: float | None


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One guidance instruction, to be spoken at ``t_ns``: the utterance of its ``phase``.

    Attributes
    ----------
    id : int
        Counts up from 1 in an engine.
    kind : str
        steer, hold, forward, reverse, stop, setup, warn, clear.
    cause : str
        none, clearance, tip, wheel_lift, slip, off_line, no_line, no_ground, position, contact, end, roll_back,
        high_centred, tight_turns, on_rock, climb_down.
    priority : str
        advice, caution, danger. Danger interrupts what is being said.
    phase : str
        prepare, now, clear.
    t_ns, valid_until_ns, since_ns : int
        When it was given, after when it must not be spoken, and when what it speaks of began (a shock, spinning).
    trigger, action, why
        Where, what, and the reason as data.
    reason : str
        The reason in words.
    prepare, now, clear : Utterance
        What it sounds like some way ahead, when it is to be done, and when it is done.
    """

    id: int
    kind: Kind
    cause: Cause
    priority: Priority
    phase: Phase
    t_ns: int
    valid_until_ns: int
    since_ns: int
    trigger: Trigger
    action: Action
    why: Why
    reason: str
    prepare: Utterance
    now: Utterance
    clear: Utterance

    @staticmethod
    def from_record(record: np.ndarray, vehicle: Vehicle, words: Words) -> Step:
        """The step of a record of the core.

        Parameters
        ----------
        record : ndarray
            Array of abi.STEP with shape ().
        vehicle : Vehicle
            Names of its parts, and the side of its driver.
        words : Words
            The language it is said in.
        """
        said = words.utterances(record, vehicle)
        return Step(
            id=int(record["id"]), kind=KINDS[int(record["kind"])], cause=CAUSES[int(record["cause"])],
            priority=PRIORITIES[int(record["priority"])], phase=PHASES[int(record["phase"])],
            t_ns=int(record["t_ns"]), valid_until_ns=int(record["valid_until_ns"]),
            since_ns=int(record["since_ns"]),
            trigger=Trigger(float(record["to_go"]), _known(record["x"]), _known(record["y"])),
            action=_action(record), why=_why(record, vehicle), reason=said.reason,
            prepare=said.prepare, now=said.now, clear=said.clear)

    @property
    def spoken(self) -> Utterance:
        """What is said at ``t_ns``."""
        said: Utterance = getattr(self, self.phase)
        return said

    @property
    def text(self) -> str:
        """What is said at ``t_ns``, as plain text."""
        return self.spoken.text

    @property
    def t(self) -> float:
        """When it was given, s of the engine's clock."""
        return self.t_ns * 1e-9

    @property
    def to_go(self) -> float:
        """Distance still to roll when it was given, m."""
        return self.trigger.to_go

    @property
    def x(self) -> float:
        """East of the place it is about, world, m; NaN where it is not known."""
        return math.nan if self.trigger.x is None else self.trigger.x

    @property
    def y(self) -> float:
        """North of the place it is about, world, m; NaN where it is not known."""
        return math.nan if self.trigger.y is None else self.trigger.y

    @property
    def utterances(self) -> dict[str, str]:
        """The three utterances as plain text."""
        return {"prepare": self.prepare.text, "now": self.now.text, "clear": self.clear.text}

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and strings; what is not known is None."""
        return {"version": VERSION, **msgspec.to_builtins(self), "text": self.text}

    def to_json(self) -> str:
        """One line of JSON; what is not known is null."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)


class Answer(msgspec.Struct, frozen=True):
    """The answer to a question, as text and as data.

    Attributes
    ----------
    question : str
        repeat, next, why, how_far, another_way, will_it_fit.
    outcome : str
        step (the step answers), nothing, past (its place is behind), yes, barely, no, unknown.
    spoken : Utterance
        What to say.
    step : Step
        The figures behind it; of "nothing" only how far nothing comes (``action.distance``).
    """

    question: str
    outcome: str
    spoken: Utterance
    step: Step

    @staticmethod
    def from_record(record: np.ndarray, vehicle: Vehicle, words: Words) -> Answer:
        """The answer of a record of the core, an array of abi.ANSWER with shape ()."""
        return Answer(QUESTIONS[int(record["question"])], OUTCOMES[int(record["outcome"])],
                      words.answer(record, vehicle), Step.from_record(record["step"], vehicle, words))

    @property
    def text(self) -> str:
        """What to say, as plain text."""
        return self.spoken.text

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and strings; what is not known is None."""
        return {"version": VERSION, **msgspec.to_builtins(self), "text": self.text}


def _known(value: np.ndarray) -> float | None:
    return None if math.isnan(value) else float(value)


def _action(record: np.ndarray) -> Action:
    kind = KINDS[int(record["kind"])]
    moves = kind in ("steer", "hold", "forward", "reverse")
    lasts = moves or (kind == "clear" and record["distance"] > 0.0)
    return Action(
        turns=float(record["turns"]) if kind == "steer" else None,
        steer=_known(record["steer"]) if moves else None,
        distance=float(record["distance"]) if lasts else None,
        gear=-1 if kind == "reverse" else 1 if moves else None,
        setup=tuple(name for bit, name in SETUPS.items() if record["setup"] & bit))


def _why(record: np.ndarray, vehicle: Vehicle) -> Why:
    side, part, wheel = int(record["side"]), int(record["part"]), int(record["wheel"])
    other = int(record["other_part"])
    driver_side = 1 if vehicle.driver_side == "left" else -1
    return Why(
        side=None if side == 0 else "driver" if side == driver_side else "passenger",
        part=vehicle.part_names[part] if part >= 0 else None, wheel=WHEELS[wheel] if wheel >= 0 else None,
        clearance=_known(record["clearance"]), probability=_known(record["probability"]),
        other_clearance=_known(record["other_clearance"]),
        other_part=vehicle.part_names[other] if other >= 0 else None, angle=_known(record["angle"]),
        off_line=float(record["distance"]) if CAUSES[int(record["cause"])] == "off_line" else None)
