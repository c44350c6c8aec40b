"""Microseconds a pose: rest and clearance of all parts, beside a belly check in numpy and beside a physics engine.

Run with ``pytest tests/benchmarks/test_stance_speed.py --benchmark-enable``. A round settles POSES poses, one where
the name says so; ``us_per_pose`` is the least of all rounds. What is found out about the ground
is kept from round to round; ``test_settle_new_ground`` pays for it in every round.
"""
from __future__ import annotations

import numpy as np
import pytest

from trailcoach import _core
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

POSES = 100                     # a round is over before a busy machine takes the core away
HALF, DX = 9.0, 0.04
VEHICLES = ("jeep-wrangler-jlur", "land-rover-defender-110")


def rock_field(seed: int = 4, share: float = 0.3) -> Terrain:
    """Half-buried round rocks on rolling ground."""
    rng = np.random.default_rng(seed)
    axis = np.arange(-HALF, HALF + DX / 2, DX)
    x, y = np.meshgrid(axis, axis)
    z = 0.1 * np.sin(0.9 * x) * np.cos(0.7 * y)
    covered = 0.0
    while covered < share * 4 * HALF * HALF:
        cx, cy = rng.uniform(-HALF, HALF, 2)
        r = rng.uniform(0.1, 0.45)
        cap = np.sqrt(np.maximum(r * r - (x - cx) ** 2 - (y - cy) ** 2, 0.0)) * rng.uniform(0.4, 0.9)
        z = np.maximum(z, 0.1 * np.sin(0.9 * cx) * np.cos(0.7 * cy) + cap)
        covered += np.pi * r * r
    return Terrain.from_heights(z, -HALF, -HALF, DX)


def smooth_ground() -> Terrain:
    axis = np.arange(-HALF, HALF + DX / 2, DX)
    x, y = np.meshgrid(axis, axis)
    return Terrain.from_heights(0.15 * np.sin(1.1 * x) * np.cos(0.8 * y), -HALF, -HALF, DX)


GROUNDS = {"rock": rock_field, "smooth": smooth_ground}


def random_poses() -> np.ndarray:
    rng = np.random.default_rng(11)
    return np.column_stack([rng.uniform(-4.5, 4.5, POSES), rng.uniform(-4.5, 4.5, POSES),
                            rng.uniform(-np.pi, np.pi, POSES)])


def path_poses() -> np.ndarray:
    s = np.linspace(0.0, 1.0, POSES)
    return np.column_stack([-4.0 + 5.0 * s, 0.6 * np.sin(3 * s), 0.3 * np.cos(3 * s)])


POSES_OF = {"random": random_poses, "path": path_poses}


def engine_for(vehicle: Vehicle, terrain: Terrain) -> _core.Engine:
    config = _core.default_config()
    config["vehicle"] = vehicle.to_abi()
    config["line"]["max_nodes"] = 0
    engine = _core.Engine(config)
    engine.set_terrain(terrain.grid)
    return engine


def per_pose(benchmark, poses: int = POSES) -> None:
    if benchmark.stats is not None:
        benchmark.extra_info["us_per_pose"] = benchmark.stats.stats.min / poses * 1e6


@pytest.mark.parametrize("poses", POSES_OF)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", VEHICLES)
def test_settle(benchmark, name, ground, poses):
    engine, asked = engine_for(Vehicle.load(name), GROUNDS[ground]()), POSES_OF[poses]()
    out = benchmark(engine.settle, asked)
    per_pose(benchmark)
    assert (out["status"] == 0).mean() > 0.98


@pytest.mark.parametrize("ground", GROUNDS)
def test_settle_new_ground(benchmark, ground):
    """The same with nothing known of the ground at the start of a round."""
    terrain, asked = GROUNDS[ground](), POSES_OF["random"]()
    engine = engine_for(Vehicle.load(VEHICLES[0]), terrain)

    def forget_and_settle() -> np.ndarray:
        engine.set_terrain(terrain.grid)
        return engine.settle(asked)

    out = benchmark(forget_and_settle)
    per_pose(benchmark)
    assert (out["status"] == 0).mean() > 0.98


@pytest.mark.parametrize("ground", GROUNDS)
def test_settle_one_pose(benchmark, ground):
    """One pose a call, from Python."""
    engine, asked = engine_for(Vehicle.load(VEHICLES[0]), GROUNDS[ground]()), POSES_OF["random"]()[:1]
    out = benchmark(engine.settle, asked)
    per_pose(benchmark, 1)
    assert out["status"][0] == 0


def naive_belly(vehicle: Vehicle, terrain: Terrain, poses: np.ndarray) -> np.ndarray:
    """Rigid plane through the ground under the wheels, boxes sampled at 4 cm: no suspension, no tyres."""
    points = np.concatenate([
        np.stack(np.meshgrid(*(np.arange(c - h, c + h, 0.04)
                               for c, h in zip(p.centre[:2], p.half_size[:2], strict=True)),
                             [p.centre[2] - p.half_size[2]]), -1).reshape(-1, 3)
        for p in vehicle.part if p.shape == "box"])
    wheels = np.array([[x, s * vehicle.front_axle.track / 2] for x in (vehicle.wheelbase, 0.0) for s in (1, -1)])
    plane = np.linalg.pinv(np.column_stack([wheels, np.ones(4)]))
    least = np.empty(len(poses))
    for i, (x, y, yaw) in enumerate(poses):
        c, s = np.cos(yaw), np.sin(yaw)
        turn = np.array([[c, s], [-s, c]])
        a, b, z = plane @ terrain.height(*(wheels @ turn + [x, y]).T)
        below = terrain.height(*(points[:, :2] @ turn + [x, y]).T)
        least[i] = np.min(points[:, 2] + a * points[:, 0] + b * points[:, 1] + z - below)
    return least


def test_naive_numpy_belly_check(benchmark):
    vehicle, terrain, poses = Vehicle.load(VEHICLES[0]), rock_field(), random_poses()
    out = benchmark(naive_belly, vehicle, terrain, poses)
    per_pose(benchmark)
    assert np.isfinite(out).all()


def test_physics_engine(benchmark, shared, monkeypatch):
    """One pose let come to rest in a physics engine, friction and all: what the stance is held against."""
    pytest.importorskip("mujoco")
    monkeypatch.syspath_prepend(str(shared / "rig"))
    from rig4x4 import settle as physics
    from rig4x4 import terrain, vehicle
    rig = physics.Rig(vehicle.load_vehicle("jl_rubicon"), terrain.rock_field(seed=3))
    rest = benchmark.pedantic(rig.settle, args=(0.5, 0.2, 0.3), rounds=3, iterations=1)
    per_pose(benchmark, 1)
    assert rest is not None
