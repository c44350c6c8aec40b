"""The clearance of parts, looked for everywhere: every post, edges in every cell, spheres and tubes point by point.

Slow and plain. It shares with the core the shape of a part and of the ground, and nothing else.
"""
from __future__ import annotations

import numpy as np

from trailcoach.terrain import Terrain

TINY = 1e-12


class Ground:
    """Bilinear between the posts."""

    def __init__(self, terrain: Terrain) -> None:
        self.x0, self.y0, self.dx = terrain.x0, terrain.y0, terrain.dx
        self.h = terrain.grid.heights.astype(float)

    def height(self, xy: np.ndarray) -> np.ndarray:
        u, v = (xy[..., 0] - self.x0) / self.dx, (xy[..., 1] - self.y0) / self.dx
        i, j = np.floor(u).astype(int), np.floor(v).astype(int)
        u, v = u - i, v - j
        return ((1 - u) * (1 - v) * self.h[j, i] + u * (1 - v) * self.h[j, i + 1]
                + (1 - u) * v * self.h[j + 1, i] + u * v * self.h[j + 1, i + 1])

    def posts(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Posts (n, 3) in a rectangle."""
        i, j = (np.arange(np.ceil((a - o) / self.dx), np.floor((b - o) / self.dx) + 1).astype(int)
                for a, b, o in zip(low[:2], high[:2], (self.x0, self.y0), strict=True))
        i, j = (a.ravel() for a in np.meshgrid(i, j))
        return np.column_stack([self.x0 + i * self.dx, self.y0 + j * self.dx, self.h[j, i]])


def face_gap(ground: Ground, centre: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Over a face centre + s a + t b: at all posts below it, and along its four edges."""
    reach = np.abs(a) + np.abs(b)
    posts = ground.posts(centre - reach, centre + reach)
    st = np.linalg.solve(np.column_stack([a[:2], b[:2]]), (posts[:, :2] - centre[:2]).T)
    under = np.all(np.abs(st) <= 1.0, axis=0)
    gaps = centre[2] + st[0] * a[2] + st[1] * b[2] - posts[:, 2]
    least = float(np.min(gaps[under], initial=np.inf))
    for one, other in ((a, b), (b, a)):
        for end in (-1.0, 1.0):
            least = min(least, edge_gap(ground, centre + end * other - one, 2.0 * one))
    return least


def edge_gap(ground: Ground, start: np.ndarray, by: np.ndarray) -> float:
    """Along an edge: at its crossings with the lines of the grid, and between two of them where the parabola through
    them and the middle is least."""
    crossings = [np.array([0.0, 1.0])]
    for k, origin in ((0, ground.x0), (1, ground.y0)):
        if abs(by[k]) > TINY:
            ends = np.sort([(start[k] - origin) / ground.dx, (start[k] + by[k] - origin) / ground.dx])
            lines = np.arange(np.ceil(ends[0]), np.floor(ends[1]) + 1)
            crossings.append((origin + lines * ground.dx - start[k]) / by[k])
    t = np.unique(np.clip(np.concatenate(crossings), 0.0, 1.0))

    def gap(at: np.ndarray) -> np.ndarray:
        p = start + at[:, None] * by
        return p[:, 2] - ground.height(p)

    first, last = t[:-1], t[1:]
    inside = np.clip([first + TINY, 0.5 * (first + last), last - TINY], 0.0, 1.0)
    left, middle, right = (gap(at) for at in inside)
    bend = left - 2.0 * middle + right
    with np.errstate(divide="ignore", invalid="ignore"):
        place = np.where(bend > 0.0, 0.25 * (left - right) / bend, 0.0)
    between = np.abs(place) < 0.5
    lowest = np.where(between, middle - 0.125 * (left - right) ** 2 / np.where(bend > 0.0, bend, np.inf), np.inf)
    return float(min(left.min(), right.min(), middle.min(), lowest.min()))


def box_gap(ground: Ground, centre: np.ndarray, axes: np.ndarray) -> float:
    """All faces that look down; axes are the half edges, one a row."""
    least = np.inf
    for k in range(3):
        a, b = axes[(k + 1) % 3], axes[(k + 2) % 3]
        if abs(a[0] * b[1] - a[1] * b[0]) > TINY:
            side = -np.sign(axes[k][2]) or 1.0
            least = min(least, face_gap(ground, centre + side * axes[k], a, b))
    return least


def _closer(ground: Ground, points: np.ndarray, spacing: float) -> tuple[float, np.ndarray]:
    """Least gap of points (n, 3), and which of them may have a neighbour with less."""
    gaps = points[:, 2] - ground.height(points)
    return float(gaps.min()), gaps < gaps.min() + spacing


def ball_gap(ground: Ground, centre: np.ndarray, radius: float) -> float:
    """Points on the lower half of a sphere, finer and finer about those that are near."""
    polar, azimuth = (a.ravel() for a in np.meshgrid(np.linspace(0.0, np.pi / 2, 120), np.linspace(-np.pi, np.pi, 480)))
    step = np.array([np.pi / 240, 2 * np.pi / 480])
    least = np.inf
    for _ in range(4):
        points = centre + radius * np.column_stack(
            [np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), -np.cos(polar)])
        least, near = _closer(ground, points, 2e-3 * step[0] / (np.pi / 240))
        dp, da = (a.ravel() for a in np.meshgrid(*(np.linspace(-0.5, 0.5, 5) * s for s in step)))
        polar = np.clip(polar[near][:, None] + dp, 0.0, np.pi / 2).ravel()
        azimuth = (azimuth[near][:, None] + da).ravel()
        step = step / 4.0
        if len(polar) > 400_000:
            break
    return least


def tube_gap(ground: Ground, centre: np.ndarray, axis: np.ndarray, ahead: np.ndarray, radius: float) -> float:
    """Lines 3 deg apart on the lower half of a tube, and ever finer between those that are near; axis is half of it,
    ahead a unit vector across."""
    down = np.cross(ahead, axis / np.linalg.norm(axis))
    down *= -np.sign(down[2])

    def gap(angle: float) -> float:
        return edge_gap(ground, centre - axis + radius * (np.sin(angle) * ahead + np.cos(angle) * down), 2.0 * axis)

    step = np.radians(3.0)
    angles = np.radians(np.arange(-75.0, 75.1, 3.0))
    gaps = np.array([gap(a) for a in angles])
    while step > 3e-4:
        near = angles[gaps < gaps.min() + radius * step]        # the ground is less steep than 45 deg between two lines
        step /= 3.0
        angles = np.unique(np.concatenate([near - step, near, near + step]).round(9))
        gaps = np.array([gap(a) for a in angles])
    return float(gaps.min())
