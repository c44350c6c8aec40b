"""TOML files into typed structs, with every fault told by file, key, the value found and what is allowed."""
from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from trailcoach.errors import InputError
from trailcoach.inputs.kinds import kind_of

_LARGEST = 1e9                      # of any number in such a file
_LARGEST_FILE = 1_000_000           # bytes
_SHOWN = 60                         # characters of a bad value that a message shows

Struct = TypeVar("Struct", bound=msgspec.Struct)


def load_toml(path: Path, kind: type[Struct], noun: str) -> Struct:
    """Read a TOML file into a struct.

    Parameters
    ----------
    path : Path
    kind : type
        A msgspec.Struct; its fields are the keys.
    noun : str
        What such a file is called, with its article.

    Raises
    ------
    InputError
        Names the file, the key, the value found and what is allowed.
    """
    raw = _read(path, noun)
    for key, value in _numbers(raw):
        if not math.isfinite(value) or abs(value) > _LARGEST:
            raise InputError(f"{path}: {key} = {value:.6g}; a finite number up to {_LARGEST:g} is needed")
    return to_struct(raw, kind, str(path))


def unknown_keys(path: Path, kind: type[msgspec.Struct], noun: str) -> list[tuple[str, str]]:
    """Keys of a TOML file that its struct does not know but that look like one it knows, with that one."""
    raw = _read(path, noun)
    known = kind.__struct_fields__
    close = ((key, difflib.get_close_matches(key, [k for k in known if k not in raw], 1)) for key in raw
             if key not in known)
    return [(key, matches[0]) for key, matches in close if matches]


def to_struct(raw: dict[str, Any], kind: type[Struct], name: str) -> Struct:
    """A struct of the values of a file or of what is to become one; `name` is what messages call it.

    Raises
    ------
    InputError
        Names the key, the value found and what is allowed.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as e:
        raise InputError(f"{name}: {_explain(str(e), raw, _tables(kind))}") from None


def _read(path: Path, noun: str) -> dict[str, Any]:
    """The TOML of a file that may be anything."""
    refusal = f"{path}: is {kind_of(path)}; {noun} (TOML) is needed"
    try:
        if path.exists() and not path.is_file():
            raise InputError(refusal)
        if path.stat().st_size > _LARGEST_FILE:
            raise InputError(refusal)
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(refusal) from None
    except OSError as e:
        raise InputError(f"{path}: cannot be read: {e.strerror}; {noun} (TOML) is needed") from None
    if not text.strip():
        raise InputError(refusal)
    try:
        return tomllib.loads(text)
    except (RecursionError, ValueError) as e:       # TOMLDecodeError is a ValueError
        if kind_of(path) not in ("a vehicle file", "a text file"):
            raise InputError(refusal) from None
        raise InputError(f"{path}: not TOML: {e}; {noun} is needed") from None


def _numbers(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """All numbers of a TOML value with their keys."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield from _numbers(v, f"{key}.{k}" if key else k)
    elif isinstance(value, list):
        for i, v in enumerate(value):
            yield from _numbers(v, f"{key}[{i}]")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield key, _as_float(value)


def _as_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:               # an integer beyond what a float holds
        return math.inf


def _tables(kind: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """A struct and those in its fields."""
    tables = [kind]
    for hint in get_type_hints(kind).values():
        for inner in (hint, *get_args(hint)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                tables += _tables(inner)
    return tables


def _explain(message: str, raw: dict[str, Any], tables: list[type[msgspec.Struct]]) -> str:
    """A msgspec message with the key in TOML's words and the value found."""
    reason, _, path = message.partition(" - at `")
    where = path.rstrip("`").removeprefix("$").lstrip(".")
    absent = re.search(r"(missing required|unknown) field `(.+)`", reason)
    if absent:
        field = absent[2]
        key = f"{where}.{field}" if where else field
        if absent[1] == "unknown":
            return f"unknown key '{key[:_SHOWN]}'{_similar(field, tables)}"
        return f"key '{key}' is missing"
    value: Any = raw
    for name, index in re.findall(r"(\w+)|\[(\d+)\]", where):
        value = value[int(index)] if index else value[name]
    shown = repr(value) if len(repr(value)) <= _SHOWN else repr(value)[:_SHOWN] + "..."
    return f"{where} = {shown}; allowed: {_allowed(reason, where, tables)}"


def _similar(field: str, tables: list[type[msgspec.Struct]]) -> str:
    known = sorted({f for t in tables for f in t.__struct_fields__})
    close = difflib.get_close_matches(field, known, 1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; the nearest that is known is '{difflib.get_close_matches(field, known, 1, cutoff=0.0)[0]}'"


def _allowed(reason: str, where: str, tables: list[type[msgspec.Struct]]) -> str:
    """What msgspec wanted, in words of the file; a field's own words where it has some."""
    words = _descriptions(tables).get(where)
    if words is not None:
        return words
    if reason.startswith("Invalid enum value"):
        return ", ".join(_choices(tables)[where.rpartition(".")[2]])
    if "matching regex" in reason:
        return "letters, digits and _"
    allowed = reason.removeprefix("Expected ").replace("`", "").replace("object", "table").replace("array", "list")
    return re.sub(r"\bfloat\b", "number", allowed).replace("str ", "text ")


def _choices(tables: list[type[msgspec.Struct]]) -> dict[str, tuple[str, ...]]:
    """The words allowed for each key that takes one of some words."""
    hints = (hint for table in tables for hint in get_type_hints(table).items())
    return {key: get_args(hint) for key, hint in hints if get_origin(hint) is Literal}


def _descriptions(tables: list[type[msgspec.Struct]]) -> dict[str, str]:
    """What each key that says so in its type takes."""
    hints = (hint for table in tables for hint in get_type_hints(table, include_extras=True).items())
    return {key: meta.description for key, hint in hints for inner in (hint, *get_args(hint))
            for meta in getattr(inner, "__metadata__", ()) if isinstance(meta, msgspec.Meta) and meta.description}
