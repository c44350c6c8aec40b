"""Ground to plan on, made for the purpose: local metres, posts 5 cm apart, x from -6 to 26, y from -8 to 8."""
import numpy as np

from trailcoach.terrain import Terrain

WEST, SOUTH, DX = -6.0, -8.0, 0.05
X, Y = np.meshgrid(WEST + DX * np.arange(641), SOUTH + DX * np.arange(321))


def terrain(heights):
    return Terrain.from_heights(np.asarray(heights, np.float32), WEST, SOUTH, DX)


def flat():
    return np.zeros_like(X)


def rock(x, y, radius, height):
    """A half-ellipsoid."""
    return height * np.sqrt(np.clip(1.0 - ((X - x)**2 + (Y - y)**2) / radius**2, 0.0, None))


def rocks(seed, n=120, x_range=(3.0, 18.0)):
    """Domes half as high as wide, 0.15 to 0.9 m wide, anywhere in x_range."""
    rng = np.random.default_rng(seed)
    heights = flat()
    for width in 0.15 * 6.0**rng.random(n)**1.5:
        heights = np.maximum(heights, rock(rng.uniform(*x_range), rng.uniform(-6.0, 6.0), width / 2, width / 2))
    return heights
