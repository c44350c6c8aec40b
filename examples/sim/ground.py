"""Seeded ground to drive: rock gardens and rough trails, local metres, driven from west to east."""
from __future__ import annotations

import numpy as np

from trailcoach.terrain import Terrain

DX = 0.05                       # m between posts
LENGTH, WIDTH = 30.0, 9.0       # m
START, GOAL = 4.0, 20.0         # m from the west end, of the rear axle
KINDS = ("garden", "trail", "road")


def make_ground(kind: str, seed: int) -> Terrain:
    """A garden of rocks, a trail of undulations and some rocks, or a graded road."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    x = np.arange(0.0, LENGTH + DX / 2, DX)
    y = np.arange(-WIDTH / 2, WIDTH / 2 + DX / 2, DX)
    X, Y = np.meshgrid(x, y)
    if kind == "road":
        return _terrain(_waves(rng, X, Y, 0.01, 4.0))
    if kind == "garden":
        heights = _waves(rng, X, Y, 0.03, 3.0)
        n, widths = 90, (0.3, 1.1)
    else:
        heights = _waves(rng, X, Y, 0.16, 6.0) + _waves(rng, X, Y, 0.05, 2.0)
        n, widths = 30, (0.25, 0.9)
    on = np.clip((X - 3.0) / 2.0, 0.0, 1.0) * np.clip((LENGTH - 3.0 - X) / 2.0, 0.0, 1.0)
    heights *= on
    for _ in range(n):
        width = rng.uniform(*widths) * rng.uniform(0.6, 1.0)
        a = width / 2.0 * rng.uniform(1.0, 1.3)
        b = width**2 / 4.0 / a
        cx, cy, turn = rng.uniform(8.3, 22.0), rng.uniform(-WIDTH / 2, WIDTH / 2), rng.uniform(0.0, np.pi)
        u = ((X - cx) * np.cos(turn) + (Y - cy) * np.sin(turn)) / a
        v = ((Y - cy) * np.cos(turn) - (X - cx) * np.sin(turn)) / b
        dome = rng.uniform(0.4, 0.55) * width * np.sqrt(np.clip(1.0 - u**2 - v**2, 0.0, None))
        heights = np.maximum(heights, np.where(dome > 0.0, heights + dome, heights) if width < 0.3 else
                             np.where(dome > 0.0, np.median(heights) + dome, heights))
    return _terrain(heights)


def _waves(rng: np.random.Generator, X: np.ndarray, Y: np.ndarray, rms: float, longest: float) -> np.ndarray:
    """A sum of waves of all directions, a third of the longest at least, with a given root mean square."""
    out = np.zeros_like(X)
    for _ in range(12):
        k = 2.0 * np.pi / (longest * rng.uniform(0.33, 1.0))
        turn = rng.uniform(0.0, np.pi)
        out += np.sin(k * (X * np.cos(turn) + Y * np.sin(turn)) + rng.uniform(0.0, 2.0 * np.pi))
    return out * rms / np.sqrt(6.0)


def _terrain(heights: np.ndarray) -> Terrain:
    return Terrain.from_heights(heights.astype(np.float32), 0.0, -WIDTH / 2, DX)
