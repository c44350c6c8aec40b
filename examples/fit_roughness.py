"""Fit what a coarse grid hides on ground whose fine heights are known: it is averaged, and what was lost is counted.

    python examples/fit_roughness.py ext/roughness_model.h [TILE.tif ...] [--grounds 1000] [--check TILE.tif ...]

The core is compiled with what it writes.
Ground is averaged over blocks of 5 to 20 posts. Half of what is learned from are grounds at random (random_ground.py),
the rest the tiles; tiles of one folder are one kind of ground, every kind counts the same, and so does every block.
The quantiles are then moved to hold on tiles that were left out: half of each kind's tiles, then the other half.
--check tiles are kept out of all this: for them it prints in how many cells of a hundred the bounds hold. --kinds
prints the same for each kind when none of its tiles was fitted on.
"""
from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from random_ground import ground

from trailcoach.roughness import FEATURES, Model, features
from trailcoach.terrain import Terrain

BLOCKS = (5, 7, 10, 14, 20)
SCORED = (5, 10, 20)
PROBABILITY = np.array([0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97, 0.99, 0.998], np.float32)
MIDDLE = 3
SCORED_AT = (0.5, 0.9, 0.99)
HIDDEN = 28                         # units in each of two layers
STEPS, BATCH, RATE = 4000, 4096, 3e-3
OF_A_GROUND, OF_A_TILE = 120, 3000  # cells taken, at most
LEAST_CELLS = 30
SMOOTH = 0.02                       # of the logarithm: the loss is round within
TILES_COUNT = 4.0                   # over the grounds at random


@dataclass(frozen=True)
class Cells:
    """Cells of one ground averaged over one block: features (n, FEATURES), logarithms over their own roughness (n,)."""

    kind: str
    name: str
    block: int
    seen: np.ndarray
    highest: np.ndarray
    rms: np.ndarray


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


def cells(heights: np.ndarray, dx: float, k: int, most: int, kind: str, name: str) -> Cells | None:
    """Cells that are known with all their neighbours; None of a ground too small."""
    if min(heights.shape) < 6 * k:
        return None
    mean, highest, rms = lost(heights, k)
    seen, scale = features(mean, k * dx)
    rows = np.flatnonzero(np.isfinite(highest).ravel())
    if len(rows) > most:
        rows = np.random.default_rng(0).choice(rows, most, replace=False)
    scale = scale.ravel()[rows]
    return Cells(kind, name, k, seen.reshape(-1, FEATURES)[rows],
                 np.log(np.maximum(highest.ravel()[rows] / scale, 0.02)),
                 np.log(np.maximum(rms.ravel()[rows] / scale, 0.01)))


def of_tiles(paths: Iterable[Path], most: int) -> list[Cells]:
    """Cells of tiles; those of one folder are one kind."""
    out = []
    for path in paths:
        terrain = Terrain.open(path)
        heights = terrain.posts(0, 0, terrain.nx, terrain.ny)[0]
        found = (cells(heights, terrain.dx, k, most, path.parent.name, path.stem) for k in BLOCKS)
        out += [c for c in found if c is not None and len(c.highest) > LEAST_CELLS]
    return out


def weights(parts: list[Cells]) -> np.ndarray:
    """Of each cell: kinds count the same, and so do the parts of a kind."""
    of_kind: dict[str, int] = {}
    for c in parts:
        of_kind[c.kind] = of_kind.get(c.kind, 0) + 1
    return np.concatenate([np.full(len(c.highest), 1.0 / of_kind[c.kind] / len(c.highest)) for c in parts])


def fit(grounds: list[Cells], tiles: list[Cells], steps: int, seed: int = 0) -> Model:
    """A network by least pinball loss (Adam: Kingma & Ba 2015), the rms by least (Huber) squares."""
    parts = grounds + tiles
    x = np.concatenate([c.seen for c in parts])
    y, rms = (np.concatenate([getattr(c, a) for c in parts]).astype(np.float32) for a in ("highest", "rms"))
    share = weights(grounds)
    if tiles:
        of_tiles = weights(tiles)
        share = np.concatenate([share / share.sum(), of_tiles / of_tiles.sum() * TILES_COUNT])
    rng = np.random.default_rng(seed)
    drawn = np.cumsum(share) / share.sum()
    sizes = (FEATURES, HIDDEN, HIDDEN, len(PROBABILITY) + 1)
    p = [a for m, n in pairwise(sizes)
         for a in ((rng.standard_normal((m, n)) / np.sqrt(m)).astype(np.float32), np.zeros(n, np.float32))]
    p[4] *= 0.1
    p[5][:] = np.log(0.3)
    p[5][MIDDLE] = 0.0
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-6
    first, second = [np.zeros_like(a) for a in p], [np.zeros_like(a) for a in p]
    for t in range(1, steps + 1):
        rows = np.minimum(np.searchsorted(drawn, rng.random(BATCH)), len(x) - 1)
        rate = RATE * 0.5 * (1.0 + np.cos(np.pi * t / steps)) + 1e-5
        model = Model(mean, deviation, *p, PROBABILITY, np.zeros(len(PROBABILITY), np.float32))
        for a, g, m, v in zip(p, gradient(model, x[rows], y[rows], rms[rows]), first, second, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            a -= (rate * m / (1.0 - 0.9**t) / (np.sqrt(v / (1.0 - 0.999**t)) + 1e-9)).astype(np.float32)
    return Model(mean, deviation, *p, PROBABILITY, np.zeros(len(PROBABILITY), np.float32))


def gradient(model: Model, x: np.ndarray, y: np.ndarray, rms: np.ndarray) -> list[np.ndarray]:
    """Of the loss of some cells, by the weights and biases in their order."""
    a0 = np.clip((x - model.mean) / model.deviation, -3.0, 3.0)
    a1 = np.tanh(a0 @ model.weight1 + model.bias1)
    a2 = np.tanh(a1 @ model.weight2 + model.bias2)
    out = a2 @ model.weight3 + model.bias3
    quantile, _ = model.from_outputs(out)
    by_quantile = np.clip((quantile - y[:, None]) / SMOOTH, -PROBABILITY, 1.0 - PROBABILITY) / len(y)
    n, step = len(PROBABILITY), np.exp(np.clip(out[:, :len(PROBABILITY)], -8.0, 3.0))
    by_out = np.zeros_like(out)
    by_out[:, MIDDLE] = by_quantile.sum(axis=1)
    by_out[:, MIDDLE + 1:n] = np.cumsum(by_quantile[:, :MIDDLE:-1], axis=1)[:, ::-1] * step[:, MIDDLE + 1:]
    by_out[:, :MIDDLE] = -np.cumsum(by_quantile[:, :MIDDLE], axis=1) * step[:, :MIDDLE]
    by_out[:, n] = 0.3 * np.clip(out[:, n] - rms, -0.5, 0.5) / len(y)
    back2 = (by_out @ model.weight3.T) * (1.0 - a2**2)
    back1 = (back2 @ model.weight2.T) * (1.0 - a1**2)
    return [a0.T @ back1, back1.sum(axis=0), a1.T @ back2, back2.sum(axis=0), a2.T @ by_out, by_out.sum(axis=0)]


def left_out(tiles: list[Cells], by: Callable[[Cells], object]) -> Iterable[tuple[list[Cells], list[Cells]]]:
    """Tiles fitted on and tiles left out, one group after the other."""
    for group in dict.fromkeys(map(by, tiles)):
        yield [c for c in tiles if by(c) != group], [c for c in tiles if by(c) == group]


def half_of(tiles: list[Cells]) -> Callable[[Cells], int]:
    """In which half of its kind's tiles a part is."""
    names: dict[str, list[str]] = {}
    for c in tiles:
        if c.name not in names.setdefault(c.kind, []):
            names[c.kind].append(c.name)
    return lambda c: names[c.kind].index(c.name) % 2


def moved(model: Model, held: list[tuple[Model, list[Cells]]]) -> Model:
    """The quantiles moved so that they hold on parts left out, every kind and block alike."""
    error = np.concatenate([c.highest[:, None] - m.curves(c.seen)[0] for m, parts in held for c in parts])
    share = np.concatenate([weights(parts) for _, parts in held])
    shift = []
    for k, p in enumerate(PROBABILITY):
        order = np.argsort(error[:, k])
        shift.append(error[order[np.searchsorted(np.cumsum(share[order]) / share.sum(), p)], k])
    return replace(model, shift=np.array(shift, np.float32))


def check(held: list[tuple[Model, list[Cells]]], what: str) -> None:
    """In how many cells of a hundred the bounds hold."""
    rows: dict[tuple[str, int], list[np.ndarray]] = {}
    at = [int(np.argmin(np.abs(PROBABILITY - p))) for p in SCORED_AT]
    for model, parts in held:
        for c in parts:
            if c.block in SCORED:
                rows.setdefault((c.kind, c.block), []).append(c.highest[:, None] <= model.curves(c.seen)[0][:, at])
    print(what)
    mean = {key: 100.0 * np.concatenate(found).mean(axis=0) for key, found in sorted(rows.items())}
    for (kind, block), row in mean.items():
        print(f"  {kind:12s} {block:3d} x  " + "  ".join(f"{v:5.1f}" for v in row))
    print("  every kind and block alike  ", "  ".join(f"{v:5.1f}" for v in np.mean(list(mean.values()), axis=0)))
    cell = 100.0 * np.concatenate([a for found in rows.values() for a in found]).mean(axis=0)
    print("  every cell alike            ", "  ".join(f"{v:5.1f}" for v in cell))


def header(model: Model) -> str:
    """A model as the C header that the core is compiled with."""
    lines = ["/* What a coarse grid hides: the network of roughness.pxi, written by examples/fit_roughness.py. */"]
    for name in Model.__dataclass_fields__:
        values = getattr(model, name).ravel()
        lines.append(f"static const float TC_ROUGH_{name.upper()}[{len(values)}] = {{")
        words = [f"{float(v):.9g}" for v in values]
        words = [w + ("f" if "." in w or "e" in w else ".0f") for w in words]
        lines += ["    " + ", ".join(words[k:k + 7]) + "," for k in range(0, len(words), 7)]
        lines.append("};")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("tile", type=Path, nargs="*")
    parser.add_argument("--grounds", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--check", type=Path, nargs="*", default=[])
    parser.add_argument("--kinds", action="store_true")
    args = parser.parse_args()
    grounds = []
    for seed in range(args.grounds):
        heights, dx = ground(seed)
        grounds += [c for k in BLOCKS if (c := cells(heights, dx, k, OF_A_GROUND, str(seed), "")) is not None]
    tiles = of_tiles(args.tile, OF_A_TILE)
    model = fit(grounds, tiles, args.steps)
    if tiles:
        held = [(fit(grounds, seen, args.steps), unseen) for seen, unseen in left_out(tiles, half_of(tiles))]
        check(held, "tiles left out, before the quantiles are moved")
        model = moved(model, held)
        check([(replace(m, shift=model.shift), parts) for m, parts in held], "tiles left out")
    args.out.write_text(header(model))
    if args.kinds:
        held = [(replace(fit(grounds, seen, args.steps), shift=model.shift), unseen)
                for seen, unseen in left_out(tiles, lambda c: c.kind)]
        check(held, "kinds left out")
    if args.check:
        check([(model, of_tiles(args.check, 10**9))], "tiles never fitted on")


if __name__ == "__main__":
    main()
