"""Roll and pitch of trailcoach and of VQF beside the truth of a real drive.

VQF (Laidig and Seel 2023) is the best attitude filter that needs nothing but the IMU: pip install vqf.

    python examples/fuse_beside_vqf.py terrain_data/drives/comma2k19_ex1 --plot attitude.png
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from trailcoach.fusion import fuse
from trailcoach.log import Log, read_table


def rmse(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Root mean square error in degrees, the mean difference removed: the truth is the sensor's attitude."""
    return float(np.degrees(np.std(estimate - truth)))


def vqf_attitude(log: Log) -> tuple[np.ndarray, np.ndarray]:
    """Times (s) and roll, pitch (rad) by VQF with its default settings."""
    from vqf import VQF

    imu = log.imu
    assert imu is not None
    t = imu["t_ns"] * 1e-9
    q = VQF(float(np.median(np.diff(t)))).updateBatch(
        np.ascontiguousarray(imu["gyro"]), np.ascontiguousarray(imu["accelerometer"]))["quat6D"]
    w, x, y, z = q.T
    roll = np.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    pitch = np.arcsin(np.clip(2 * (w * y - z * x), -1, 1))
    return t, np.column_stack([roll, pitch])


def beside(t_truth: np.ndarray, t: np.ndarray, attitude: np.ndarray) -> np.ndarray:
    """Roll and pitch (n, 2) at the truth's times; NaN where they are not known, as in a filter's first second."""
    return np.column_stack([np.interp(t_truth, t, attitude[:, i], left=np.nan, right=np.nan) for i in (0, 1)])


def main() -> None:
    """Compare, print, and draw if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("--after", type=float, default=0.0, help="score from this time of the log on, s")
    parser.add_argument("--plot", type=Path, help="draw both beside the truth into this PNG")
    args = parser.parse_args()

    log = Log.open(args.log)
    columns, table = read_table(args.log / "truth.csv")
    truth = dict(zip(columns, table.T, strict=True))
    score = truth["t"] >= args.after
    t_truth = truth["t"][score]

    track = fuse(log)
    methods = {"trailcoach": (track.t, track.attitude[:, :2])}
    try:
        methods["VQF"] = vqf_attitude(log)
    except ImportError:
        print("vqf is not installed (pip install vqf): trailcoach alone")

    at_truth = {name: beside(t_truth, t, attitude) for name, (t, attitude) in methods.items()}
    known = np.all([np.isfinite(a).all(axis=1) for a in at_truth.values()], axis=0)
    if not known.any():
        raise SystemExit(f"{args.log}: at no time of truth.csv are roll and pitch known to all: nothing to score")
    print(f"over {100 * known.mean():.1f} % of the truth from {t_truth[0]:.1f} s on, where all know roll and pitch")
    print(f"{'RMSE, mean removed':20s} {'roll deg':>9s} {'pitch deg':>9s}")
    for name, attitude in at_truth.items():
        errors = [rmse(attitude[known, i], truth[k][score][known]) for i, k in enumerate(("roll", "pitch"))]
        print(f"{name:20s} {errors[0]:9.3f} {errors[1]:9.3f}")

    if args.plot:
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(2, 1, sharex=True, figsize=(9, 5))
        for i, (ax, key) in enumerate(zip(axes, ("roll", "pitch"), strict=True)):
            ax.plot(t_truth, np.degrees(truth[key][score] - truth[key][score][known].mean()), "k", label="truth")
            for name, attitude in at_truth.items():
                ax.plot(t_truth, np.degrees(attitude[:, i] - attitude[known, i].mean()), label=name)
            ax.set_ylabel(f"{key}, deg, mean removed")
        axes[0].legend()
        axes[1].set_xlabel("t, s")
        figure.tight_layout()
        figure.savefig(args.plot, dpi=120)


if __name__ == "__main__":
    main()
