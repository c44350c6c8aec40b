"""What the user says of tiles that are silent about themselves, or wrong."""
from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from trailcoach.errors import InputError

WAYS = {
    "crs": "crs=SYSTEM, the system of its coordinates, such as EPSG:32610",
    "feet": "feet, its heights are in feet",
    "nodata": "nodata=VALUE, the height that means unknown, or nodata=none",
    "offset": "offset=METRES, to be added to its heights",
    "datum": "datum=NAME, what its heights are above",
    "sigma": "sigma=METRES, the standard deviation of its heights",
    "seams": "seams, tiles may disagree where they meet",
    "into": "into=SYSTEM, the projected system to work in",
}
_NUMBERS = ("offset", "sigma")
_ALONE = ("feet", "seams")


@dataclass(frozen=True)
class Assumed:
    """What is assumed of one file; None = what it says itself.

    Attributes
    ----------
    crs, datum : str or None
        Horizontal system; what heights are above.
    feet : bool
        Heights are in feet.
    nodata : float or None
        The height that means unknown; NaN = every height is one.
    offset : float
        Added to heights, m.
    sigma : float or None
        Standard deviation of a height, m.
    """

    crs: str | None = None
    datum: str | None = None
    feet: bool = False
    nodata: float | None = None
    offset: float = 0.0
    sigma: float | None = None


@dataclass(frozen=True)
class Assumptions:
    """Assumptions about files, each ``WHAT`` or ``WHAT@PATTERN`` of file names, the last that fits wins.

    Attributes
    ----------
    words : tuple of (what, value, pattern)
    """

    words: tuple[tuple[str, str, str], ...] = field(default=())

    @staticmethod
    def parse(words: Iterable[str]) -> Assumptions:
        """Read ``crs=EPSG:32610``, ``feet@usgs_*.tif`` and the like.

        Raises
        ------
        InputError
            A word that is none of :data:`WAYS`.
        """
        return Assumptions(tuple(_parse(word) for word in words))

    def of(self, path: Path) -> Assumed:
        """What is assumed of a file."""
        said = {what: value for what, value, pattern in self.words if fnmatch(path.name, pattern)}
        return Assumed(
            crs=said.get("crs"), datum=said.get("datum"), feet="feet" in said,
            nodata=None if "nodata" not in said else float(said["nodata"].replace("none", "nan")),
            offset=float(said.get("offset", 0.0)), sigma=float(said["sigma"]) if "sigma" in said else None)

    @property
    def seams(self) -> bool:
        """Whether tiles may disagree where they meet."""
        return any(what == "seams" for what, _, _ in self.words)

    @property
    def into(self) -> str | None:
        """The system to work in, None = that of the finest tiles."""
        return next((value for what, value, _ in reversed(self.words) if what == "into"), None)


def _parse(word: str) -> tuple[str, str, str]:
    said, _, pattern = word.partition("@")
    what, equals, value = said.partition("=")
    if what not in WAYS or (what in _ALONE) == bool(equals) or (equals and not value):
        raise InputError(f"--assume {word}: is not known; allowed: {'; '.join(WAYS.values())}; each with @PATTERN for"
                         " some files only")
    if what in _NUMBERS or (what == "nodata" and value != "none"):
        _check_number(word, value, least=0.0 if what == "sigma" else -math.inf)
    if what in ("crs", "into"):
        _check_system(word, value)
    return what, value, pattern or "*"


def _check_number(word: str, value: str, least: float) -> None:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= least):
        raise InputError(f"--assume {word}: '{value}'; a number{' of 0 or more' if least == 0.0 else ''} is needed")


def _check_system(word: str, value: str) -> None:
    import pyproj
    try:
        system = pyproj.CRS.from_user_input(value)
    except pyproj.exceptions.CRSError:
        raise InputError(f"--assume {word}: '{value}' is not known; a code such as EPSG:32610 is needed") from None
    if word.startswith("into") and not (system.is_projected and system.axis_info[0].unit_conversion_factor == 1.0):
        raise InputError(f"--assume {word}: '{value}' does not count in metres; a projected system such as EPSG:32610"
                         " is needed")
