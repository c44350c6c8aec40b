"""Closed loop: somebody drives by ear what the coach says, in MuJoCo, and we count what touches.

    python examples/closed_loop.py --runs 4                 # a few minutes: a table and closed_loop.csv
    python examples/closed_loop.py --runs 30 --resume       # the whole, where it was left

The driver hears the words only (reaction time, speech at 150 words a minute, steering error, now and then a distance
misheard), and without the coach the same driver follows the middle of the trail. Needs the extra [sim].

A strike is a part of the underbody above 200 N; a new one counts after 0.3 s below; parts count separately.
"""
from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import mujoco
import numpy as np
from sim.driver import SKILLS, Driver, Skill
from sim.ground import GOAL, START, make_ground
from sim.vehicle_model import STEP, Simulator

from trailcoach import abi
from trailcoach.engine import Engine, make_config
from trailcoach.errors import InputError
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle

STRIKE, AGAIN = 200.0, 0.3      # N, s
GIVES_UP = 240.0                # s
STUCK = 15.0                    # s in which less than STUCK_WAY is made while not stopped
STUCK_WAY = 0.15                # m
TICK = 0.1                      # s
GNSS_SD = 0.02                  # m
IMU_SD = np.array([[1.7e-3] * 3, [0.02] * 3])   # rad/s, m/s^2
LOWPASS_HZ = 2.0                # of the inclinometer, twice
LOWPASS = 1.0 - np.exp(-2.0 * np.pi * LOWPASS_HZ * 2.0 * STEP)
COLUMNS = ["kind", "seed", "skill", "coach", "strikes", "parts", "way", "time", "completed", "tipped", "words",
           "utterances", "asked"]


class Strikes:
    """Counts how often each part is struck."""

    def __init__(self, n: int) -> None:
        self.count = np.zeros(n, int)
        self._last = np.full(n, -np.inf)

    def see(self, t: float, forces: np.ndarray) -> None:
        """Contact forces at a moment, N."""
        if not forces.any():
            return
        hit = forces > STRIKE
        self.count[hit & (t - self._last > AGAIN)] += 1
        self._last[hit] = t


class Sensors:
    """What the engine is given: IMU at 200 Hz, wheels and steering at 50 Hz, inclinometer at 20 Hz, RTK at 5 Hz."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._imu = np.zeros((2, 3))
        self._low = np.zeros((2, 3))
        self._sample = {kind: _sample(dtype) for kind, dtype in (
            ("imu", abi.IMU), ("tilt", abi.INCLINATION), ("wheels", abi.WHEELS), ("steering", abi.STEERING),
            ("gnss", abi.GNSS))}

    def push(self, engine: Engine, sim: Simulator, step: int) -> None:
        """Push what is due at this step."""
        self._imu += sim.imu()
        if step % 2:
            return
        t_ns = round(step * STEP * 1e9)
        imu = self._due("imu", t_ns)
        turned, force = self._imu / 2.0 + self._rng.normal(0.0, IMU_SD)
        imu["gyro"], imu["accelerometer"] = turned, force
        engine.push(imu)
        self._low[0] += LOWPASS * (force - self._low[0] if step > 2 else force)
        self._low[1] += LOWPASS * (self._low[0] - self._low[1])
        self._imu[:] = 0.0
        if step % 20 == 0:
            tilt = self._due("tilt", t_ns)
            a = self._low[1]
            tilt["roll"], tilt["pitch"] = np.arctan2(a[1], a[2]), np.arctan2(-a[0], np.hypot(a[1], a[2]))
            engine.push(tilt)
        if step % 8 == 0:
            wheels = self._due("wheels", t_ns)
            wheels["speed"] = sim.treads() + self._rng.normal(0.0, 0.01, 4)
            engine.push(wheels)
            steering = self._due("steering", t_ns)
            steering["angle"] = sim.steer()
            engine.push(steering)
        if step % 80 == 0:
            gnss = self._due("gnss", t_ns)
            gnss["position"] = sim.antenna() + self._rng.normal(0.0, GNSS_SD, 3)
            gnss["sd_position"] = GNSS_SD
            engine.push(gnss)

    def _due(self, kind: str, t_ns: int) -> np.ndarray:
        sample = self._sample[kind]
        sample["t_ns"] = t_ns
        return sample


def _sample(dtype: np.dtype) -> np.ndarray:
    out = np.zeros(1, dtype)
    out["struct_size"] = dtype.itemsize
    return out


def run(kind: str, seed: int, skill: Skill, coached: bool, vehicle: Vehicle, talk: bool = False) -> dict[str, object]:
    """One drive: what was struck, said and reached."""
    terrain = make_ground(kind, seed)
    sim = Simulator.make(vehicle, terrain)
    sim.place(START, 0.0, 0.0, float(terrain.height(np.array(START), np.array(0.0))))
    sim.data.time = 0.0
    rng, noise = (np.random.default_rng([seed, SKILLS.index(skill), use]) for use in range(2))
    driver = Driver(skill, vehicle.steering.ratio, np.radians(vehicle.steering.max_angle_deg), vehicle.wheelbase, rng)
    config = make_config(vehicle)
    config["fusion"]["inclination_lowpass_hz"] = LOWPASS_HZ
    engine = Engine(vehicle, terrain, Trail(np.array([[START - 3.0, 0.0], [GOAL + 3.0, 0.0]]), 2.5), config)
    x, y, yaw = sim.pose()
    engine.start(x, y, yaw)
    sensors, strikes = Sensors(noise), Strikes(len(vehicle.part))
    distance = speed = 0.0
    said: list[str] = []
    asked, step, at, since = 0, 0, x, 0.0
    completed = tipped = False
    while True:
        step += 1
        t = step * STEP
        mujoco.mj_step(sim.model, sim.data)
        if coached:
            sensors.push(engine, sim, step)
        if step % 4 == 0:
            strikes.see(t, sim.part_forces())
        if step % 8 == 0:
            distance += abs(float(np.hypot(*sim.data.qvel[:2]))) * 8 * STEP
            x, y, yaw = sim.pose()
            wanted, steer = driver.drive(t, 8 * STEP, (x, y, yaw), distance) if t > 2.0 else (0.0, 0.0)
            speed += min(max(wanted - speed, -2.0 * 8 * STEP), 0.8 * 8 * STEP)     # brakes, then takes up speed gently
            sim.command(speed, steer)
            sim.brake(t > 2.0 and wanted == speed == 0.0)
        if step % round(TICK / STEP) == 0:
            texts = [s.text for s in engine.tick(round(t * 1e9))] if coached else []
            if coached and driver.asks(t):
                texts.append(engine.ask("next").text.replace("here: ", "").replace("Here: ", ""))
                asked += 1
            for text in texts:
                said.append(text)
                driver.hear(t, text)
                if talk:
                    print(f"  {t:5.1f} s  x {x:5.2f} y {y:5.2f} v {speed:.2f}  {text}   [{strikes.count.sum()}]")
            completed, tipped = x > GOAL, sim.upright() < 0.5
            if abs(x - at) > STUCK_WAY or driver.stopped is not None:
                at, since = x, t
            if completed or tipped or t > GIVES_UP or t - since > STUCK:
                break
    return {"kind": kind, "seed": seed, "skill": skill.name, "coach": int(coached), "strikes": int(strikes.count.sum()),
            "parts": " ".join(f"{name}:{n}" for name, n in zip(vehicle.part_names, strikes.count, strict=True) if n),
            "way": round(x - START, 2), "time": round(t, 1), "completed": int(completed), "tipped": int(tipped),
            "words": driver.words, "utterances": len(said), "asked": asked}


def interval(rows: list[dict[str, str]], rng: np.random.Generator) -> tuple[float, float, float]:
    """Strikes per 100 m, and the interval that holds 95 % of resampled sets of runs."""
    strikes = np.array([float(r["strikes"]) for r in rows])
    way = np.array([max(float(r["way"]), 0.5) for r in rows])
    draws = rng.integers(0, len(rows), (2000, len(rows)))
    resampled = 100.0 * strikes[draws].sum(1) / way[draws].sum(1)
    return 100.0 * strikes.sum() / way.sum(), *np.quantile(resampled, [0.025, 0.975])


def table(rows: list[dict[str, str]]) -> str:
    """The runs summed up by kind and skill, with and without the coach."""
    rng = np.random.default_rng(1)
    out = ["kind     skill      coach  runs  strikes/100 m (95 %)    completed  tipped  words/min  utterances/min"]
    groups = [*sorted({(r["kind"], r["skill"]) for r in rows}), ("all", "all")]
    for kind, skill in groups:
        for coach in ("0", "1"):
            some = [r for r in rows if r["coach"] == coach
                    and (kind == "all" or (r["kind"], r["skill"]) == (kind, skill))]
            if not some:
                continue
            mean, low, high = interval(some, rng)
            minutes = sum(float(r["time"]) for r in some) / 60.0
            out.append(f"{kind:8} {skill:10} {'with ' if coach == '1' else 'none '} {len(some):5}  {mean:6.1f}"
                       f" ({low:5.1f} to {high:5.1f})   {sum(int(r['completed']) for r in some):5}    "
                       f"{sum(int(r['tipped']) for r in some):4}  {sum(int(r['words']) for r in some) / minutes:9.1f}"
                       f"  {sum(int(r['utterances']) for r in some) / minutes:9.1f}")
    parts: dict[str, list[int]] = {}
    for r in rows:
        for cell in r["parts"].split():
            name, n = cell.split(":")
            parts.setdefault(name, [0, 0])[int(r["coach"])] += int(n)
    out += ["", "strikes by part       none  with"]
    out += [f"{name:20} {none:5} {with_:5}" for name, (none, with_) in sorted(parts.items(), key=lambda p: -sum(p[1]))]
    harm = [(r, s) for r in rows for s in rows if r["coach"] == "1" and s["coach"] == "0"
            and all(r[k] == s[k] for k in ("kind", "seed", "skill")) and int(r["strikes"]) > int(s["strikes"])]
    out += ["", f"runs with more strikes with the coach than without: {len(harm)}"]
    out += [f"  {r['kind']} {r['seed']} {r['skill']}: {r['strikes']} in {r['way']} m with, "
            f"{s['strikes']} in {s['way']} m without" for r, s in harm]
    return "\n".join(out)


def main() -> None:
    """Run what is asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2, help="seeds of every kind (default 2)")
    parser.add_argument("--first", type=int, default=0, help="first seed (default 0)")
    parser.add_argument("--kinds", default="garden,trail", help="garden, trail, road (default garden,trail)")
    parser.add_argument("--skills", default="practised,usual,beginner", help="of the driver (default all)")
    parser.add_argument("--coach", choices=("both", "with", "without"), default="both",
                        help="which drives to make (default both)")
    parser.add_argument("--vehicle", default="jeep-wrangler-jlur", help="driver on the left")
    parser.add_argument("--out", type=Path, default=Path("closed_loop.csv"), help="one row a drive")
    parser.add_argument("--resume", action="store_true", help="leave out what is in the file already")
    parser.add_argument("--talk", action="store_true", help="print what is said")
    args = parser.parse_args()
    try:
        vehicle = Vehicle.load(args.vehicle)
    except InputError as e:
        parser.error(str(e))
    done: list[dict[str, str]] = []
    if args.resume and args.out.exists():
        with open(args.out, encoding="utf-8", newline="") as f:
            done = list(csv.DictReader(f))
    skills = [s for s in SKILLS if s.name in args.skills.split(",")]
    with open(args.out, "w", encoding="utf-8", newline="") as f:
        writer = csv.DictWriter(f, COLUMNS)
        writer.writeheader()
        writer.writerows(done)
        courses = [(seed, kind) for seed in range(args.first, args.first + args.runs) for kind in args.kinds.split(",")]
        for turn in range(len(skills)):     # every course once before any comes again
            for i, (seed, kind) in enumerate(courses):
                for skill in (skills[(i + i // len(skills) + turn) % len(skills)],):
                    for coached in {"both": (False, True), "with": (True,), "without": (False,)}[args.coach]:
                        key = (kind, str(seed), skill.name, str(int(coached)))
                        if any((r["kind"], r["seed"], r["skill"], r["coach"]) == key for r in done):
                            continue
                        begin = time.perf_counter()
                        row = run(kind, seed, skill, coached, vehicle, args.talk)
                        writer.writerow(row)
                        f.flush()
                        done.append({k: str(v) for k, v in row.items()})
                        print(" ".join(f"{k}={v}" for k, v in row.items()), f"({time.perf_counter() - begin:.0f} s)",
                              flush=True)
    print()
    print(table(done))


if __name__ == "__main__":
    main()
