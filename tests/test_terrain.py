"""Terrain: the grid's heights and gradients, and which files are taken."""
import numpy as np
import pytest
from inputs import CRS, POST, SOUTH, WEST, write_log, write_terrain
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine
from scipy.interpolate import RegularGridInterpolator

from trailcoach.errors import InputError
from trailcoach.terrain import Terrain

pytestmark = pytest.mark.filterwarnings("error")     # a warning would be a second line on stderr
RNG = np.random.default_rng(7)


def refusal(path) -> str:
    with pytest.raises(InputError) as e:
        Terrain.open(path)
    assert "\n" not in str(e.value)
    assert str(path) in str(e.value)
    return str(e.value)


def rough(ny: int = 41, nx: int = 31) -> np.ndarray:
    return RNG.normal(0.0, 0.3, (ny, nx)).astype(np.float32)


def points_inside(terrain: Terrain, n: int = 2000) -> np.ndarray:
    west, south, east, north = terrain.bounds
    return RNG.uniform((west, south), (east, north), (n, 2))


def test_height_is_scipys_bilinear_interpolation():
    heights = rough()
    terrain = Terrain.from_heights(heights, 100.0, 200.0, 0.25)
    ny, nx = heights.shape
    peer = RegularGridInterpolator((200.0 + 0.25 * np.arange(ny), 100.0 + 0.25 * np.arange(nx)), heights.astype(float))
    xy = points_inside(terrain)
    assert terrain.height(xy[:, 0], xy[:, 1]) == pytest.approx(peer(xy[:, ::-1]), abs=1e-12)


def test_gradient_is_the_slope_of_scipys_interpolation_within_a_cell():
    heights = rough()
    terrain = Terrain.from_heights(heights, 0.0, 0.0, 0.25)
    ny, nx = heights.shape
    peer = RegularGridInterpolator((0.25 * np.arange(ny), 0.25 * np.arange(nx)), heights.astype(float))
    cell, within = RNG.integers(0, (nx - 1, ny - 1), (1000, 2)), RNG.uniform(0.1, 0.9, (1000, 2))
    xy, h = 0.25 * (cell + within), 0.01
    _, dz_dx, dz_dy, _ = terrain.surface(xy[:, 0], xy[:, 1])
    # along an axis the surface is linear within a cell: a central difference is exact
    assert dz_dx == pytest.approx((peer(xy[:, ::-1] + [0, h]) - peer(xy[:, ::-1] - [0, h])) / (2 * h), abs=1e-9)
    assert dz_dy == pytest.approx((peer(xy[:, ::-1] + [h, 0]) - peer(xy[:, ::-1] - [h, 0])) / (2 * h), abs=1e-9)


@pytest.mark.parametrize("corner", [(5, 5), (5, 6), (6, 5), (6, 6)])
def test_one_unknown_corner_makes_a_cell_unknown(corner):
    heights = np.zeros((12, 12), np.float32)
    heights[corner] = np.nan
    terrain = Terrain.from_heights(heights, 0.0, 0.0, 1.0)
    height, dz_dx, dz_dy, sigma = terrain.surface(np.array([5.5]), np.array([5.5]))
    assert np.isnan([height, dz_dx, dz_dy, sigma]).all()
    assert terrain.height(np.array([3.5]), np.array([3.5])) == 0.0


def test_outside_is_unknown_and_the_border_is_not():
    terrain = Terrain.from_heights(np.ones((3, 3), np.float32), 10.0, 20.0, 2.0)
    assert (terrain.height(np.array([10.0, 14.0, 14.0]), np.array([20.0, 24.0, 20.0])) == 1.0).all()
    assert np.isnan(terrain.height(np.array([9.999, 14.001, 12.0, 12.0, np.nan, 1e300]),
                                   np.array([22.0, 22.0, 19.999, 24.001, 22.0, 22.0]))).all()
    assert terrain.covers(np.array([10.0, 9.9]), np.array([20.0, 20.0])).tolist() == [True, False]


def test_beyond_the_south_west_corner_is_unknown_too():
    # given points within two posts of the corner, outside, and nothing asked before
    ground = Terrain.from_heights(np.ones((4, 4), np.float32), 10.0, 20.0, 1.0)
    x, y = np.meshgrid(np.linspace(7.5, 9.9, 7), np.linspace(17.5, 19.9, 7))
    assert np.isnan(ground.height(x, y)).all()


def test_result_has_the_shape_of_the_points():
    terrain = Terrain.from_heights(np.ones((3, 3), np.float32), 0.0, 0.0, 1.0)
    assert terrain.height(np.zeros((4, 1)), np.zeros(5)).shape == (4, 5)
    assert terrain.height(np.zeros(0), np.zeros(0)).shape == (0,)


def test_posts_lie_in_the_middle_of_pixels(tmp_path):
    heights = np.zeros((4, 3), np.float32)
    heights[0, 2] = 7.0                             # north-east
    terrain = Terrain.open(write_terrain(tmp_path / "t.tif", heights))
    assert terrain.bounds == pytest.approx((WEST, SOUTH, WEST + 2 * POST, SOUTH + 3 * POST))
    assert terrain.crs == CRS
    assert terrain.height(np.array([WEST + 2 * POST]), np.array([SOUTH + 3 * POST])) == pytest.approx(7.0, abs=1e-4)


def test_south_up_is_the_same_ground(tmp_path):
    heights = rough()
    north_up = Terrain.open(write_terrain(tmp_path / "north.tif", heights))
    flipped = Affine(POST, 0, WEST - POST / 2, 0, POST, SOUTH - POST / 2)
    south_up = Terrain.open(write_terrain(tmp_path / "south.tif", heights[::-1].copy(), transform=flipped))
    assert south_up.bounds == pytest.approx(north_up.bounds)
    assert (south_up.grid.heights == north_up.grid.heights).all()


def test_nodata_is_unknown_never_a_height(tmp_path):
    heights = np.full((5, 5), 3.0, np.float32)
    heights[2, 2] = -9999.0
    terrain = Terrain.open(write_terrain(tmp_path / "t.tif", heights))
    assert np.isnan(terrain.grid.heights).sum() == 1
    assert np.isnan(terrain.height(np.array([WEST + 1.5 * POST]), np.array([SOUTH + 1.5 * POST])))


def test_whole_numbers_with_scale_and_offset_are_metres(tmp_path):
    import rasterio
    path = write_terrain(tmp_path / "t.tif", np.full((4, 4), 1234, np.int16))
    with rasterio.open(path, "r+") as f:
        f.scales, f.offsets = (0.01,), (100.0,)
    assert Terrain.open(path).grid.heights == pytest.approx(np.full((4, 4), 112.34), abs=1e-4)


def test_tiles_of_a_folder_are_one_ground(tmp_path):
    whole = Terrain.open(write_terrain(tmp_path / "whole.tif", rough(41, 41)))
    (tmp_path / "tiles").mkdir()
    north_to_south = whole.grid.heights[::-1]
    for i, (rows, columns) in enumerate([(slice(0, 21), slice(0, 21)), (slice(20, 41), slice(0, 25)),
                                         (slice(0, 30), slice(20, 41))]):
        corner = Affine(POST, 0, WEST + (columns.start - 0.5) * POST, 0, -POST, SOUTH + (40.5 - rows.start) * POST)
        write_terrain(tmp_path / "tiles" / f"{i}.tif", north_to_south[rows, columns].copy(), transform=corner)
    joined = Terrain.open(tmp_path / "tiles")
    assert joined.bounds == pytest.approx(whole.bounds)
    known = ~np.isnan(joined.grid.heights)
    assert (joined.grid.heights[known] == whole.grid.heights[known]).all()
    assert not known[:11, 25:].any()                # the corner no tile shows stays unknown
    assert known.sum() == 41 * 41 - 11 * 16


def tiles(folder, second: dict):
    folder.mkdir()
    write_terrain(folder / "a.tif", np.zeros((11, 11), np.float32))
    corner = Affine(POST, 0, WEST + 9.5 * POST, 0, -POST, SOUTH + 10.5 * POST)
    write_terrain(folder / "b.tif", **({"heights": np.zeros((11, 11), np.float32), "transform": corner} | second))
    return folder


def test_tiles_of_two_grounds_are_refused(tmp_path):
    folder = tiles(tmp_path / "tiles", {"heights": np.ones((11, 11), np.float32)})
    with pytest.raises(InputError, match="one ground"):
        Terrain.open(folder)


def test_heights_over_degrees_name_a_system_to_use(tmp_path):
    path = write_terrain(tmp_path / "t.tif", crs="EPSG:4326", transform=Affine(1e-5, 0, -110.0, 0, -1e-5, 38.5))
    message = refusal(path)
    assert "degrees" in message
    assert "EPSG:32612" in message


@pytest.mark.parametrize(("options", "words"), [
    ({"crs": "EPSG:2227"}, "foot"),
    ({"crs": "EPSG:32612+6360"}, "foot"),                           # heights in feet over metres (NAVD88 height, ftUS)
    ({"crs": None, "transform": Affine(1e-5, 0, -110.0, 0, -1e-5, 38.5)}, "degrees"),
    ({"transform": Affine(0.1, 0.02, WEST, 0.02, -0.1, SOUTH)}, "turned"),
    ({"transform": Affine(-0.1, 0, WEST, 0, -0.1, SOUTH)}, "mirrored"),
    ({"transform": Affine(0.1, 0, WEST, 0, -0.2, SOUTH)}, "square"),
    ({"transform": Affine(0.1, 0, 1e12, 0, -0.1, SOUTH)}, "lies at"),
    ({"heights": np.full((4, 4), -9999.0, np.float32)}, "no known height"),
    ({"heights": np.full((4, 4), -32768, np.int16), "nodata": None}, "nodata value declared"),
    ({"heights": np.full((4, 4), -9999.0, np.float32), "nodata": None}, "nodata value declared"),
    ({"heights": np.full((4, 4), 1e300), "nodata": None}, "nodata value declared"),
    ({"heights": np.zeros((1, 4), np.float32)}, "at least 2 x 2"),
    ({"heights": np.zeros((4, 4), np.complex64)}, "complex"),
])
def test_a_raster_that_is_no_metric_ground_is_refused(tmp_path, options, words):
    assert words in refusal(write_terrain(tmp_path / "t.tif", **options))


def test_heights_in_feet(tmp_path):
    import rasterio
    path = write_terrain(tmp_path / "t.tif")
    with rasterio.open(path, "r+") as f:
        f.units = ("ft",)
    assert "heights in ft" in refusal(path)


def test_picture(tmp_path):
    import rasterio
    with rasterio.open(tmp_path / "t.tif", "w", driver="GTiff", width=4, height=4, count=3, dtype="uint8", crs=CRS,
                       transform=Affine(POST, 0, WEST, 0, -POST, SOUTH)) as f:
        f.write(np.zeros((3, 4, 4), np.uint8))
    assert "3 bands" in refusal(tmp_path / "t.tif")


def test_raster_without_a_place(tmp_path):
    with pytest.warns(NotGeoreferencedWarning):
        path = write_terrain(tmp_path / "t.tif", crs=None, transform=Affine.identity())
    assert "no position" in refusal(path)


def test_things_that_are_no_terrain(tmp_path):
    log = write_log(tmp_path / "log")
    (tmp_path / "empty.tif").touch()
    (tmp_path / "junk.tif").write_bytes(bytes(range(256)))
    (tmp_path / "folder").mkdir()
    assert "no such terrain" in refusal(tmp_path / "nothing.tif")
    assert "is an empty file" in refusal(tmp_path / "empty.tif")
    assert "is binary data" in refusal(tmp_path / "junk.tif")
    assert "is a folder without GeoTIFFs" in refusal(tmp_path / "folder")
    assert "is a file of wheel speeds" in refusal(log / "wheels.csv")
    (log / "terrain.tif").unlink()
    assert "is a log without GeoTIFFs" in refusal(log)


def test_truncated_geotiff(tmp_path):
    path = write_terrain(tmp_path / "t.tif")
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    assert "cut short" in refusal(path)


@pytest.mark.parametrize("sigma", [-0.1, float("nan"), float("inf")])
def test_a_standard_deviation_that_is_none(tmp_path, sigma):
    with pytest.raises(InputError, match="sigma"):
        Terrain.open(write_terrain(tmp_path / "t.tif"), sigma=sigma)


def test_real_ground_reads_as_rasterio_does(shared):
    import rasterio
    path = shared / "data" / "terrain" / "vhr_otira_gravel_0p02m.tif"
    terrain = Terrain.open(path)
    with rasterio.open(path) as f:
        masked = f.read(1, masked=True)
    assert (np.isnan(terrain.grid.heights[::-1]) == masked.mask).all()
    assert (terrain.grid.heights[::-1][~masked.mask] == masked.compressed()).all()
