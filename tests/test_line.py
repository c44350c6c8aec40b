"""Lines: what the search promises about the way it advises."""
import numpy as np
import pytest
from grounds import X, Y, flat, rock, rocks, terrain

from trailcoach import _core, abi
from trailcoach.along import plan_along
from trailcoach.engine import make_config
from trailcoach.errors import InputError
from trailcoach.line import DOUBT, ROOM, Outcome, plan
from trailcoach.room import narrow_stretches, room_words
from trailcoach.stance import Rest, settle
from trailcoach.terrain import Terrain
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle
from trailcoach.why import Cause

START, GOAL = (0.0, 0.0, 0.0), (15.0, 0.0, 0.0)
ARC = 5                                                     # points from one decision of the search to the next


@pytest.fixture(scope="module")
def jeep():
    return Vehicle.load("jeep-wrangler-jlur")


@pytest.fixture(scope="module")
def defender():
    return Vehicle.load("land-rover-defender-110")


def k_max(vehicle):
    v = vehicle.to_abi()
    return float(np.tan(v["max_steer"]) / v["wheelbase"])


def curvature(line):
    return np.diff(np.unwrap(line.poses[:, 2])) / np.diff(line.s)


class TestOpenGround:
    def test_the_line_is_straight_where_nothing_is_in_the_way(self, jeep):
        line = plan(jeep, terrain(flat()), START, GOAL)
        assert line.outcome is Outcome.CLEAR
        np.testing.assert_allclose(line.poses[:, 1:], 0.0, atol=1e-9)
        np.testing.assert_array_equal(line.steer, 0.0)
        np.testing.assert_allclose(np.diff(line.s), 0.1, atol=1e-9)
        assert line.length == pytest.approx(15.0, abs=0.5)

    def test_a_goal_aside_is_met_with_its_heading(self, defender):
        line = plan(defender, terrain(flat()), START, (15.0, 2.5, 0.3))
        assert line.outcome is Outcome.CLEAR
        assert np.hypot(*(line.poses[-1, :2] - [15.0, 2.5])) < 0.5
        assert abs(line.poses[-1, 2] - 0.3) < np.radians(15.0)

    def test_a_goal_without_heading_is_met_at_any(self, jeep):
        line = plan(jeep, terrain(flat()), START, (9.0, 4.0))
        assert line.outcome is Outcome.CLEAR
        assert np.hypot(*(line.poses[-1, :2] - [9.0, 4.0])) < 0.5

    def test_along_a_trail_any_place_across_the_corridor_will_do(self, jeep):
        trail = Trail(np.array([[0.0, 0.0], [20.0, 0.0]]), half_width=4.0)
        line = plan(jeep, terrain(flat()), (0.0, 2.0, 0.0), (12.0, 0.0), trail)
        assert line.outcome is Outcome.CLEAR
        assert line.poses[-1, 0] == pytest.approx(12.25, abs=0.3)


class TestRocks:
    def test_a_rock_too_high_to_straddle_is_not_straddled(self, jeep):
        line = plan(jeep, terrain(rock(8.0, 0.0, 0.5, 0.45)), START, GOAL)
        assert line.outcome is Outcome.CLEAR
        assert line.least_clearance.min() > 0.0
        assert line.why.straight_clearance < -0.05
        assert line.why.straight_part in jeep.part_names
        assert "touches by" in str(line.why)

    @pytest.mark.parametrize("name", ["jeep-wrangler-jlur", "land-rover-defender-110"])
    @pytest.mark.parametrize("seed", range(3))
    def test_a_clear_line_settles_clear_at_every_point(self, name, seed):
        vehicle, ground = Vehicle.load(name), terrain(rocks(seed))
        line = plan(vehicle, ground, START, (18.0, 0.0, 0.0))
        assert line.outcome is Outcome.CLEAR
        stance = settle(vehicle, ground, line.poses)
        assert (stance.status == 0).mean() > 0.99
        assert np.nanmin(stance.clearance) > -0.005
        np.testing.assert_array_equal(line.stances.clearance, stance.clearance)

    def test_a_ridge_right_across_is_crossed_and_said_to_touch(self, jeep):
        ridge = np.where(abs(X - 8.0) < 0.2, 0.42 * np.cos((X - 8.0) / 0.2 * np.pi / 2), 0.0)
        line = plan(jeep, terrain(ridge), START, GOAL)
        assert line.outcome is Outcome.TOUCHES
        assert line.why.clearance < 0.0
        assert line.why.part in jeep.part_names
        at = line.points["x"][np.argmin(abs(line.s - line.why.s))]
        assert 4.0 < at < 8.5                               # the ridge is under the vehicle there
        assert line.poses[-1, 0] > 14.5


class TestNoWay:
    @pytest.mark.parametrize("wall", [
        pytest.param(np.where(X > 10.0, np.nan, 0.0), id="unknown ground"),
        pytest.param(np.where(X > 10.0, -4.0, 0.0), id="cliff down"),
        pytest.param(np.where(X > 10.0, 3.0, 0.0), id="cliff up"),
    ])
    def test_the_line_ends_before_it_and_says_so(self, jeep, wall):
        line = plan(jeep, terrain(wall), START, GOAL, max_stances=4000)
        assert line.outcome in (Outcome.BLOCKED, Outcome.BUDGET)
        assert 3.0 < line.poses[-1, 0] < 10.0
        assert set(line.stances.status) <= {Rest.OK, Rest.UNSOLVED}
        assert (line.stances.status == Rest.UNSOLVED).sum() <= 1

    def test_a_goal_behind_cannot_be_reached_forward(self, jeep):
        trail = Trail(np.array([[-5.0, 0.0], [20.0, 0.0]]))
        line = plan(jeep, terrain(flat()), (10.0, 0.0, 0.0), (0.0, 0.0, 0.0), trail)
        assert line.outcome in (Outcome.BLOCKED, Outcome.BUDGET)

    def test_a_side_slope_beyond_the_limit_is_not_crossed(self, jeep):
        slope = np.where(X > 5.0, 1.0, 0.0) * np.where(X < 9.0, 1.0, 0.0) * np.tan(np.radians(38.0)) * Y
        line = plan(jeep, terrain(slope), START, GOAL, max_stances=4000)
        assert line.outcome in (Outcome.BLOCKED, Outcome.BUDGET)
        tilt = np.arccos(np.cos(line.stances.roll) * np.cos(line.stances.pitch))
        assert np.nanmax(tilt) <= 0.53

    def test_a_corridor_narrower_than_the_vehicle(self, jeep):
        trail = Trail(np.array([[-3.0, 0.0], [20.0, 0.0]]), half_width=0.8)
        line = plan(jeep, terrain(rock(8.0, 0.0, 0.5, 0.6)), START, (15.0, 0.0), trail)
        assert line.outcome is not Outcome.CLEAR

    def test_a_budget_that_is_too_small_is_named(self, jeep):
        line = plan(jeep, terrain(rocks(1)), START, (18.0, 0.0, 0.0), max_stances=20)
        assert line.outcome is Outcome.BUDGET
        assert line.length < 15.0


class TestWhatTheSteeringCanDo:
    @pytest.mark.parametrize("seed", range(4))
    def test_lines_keep_to_it(self, defender, seed):
        line = plan(defender, terrain(rocks(seed, 160)), (0.0, 0.5, 0.1), (18.0, -1.0, 0.0))
        k, limit = curvature(line), k_max(defender)
        assert abs(k).max() < limit
        assert abs(np.diff(k)).max() < 0.2 * limit          # one level in half a metre, no jumps
        step, yaw = np.diff(line.poses, axis=0), (line.poses[1:, 2] + line.poses[:-1, 2]) / 2
        sideways = abs(step[:, 1] * np.cos(yaw) - step[:, 0] * np.sin(yaw)).sum()
        assert sideways < 0.002 * line.length
        assert (line.gear == 1).all()

    def test_steer_is_the_angle_that_bends_the_line(self, defender):
        line = plan(defender, terrain(flat()), START, (15.0, 3.0, 0.0))
        between = (np.tan(line.steer[1:]) + np.tan(line.steer[:-1])) / 2 / float(defender.to_abi()["wheelbase"])
        np.testing.assert_allclose(curvature(line)[ARC:], between[ARC:], atol=1e-3)


class TestCorridor:
    def test_the_whole_vehicle_stays_within(self, jeep):
        turn = np.linspace(0.0, 1.4, 60)
        bend = np.column_stack([8.0 * np.sin(turn), -6.0 + 8.0 * (1.0 - np.cos(turn))])
        trail = Trail(bend, half_width=2.5)
        line = plan(jeep, terrain(flat()), (*bend[0], 0.0), bend[-1], trail)
        assert line.outcome is Outcome.CLEAR
        c, s = np.cos(line.poses[:, 2]), np.sin(line.poses[:, 2])
        inside = (line.poses[:, 0] + 3.7 * c < bend[-1, 0]) & (line.poses[:, 0] - 0.7 * c > 0.0)
        for ahead in (-0.7, 3.7):
            for left in (-0.9, 0.9):
                corner = line.poses[:, :2] + np.column_stack([ahead * c - left * s, ahead * s + left * c])
                away = np.hypot(*(corner[:, None] - bend[None]).transpose(2, 0, 1)).min(axis=1)
                assert (away[inside] < 2.6).all()

    def test_a_start_outside_finds_its_way_in(self, jeep):
        trail = Trail(np.array([[0.0, 0.0], [20.0, 0.0]]), half_width=2.0)
        line = plan(jeep, terrain(flat()), (0.0, 3.0, 0.0), (15.0, 0.0), trail)
        assert line.outcome is Outcome.CLEAR
        assert abs(line.poses[-1, 1]) < 3.0

    def test_a_trail_that_comes_back_beside_itself_is_followed_the_way_one_looks(self, jeep):
        out_and_back = Trail(np.array([[0.0, -0.3], [20.0, -0.3], [20.0, 0.3], [0.0, 0.3]]))
        out = plan(jeep, terrain(flat()), (2.0, 0.0, 0.0), (10.0, 0.0), out_and_back)
        back = plan(jeep, terrain(flat()), (15.0, 0.0, np.pi), (7.0, 0.0), out_and_back)
        assert out.outcome is Outcome.CLEAR
        assert back.outcome is Outcome.CLEAR
        assert out.length == pytest.approx(8.0, abs=0.6)
        assert back.length == pytest.approx(8.0, abs=0.6)

    def test_the_edge_of_the_map_is_not_crossed(self, jeep):
        narrow = Terrain.from_heights(np.zeros((61, 641)), -6.0, -1.5, 0.05)
        line = plan(jeep, narrow, (0.0, 0.3, 0.0), (15.0, -0.3, 0.0))
        assert line.outcome is Outcome.CLEAR
        assert (abs(line.poses[:, 1]) + 0.9 < 1.5).all()


class TestStart:
    def test_a_vehicle_that_sits_on_a_rock_is_led_off_it(self, jeep):
        ground = terrain(rock(1.5, 0.0, 0.35, 0.40))
        assert settle(jeep, ground, np.array([START])).clearance.min() < 0.0
        line = plan(jeep, ground, START, GOAL)
        assert line.outcome is Outcome.TOUCHES
        assert line.why.s < 2.0
        assert (line.least_clearance[40:] > 0.0).all()

    def test_any_heading(self, jeep):
        line = plan(jeep, terrain(flat()), (0.0, 0.0, 0.6), GOAL)
        assert line.outcome is Outcome.CLEAR
        assert line.poses[0, 2] == 0.6


class TestSameInputSameBits:
    def test_twice(self, jeep):
        a, b = (plan(jeep, terrain(rocks(2)), START, GOAL).points for _ in range(2))
        assert a.tobytes() == b.tobytes()

    def test_whatever_was_planned_before(self, jeep):
        ground = terrain(rocks(2))
        engine = _core.Engine(make_config(jeep))
        engine.set_terrain(ground.grid)
        first = engine.plan(np.array(START), np.array(GOAL))
        engine.plan(np.array([3.0, 1.0, 0.2]), np.array([18.0, -2.0, np.nan]))
        again = engine.plan(np.array(START), np.array(GOAL))
        assert first[0].tobytes() == again[0].tobytes()
        assert first[1].tobytes() == again[1].tobytes()


class TestAlongATrail:
    def test_the_whole_of_it(self, jeep):
        xy = np.column_stack([np.linspace(0, 20, 41), 2.0 * np.sin(np.linspace(0, 20, 41) / 4.0)])
        seen = []
        line = plan_along(jeep, terrain(rocks(3)), Trail(xy), progress=lambda what, share: seen.append(share))
        assert line.outcome is Outcome.CLEAR
        assert np.hypot(*(line.poses[-1, :2] - xy[-1])) < 3.0
        assert (np.diff(line.s) > 0.0).all()
        assert (np.hypot(*np.diff(line.poses[:, :2], axis=0).T) < 0.11).all()
        assert abs(curvature(line)).max() < k_max(jeep)
        assert seen == sorted(seen)
        assert seen[-1] == 1.0

    def test_it_ends_where_the_trail_is_blocked(self, jeep):
        line = plan_along(jeep, terrain(np.where(X > 16.0, np.nan, 0.0)), Trail(np.array([[0.0, 0.0], [22.0, 0.0]])))
        assert line.outcome in (Outcome.BLOCKED, Outcome.BUDGET)
        assert 8.0 < line.poses[-1, 0] < 16.0

    def test_a_drive_of_the_rig(self, shared, jeep):
        folder = shared / "data/rig/drives/d00"
        ground, trail = Terrain.open(folder / "terrain.tif"), Trail.open(folder / "driven_path.csv")
        line = plan_along(jeep, ground, trail)
        assert line.outcome is Outcome.CLEAR
        assert line.why.clearance > line.why.straight_clearance


def test_a_line_on_paper(jeep, tmp_path):
    line = plan(jeep, terrain(rock(8.0, 0.0, 0.5, 0.45)), START, GOAL)
    line.write_csv(tmp_path / "line.csv")
    header, *rows = (tmp_path / "line.csv").read_text().splitlines()
    columns = header.split(",")
    assert columns[:10] == ["s", "x", "y", "yaw", "gear", "steer", "z", "roll", "pitch", "load_fl"]
    assert {f"clearance_{p}" for p in jeep.part_names} <= set(columns)
    assert len(rows) == len(line)
    np.testing.assert_allclose([float(r.split(",")[1]) for r in rows], line.poses[:, 0], atol=1e-6)


@pytest.mark.parametrize(("start", "goal", "says"), [
    ((0.0, 0.0), GOAL, "start"),
    ((0.0, 0.0, np.nan), GOAL, "start"),
    ((900.0, 0.0, 0.0), GOAL, r"start: 900\.0.*outside"),
    (START, (15.0,), "goal"),
    (START, (15.0, np.inf, 0.0), "goal"),
    (START, (15.0, 900.0, 0.0), r"goal.*outside"),
])
def test_places_that_are_none(jeep, start, goal, says):
    with pytest.raises(InputError, match=says):
        plan(jeep, terrain(flat()), start, goal)


def test_a_corridor_without_width(jeep):
    with pytest.raises(InputError, match="half-width"):
        plan(jeep, terrain(flat()), START, GOAL, half_width=0.0)


def boxed_in():
    """A wall before the bumper that leaves a way past only far to the left."""
    return terrain(2.0 * ((abs(X - 6.0) < 0.5) & (Y < 1.8)))


class TestRoomForError:
    def test_a_line_that_promises_room_stays_clear_a_hand_aside(self, jeep):
        promised = 0
        for seed in range(4):
            ground = terrain(rocks(seed, n=60))
            line = plan(jeep, ground, START, (18.0, 0.0, 0.0))
            promised += line.tube > 0.0
            x, y, yaw = line.poses.T
            for side in {-line.tube, line.tube}:
                aside = settle(jeep, ground, np.column_stack([x - side * np.sin(yaw), y + side * np.cos(yaw), yaw]))
                rests = aside.status == Rest.OK
                assert rests.mean() > 0.99
                assert aside.clearance[rests].min() > 0.0
        assert promised >= 3

    def test_a_gate_that_just_fits_promises_none(self, jeep):
        ground = terrain(np.maximum(rock(8.0, 0.28, 0.4, 0.31), rock(9.5, -0.35, 0.4, 0.31)))
        line = plan(jeep, ground, START, GOAL, half_width=1.2)
        assert line.outcome is Outcome.CLEAR
        assert line.tube == 0.0


    def test_each_point_says_how_much_room_it_has(self, jeep):
        # given a gate that just fits, on the only way there is
        ground = terrain(np.maximum(rock(8.0, 0.28, 0.4, 0.31), rock(9.5, -0.35, 0.4, 0.31)))
        line = plan(jeep, ground, START, GOAL, half_width=1.2)
        # then its points before the gate have all the room, those in it less, and what they say is so
        assert set(np.round(line.room, 3)) <= {0.0, 0.05, 0.07, 0.1}
        assert line.room.min() == line.tube < line.room[0] == 0.1
        x, y, yaw = line.poses.T
        for side in (-1.0, 1.0):
            d = side * line.room
            aside = settle(jeep, ground, np.column_stack([x - d * np.sin(yaw), y + d * np.cos(yaw), yaw]))
            assert (aside.clearance.min(axis=1)[line.room > 0.0] >= 0.0).all()
        narrow = narrow_stretches(line.s, line.room, ROOM)
        assert narrow
        assert all(4.0 < n.begin <= n.end < 11.0 for n in narrow)
        assert f"{narrow[0].begin:.1f}" in line.room_words

    def test_where_there_is_room_the_line_takes_it(self, jeep):
        # given the same gate, and open ground to the left of it
        ground = terrain(np.maximum(rock(8.0, 0.28, 0.4, 0.31), rock(9.5, -0.35, 0.4, 0.31)))
        line = plan(jeep, ground, START, GOAL, half_width=4.0)
        assert line.tube == ROOM
        assert line.room_words == "room of 10 cm to each side all along"

    def test_a_vehicle_that_stands_without_room_gets_it_farther_on(self, jeep):
        # given a rock 5 cm below the belly that would touch were the vehicle 5 cm farther left
        ground = terrain(rock(1.5, 0.5, 0.3, 0.38))
        line = plan(jeep, ground, START, GOAL, half_width=4.0)
        assert line.outcome is Outcome.CLEAR
        assert line.room[0] == 0.0
        assert (line.room[line.s > 3.0] == ROOM).all()

    def test_a_way_with_little_clearance_is_not_taken_where_one_with_more_is(self, jeep):
        ground = terrain(rocks(3, n=60))
        line = plan(jeep, ground, START, (18.0, 0.0, 0.0))
        assert line.why.clearance >= DOUBT

    def test_no_more_stances_are_spent_than_allowed(self, jeep):
        # given a field and the budget of a tick
        config = make_config(jeep)
        config["line"]["max_stances"] = 600
        engine = _core.Engine(config)
        engine.set_terrain(terrain(rocks(1, 160)).grid)
        info, points = engine.plan(np.array(START), np.array(GOAL))
        # then it is kept but for the points of the line at hand, and a room not asked for is not promised
        assert info["stances"] <= 600 + 2 * len(points)
        assert info["tube"] == 0.0 or not np.isnan(points["room"]).any()

    def test_the_first_usable_line_does_not_say_what_was_not_asked(self, jeep):
        config = make_config(jeep)
        config["line"]["options"] = abi.PLAN_FIRST
        engine = _core.Engine(config)
        engine.set_terrain(terrain(flat()).grid)
        info, points = engine.plan(np.array(START), np.array(GOAL))
        assert np.isnan(points["room"]).all()
        assert info["tube"] == 0.0
        assert room_words(points["s"], points["room"], ROOM) == "room for error was not asked for"


class TestRoomInWords:
    S = np.arange(0.0, 1.05, 0.1)

    def words(self, *room):
        return room_words(self.S[:len(room)], np.array(room), 0.1)

    def test_stretches_have_the_least_room_in_them(self):
        assert self.words(0.1, 0.07, 0.05, 0.1, 0.0) == ("room of 10 cm to each side, but from 0.1 to 0.2 m: 5 cm,"
                                                         " at 0.4 m: none known")

    def test_a_line_that_has_it_nowhere(self):
        assert self.words(0.05, 0.05, 0.05) == "room to each side: 5 cm all along"

    def test_what_was_not_asked_is_told(self):
        assert self.words(0.1, 0.1, np.nan) == "room of 10 cm to each side all along; not asked everywhere"


class TestReverse:
    def test_a_vehicle_boxed_in_backs_up_where_it_may(self, jeep):
        # given a way past that is too near to be reached forward
        goal = (16.0, 3.5, 0.0)
        forward = plan(jeep, boxed_in(), START, goal)
        assert forward.outcome is not Outcome.CLEAR
        assert (forward.gear == 1).all()
        # when it may change gear
        line = plan(jeep, boxed_in(), START, goal, reverse=True)
        # then it gets there, and drives backwards only what the gear says
        assert line.outcome is Outcome.CLEAR
        assert (line.gear == -1).any()
        step = np.diff(line.poses[:, :2], axis=0)
        along = step[:, 0] * np.cos(line.poses[:-1, 2]) + step[:, 1] * np.sin(line.poses[:-1, 2])
        assert (np.sign(along) == line.gear[:-1]).all()
        np.testing.assert_allclose(np.hypot(*step.T), 0.1, atol=1e-3)
        assert (abs(curvature(line)) <= 1.01 * k_max(jeep)).all()
        assert (settle(jeep, boxed_in(), line.poses).clearance.min(axis=1) > 0.0).all()

    def test_the_last_point_has_the_gear_it_was_reached_with(self, jeep):
        assert plan(jeep, terrain(flat()), START, GOAL, reverse=True).gear[-1] == 1

    def test_on_open_ground_nobody_backs_up(self, jeep):
        assert (plan(jeep, terrain(flat()), START, GOAL, reverse=True).gear == 1).all()


class TestLimit:
    def test_a_clear_line_has_none(self, jeep):
        assert plan(jeep, terrain(flat()), START, GOAL).limit is None

    def test_a_line_that_touches_says_where_and_by_how_much(self, jeep):
        # given a ridge across the corridor, too high for the belly
        ground = terrain(0.5 * np.clip(1.0 - abs(X - 8.0) / 0.5, 0.0, None))
        line = plan(jeep, ground, START, GOAL, half_width=2.0)
        assert line.outcome is Outcome.TOUCHES
        assert line.exhausted
        assert line.limit.cause is Cause.CLEARANCE
        assert line.limit.part in jeep.part_names
        assert line.limit.clearance == pytest.approx(line.why.clearance, abs=0.02)
        assert line.limit.part.replace("_", " ") in str(line.limit)

    def test_a_wall_is_where_the_line_ends(self, jeep):
        line = plan(jeep, terrain(2.0 * (abs(X - 9.0) < 0.5)), START, GOAL)
        assert line.outcome is Outcome.BLOCKED
        assert line.limit.cause in (Cause.TILT, Cause.TIPS, Cause.NO_SUPPORT, Cause.UNSOLVED, Cause.CLEARANCE)
        assert 3.0 < line.limit.x < 9.5

    def test_unknown_ground_is_named(self, jeep):
        heights = flat()
        heights[X > 9.0] = np.nan
        line = plan(jeep, terrain(heights), START, GOAL)
        assert line.outcome is Outcome.BLOCKED
        assert line.limit.cause is Cause.UNKNOWN
        assert "unknown" in str(line.limit)

    def test_a_turn_too_tight_is_named(self, jeep):
        line = plan(jeep, terrain(flat()), START, (4.0, 5.0, 1.57))
        assert line.outcome is Outcome.BLOCKED
        assert line.limit.cause is Cause.TURN


class TestAnytime:
    def test_the_first_usable_line_takes_no_more_than_the_plan(self, jeep):
        ground = terrain(rocks(1, 160))
        found = {}
        for options in (0, abi.PLAN_FIRST):
            config = make_config(jeep)
            config["line"]["options"] = options
            engine = _core.Engine(config)
            engine.set_terrain(ground.grid)
            found[options] = engine.plan(np.array(START), np.array(GOAL))
        (best, _), (first, points) = found[0], found[abi.PLAN_FIRST]
        assert first["outcome"] == best["outcome"] == Outcome.CLEAR
        assert 0 < first["first_stances"] == best["first_stances"] <= first["stances"] <= best["stances"]
        assert np.nanmin(points["clearance"]) >= 0.0

    def test_a_warm_plan_goes_on_where_the_last_one_led(self, jeep):
        # given lines over several fields, and the vehicle 3 m on, a little beside each
        asked = {abi.PLAN_WARM: 0, 0: 0}
        for seed in range(6):
            ground = terrain(rocks(seed, 160))
            engines = {}
            for options in asked:
                config = make_config(jeep)
                config["line"]["options"] = options | abi.PLAN_FIRST
                engines[options] = _core.Engine(config)
                engines[options].set_terrain(ground.grid)
            _, line = engines[abi.PLAN_WARM].plan(np.array(START), np.array(GOAL))
            here = np.array([line["x"][30] + 0.02, line["y"][30] - 0.03, line["yaw"][30]])
            # when both plan anew
            for options, engine in engines.items():
                info, points = engine.plan(here, np.array((17.0, 0.0, np.nan)))
                asked[options] += int(info["stances"])
                # then they find a clear line,
                assert info["outcome"] == Outcome.CLEAR
                assert np.nanmin(points["clearance"]) >= 0.0
        # and the warm ones ask for fewer stances
        assert asked[abi.PLAN_WARM] < asked[0]

    def test_a_last_line_that_leads_nowhere_any_more_does_no_harm(self, jeep):
        # given a line planned on open ground, and a wall that has come to stand across it, with a way round
        config = make_config(jeep)
        config["line"]["options"] = abi.PLAN_WARM
        engine = _core.Engine(config)
        engine.set_terrain(terrain(flat()).grid)
        engine.plan(np.array(START), np.array(GOAL))
        engine.set_terrain(terrain(rock(8.0, 0.0, 0.5, 0.6)).grid)
        info, points = engine.plan(np.array(START), np.array(GOAL))
        assert info["outcome"] == Outcome.CLEAR
        assert np.nanmin(points["clearance"]) >= 0.0
