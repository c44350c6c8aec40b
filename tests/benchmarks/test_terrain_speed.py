"""Nanoseconds a point: height and gradient along a path, four wheels in one call, a switch of tiles; peers beside them.

Run with ``pytest tests/benchmarks/test_terrain_speed.py --benchmark-enable``. ``path`` looks up POINTS points
3 cm apart on 4096 x 4096 posts of 1 m; ``cpp`` is a plain C++ loop. Peers that are not installed are skipped.
"""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from trailcoach import _core, abi
from trailcoach.data import data_folder
from trailcoach.engine import make_config, start_values, vehicle_of
from trailcoach.log import Log
from trailcoach.roughness import features, model
from trailcoach.terrain import Terrain
from trailcoach.tiles.pack import write_pack

SIDE, POINTS, STEP = 4096, 100_000, 0.03
WEST, SOUTH = 600_000.0, 4_250_000.0


@pytest.fixture(scope="module")
def heights() -> np.ndarray:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    return (20.0 * np.sin(x / 300.0) * np.cos(y / 270.0) + rng.normal(0.0, 0.1, x.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def grid(heights: np.ndarray) -> _core.Grid:
    return _core.Grid(heights, WEST, SOUTH, 1.0, 0.1)


@pytest.fixture(scope="module")
def path() -> np.ndarray:
    """A winding path, (n, 2)."""
    heading = 0.6 + 0.5 * np.sin(np.arange(POINTS) * STEP / 40.0)
    return np.column_stack([WEST + 100.0 + np.cumsum(np.cos(heading)) * STEP,
                            SOUTH + 100.0 + np.cumsum(np.sin(heading)) * STEP])


@pytest.fixture(scope="module")
def wheels(path: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(path[1000] + [[2.9, 0.8], [2.9, -0.8], [0.0, 0.8], [0.0, -0.8]])


def numpy_surface(heights: np.ndarray, xy: np.ndarray) -> np.ndarray:
    u, v = xy[:, 0] - WEST, xy[:, 1] - SOUTH
    i, j = u.astype(np.int64), v.astype(np.int64)
    u, v = u - i, v - j
    h00, h10, h01, h11 = (heights[j + b, i + a] for b, a in ((0, 0), (0, 1), (1, 0), (1, 1)))
    ex, ey = h10 - h00, h01 - h00
    twist = h11 - h00 - ex - ey
    return np.column_stack([h00 + u * ex + v * ey + u * v * twist, ex + v * twist, ey + u * twist])


def compiled_by_numba():
    numba = pytest.importorskip("numba")

    @numba.njit(fastmath=False, boundscheck=False)
    def surface(heights, xy, out):
        for k in range(xy.shape[0]):
            u, v = xy[k, 0] - WEST, xy[k, 1] - SOUTH
            if not (u >= 0.0 and v >= 0.0 and u < heights.shape[1] - 1 and v < heights.shape[0] - 1):
                out[k, :] = np.nan
                continue
            i, j = int(u), int(v)
            u -= i
            v -= j
            h00 = heights[j, i]
            ex, ey = heights[j, i + 1] - h00, heights[j + 1, i] - h00
            twist = heights[j + 1, i + 1] - h00 - ex - ey
            out[k, 0] = h00 + u * ex + v * ey + u * v * twist
            out[k, 1] = ex + v * twist
            out[k, 2] = ey + u * twist

    return surface


def test_path_core(benchmark, grid: _core.Grid, path: np.ndarray) -> None:
    out = np.empty(POINTS, abi.SURFACE_POINT)
    benchmark.extra_info["points"] = POINTS
    benchmark(grid.surface_into, path, out)
    assert np.isfinite(out["height"]).all()


def test_path_numba(benchmark, heights: np.ndarray, path: np.ndarray, grid: _core.Grid) -> None:
    surface, out = compiled_by_numba(), np.empty((POINTS, 3))
    surface(heights, path, out)
    benchmark(surface, heights, path, out)
    np.testing.assert_allclose(out[:, 0], grid.surface(path)["height"], atol=1e-3)


def test_path_cpp(benchmark, heights: np.ndarray, path: np.ndarray, tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("no g++")
    (tmp_path / "peer.cpp").write_text(_CPP)
    library = tmp_path / "peer.so"
    subprocess.run(["g++", "-O3", "-march=native", "-shared", "-fPIC", str(tmp_path / "peer.cpp"), "-o", str(library)],
                   check=True)
    import ctypes
    peer = ctypes.CDLL(str(library)).surface
    pointer = ctypes.c_void_p
    peer.argtypes = [pointer, ctypes.c_long, ctypes.c_double, ctypes.c_double, pointer, ctypes.c_long, pointer]
    out = np.empty((POINTS, 3))
    benchmark(peer, heights.ctypes.data, SIDE, WEST, SOUTH, path.ctypes.data, POINTS, out.ctypes.data)
    np.testing.assert_allclose(out[::1000], numpy_surface(heights, path[::1000]), atol=1e-3)


_CPP = """
extern "C" void surface(const float *h, long nx, double x0, double y0, const double *xy, long n, double *out)
{
    for (long k = 0; k < n; k++) {
        double u = xy[2 * k] - x0, v = xy[2 * k + 1] - y0;
        long i = (long)u, j = (long)v;
        const float *p = h + j * nx + i;
        float a = (float)(u - i), b = (float)(v - j), ex = p[1] - p[0], ey = p[nx] - p[0];
        float twist = p[nx + 1] - p[0] - ex - ey;
        out[3 * k] = p[0] + a * ex + b * ey + a * b * twist;
        out[3 * k + 1] = ex + b * twist;
        out[3 * k + 2] = ey + a * twist;
    }
}
"""


def test_path_numpy(benchmark, heights: np.ndarray, path: np.ndarray) -> None:
    benchmark(numpy_surface, heights, path)


def test_path_scipy_regular_grid_interpolator_and_gradients(benchmark, heights: np.ndarray, path: np.ndarray) -> None:
    from scipy.interpolate import RegularGridInterpolator
    part, vu = heights[:3500, :3500].astype(float), path[:, ::-1] - (SOUTH, WEST)
    axes = np.arange(3500.0), np.arange(3500.0)
    dy, dx = np.gradient(part)
    surfaces = [RegularGridInterpolator(axes, a) for a in (part, dx, dy)]
    benchmark.pedantic(lambda: [s(vu) for s in surfaces], rounds=5)


def test_path_scipy_map_coordinates_height_only(benchmark, heights: np.ndarray, path: np.ndarray) -> None:
    from scipy.ndimage import map_coordinates
    at = np.ascontiguousarray((path[:, ::-1] - (SOUTH, WEST)).T)
    benchmark(map_coordinates, heights, at, order=1, prefilter=False)


def test_wheels_core_into_an_array(benchmark, grid: _core.Grid, wheels: np.ndarray) -> None:
    out = np.empty(4)
    benchmark.pedantic(grid.heights_into, args=(wheels, out), rounds=200, iterations=2000)


def test_wheels_core_as_numbers(benchmark, grid: _core.Grid, wheels: np.ndarray) -> None:
    benchmark.pedantic(grid.wheels, args=tuple(map(float, wheels.ravel())), rounds=200, iterations=2000)


def test_wheels_numba(benchmark, heights: np.ndarray, wheels: np.ndarray) -> None:
    surface, out = compiled_by_numba(), np.empty((4, 3))
    surface(heights, wheels, out)
    benchmark.pedantic(surface, args=(heights, wheels, out), rounds=200, iterations=2000)


def test_wheels_numpy(benchmark, heights: np.ndarray, wheels: np.ndarray) -> None:
    benchmark(numpy_surface, heights, wheels)


def test_wheels_scipy_map_coordinates_height_only(benchmark, heights: np.ndarray, wheels: np.ndarray) -> None:
    from scipy.ndimage import map_coordinates
    at = np.ascontiguousarray((wheels[:, ::-1] - (SOUTH, WEST)).T)
    benchmark(map_coordinates, heights, at, order=1, prefilter=False)


@pytest.fixture(scope="module")
def folder(heights: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ground as four compressed files, and coarse ground about them."""
    folder = tmp_path_factory.mktemp("tiles")

    def write(name: str, part: np.ndarray, i: int, j: int, dx: float) -> None:
        with rasterio.open(folder / name, "w", driver="GTiff", width=part.shape[1], height=part.shape[0], count=1,
                           dtype="float32", crs="EPSG:32612", tiled=True, blockxsize=512, blockysize=512,
                           compress="deflate", predictor=3,
                           transform=Affine(dx, 0, WEST + i - 0.5, 0, -dx, SOUTH + j - 0.5 + part.shape[0] * dx)) as f:
            f.write(part[::-1].copy(), 1)

    half = SIDE // 2
    for j in (0, half):
        for i in (0, half):
            write(f"{j}_{i}.tif", heights[j:j + half, i:i + half], i, j, 1.0)
    mean = heights[:half].reshape(half // 4, 4, SIDE // 4, 4).mean(axis=(1, 3)).astype(np.float32)
    write("wide.tif", mean, SIDE, 0, 4.0)
    mean = heights[half:half + 2000, :2000].reshape(200, 10, 200, 10).mean(axis=(1, 3)).astype(np.float32)
    write("vast.tif", mean, SIDE, half, 10.0)
    return folder


@pytest.mark.parametrize(("what", "column"), [("fine", 2), ("seam", 15), ("coarse", 18), ("wide_seam", 15)])
def test_tile_switch_store(benchmark, folder: Path, what: str, column: int) -> None:
    """A tile of 256 x 256 that is not in memory: where one resolution is, where two meet (1 m and 4 m, 1 m and 10 m),
    where the coarse is alone."""
    from trailcoach.tiles.assume import Assumptions
    from trailcoach.tiles.store import TILE, Store
    store = Store([folder], Assumptions())
    rows = iter(np.tile(np.arange(1, 7) if what != "wide_seam" else np.arange(10, 14), 1000))
    benchmark.pedantic(lambda: store.compose(column * TILE, int(next(rows)) * TILE, TILE + 1, TILE + 1), rounds=60,
                       warmup_rounds=12)


def test_window_switch_store(benchmark, folder: Path) -> None:
    """The next window of 128 m on a drive, its tiles not yet read."""
    terrain = Terrain.open(folder, whole_posts=0, cache_mb=0.001)
    x = iter(WEST + 200.0 + 40.0 * np.arange(1000) % 3500.0)
    benchmark.pedantic(lambda: terrain.window(next(x), SOUTH + 700.0, 64.0), rounds=60)


def test_window_switch_pack(benchmark, folder: Path, tmp_path: Path) -> None:
    """The same from a pack, checksums and all."""
    terrain = Terrain.open(folder, whole_posts=0)
    write_pack(tmp_path / "p", terrain, (WEST, SOUTH + 500.0, WEST + 3800.0, SOUTH + 900.0))
    pack = _core.Pack(np.memmap(tmp_path / "p", np.uint8, "r"))
    x = iter(WEST + 200.0 + 40.0 * np.arange(10_000) % 3500.0)
    benchmark.pedantic(lambda: pack.ground(next(x), SOUTH + 700.0, 64.0, 130 * 130), rounds=200)


@pytest.fixture(scope="module")
def lessons() -> tuple[Log, Terrain, dict[str, int]]:
    """A drive on its ground averaged to 1 m, and the ticks (of 10 a second) that are of each kind."""
    folder = data_folder() / "drives" / "d01"
    fine, log = Terrain.open(folder / "terrain.tif"), Log.open(folder)
    k = round(1.0 / fine.dx)
    ny, nx = (n // k for n in fine.grid.heights.shape)
    mean = fine.grid.heights[:ny * k, :nx * k].reshape(ny, k, nx, k).mean(axis=(1, 3))
    edge = 0.5 * (k - 1) * fine.dx
    coarse = Terrain.from_heights(mean, fine.x0 + edge, fine.y0 + edge, k * fine.dx, sigma=0.1, crs=fine.crs)
    engine, ticks = driven(log, coarse, 0), {}
    before = None
    for n in range(0, 200):
        tick(engine, log, n)
        now = engine.window()
        if before is not None and now is not None:
            moved, learnt = now["x0"] != before["x0"], now["taught_posts"] != before["taught_posts"]
            kind = "move" if moved and not learnt else "lesson" if learnt and not moved else "" if moved else "neither"
            ticks[kind] = n                             # the last of its kind: on the way, not at the start
        before = now
    return log, coarse, ticks


def driven(log: Log, terrain: Terrain, ticks: int) -> _core.Engine:
    """An engine without guidance that has driven some ticks of a log."""
    engine = _core.Engine(make_config(vehicle_of(log), log, guidance=False))
    engine.set_terrain(terrain.grid)
    engine.set_start(*start_values(terrain, *log.meta.start))
    for n in range(ticks):
        tick(engine, log, n)
    return engine


def pushed(engine: _core.Engine, log: Log, n: int) -> int:
    """Push the samples of the n-th tenth of a second; its end, ns."""
    kinds, rows, t_ns = log.timeline()
    begin = int(t_ns[0]) + n * 10**8
    first, end = np.searchsorted(t_ns, (begin, begin + 10**8))
    engine.push_merged(kinds[first:end], rows[first:end], log.arrays)
    return begin + 10**8


def tick(engine: _core.Engine, log: Log, n: int) -> None:
    engine.tick(pushed(engine, log, n))


@pytest.mark.parametrize("kind", ["neither", "lesson", "move"])
def test_tick_of_the_window(benchmark, lessons: tuple[Log, Terrain, dict[str, int]], kind: str) -> None:
    """A tick in which the window of 51 m moves, one in which wheels teach it, and one in which neither happens."""
    log, terrain, ticks = lessons
    if kind not in ticks:
        pytest.skip(f"no tick of kind {kind}")

    def ready() -> tuple[tuple[_core.Engine, int], dict[str, object]]:
        engine = driven(log, terrain, ticks[kind])
        return (engine, pushed(engine, log, ticks[kind])), {}

    benchmark.pedantic(lambda engine, t_ns: engine.tick(t_ns), setup=ready, rounds=12)


@pytest.mark.parametrize("by", ["core", "numpy"])
def test_what_posts_hide(benchmark, by: str) -> None:
    """The network for the posts of a window of 128 m at 1 m, from their features."""
    heights = np.cumsum(np.random.default_rng(0).normal(0.0, 0.1, (129, 129)), axis=0).astype(np.float32)
    seen = np.ascontiguousarray(features(heights, 1.0)[0].reshape(129 * 129, -1))
    benchmark.extra_info["posts"] = len(seen)
    benchmark(_core.rough_curves if by == "core" else model().curves, seen)
