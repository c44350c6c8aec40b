"""Which part of a terrain the engine is given, and when it is given the next."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from trailcoach.terrain import WINDOW_POSTS, Terrain

if TYPE_CHECKING:
    from trailcoach._core import Engine, Grid

HALF_SIZE = 64.0                    # m, of a window
POSITION = 4                        # TC_FUSION_POSITION
AHEAD = 24.0                        # m of ground kept about the vehicle: a line's horizon, its corridor, the vehicle


class Windows:
    """The grids a vehicle drives over, one after the other; all of a small terrain at once.

    The rule is for any host to follow: a new window about the vehicle when it is farther than ``HALF_SIZE - AHEAD``,
    east or north, from the middle of the last. What is handed over is recorded, so that a replay is the same to the
    bit.

    Parameters
    ----------
    terrain : Terrain
    """

    def __init__(self, terrain: Terrain) -> None:
        self._terrain = terrain
        self._middle: tuple[float, float] | None = None
        fits = min(HALF_SIZE, 0.5 * terrain.dx * WINDOW_POSTS ** 0.5)     # less than asked on very fine tiles
        self._free = max(fits - AHEAD, fits / 3.0)

    def follow(self, x: float, y: float) -> Grid | None:
        """The grid to hand over for a vehicle at a place; None where the last still serves."""
        if not (np.isfinite(x) and np.isfinite(y)) or not self._is_due(x, y):
            return None
        self._middle = x, y
        if self._terrain.is_whole:
            return self._terrain.grid
        return self._terrain.window(x, y, HALF_SIZE)

    def begin(self, engine: Engine, start: Sequence[float] | None) -> None:
        """Give an engine its first grid: all of a small terrain, else that about the start pose, where one is known."""
        place = (self._terrain.x0, self._terrain.y0) if self._terrain.is_whole else start
        grid = None if place is None else self.follow(place[0], place[1])
        if grid is not None:
            hand_over(engine, grid)

    def serve(self, engine: Engine, state: np.ndarray) -> None:
        """Give an engine the grid that its state, an abi.STATE with shape (), asks for."""
        if not int(state["status"]) & POSITION:
            return
        grid = self.follow(float(state["position"][0]), float(state["position"][1]))
        if grid is not None:
            hand_over(engine, grid)

    def _is_due(self, x: float, y: float) -> bool:
        if self._middle is None:
            return True
        return not self._terrain.is_whole and max(abs(x - self._middle[0]), abs(y - self._middle[1])) > self._free


def hand_over(engine: Engine, grid: Grid) -> None:
    """Give an engine its first grid, or the next one of the same ground."""
    if engine.grid is None:
        engine.set_terrain(grid)
    else:
        engine.move_terrain(grid)
