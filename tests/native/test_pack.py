"""A C host reads a pack as Python does, without GDAL, and refuses what is none."""
import subprocess
from pathlib import Path

import numpy as np
import pytest
import rasterio
from toolchain import HOSTS, build

from trailcoach.terrain import Terrain
from trailcoach.tiles.pack import write_pack
from trailcoach.tiles.windows import AHEAD, HALF_SIZE, Windows

WEST, SOUTH, DX = 1000.0, 2000.0, 1.0
STEPS, STEP = 400, (0.7, 0.45)
START = (WEST + 12.3, SOUTH + 20.1)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(HOSTS / "pack.c", tmp_path_factory.mktemp("pack"))


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    y, x = np.mgrid[0:230, 0:330]
    heights = (2.0 * np.sin(x / 9.0) * np.cos(y / 7.0) + 0.03 * x).astype(np.float32)
    heights[60:63, 70:74] = np.nan
    folder = tmp_path_factory.mktemp("pack")
    sigma = np.where(x < 150, 0.07, 0.05).astype(np.float32)
    with rasterio.open(folder / "ground.tif", "w", driver="GTiff", dtype="float32", count=2, width=330, height=230,
                       transform=rasterio.transform.from_origin(WEST - 0.5, SOUTH + 229.5, DX, DX)) as f:
        f.write(np.stack([heights, sigma])[:, ::-1])
        f.descriptions = ("height", "sigma")
    path = folder / "ground.tcpack"
    write_pack(path, Terrain.open(folder / "ground.tif"))
    return path


def drive(host: Path, pack: Path) -> subprocess.CompletedProcess[str]:
    words = [*START, *STEP, STEPS, HALF_SIZE, AHEAD]
    return subprocess.run([str(host), str(pack), *(repr(float(w)) for w in words)], capture_output=True, text=True,
                          check=False)


def test_windows_and_heights_are_those_of_python_bit_for_bit(host, pack):
    lines = drive(host, pack).stdout.splitlines()
    terrain, grid, windows = Terrain.open(pack), None, 0
    follow, told = Windows(terrain), []
    for i, line in enumerate(lines[:-1]):
        at = np.array([[START[0] + i * STEP[0], START[1] + i * STEP[1]]])
        new = follow.follow(*at[0])
        if new is not None:
            grid, windows = new, windows + 1
        point = grid.surface(at)[0]
        said = [float.fromhex(w) for w in line.split()[1:]]
        np.testing.assert_array_equal(said[:3], [point["height"], point["dz_dx"], point["dz_dy"]])
        np.testing.assert_allclose(said[3], point["height"], rtol=0, atol=1e-9)
        assert said[4] == grid.sigma
        column, row = np.floor((at[0] - (grid.x0, grid.y0)) / DX + 0.5).astype(int)
        *beside, _ = grid.beside
        np.testing.assert_array_equal(said[5:], [-1.0 if b is None else b[row, column] for b in beside])
        told.append(said[5:])
    assert lines[-1] == f"windows {windows}"
    assert len(lines) == STEPS + 1
    assert windows > 3
    sigma, highest, *_ = np.array(told).T
    assert set(sigma[sigma >= 0.0]) == {np.float32(0.07), np.float32(0.05)}
    assert (highest > 0.0).sum() > STEPS // 2


@pytest.mark.parametrize("spoil", [
    lambda b: b[:-1], lambda b: b[:100], lambda b: b"", lambda b: b"II*\0" + b[4:], lambda b: b + b"\0",
    lambda b: b[:5000] + bytes([b[5000] ^ 1]) + b[5001:], lambda b: b[:20] + b"\xff" + b[21:],
])
def test_a_damaged_pack_is_refused(host, pack, tmp_path, spoil):
    (tmp_path / "bad.tcpack").write_bytes(spoil(pack.read_bytes()))
    done = drive(host, tmp_path / "bad.tcpack")
    assert done.returncode == 3
    assert "not a pack of this version, or damaged" in done.stderr
    assert done.stdout == ""
