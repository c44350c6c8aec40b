"""Find the noise parameters of fusion for a log, and draw what tells whether they are right.

    python examples/tune_fusion.py terrain_data/drives/d01 --plot tuning.png
    python examples/tune_fusion.py my_log --trials 200 --tune wheel_sd constraint_sd --out my_log/fusion.toml
    python examples/tune_fusion.py my_log --trials 0 --plot tuning.png

A set of parameters is as good as the innovations are likely: what a sensor reads less what the filter expected, against
the deviation it stated. Only the first part of the log is tuned on (--share); what the found parameters are worth shows
on the rest. One log tells of one drive: parameters that hold for a vehicle come from several, and their tables agree.

Drawn are the normalised innovations and how they hang together in time, the Allan deviation of the IMU at rest, and the
wheel scale over time. The search needs optuna: pip install 'trailcoach[tune]'.
"""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from trailcoach.engine import make_config, vehicle_of
from trailcoach.errors import InputError
from trailcoach.fusion import KINDS, Status, Track, fuse, innovations
from trailcoach.fusion_parameters import parameters
from trailcoach.log import Log

TUNED = ("gyro_density", "gyro_shake", "accelerometer_density", "accelerometer_shake", "accelerometer_bias_walk",
         "wheel_sd", "constraint_sd", "inclination_sd", "gnss_white", "gnss_drift_sd")
REACH = 10.0                        # a parameter is looked for from its default / REACH to default * REACH
MOST = 16.0                         # squared deviations that one innovation counts at most: no outlier shall steer
REST = 1.0                          # s the vehicle must stand for an Allan deviation
LAGS = 60                           # of an autocorrelation


def unlikelihood(found: np.ndarray, t_ns: tuple[int, int]) -> float:
    """Mean negative log likelihood of the innovations from one time to another, less a constant.

    Where the errors of a sensor last, `raised` innovations count as one. Every kind of measurement counts the same, a
    sensor that reads a hundred times a second not more than one that reads once.
    """
    each = []
    for kind in range(len(KINDS)):
        of = found[(found["kind"] == kind) & (found["t_ns"] >= t_ns[0]) & (found["t_ns"] < t_ns[1])]
        if len(of) < 2:
            continue
        z2 = np.minimum(of["innovation"] ** 2 / of["variance"], MOST)
        each.append(np.average(0.5 * (z2 + np.log(of["variance"])), weights=1.0 / of["raised"]))
    return float(np.mean(each)) if each else np.inf


def set_for(log: Log, values: dict[str, float]) -> np.ndarray:
    """The configuration of a log with other values of some parameters."""
    config = make_config(vehicle_of(log), log, guidance=False)
    for name, value in values.items():
        config["fusion"][name] = value
    return config


def search(log: Log, names: Sequence[str], trials: int, seed: int, tuned: tuple[int, int],
           progress: Progress) -> dict[str, float]:
    """The best values found, from those the log has now."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    now = {name: float(set_for(log, {})["fusion"][name]) for name in names}

    def score(trial: optuna.Trial) -> float:
        values = {}
        for name, value in now.items():
            low, high = parameters()[name].range
            values[name] = trial.suggest_float(name, max(low, value / REACH), min(high, value * REACH), log=True)
        return unlikelihood(innovations(log, config=set_for(log, values)), tuned)

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, multivariate=True))
    study.enqueue_trial(now)
    task = progress.add_task("trials", total=trials)

    def tell(study: optuna.Study, _: object) -> None:
        progress.update(task, advance=1, description=f"best {study.best_value:.4f}")

    study.optimize(score, n_trials=trials, callbacks=[tell])
    return dict(study.best_params)


def allan_deviation(rate: float, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Averaging times (s) and overlapping Allan deviations (k, axes) of values (n, axes); IEEE Std 952-1997."""
    n = len(values)
    total = np.vstack([np.zeros(values.shape[1]), np.cumsum(values, axis=0)]) / rate
    sizes = np.unique(np.geomspace(1, max(n // 4, 1), 30).astype(int))
    deviations = []
    for m in sizes:
        second = total[2 * m:] - 2.0 * total[m:-m] + total[:-2 * m]
        deviations.append(np.sqrt((second**2).mean(axis=0) / 2.0) * rate / m)
    return sizes / rate, np.array(deviations)


def longest_rest(log: Log, track: Track) -> np.ndarray:
    """The IMU's samples of the longest time the vehicle stood."""
    still = np.concatenate([[False], (track.status & Status.STANDSTILL) != 0, [False]])
    edges = np.flatnonzero(np.diff(still.astype(int))).reshape(-1, 2)
    if not len(edges):
        return log.imu[:0]
    begin, end = edges[np.argmax(np.diff(edges, axis=1))]
    t = log.imu["t_ns"] * 1e-9
    return log.imu[(t >= track.t[begin]) & (t <= track.t[end - 1])]


def autocorrelation(z: np.ndarray) -> np.ndarray:
    """Of a series, at lags 0 to LAGS."""
    z = z - z.mean()
    n = min(LAGS + 1, len(z))
    return np.array([(z[k:] * z[:len(z) - k]).sum() for k in range(n)]) / max((z**2).sum(), 1e-300)


def rest_densities(log: Log, track: Track) -> tuple[str, np.ndarray]:
    """What the rests of the log tell of the IMU's white noise, in words, and the samples."""
    rest = longest_rest(log, track)
    span = (rest["t_ns"][-1] - rest["t_ns"][0]) * 1e-9 if len(rest) > 1 else 0.0
    if span < REST:
        return f"no rest of {REST:.0f} s: no Allan deviation of the IMU", rest[:0]
    rate = (len(rest) - 1) / span
    words = [f"at rest for {span:.1f} s"]
    for sensor, unit in (("gyro", "rad/s/sqrt(Hz)"), ("accelerometer", "m/s^2/sqrt(Hz)")):
        tau, deviation = allan_deviation(rate, rest[sensor])
        white = (deviation * np.sqrt(tau)[:, None])[tau <= max(1.0, tau[0])].mean()
        words.append(f"{sensor} {white:.2g} {unit}")
    return ", ".join(words), rest


def draw(path: Path, log: Log, found: np.ndarray, track: Track, smooth: Track, rest: np.ndarray) -> None:
    """Innovations, their autocorrelation, Allan deviation and wheel scale, in one picture."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, ((histogram, lasting), (allan, scale)) = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
    grid = np.linspace(-4.0, 4.0, 81)
    for kind, name in enumerate(KINDS):
        of = found[found["kind"] == kind]
        if len(of) < 20:
            continue
        z = of["innovation"] / np.sqrt(of["variance"])
        histogram.hist(z.clip(-4.0, 4.0), grid, density=True, histtype="step", label=f"{name}, {len(z)}")
        first = z[of["axis"] == of["axis"][0]]
        lasting.plot(autocorrelation(first), label=name)
    histogram.plot(grid, np.exp(-0.5 * grid**2) / np.sqrt(2.0 * np.pi), "k:", label="as expected")
    histogram.set(xlabel="innovation / its deviation", ylabel="density")
    lasting.set(xlabel="lag, updates", ylabel="autocorrelation", ylim=(-0.5, 1.05))
    if len(rest):
        rate = (len(rest) - 1) / ((rest["t_ns"][-1] - rest["t_ns"][0]) * 1e-9)
        for sensor, style in (("gyro", "-"), ("accelerometer", "--")):
            tau, deviation = allan_deviation(rate, rest[sensor])
            for axis, d in zip("xyz", deviation.T, strict=True):
                allan.loglog(tau, d, style, label=f"{sensor} {axis}")
    else:
        allan.text(0.5, 0.5, f"no rest of {REST:.0f} s", ha="center", transform=allan.transAxes)
    allan.set(xlabel="averaging time, s", ylabel="Allan deviation, rad/s or m/s$^2$")
    scale.plot(track.t, track.state["wheel_scale"], label="as the vehicle knew it")
    scale.plot(smooth.t, smooth.state["wheel_scale"], label="smoothed")
    scale.set(xlabel="time, s", ylabel="wheel scale, reading / true")
    for axes in (histogram, lasting, allan, scale):
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize="small")
    figure.suptitle(log.path.name)
    figure.savefig(path, dpi=130)


def positive(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}'; a whole number from 0 on is needed")
    return int(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path, metavar="LOG")
    parser.add_argument("--trials", type=positive, default=60, help="sets of parameters tried; 0 = only look")
    parser.add_argument("--seed", type=positive, default=0, help="of the search: the same seed finds the same")
    parser.add_argument("--share", type=float, default=0.6,
                        help="of the log that is tuned on, from its begin; 0.1 to 0.9")
    parser.add_argument("--tune", nargs="+", metavar="NAME", default=list(TUNED),
                        help=f"parameters looked for, of `trailcoach fuse --parameters`; default {', '.join(TUNED)}")
    parser.add_argument("--out", type=Path, help="write what was found, as [fusion] of a log's meta.toml")
    parser.add_argument("--plot", type=Path, help="draw into this PNG")
    args = parser.parse_args()
    if not 0.1 <= args.share <= 0.9:
        parser.error(f"--share {args.share:g}; 0.1 to 0.9 is allowed")
    unknown = [name for name in args.tune if name not in parameters()]
    if unknown:
        parser.error(f"--tune {unknown[0]}: no such parameter; `trailcoach fuse --parameters` lists them")
    if args.trials:
        try:
            import optuna  # noqa: F401
        except ImportError:
            parser.error("the search needs optuna: pip install 'trailcoach[tune]'; --trials 0 only looks")
    return args


def main() -> None:
    """Search, print, draw and write."""
    args = arguments()
    console = Console(width=110)
    try:
        log = Log.open(args.log)
        track = fuse(log)
    except InputError as e:
        raise SystemExit(f"tune_fusion.py: {e}") from None
    first, last = log.t_ns
    cut = int(first + args.share * (last - first))
    before = set_for(log, {})["fusion"]
    names = [name for name in args.tune if before[name] > 0.0]      # 0 = switched off
    best: dict[str, float] = {}
    if args.trials:
        with Progress(console=Console(stderr=True)) as progress:
            best = search(log, names, args.trials, args.seed, (first, cut), progress)
        table = Table("parameter", "unit", "now", "found")
        for name, value in best.items():
            table.add_row(name, parameters()[name].unit, f"{before[name]:.3g}", f"{value:.3g}")
        console.print(table)
    found = innovations(log, config=set_for(log, best))
    score = Table("mean -log likelihood", "tuned on", "the rest", caption="lower is better", caption_justify="left")
    for label, values in (("now", innovations(log)), ("found", found))[:1 + bool(best)]:
        score.add_row(label, f"{unlikelihood(values, (first, cut)):.4f}", f"{unlikelihood(values, (cut, last)):.4f}")
    console.print(score)
    normal = Table("innovations", "number", "refused", "mean square", "correlated over, updates")
    for kind, name in enumerate(KINDS):
        of = found[found["kind"] == kind]
        if len(of) < 2:
            continue
        z = of["innovation"] / np.sqrt(of["variance"])
        one = autocorrelation(z[of["axis"] == of["axis"][0]])
        normal.add_row(name, str(len(of)), f"{100 * (of['taken'] == 0).mean():.1f} %", f"{(z**2).mean():.2f}",
                       str(int(np.argmax(one < 0.2))) if (one < 0.2).any() else f"over {LAGS}")
    console.print(normal)
    words, rest = rest_densities(log, track)
    console.print(words)
    if args.out:
        args.out.write_text("[fusion]\n" + "".join(f"{name} = {value:.6g}\n" for name, value in best.items()))
        console.print(f"written: {args.out}")
    if args.plot:
        config = set_for(log, best)
        draw(args.plot, log, found, fuse(log, config=config), fuse(log, config=config, smooth=True), rest)
        console.print(f"drawn: {args.plot}")


if __name__ == "__main__":
    main()
