"""Why a line is as it is: its tightest place beside the unsteered way's, and what keeps it from being clear."""
from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np


class Cause(enum.IntEnum):
    """What keeps a line from being clear; the values are those of ``tc_line_info.limit_cause``."""

    NONE = 0
    CLEARANCE = 1               # a part touches
    TILT = 2                    # steeper than allowed
    TIPS = 3                    # it would roll over
    NO_SUPPORT = 4              # fewer than three wheels can carry it
    OFF_MAP = 5
    UNKNOWN = 6                 # unknown ground under a wheel or a part
    UNSOLVED = 7                # the stance there has no solution
    TURN = 8                    # no arc stays in the corridor, or meets the goal


_WORDS = {
    Cause.TILT: "it would stand at {tilt_deg:.0f} deg", Cause.TIPS: "it would roll over",
    Cause.NO_SUPPORT: "fewer than three wheels can carry it", Cause.OFF_MAP: "the map ends",
    Cause.UNKNOWN: "the ground is unknown", Cause.UNSOLVED: "no rest was found",
    Cause.TURN: "it cannot turn any tighter within the corridor",
}


@dataclass(frozen=True)
class Limit:
    """The place where a line touches or ends.

    Attributes
    ----------
    cause : Cause
    x, y : float
        Pose of the body origin there, world, m.
    part : str or None
        The part with the least clearance there; None where the vehicle finds no rest.
    clearance : float
        Of that part, m, negative = interference; NaN = no rest.
    tilt : float
        Of the chassis from upright, rad; NaN = no rest.
    """

    cause: Cause
    x: float
    y: float
    part: str | None
    clearance: float
    tilt: float

    @staticmethod
    def from_info(info: np.ndarray, part: str | None) -> Limit | None:
        """From a tc_line_info; None for a clear line."""
        cause = Cause(int(info["limit_cause"]))
        if cause is Cause.NONE:
            return None
        x, y, clearance, tilt = (float(info[f"limit_{k}"]) for k in ("x", "y", "clearance", "tilt"))
        return Limit(cause, x, y, part, clearance, tilt)

    def __str__(self) -> str:
        if self.cause is Cause.CLEARANCE:
            what = f"{(self.part or 'a part').replace('_', ' ')} touches by {max(-self.clearance, 0.0) * 100:.0f} cm"
        else:
            what = _WORDS[self.cause].format(tilt_deg=math.degrees(self.tilt))
        return f"{what} at {self.x:.1f}, {self.y:.1f}"


@dataclass(frozen=True)
class Why:
    """The tightest place of a line, and the same of the unsteered way along the trail.

    Attributes
    ----------
    part, straight_part : str or None
        The part that comes closest to the ground; None where nothing is known.
    clearance, straight_clearance : float
        By how much, m; negative = interference, NaN = not known.
    s, straight_s : float
        Where: metres along the line, and along the unsteered way.
    """

    part: str | None
    clearance: float
    s: float
    straight_part: str | None
    straight_clearance: float
    straight_s: float

    def __str__(self) -> str:
        here = closeness(self.part, self.clearance, self.s)
        return f"{here}; unsteered: {closeness(self.straight_part, self.straight_clearance, self.straight_s)}"


def closeness(part: str | None, clearance: float, s: float) -> str:
    """A part's gap at a place of a line, in words."""
    if part is None or math.isnan(clearance):
        return "clearance not known"
    gap = f"clears by {clearance * 100:.0f} cm" if clearance >= 0.0 else f"touches by {-clearance * 100:.0f} cm"
    return f"{part.replace('_', ' ')} {gap} after {s:.1f} m"
