"""Words for steps: phrase files per language, and the renderer that fills them.

A phrase file (``phrases/LANGUAGE.toml``) is data: templates with examples beside them, ladders that turn metres and
turns into what people say, names of parts. Sides are the driver's and the passenger's, by ``driver_side`` of the
vehicle.
"""
from __future__ import annotations

import math
import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, cast
from xml.sax.saxutils import escape

import msgspec
import numpy as np

from trailcoach.errors import InputError
from trailcoach.vehicle import Vehicle

KINDS = {1: "steer", 2: "hold", 3: "forward", 4: "reverse", 5: "stop", 6: "setup", 7: "warn", 8: "clear"}
CAUSES = {0: "none", 1: "clearance", 2: "tip", 3: "wheel_lift", 4: "slip", 5: "off_line", 6: "no_line",
          7: "no_ground", 8: "position", 9: "contact", 10: "end"}
PRIORITIES = {1: "advice", 2: "caution", 3: "danger"}
PHASES = {1: "prepare", 2: "now", 3: "clear"}
SETUPS = {1: "low_range", 2: "lockers"}
WHEELS = ("fl", "fr", "rl", "rr")

_STRAIGHT = math.pi / 4.0               # rad of the steering wheel: within half a quarter turn it is straight
_AHEAD = 0.15                           # m: nearer is here and now
_ALWAYS = {"where", "distance", "offset", "lean"}           # arguments every step has
_OF_KIND = {"steer": {"turn"}, "setup": {"setup"}}          # and those every step of a kind has
_ARGUMENTS = _ALWAYS | {"turn", "setup", "side", "part", "wheel", "room", "other_part", "other_room",
                        "its_other_room", "ahead", "angle"}
_WORDS = {"turned": {"amount", "side"}, "straighten": set(), "driver": set(), "passenger": set(),
          "lean_driver": set(), "lean_passenger": set(), "lean_none": set(), "part_driver": set(),
          "part_passenger": set(), "sided_part": {"side", "part"}, "front_wheel": {"side"}, "rear_wheel": {"side"},
          "low_range": set(), "lockers": set(), "join": set(), "free": {"gap"}, "touch": {"gap"}}
_PASSED = {"clearance", "tip", "no_ground", "position"}     # causes of a "clear" step
_SSML = {"document": {"language", "text"}, **{p: {"text"} for p in PRIORITIES.values()}}


class Rung(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a ladder: what is said of a value below a limit; ``{n}`` is the value in units, rounded."""

    below: float
    text: str
    unit: float = 1.0
    round: int = 1


class PhraseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of a phrase file."""

    language: str
    numbers: list[str]
    where: list[Rung]
    length: list[Rung]
    gap: list[Rung]
    turn: list[Rung]
    angle: list[Rung]
    words: dict[str, str]
    parts: dict[str, str]
    ssml: dict[str, str]
    say: dict[str, dict[str, Any]]
    why: dict[str, list[str]]


@dataclass(frozen=True)
class Utterance:
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


def languages() -> list[str]:
    """Languages that come with trailcoach."""
    return sorted(p.name.removesuffix(".toml") for p in files("trailcoach").joinpath("phrases").iterdir()
                  if p.name.endswith(".toml"))


def load_phrases(language: str | Path) -> PhraseFile:
    """Read and check a phrase file.

    Parameters
    ----------
    language : str or Path
        A bundled language ("en-US") or the path of a phrase file of your own.

    Raises
    ------
    InputError
        Names the file, the template, and what is wrong with it.
    """
    path = Path(language)
    if not path.is_file():
        if str(language) not in languages():
            raise InputError(f"{language}: no such language; allowed: {', '.join(languages())}, or a phrase file")
        path = Path(str(files("trailcoach").joinpath("phrases", f"{language}.toml")))
    try:
        phrases = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), PhraseFile)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as e:
        raise InputError(f"{path}: not a phrase file: {e}") from None
    fault = _first_fault(phrases)
    if fault:
        raise InputError(f"{path}: {fault}")
    return phrases


def fields_of(template: str) -> set[str]:
    """Names of the arguments a template takes."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def alternatives(phrases: PhraseFile, kind: str, cause: str, phase: str) -> list[str]:
    """Templates of an utterance, the one that says most first."""
    table = phrases.say[kind]
    entry = table.get(cause, table)[phase]
    return [entry] if isinstance(entry, str) else cast("list[str]", entry)


def _first_fault(p: PhraseFile) -> str | None:
    """What is wrong with a phrase file, or None."""
    for table, name, need in ((p.words, "words", _WORDS), (p.ssml, "ssml", _SSML)):
        if table.keys() != need.keys():
            return f"[{name}]: {', '.join(sorted(table.keys() ^ need.keys()))} missing or unknown"
        for key, allowed in need.items():
            if fields_of(table[key]) != allowed:
                return f"{name}.{key} takes exactly {sorted(allowed)}, found {sorted(fields_of(table[key]))}"
    for name in ("where", "length", "gap", "turn", "angle"):
        rungs = getattr(p, name)
        limits = [r.below for r in rungs]
        if not limits or limits != sorted(limits) or limits[-1] != math.inf:
            return f"{name}: limits must rise and end with inf"
        if any(fields_of(r.text) - {"n"} or not r.unit > 0.0 or r.round < 1 for r in rungs):
            return f"{name}: texts take only {{n}}, unit is above 0, round at least 1"
    return _first_fault_of_templates(p)


def _first_fault_of_templates(p: PhraseFile) -> str | None:
    if set(p.say) != set(KINDS.values()):
        return f"[say]: {', '.join(sorted(set(p.say) ^ set(KINDS.values())))} missing or unknown"
    for kind, table in p.say.items():
        own = {key for key, value in table.items() if isinstance(value, dict)}
        if own - set(CAUSES.values()):
            return f"say.{kind}: unknown cause {', '.join(sorted(own - set(CAUSES.values())))}"
        for where, entry in [(f"say.{kind}", table), *((f"say.{kind}.{c}", table[c]) for c in sorted(own))]:
            if set(entry) - own != {*PHASES.values(), "example"}:
                return f"{where}: needs exactly prepare, now, clear and example"
            for phase in PHASES.values():
                templates = [entry[phase]] if isinstance(entry[phase], str) else entry[phase]
                fault = _fault_of(templates, _ALWAYS | _OF_KIND.get(kind, set()))
                if fault:
                    return f"{where}.{phase}: {fault}"
    reasons = {*CAUSES.values(), *SETUPS.values(), *(f"passed_{cause}" for cause in _PASSED)}
    if p.why.keys() != reasons:
        return f"[why]: {', '.join(sorted(p.why.keys() ^ reasons))} missing or unknown"
    for cause, templates in p.why.items():
        fault = _fault_of(templates, _ALWAYS)
        if fault:
            return f"why.{cause}: {fault}"
    return None


def _fault_of(templates: list[str], always: set[str]) -> str | None:
    if not templates or not all(t.strip() for t in templates):
        return "is empty"
    for t in templates:
        if fields_of(t) - _ARGUMENTS:
            return f"unknown argument {', '.join(sorted(fields_of(t) - _ARGUMENTS))}"
    if fields_of(templates[-1]) - always:
        return f"the last alternative may only use {', '.join(sorted(always))}"
    return None


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
            self._utterance(_fill(alternatives(self.phrases, kind, cause, phase), arguments), priority)
            for phase in PHASES.values())
        return Utterances(prepare, now, clear, reason=self._reason(record, kind, cause, arguments))

    def _reason(self, record: np.ndarray, kind: str, cause: str, arguments: Mapping[str, str]) -> str:
        """Why, in words; a set-up that asks for both has a reason for each."""
        why = self.phrases.why
        if kind == "clear" and cause in _PASSED:
            return _fill(why[f"passed_{cause}"], arguments)
        if kind == "setup":
            return " ".join(_fill(why[name], arguments) for name in _setups(record)) or _fill(why[cause], arguments)
        return _fill(why[cause], arguments)

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
            out["setup"] = words["join"].join(words[s] for s in _setups(record))
        if record["kind"] == 1:
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


def _setups(record: np.ndarray) -> list[str]:
    return [name for bit, name in SETUPS.items() if record["setup"] & bit]


def _fill(templates: list[str], arguments: Mapping[str, str]) -> str:
    """The first template whose arguments are known, filled; every sentence starts with a capital."""
    template = next(t for t in templates if fields_of(t) <= arguments.keys())
    text = template.format_map(arguments)
    return re.sub(r"(^|[.!?]\s+)(\w)", lambda m: m[1] + m[2].upper(), text)
