"""The clearance of parts against a search that leaves nothing out."""
from __future__ import annotations

import msgspec
import numpy as np
import pytest
from reference_clearance import Ground, ball_gap, box_gap, tube_gap
from scipy.spatial.transform import Rotation

from trailcoach.stance import Rest, Stance, settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Part, Vehicle

HALF = 7.0                      # m, the grounds reach this far from the origin
BELLY = (
    Part(name="plate", fixed_to="chassis", shape="box", centre=(1.4, 0.1, 0.42), half_size=(0.5, 0.35, 0.1)),
    Part(name="sill", fixed_to="chassis", shape="box", centre=(1.5, 0.8, 0.5), half_size=(0.85, 0.04, 0.12)),
    Part(name="bolt", fixed_to="chassis", shape="box", centre=(2.2, -0.3, 0.4), half_size=(0.015, 0.01, 0.05)),
    Part(name="ball", fixed_to="chassis", shape="sphere", centre=(2.9, 0.2, 0.45), radius=0.13),
    Part(name="knob", fixed_to="chassis", shape="sphere", centre=(0.4, -0.2, 0.4), radius=0.03),
    Part(name="tube", fixed_to="chassis", shape="tube", centre=(0.1, 0.0, 0.42), radius=0.05, half_length=0.6),
)


def smooth(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 0.12 * np.sin(1.1 * x + rng.uniform(0, 6)) * np.cos(0.9 * y)


def rocks(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    z = np.zeros_like(x)
    for cx, cy in rng.uniform(-HALF, HALF, (260, 2)):
        r = rng.uniform(0.08, 0.4)
        z = np.maximum(z, 0.7 * np.sqrt(np.maximum(r * r - (x - cx) ** 2 - (y - cy) ** 2, 0.0)))
    return z


def rubble(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rocks(x, y, rng) + rng.normal(0.0, 0.01, x.shape)


GROUNDS = {"smooth": smooth, "rocks": rocks, "rubble": rubble}


def terrain_of(ground: str, dx: float, seed: int = 1) -> Terrain:
    axis = np.arange(-HALF, HALF + dx / 2, dx)
    heights = GROUNDS[ground](*np.meshgrid(axis, axis), np.random.default_rng(seed))
    return Terrain.from_heights(heights, -HALF, -HALF, dx)


def random_poses(n: int, seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-2.5, 2.5, (n, 2)), rng.uniform(-np.pi, np.pi, n)])


@pytest.fixture(scope="module")
def vehicle() -> Vehicle:
    return msgspec.structs.replace(Vehicle.load("jeep-wrangler-jlur"), part=BELLY)


def least_gap(part: Part, ground: Ground, stance: Stance, i: int) -> float:
    """What the search that leaves nothing out finds for a part of the chassis."""
    R_wb = Rotation.from_euler("ZYX", [stance.yaw[i], stance.pitch[i], stance.roll[i]]).as_matrix()
    centre = np.array([stance.x[i], stance.y[i], stance.z[i]]) + R_wb @ part.centre
    if part.shape == "box":
        return box_gap(ground, centre, (R_wb * part.half_size).T)
    if part.shape == "sphere":
        return ball_gap(ground, centre, part.radius)
    return tube_gap(ground, centre, R_wb[:, 1] * part.half_length, R_wb[:, 0], part.radius)


# m, less and more than what is searched for: the search samples what is round
ALLOWED = {"box": (1e-5, 1e-5), "sphere": (3e-4, 1e-5), "tube": (1e-4, 2e-5)}


@pytest.mark.parametrize("dx", [0.04, 0.11])
@pytest.mark.parametrize("ground", GROUNDS)
def test_clearance_is_that_of_a_search_that_leaves_nothing_out(vehicle, ground, dx):
    terrain = terrain_of(ground, dx)
    stance = settle(vehicle, terrain, random_poses(12))
    known = Ground(terrain)
    rests = np.flatnonzero(stance.status == Rest.OK)
    assert len(rests) > 8
    for i in rests:
        for k, part in enumerate(vehicle.part):
            found, searched = stance.clearance[i, k], least_gap(part, known, stance, i)
            less, more = ALLOWED[part.shape]
            assert searched - less <= found <= searched + more, (i, part.name)


@pytest.mark.parametrize("dx", [0.04, 0.11, 1.5])
@pytest.mark.parametrize("ground", GROUNDS)
def test_a_tube_shorter_than_a_cell_is_found(ground, dx):
    """All of it is end: on rough ground there are several lows close by."""
    disc = Part(name="disc", fixed_to="chassis", shape="tube", centre=(0.8, 0.3, 0.55), radius=0.2, half_length=0.01)
    vehicle, terrain = msgspec.structs.replace(Vehicle.load("jeep-wrangler-jlur"), part=(disc,)), terrain_of(ground, dx)
    stance = settle(vehicle, terrain, random_poses(12))
    known = Ground(terrain)
    for i in np.flatnonzero(stance.status == Rest.OK):
        assert stance.clearance[i, 0] == pytest.approx(least_gap(disc, known, stance, i), abs=3e-4)


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_nearest_point_is_on_the_ground_below_the_part(vehicle, ground):
    terrain = terrain_of(ground, 0.05)
    stance = settle(vehicle, terrain, random_poses(40))
    rests = stance.status == Rest.OK
    x, y, z = np.moveaxis(stance.nearest[rests], -1, 0)
    np.testing.assert_allclose(terrain.height(x, y), z, atol=2e-6)
    from_origin = np.hypot(x - stance.x[rests, None], y - stance.y[rests, None])
    assert np.all(from_origin < 3.5)


def test_what_was_asked_before_changes_no_bit(vehicle):
    terrain, poses = terrain_of("rubble", 0.04), random_poses(30)
    together = settle(vehicle, terrain, poses)
    for i in (0, 7, 29):
        alone = settle(vehicle, terrain, poses[i:i + 1])
        np.testing.assert_array_equal(alone.clearance[0], together.clearance[i])
        np.testing.assert_array_equal(alone.nearest[0], together.nearest[i])


def test_a_map_far_wider_than_what_is_remembered(vehicle):
    """Blocks of ground that push each other out of the memory, as with poses far apart on a big map."""
    patch = terrain_of("rocks", 0.05).grid.heights[:-1, :-1]
    n = patch.shape[0]
    wide = Terrain.from_heights(np.tile(patch, (1, 6)), 0.0, 0.0, 0.05)
    poses = random_poses(60) + np.array([HALF, HALF, 0.0])
    shift = np.tile([0.0, 4 * n * 0.05], 30)
    moved = poses + np.column_stack([shift, np.zeros((60, 2))])
    here, there = settle(vehicle, wide, poses), settle(vehicle, wide, moved)
    both = (here.status == Rest.OK) & (there.status == Rest.OK)
    assert both.mean() > 0.8
    # what is left is the rounding of the world's coordinates
    np.testing.assert_allclose(there.clearance[both], here.clearance[both], atol=1e-4)


@pytest.mark.parametrize("hole", [(1.4, 0.1), (1.89, 0.44), (0.9, -0.26)])
def test_one_unknown_post_below_a_part_is_noticed(vehicle, hole):
    heights = np.zeros((281, 281), np.float32)
    column, row = (round((c + HALF) / 0.05) for c in hole)
    heights[row, column] = np.nan
    stance = settle(vehicle, Terrain.from_heights(heights, -HALF, -HALF, 0.05), [[0.0, 0.0, 0.0]])
    assert stance.status[0] == Rest.OK
    assert np.isnan(stance.clearance[0, vehicle.part_names.index("plate")])
    assert np.isfinite(stance.clearance[0, vehicle.part_names.index("ball")])
