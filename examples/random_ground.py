"""Grounds at random, of many kinds: what a fit learns from so that it is not at a loss on ground it has never seen.

    python examples/random_ground.py SEED OUT.npy         # heights, m; prints the distance of its posts

A power law of any slope, smoothed or not, folded into ridges, flats or ledges, patchy; rocks with sizes after Golombek
& Rapp 1997, "Size-frequency distributions of rocks on Mars", or a power law; stones laid in rows; ruts, washboard,
plants; a slope; noise of the sensor; parts that are flat. Nothing here is of a certain place.
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

POSTS = 400                                                             # along a side
SPACINGS = (0.01, 0.02, 0.03, 0.04, 0.05, 0.08, 0.1, 0.2, 0.5, 1.0, 2.0, 10.0, 30.0)      # m, of fine tiles there are
SHARES = (0.07, 0.1, 0.06, 0.2, 0.2, 0.06, 0.12, 0.04, 0.03, 0.05, 0.02, 0.02, 0.03)
SMALL = 0.25                        # m: on posts farther apart no single rock is seen
MOST_ROCKS = 6000


def ground(seed: int, n: int = POSTS) -> tuple[np.ndarray, float]:
    """Heights (n, n) and the distance of posts, m."""
    rng = np.random.default_rng(seed)
    dx = float(rng.choice(SPACINGS, p=SHARES) * np.exp(rng.normal(0.0, 0.05)))
    z = _bed(rng, n, dx)
    if dx < SMALL:
        z = _furnished(rng, z, dx)
    y, x = np.mgrid[0:n, 0:n]
    if rng.random() < 0.6:
        slope, towards = rng.uniform(0.0, 0.4), rng.uniform(0.0, 2.0 * np.pi)
        z = z + slope * dx * (x * np.cos(towards) + y * np.sin(towards))
    if rng.random() < 0.3:
        noise = rng.choice((0.001, 0.003, 0.01)) * (1.0 if dx < SMALL else 3.0 * dx)
        z = z + noise * rng.standard_normal((n, n))
    if rng.random() < 0.25:
        z = z * np.clip(4.0 * spectral(rng, n, 1.2, 2.0 * n, 4.0) + rng.normal(0.0, 3.0), 0.0, 1.0)
    return z, dx


def spectral(rng: np.random.Generator, n: int, hurst: float, longest: float, shortest: float,
             stretch: float = 1.0) -> np.ndarray:
    """A surface (n, n) of standard deviation 1 whose amplitudes fall as k^-(hurst + 1) between two wavelengths."""
    ky, kx = np.fft.fftfreq(n)[:, None], np.fft.fftfreq(n)[None, :]
    turn = rng.uniform(0.0, np.pi)
    k = np.hypot(kx * np.cos(turn) + ky * np.sin(turn), stretch * (ky * np.cos(turn) - kx * np.sin(turn)))
    k[0, 0] = 1.0
    amplitude = np.maximum(k, 1.0 / longest)**-(hurst + 1.0) * np.exp(-(k * shortest)**2)
    amplitude *= np.where(k < 1.0 / longest, 0.5 * (k * longest)**2, 1.0)
    amplitude[0, 0] = 0.0
    z = np.fft.ifft2(amplitude * np.exp(2j * np.pi * rng.random((n, n)))).real
    return np.asarray(z / z.std())


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _bed(rng: np.random.Generator, n: int, dx: float) -> np.ndarray:
    """Ground without anything on it."""
    longest = _log_uniform(rng, 40.0, 4.0 * n)
    shortest = rng.choice([0.0, rng.uniform(0.5, 4.0), _log_uniform(rng, 2.0, 60.0)], p=[0.3, 0.4, 0.3])
    z = spectral(rng, n, rng.uniform(0.2, 1.3), longest, shortest,
                 _log_uniform(rng, 1.0, 2.0) if rng.random() < 0.4 else 1.0)
    size = min(longest, n) * dx
    if dx < SMALL:
        rms = _log_uniform(rng, 0.005, 0.3) * min(1.0, (size / 4.0)**0.6)
    else:
        rms = _log_uniform(rng, 0.003, 0.12) * size
    z = rms * _folded(rng, z)
    if dx < SMALL and rng.random() < 0.3:
        z = z + _log_uniform(rng, 0.05, 1.0) * min(1.0, n * dx / 20.0) * spectral(rng, n, 1.5, 4.0 * n,
                                                                                 rng.uniform(2.0, 40.0))
    return z


def _folded(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """Some surfaces get ridges or washes, flats, patches or ledges."""
    kind = rng.random()
    if kind < 0.12:
        z = np.abs(z + rng.normal(0.0, 0.5)) * rng.choice((-1.0, 1.0))
    elif kind < 0.20:
        z = np.maximum(z, rng.normal(0.0, 0.6))
    elif kind < 0.28:
        z = z * np.exp(rng.uniform(0.2, 0.8) * spectral(rng, len(z), 1.0, len(z), 4.0))
    elif kind < 0.34:
        step, steep = rng.uniform(0.3, 1.2), rng.uniform(0.05, 0.4)
        tread = np.floor(z / step)
        return np.asarray(step * (tread + np.clip((z / step - tread - 0.5) / steep + 0.5, 0.0, 1.0)))
    return np.asarray(z / max(z.std(), 0.1))


def _furnished(rng: np.random.Generator, z: np.ndarray, dx: float) -> np.ndarray:
    """Rocks, stones, ruts and plants on a bed."""
    n = len(z)
    for share in (0.6, 0.12):
        if rng.random() < share:
            z = rocks(rng, z, dx, _log_uniform(rng, 0.01, 0.6))
    if rng.random() < 0.08 and dx < 0.06:
        z = 0.3 * z + _stones(rng, n, dx)
    if rng.random() < 0.12:
        turn, y, x = rng.uniform(0.0, np.pi), *np.mgrid[0:n, 0:n]
        across = (x * np.cos(turn) + y * np.sin(turn)) * dx / rng.uniform(0.3, 3.0)
        rut = -np.exp(-(2.0 * (across % 1.0 - 0.5) / rng.uniform(0.2, 0.5))**4)
        z = z + rng.uniform(0.01, 0.2) * (np.sin(2.0 * np.pi * across) if rng.random() < 0.5 else rut)
    if rng.random() < 0.06:
        z = rocks(rng, z, dx, rng.uniform(0.005, 0.03))
    return z


def rocks(rng: np.random.Generator, z: np.ndarray, dx: float, share: float) -> np.ndarray:
    """The ground with rocks that cover about `share` of it."""
    n, size = len(z), len(z) * dx
    diameter = _diameters(rng, size, dx, share)
    patch = None
    if rng.random() < 0.35:
        patch = 1.0 / (1.0 + np.exp(-rng.uniform(1.0, 5.0) * spectral(rng, n, rng.uniform(0.5, 1.5), n, 2.0)))
    out, round_, high, vary = z.copy(), rng.uniform(0.3, 1.0), rng.uniform(0.15, 0.65), rng.uniform(0.0, 0.5)
    buried, flat = rng.uniform(0.0, 0.2), rng.random() < 0.15
    for d in diameter[:MOST_ROCKS]:
        a = 0.5 * d / dx
        b, turn = a * rng.uniform(0.6, 1.0), rng.uniform(0.0, np.pi)
        x, y = rng.uniform(0.0, n, 2)
        if patch is not None and rng.random() > patch[int(y) % n, int(x) % n]:
            continue
        part = slice(int(max(y - a, 0)), int(min(y + a + 2, n))), slice(int(max(x - a, 0)), int(min(x + a + 2, n)))
        v, u = np.mgrid[part]
        r2 = (((u - x) * np.cos(turn) + (v - y) * np.sin(turn)) / a)**2 + (
            ((v - y) * np.cos(turn) - (u - x) * np.sin(turn)) / b)**2
        top = 1.0 if flat else np.maximum(1.0 - r2, 0.0)**round_
        lift = 0.9 * d * high * np.exp(vary * rng.standard_normal()) * (top - buried)
        out[part] = np.maximum(out[part], np.where(r2 < 1.0, z[part] + lift, -np.inf))
    return out


def _diameters(rng: np.random.Generator, size: float, dx: float, share: float) -> np.ndarray:
    """Diameters of the rocks on a square, m, in random order."""
    q = 1.79 + 0.152 / share if rng.random() < 0.6 else _log_uniform(rng, 0.7, 12.0)
    least = max(3.0 * dx, _log_uniform(rng, 0.03, 0.3))
    most = min(_log_uniform(rng, 0.4, 3.0), size / 3.0)
    if most <= 1.3 * least:
        return np.empty(0)
    edge = np.geomspace(least, most, 60)
    low, high = edge[:-1], edge[1:]
    middle = np.sqrt(low * high)
    covered = share * (np.exp(-q * low) - np.exp(-q * high))            # Golombek: F(D) = k exp(-q D)
    if rng.random() < 0.3:
        covered = middle**(2.0 - rng.uniform(1.5, 3.2)) * (high - low)
        covered *= 0.8 * share / covered.sum()
    number = rng.poisson(np.minimum(covered * size**2 / (0.25 * np.pi * middle**2), 4000.0))
    out = np.repeat(middle, number)
    rng.shuffle(out)
    return out


def _stones(rng: np.random.Generator, n: int, dx: float) -> np.ndarray:
    """Stones laid in rows, with joints."""
    side = _log_uniform(rng, 0.06, 0.4) / dx
    if side < 6.0:
        return np.zeros((n, n))
    joint, tilt = rng.uniform(0.03, 0.12), rng.uniform(0.0, 0.1) * side * dx
    depth = rng.uniform(0.05, 0.3) * side * dx
    uneven, crown, long = rng.uniform(0.0, 0.08) * side * dx, rng.uniform(0.0, 0.15) * side * dx, rng.uniform(0.7, 2.0)
    y, x = np.mgrid[0:n, 0:n]
    row = (y / side).astype(int)
    place = x / (side * long) + rng.random(row.max() + 1)[row]
    column = place.astype(int)
    shape = row.max() + 1, column.max() + 1
    u, v = place - column - 0.5, y / side - row - 0.5
    up, along, across = (rng.standard_normal(shape)[row, column] for _ in range(3))
    gap = np.clip(1.0 - np.minimum(0.5 - np.abs(u), 0.5 - np.abs(v)) / joint, 0.0, 1.0)
    return np.asarray(uneven * up + tilt * (along * u + across * v) - depth * gap**2 - crown * (u**2 + v**2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    heights, dx = ground(args.seed)
    np.save(args.out, heights)
    print(f"{len(heights)} x {len(heights)} posts of {dx:.4g} m, {np.ptp(heights):.3g} m from lowest to highest")


if __name__ == "__main__":
    main()
