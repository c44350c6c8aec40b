"""Words for steps and answers: the renderer that fills the templates of a phrase file.

Sides are the driver's and the passenger's, by ``driver_side`` of the vehicle.
"""
from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from xml.sax.saxutils import escape

import msgspec
import numpy as np

from trailcoach.phrase_file import (
    CAUSES,
    KINDS,
    LONGEST,
    PASSED,
    PHASES,
    PRIORITIES,
    SETUPS,
    PhraseFile,
    Rung,
    alternatives,
    fields_of,
    load_phrases,
    words_in,
)
from trailcoach.vehicle import Vehicle

Wheel = Literal["fl", "fr", "rl", "rr"]
WHEELS: tuple[Wheel, ...] = get_args(Wheel)
QUESTIONS = {1: "repeat", 2: "next", 3: "why", 4: "how_far", 5: "another_way", 6: "will_it_fit"}
OUTCOMES = {0: "unknown", 1: "step", 2: "nothing", 3: "past", 4: "yes", 5: "barely", 6: "no"}

_STRAIGHT = math.pi / 4.0               # rad of the steering wheel: within half a quarter turn it is straight
_AHEAD = 0.15                           # m: nearer is here and now
_TOUCHES = 0.008                        # m of clearance: the core's TC_COACH_TOUCHES, said as touching and not as room
_MOST_SETUPS = 3                        # that one utterance can hold beside the place


class Utterance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to say, as plain text and as SSML 1.1."""

    text: str
    ssml: str


@dataclass(frozen=True)
class Utterances:
    """What a step sounds like some way ahead, when it is to be done, and when it is done; and why."""

    prepare: Utterance
    now: Utterance
    clear: Utterance
    reason: str


@dataclass(frozen=True)
class Words:
    """A language: get one with :meth:`load`."""

    phrases: PhraseFile

    @staticmethod
    def load(language: str | Path = "en-US") -> Words:
        """A bundled language or a phrase file of your own, see :func:`load_phrases`."""
        return Words(load_phrases(language))

    def utterances(self, record: np.ndarray, vehicle: Vehicle) -> Utterances:
        """Words for a step of this vehicle, an array of abi.STEP with shape ()."""
        return Voice(self.phrases, vehicle).utterances(record)

    def answer(self, record: np.ndarray, vehicle: Vehicle) -> Utterance:
        """Words for an answer about this vehicle, an array of abi.ANSWER with shape ()."""
        return Voice(self.phrases, vehicle).answer(record)


class Voice:
    """One vehicle in one language: its parts have names, and its driver a side."""

    def __init__(self, phrases: PhraseFile, vehicle: Vehicle) -> None:
        self.phrases = phrases
        self._part_names = vehicle.part_names
        self._steering_ratio = vehicle.steering.ratio
        self._driver_side = 1 if vehicle.driver_side == "left" else -1

    def utterances(self, record: np.ndarray) -> Utterances:
        """Words for a step, an array of abi.STEP with shape ()."""
        kind, cause = KINDS[int(record["kind"])], CAUSES[int(record["cause"])]
        priority = PRIORITIES[int(record["priority"])]
        arguments = self._arguments(record)
        prepare, now, clear = (
            self._utterance(_fill(alternatives(self.phrases, kind, cause, phase), arguments, LONGEST), priority)
            for phase in PHASES.values())
        return Utterances(prepare, now, clear, reason=self._reason(record, kind, cause, arguments))

    def _reason(self, record: np.ndarray, kind: str, cause: str, arguments: Mapping[str, str]) -> str:
        """Why, in words; a set-up that asks for both has a reason for each."""
        why = self.phrases.why
        if kind == "clear" and cause in PASSED:
            return _fill(why[f"passed_{cause}"], arguments)
        if kind == "setup":
            return " ".join(_fill(why[name], arguments) for name in _setups(record)) or _fill(why[cause], arguments)
        return _fill(why[cause], arguments)

    def answer(self, record: np.ndarray) -> Utterance:
        """What is answered, of an array of abi.ANSWER with shape ()."""
        step, question, outcome = record["step"], QUESTIONS[int(record["question"])], OUTCOMES[int(record["outcome"])]
        if outcome == "step" and question == "why":
            return self._utterance(self.utterances(step).reason, "advice")
        if outcome == "step" and question in ("repeat", "next"):
            said: Utterance = getattr(self.utterances(step), PHASES[int(step["phase"])])
            return self._utterance(said.text, "advice")
        return self._utterance(_fill(self.phrases.answer[_answer_key(question, outcome, step)], self._arguments(step)),
                               "advice")

    def side(self, side: int, of: str = "") -> str:
        """The driver's or the passenger's, of a side of the vehicle (1 left, -1 right).

        `of` is "" for a direction, "part_" for where a part is, "lean_" for where the vehicle leans to.
        """
        return self.phrases.words[of + ("driver" if side == self._driver_side else "passenger")]

    def part(self, index: int) -> str:
        """What a part of the underbody is called."""
        name = self._part_names[index]
        base, _, end = name.rpartition("_")
        if end in ("left", "right"):
            return self.phrases.words["sided_part"].format(side=self.side(1 if end == "left" else -1, "part_"),
                                                           part=self._part_word(base))
        return self._part_word(name)

    def wheel(self, index: int) -> str:
        """What a wheel (fl, fr, rl, rr) is called."""
        template = self.phrases.words["front_wheel" if index < 2 else "rear_wheel"]
        return template.format(side=self.side(1 if index % 2 == 0 else -1, "part_"))

    def ladder(self, name: str, value: float) -> str:
        """A value in words: "where", "length" and "gap" in m, "turn" in turns, "angle" in rad."""
        rungs: list[Rung] = getattr(self.phrases, name)
        rung = next(r for r in rungs if value < r.below)
        n = round(value / rung.unit / rung.round) * rung.round
        return rung.text.format(n=self.phrases.numbers[n] if n < len(self.phrases.numbers) else str(n))

    def _part_word(self, name: str) -> str:
        return self.phrases.parts.get(name) or name.replace("_", " ")

    def _room(self, clearance: float) -> str:
        if abs(clearance) < _TOUCHES:
            return self.phrases.words["just"]
        gap = self.ladder("gap", abs(clearance))
        return self.phrases.words["touch" if clearance < 0.0 else "free"].format(gap=gap)

    def _turn(self, record: np.ndarray) -> str:
        """Straighten, or an amount to a side."""
        turns = float(record["turns"])
        if abs(float(record["steer"])) * self._steering_ratio < _STRAIGHT:
            return self.phrases.words["straighten"]
        return self.phrases.words["turned"].format(amount=self.ladder("turn", abs(turns)),
                                                   side=self.side(1 if turns > 0.0 else -1))

    def _arguments(self, record: np.ndarray) -> Mapping[str, str]:
        """What this step knows, in words; what it does not know is absent."""
        words = self.phrases.words
        side = int(record["side"])
        lean = words["lean_none"] if side == 0 else self.side(side, "lean_")
        out = {"where": self.ladder("where", float(record["to_go"])),
               "distance": self.ladder("length", float(record["distance"])),
               "offset": self.ladder("length", float(record["distance"])), "lean": lean}
        if side != 0:
            out["side"] = self.side(side)
        if record["part"] >= 0:
            out["part"] = self.part(int(record["part"]))
        if record["wheel"] >= 0:
            out["wheel"] = self.wheel(int(record["wheel"]))
        if record["to_go"] >= _AHEAD:
            out["ahead"] = out["where"]
        if record["setup"]:
            out["setup"] = words["join"].join(words[s] for s in _setups(record)[:_MOST_SETUPS])
        if record["kind"] == 1 or (record["kind"] == 4 and record["turns"] != 0.0):
            out["turn"] = self._turn(record)
        if np.isfinite(record["clearance"]):
            out["room"] = self._room(float(record["clearance"]))
        out |= self._other(record, out.get("room"))
        if np.isfinite(record["angle"]):
            out["angle"] = self.ladder("angle", abs(float(record["angle"])))
        return out

    def _other(self, record: np.ndarray, room: str | None) -> Mapping[str, str]:
        """The room on the way not advised, and whose it is: nothing where it says no more than is said of the line."""
        part = int(record["other_part"])
        same = part == int(record["part"])
        out = {"other_part": self.part(part)} if part >= 0 and not same else {}
        if part >= 0 and record["other_clearance"] < _TOUCHES:
            out["touching_part"] = self.part(part)
        if not np.isfinite(record["other_clearance"]):
            return out
        other_room = self._room(float(record["other_clearance"]))
        if same and other_room == room:
            return out
        return out | {"other_room": other_room} | ({"its_other_room": other_room} if same else {})

    def _utterance(self, text: str, priority: str) -> Utterance:
        ssml = self.phrases.ssml
        inner = ssml[priority].format(text=escape(text))
        return Utterance(text, ssml["document"].format(language=self.phrases.language, text=inner))


def _answer_key(question: str, outcome: str, step: np.ndarray) -> str:
    """Which of a phrase file's answers it is."""
    if outcome == "unknown":
        cause = CAUSES[int(step["cause"])]
        return f"unknown_{cause}" if cause in ("position", "no_ground") else "unknown_no_line"
    if outcome == "nothing":
        return "nothing_said" if question in ("repeat", "why") else "nothing_ahead"
    if outcome in ("past", "step"):
        return "past" if outcome == "past" else "how_far"
    return f"{'another' if question == 'another_way' else 'fit'}_{outcome}"


def _setups(record: np.ndarray) -> list[str]:
    return [name for bit, name in SETUPS.items() if record["setup"] & bit]


def _fill(templates: list[str], arguments: Mapping[str, str], longest: int | None = None) -> str:
    """The first template whose arguments are known, filled; every sentence starts with a capital.

    One that would be more than `longest` words gives way to the next, the last one is always taken.
    """
    known = [t.format_map(arguments) for t in templates if fields_of(t) <= arguments.keys()]
    text = next((t for t in known if longest is None or words_in(t) <= longest), known[-1])
    return re.sub(r"(^|[.!?]\s+)(\w)", lambda m: m[1] + m[2].upper(), text)
