"""Which part of a long trail the engine is given, and when it is given the next."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trailcoach import abi

if TYPE_CHECKING:
    from trailcoach.trail import Trail

AHEAD, BEHIND = 1024, 512           # points kept before and behind the vehicle: 100 m and 50 m at the closest spacing
NEAR = 256                          # points about the last place among which the next is looked for


class Stretches:
    """The parts of a trail a vehicle drives along, one after the other; all of a trail the core can hold at once.

    Parameters
    ----------
    trail : Trail
    """

    def __init__(self, trail: Trail) -> None:
        self._xy = trail.xy
        self._at: int | None = None
        self._first = self._end = 0

    @property
    def is_one(self) -> bool:
        """Whether the core holds the whole trail."""
        return len(self._xy) <= abi.MAX_TRAIL

    def follow(self, x: float, y: float) -> np.ndarray | None:
        """The points to hand over for a vehicle at a place, (n, 2); None where the last still serve."""
        if not (np.isfinite(x) and np.isfinite(y)):
            return None
        low = 0 if self._at is None else max(self._at - NEAR, 0)
        high = len(self._xy) if self._at is None else self._at + NEAR
        self._at = low + int(np.argmin(((self._xy[low:high] - (x, y)) ** 2).sum(axis=1)))
        if self._end and self._serves(self._at):
            return None
        self._first = max(min(self._at - BEHIND, len(self._xy) - abi.MAX_TRAIL), 0)
        self._end = min(self._first + abi.MAX_TRAIL, len(self._xy))
        return self._xy[self._first:self._end]

    def _serves(self, at: int) -> bool:
        return ((at < self._end - AHEAD or self._end == len(self._xy))
                and (at >= self._first + BEHIND // 2 or self._first == 0))
