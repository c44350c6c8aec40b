"""How far the probability of contact can be trusted: predicted on ground with errors, observed in a physics engine.

    python examples/calibrate_contact.py                        # on the 59 bundled poses
    python examples/calibrate_contact.py CASES --out reliability.png
    python examples/calibrate_contact.py CASES --sigma 0.02,0.05 --correlation 0,0.3 --draws 5

CASES is a folder with VEHICLE.csv (id, terrain, kind, x, y, yaw and the true clearance_PART, negative where a part that
may pass through the ground does) and terrain/*.tif, the true ground. Noise of each sigma, white (0) or correlated over
so many metres, is laid on the ground; on that, and told its sigma, each pose is predicted. Said is, by deciles of the
probability, how often parts touched in truth, and by part and kind of ground how many contacts were expected and how
many came; the last line is the whole in short. Poses are few beside the draws, so the intervals are from drawing poses,
not draws, again.

Exact ground (sigma 0) comes first: there a contact counts as missed where a part that touches by more than 1 cm was
given less than one in a thousand.
"""
from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

import trailcoach as tc
from trailcoach.errors import InputError
from trailcoach.stance import Rest
from trailcoach.vehicle import bundled_vehicles

BUNDLED = Path(__file__).parent.parent / "terrain_data" / "stance"
DECILES = np.linspace(0.0, 1.0, 11)
MISSED_DEPTH, MISSED_CHANCE = 0.01, 1e-3        # m; a contact this deep with less than this chance is missed
RESAMPLED = 200                                 # times poses are drawn again for an interval
LEAST_COUNT = 20                                # of predictions in doubt for a part or a kind to be listed
DOUBT = 0.02                                    # a prediction nearer to 0 or 1 is in none
LEAST_CHANCE = 1e-9                             # for the likelihood of what was said to be impossible


@dataclass
class Pairs:
    """Predictions beside what came, one a part of a pose of a draw: arrays of the same length."""

    chance: np.ndarray
    truth: np.ndarray                           # clearance, m
    part: np.ndarray                            # vehicle and part
    kind: np.ndarray                            # of ground
    pose: np.ndarray                            # number of the pose

    @property
    def touched(self) -> np.ndarray:
        """Whether the part touched in truth."""
        return self.truth < 0.0

    @staticmethod
    def join(several: list[Pairs]) -> Pairs:
        """One after another; poses keep their numbers."""
        names = "chance", "truth", "part", "kind", "pose"
        return Pairs(*(np.concatenate([getattr(p, name) for p in several]) for name in names))


@dataclass
class Scene:
    """A true ground and the poses of a vehicle on it, with what is true there."""

    vehicle: tc.Vehicle
    name: str
    heights: np.ndarray
    x0: float
    y0: float
    dx: float
    poses: np.ndarray
    truth: np.ndarray                           # (n, parts), clearance, m
    kinds: np.ndarray                           # (n,), of ground, as the cases call it
    first: int                                  # number of its first pose

    def predict(self, noise: np.ndarray | float, sigma: float) -> Pairs:
        """Probabilities of contact on the ground with noise on it."""
        ground = tc.Terrain.from_heights((self.heights + noise).astype(np.float32), self.x0, self.y0, self.dx,
                                         sigma=sigma)
        stance = tc.settle(self.vehicle, ground, self.poses)
        known = (stance.status == Rest.OK)[:, None] & np.isfinite(stance.contact_probability) & np.isfinite(self.truth)
        rows, columns = np.nonzero(known)
        names = np.array([f"{self.name} {p}" for p in self.vehicle.part_names])
        return Pairs(stance.contact_probability[known], self.truth[known], names[columns], self.kinds[rows],
                     rows + self.first)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, nargs="?", default=BUNDLED, help="folder with VEHICLE.csv, terrain/*.tif")
    parser.add_argument("--sigma", default="0.01,0.03,0.06", help="standard deviations of the noise, m")
    parser.add_argument("--correlation", default="0,0.15,0.5", help="lengths over which it is one, m; 0 = white")
    parser.add_argument("--draws", type=int, default=3, help="of noise for each of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="reliability diagram to draw, PNG")
    args = parser.parse_args()
    try:
        scenes = read_scenes(args.cases)
        sigmas, lengths = numbers("--sigma", args.sigma, least=1e-6), numbers("--correlation", args.correlation)
        if args.draws < 1:
            raise InputError(f"--draws {args.draws}; 1 or more are needed")
    except InputError as e:
        print(f"calibrate_contact: {e}", file=sys.stderr)
        return 2
    exact = Pairs.join([s.predict(0.0, 0.0) for s in scenes])
    print(f"{sum(len(s.poses) for s in scenes)} poses")
    say_exact(exact)
    rng = np.random.default_rng(args.seed)
    found = {}
    for sigma in sigmas:
        for length in lengths:
            found[sigma, length] = Pairs.join([s.predict(errors(rng, s, sigma, length), sigma)
                                               for _ in range(args.draws) for s in scenes])
            say(f"sigma {sigma:g} m, " + (f"correlated over {length:g} m" if length else "white"), found[sigma, length],
                rng)
    together = Pairs.join(list(found.values()))
    say("all with errors", together, rng)
    say_by("part", together.part, together, rng)
    say_by("kind of ground", together.kind, together, rng)
    say_short(together, rng)
    if args.out is not None:
        draw({"exact": exact, "all with errors": together}, rng, args.out)
        print(f"diagram: {args.out}")
    return 0


def numbers(name: str, text: str, least: float = 0.0) -> list[float]:
    """Numbers of a list with commas."""
    try:
        values = [float(word) for word in text.split(",")]
    except ValueError:
        raise InputError(f"{name} {text}: numbers with commas between them are needed") from None
    if not all(np.isfinite(v) and v >= least for v in values):
        raise InputError(f"{name} {text}: {least:g} m or more is needed")
    return values


def read_scenes(folder: Path) -> list[Scene]:
    """All cases of a folder, by vehicle and ground."""
    scenes: list[Scene] = []
    count = 0
    for name in bundled_vehicles():
        if not (folder / f"{name}.csv").is_file():
            continue
        vehicle = tc.Vehicle.load(name)
        with open(folder / f"{name}.csv", newline="") as f:
            rows = list(csv.DictReader(f))
        missing = [c for p in vehicle.part_names if (c := f"clearance_{p}") not in (rows[0] if rows else {})]
        if missing:
            raise InputError(f"{folder / name}.csv: no column {missing[0]}; the true clearance of each part is needed")
        for tile in sorted({r["terrain"] for r in rows}):
            here = [r for r in rows if r["terrain"] == tile]
            ground = tc.Terrain.open(folder / "terrain" / f"{tile}.tif")
            x, y = (lo + ground.dx * np.arange(n) for lo, n in ((ground.x0, ground.nx), (ground.y0, ground.ny)))
            scenes.append(Scene(
                vehicle, name, ground.height(*np.meshgrid(x, y)), ground.x0, ground.y0, ground.dx,
                np.array([[float(r[k]) for k in ("x", "y", "yaw")] for r in here]),
                np.array([[float(r[f"clearance_{p}"] or "nan") for p in vehicle.part_names] for r in here]),
                np.array([r.get("kind") or "ground" for r in here]), count))
            count += len(here)
    if not scenes:
        raise InputError(f"{folder}: no cases there; a folder with a CSV named after a bundled vehicle is needed")
    return scenes


def errors(rng: np.random.Generator, scene: Scene, sigma: float, length: float) -> np.ndarray:
    """Errors of all heights: normal, with a Gaussian correlation of that length, m."""
    noise = rng.standard_normal(scene.heights.shape)
    if length > 0.0:
        noise = gaussian_filter(noise, length / scene.dx / np.sqrt(2.0), mode="wrap")
        noise /= noise.std()
    return sigma * noise


def reliability(pairs: Pairs, rng: np.random.Generator) -> list[tuple[int, float, float, float]]:
    """By decile: how many, mean predicted, share that touched, and half the 95 % interval of their difference."""
    table = []
    which = np.minimum((pairs.chance * 10.0).astype(int), 9)
    for k in range(10):
        rows = which == k
        if not rows.any():
            table.append((0, np.nan, np.nan, np.nan))
            continue
        error = pairs.chance[rows] - pairs.touched[rows]
        table.append((int(rows.sum()), float(pairs.chance[rows].mean()), float(pairs.touched[rows].mean()),
                      1.96 * spread_of_mean(error, pairs.pose[rows], rng)))
    return table


def spread_of_mean(values: np.ndarray, pose: np.ndarray, rng: np.random.Generator) -> float:
    """Standard deviation of a mean whose values hang together within a pose: poses drawn again (bootstrap)."""
    _, index = np.unique(pose, return_inverse=True)
    sums, counts = np.bincount(index, values), np.bincount(index)
    drawn = rng.integers(len(sums), size=(RESAMPLED, len(sums)))
    return float((sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)).std())


def say(title: str, pairs: Pairs, rng: np.random.Generator) -> None:
    """Print a reliability table."""
    print(f"\n{title}: {len(pairs.chance)} predictions, {pairs.touched.sum()} touched,"
          f" {pairs.chance.sum():.0f} expected")
    print("  decile       n  predicted  touched  difference, points")
    for k, (n, predicted, touched, half) in enumerate(reliability(pairs, rng)):
        if n:
            print(f"  {DECILES[k]:.1f}-{DECILES[k + 1]:.1f} {n:7d}     {100 * predicted:5.1f} %  {100 * touched:5.1f} %"
                  f"  {100 * (predicted - touched):+6.1f} +- {100 * half:.1f}")


def say_exact(pairs: Pairs) -> None:
    """Print what is missed on exact ground."""
    deep = pairs.truth < -MISSED_DEPTH
    missed = deep & (pairs.chance < MISSED_CHANCE)
    near = (pairs.chance > DOUBT) & (pairs.chance < 1.0 - DOUBT)
    print(f"exact ground: {deep.sum()} parts touch by more than {100 * MISSED_DEPTH:.0f} cm, {missed.sum()} of them"
          f" missed; {pairs.touched.sum()} touch, {pairs.chance.sum():.1f} expected; {near.sum()} in doubt")


def say_by(title: str, groups: np.ndarray, pairs: Pairs, rng: np.random.Generator) -> None:
    """Print by part or kind of ground whether more or less touches than expected, where there is doubt."""
    print(f"\n{title}, of predictions between 2 and 98 %:".ljust(50) + "n  expected - touched, points")
    doubt = (pairs.chance > DOUBT) & (pairs.chance < 1.0 - DOUBT)
    for group in sorted(set(groups)):
        rows = doubt & (groups == group)
        if rows.sum() < LEAST_COUNT:
            continue
        error = pairs.chance[rows] - pairs.touched[rows]
        half = 1.96 * spread_of_mean(error, pairs.pose[rows], rng)
        print(f"  {group:42s} {rows.sum():5d}  {100 * error.mean():+6.1f} +- {100 * half:.1f}")


def say_short(pairs: Pairs, rng: np.random.Generator) -> None:
    """Print what a table of results needs: predicted less touched by decile, the largest, and the log likelihood."""
    table = [row for row in reliability(pairs, rng) if row[0] >= LEAST_COUNT]
    if not table:
        return
    chance = np.clip(pairs.chance, LEAST_CHANCE, 1.0 - LEAST_CHANCE)
    likelihood = np.log(np.where(pairs.touched, chance, 1.0 - chance)).sum()
    off = [100 * (predicted - touched) for _, predicted, touched, _ in table]
    halves = [100 * half for _, _, _, half in table]
    print(f"\nin short: {len(np.unique(pairs.pose))} poses, {len(pairs.chance)} predictions,"
          " predicted - touched by decile:" + " ".join(f" {d:+.1f}" for d in off)
          + f" points (intervals +-{min(halves):.1f} to {max(halves):.1f}), largest {max(off, key=abs):+.1f},"
          f" log likelihood {likelihood:.0f}")


def draw(found: dict[str, Pairs], rng: np.random.Generator, path: Path) -> None:
    """Draw the reliability diagram."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(6.0, 6.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="gray", linewidth=1.0, label="calibrated")
    for title, pairs in found.items():
        table = [t for t in reliability(pairs, rng) if t[0] >= LEAST_COUNT]
        axes.errorbar([t[1] for t in table], [t[2] for t in table], [t[3] for t in table], marker="o", capsize=3.0,
                      label=f"{title}, n = {len(pairs.chance)}")
    axes.set(xlabel="probability of contact as predicted", ylabel="share of parts that touched", aspect="equal",
             xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
