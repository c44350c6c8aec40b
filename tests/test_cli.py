"""The command line where all is well: what it prints, what it writes, and how it behaves beside other programs."""
import csv
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from inputs import SOUTH, WEST, write_log, write_poses, write_terrain

from trailcoach.cli import main
from trailcoach.cli.parser import join_negative_values
from trailcoach.data import data_folder

COMMANDS = ("demo", "replay", "fuse", "settle", "plan", "vehicle", "native")
JEEP = "jeep-wrangler-jlur"


@pytest.fixture
def log(tmp_path) -> Path:
    return write_log(tmp_path / "log")


@pytest.fixture
def terrain(tmp_path) -> Path:
    return write_terrain(tmp_path / "waves.tif")


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "trailcoach", *map(str, words)], capture_output=True, text=True,
                          timeout=120)


def test_help_shows_every_command(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in COMMANDS:
        assert command in shown


@pytest.mark.parametrize("command", [[c] for c in COMMANDS] + [["vehicle", a] for a in
                                                                        ("list", "show", "check", "new")])
def test_help_of_a_command_teaches_by_example(capsys, command):
    assert main([*command, "--help"]) == 0
    assert f"trailcoach {' '.join(command)}" in capsys.readouterr().out.partition("examples:")[2]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ("demo", "native")])
def test_examples_of_help_can_be_pasted(tmp_path, monkeypatch, capsys, command):
    main([command, "--help"])
    (tmp_path / "terrain_data").symlink_to(data_folder())
    monkeypatch.chdir(tmp_path)
    script = capsys.readouterr().out.partition("examples:\n")[2].replace("\\\n", " ").splitlines()
    lines = [line.strip() for line in script if line.startswith("  trailcoach ") or line.startswith("  printf ")]
    ours = [line.partition("   (")[0] for line in lines if not re.search(r"\bmy(_log|\.toml)\b", line)]
    assert ours
    for line in ours:
        if line.startswith("printf"):
            subprocess.run(line, shell=True, check=True)
        else:
            assert main(shlex.split(line)[1:]) == 0, line


def test_help_loads_nothing_heavy():
    heavy = "numpy", "scipy", "rasterio", "plotly", "matplotlib", "pyproj", "rich", "msgspec"
    code = (f"import sys\nfrom trailcoach.cli import main\nmain(['--help'])\n"
            f"sys.exit(', '.join(m for m in {heavy!r} if m in sys.modules) or 0)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("trailcoach ")


def test_vehicle_list(capsys):
    assert main(["vehicle", "list"]) == 0
    assert JEEP in capsys.readouterr().out


def test_vehicle_show_draws_its_views(tmp_path, capsys):
    assert main(["vehicle", "show", JEEP, "--out", str(tmp_path / "views")]) == 0
    assert "transfer_case" in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "views").iterdir()) == ["front.png", "side.png", "underbody.png"]


NEW = ["vehicle", "new", "--name", "My 4x4", "--wheelbase", "2.95", "--track", "1.6", "--tyre", "265/70R17", "--mass",
       "2200", "--approach", "35", "--departure", "26", "--clearance", "0.24"]


def test_vehicle_new_drafts_a_file_that_passes_the_check(tmp_path, capsys):
    out = tmp_path / "my.toml"
    assert main([*NEW, "--breakover", "24", "--front", "independent", "--source", "A sheet, 2024", "--out",
                 str(out)]) == 0
    assert main(["vehicle", "check", str(out), "--strict"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("agrees") == 4
    assert "estimated: mass, cg" in shown
    assert "A sheet, 2024" in shown


@pytest.mark.parametrize(("change", "words"), [
    (["--tyre", "wide"], "tyre = 'wide'"), (["--clearance", "0.5"], "clearance = 0.5"), (["--mass", "-2"], "above 0"),
    (["--breakover", "9"], "breakover = 9"), (["--rear", "air"], "air")])
def test_vehicle_new_tells_what_is_wrong(tmp_path, capsys, change, words):
    out = tmp_path / "my.toml"
    assert main([*NEW, "--out", str(out), *change]) == 2
    message = capsys.readouterr().err
    assert words in message
    assert message.count("\n") == 1
    assert not out.exists()


def test_vehicle_check_says_what_differs_and_fails_where_strict(capsys):
    assert main(["vehicle", "check", JEEP, "--approach", "50"]) == 0
    shown = capsys.readouterr().out
    assert "differs" in shown
    assert "approach of the model and as published differ" in shown
    assert main(["vehicle", "check", JEEP, "--approach", "50", "--strict"]) == 1
    assert "approach" in capsys.readouterr().err


def test_vehicle_check_takes_the_published_figures_of_the_file(capsys):
    assert main(["vehicle", "check", "toyota-4runner-trd-off-road", "--strict"]) == 0
    shown = capsys.readouterr().out
    assert "33.0 deg (unconfirmed)" in shown
    assert "agrees" in shown
    assert "sources: The Auto Page" in shown


def test_vehicle_check_puts_angles_beside_published_ones(capsys):
    assert main(["vehicle", "check", JEEP, "--approach", "43.9"]) == 0
    shown = capsys.readouterr().out
    assert "a valid vehicle of 13 parts" in shown
    assert "43.9 deg" in shown


def test_settle_writes_a_row_a_pose(tmp_path, terrain, capsys):
    out = tmp_path / "stance.csv"
    assert main(["settle", "--vehicle", JEEP, "--terrain", str(terrain), "--poses",
                 str(write_poses(tmp_path / "poses.csv")), "--out", str(out)]) == 0
    table = rows(out)
    assert [r["id"] for r in table] == ["ledge", "second"]
    loads = [sum(float(r[f"load_{w}"]) for w in ("fl", "fr", "rl", "rr")) for r in table]
    assert loads == pytest.approx([2100.0 * 9.81] * 2, rel=0.01)
    assert "2 poses settled" in capsys.readouterr().out


def test_poses_without_id_are_numbered_and_those_off_the_map_told(tmp_path, terrain, capsys):
    poses, out = tmp_path / "poses.csv", tmp_path / "stance.csv"
    poses.write_text(f"x,y,yaw\n{WEST + 8},{SOUTH + 9},0.3\n0,0,0\n")
    assert main(["settle", "--vehicle", JEEP, "--terrain", str(terrain), "--poses", str(poses), "--out", str(out)]) == 0
    assert [r["id"] for r in rows(out)] == ["0", "1"]
    assert "1 of 2 poses are outside" in capsys.readouterr().err


def test_fuse_follows_the_drive_and_says_how_well(tmp_path, log, capsys):
    out = tmp_path / "track.csv"
    assert main(["fuse", str(log), "--out", str(out)]) == 0
    last = rows(out)[-1]
    assert float(last["x"]) == pytest.approx(WEST + 5.0 + 2.5, abs=0.15)
    assert float(last["vx"]) == pytest.approx(1.0, abs=0.1)
    shown = capsys.readouterr().out
    assert "against truth.csv" in shown
    assert "end position off by 0.0" in shown


def notes_of_fuse(log: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(["fuse", str(log), "--out", str(log.parent / "track.csv")]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("trailcoach: note: ") for line in lines)
    return [line.removeprefix("trailcoach: note: ") for line in lines]


def test_a_sound_log_has_no_notes(log, capsys):
    assert notes_of_fuse(log, capsys) == []


def test_a_stand_in_for_the_vehicle_is_told(log, capsys):
    (log / "meta.toml").write_text("wheelbase = 2.9\n")
    assert any("stand-in" in n and "wheelbase 2.90 m" in n for n in notes_of_fuse(log, capsys))


def test_a_sensor_that_contradicts_the_others_is_named(log, capsys):
    meta = (log / "meta.toml").read_text()
    (log / "meta.toml").write_text(meta.replace("gnss = [0.0", "gnss = [3.0"))
    noted, = notes_of_fuse(log, capsys)
    assert noted.startswith("gnss.csv: ")


def test_a_gap_of_the_imu_is_told_with_its_time(log, capsys):
    lines = (log / "imu.csv").read_text().splitlines(keepends=True)
    (log / "imu.csv").write_text("".join(lines[:352] + lines[502:]))
    assert any("imu.csv: no samples for 1.5 s after t = 3.50 s" in n for n in notes_of_fuse(log, capsys))


def test_plan_writes_a_line_to_the_goal(tmp_path, terrain, capsys):
    out = tmp_path / "line.csv"
    assert main(["plan", "--vehicle", JEEP, "--terrain", str(terrain), "--start", f"{WEST + 5},{SOUTH + 10},0deg",
                 "--goal", f"{WEST + 14},{SOUTH + 10.5}", "--out", str(out)]) == 0
    line = rows(out)
    assert {"s", "x", "y", "yaw", "gear", "steer"} <= line[0].keys()
    assert float(line[-1]["x"]) == pytest.approx(WEST + 14, abs=0.6)
    said = capsys.readouterr().out
    assert "clear" in said
    assert "room of 10 cm to each side all along" in said
    assert {float(r["room"]) for r in line} == {0.1}


def test_replay_writes_all_results(tmp_path, log, capsys):
    out = tmp_path / "results"
    assert main(["replay", str(log), "--vehicle", JEEP, "--terrain", str(log / "terrain.tif"), "--out", str(out)]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["debrief.json", "report.html", "stance.csv", "steps.jsonl",
                                                     "track.csv"]
    steps = [json.loads(line) for line in (out / "steps.jsonl").read_text().splitlines()]
    assert all(s["kind"] for s in steps)
    shown = capsys.readouterr()
    assert "driven" in shown.out
    assert str(out / "report.html") in shown.out
    assert shown.err == ""


def test_a_log_may_bring_its_own_vehicle(tmp_path, log, capsys):
    text = files("trailcoach").joinpath("vehicles", f"{JEEP}.toml").read_text()
    (log / "mine.toml").write_text(text.replace('name = "Jeep', 'name = "My Jeep', 1))
    meta = (log / "meta.toml").read_text()
    (log / "meta.toml").write_text(meta.replace(JEEP, "mine.toml"))
    assert main(["replay", str(log), "--out", str(tmp_path / "results")]) == 0
    assert "My Jeep" in capsys.readouterr().out


def test_replay_along_a_trail(tmp_path, log):
    trail, out = tmp_path / "trail.csv", tmp_path / "results"
    trail.write_text("x,y\n" + "".join(f"{WEST + 5 + i},{SOUTH + 10}\n" for i in range(10)))
    assert main(["replay", str(log), "--trail", str(trail), "--half-width", "2", "--out", str(out)]) == 0
    assert (out / "report.html").exists()


def test_demo_speaks_and_says_where_the_report_is(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    shown = capsys.readouterr().out
    spoken = [line for line in shown.splitlines() if " s  in " in line or " s  now " in line]
    assert spoken
    assert all(line.endswith(")") for line in spoken)           # each with its reason
    assert "simulated" in shown
    assert str(tmp_path / "demo" / "report.html") in shown


def test_native_answers_on_one_line(capsys):
    assert main(["native", "--cflags", "--libs"]) == 0
    words = capsys.readouterr().out
    assert words.count("\n") == 1
    assert "-I" in words
    assert "-ltrailcoach" in words
    assert main(["native", "--includedir"]) == 0
    assert Path(capsys.readouterr().out.strip(), "trailcoach.h").is_file()


def test_coordinates_may_be_negative(tmp_path, capsys):
    y, x = np.mgrid[0:201, 0:201] * 0.1
    from rasterio.transform import Affine
    terrain = write_terrain(tmp_path / "t.tif", (0.0 * (x + y)).astype(np.float32), crs=None,
                            transform=Affine(0.1, 0, -10.05, 0, -0.1, 10.05))
    assert main(["plan", "--vehicle", JEEP, "--terrain", str(terrain), "--start", "-6.0,-1,0", "--goal", "-.5,0",
                 "--out", str(tmp_path / "line.csv")]) == 0
    assert join_negative_values(["--start", "-1,2", "--out", "-x"]) == ["--start=-1,2", "--out", "-x"]


def test_an_output_that_is_there_is_replaced_and_others_left_alone(tmp_path, log):
    out = tmp_path / "results"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "track.csv").write_text("old")
    assert main(["replay", str(log), "--out", str(out)]) == 0
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "track.csv").read_text() != "old"


def test_results_can_go_to_a_device(log):
    assert main(["fuse", str(log), "--out", "/dev/null"]) == 0
    assert not Path("/dev/null").is_file()


def test_the_output_of_a_link_goes_where_it_points(tmp_path, log):
    (tmp_path / "real").mkdir()
    (tmp_path / "track.csv").symlink_to(tmp_path / "real" / "track.csv")
    assert main(["fuse", str(log), "--out", str(tmp_path / "track.csv")]) == 0
    assert (tmp_path / "track.csv").is_symlink()
    assert (tmp_path / "real" / "track.csv").is_file()


def test_progress_is_for_terminals_only(tmp_path, log):
    done = run("fuse", log, "--out", tmp_path / "track.csv")
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.skipif(shutil.which("head") is None, reason="no head")
def test_a_reader_that_leaves_is_no_fault(tmp_path):
    done = subprocess.run(f"{sys.executable} -m trailcoach vehicle show {JEEP} | head -1", shell=True,
                          capture_output=True, text=True)
    assert done.stderr == ""


def heed_control_c():
    """What a terminal's shell gives its children; one that runs the tests in the background does not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_control_c_is_one_line(tmp_path):
    process = subprocess.Popen([sys.executable, "-m", "trailcoach", "demo", "--out", str(tmp_path / "demo")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=heed_control_c)
    assert process.stdout.readline()        # the drive is read, the replay begins
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)      # CPython may make one of the other; a shell says 130
    assert errors == "trailcoach: stopped\n"
    assert list(tmp_path.iterdir()) == []


def test_the_module_runs_from_any_folder(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-m", "trailcoach", "vehicle", "list"], cwd=tmp_path, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0
    assert JEEP in done.stdout
