"""Where a vehicle gets tight along a path: the least clearance of every part, and the ground that causes it.

python examples/tight_places.py jeep-wrangler-jlur terrain_data/drives/d00/terrain.tif \
        terrain_data/drives/d00/driven_path.csv
"""
from __future__ import annotations

import argparse

import numpy as np

from trailcoach import Terrain, Trail, Vehicle, settle


def poses_along(trail: Trail, step: float = 0.1) -> np.ndarray:
    """Poses (x, y, yaw) every step metres along a trail, looking along it."""
    s = np.arange(0.0, trail.s[-1], step)
    x, y = (np.interp(s, trail.s, c) for c in trail.xy.T)
    return np.column_stack([x, y, np.unwrap(np.arctan2(np.gradient(y), np.gradient(x)))])


def main() -> None:
    """Settle the vehicle along the path and print the least clearance of every part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vehicle")
    parser.add_argument("terrain")
    parser.add_argument("path")
    args = parser.parse_args()

    vehicle, terrain = Vehicle.load(args.vehicle), Terrain.open(args.terrain)
    poses = poses_along(Trail.open(args.path, terrain.crs))
    stance = settle(vehicle, terrain, poses)
    known = stance.status == 0
    print(f"{vehicle.name}: rests at {known.sum()} of {len(poses)} poses")
    print(f"{'part':16s} {'least, m':>9s} {'at x':>11s} {'at y':>11s} {'P(contact)':>10s}")
    clearance = np.where(known[:, None], stance.clearance, np.nan)
    for part in np.argsort(np.nanmin(clearance, axis=0)):
        i = int(np.nanargmin(clearance[:, part]))
        x, y, _ = stance.nearest[i, part]
        print(f"{stance.parts[part]:16s} {clearance[i, part]:+9.3f} {x:11.2f} {y:11.2f}"
              f" {stance.contact_probability[i, part]:10.2f}")


if __name__ == "__main__":
    main()
