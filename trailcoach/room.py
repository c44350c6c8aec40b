"""Room for error along a line: how far the driver may be aside, and where it is less."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Narrow:
    """A stretch of a line with less room than was asked for.

    Attributes
    ----------
    begin, end : float
        Along the line, m.
    room : float
        The driver may be so far aside, left or right, and nothing touches, m; 0 = not even half of what was asked for
        is known to be there.
    """

    begin: float
    end: float
    room: float

    def __str__(self) -> str:
        where = f"at {self.begin:.1f} m" if self.end == self.begin else f"from {self.begin:.1f} to {self.end:.1f} m"
        return f"{where}: {_width(self.room)}"


def narrow_stretches(s: np.ndarray, room: np.ndarray, wanted: float) -> tuple[Narrow, ...]:
    """Where a line has less room than wanted, each stretch with the least of it.

    Parameters
    ----------
    s : ndarray
        (n,), of the points along the line, m.
    room : ndarray
        (n,), at the points, m; NaN where it was not asked.
    wanted : float
        m.
    """
    short = np.concatenate([[False], room < wanted - 1e-9, [False]])
    edges = np.flatnonzero(short[1:] != short[:-1]).reshape(-1, 2)
    return tuple(Narrow(float(s[a]), float(s[b - 1]), float(room[a:b].min())) for a, b in edges)


def room_words(s: np.ndarray, room: np.ndarray, wanted: float) -> str:
    """All of it in one sentence.

    >>> room_words(np.array([0.0, 0.1, 0.2]), np.array([0.1, 0.05, 0.1]), 0.1)
    'room of 10 cm to each side, but at 0.1 m: 5 cm'
    """
    if not (room == room).any():
        return "room for error was not asked for"
    narrow = narrow_stretches(s, room, wanted)
    unasked = "" if (room == room).all() else "; not asked everywhere"
    if len(narrow) == 1 and narrow[0].begin == s[0] and narrow[0].end == s[-1]:
        return f"room to each side: {_width(narrow[0].room)} all along{unasked}"
    most = f"room of {wanted * 100:.0f} cm to each side"
    return most + (", but " + ", ".join(map(str, narrow)) if narrow else " all along") + unasked


def _width(room: float) -> str:
    return f"{room * 100:.0f} cm" if room > 0.0 else "none known"
