"""How exact the stance is: every resting pose of a physics engine, by terrain and vehicle, the worst with a reason.

    python examples/stance_accuracy.py ../shared/data/rig/stance
    python examples/stance_accuracy.py CASES            # of your own: a folder with VEHICLE.csv and terrain/*.tif

A CSV has id, terrain, kind, x, y, yaw, z, roll, pitch, load_fl to load_rr, clearance_PART, contact_force_PART and
spread_roll, spread_pitch, spread_z, spread_clearance: by how much the truth itself changes when the vehicle is set down
again. Without a folder of cases it says so and ends with 2.
"""
from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import trailcoach as tc
from trailcoach.errors import InputError
from trailcoach.margins import Flag
from trailcoach.stance import Quality, Rest
from trailcoach.vehicle import bundled_vehicles

RIG_FRICTION = 1.5                  # of the tyres of the truth
ANGLE, HEIGHT = 1.5, 30.0           # deg, mm: rests that differ by more are two
LIMITS = {"roll": 0.8, "pitch": 0.5, "clearance": 18.0, "load": 8.0}       # deg, deg, mm, % of the weight
Case = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, help="folder with VEHICLE.csv and terrain/*.tif")
    try:
        cases = read_cases(parser.parse_args().cases)
    except InputError as e:
        print(f"stance_accuracy: {e}", file=sys.stderr)
        return 2
    report(cases)
    return 0


def read_cases(folder: Path) -> list[Case]:
    """All cases of a folder, with what the stance makes of them."""
    names = [n for n in bundled_vehicles() if (folder / f"{n}.csv").is_file()]
    if not names:
        raise InputError(f"{folder}: no cases there; a folder with a CSV named after a bundled vehicle is needed")
    cases: list[Case] = []
    for name in names:
        vehicle = tc.Vehicle.load(name)
        with open(folder / f"{name}.csv", newline="") as f:
            rows = list(csv.DictReader(f))
        for tile in sorted({r["terrain"] for r in rows}):
            here = [r for r in rows if r["terrain"] == tile]
            poses = np.array([[float(r[k]) for k in ("x", "y", "yaw")] for r in here])
            stance = tc.settle(vehicle, tc.Terrain.open(folder / "terrain" / f"{tile}.tif"), poses,
                               footing=tc.Footing(friction=RIG_FRICTION))
            cases += [compare(vehicle, name, row, stance, i) for i, row in enumerate(here)]
    return cases


def compare(vehicle: tc.Vehicle, name: str, row: dict[str, str], stance: tc.Stance, i: int) -> Case:
    """Errors of one case beside the truth's own spread and the one told; deg, mm and % of the weight."""
    weight = vehicle.mass * 9.81
    truth = {k: float(v) for k, v in row.items() if k not in ("id", "terrain", "kind")}
    least = min(truth[f"clearance_{p}"] for p in vehicle.part_names)
    loads = np.array([truth[f"load_{w}"] for w in ("fl", "fr", "rl", "rr")])
    margins = stance.margins
    assert margins is not None
    told = margins.spread[i]
    other = margins.other_rest[i]
    return {
        "id": row["id"], "kind": row["kind"], "vehicle": name, "status": int(stance.status[i]),
        "quality": int(stance.quality[i]), "flags": int(margins.flags[i]),
        "upright": float(margins.records["upright_friction"][i]),
        "error": {"roll": np.degrees(abs(stance.roll[i] - truth["roll"])),
                  "pitch": np.degrees(abs(stance.pitch[i] - truth["pitch"])), "z": 1e3 * abs(stance.z[i] - truth["z"]),
                  "clearance": 1e3 * abs(stance.clearance[i].min() - least),
                  "load": 100.0 * np.abs(stance.wheel_load[i] - loads).max() / weight},
        "repeat": {"roll": np.degrees(truth["spread_roll"]), "pitch": np.degrees(truth["spread_pitch"]),
                   "z": 1e3 * truth["spread_z"], "clearance": 1e3 * truth["spread_clearance"]},
        "told": {"roll": np.degrees(told[1]), "pitch": np.degrees(told[2]), "z": 1e3 * told[0],
                 "clearance": 1e3 * told[3]},
        "other": {"roll": np.degrees(abs(other[1] - truth["roll"])), "z": 1e3 * abs(other[0] - truth["z"])},
        "lifted": bool(np.all(stance.lifted[i] == (loads < 50.0))),
        "carried": 100.0 * sum(truth[f"contact_force_{p}"] for p in vehicle.part_names) / weight,
        "carries": 100.0 * margins.part_load[i].sum() / weight,
    }


def report(cases: list[Case]) -> None:
    rests = [c for c in cases if c["status"] == Rest.OK]
    print(f"{len(cases)} cases, {len(rests)} at rest", *(f"; {c['vehicle']} {c['id']}: {Rest(c['status']).name.lower()}"
                                                        for c in cases if c not in rests))
    exact = sum(c["quality"] == Quality.EXACT for c in rests)
    print(f"{100 * exact / len(rests):.1f} % exact, lifted wheels agree in"
          f" {100 * np.mean([c['lifted'] for c in rests]):.1f} %")
    table("all", rests)
    for key in ("vehicle", "kind"):
        for value in sorted({c[key] for c in rests}):
            table(value, [c for c in rests if c[key] == value])
    beyond(rests)
    bistable(rests)
    carrying(rests)


def table(title: str, cases: list[Case]) -> None:
    """Median / p95 of the errors, and in brackets of the truth set down again."""
    cells = []
    for what, unit in (("roll", "deg"), ("pitch", "deg"), ("clearance", "mm"), ("load", "%")):
        error = np.percentile([c["error"][what] for c in cases], [50, 95])
        text = f"{what} {error[0]:.2f} / {error[1]:.2f} {unit}"
        if what != "load":
            repeat = np.percentile([c["repeat"][what] for c in cases], [50, 95])
            text += f" (truth {repeat[0]:.2f} / {repeat[1]:.2f})"
        cells.append(text)
    print(f"{title:26s} n {len(cases):4d}  " + "  ".join(cells))


def reason(c: Case) -> str:
    """What explains a large error, the surest reason first."""
    if c["other"]["roll"] < 0.5 * c["error"]["roll"] and c["other"]["z"] < c["error"]["z"]:
        return "the truth took the other rest, which is told"
    over = [k for k, limit in LIMITS.items() if c["error"][k] > limit and k != "load"] or ["roll", "pitch", "clearance"]
    if any(c["repeat"][k] >= 0.5 * c["error"][k] for k in over):
        return "the truth itself rests elsewhere when set down again"
    if c["upright"] > RIG_FRICTION:
        return "a wheel on a face beyond the friction: it slid"
    if any(c["told"][k] >= c["error"][k] for k in over):
        return "within the spread told for a push or 2 cm aside"
    if c["quality"] != Quality.EXACT:
        return "a tyre on an edge from which its contact jumps"
    return "not explained"


def beyond(cases: list[Case]) -> None:
    """Each case beyond what is asked at p95, with its reason."""
    worst = [c for c in cases if any(c["error"][k] > limit for k, limit in LIMITS.items())]
    print(f"\n{len(worst)} cases beyond {LIMITS}")
    for c in worst:
        numbers = " ".join(f"{k} {c['error'][k]:.2f}" for k in LIMITS)
        print(f"  {c['vehicle']:24s} {c['id']} {c['kind']:10s} {numbers}: {reason(c)}")
    for text, n in Counter(reason(c) for c in worst).most_common():
        print(f"  {n:3d} {text}")


def bistable(cases: list[Case]) -> None:
    """Whether the report says of a pose that it may rest elsewhere where the truth does."""
    def elsewhere(c: Case) -> bool:
        most = {k: max(c["repeat"][k], c["error"][k]) for k in ("roll", "pitch", "z")}
        return bool(most["roll"] > ANGLE or most["pitch"] > ANGLE or most["z"] > HEIGHT)

    def warned(c: Case) -> bool:
        told = c["told"]
        return bool(c["flags"] & (Flag.RESTS_ELSEWHERE | Flag.UNSTEADY) or max(told["roll"], told["pitch"]) > 1.0
                    or told["z"] > HEIGHT)
    found, missed, false = (sum(elsewhere(c) is e and warned(c) is w for c in cases)
                            for e, w in ((True, True), (True, False), (False, True)))
    print(f"\nrests elsewhere by {ANGLE} deg or {HEIGHT:.0f} mm: {found} found, {missed} missed, {false} false alarms"
          f" of {len(cases)}")
    for what in ("roll", "pitch", "z", "clearance"):
        truth = [max(c["repeat"][what], c["error"][what]) for c in cases]
        ranks = [np.argsort(np.argsort(v)) for v in (truth, [c["told"][what] for c in cases])]
        inside = np.mean([c["error"][what] <= c["told"][what] for c in cases])
        print(f"  spread of {what}: rank correlation {np.corrcoef(*ranks)[0, 1]:.2f}, error within it"
              f" {100 * inside:.0f} %")


def carrying(cases: list[Case]) -> None:
    """Parts that carry, against the truth in which parts touch."""
    found, missed, false = (sum(bool(c["carried"] > 1.0) is e and bool(c["flags"] & Flag.PART_CARRIES) is w
                                for c in cases) for e, w in ((True, True), (True, False), (False, True)))
    both = [c["carries"] - c["carried"] for c in cases if c["carried"] > 1.0 and c["carries"] > 1.0]
    print(f"\nparts carry more than 1 %: {found} found, {missed} missed, {false} false alarms; share of the weight"
          f" median error {np.nanmedian(np.abs(both)) if both else np.nan:.1f} points,"
          f" {sum(bool(c['flags'] & Flag.PART_UNSOLVED) for c in cases)} without a rest on the parts")


if __name__ == "__main__":
    sys.exit(main())
