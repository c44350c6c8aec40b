"""A C host with raw tiles is told what they hide as Python tells it."""
import subprocess
from pathlib import Path

import numpy as np
import pytest
from toolchain import HOSTS, build

from trailcoach.roughness import hidden

NX, NY = 210, 180


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(HOSTS / "hidden.c", tmp_path_factory.mktemp("hidden"))


@pytest.fixture(scope="module")
def tile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    rng = np.random.default_rng(5)
    heights = np.cumsum(rng.normal(0.0, 0.05, (NY, NX)), axis=1).astype(np.float32)
    heights[20:30, 40:60] = np.nan
    path = tmp_path_factory.mktemp("hidden") / "tile.raw"
    heights.tofile(path)
    return path, heights


def ask(host: Path, path: Path, nx: int, ny: int, dx: float) -> subprocess.CompletedProcess[str]:
    words = [str(host), str(path), str(nx), str(ny), str(dx)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_what_a_tile_hides_is_what_python_says(host, tile):
    path, heights = tile
    lines = ask(host, path, NX, NY, 1.0).stdout.splitlines()
    said = np.array([[float.fromhex(word) for word in line.split()] for line in lines]).reshape(NY, NX, 3)
    told = hidden(heights, 1.0)
    for k, layer in enumerate((told.highest, told.highest_rare, told.spread)):
        np.testing.assert_allclose(said[:, :, k], layer, rtol=1e-5)
    assert np.isnan(said[25, 50]).all()


@pytest.mark.parametrize(("nx", "dx"), [(1, 1.0), (NX, 0.0), (NX, float("nan"))])
def test_a_tile_that_cannot_be_is_refused(host, tile, nx, dx):
    done = ask(host, tile[0], nx, NY, dx)
    assert done.returncode == 3
    assert "outside" in done.stderr
