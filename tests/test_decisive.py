"""The decisive places of a line, and what would change where it ends: on grounds whose answer is known."""
import numpy as np
import pytest
from grounds import X, Y, flat, rock, terrain

from trailcoach.decisive import Way, decisive_places
from trailcoach.line import Outcome, plan
from trailcoach.remedy import around, remedies
from trailcoach.stance import settle
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle

START, GOAL = (0.0, 0.0, 0.0), (15.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def jeep():
    return Vehicle.load("jeep-wrangler-jlur")


class TestDecisivePlaces:
    def test_open_ground_has_none(self, jeep):
        ground = terrain(flat())
        assert decisive_places(jeep, ground, plan(jeep, ground, START, GOAL)) == ()

    def test_a_rock_in_a_narrow_corridor_names_the_ways_past_it(self, jeep):
        # given a stone low enough to straddle, in a corridor too narrow to go round it
        ground = terrain(rock(8.0, 0.0, 0.35, 0.17))
        line = plan(jeep, ground, START, GOAL, half_width=1.1)
        # when the places are asked for
        choices = decisive_places(jeep, ground, line)
        # then the stone is one of them, the way taken is among the ways, and figures stand beside it
        assert choices
        choice = min(choices, key=lambda c: abs(c.x - 8.0))
        assert np.hypot(choice.x - 8.0, choice.y) < 0.3
        assert choice.height == pytest.approx(0.17, abs=0.04)
        assert choice.taken.clearance == pytest.approx(float(np.nanmin(line.least_clearance)), abs=0.02)
        assert {w.how for w in choice.others} >= {"left wheels on it", "right wheels on it"}
        assert choice.taken.how not in {w.how for w in choice.others}
        assert f"{choice.others[0].clearance * 100:.0f} cm" in choice.words()

    def test_the_ways_are_stances_beside_the_line(self, jeep):
        ground = terrain(rock(8.0, 0.2, 0.35, 0.2))
        line = plan(jeep, ground, START, GOAL, half_width=1.1)
        choice = decisive_places(jeep, ground, line)[0]
        way = choice.others[0]
        rows = abs(line.s - choice.s) < 1e-6
        x, y, yaw = line.poses[rows].T
        beside = np.column_stack([x - way.aside * np.sin(yaw), y + way.aside * np.cos(yaw), yaw])
        assert settle(jeep, ground, beside).clearance.min() >= way.clearance - 1e-6

    def test_words_name_the_side_as_the_driver_sits(self):
        way = Way("left wheels on it", 0.4, "transfer_case", 0.11)
        assert way.words(driver_left=True) == "driver side on it: 11 cm under the transfer case"
        assert way.words(driver_left=False).startswith("passenger side")
        assert "touches by 3 cm" in Way("straddling", 0.0, "transfer_case", -0.03).words(driver_left=True)
        assert "would not stand" in Way("right of it", 0.0, None, np.nan).words(driver_left=True)


class TestRemedies:
    def test_a_ridge_asks_for_a_lift_that_clears_it(self, jeep):
        # given a ridge right across that the transfer case cannot pass
        ridge = np.where(abs(X - 8.0) < 0.2, 0.36 * np.cos((X - 8.0) / 0.2 * np.pi / 2), 0.0)
        ground = terrain(ridge)
        line = plan(jeep, ground, START, GOAL)
        assert line.outcome is Outcome.TOUCHES
        # when it is asked what would change it
        found = {r.kind: r for r in remedies(jeep, ground, line)}
        # then the lift named is one on which the same pose is clear, and it is said in words
        lifted = jeep.with_(lift=found["lift"].amount)
        i = np.argmin(np.hypot(line.poses[:, 0] - line.limit.x, line.poses[:, 1] - line.limit.y))
        assert settle(lifted, ground, line.poses[i:i + 1]).clearance.min() >= 0.0
        assert found["stones"].clearance >= 0.0
        assert "lift of" in str(found["lift"])

    def test_a_clear_line_needs_none(self, jeep):
        ground = terrain(flat())
        assert remedies(jeep, ground, plan(jeep, ground, START, GOAL)) == ()

    def test_a_wall_is_helped_by_nothing(self, jeep):
        ground = terrain(np.where(X > 10.0, 3.0, 0.0))
        line = plan(jeep, ground, START, GOAL, max_stances=3000)
        assert [r for r in remedies(jeep, ground, line) if r.kind != "stones"] == []

    def test_a_wider_corridor_that_leads_around_is_named(self, jeep):
        # given a wall with room beside it outside the corridor
        ground = terrain(np.where((abs(X - 9.0) < 0.3) & (abs(Y) < 2.2), 1.5, 0.0))
        trail = Trail(np.array([[-3.0, 0.0], [25.0, 0.0]]), half_width=1.5)
        found = around(jeep, ground, START, (16.0, 0.0), trail, 1.5)
        assert found is not None
        assert found.amount in (1.0, 2.0, 4.0)
        assert found.clearance > 0.0
