"""The example scripts run as they stand in the folder and print numbers."""
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from inputs import SIZE, SOUTH, WEST, write_terrain

from trailcoach import _core
from trailcoach.fusion_parameters import set_values
from trailcoach.roughness import model
from trailcoach.stance import settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

ROOT = Path(__file__).parent.parent


def run(script: str, *words: object) -> str:
    done = subprocess.run([sys.executable, ROOT / "examples" / script, *map(str, words)], capture_output=True,
                          text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("after", [0, 10])
def test_fuse_beside_vqf_scores_what_is_known(after: int) -> None:
    lines = run("fuse_beside_vqf.py", "terrain_data/drives/comma2k19_ex1", "--after", after).splitlines()
    ours = next(line.split() for line in lines if line.startswith("trailcoach "))
    assert all(0.0 < float(v) < 3.0 for v in ours[1:])
    assert any("% of the truth" in line for line in lines)
    assert "nan" not in " ".join(lines)


def test_tight_places_lists_every_part() -> None:
    drive = "terrain_data/drives/d00"
    lines = run("tight_places.py", "jeep-wrangler-jlur", f"{drive}/terrain.tif",
                f"{drive}/driven_path.csv").splitlines()
    assert len(lines) == 2 + 13


STANCE_COLUMNS = ("id,terrain,kind,x,y,yaw,z,roll,pitch,load_fl,load_fr,load_rl,load_rr,spread_roll,spread_pitch,"
                  "spread_z,spread_clearance")


def test_stance_accuracy_scores_cases_and_names_the_worst(tmp_path: Path) -> None:
    """Two cases on the level: one as the model has it, one whose truth leans by 2 deg."""
    vehicle = Vehicle.load("jeep-wrangler-jlur")
    (tmp_path / "terrain").mkdir()
    write_terrain(tmp_path / "terrain" / "t000.tif", np.zeros((SIZE, SIZE), np.float32))
    level = [f"{a:.1f}" for a in settle(vehicle, Terrain.open(tmp_path / "terrain" / "t000.tif"),
                                        np.array([[WEST + 8.0, SOUTH + 8.0, 0.0]])).wheel_load[0]]
    parts = [f"{c}_{p}" for c in ("clearance", "contact_force") for p in vehicle.part_names]
    zeros = ["0.3"] * len(vehicle.part) + ["0"] * len(vehicle.part)
    rows = [",".join([STANCE_COLUMNS, *parts])]
    rows += [",".join([name, "t000", "level", str(WEST + 8.0), str(SOUTH + 8.0), "0", "0", str(roll), "0", *level, "0",
                       "0", "0", "0", *zeros]) for name, roll in (("a", 0.0), ("b", 0.035))]
    (tmp_path / "jeep-wrangler-jlur.csv").write_text("\n".join(rows) + "\n")
    text = run("stance_accuracy.py", tmp_path)
    assert text.startswith("2 cases, 2 at rest")
    worst = [line for line in text.splitlines() if " b level " in line]
    assert len(worst) == 1
    assert worst[0].endswith("not explained")


def test_stance_accuracy_without_cases_says_so(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, ROOT / "examples" / "stance_accuracy.py", tmp_path], capture_output=True,
                          text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60, check=False)
    assert done.returncode == 2
    assert "no cases there" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_tune_fusion_finds_more_likely_noise_and_draws(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    drive = "terrain_data/drives/d01"
    picture, table = tmp_path / "tuning.png", tmp_path / "fusion.toml"
    words = run("tune_fusion.py", drive, "--trials", 4, "--tune", "inclination_sd", "wheel_sd", "--plot", picture,
                "--out", table)
    now, found = ([float(v) for v in line.split("│")[2:4]] for line in words.splitlines()
                  if line.startswith(("│ now", "│ found")))
    assert found[0] <= now[0]
    assert "at rest for" in words
    assert picture.read_bytes()[:4] == b"\x89PNG"
    # what it writes is taken by a log
    values = tomllib.loads(table.read_text())["fusion"]
    assert set(values) == {"inclination_sd", "wheel_sd"}
    fusion = _core.default_config()["fusion"]
    set_values(fusion, values, "found")


def test_tune_fusion_says_what_is_wrong(tmp_path: Path) -> None:
    def refused(*words: object, **env: str) -> str:
        done = subprocess.run([sys.executable, ROOT / "examples" / "tune_fusion.py", *map(str, words)],
                              capture_output=True, text=True, cwd=ROOT,
                              env=os.environ | {"PYTHONPATH": str(ROOT)} | env, timeout=60, check=False)
        assert done.returncode in (1, 2)
        assert "Traceback" not in done.stderr
        return done.stderr.splitlines()[-1]

    drive = "terrain_data/drives/d01"
    assert "--tune wheels_sd: no such parameter" in refused(drive, "--tune", "wheels_sd")
    assert "no such log" in refused("nowhere", "--trials", 0)
    # without optuna, what to do
    (tmp_path / "optuna.py").write_text("raise ImportError('none')\n")
    assert "pip install 'trailcoach[tune]'" in refused(drive, PYTHONPATH=f"{tmp_path}:{ROOT}")


def test_calibrate_contact_on_the_bundled_poses(tmp_path: Path) -> None:
    picture = tmp_path / "reliability.png"
    text = run("calibrate_contact.py", "--sigma", "0.03", "--correlation", "0.3", "--draws", 1, "--out", picture)
    # nothing that touches deeply is given less than one in a thousand, and about as much touches as is expected
    exact = re.search(r"(\d+) parts touch by more than 1 cm, (\d+) of them missed; (\d+) touch, ([0-9.]+) exp", text)
    assert exact is not None
    assert int(exact[1]) > 10
    assert int(exact[2]) == 0
    assert float(exact[4]) == pytest.approx(int(exact[3]), rel=0.1)
    assert "0.9-1.0" in text
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize(("words", "says"), [(("nowhere",), "no cases there"), (("--sigma", "x"), "--sigma x"),
                                             (("--correlation", "-1"), "0 m or more"), (("--draws", "0"), "--draws 0")])
def test_calibrate_contact_says_what_it_cannot_use(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, ROOT / "examples" / "calibrate_contact.py", *words], capture_output=True,
                          text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60, check=False)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_fit_roughness_makes_a_model_the_package_can_use(tmp_path: Path) -> None:
    """GIVEN three grounds at random and a tile to check WHEN a model is fitted THEN it has all arrays, and says how
    often its bounds hold."""
    tile = ROOT / "terrain_data" / "drives" / "d01" / "terrain.tif"
    lines = run("fit_roughness.py", tmp_path / "m.h", "--grounds", 3, "--steps", 10, "--check", tile).splitlines()
    assert lines[0] == "tiles never fitted on"
    assert all(0.0 <= float(v) <= 100.0 for v in lines[-1].split()[-3:])
    header = (tmp_path / "m.h").read_text()
    for name, values in vars(model()).items():
        assert f"TC_ROUGH_{name.upper()}[{values.size}] = {{" in header
    assert header.count("f,") + header.count("f\n") == sum(values.size for values in vars(model()).values())
