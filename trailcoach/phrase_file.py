"""Phrase files: what the coach says, per language, as data.

A phrase file (``phrases/LANGUAGE.toml``) holds templates with examples beside them, ladders that turn metres and turns
into what people say, and names of parts. It is checked when it is loaded: every template there, every argument known,
at most four units of information in an utterance.
"""
from __future__ import annotations

import math
import re
import string
import tomllib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast, get_args

import msgspec

from trailcoach.errors import InputError

Kind = Literal["steer", "hold", "forward", "reverse", "stop", "setup", "warn", "clear"]
Cause = Literal["none", "clearance", "tip", "wheel_lift", "slip", "off_line", "no_line", "no_ground", "position",
                "contact", "end", "roll_back", "high_centred", "tight_turns", "on_rock", "climb_down"]
Priority = Literal["advice", "caution", "danger"]
Phase = Literal["prepare", "now", "clear"]
Setup = Literal["low_range", "lockers", "sway_bar", "tyres", "walk"]
# by the codes of trailcoach.h
KINDS: dict[int, Kind] = dict(enumerate(get_args(Kind), 1))
CAUSES: dict[int, Cause] = dict(enumerate(get_args(Cause)))
PRIORITIES: dict[int, Priority] = dict(enumerate(get_args(Priority), 1))
PHASES: dict[int, Phase] = dict(enumerate(get_args(Phase), 1))
SETUPS: dict[int, Setup] = {1 << i: name for i, name in enumerate(get_args(Setup))}
UNITS = {"feet": 0, "metres": 1}
PASSED = {"clearance", "tip", "no_ground", "position"}      # causes of a "clear" step with a reason of their own
LONGEST = 10                            # words of an utterance: 4 s at 150 a minute
MOST_UNITS = 4                          # of information in an utterance

_ALWAYS = {"where", "distance", "offset", "lean"}           # arguments every step has
_OF_KIND = {"steer": {"turn"}, "setup": {"setup"}}          # and those every step of a kind has
_QUANTITIES = {"where": 1, "ahead": 1, "distance": 1, "offset": 1, "side": 1, "lean": 1, "turn": 2, "setup": 3}
_ARGUMENTS = _ALWAYS | {"turn", "setup", "side", "part", "wheel", "room", "other_part", "other_room",
                        "its_other_room", "ahead", "angle", "touching_part"}
_WORDS = {"turned": {"amount", "side"}, "straighten": set(), "driver": set(), "passenger": set(),
          "lean_driver": set(), "lean_passenger": set(), "lean_none": set(), "part_driver": set(),
          "part_passenger": set(), "sided_part": {"side", "part"}, "front_wheel": {"side"}, "rear_wheel": {"side"},
          "low_range": set(), "lockers": set(), "sway_bar": set(), "tyres": set(), "walk": set(), "join": set(),
          "free": {"gap"}, "touch": {"gap"}, "just": set()}
_ANSWERS = {"nothing_said", "past", "nothing_ahead", "how_far", "unknown_position", "unknown_no_ground",
            "unknown_no_line", "another_yes", "another_no", "fit_yes", "fit_barely", "fit_no"}
_SSML = {"document": {"language", "text"}, **{str(p): {"text"} for p in PRIORITIES.values()}}


class Rung(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a ladder: what is said of a value below a limit; ``{n}`` is the value in units, rounded."""

    below: float
    text: str
    unit: float = 1.0
    round: int = 1


class PhraseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of a phrase file."""

    language: str
    units: Literal["feet", "metres"]
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
    answer: dict[str, list[str]]


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
    if path.is_file():
        return _read(path)
    if str(language) not in languages():
        raise InputError(f"{language}: no such language; allowed: {', '.join(languages())}, or a phrase file")
    return _bundled(str(language))


@lru_cache
def _bundled(language: str) -> PhraseFile:
    """A language that comes with trailcoach: it does not change while a program runs."""
    return _read(Path(str(files("trailcoach").joinpath("phrases", f"{language}.toml"))))


def _read(path: Path) -> PhraseFile:
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
                fault = _fault_of(templates, _ALWAYS | _OF_KIND.get(kind, set())) or _overload_of(templates)
                if fault:
                    return f"{where}.{phase}: {fault}"
    reasons = {*CAUSES.values(), *SETUPS.values(), *(f"passed_{cause}" for cause in PASSED)}
    if p.why.keys() != reasons:
        return f"[why]: {', '.join(sorted(p.why.keys() ^ reasons))} missing or unknown"
    for cause, templates in p.why.items():
        fault = _fault_of(templates, _ALWAYS)
        if fault:
            return f"why.{cause}: {fault}"
    if p.answer.keys() != _ANSWERS:
        return f"[answer]: {', '.join(sorted(p.answer.keys() ^ _ANSWERS))} missing or unknown"
    for name, templates in p.answer.items():
        fault = _fault_of(templates, _ALWAYS)
        if fault:
            return f"answer.{name}: {fault}"
    return None


def words_in(text: str) -> int:
    """Number of spoken words of a text."""
    return len(re.findall(r"\w[\w'’.-]*", text))


def units_in(template: str) -> int:
    """Units of information in an utterance: every action or fact is one, and so is every way, amount and side."""
    units = 0
    for clause in re.split(r"[.:;,!?]", template):
        names = fields_of(clause)
        units += sum(n for name, n in _QUANTITIES.items() if name in names)
        units += bool(words_in(re.sub(r"\{\w+\}", "", clause)) or names - _QUANTITIES.keys())
    return units


def _overload_of(templates: list[str]) -> str | None:
    for t in templates:
        if units_in(t) > MOST_UNITS:
            return f"{units_in(t)} units of information in \"{t}\", at most {MOST_UNITS}"
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
