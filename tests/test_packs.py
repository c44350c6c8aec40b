"""Packed tiles: written whole or not at all, the same ground as the tiles, and every damage is seen."""
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from inputs import write_terrain
from test_tiles import EAST, NORTH, hills, tile

from trailcoach import _core
from trailcoach.cli import main
from trailcoach.errors import CoreError, InputError
from trailcoach.terrain import Terrain
from trailcoach.tiles.pack import write_pack

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def tiles(tmp_path) -> Path:
    folder = tmp_path / "tiles"
    folder.mkdir()
    tile(folder / "a.tif", 0, 0, 300, 280, 1.0)
    tile(folder / "b.tif", 700, 0, 150, 280, 1.0, lambda x, y: np.where(x + y > 800.0, hills(x, y), -9999.0))
    return folder


@pytest.fixture
def packed(tiles, tmp_path) -> Path:
    path = tmp_path / "ground.tcpack"
    write_pack(path, Terrain.open(tiles))
    return path


def test_a_pack_is_the_ground_of_its_tiles(tiles, packed):
    ground, pack = Terrain.open(tiles), Terrain.open(packed)
    assert (pack.x0, pack.y0, pack.dx, pack.nx, pack.ny) == (ground.x0, ground.y0, ground.dx, ground.nx, ground.ny)
    assert pack.crs == ground.crs
    assert pack.sigma == ground.sigma == 0.1
    west, south, east, north = ground.bounds
    xy = np.random.default_rng(0).uniform((west - 5, south - 5), (east + 5, north + 5), (3000, 2))
    *surface, sigma = ground.surface(*xy.T)
    *packed_surface, packed_sigma = pack.surface(*xy.T)
    np.testing.assert_array_equal(surface, packed_surface)
    np.testing.assert_allclose(packed_sigma, sigma, rtol=1e-6)
    grid = pack.window(EAST + 260.0, NORTH + 130.0, 64.0)
    np.testing.assert_array_equal(grid.heights, ground.window(EAST + 260.0, NORTH + 130.0, 64.0).heights)


def test_tiles_share_a_post_and_empty_ones_are_left_out(packed):
    pack = _core.Pack(np.memmap(packed, np.uint8, "r"))
    a, b = (pack.tile(EAST + x, NORTH + 10.0) for x in (10.0, 10.0 + pack.cells))
    assert a is not None
    assert b is not None
    np.testing.assert_array_equal(a.heights[:, -1], b.heights[:, 0])
    assert pack.tile(EAST + 500.0, NORTH + 10.0) is None
    assert pack.tile(EAST - 5.0, NORTH) is None
    across, down = -(-849 // pack.cells), -(-279 // pack.cells)
    assert 0 < pack.n_tiles < across * down


def test_bounds_cut_out_a_part(tiles, tmp_path):
    whole = Terrain.open(tiles)
    write_pack(tmp_path / "part.tcpack", whole, (EAST + 50.5, NORTH + 60.5, EAST + 120.5, NORTH + 90.5))
    part = Terrain.open(tmp_path / "part.tcpack")
    assert part.bounds == pytest.approx((EAST + 50.5, NORTH + 60.5, EAST + 120.5, NORTH + 90.5))
    x, y = EAST + np.linspace(51, 120, 50), NORTH + np.linspace(61, 90, 50)
    assert part.height(x, y) == pytest.approx(whole.height(x, y), abs=1e-9)
    with pytest.raises(InputError, match="spans"):
        write_pack(tmp_path / "no.tcpack", whole, (0.0, 0.0, 1.0, 1.0))
    with pytest.raises(InputError, match="nothing is known"):
        write_pack(tmp_path / "no.tcpack", whole, (EAST + 400, NORTH + 10, EAST + 500, NORTH + 90))


@pytest.mark.parametrize("size", [0, 1, 8, 100, 255, 256, 300, -1])
def test_a_pack_cut_short_is_refused(packed, size):
    whole = packed.read_bytes()
    packed.write_bytes(whole[:size])
    with pytest.raises(InputError) as e:
        Terrain.open(packed)
    assert str(packed) in str(e.value)
    assert "\n" not in str(e.value)


def test_every_single_changed_byte_of_head_and_index_is_seen(packed):
    whole = packed.read_bytes()
    end = struct.unpack_from("<Q", whole, 80)[0] + 32 * struct.unpack_from("<I", whole, 36)[0]
    for k in range(end):
        spoilt = np.frombuffer(whole, np.uint8).copy()
        spoilt[k] ^= 1 + k % 255
        with pytest.raises(CoreError):
            _core.Pack(spoilt)


def test_a_changed_height_is_seen_when_its_tile_is_read(packed):
    b = bytearray(packed.read_bytes())
    first = struct.unpack_from("<Q", b, struct.unpack_from("<Q", b, 80)[0] + 8)[0]
    b[first + 40] ^= 4
    packed.write_bytes(bytes(b))
    terrain = Terrain.open(packed)
    assert np.isfinite(terrain.height(EAST + 290.0, NORTH + 270.0))     # another tile
    with pytest.raises(InputError, match="checksum"):
        terrain.height(EAST + 10.0, NORTH + 10.0)
    with pytest.raises(InputError, match="checksum"):
        terrain.window(EAST + 10.0, NORTH + 10.0, 30.0)


def put(form: str, at: int, value):
    return lambda b: struct.pack_into(form, b, at, value)


def in_index(form: str, at: int, value):
    return lambda b: struct.pack_into(form, b, struct.unpack_from("<Q", b, 80)[0] + at, value)


@pytest.mark.parametrize("change", [
    put("<I", 8, 3), put("<I", 8, 0), put(">I", 12, 0x01020304), put("<Q", 16, 1 << 60), put("<i", 24, 1),
    put("<i", 24, -5), put("<i", 24, 2**31 - 1), put("<i", 28, 0), put("<i", 32, 0), put("<i", 32, -1),
    put("<i", 32, 2**31 - 1), put("<I", 36, 2**32 - 1), put("<d", 40, np.nan), put("<d", 40, 1e300),
    put("<d", 56, 0.0), put("<d", 56, -1.0), put("<d", 56, np.inf), put("<d", 64, -0.1), put("<d", 64, np.nan),
    put("<I", 72, 2**32 - 1), put("<Q", 80, 3), put("<Q", 80, 2**64 - 8), put("<Q", 80, 0),
    in_index("<i", 0, -1), in_index("<i", 0, 2**31 - 1), in_index("<i", 4, 99), in_index("<Q", 8, 2**64 - 64),
    in_index("<Q", 8, 2**64 - 1), in_index("<Q", 8, 1), in_index("<d", 16, np.nan), in_index("<i", 32, 0),
    in_index("<I", 28, 4), in_index("<I", 28, 2**32 - 1),
], ids=range(33))
def test_a_pack_that_lies_with_right_checksums_is_refused(packed, change):
    b = bytearray(packed.read_bytes())
    index, n = struct.unpack_from("<Q", b, 80)[0], struct.unpack_from("<I", b, 36)[0]
    change(b)
    struct.pack_into("<I", b, 76, zlib.crc32(bytes(b[256:index + 32 * n])))
    struct.pack_into("<I", b, 252, zlib.crc32(bytes(b[:252])))
    packed.write_bytes(bytes(b))
    with pytest.raises(InputError):
        Terrain.open(packed)


def test_a_pack_of_the_version_before_is_read(tiles, tmp_path, packed):
    """GIVEN a pack of version 1, which has heights alone WHEN it is opened THEN it is the same ground, and what it
    hides is told from its heights."""
    now = _core.Pack(np.memmap(packed, np.uint8, "r"))
    b = bytearray(packed.read_bytes())
    index, n = struct.unpack_from("<Q", b, 80)[0], struct.unpack_from("<I", b, 36)[0]
    struct.pack_into("<I", b, 8, 1)
    for k in range(index, index + 32 * n, 32):
        first, tile = struct.unpack_from("<Q", b, k + 8)[0], 4 * (now.cells + 1)**2
        struct.pack_into("<II", b, k + 24, zlib.crc32(bytes(b[first:first + tile])), 0)
    struct.pack_into("<I", b, 76, zlib.crc32(bytes(b[256:index + 32 * n])))
    struct.pack_into("<I", b, 252, zlib.crc32(bytes(b[:252])))
    old = tmp_path / "old.tcpack"
    old.write_bytes(bytes(b))
    assert _core.Pack(np.memmap(old, np.uint8, "r")).tile(EAST + 10.0, NORTH + 10.0).beside[1] is None
    at = EAST + 260.0, NORTH + 130.0, 64.0
    before, after = Terrain.open(old).window(*at), Terrain.open(packed).window(*at)
    np.testing.assert_array_equal(before.heights, after.heights)
    np.testing.assert_allclose(before.beside[1], after.beside[1], rtol=1e-5)


def test_a_window_of_a_pack_is_that_of_its_tiles_with_all_that_is_known(tiles, packed):
    """GIVEN tiles and their pack WHEN windows are cut anywhere THEN heights are the same, and what they hide is."""
    ground, pack = Terrain.open(tiles, whole_posts=0), Terrain.open(packed)
    for x, y in ((20.0, 15.0), (128.0, 128.0), (290.0, 270.0)):
        of_tiles, of_pack = (t.window(EAST + x, NORTH + y, 40.0) for t in (ground, pack))
        np.testing.assert_array_equal(of_pack.heights, of_tiles.heights)
        assert of_pack.sigma == of_tiles.sigma
        for a, b in zip(of_pack.beside[1:4], of_tiles.beside[1:4], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_layers_of_a_tile_lie_in_the_pack(packed):
    tile = _core.Pack(np.memmap(packed, np.uint8, "r")).tile(EAST + 10.0, NORTH + 10.0)
    cut = Terrain.open(packed).cut(EAST, NORTH, EAST + 128.0, NORTH + 128.0)
    for a, b in zip(tile.beside[1:4], cut.beside[1:4], strict=True):
        np.testing.assert_array_equal(a[:-1, :-1], b[:-1, :-1])         # the last are the neighbours' too


def test_line_ends_converted(packed):
    packed.write_bytes(packed.read_bytes().replace(b"\r\n", b"\n"))
    with pytest.raises(InputError, match="line ends"):
        Terrain.open(packed)


def test_command_packs_and_every_command_takes_a_pack(tmp_path, capsys):
    from inputs import write_poses
    source, out = write_terrain(tmp_path / "waves.tif"), tmp_path / "out.tcpack"
    assert main(["terrain", "pack", str(source), "--out", str(out)]) == 0
    assert "4 tiles" in capsys.readouterr().out
    results = []
    for ground in (source, out):
        assert main(["settle", "--vehicle", "jeep-wrangler-jlur", "--terrain", str(ground), "--poses",
                     str(write_poses(tmp_path / "poses.csv")), "--out", str(tmp_path / "stance.csv")]) == 0
        table = np.genfromtxt(tmp_path / "stance.csv", delimiter=",", skip_header=1)[:, 1:12]
        results.append(table)
    assert results[0] == pytest.approx(results[1], abs=1e-6)


def test_a_pack_that_fails_leaves_what_was_there(tmp_path, capsys):
    out = tmp_path / "out.tcpack"
    out.write_bytes(b"precious")
    (tmp_path / "broken.tif").write_bytes(write_terrain(tmp_path / "t.tif").read_bytes()[:3000])
    before = sorted(tmp_path.iterdir())
    for words in (["pack", str(tmp_path / "broken.tif")], ["pack", str(tmp_path / "t.tif"), "--bounds", "0,0,1,1"],
                  ["pack", str(tmp_path / "t.tif"), "--bounds", "5,5,1,1"], ["pack", str(tmp_path / "none")]):
        assert main(["terrain", *words, "--out", str(out)]) == 2
        shown = capsys.readouterr().err
        assert shown.count("\n") == 1
        assert shown.startswith("trailcoach: error: ")
    assert out.read_bytes() == b"precious"
    assert sorted(tmp_path.iterdir()) == before
