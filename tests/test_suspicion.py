"""What is wrong with tiles is found, named, and refused or mended as the user says."""
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from inputs import CRS
from rasterio.transform import Affine
from test_tiles import EAST, NORTH, hills, posts, tile, write

from trailcoach.cli import main
from trailcoach.errors import InputError
from trailcoach.terrain import Terrain
from trailcoach.tiles.info import look

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "tiles").mkdir()
    return tmp_path / "tiles"


def found(path: Path, *assume: str) -> dict[str, bool]:
    """Names of what is suspicious, and whether it is refused."""
    return {s.name: s.refused for s in look([path], assume).suspicions}


def refusal(path: Path, *assume: str) -> str:
    with pytest.raises(InputError) as e:
        Terrain.open(path, assume=assume)
    assert "\n" not in str(e.value)
    return str(e.value)


def at(west, south, ground):
    return lambda x, y: ground(x + west, y + south)


def test_good_tiles_are_not_suspicious(folder):
    tile(folder / "a.tif", 0, 0, 100, 80, 1.0)
    tile(folder / "b.tif", 100, 0, 100, 80, 1.0)
    tile(folder / "under.tif", -100, -100, 100, 100, 4.0)
    assert found(folder) == {}


def test_missing_system(folder):
    path = tile(folder / "a.tif", 0, 0, 50, 50, 1.0, crs=None)
    assert found(path) == {"no-crs": False}
    assert Terrain.open(path).crs is None
    assert Terrain.open(path, assume=[f"crs={CRS}"]).crs == CRS
    tile(folder / "b.tif", 50, 0, 50, 50, 1.0)
    assert "a.tif" in refusal(folder)
    assert "assume crs=" in refusal(folder)
    assert Terrain.open(folder, assume=[f"crs={CRS}@a*"]).nx == 100


def test_wrong_system(folder):
    # given metres of UTM under the name of a system for somewhere else
    path = tile(folder / "a.tif", 0, 0, 50, 50, 1.0, crs="EPSG:2056")       # Switzerland
    assert found(path) == {"wrong-crs": True}
    assert "Switzerland" in refusal(path)
    assert Terrain.open(path, assume=[f"crs={CRS}"]).crs == CRS
    # and metres under the name of degrees
    path = tile(folder / "b.tif", 0, 0, 50, 50, 1.0, crs="EPSG:4326")
    assert found(path)["wrong-crs"]


def test_the_wrong_zone_puts_a_tile_far_from_the_others(folder):
    tile(folder / "a.tif", 0, 0, 50, 50, 1.0)
    tile(folder / "b.tif", 50, 0, 50, 50, 1.0, crs="EPSG:32613")
    assert found(folder) == {"far-apart": False}
    assert Terrain.open(folder, assume=[f"crs={CRS}@b.tif"]).nx == 100


def test_degrees_as_metres(folder):
    step = 1.0 / 3600.0
    for name, crs in (("a.tif", None), ("b.tif", CRS)):
        path = folder / name
        with rasterio.open(path, "w", driver="GTiff", width=50, height=50, count=1, dtype="float32", crs=crs,
                           transform=Affine(step, 0, -111.0, 0, -step, 38.5)) as f:
            f.write(np.full((50, 50), 1200.0, np.float32), 1)
        assert found(path)["degrees"]
        assert "degrees" in refusal(path)
        assert Terrain.open(path, assume=["crs=EPSG:4326", f"into={CRS}"]).dx == pytest.approx(24.2, abs=0.2)


def test_south_up_is_named_and_right(folder):
    tile(folder / "a.tif", 0, 0, 60, 50, 1.0)
    tile(folder / "b.tif", 60, 0, 60, 50, 1.0, south_up=True)
    assert found(folder) == {"south-up": False}
    x, y = posts(0, 0, 120, 50, 1.0)
    np.testing.assert_array_equal(Terrain.open(folder).grid.heights, hills(x, y).astype(np.float32))


def test_feet_that_are_declared(folder):
    feet = tile(folder / "a.tif", 0, 0, 40, 40, 1.0, lambda x, y: hills(x, y) / 0.3048, units="ft")
    assert found(feet) == {"feet": True}
    x, y = posts(0, 0, 40, 40, 1.0)
    assert Terrain.open(feet, assume=["feet"]).grid.heights == pytest.approx(hills(x, y), abs=1e-3)


def test_feet_that_are_not_declared_but_higher_than_any_mountain(folder):
    path = tile(folder / "a.tif", 0, 0, 40, 40, 1.0, lambda x, y: hills(x, y) / 0.3048 + 6000.0)
    assert found(path) == {"feet": True}
    assert Terrain.open(path, assume=["feet"]).grid.heights.max() < 4000.0


@pytest.mark.parametrize("where", ["beside", "over", "under"])
def test_feet_that_are_not_declared_but_meet_metres(folder, where):
    dx, west = {"beside": (1.0, 100), "over": (1.0, 60), "under": (4.0, -50)}[where]
    tile(folder / "metres.tif", 0, 0, 100, 80, 1.0)
    n = 60 if where == "under" else 100
    tile(folder / "ussome.tif", west, -60 if where == "under" else 0, n, n if where == "under" else 80, dx,
         lambda x, y: hills(x, y) / 0.3048)
    assert found(folder) == {"feet": True}
    assert "assume feet@ussome.tif" in refusal(folder)
    assert found(folder, "feet@ussome.tif")["feet"] is False
    assert Terrain.open(folder, assume=["feet@ussome.tif"]).height(EAST + 10.0, NORTH + 10.0) < 2000.0


@pytest.mark.parametrize("value", [-9999.0, -32768.0, -3.4e38, 0.0, 9999.0])
def test_nodata_as_heights(folder, value):
    x, y = posts(0, 0, 80, 80, 1.0)
    heights = np.where(x + y < 30.0, value, hills(x, y)).astype(np.float32)
    path = write(folder / "a.tif", heights, 0, 0, 1.0, nodata=None)
    assert found(path) == {"nodata": True}
    assert "nodata" in refusal(path)
    mended = Terrain.open(path, assume=[f"nodata={np.float32(value)!s}"]).grid.heights
    np.testing.assert_array_equal(np.isnan(mended), x + y < 30.0)


def test_level_ground_is_a_height_if_the_user_says_so(folder):
    x, y = posts(0, 0, 80, 80, 1.0)
    path = write(folder / "a.tif", np.where(x + y < 30.0, 0.0, 300.0).astype(np.float32), 0, 0, 1.0, nodata=None)
    assert found(path) == {"nodata": True}
    assert Terrain.open(path, assume=["nodata=none"]).grid.heights.min() == 0.0


def test_vertical_datums_that_differ(folder):
    tile(folder / "a.tif", 0, 0, 100, 80, 1.0, crs="EPSG:32612+5703")       # NAVD88
    tile(folder / "b.tif", 90, 0, 100, 80, 1.0, lambda x, y: hills(x, y) - 18.4, crs="EPSG:32612+5773")     # EGM96
    assert found(folder) == {"datum": True}
    assert "NAVD88" in refusal(folder)
    assert "EGM96" in refusal(folder)
    # the name alone does not make the heights meet
    assert "assume offset=18.40@b.tif" in refusal(folder, "datum=NAVD88")
    terrain = Terrain.open(folder, assume=["datum=NAVD88", "offset=18.40@b.tif"])
    assert terrain.height(EAST + 150.0, NORTH + 40.5) == pytest.approx(hills(150.0, 40.5), abs=0.05)


def test_a_datum_that_is_not_declared_shows_where_tiles_meet(folder):
    tile(folder / "a.tif", 0, 0, 100, 80, 1.0)
    tile(folder / "b.tif", 100, 0, 100, 80, 1.0, lambda x, y: hills(x, y) + 31.2)
    assert found(folder) == {"datum": True}
    tile(folder / "b.tif", -100, -100, 80, 80, 4.0, lambda x, y: hills(x, y) + 31.2)
    assert found(folder) == {"datum": True}


def test_a_seam_is_found_and_taken_only_if_the_user_says_so(folder):
    tile(folder / "a.tif", 0, 0, 100, 80, 1.0)
    tile(folder / "b.tif", 100, 0, 100, 80, 1.0, lambda x, y: hills(x, y) + 1.3)
    assert found(folder) == {"seam": True}
    assert "+1.30 m from a.tif" in refusal(folder)
    assert found(folder, "seams") == {}
    assert Terrain.open(folder, assume=["seams"]).nx == 200


def test_line_ends_converted_as_if_it_were_text(folder):
    rng = np.random.default_rng(0)
    path = write(folder / "a.tif", rng.normal(0.0, 1.0, (80, 80)).astype(np.float32), 0, 0, 1.0)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"\n", b"\r\n"))
    assert "line ends" in refusal(path)
    with pytest.raises(InputError, match="line ends"):
        look([path], [])


def test_what_is_assumed_must_make_sense():
    for word in ("crs", "crs=", "crs=EPSG:1", "feet=3", "nodata=x", "offset=nan", "sigma=-1", "colour=red", "",
                 "into=EPSG:4326", "seams=1"):
        with pytest.raises(InputError, match=f"assume {word}"):
            Terrain.open("nothing.tif", assume=[word])


def absurd(path: Path, width: int, height: int) -> Path:
    """A header that promises what the file does not hold."""
    with rasterio.open(path, "w", driver="GTiff", width=width, height=height, count=1, dtype="float32", crs=CRS,
                       sparse_ok=True, transform=Affine(1, 0, EAST, 0, -1, NORTH), tiled=True, blockxsize=8192,
                       blockysize=8192):
        pass
    return path


@pytest.mark.parametrize("command", ["info", "pack"])
def test_files_that_are_none_are_one_line_and_status_2(tmp_path, capsys, command):
    good = tile(tmp_path / "good.tif", 0, 0, 300, 300, 1.0, compress="deflate").read_bytes()
    spoilt = {
        "empty.tif": b"", "short.tif": good[:40], "half.tif": good[:len(good) // 2], "most.tif": good[:-100],
        "junk.tif": bytes(range(256)) * 20, "text.tif": b"hello\n" * 50, "png.tif": b"\x89PNG\r\n\x1a\n" + good[8:],
        "zeros.tif": b"\0" * 5000, "head.tif": b"II*\0" + b"\xff" * 3000, "pack.tcpack": b"TCPACK\r\n" + bytes(999),
    }
    for name, content in spoilt.items():
        (tmp_path / name).write_bytes(content)
    middle = bytearray(good)
    middle[len(good) // 2:len(good) // 2 + 200] = bytes(200)
    (tmp_path / "middle.tif").write_bytes(bytes(middle))
    absurd(tmp_path / "absurd.tif", 40_000_000, 40_000_000)
    (tmp_path / "folder").mkdir()
    for name in [*spoilt, "middle.tif", "absurd.tif", "folder", "nothing.tif"]:
        out = tmp_path / "out.tcpack"
        words = ["--out", str(out)] if command == "pack" else []
        assert main(["terrain", command, str(tmp_path / name), *words]) == 2, name
        shown = capsys.readouterr()
        assert shown.out == "", name
        assert shown.err.count("\n") == 1, name
        assert shown.err.startswith("trailcoach: error: "), name
        assert name in shown.err
        assert not list(tmp_path.glob("*out*")), name


def test_info_tells_extent_resolution_holes_systems_and_suspicions(folder, capsys):
    x, y = posts(0, 0, 100, 80, 1.0)
    write(folder / "fine.tif", np.where(x < 10.0, -9999.0, hills(x, y)).astype(np.float32), 0, 0, 1.0,
          crs="EPSG:32612+5703")
    tile(folder / "wide.tif", 60, -100, 60, 60, 4.0, crs="EPSG:32612+5703", south_up=True)
    assert main(["terrain", "info", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bounds"] == pytest.approx([EAST + 0.5, NORTH - 98.5, EAST + 297.5, NORTH + 137.5], abs=1.01)
    assert told["dx"] == 1.0
    assert told["crs"] == CRS
    assert [layer["dx"] for layer in told["layers"]] == [1.0, 4.0]
    assert told["layers"][0]["holes"] == pytest.approx(0.1)
    assert told["layers"][0]["datum"] == "NAVD88 height"
    assert told["holes"] == pytest.approx(1.0 - (236 * 237 + 50 * 80) / (297 * 237), abs=0.03)
    assert [s["name"] for s in told["suspicions"]] == ["south-up"]
    assert not told["refused"]
    assert main(["terrain", "info", str(folder)]) == 0
    table = capsys.readouterr().out
    for words in ("1 m", "4 m", "NAVD88 height", "EPSG:32612", "[south-up]", "10 %"):
        assert words in table


def test_info_shows_what_others_refuse(folder, capsys):
    path = tile(folder / "a.tif", 0, 0, 40, 40, 1.0, units="ft")
    assert main(["terrain", "info", str(path)]) == 0
    assert "REFUSED [feet]" in capsys.readouterr().out
    poses = folder / "poses.csv"
    poses.write_text(f"id,x,y,yaw\na,{EAST + 20},{NORTH + 20},0\n")
    words = ["settle", "--vehicle", "jeep-wrangler-jlur", "--terrain", str(path), "--poses", str(poses), "--out",
             str(folder / "out.csv")]
    assert main(words) == 2
    assert "feet" in capsys.readouterr().err
    assert main([*words, "--assume", "feet"]) == 0
