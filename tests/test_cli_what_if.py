"""The option --with and the margins of settle, as a user gives them."""
import csv
from pathlib import Path

import pytest
from inputs import write_poses, write_terrain

from trailcoach.cli import main
from trailcoach.cli.what_if import vehicle_with
from trailcoach.errors import InputError
from trailcoach.vehicle import Vehicle

JEEP = "jeep-wrangler-jlur"


@pytest.fixture
def jeep() -> Vehicle:
    return Vehicle.load(JEEP)


def test_changes_are_those_of_python(jeep):
    changed = vehicle_with(jeep, ["lift=0.05", "tyre=35x12.50R17", "load=80@0.2,0,1.6", "load=40@1,0.1,1",
                                  "sway_bar=off", "skid_plate=oil_pan:0.006,transmission"])
    assert changed == jeep.with_(lift=0.05, tyre="35x12.50R17", load=[(80.0, (0.2, 0.0, 1.6)), (40.0, (1.0, 0.1, 1.0))],
                                 sway_bar="off", skid_plate={"oil_pan": 0.006, "transmission": 0.005})


def test_lockers_add_up(jeep):
    driveline = vehicle_with(jeep, ["locker=front", "locker=centre"]).driveline
    assert (driveline.front_differential, driveline.centre_differential) == ("locked", "locked")


def test_no_change_is_the_same_vehicle(jeep):
    assert vehicle_with(jeep, []) is jeep


@pytest.mark.parametrize(("change", "words"), [
    ("lift", "no such change"), ("wings=2", "no such change"), ("lift=", "no such change"), ("lift=high", "no number"),
    ("lift=3", "lift = 3"), ("tyre=wide", "tyre"), ("load=80", "KG@X,Y,Z"), ("load=80@1,2", "KG@X,Y,Z"),
    ("load=x@1,2,3", "no number"), ("locker=left", "locker"), ("sway_bar=on", "sway_bar"), ("skid_plate=sail", "sail"),
    ("skid_plate=oil_pan:thick", "no number")])
def test_a_wrong_change_is_told_in_one_line(jeep, change, words):
    with pytest.raises(InputError, match=words) as found:
        vehicle_with(jeep, [change])
    assert str(found.value).startswith("--with ")
    assert "\n" not in str(found.value)


def test_a_change_twice_is_refused(jeep):
    with pytest.raises(InputError, match="twice"):
        vehicle_with(jeep, ["lift=0.05", "lift=0.1"])


def test_settle_with_a_lift_and_margins(tmp_path: Path):
    terrain = write_terrain(tmp_path / "waves.tif")
    poses = write_poses(tmp_path / "poses.csv")
    clearances = []
    for changes in ([], ["--with", "lift=0.05", "--margins", "--friction", "0.5"]):
        assert main(["settle", "--vehicle", JEEP, "--terrain", str(terrain), "--poses", str(poses), "--out",
                     str(tmp_path / "out.csv"), *changes]) == 0
        with open(tmp_path / "out.csv", newline="") as f:
            row = next(csv.DictReader(f))
        clearances.append(float(row["clearance_oil_pan"]))
        assert ("hold_friction" in row) == bool(changes)
    assert clearances[1] - clearances[0] == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize("options", [["--friction", "0.5"], ["--margins", "--friction", "5"], ["--with", "wings=1"]])
def test_settle_refuses_what_says_nothing(tmp_path: Path, capsys, options):
    terrain = write_terrain(tmp_path / "waves.tif")
    poses = write_poses(tmp_path / "poses.csv")
    assert main(["settle", "--vehicle", JEEP, "--terrain", str(terrain), "--poses", str(poses), "--out",
                 str(tmp_path / "out.csv"), *options]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_vehicle_show_with_a_lift(capsys):
    assert main(["vehicle", "show", JEEP, "--with", "lift=0.05"]) == 0
    assert "lift" in capsys.readouterr().out


def test_vehicle_show_as_c(capsys):
    assert main(["vehicle", "show", JEEP, "--c"]) == 0
    assert "static const tc_vehicle vehicle" in capsys.readouterr().out
