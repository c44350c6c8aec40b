"""Assess: what a trail asks of a rig before the trip."""
import json

import numpy as np
import pytest
from grounds import X, Y, flat, terrain

from trailcoach.assess import assess, rating, usual_variants
from trailcoach.cli import BAD_INPUT, DONE, main
from trailcoach.data import data_folder
from trailcoach.errors import InputError
from trailcoach.line import Outcome
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle
from trailcoach.why import Cause


@pytest.fixture(scope="module")
def jeep():
    return Vehicle.load("jeep-wrangler-jlur")


def trail(half_width=3.0):
    return Trail(np.array([[0.0, 0.0], [20.0, 0.0]]), half_width)


class TestAssess:
    def test_level_ground_is_a_one(self, jeep):
        found = assess(jeep, terrain(flat()), trail(), section=5.0)
        assert found.rating == 1
        assert found.line.outcome is Outcome.CLEAR
        assert found.line.limit is None
        assert [round(s.end) for s in found.sections] == [5, 10, 15, 20]
        assert all(s.room == 0.1 for s in found.sections)
        assert all(s.contact_probability < 1e-3 and s.pitch_up < 0.01 and s.ledge < 0.005 for s in found.sections)

    def test_a_slope_is_rated_by_its_tilt_and_a_ledge_by_its_height(self, jeep):
        slope = assess(jeep, terrain(np.tan(np.radians(17.0)) * X), trail())
        assert slope.rating == 6
        assert slope.sections[0].reason == "tilt"
        assert slope.sections[0].pitch_up == pytest.approx(np.radians(17.0), abs=0.03)
        ledge = assess(jeep, terrain(0.25 * (X > 10.0)), trail())
        assert ledge.sections[0].ledge == pytest.approx(0.25, abs=0.03)
        assert ledge.rating in (5, 6)

    def test_a_wall_across_the_trail_is_impassable_and_named(self, jeep):
        found = assess(jeep, terrain(2.0 * (abs(X - 12.0) < 0.5)), trail())
        assert found.rating == 10
        assert found.line.outcome in (Outcome.BLOCKED, Outcome.BUDGET)
        assert found.line.limit.cause is not Cause.NONE
        assert 6.0 < found.line.limit.x < 13.0

    def test_a_lift_is_what_a_high_ridge_asks_for(self, jeep):
        # given a ridge along the track between the wheels, a little lower than the differentials
        ridge = terrain(0.255 * np.clip(1.5 - abs(Y) / 0.3, 0.0, 1.0) * np.clip((X - 6.0) / 3.0, 0.0, 1.0))
        found = assess(jeep, ridge, trail(1.1), [("tyres", jeep.with_(tyre=jeep.tyre.radius + 0.05))])
        as_it_is, larger = found.variants
        assert larger.clearance > as_it_is.clearance + 0.03
        assert larger.contact_probability < as_it_is.contact_probability

    def test_the_usual_variants_are_vehicles(self, jeep):
        assert {name for name, _ in usual_variants(jeep)} >= {"lift 5 cm", "anti-roll bars off"}

    def test_a_section_needs_a_length(self, jeep):
        with pytest.raises(InputError, match="section"):
            assess(jeep, terrain(flat()), trail(), section=0.0)


class TestRating:
    @pytest.mark.parametrize(("tilt_deg", "ledge", "clearance", "expected"), [
        (0.0, 0.0, 0.3, (1, "tilt")), (15.0, 0.0, 0.3, (4, "tilt")), (30.0, 0.0, 0.3, (8, "tilt")),
        (50.0, 0.0, 0.3, (10, "tilt")), (0.0, 0.152, 0.3, (4, "ledge")), (0.0, 0.305, 0.3, (6, "ledge")),
        (0.0, 0.0, 0.0, (7, "clearance")), (0.0, 0.0, -1.0, (10, "clearance")), (16.0, 0.0, 0.3, (5, "tilt")),
    ])
    def test_the_worst_criterion_counts(self, tilt_deg, ledge, clearance, expected):
        assert rating(np.radians(tilt_deg), ledge, clearance) == expected

    def test_what_is_not_known_does_not_count(self):
        assert rating(np.nan, 0.0, np.nan)[0] == 1


class TestCommand:
    def test_it_writes_map_line_and_numbers(self, tmp_path, capsys):
        drive = data_folder() / "drives" / "d01"
        status = main(["assess", str(drive / "driven_path.csv"), "--vehicle", "land-rover-defender-110", "--terrain",
                       str(drive / "terrain.tif"), "--out", str(tmp_path / "trip")])
        assert status == DONE
        assert "rating" in capsys.readouterr().out
        numbers = json.loads((tmp_path / "trip" / "assess.json").read_text())
        assert 1 <= numbers["rating"] <= 10
        assert numbers["sections"][-1]["end"] == pytest.approx(numbers["line_length"])
        assert numbers["room"] == min(s["room"] for s in numbers["sections"])
        assert all(n["room"] < 0.1 and n["begin"] <= n["end"] for n in numbers["narrow"])
        assert (tmp_path / "trip" / "map.png").stat().st_size > 10_000
        assert (tmp_path / "trip" / "line.csv").is_file()

    def test_a_trail_beside_the_map_is_refused(self, tmp_path, capsys):
        track = tmp_path / "away.csv"
        track.write_text("x,y\n0,0\n10,0\n")
        terrain_path = data_folder() / "drives" / "d01" / "terrain.tif"
        assert main(["assess", str(track), "--vehicle", "land-rover-defender-110", "--terrain",
                     str(terrain_path)]) == BAD_INPUT
        error = capsys.readouterr().err
        assert len(error.strip().splitlines()) == 1
        assert "outside the terrain" in error
