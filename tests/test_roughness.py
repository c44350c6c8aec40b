"""What a coarse grid hides: bounds on ground whose fine heights are known."""
from itertools import pairwise

import numpy as np
import pytest
from grounds import rocks
from msgspec.structs import replace

from trailcoach import _core
from trailcoach.data import data_folder
from trailcoach.errors import InputError
from trailcoach.roughness import HALO, bounds, features, hidden, model
from trailcoach.stance import settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle


def averaged(fine: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Means of k x k posts, and the highest post of each over its mean."""
    ny, nx = fine.shape[0] // k, fine.shape[1] // k
    block = fine[:ny * k, :nx * k].reshape(ny, k, nx, k)
    mean = block.mean(axis=(1, 3))
    return mean, block.max(axis=(1, 3)) - mean


def coarse(fine: Terrain, k: int, sigma: float = 0.01) -> Terrain:
    mean, _ = averaged(fine.grid.heights, k)
    edge = 0.5 * (k - 1) * fine.dx
    return Terrain.from_heights(mean, fine.x0 + edge, fine.y0 + edge, k * fine.dx, sigma=sigma)


@pytest.fixture(scope="module")
def drive_ground() -> Terrain:
    return Terrain.open(data_folder() / "drives" / "d01" / "terrain.tif")


def highest_over_surface(fine: Terrain, ground: Terrain, k: int) -> np.ndarray:
    """Highest fine post of each cell over the bilinear surface through the cells' means."""
    ny, nx = ground.grid.heights.shape
    x, y = fine.x0 + fine.dx * np.arange(nx * k), fine.y0 + fine.dx * np.arange(ny * k)
    over = fine.grid.heights[:ny * k, :nx * k] - ground.height(x[None, :], y[:, None])
    return over.reshape(ny, k, nx, k).max(axis=(1, 3))


@pytest.mark.parametrize("k", [7, 14])
def test_bounds_hold_as_often_as_they_say_on_a_trail(drive_ground, k):
    """GIVEN a trail averaged over blocks WHEN bounds are asked THEN they hold in about as many cells."""
    ground = coarse(drive_ground, k)
    inside = (slice(1, -1), slice(1, -1))
    highest = highest_over_surface(drive_ground, ground, k)[inside]
    low, middle, rare = (100.0 * np.mean(highest <= b[inside])
                         for b in bounds(ground.grid.heights, ground.dx, (0.5, 0.9, 0.99)))
    assert 35.0 < low < 75.0            # one tile: over many it is 50, 90 and 99 (examples/fit_roughness.py)
    assert 80.0 < middle < 98.0
    assert rare > 97.0


def test_a_post_hides_the_same_whatever_part_is_looked_at(drive_ground):
    """GIVEN a part with all that has a say around it WHEN it is told alone THEN it is what the whole
    says."""
    mean, _ = averaged(drive_ground.grid.heights, 5)
    mean[20:23, 60:80] = np.nan
    whole = hidden(mean, 0.2)
    part = hidden(mean[5:60, 90:170], 0.2, rim=(HALO, HALO, HALO, HALO))
    inner = np.s_[5 + HALO:60 - HALO, 90 + HALO:170 - HALO]
    for a, b in ((part.highest, whole.highest), (part.spread, whole.spread)):
        np.testing.assert_allclose(a, b[inner], rtol=1e-4)


def test_features_are_those_of_a_plain_reckoning():
    """GIVEN rough ground with a hole WHEN it is looked at THEN roughness, skewness and kurtosis of a square about a
    post are those of its second differences, one by one."""
    h = np.random.default_rng(2).normal(0.0, 0.1, (40, 50)).astype(np.float32)
    h[10:12, 20:23] = np.nan
    seen, scale = features(h, 0.5)
    x, y = np.full(h.shape, np.nan), np.full(h.shape, np.nan)
    x[:, 1:-1] = h[:, 1:-1] - 0.5 * (h[:, :-2].astype(float) + h[:, 2:])
    y[1:-1] = h[1:-1] - 0.5 * (h[:-2].astype(float) + h[2:])
    both, square = (np.where(np.isnan(a), b, np.where(np.isnan(b), a, 0.5 * (a + b)))
                    for a, b in ((x, y), (x**2, y**2)))
    for j, i in ((20, 25), (13, 22), (2, 47)):
        near, wide, vast = (np.sqrt(np.nanmean(square[max(j - r, 0):j + r + 1, max(i - r, 0):i + r + 1])) + 5e-5
                            for r in (1, 4, 12))
        about = both[max(j - 12, 0):j + 13, max(i - 12, 0):i + 13]
        sd = np.sqrt(np.nanmean(about**2)) + 5e-5
        np.testing.assert_allclose(seen[j, i, :3], [np.log(near / 0.5), np.log(wide / near), np.log(vast / wide)],
                                   atol=1e-5)
        np.testing.assert_allclose(seen[j, i, [9, 11]], [np.nanmean(about**3) / sd**3,
                                                         np.log(np.nanmean(about**4) / sd**4)], atol=1e-4)
        assert scale[j, i] == pytest.approx(np.sqrt(0.5 * (near**2 + wide**2)))


def test_bounds_rise_with_probability(drive_ground):
    mean, _ = averaged(drive_ground.grid.heights, 10)
    found = bounds(mean, 0.4, (0.1, 0.5, 0.9, 0.99, 0.999))
    assert all((low <= high).all() for low, high in pairwise(found))


def test_rocks_hide_more_than_a_smooth_slope():
    rough, _ = averaged(rocks(3, n=400), 10)
    x = 0.5 * np.arange(64)
    smooth = 0.1 * x[None, :] + np.zeros((32, 1))
    (rare,), (little,) = bounds(rough, 0.5, (0.99,)), bounds(smooth, 0.5, (0.99,))
    assert np.median(rare[8:24, 20:40]) > 0.10
    assert np.median(little) < 0.02


def test_never_below_what_was_measured():
    measured = np.full((20, 20), np.nan)
    measured[10, 10] = 0.7
    found = hidden(np.zeros((20, 20)), 1.0, measured)
    assert found.highest[10, 10] == found.highest_rare[10, 10] == np.float32(0.7)
    assert found.highest[5, 5] < 0.1


def test_unknown_ground_hides_nobody_knows_what():
    heights = np.zeros((12, 12))
    heights[3, 4] = np.nan
    found = hidden(heights, 1.0)
    assert np.isnan(found.highest[3, 4])
    assert np.isfinite(found.highest[3, 5])


@pytest.mark.parametrize("shape", [(2, 2), (2, 9), (3, 3)])
def test_a_grid_too_small_for_a_neighbourhood(shape):
    found = hidden(np.zeros(shape), 1.0)
    assert np.isfinite(found.highest_rare).all()


@pytest.mark.parametrize("probability", [0.0, 1.0, -1.0, float("nan")])
def test_a_probability_that_is_none(drive_ground, probability):
    with pytest.raises(InputError, match="probability"):
        drive_ground.hidden(0.0, 0.0, probability)


def test_hidden_at_points(drive_ground):
    ground = coarse(drive_ground, 10)
    west, south, east, north = ground.bounds
    x, y = np.array([0.5 * (west + east), west - 5.0]), np.array([0.5 * (south + north)] * 2)
    found = ground.hidden(x, y, 0.99)
    assert found[0] > 0.0
    assert np.isnan(found[1])


def test_a_coarse_tile_gives_no_false_comfort(drive_ground):
    """GIVEN a trail averaged to 1 m WHEN a vehicle with a low belly rests all along it
    THEN it is told at least as many contacts as there are on the fine ground, and far fewer without what is hidden."""
    vehicle = Vehicle.load("land-rover-defender-110")
    vehicle = replace(vehicle, part=tuple(replace(p, centre=(*p.centre[:2], p.centre[2] - 0.13)) for p in vehicle.part))
    west, south, east, north = drive_ground.bounds
    x = np.linspace(west + 8.0, east - 8.0, 120)
    poses = np.vstack([np.column_stack([x, np.full_like(x, 0.5 * (south + north) + y), np.zeros_like(x)])
                       for y in (-3.0, 0.0, 3.0)])
    ground = coarse(drive_ground, 25)
    told = settle(vehicle, ground, poses)
    ground.grid.tell()
    untold, fine = settle(vehicle, ground, poses), settle(vehicle, drive_ground, poses)
    known = np.isfinite(told.clearance) & np.isfinite(fine.clearance)
    touches = np.sum(fine.clearance[known] < 0.0)
    assert touches > 20
    assert np.sum(told.contact_probability[known]) > 0.8 * touches
    assert np.sum(untold.contact_probability[known]) < 0.7 * np.sum(told.contact_probability[known])


def test_probability_falls_with_the_gap_and_rises_with_what_is_hidden():
    """GIVEN level ground WHEN it hides more THEN contact is likelier, and surer to stay away below a high part."""
    vehicle = Vehicle.load("jeep-wrangler-jlur")
    chance = []
    for highest in (0.0, 0.15, 0.3):
        ground = Terrain.from_heights(np.zeros((30, 30)), -15.0, -15.0, 1.0)
        full = np.full((30, 30), highest)
        ground.grid.tell(None, full, 2.0 * full, 0.3 * full)
        chance.append(settle(vehicle, ground, [[0.0, 0.0, 0.0]]).contact_probability[0])
    assert (np.diff(chance, axis=0) >= 0.0).all()
    parts = vehicle.part_names
    assert chance[2][parts.index("transfer_case")] > chance[2][parts.index("front_bumper")]
    assert chance[1][parts.index("transfer_case")] > 1e-3


def test_arrays_that_do_not_fit_are_refused():
    ground = Terrain.from_heights(np.zeros((30, 30)), -15.0, -15.0, 1.0)
    with pytest.raises(ValueError, match="shape"):
        ground.grid.tell(np.zeros((3, 3)))


def test_the_core_computes_the_network_that_was_fitted():
    """GIVEN features of ground, and far beyond WHEN the core tells the curves THEN they are those of the fitted model
    in numpy."""
    seen = np.random.default_rng(3).normal(0.0, 4.0, (1003, model().mean.size)).astype(np.float32)
    curves = _core.rough_curves(seen)
    quantile, rms = model().curves(seen)
    np.testing.assert_allclose(curves[:, :-1], quantile, atol=1e-4)
    np.testing.assert_allclose(curves[:, -1], rms, atol=1e-4)
    with pytest.raises(ValueError, match="features"):
        _core.rough_curves(seen[:, :3].copy())
