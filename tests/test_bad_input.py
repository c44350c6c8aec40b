"""Wrong use and bad input through the whole command line: one line on stderr, status 2, nothing written."""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from inputs import SOUTH, WEST, replace_line, write_log, write_poses, write_terrain
from rasterio.transform import Affine

from trailcoach.cli import main

pytestmark = pytest.mark.filterwarnings("error")     # a warning would be a second line on stderr
JEEP = "jeep-wrangler-jlur"
HERE, THERE = f"{WEST + 5},{SOUTH + 10},0", f"{WEST + 14},{SOUTH + 10}"


class Case:
    """Good inputs in a folder, to be spoilt, and a command to run on them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.log = write_log(folder / "log")
        self.terrain = write_terrain(folder / "waves.tif")
        self.poses = write_poses(folder / "poses.csv")
        self.trail = folder / "trail.csv"
        self.trail.write_text(f"x,y\n{WEST + 5},{SOUTH + 10}\n{WEST + 14},{SOUTH + 10}\n")
        self.out = folder / "out"

    def vehicle(self, old: str, new: str) -> Path:
        from importlib.resources import files
        text = files("trailcoach").joinpath("vehicles", f"{JEEP}.toml").read_text()
        assert old in text
        path = self.folder / "vehicle.toml"
        path.write_text(text.replace(old, new, 1))
        return path

    def replay(self, **changes: object) -> str:
        return self.refused("replay", **{"": self.log, "vehicle": JEEP, "terrain": self.log / "terrain.tif",
                                         "out": self.out} | changes)

    def fuse(self, **changes: object) -> str:
        return self.refused("fuse", **{"": self.log, "out": self.out} | changes)

    def settle(self, **changes: object) -> str:
        return self.refused("settle", **{"vehicle": JEEP, "terrain": self.terrain, "poses": self.poses,
                                         "out": self.out} | changes)

    def plan(self, **changes: object) -> str:
        return self.refused("plan", **{"vehicle": JEEP, "terrain": self.terrain, "start": HERE, "goal": THERE,
                                       "out": self.out} | changes)

    def refused(self, command: str, **options: object) -> str:
        """The one line on stderr of a command that must be refused."""
        words = [command]
        for name, value in options.items():
            words += [f"--{name}", str(value)] if name else [str(value)]
        before = snapshot(self.folder)
        status = main(words)
        shown = self._capsys.readouterr()
        assert status == 2, shown
        assert shown.err.startswith("trailcoach: error: ")
        assert shown.err.count("\n") == 1
        assert "Traceback" not in shown.err
        assert shown.out == ""
        assert snapshot(self.folder) == before
        return shown.err


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


@pytest.fixture
def case(tmp_path, capsys) -> Case:
    return Case(tmp_path, capsys)


def test_missing_log(case):
    assert "no such log" in case.replay(**{"": case.folder / "nothing"})
    assert "no such log" in case.fuse(**{"": case.folder / "nothing"})


def test_not_a_log(case):
    assert "not a log" in case.replay(**{"": case.folder})
    assert "not a log but a table of poses" in case.fuse(**{"": case.poses})


def test_truncated_csv(case):
    path = case.log / "imu.csv"
    whole = path.read_bytes()
    for size in range(len(whole) // 2, len(whole) // 2 + 70):
        path.write_bytes(whole[:size])
        if whole[size - 1:size] != b"\n":       # cut after a row it is a shorter log
            assert "cut short" in case.fuse()


@pytest.mark.parametrize("cell", ["nan", "NaN", "inf", "-inf"])
def test_a_value_that_is_not_finite(case, cell):
    replace_line(case.log / "wheels.csv", 7, f"0.1,0,{cell},0,0")
    message = case.replay()
    assert "wheels.csv: line 7: fr = " in message
    assert "finite" in message


def test_time_running_backwards(case):
    lines = (case.log / "imu.csv").read_text().splitlines()
    (case.log / "imu.csv").write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
    message = case.replay()
    assert "imu.csv: line 3" in message
    assert "time goes back in 100 % of the rows" in message


def test_log_outside_the_terrain(case):
    far = write_terrain(case.folder / "far.tif", transform=Affine(0.1, 0, WEST + 5000, 0, -0.1, SOUTH))
    for message in (case.replay(terrain=far), case.fuse(terrain=far)):
        assert "outside the terrain" in message
        assert "allowed: x" in message


def test_fixes_outside_the_terrain(case):
    (case.log / "meta.toml").write_text(f'vehicle = "{JEEP}"\n')
    far = write_terrain(case.folder / "far.tif", transform=Affine(0.1, 0, WEST + 5000, 0, -0.1, SOUTH))
    assert "gnss.csv: line 2: the first fix" in case.replay(terrain=far)


def test_log_of_another_system_than_the_terrain(case):
    other = write_terrain(case.folder / "other.tif", crs="EPSG:32613")
    assert "one system is needed" in case.replay(terrain=other)


def test_degrees_over_a_terrain_without_a_place_on_earth(case):
    (case.log / "meta.toml").unlink()
    (case.log / "gnss.csv").write_text("t,lat,lon,h\n0,38.4,-109.9,1300\n1,38.4,-109.9,1300\n")
    local = write_terrain(case.folder / "local.tif", crs=None)
    assert "without a place on Earth" in case.replay(terrain=local)


def test_start_where_the_ground_is_unknown(case):
    heights = np.zeros((201, 201), np.float32)
    heights[90:110, 40:60] = -9999.0
    holed = write_terrain(case.folder / "holed.tif", heights)
    assert "has no height" in case.replay(terrain=holed)


def test_log_that_does_not_tell_where_it_drove(case):
    (case.log / "gnss.csv").unlink()
    (case.log / "meta.toml").unlink()
    assert "start" in case.replay()


def test_neither_log_nor_command_names_vehicle_or_terrain(case):
    (case.log / "meta.toml").unlink()
    assert "--vehicle is needed" in case.refused("replay", **{"": case.log, "out": case.out})
    assert "--terrain is needed" in case.refused("replay", **{"": case.log, "vehicle": JEEP, "out": case.out})


def test_truth_of_another_clock(case):
    (case.log / "truth.csv").write_text("t,roll,pitch\n1000,0,0\n1001,0,0\n")
    assert "one clock is needed" in case.fuse()


def test_unknown_vehicle_key(case):
    path = case.vehicle("wheelbase = 3.008", "wheelbase = 3.008\nwheelbse = 3.0")
    for message in (case.replay(vehicle=path), case.settle(vehicle=path), case.plan(vehicle=path)):
        assert f"{path}: unknown key 'wheelbse'; did you mean 'wheelbase'?" in message


def test_negative_mass(case):
    path = case.vehicle("mass = 2100.0", "mass = -2100.0")
    assert "mass = -2100.0; allowed: number >= 200" in case.settle(vehicle=path)


def test_unknown_vehicle(case):
    message = case.settle(vehicle="jeep")
    assert "jeep: no such vehicle; allowed: a vehicle file (.toml) or one of " in message
    assert JEEP in message


def test_unknown_vehicle_in_the_log(case):
    (case.log / "meta.toml").write_text('vehicle = "jeep"\nterrain = "terrain.tif"\n')
    for command in ("replay", "fuse"):
        message = case.refused(command, **{"": case.log, "out": case.out})
        assert f"{case.log / 'meta.toml'}: vehicle: jeep: no such vehicle" in message


def test_terrain_in_degrees(case):
    degrees = write_terrain(case.folder / "degrees.tif", crs="EPSG:4326",
                            transform=Affine(1e-5, 0, -110.0, 0, -1e-5, 38.5))
    for message in (case.replay(terrain=degrees), case.settle(terrain=degrees), case.plan(terrain=degrees)):
        assert "degrees" in message
        assert "EPSG:32612" in message


def test_missing_and_damaged_terrain(case):
    assert "no such terrain" in case.settle(terrain=case.folder / "nothing.tif")
    whole = case.terrain.read_bytes()
    case.terrain.write_bytes(whole[:1000])
    assert "cut short" in case.settle()
    case.terrain.write_bytes(b"")
    assert "is an empty file" in case.settle()


def test_two_sensors_swapped(case):
    (case.log / "imu.csv").rename(case.folder / "x")
    (case.log / "wheels.csv").rename(case.log / "imu.csv")
    (case.folder / "x").rename(case.log / "wheels.csv")
    assert "those of wheels.csv" in case.replay()


def test_vehicle_and_terrain_swapped(case):
    message = case.settle(vehicle=case.terrain, terrain=JEEP)
    assert "is a GeoTIFF; a vehicle file (TOML) is needed" in message


def test_log_and_terrain_swapped(case):
    assert "not a log but a GeoTIFF" in case.replay(**{"": case.terrain, "terrain": case.log})


def test_poses_and_trail_swapped(case):
    assert "allowed: id,x,y,yaw" in case.settle(poses=case.trail)


def test_poses_and_terrain_swapped(case):
    assert "is a GeoTIFF; a CSV file" in case.settle(poses=case.terrain, terrain=case.poses)


@pytest.mark.parametrize(("content", "words"), [
    ("", "is empty"),
    ("id,x,y,yaw\n", "holds no rows"),
    ("id,x,y,yaw\na,1,2\n", "line 2: 3 values; 4 are needed"),
    ("id,x,y,yaw\na,1,2,nan\n", "line 2: yaw = nan"),
    ("id,x,y,yaw\na,1,2,90\n", "degrees"),
    ("id,x,y,yaw\na,1e300,2,0\n", "line 2: x = 1e+300"),
    ("id,x,y\na,1,2\n", "allowed: id,x,y,yaw"),
    ("id,x,y,yaw\na,0,0,0\n", "outside the terrain"),
])
def test_bad_poses(case, content, words):
    case.poses.write_text(content)
    message = case.settle()
    assert words in message
    assert str(case.poses) in message


@pytest.mark.parametrize(("option", "value", "words"), [
    ("start", "1,2", "2 values; X,Y,YAW"),
    ("start", "a,b,c", "does not hold numbers"),
    ("start", "1,2,nan", "not finite"),
    ("start", f"{WEST + 5},{SOUTH + 10},90", "90deg"),
    ("start", "0,0,0", "--start = 0.00, 0.00 is outside the terrain"),
    ("start", "-5,-5,0", "--start = -5.00, -5.00 is outside the terrain"),
    ("goal", "1", "1 value; X,Y or X,Y,YAW"),
    ("goal", "1e9,0", "--goal = 1000000000.00, 0.00 is outside the terrain"),
    ("half-width", "-1", "above 0"),
    ("half-width", "wide", "above 0"),
    ("trail", "nothing.gpx", "no such"),
])
def test_bad_plan(case, option, value, words):
    assert words in case.plan(**{option: value})


def test_trail_outside_the_terrain(case):
    case.trail.write_text("x,y\n0,0\n10,0\n")
    assert "outside the terrain" in case.plan(trail=case.trail)
    assert "outside the terrain" in case.replay(trail=case.trail)


def test_trail_mostly_outside_the_terrain(case, capsys):
    case.trail.write_text(f"x,y\n{WEST + 5},{SOUTH + 10}\n{WEST + 50},{SOUTH + 10}\n")
    assert "67 % of it lies outside the terrain" in case.plan(trail=case.trail)
    case.trail.write_text(f"x,y\n{WEST + 5},{SOUTH + 10}\n{WEST + 25},{SOUTH + 10}\n")
    assert main(["plan", "--vehicle", JEEP, "--terrain", str(case.terrain), "--start", HERE, "--goal", THERE, "--trail",
                 str(case.trail), "--out", str(case.out)]) == 0
    noted = capsys.readouterr().err
    assert noted.startswith(f"trailcoach: note: {case.trail}: 25 % of it")


def test_less_than_a_second_of_imu(case):
    lines = (case.log / "imu.csv").read_text().splitlines(keepends=True)
    (case.log / "imu.csv").write_text("".join(lines[:91]))
    for message in (case.fuse(), case.replay(), case.replay(trail=case.trail)):
        assert "imu.csv: 90 samples over 0.89 s; at least 1 s is needed" in message
    (case.log / "imu.csv").write_text("".join(lines[:2]))
    assert "imu.csv: 1 sample over 0 s" in case.fuse()


@pytest.mark.parametrize("value", ["'hello'", "[1.0, 2.0]", "7"])
def test_a_start_that_is_no_pose(case, value):
    (case.log / "meta.toml").write_text(f"start = {value}\n")
    assert "x, y, yaw: three numbers" in case.fuse()


def test_a_key_like_no_other_is_answered_with_the_nearest(case):
    path = case.vehicle("wheelbase = 3.008", "wheelbase = 3.008\nzzz = 3.0")
    assert "unknown key 'zzz'; the nearest that is known is '" in case.settle(vehicle=path)


def test_a_vehicle_without_a_name(case):
    assert "vehicle '': no name" in case.settle(vehicle="")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("name", ["imu.csv", "meta.toml", "truth.csv"])
def test_a_pipe_in_place_of_a_file(case, name):
    (case.log / name).unlink()
    os.mkfifo(case.log / name)
    assert f"{case.log / name}: is a pipe or device, not a regular file" in case.fuse()


def test_output_without_a_folder_or_in_place_of_one(case):
    assert "there is no folder" in case.settle(out=case.folder / "nowhere" / "stance.csv")
    assert "is a folder" in case.settle(out=case.folder)
    assert "is a file" in case.replay(out=case.poses)
    assert "cannot be written" in case.replay(out=case.poses / "results")


def test_recording_in_place_of_a_folder_is_refused_before_the_replay(case):
    assert "--record" in case.replay(record=case.log)
    assert "--record" in case.replay(record=case.poses / "drive.tcrec")


@pytest.mark.skipif(not Path("/dev/full").exists() or not Path("/proc/self").exists(), reason="Linux only")
@pytest.mark.parametrize("out", ["/dev/full", "/proc/stance.csv"])
def test_output_the_system_refuses_is_told_by_the_name_given(case, out):
    message = case.settle(out=out)
    assert f"--out {out}: " in message
    assert "cannot be written" in message


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_output_that_may_not_be_written_and_input_that_may_not_be_read(case):
    locked = case.folder / "locked"
    locked.mkdir(mode=0o500)
    assert "cannot be written" in case.settle(out=locked / "stance.csv")
    assert "cannot be written" in case.replay(out=locked / "results")
    case.poses.chmod(0)
    try:
        assert main(["settle", "--vehicle", JEEP, "--terrain", str(case.terrain), "--poses", str(case.poses), "--out",
                     str(case.out)]) == 2
    finally:
        case.poses.chmod(0o600)


@pytest.mark.parametrize(("words", "told"), [
    ([], "COMMAND"),
    (["drive"], "drive"),
    (["settle"], "--vehicle, --terrain, --poses, --out"),
    (["plan", "--spped", "3"], "plan"),
    (["vehicle"], "ACTION"),
    (["vehicle", "show"], "V"),
    (["vehicle", "check", JEEP, "--approach", "-3"], "above 0"),
    (["native"], "--cflags"),
    (["native", "--cflag"], "--cflag"),
])
def test_wrong_use(capsys, words, told):
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("trailcoach: error: ")
    assert shown.err.count("\n") == 1
    assert told in shown.err
    assert shown.out == ""


def test_line_breaks_in_a_name_stay_in_one_line(case):
    case.settle(vehicle="two\nlines\x1b[31m\r")


def test_the_process_ends_with_2_and_one_line(tmp_path):
    done = subprocess.run([sys.executable, "-m", "trailcoach", "fuse", tmp_path / "nothing", "--out",
                           tmp_path / "track.csv"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("trailcoach: error: ")
    assert done.stderr.count("\n") == 1


def test_what_is_nobodys_fault_ends_with_1_and_a_hint(monkeypatch, capsys):
    monkeypatch.setattr("trailcoach.vehicle.bundled_vehicles", lambda: 1 / 0)
    assert main(["vehicle", "list"]) == 1
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "ZeroDivisionError" in shown
    assert "--traceback" in shown
    with pytest.raises(ZeroDivisionError):
        main(["vehicle", "list", "--traceback"])


def test_the_same_inputs_unspoilt_are_taken(case, capsys):
    assert main(["settle", "--vehicle", JEEP, "--terrain", str(case.terrain), "--poses", str(case.poses), "--out",
                 str(case.out)]) == 0
    assert main(["fuse", str(case.log), "--terrain", str(case.log / "terrain.tif"), "--out", str(case.out)]) == 0
    assert main(["plan", "--vehicle", JEEP, "--terrain", str(case.terrain), "--start", HERE, "--goal", THERE, "--out",
                 str(case.out)]) == 0
