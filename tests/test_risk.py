"""Risk: the probability that a line touches, against drives simulated one by one."""
import numpy as np
import pytest
from grounds import flat, rock, terrain

from trailcoach import _core
from trailcoach._core import WANDER_LENGTH
from trailcoach.engine import make_config
from trailcoach.errors import CoreError
from trailcoach.line import plan
from trailcoach.risk import WANDER_SD, line_risk
from trailcoach.stance import settle
from trailcoach.vehicle import Vehicle


@pytest.fixture(scope="module")
def jeep():
    return Vehicle.load("jeep-wrangler-jlur")


def straight(vehicle, ground):
    return plan(vehicle, ground, (0.0, 0.0, 0.0), (12.0, 0.0, 0.0), half_width=1.2)


def smooth_noise(rng, s, n):
    """(n, points): standard normal, with one error for about WANDER_LENGTH."""
    distance = (s[:, None] - s[None, :]) / (0.5 * WANDER_LENGTH)
    return rng.multivariate_normal(np.zeros(len(s)), np.exp(-distance**2), size=n, method="eigh")


def simulated(vehicle, ground, line, n=250):
    """Share of drives that touch: each with a wander of its own, and a model error that hangs together as it does."""
    from scipy.stats import norm
    rng = np.random.default_rng(3)
    x, y, yaw = line.poses.T
    aside = WANDER_SD * smooth_noise(rng, line.s, n)
    poses = np.stack([x - aside * np.sin(yaw), y + aside * np.cos(yaw), np.broadcast_to(yaw, aside.shape)], axis=-1)
    stance = settle(vehicle, ground, poses.reshape(-1, 3))
    touches = 1.0 - np.prod(1.0 - np.nan_to_num(stance.contact_probability), axis=1).reshape(aside.shape)
    return float((norm.cdf(smooth_noise(rng, line.s, n)) < touches).any(axis=1).mean())


class TestLineRisk:
    def test_on_open_ground_nothing_touches(self, jeep):
        line = straight(jeep, terrain(flat()))
        risk = line_risk(jeep, terrain(flat()), line)
        assert risk.line < 1e-3
        assert risk.point.shape == (len(line), len(jeep.part_names))
        assert not risk.unknown.any()

    def test_a_rock_that_cannot_be_missed_is_certain(self, jeep):
        ground = terrain(rock(6.0, 0.0, 1.2, 0.9))
        line = straight(jeep, ground)
        assert line_risk(jeep, ground, line).line > 0.99

    @pytest.mark.parametrize("height", [0.26, 0.29, 0.31])
    def test_a_line_between_two_rocks_is_as_risky_as_drives_show(self, jeep, height):
        # given a gate of two rocks that the sills and the axles just pass
        ground = terrain(np.maximum(rock(6.0, 0.28, 0.4, height), rock(7.5, -0.35, 0.4, height)))
        line = straight(jeep, ground)
        # then the probability of touching is that of drives one by one
        assert line_risk(jeep, ground, line).line == pytest.approx(simulated(jeep, ground, line), abs=0.08)

    def test_a_line_is_at_least_as_risky_as_its_worst_place_and_at_most_as_all_places_by_themselves(self, jeep):
        ground = terrain(np.maximum(rock(6.0, 0.28, 0.4, 0.33), rock(7.5, -0.35, 0.4, 0.33)))
        risk = line_risk(jeep, ground, straight(jeep, ground))
        assert risk.point.max() <= risk.line <= 1.0 - np.prod(1.0 - risk.point)
        assert risk.part.max() <= risk.line <= risk.part.sum()

    def test_a_driver_who_holds_the_line_risks_less(self, jeep):
        ground = terrain(np.maximum(rock(6.0, 0.28, 0.4, 0.30), rock(7.5, -0.35, 0.4, 0.30)))
        line = straight(jeep, ground)
        assert line_risk(jeep, ground, line, wander_sd=0.0).line < line_risk(jeep, ground, line, wander_sd=0.15).line

    def test_unknown_ground_within_the_wander_is_marked(self, jeep):
        heights = flat()
        heights[np.hypot(*np.meshgrid(np.arange(641) - 240, np.arange(321) - 185)) < 4] = np.nan
        line = straight(jeep, terrain(flat()))
        risk = line_risk(jeep, terrain(heights), line)
        assert risk.unknown.any()
        assert not risk.unknown.all()

    def test_a_host_is_told_the_same(self, jeep):
        # given a line between two rocks, and an engine of the C ABI on the same ground
        ground = terrain(np.maximum(rock(6.0, 0.28, 0.4, 0.33), rock(7.5, -0.35, 0.4, 0.33)))
        line = straight(jeep, ground)
        engine = _core.Engine(make_config(jeep))
        engine.set_terrain(ground.grid)
        # when both are asked how likely it touches
        told, risk = engine.line_risk(line.points, WANDER_SD), line_risk(jeep, ground, line)
        # then they say the same, of the line, of each part and of the places not known
        assert told["line"] == risk.line > 0.0
        np.testing.assert_array_equal(told["part"][:len(risk.parts)], risk.part)
        assert told["unknown"] == risk.unknown.sum()

    def test_a_wander_that_is_none_is_refused(self, jeep):
        ground = terrain(flat())
        engine = _core.Engine(make_config(jeep))
        with pytest.raises(CoreError):                      # no ground
            engine.line_risk(straight(jeep, ground).points, WANDER_SD)
        engine.set_terrain(ground.grid)
        for wander in (-0.1, np.nan, np.inf):
            with pytest.raises(CoreError):
                engine.line_risk(straight(jeep, ground).points, wander)
