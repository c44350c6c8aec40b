"""Many tiles as one ground: any resolution, system, layout and overlap; blends, memory, threads."""
import threading
from pathlib import Path

import numpy as np
import pytest
import rasterio
from inputs import CRS
from rasterio.transform import Affine
from scipy.interpolate import RegularGridInterpolator

from trailcoach import _core
from trailcoach.errors import InputError
from trailcoach.stance import settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

pytestmark = pytest.mark.filterwarnings("error")
EAST, NORTH = 500_000.0, 4_250_000.0
BUNDLED = Path(__file__).parent.parent / "terrain_data" / "drives" / "d01" / "terrain.tif"


def hills(x, y):
    """Smooth ground, m."""
    return 1500.0 + 0.05 * x + 3.0 * np.sin(x / 17.0) * np.cos(y / 23.0) + 0.5 * np.sin(x / 4.1 + y / 3.3)


def write(path: Path, heights: np.ndarray, west: float, south: float, dx: float, *, crs=CRS, nodata=-9999.0,
          south_up=False, tags=None, units=None, **layout) -> Path:
    """Heights (ny, nx) south to north whose south-west *pixel corner* is at west, south of (EAST, NORTH)."""
    rows = heights if south_up else heights[::-1]
    x, y = EAST + west, NORTH + south
    transform = Affine(dx, 0, x, 0, dx, y) if south_up else Affine(dx, 0, x, 0, -dx, y + heights.shape[0] * dx)
    with rasterio.open(path, "w", driver="GTiff", width=heights.shape[1], height=heights.shape[0], count=1,
                       dtype=heights.dtype, crs=crs, transform=transform, nodata=nodata, **layout) as f:
        f.write(np.ascontiguousarray(rows), 1)
        if tags:
            f.update_tags(**tags)
        if units:
            f.units = (units,)
    return path


def posts(west: float, south: float, nx: int, ny: int, dx: float) -> tuple[np.ndarray, np.ndarray]:
    return np.meshgrid(west + (np.arange(nx) + 0.5) * dx, south + (np.arange(ny) + 0.5) * dx)


def tile(path: Path, west: float, south: float, nx: int, ny: int, dx: float, ground=hills, **options) -> Path:
    return write(path, ground(*posts(west, south, nx, ny, dx)).astype(np.float32), west, south, dx, **options)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tiles").mkdir()
    return tmp_path / "tiles"


def block_mean(heights: np.ndarray, n: int) -> np.ndarray:
    ny, nx = (side // n for side in heights.shape)
    return heights[:ny * n, :nx * n].reshape(ny, n, nx, n).mean(axis=(1, 3)).astype(np.float32)


def test_a_terrain_read_by_tiles_is_the_one_read_whole_to_the_bit(folder):
    # given tiles of several layouts, one overlapping, and ground at a coarser resolution about them
    tile(folder / "a.tif", 0, 0, 300, 280, 1.0, tiled=True, blockxsize=64, blockysize=128, compress="deflate")
    tile(folder / "b.tif", 290, 0, 210, 280, 1.0, blockysize=7)
    tile(folder / "wide.tif", -80, -80, 180, 120, 4.0)
    # when it is opened whole, and so that it must be read by tiles
    whole, by_tiles = Terrain.open(folder), Terrain.open(folder, whole_posts=0)
    xy = np.random.default_rng(1).uniform(whole.bounds[:2], whole.bounds[2:], (5000, 2))
    edges = np.column_stack([whole.x0 + 256.0 * whole.dx + np.zeros(50), xy[:50, 1]])
    xy = np.concatenate([xy, edges, [whole.bounds[:2]], [whole.bounds[2:]]])
    # then height, gradient and sigma are the same everywhere, on the shared posts of tiles too
    assert whole.is_whole
    assert not by_tiles.is_whole
    for a, b in zip(whole.surface(*xy.T), by_tiles.surface(*xy.T), strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.isfinite(whole.height(*xy.T)).mean() > 0.9


def test_bilinear_value_and_gradient_are_exact_across_tile_edges(folder):
    # given one surface cut into tiles that touch
    x, y = posts(0, 0, 600, 300, 0.5)
    heights = hills(x, y).astype(np.float32)
    for k, part in enumerate(np.split(heights, [256, 400], axis=1)):
        write(folder / f"{k}.tif", part, (0, 128, 200)[k], 0, 0.5)
    terrain = Terrain.open(folder, whole_posts=0)
    # when it is asked beside and on the seams of files and of the store's own tiles
    rng = np.random.default_rng(2)
    seams = np.array([128.0, 200.0, 0.25 + 128.0])
    u = np.concatenate([seams.repeat(300) + rng.uniform(-0.6, 0.6, 900), rng.uniform(0.5, 299.0, 500)])
    v = rng.uniform(0.5, 149.0, len(u))
    height, dz_dx, dz_dy, _ = terrain.surface(EAST + u, NORTH + v)
    # then it is scipy's bilinear surface of the whole, and its slope
    peer = RegularGridInterpolator((y[:, 0], x[0]), heights.astype(float))
    assert height == pytest.approx(peer(np.column_stack([v, u])), abs=1e-7)
    within = abs((u - 0.25) / 0.5 - np.round((u - 0.25) / 0.5)) > 0.05
    within &= abs((v - 0.25) / 0.5 - np.round((v - 0.25) / 0.5)) > 0.05
    h, u, v = 0.02, u[within], v[within]
    assert dz_dx[within] == pytest.approx(
        (peer(np.column_stack([v, u + h])) - peer(np.column_stack([v, u - h]))) / (2 * h), abs=1e-6)
    assert dz_dy[within] == pytest.approx(
        (peer(np.column_stack([v + h, u])) - peer(np.column_stack([v - h, u]))) / (2 * h), abs=1e-6)


def steps_across(terrain: Terrain, seam: float, south: float, north: float) -> tuple[np.ndarray, np.ndarray]:
    """Height differences between posts next to each other, across a seam and all others within 20 m of it."""
    j0, j1 = (int((v - terrain.y0) / terrain.dx) for v in (south, north))
    i = int(np.floor((seam - terrain.x0) / terrain.dx))
    n = int(20.0 / terrain.dx)
    heights, _ = terrain.posts(i - n, j0, 2 * n, j1 - j0)
    across = abs(np.diff(heights, axis=1))
    return across[:, n - 1:n + 1].max(axis=1), np.delete(across, [n - 1, n], axis=1).ravel()


def check_blend(terrain: Terrain, fine: np.ndarray, seam: float, south: float, north: float) -> None:
    at_seam, beside = steps_across(terrain, seam, south, north)
    assert np.isfinite(at_seam).all()                   # no gap between the last fine and the first coarse pixel
    assert np.median(at_seam) <= 1.5 * np.median(beside)        # two steps beside the largest one of many:
    assert at_seam.max() <= 1.2 * beside.max()                  # the seam is no place that stands out
    heights, _ = terrain.posts(0, 0, fine.shape[1], fine.shape[0])
    np.testing.assert_array_equal(heights, fine)        # nothing fine is lost


def test_real_lidar_beside_its_own_average(shared, folder):
    # given a real 1 m tile and, beside it, the ground's average over 4 m
    path = shared / "data" / "terrain" / "lidar_gabilan_1m.tif"
    with rasterio.open(path) as f:
        heights = f.read(1)[::-1][:800, :880]
    write(folder / "fine.tif", heights[:, :400].copy(), 0, 0, 1.0)
    write(folder / "coarse.tif", block_mean(heights[:, 400:], 4), 400, 0, 4.0)
    terrain = Terrain.open(folder)
    # then there is no step where they meet
    check_blend(terrain, heights[:, :400], EAST + 400.0, NORTH + 20.0, NORTH + 780.0)
    # and where the coarse has it alone, it is bilinear between its posts
    i = np.arange(500, 860)
    peer = RegularGridInterpolator((np.arange(200) * 4.0 + 2.0, np.arange(120) * 4.0 + 402.0),
                                   block_mean(heights[:, 400:], 4).astype(float))
    assert terrain.posts(500, 300, 360, 1)[0][0] == pytest.approx(
        peer(np.column_stack([np.full(len(i), 300.5), i + 0.5])), abs=1e-4)


def test_bundled_ground_beside_and_over_its_own_average(folder):
    with rasterio.open(BUNDLED) as f:
        heights = f.read(1)[::-1][:348, :1200]
    write(folder / "fine.tif", heights[:, :600].copy(), 0, 0, 0.04)
    write(folder / "coarse.tif", block_mean(heights[:, 400:], 4), 16, 0, 0.16)      # over a third of the fine, and on
    terrain = Terrain.open(folder)
    check_blend(terrain, heights[:, :600], EAST + 24.0, NORTH + 1.0, NORTH + 13.0)


def test_a_hole_in_the_fine_is_filled_from_the_coarse_without_a_step(folder):
    x, y = posts(0, 0, 200, 200, 1.0)
    fine = (hills(x, y) + 0.4).astype(np.float32)       # the coarse is 0.4 m lower
    hole = np.hypot(x - 100.0, y - 100.0) < 30.0
    write(folder / "fine.tif", np.where(hole, np.float32(-9999.0), fine), 0, 0, 1.0)
    tile(folder / "coarse.tif", -40, -40, 70, 70, 4.0)
    terrain = Terrain.open(folder, assume=["seams"])
    i0, j0 = (round(first + 0.5 - origin) for first, origin in ((EAST, terrain.x0), (NORTH, terrain.y0)))
    heights = terrain.posts(i0, j0, 200, 200)[0]
    assert np.isfinite(heights).all()
    truth = hills(x, y)
    above = heights - truth                             # 0.4 m on the fine, about 0 in the middle of the hole
    assert abs(above[~hole] - 0.4).max() < 1e-3
    assert abs(above[97:103, 97:103]).max() < 0.15
    rise = np.maximum(abs(np.diff(above, axis=0)).max(), abs(np.diff(above, axis=1)).max())
    assert rise < 0.15                                  # and no jump of 0.4 m anywhere


def test_the_finest_wins_and_each_source_has_its_own_sigma(folder):
    tile(folder / "fine.tif", 0, 0, 100, 100, 1.0)
    tile(folder / "coarse.tif", -200, -200, 50, 50, 10.0, lambda x, y: hills(x, y) + 0.5)
    terrain = Terrain.open(folder)
    height, _, _, sigma = terrain.surface(EAST + np.array([50.0, -150.0]), NORTH + np.array([50.0, -150.0]))
    assert height[0] == pytest.approx(hills(50.0, 50.0), abs=0.05)
    assert sigma == pytest.approx([0.1, 1.0])           # a tenth of the distance of posts
    said = Terrain.open(write(folder.parent / "said.tif", np.zeros((4, 4), np.float32), 0, 0, 1.0,
                              tags={"SIGMA_M": "0.07"}))
    assert said.sigma == 0.07


def test_sigma_of_every_post_is_read_from_its_band(tmp_path):
    with rasterio.open(tmp_path / "t.tif", "w", driver="GTiff", width=4, height=4, count=2, dtype="float32", crs=CRS,
                       transform=Affine(1, 0, EAST, 0, -1, NORTH), nodata=-9999.0) as f:
        f.write(np.stack([np.full((4, 4), 7.0), np.where(np.arange(4) < 2, 0.02, 0.3) * np.ones((4, 1))]
                         ).astype(np.float32))
        f.descriptions = ("height", "sigma")
    terrain = Terrain.open(tmp_path / "t.tif")
    _, _, _, sigma = terrain.surface(EAST + np.array([0.7, 3.2]), NORTH - np.array([2.0, 2.0]))
    assert sigma == pytest.approx([0.02, 0.3])
    assert terrain.sigma == pytest.approx(0.3)


def test_a_tile_of_another_zone_lies_where_it_belongs(folder):
    # given a plane in the world of zone 12, as a tile of zone 12 and one of zone 13 beside it
    from pyproj import Transformer
    to_13 = Transformer.from_crs("EPSG:32612", "EPSG:32613", always_xy=True)
    to_12 = Transformer.from_crs("EPSG:32613", "EPSG:32612", always_xy=True)

    def plane(x, y):
        return 100.0 + 0.1 * (x - EAST) - 0.2 * (y - NORTH)

    tile(folder / "a.tif", 0, 0, 60, 60, 1.0, lambda x, y: plane(x + EAST, y + NORTH))
    x13, y13 = to_13.transform(EAST + 90.0, NORTH + 30.0)
    west, south = round(x13) - 60.0 - EAST, round(y13) - 60.0 - NORTH
    tile(folder / "b.tif", west, south, 120, 120, 1.0,
         lambda x, y: plane(*to_12.transform(x + EAST, y + NORTH)), crs="EPSG:32613")
    terrain = Terrain.open(folder)
    # then both are that plane, in zone 12
    assert terrain.crs == "EPSG:32612"
    x, y = EAST + np.linspace(2.0, 130.0, 200), np.full(200, NORTH + 30.2)
    height, dz_dx, dz_dy, _ = terrain.surface(x, y)
    assert height == pytest.approx(plane(x, y), abs=2e-3)
    assert dz_dx == pytest.approx(np.full(200, 0.1), abs=2e-3)
    assert dz_dy == pytest.approx(np.full(200, -0.2), abs=2e-3)


def test_degrees_lie_under_metres_and_alone_when_a_system_is_named(folder):
    from pyproj import Transformer
    to_utm = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    step = 1.0 / 3600.0
    lon, lat = np.meshgrid(-111.0 + (np.arange(40) + 0.5) * step, 38.3 + (np.arange(30) + 0.5) * step)
    x, y = to_utm.transform(lon, lat)
    plane = (1000.0 + 0.01 * (x - x.min()) + 0.02 * (y - y.min())).astype(np.float32)
    with rasterio.open(folder / "srtm.tif", "w", driver="GTiff", width=40, height=30, count=1, dtype="float32",
                       crs="EPSG:4326", transform=Affine(step, 0, -111.0, 0, -step, 38.3 + 30 * step)) as f:
        f.write(plane[::-1], 1)
    with pytest.raises(InputError, match="into=EPSG:32612"):
        Terrain.open(folder)
    alone = Terrain.open(folder, assume=["into=EPSG:32612"])
    at = x[15, 20], y[15, 20]
    assert alone.height(*at) == pytest.approx(plane[15, 20], abs=0.01)
    with rasterio.open(folder / "fine.tif", "w", driver="GTiff", width=50, height=50, count=1, dtype="float32",
                       crs=CRS, transform=Affine(1, 0, at[0] - 25, 0, -1, at[1] + 25)) as f:
        f.write(np.full((50, 50), plane[15, 20], np.float32), 1)
    both = Terrain.open(folder)
    assert both.dx == 1.0
    assert both.crs == CRS
    assert both.height(at[0] + 300.0, at[1] + 150.0) == pytest.approx(plane[15, 20] + 3.0 + 3.0, abs=0.2)


def test_overlapping_tiles_that_differ_a_little_have_no_step(folder):
    x, y = posts(0, 0, 120, 60, 1.0)
    write(folder / "a.tif", hills(x, y).astype(np.float32)[:, :70], 0, 0, 1.0)
    write(folder / "b.tif", (hills(x, y) + 0.04).astype(np.float32)[:, 40:], 40, 0, 1.0)
    heights = Terrain.open(folder).grid.heights
    above = heights - hills(x, y)
    assert abs(np.diff(above, axis=1)).max() < 0.01     # 0.04 m over the overlap, not at its end


def test_memory_stays_bounded_and_counted_on_a_long_drive(tmp_path):
    # given 100 km of 1 m tiles along a diagonal, most of them sparse: 70 x 70 km of lattice
    folder = tmp_path / "long"
    folder.mkdir()
    with rasterio.Env():
        for k in range(0, 70, 2):
            with rasterio.open(folder / f"{k:02d}.tif", "w", driver="GTiff", width=1000, height=1000, count=1,
                               dtype="float32", crs=CRS, sparse_ok=True, tiled=True, blockxsize=256, blockysize=256,
                               transform=Affine(1, 0, EAST - 35e3 + k * 1e3, 0, -1, NORTH + k * 1e3 + 1e3),
                               nodata=-9999.0) as f:
                y = np.arange(1000.0)[::-1, None] + NORTH + k * 1e3
                x = np.arange(1000.0)[None, :] + EAST - 35e3 + k * 1e3
                f.write((1000.0 + 0.01 * (x - EAST + 35e3) + 0.0 * y).astype(np.float32)[400:600], 1,
                        window=((400, 600), (0, 1000)))
    terrain = Terrain.open(folder, cache_mb=4.0)
    # when a vehicle drives through all of it, window by window
    from trailcoach.tiles.windows import Windows
    windows, grids, known = Windows(terrain), 0, 0
    for s in np.arange(0.0, 69_000.0, 10.0):
        grid = windows.follow(EAST - 35e3 + s + 500.0, NORTH + s + 500.0)
        if grid is not None:
            grids += 1
            known += int(np.isfinite(grid.heights).all())
            assert grid.heights.nbytes < 100_000
    # then it was given the ground, and no more than the bound was kept
    assert grids > 1000
    assert known > 30
    assert terrain.cached_bytes <= 4.0e6
    assert terrain.cache_counts["evictions"] > 100


def test_many_threads_read_one_terrain(folder):
    # given more files than may be open at once, and a cache that holds two tiles
    rng = np.random.default_rng(3)
    x, y = posts(0, 0, 900, 90, 1.0)
    heights = (hills(x, y) + rng.normal(0.0, 0.1, x.shape)).astype(np.float32)
    for j in range(3):
        for i in range(30):
            write(folder / f"{j}_{i}.tif", heights[j * 30:j * 30 + 30, i * 30:i * 30 + 30].copy(), i * 30, j * 30, 1.0,
                  compress="deflate")
    terrain = Terrain.open(folder, whole_posts=0, cache_mb=1.1, assume=["seams"])
    xy = rng.uniform(terrain.bounds[:2], terrain.bounds[2:], (400, 2))
    expected = Terrain.from_heights(heights, terrain.x0, terrain.y0, 1.0).height(*xy.T)
    # when four threads ask for all of it
    wrong: list[object] = []

    def ask(seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(xy))
        try:
            for k in order.reshape(-1, 100):
                if not np.array_equal(terrain.height(*xy[k].T), expected[k]):
                    wrong.append(k)
        except Exception as e:
            wrong.append(e)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    # then all got the same answers
    assert not wrong


def test_the_system_of_the_posts_is_that_of_the_finest_and_files_may_be_listed(tmp_path):
    a, b = (tile(tmp_path / f"{k}.tif", 10.0 * k, 0, 20, 20, 1.0) for k in range(2))
    terrain = Terrain.open([a, b])
    assert terrain.nx == 30
    with pytest.raises(InputError, match="no file"):
        Terrain.open([])


def test_window_is_the_ground_about_a_place(folder):
    tile(folder / "a.tif", 0, 0, 600, 400, 1.0)
    terrain = Terrain.open(folder, whole_posts=0)
    grid = terrain.window(EAST + 300.2, NORTH + 200.0, 50.0)
    xy = np.random.default_rng(5).uniform((EAST + 251, NORTH + 151), (EAST + 349, NORTH + 249), (500, 2))
    assert grid.surface(xy)["height"] == pytest.approx(terrain.height(*xy.T), abs=1e-9)
    assert grid.heights.shape == (102, 102)
    # at the border it is smaller, beyond it the nearest two posts, and never more than asked
    assert terrain.window(EAST, NORTH, 50.0).heights.shape == (51, 51)
    assert terrain.window(EAST - 1e4, NORTH, 50.0).heights.shape == (51, 2)
    assert terrain.window(EAST + 300.0, NORTH + 200.0, 150.0, posts=10_000).heights.size <= 10_000
    with pytest.raises(InputError, match="finite"):
        terrain.window(np.nan, 0.0, 50.0)
    with pytest.raises(InputError, match="window"):
        _ = terrain.grid


@pytest.mark.parametrize("reach", [3, 12, 500])
def test_the_nearest_known_post_within_reach(reach):
    """Against scipy's exact distances; beyond its reach it finds none."""
    from scipy.ndimage import distance_transform_edt
    known = np.random.default_rng(4).random((60, 90)) < 0.01
    distance = distance_transform_edt(~known)
    found = _core.nearest(known, reach)
    j, i = np.mgrid[0:60, 0:90]
    np.testing.assert_array_equal(found >= 0, distance <= reach)
    at = found >= 0
    np.testing.assert_allclose(np.hypot(found[at] // 90 - j[at], found[at] % 90 - i[at]), distance[at])
    assert known.ravel()[found[at]].all()


def test_a_rim_is_looked_at_and_not_told_of():
    known = np.random.default_rng(4).random((60, 90)) < 0.01
    np.testing.assert_array_equal(_core.nearest(known, 15, 7), _core.nearest(known, 15)[7:-7, 7:-7])
    assert _core.nearest(known, 15, 30).shape == (0, 30)


def test_no_post_is_near_where_none_is_known():
    assert (_core.nearest(np.zeros((5, 7), bool), 3) == -1).all()


def rough(x, y):
    """Ground with relief at every scale, m."""
    rng = np.random.default_rng(7)
    out = np.zeros(np.broadcast_shapes(np.shape(x), np.shape(y)))
    for wave in np.geomspace(0.5, 12.0, 24):
        a, b, phase = rng.normal(0.0, 1.0, 2), 0.02 * wave**0.8, rng.uniform(0.0, 6.3)
        out = out + b * np.sin(2.0 * np.pi / wave * (x * a[0] + y * a[1]) / np.hypot(*a) + phase)
    return out


def test_coarse_ground_beside_fine_still_hides_what_it_hides(folder, tmp_path):
    """GIVEN a patch of 0.1 m posts in country of 1 m posts WHEN asked what is hidden THEN the patch hides nothing, and
    the country, far from the patch, as much as without it."""
    wide = block_mean(rough(*posts(0.0, 0.0, 900, 700, 0.1)), 10)
    write(tmp_path / "alone.tif", wide, 0.0, 0.0, 1.0)
    write(folder / "wide.tif", wide, 0.0, 0.0, 1.0)
    tile(folder / "patch.tif", 5.0, 5.0, 150, 150, 0.1, ground=rough)
    both, alone = Terrain.open(folder), Terrain.open(tmp_path / "alone.tif")
    x, y = EAST + np.arange(45.5, 80.0), NORTH + 35.5 + np.zeros(35)
    i, j = np.rint((x - both.x0) / both.dx).astype(int), np.rint((y - both.y0) / both.dx).astype(int)
    told, grid = both.hides(0, 0, both.nx, both.ny), alone.grid
    a, b = np.rint(x - alone.x0).astype(int), np.rint(y - alone.y0).astype(int)
    np.testing.assert_allclose(told.spread[j, i], grid.beside[3][b, a], rtol=1e-4)
    assert told.spread[round((NORTH + 12.0 - both.y0) / 0.1), round((EAST + 12.0 - both.x0) / 0.1)] == 0.0
    assert (told.highest[j, i] < grid.beside[1][b, a]).all()           # of a square a hundredth as large
    assert (both.hidden(x, y, 0.99) > 0.0).all()
    np.testing.assert_array_equal(both.grid.beside[3], told.spread)


def test_contact_on_coarse_ground_is_as_likely_beside_a_fine_patch(folder, tmp_path):
    """GIVEN a vehicle on country of 1 m posts WHEN a fine patch lies elsewhere THEN its parts touch as likely."""
    wide = block_mean(rough(*posts(0.0, 0.0, 900, 700, 0.1)), 10)
    write(tmp_path / "alone.tif", wide, 0.0, 0.0, 1.0)
    write(folder / "wide.tif", wide, 0.0, 0.0, 1.0)
    tile(folder / "patch.tif", 5.0, 5.0, 150, 150, 0.1, ground=rough)
    vehicle = Vehicle.load("jeep-wrangler-jlur")
    poses = np.column_stack([EAST + np.linspace(45.0, 78.0, 40), NORTH + np.full(40, 35.0), np.linspace(0.0, 6.0, 40)])
    small, mixed = (settle(vehicle, Terrain.open(path), poses).contact_probability
                    for path in (tmp_path / "alone.tif", folder))
    assert small.max() > 0.2
    assert np.abs(mixed - small).max() < 0.1
    assert np.abs(mixed - small).mean() < 0.01
