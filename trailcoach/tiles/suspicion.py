"""Suspicions: what makes one doubt that a tile is what it says, each with a name and what the user can do."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Suspicion:
    """A doubt about a file.

    Attributes
    ----------
    name : str
        Stable: no-crs, wrong-crs, south-up, degrees, feet, nodata, damaged, line-ends, datum, seam, far-apart, holes.
    path : str
        The file, or the folder for what lies between files.
    text : str
        What was found, and what is needed or assumed.
    refused : bool
        Whether the terrain is refused until the user says more.
    """

    name: str
    path: str
    text: str
    refused: bool

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


_HEAD = 1 << 18                         # bytes looked at
_ENOUGH = 16                            # line ends, of which a whole binary file has one in 256 bytes


def has_converted_line_ends(path: Path) -> bool:
    """Whether a binary file went through a text conversion that put CR before every LF."""
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    return head.count(b"\n") >= _ENOUGH and head.count(b"\n") == head.count(b"\r\n")


def has_lost_line_ends(path: Path) -> bool:
    """Whether a binary file went through a text conversion that took CR away: many LF, not one CR."""
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    return b"\r" not in head and head.count(b"\n") >= 4 * _ENOUGH
