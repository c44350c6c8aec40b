"""Fit what a coarse grid hides on tiles whose fine ground is known: they are averaged, and what was lost is counted.

    python examples/fit_roughness.py OUT.npz TILE.tif TILE.tif ... [--check TILE.tif ...]

Each tile is averaged over blocks of 5 to 20 posts. Tiles of one folder are one kind of ground; every kind counts the
same. --check tiles are kept out of the fit: for them it prints in how many cells of a hundred the bounds hold.
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from trailcoach.inputs.tiles import read_tiles

from trailcoach.roughness import Forest, features

BLOCKS = (5, 7, 10, 14, 20)
PROBABILITY = np.array([0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.998])
TREES, DEPTH = 6, 9
CELLS = 3000                        # of a kind and block, at most
LEAST = 40                          # cells in a leaf
THRESHOLDS = 8                     # looked at for each feature
LOSS_AT = (0.5, 0.9, 0.99)


def lost(fine: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Block means of k x k posts, and the highest and rms height over the bilinear surface through them."""
    ny, nx = fine.shape[0] // k, fine.shape[1] // k
    block = fine[:ny * k, :nx * k].reshape(ny, k, nx, k).transpose(0, 2, 1, 3).astype(float)
    mean = block.mean(axis=(2, 3))
    wide = np.pad(mean, 1, constant_values=np.nan)
    place = (np.arange(k) + 0.5) / k - 0.5
    over = np.empty_like(block)
    for i, v in enumerate(place):
        for j, u in enumerate(place):
            sy, sx = (1 if v >= 0.0 else -1), (1 if u >= 0.0 else -1)
            at = [wide[1 + a:ny + 1 + a, 1 + b:nx + 1 + b] for a, b in ((0, 0), (0, sx), (sy, 0), (sy, sx))]
            v_, u_ = abs(v), abs(u)
            over[:, :, i, j] = block[:, :, i, j] - ((1 - v_) * ((1 - u_) * at[0] + u_ * at[1])
                                                    + v_ * ((1 - u_) * at[2] + u_ * at[3]))
    return mean, over.max(axis=(2, 3)), np.sqrt((over**2).mean(axis=(2, 3)))


def cells(path: Path, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """Features, own roughness, highest and spread of the cells of a tile that are known with all their neighbours."""
    tile = read_tiles(path)
    if min(tile.heights.shape) < 6 * k:
        return None
    mean, highest, spread = lost(tile.heights, k)
    table, scale = features(mean, k * tile.dx)
    known = np.isfinite(highest)
    return table[known], scale[known], highest[known], spread[known]


def pinball(z: np.ndarray) -> float:
    """Loss of the best constant bounds."""
    if not len(z):
        return 0.0
    q = np.quantile(z, LOSS_AT)
    return float(sum(np.maximum(p * (z - b), (p - 1.0) * (z - b)).sum() for p, b in zip(LOSS_AT, q, strict=True)))


def grow(rng: np.random.Generator, x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A complete tree by least pinball loss: feature and threshold of its nodes, leaf of each cell."""
    nodes = 2**DEPTH - 1
    feature, threshold = np.zeros(nodes, np.int16), np.full(nodes, np.inf)
    at = np.zeros(len(z), np.int64)
    for node in range(nodes):
        inside = np.flatnonzero(at == node)
        best = pinball(z[inside]) * (1.0 - 1e-3)
        for f in rng.choice(x.shape[1], 5, replace=False) if len(inside) >= 2 * LEAST else ():
            some = inside if len(inside) < 3000 else rng.choice(inside, 3000, replace=False)
            scale = len(inside) / len(some)
            for t in np.quantile(x[some, f], rng.uniform(0.05, 0.95, THRESHOLDS)):
                right = x[some, f] > t
                if min(right.sum(), (~right).sum()) * scale < LEAST:
                    continue
                loss = scale * (pinball(z[some[right]]) + pinball(z[some[~right]]))
                if loss < best:
                    best, feature[node], threshold[node] = loss, f, t
        at[inside] = 2 * node + 1 + (x[inside, feature[node]] > threshold[node])
    return feature, threshold, at - nodes


def fit(x: np.ndarray, scale: np.ndarray, highest: np.ndarray, spread: np.ndarray, seed: int = 0) -> Forest:
    """A forest on cells of known ground."""
    rng = np.random.default_rng(seed)
    z = np.log(np.maximum(highest / scale, 0.05))
    grown = [grow(rng, x, z) for _ in range(TREES)]
    quantile = np.zeros((TREES, 2**DEPTH, len(PROBABILITY)), np.float32)
    middle = np.zeros((TREES, 2**DEPTH), np.float32)
    for t, (_, _, leaf) in enumerate(grown):
        for i in range(2**DEPTH):
            inside = leaf == i
            if inside.any():
                quantile[t, i] = np.quantile(highest[inside] / scale[inside], PROBABILITY)
                middle[t, i] = np.sqrt(np.mean((spread[inside] / scale[inside])**2))
    return Forest(np.array([g[0] for g in grown]), np.array([g[1] for g in grown]).astype(np.float32), quantile, middle,
                  PROBABILITY, np.quantile(x, 0.001, axis=0), np.quantile(x, 0.999, axis=0))


def collect(paths: list[Path], rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Cells of tiles, as many of every kind."""
    groups: dict[tuple[str, int], list[tuple[np.ndarray, ...]]] = {}
    for path in paths:
        for k in BLOCKS:
            found = cells(path, k)
            if found is not None and len(found[1]):
                groups.setdefault((path.parent.name, k), []).append(found)
    parts = []
    for group in groups.values():
        whole = [np.concatenate(a) for a in zip(*group, strict=True)]
        rows = rng.choice(len(whole[1]), CELLS, replace=len(whole[1]) < CELLS)
        parts.append([a[rows] for a in whole])
    return tuple(np.concatenate(a) for a in zip(*parts, strict=True))


def check(forest: Forest, paths: list[Path]) -> None:
    """In how many cells of a hundred the 50, 90 and 99 % bounds hold, by kind and block."""
    sums: dict[tuple[str, int], np.ndarray] = {}
    for path in paths:
        for k in (5, 10, 20):
            found = cells(path, k)
            if found is None or not len(found[1]):
                continue
            curve = np.mean([forest.quantile[t, leaf] for t, leaf in enumerate(forest.leaves(found[0]))], axis=0)
            held = [np.mean(found[2] <= curve[:, np.abs(forest.probability - p).argmin()] * found[1]) for p in LOSS_AT]
            at = sums.setdefault((path.parent.name, k), np.zeros(4))
            at += len(found[1]) * np.array([1.0, *held])
    for (kind, k), s in sorted(sums.items()):
        print(f"{kind:12s} {k:3d} x  {int(s[0]):7d} cells  " + "  ".join(f"{100 * v / s[0]:5.1f}" for v in s[1:]))
    every = np.array(list(sums.values()))
    mean = 100.0 * (every[:, 1:] / every[:, :1]).mean(axis=0)
    print("every kind and block alike  ", "  ".join(f"{v:5.1f}" for v in mean))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("tile", type=Path, nargs="+")
    parser.add_argument("--check", type=Path, nargs="*", default=[])
    args = parser.parse_args()
    forest = fit(*collect(args.tile, np.random.default_rng(0)))
    np.savez_compressed(args.out, **{name: getattr(forest, name) for name in Forest.__dataclass_fields__})
    check(forest, args.check)


if __name__ == "__main__":
    main()
