"""The stance against closed forms, against a slow solution of the same equations, and against physics."""
from __future__ import annotations

import csv
from pathlib import Path

import msgspec
import numpy as np
import pytest
from reference_stance import ReferenceStance

from trailcoach.errors import InputError
from trailcoach.margins import Footing
from trailcoach.stance import Quality, Rest, Stance, settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

VEHICLES = ("jeep-wrangler-jlur", "land-rover-defender-110")
WEIGHT = {name: Vehicle.load(name).mass * 9.81 for name in VEHICLES}
ROOT = Path(__file__).parent.parent
HALF = 8.0                      # m, the test grounds reach this far from the origin


@pytest.fixture(params=VEHICLES)
def vehicle(request) -> Vehicle:
    return Vehicle.load(request.param)


def ground(height, dx: float = 0.05, sigma: float = 0.01) -> Terrain:
    """A terrain whose posts lie on height(x, y)."""
    axis = np.arange(-HALF, HALF + dx / 2, dx)
    x, y = np.meshgrid(axis, axis)
    return Terrain.from_heights(height(x, y) + 0.0 * x, -HALF, -HALF, dx, sigma=sigma)


def level(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.zeros_like(x)


def at(stance: Stance) -> tuple[float, float, float]:
    return stance.z[0], stance.roll[0], stance.pitch[0]


class TestClosedForms:
    @pytest.mark.parametrize("yaw", [0.0, 0.7, -2.4, np.pi])
    def test_level_ground_is_design_ride_height(self, vehicle, yaw):
        stance = settle(vehicle, ground(level), [[0.3, -0.2, yaw]])
        assert stance.status[0] == Rest.OK
        assert at(stance) == pytest.approx((0.0, 0.0, 0.0), abs=2e-4)
        front = vehicle.mass * 9.81 * vehicle.cg[0] / vehicle.wheelbase / 2
        assert stance.wheel_load[0, :2] == pytest.approx(front, rel=1e-3)
        assert stance.wheel_load[0].sum() == pytest.approx(vehicle.mass * 9.81, rel=1e-4)

    def test_level_ground_clearance_is_the_height_of_each_part(self, vehicle):
        stance = settle(vehicle, ground(level), [[0.0, 0.0, 0.4]])
        heights = [p.centre[2] - (p.half_size[2] if p.shape == "box" else p.radius) for p in vehicle.part]
        assert stance.clearance[0] == pytest.approx(heights, abs=3e-4)
        assert stance.nearest[0, :, 2] == pytest.approx(0.0)

    def test_level_ground_tip_margin_is_half_track_over_cg_height(self, vehicle):
        stance = settle(vehicle, ground(level), [[0.0, 0.0, 0.0]])
        track = (vehicle.front_axle.track + vehicle.rear_axle.track) / 2
        assert stance.tip_margins[0, 0] == pytest.approx(np.arctan(track / 2 / vehicle.cg[2]), abs=0.01)
        assert stance.tip_margins[0, 3] == pytest.approx(np.arctan(vehicle.cg[0] / vehicle.cg[2]), abs=0.01)
        assert stance.tip_margin[0] == stance.tip_margins[0].min()

    @pytest.mark.parametrize("degrees", [5.0, 15.0, 25.0])
    def test_ramp_pitches_by_its_slope_and_the_load_it_moves(self, vehicle, degrees):
        slope = np.radians(degrees)
        stance = settle(vehicle, ground(lambda x, y: x * np.tan(slope)), [[0.0, 0.0, 0.0]])
        # loads of a rigid body on the slope; springs and tyres give way in proportion
        lean = vehicle.cg[2] * np.tan(slope) / vehicle.wheelbase
        front = vehicle.mass * 9.81 * (vehicle.cg[0] / vehicle.wheelbase - lean) / 2
        assert stance.wheel_load[0, 0] == pytest.approx(front, rel=0.03)
        assert stance.wheel_load[0, 0] == pytest.approx(stance.wheel_load[0, 1], rel=1e-3)
        squat = np.degrees(-stance.pitch[0]) - degrees
        assert 0.0 < squat < 0.1 * degrees
        assert stance.roll[0] == pytest.approx(0.0, abs=1e-4)

    @pytest.mark.parametrize("degrees", [5.0, 15.0])
    def test_side_slope_mirrors(self, vehicle, degrees):
        vehicle = msgspec.structs.replace(vehicle, part=())
        slope = np.tan(np.radians(degrees))
        left_low = settle(vehicle, ground(lambda x, y: y * slope), [[0.0, 0.0, 0.0]])
        right_low = settle(vehicle, ground(lambda x, y: -y * slope), [[0.0, 0.0, 0.0]])
        assert left_low.roll[0] == pytest.approx(-right_low.roll[0], abs=2e-5)
        assert np.degrees(left_low.roll[0]) > degrees           # it leans further than the ground
        np.testing.assert_allclose(left_low.wheel_load[0], right_low.wheel_load[0, [1, 0, 3, 2]], rtol=1e-3)
        np.testing.assert_allclose(left_low.tip_margins[0, :2], right_low.tip_margins[0, [1, 0]], atol=1e-4)

    def test_a_step_under_one_wheel_twists_the_axles_against_each_other(self, vehicle):
        step = 0.06
        stance = settle(vehicle, ground(lambda x, y: np.where((x > 2.0) & (y > 0.3), step, 0.0)), [[0.0, 0.0, 0.0]])
        assert stance.status[0] == Rest.OK
        fl, fr, rl, rr = stance.wheel_load[0]
        assert fl > fr
        assert rr > rl
        assert fl + fr + rl + rr == pytest.approx(vehicle.mass * 9.81, rel=1e-3)
        assert stance.travel[0, 0] > stance.travel[0, 1]
        assert 0.0 < stance.roll[0] < step / vehicle.front_axle.track

    def test_a_deep_hole_lifts_the_wheel_above_it(self, vehicle):
        # with its weight well ahead of the diagonal through the other rear wheel it does not fall in
        vehicle = msgspec.structs.replace(vehicle, cg=(1.9, 0.0, 0.72))
        hole = ground(lambda x, y: np.where((x < 1.0) & (y > 0.2), -1.0, 0.0))
        stance = settle(vehicle, hole, [[0.0, 0.0, 0.0]])
        assert stance.status[0] == Rest.OK
        assert list(stance.lifted[0]) == [False, False, True, False]
        assert stance.wheel_load[0, 2] == 0.0

    def test_crest_between_the_axles_comes_near_the_belly(self, vehicle):
        slope = np.tan(np.radians(8.0))
        peak = vehicle.wheelbase / 2
        stance = settle(vehicle, ground(lambda x, y: -np.abs(x - peak) * slope), [[0.0, 0.0, 0.0]])
        flat = settle(vehicle, ground(level), [[0.0, 0.0, 0.0]])
        belly = vehicle.part_names.index("transfer_case")
        lost = flat.clearance[0, belly] - stance.clearance[0, belly]
        assert lost == pytest.approx(peak * slope, abs=0.02)
        assert stance.nearest[0, belly, 0] == pytest.approx(peak, abs=0.03)

    def test_too_steep_a_side_slope_tips(self, vehicle):
        steep = ground(lambda x, y: y * np.tan(np.radians(52.0)))
        stance = settle(vehicle, steep, [[0.0, 0.0, 0.0]])
        assert stance.status[0] == Rest.TIPS
        assert np.isnan(stance.roll[0])

    def test_rest_does_not_depend_on_where_on_the_map_or_heading_it_is_asked(self, vehicle):
        def bumps(x, y):
            return 0.1 * np.sin(1.3 * x) * np.cos(1.1 * y)
        axis = np.arange(-HALF, HALF + 0.02, 0.04)
        x, y = np.meshgrid(axis, axis)
        here = Terrain.from_heights(bumps(x, y), -HALF, -HALF, 0.04)
        turned = Terrain.from_heights(bumps(y, -x), -HALF, -HALF, 0.04)         # the same ground, 90 deg further
        far = Terrain.from_heights(bumps(x, y), 6e5 - HALF, 4.25e6 - HALF, 0.04)
        first = settle(vehicle, here, [[0.5, 0.2, 0.3]])
        second = settle(vehicle, turned, [[-0.2, 0.5, 0.3 + np.pi / 2]])
        third = settle(vehicle, far, [[6e5 + 0.5, 4.25e6 + 0.2, 0.3]])
        assert at(first) == pytest.approx(at(second), abs=1e-4)
        assert at(first) == pytest.approx(at(third), abs=1e-4)


class TestReference:
    @pytest.mark.parametrize("pose", [(0.0, 0.0, 0.2), (0.8, -0.5, 1.9), (-1.0, 0.7, -2.6)])
    @pytest.mark.parametrize("height", [0.05, 0.15])
    def test_agrees_with_a_slow_solution_of_the_same_equations(self, vehicle, pose, height):
        def bumps(x, y):
            return height * (np.sin(1.7 * x + 0.4) * np.cos(1.3 * y) + 0.4 * np.sin(2.6 * y))
        fast = settle(vehicle, ground(bumps, dx=0.02), [pose])
        start = np.zeros(7)
        start[:3] = at(fast)
        slow = ReferenceStance(vehicle).settle(bumps, np.array(pose), start)
        assert slow.unbalance < 1.0
        assert fast.z[0] == pytest.approx(slow.z, abs=5e-4)
        assert fast.roll[0] == pytest.approx(slow.roll, abs=5e-4)
        assert fast.pitch[0] == pytest.approx(slow.pitch, abs=5e-4)
        np.testing.assert_allclose(fast.wheel_load[0], slow.loads, atol=0.01 * WEIGHT[VEHICLES[0]])


    @pytest.mark.parametrize("kind", ["trapezoid", "ruts", "rock", "crest"])
    @pytest.mark.parametrize("name", VEHICLES)
    def test_agrees_with_it_on_the_ground_of_physics_truth(self, name, kind):
        """The first bundled pose of each kind, on ground bilinear between its posts. Rock fields are left out: from
        their many contacts scipy's search wanders off to balances far away."""
        vehicle, cases = Vehicle.load(name), ROOT / "terrain_data" / "stance"
        with (cases / f"{name}.csv").open() as file:
            case = next(row for row in csv.DictReader(file) if row["kind"] == kind)
        terrain = Terrain.open(cases / "terrain" / f"{case['terrain']}.tif")
        x, y, yaw = (float(case[c]) for c in ("x", "y", "yaw"))
        fast = settle(vehicle, terrain, [[x, y, yaw]])
        start = np.zeros(7)
        start[:3] = at(fast)
        slow = ReferenceStance(vehicle).settle(lambda u, v: terrain.height(u + x, v + y), np.array([0.0, 0.0, yaw]),
                                               start)
        assert slow.unbalance < 1.0
        assert fast.z[0] == pytest.approx(slow.z, abs=5e-4)
        assert fast.roll[0] == pytest.approx(slow.roll, abs=5e-4)
        assert fast.pitch[0] == pytest.approx(slow.pitch, abs=5e-4)
        np.testing.assert_allclose(fast.wheel_load[0], slow.loads, atol=0.01 * WEIGHT[name])


class TestQuality:
    def test_a_rest_on_smooth_ground_is_exact(self, vehicle):
        stance = settle(vehicle, ground(lambda x, y: 0.1 * np.sin(x) * np.cos(y)), [[0.0, 0.0, 0.3], [1.0, -0.5, 2.0]])
        assert list(stance.status) == [Rest.OK, Rest.OK]
        assert list(stance.quality) == [Quality.EXACT, Quality.EXACT]

    @pytest.mark.parametrize("slope_deg", range(20, 39, 3))
    def test_a_rest_on_a_steep_side_slope_is_found(self, vehicle, slope_deg):
        """Nearly tipping: tyres slide along their axles as far as their lateral springs let them."""
        steep = ground(lambda x, y: np.tan(np.radians(slope_deg)) * y)
        stance = settle(vehicle, steep, [[0.0, 0.0, 0.0], [0.0, 0.0, 0.4], [0.0, 0.0, np.pi]])
        assert list(stance.status) == [Rest.OK] * 3
        np.testing.assert_allclose(stance.wheel_load.sum(axis=1), vehicle.mass * 9.81, atol=80.0)
        assert np.all(np.degrees(np.abs(stance.roll[[0, 2]])) > slope_deg)      # it leans downhill

    def test_the_forces_at_rest_balance_as_well_as_the_quality_says(self, vehicle):
        rng = np.random.default_rng(5)
        blocks = np.kron(rng.uniform(0.0, 0.4, (40, 40)), np.ones((8, 8)))          # sheer steps everywhere
        terrain = Terrain.from_heights(blocks, -HALF, -HALF, 0.05)
        poses = np.column_stack([rng.uniform(-3.0, 3.0, (150, 2)), rng.uniform(-np.pi, np.pi, 150)])
        stance = settle(vehicle, terrain, poses)
        left = np.abs(stance.wheel_load.sum(axis=1) - vehicle.mass * 9.81)
        allowed = np.array([20.0, 80.0, 500.0])[stance.quality]
        rests = stance.status == Rest.OK
        assert rests.mean() > 0.9
        assert np.any(stance.quality[rests] != Quality.EXACT)
        assert np.all(left[rests] < allowed[rests])


class TestClearance:
    def test_a_rock_between_the_posts_of_other_parts_is_found(self, vehicle):
        rock = ground(lambda x, y: np.maximum(0.0, 0.2 - np.hypot(x - 1.45, y)), dx=0.04)
        stance = settle(vehicle, rock, [[0.0, 0.0, 0.0]])
        part = vehicle.part_names.index("transfer_case")
        assert stance.clearance[0, part] == pytest.approx(
            settle(vehicle, ground(level), [[0.0, 0.0, 0.0]]).clearance[0, part] - 0.19, abs=0.012)
        assert stance.nearest[0, part, :2] == pytest.approx((1.45, 0.0), abs=0.03)

    def test_interference_is_negative_and_certain(self, vehicle):
        block = ground(lambda x, y: np.where((np.abs(x - 1.45) < 0.2) & (np.abs(y) < 0.2), 0.6, 0.0))
        stance = settle(vehicle, block, [[0.0, 0.0, 0.0]])
        part = vehicle.part_names.index("transfer_case")
        assert stance.clearance[0, part] < -0.1
        assert stance.contact_probability[0, part] > 0.999

    def test_probability_falls_with_clearance_and_is_a_half_at_none(self, vehicle):
        part = vehicle.part_names.index("transfer_case")
        free = settle(vehicle, ground(level), [[0.0, 0.0, 0.0]]).clearance[0, part]
        chances = []
        for height in (free - 0.03, free, free + 0.03):
            plate = ground(lambda x, y, h=height: np.where((np.abs(x - 1.45) < 0.2) & (np.abs(y) < 0.2), h, 0.0))
            chances.append(settle(vehicle, plate, [[0.0, 0.0, 0.0]]).contact_probability[0, part])
        assert chances[0] < 0.05
        assert chances[1] == pytest.approx(0.5, abs=0.02)
        assert chances[2] > 0.95

    def test_a_rougher_map_is_less_certain(self, vehicle):
        fine, coarse = (settle(vehicle, ground(level, sigma=s), [[0.0, 0.0, 0.0]]) for s in (0.01, 0.2))
        assert np.all(fine.contact_probability < coarse.contact_probability)

    def test_parts_on_an_axle_follow_it(self):
        jeep = Vehicle.load("jeep-wrangler-jlur")
        lifted = settle(jeep, ground(lambda x, y: np.where(x > 2.0, 0.1, 0.0)), [[0.0, 0.0, 0.0]])
        part = jeep.part_names.index("front_diff")
        flat = settle(jeep, ground(level), [[0.0, 0.0, 0.0]])
        assert lifted.clearance[0, part] == pytest.approx(flat.clearance[0, part], abs=0.01)

    def test_unknown_ground_below_a_part_leaves_its_clearance_unknown(self, vehicle):
        def hole(x, y):
            return np.where(np.hypot(x - 1.45, y) < 0.1, np.nan, 0.0)
        stance = settle(vehicle, ground(hole), [[0.0, 0.0, 0.0]])
        part = vehicle.part_names.index("transfer_case")
        assert stance.status[0] == Rest.OK
        assert np.isnan(stance.clearance[0, part])
        assert np.isnan(stance.contact_probability[0, part])
        assert np.isfinite(stance.clearance[0, vehicle.part_names.index("front_bumper")])

    def test_a_part_off_the_map_is_unknown_and_said(self, vehicle):
        tail = HALF - vehicle.wheelbase - 0.55                  # the front bumper hangs over the edge
        stance = settle(vehicle, ground(level), [[tail, 0.0, 0.0]])
        assert stance.status[0] == Rest.OFF_MAP
        assert stance.z[0] == pytest.approx(0.0, abs=2e-4)
        assert np.isnan(stance.clearance[0, vehicle.part_names.index("front_bumper")])


class TestBadInput:
    @pytest.mark.parametrize(("pose", "status"), [
        ((100.0, 0.0, 0.0), Rest.OFF_MAP), ((HALF - 1.0, 0.0, 0.0), Rest.OFF_MAP), ((np.nan, 0.0, 0.0), Rest.BAD_POSE),
        ((0.0, np.inf, 0.0), Rest.BAD_POSE), ((0.0, 0.0, np.nan), Rest.BAD_POSE), ((1e300, 0.0, 0.0), Rest.OFF_MAP),
    ])
    def test_a_pose_without_an_answer_says_why_and_makes_up_nothing(self, vehicle, pose, status):
        stance = settle(vehicle, ground(level), [pose])
        assert stance.status[0] == status
        for values in (stance.z, stance.roll, stance.pitch, stance.wheel_load, stance.clearance, stance.tip_margins,
                       stance.contact_probability, stance.nearest):
            assert np.all(np.isnan(values))
        assert not stance.lifted.any()

    def test_unknown_ground_under_a_wheel(self, vehicle):
        stance = settle(vehicle, ground(lambda x, y: np.where((x > 2.5) & (y > 0.3), np.nan, 0.0)), [[0.0, 0.0, 0.0]])
        assert stance.status[0] == Rest.UNKNOWN
        assert np.isnan(stance.z[0])

    def test_a_map_of_nothing_but_unknown(self, vehicle):
        stance = settle(vehicle, ground(lambda x, y: np.nan), [[0.0, 0.0, 0.0]])
        assert stance.status[0] == Rest.UNKNOWN

    def test_a_map_smaller_than_the_vehicle(self, vehicle):
        patch = Terrain.from_heights(np.zeros((2, 2)), 0.0, 0.0, 0.5)
        assert settle(vehicle, patch, [[0.2, 0.2, 0.0]]).status[0] == Rest.OFF_MAP

    def test_one_bad_pose_leaves_the_others_alone(self, vehicle):
        bumps = ground(lambda x, y: 0.1 * np.sin(x) * np.sin(y))
        alone = settle(vehicle, bumps, [[0.0, 0.0, 0.0]])
        mixed = settle(vehicle, bumps, [[np.nan, 0.0, 0.0], [0.0, 0.0, 0.0]])
        assert list(mixed.status) == [Rest.BAD_POSE, Rest.OK]
        assert at(alone) == (mixed.z[1], mixed.roll[1], mixed.pitch[1])

    @pytest.mark.parametrize("heights", ["noise", "spikes", "cliff"])
    def test_wild_ground_always_ends_with_a_status(self, vehicle, heights):
        rng = np.random.default_rng(7)
        shape = (401, 401)
        wild = {"noise": rng.normal(0.0, 0.3, shape), "spikes": np.where(rng.random(shape) < 0.01, 2.0, 0.0),
                "cliff": np.where(np.arange(401) > 200, 5.0, 0.0) + np.zeros(shape)}[heights]
        poses = np.column_stack([rng.uniform(-5, 5, 200), rng.uniform(-5, 5, 200), rng.uniform(-3, 3, 200)])
        stance = settle(vehicle, Terrain.from_heights(wild, -HALF, -HALF, 0.04), poses)
        ok = stance.status == Rest.OK
        assert set(stance.status) <= set(Rest)
        assert np.all(np.isfinite(stance.z) == np.isfinite(stance.roll))
        assert np.all(np.isnan(stance.z[~ok & (stance.status != Rest.OFF_MAP)]))
        unbalanced = np.abs(stance.wheel_load.sum(axis=1) / (vehicle.mass * 9.81) - 1.0)
        exact = ok & (stance.quality == Quality.EXACT)
        assert np.all(unbalanced[exact] < 0.01)
        assert np.all(unbalanced[ok] < 0.025)           # at an edge a contact jumps, and the stance says so

    def test_no_poses(self, vehicle):
        stance = settle(vehicle, ground(level), np.empty((0, 3)))
        assert len(stance) == 0
        assert stance.clearance.shape == (0, len(vehicle.part))

    @pytest.mark.parametrize("poses", [[1.0, 2.0, 3.0], [[1.0, 2.0]], np.zeros((2, 4))])
    def test_poses_of_a_wrong_shape(self, vehicle, poses):
        with pytest.raises(InputError, match="x, y, yaw"):
            settle(vehicle, ground(level), poses)


class TestBatch:
    def test_more_poses_than_memory_holds_are_refused_in_one_line(self, vehicle):
        with pytest.raises(InputError, match="fewer at a time"):
            settle(vehicle, ground(level), np.broadcast_to(np.zeros(3), (10**13, 3)))

    def test_the_memory_of_a_pose_is_as_stated(self, vehicle):
        stance = settle(vehicle, ground(level), np.zeros((10, 3)), footing=Footing())
        arrays = [a for a in vars(stance).values() if isinstance(a, np.ndarray)]
        taken = sum(a.nbytes for a in arrays) + stance.margins.records.nbytes
        assert taken <= 10 * (188 + 40 * len(vehicle.part) + 664)

    def test_a_part_wider_than_the_map_is_unknown_and_said(self, vehicle):
        wide = msgspec.structs.replace(vehicle.part[0], name="wide", shape="box", half_size=(0.1, 9.0, 0.05),
                                       radius=None, half_length=None, fixed_to="chassis")
        stance = settle(msgspec.structs.replace(vehicle, part=(*vehicle.part, wide)), ground(level), [[0.0, 0.0, 0.0]],
                        footing=Footing())
        assert stance.status[0] == Rest.OFF_MAP
        assert np.isnan(stance.clearance[0, -1])
        assert np.isfinite(stance.clearance[0, :-1]).all()
        assert np.isnan(stance.margins.tip).all()

    def test_many_poses_in_pieces_with_progress(self, vehicle):
        seen = []
        poses = np.tile([[0.0, 0.0, 0.0]], (5000, 1))
        stance = settle(vehicle, ground(level), poses, lambda done, n: seen.append((done, n)))
        assert seen[-1] == (5000, 5000)
        assert len(seen) > 1
        assert np.ptp(stance.z) == 0.0

    def test_the_same_question_has_the_same_bits(self, vehicle):
        bumps = ground(lambda x, y: 0.15 * np.sin(1.9 * x) * np.sin(1.6 * y))
        poses = np.random.default_rng(3).uniform(-3, 3, (50, 3))
        first, second = settle(vehicle, bumps, poses), settle(vehicle, bumps, poses)
        np.testing.assert_array_equal(first.clearance, second.clearance)
        np.testing.assert_array_equal(first.roll, second.roll)

    def test_csv_holds_the_columns_of_the_contract(self, vehicle, tmp_path):
        stance = settle(vehicle, ground(level), [[0.0, 0.0, 0.0], [99.0, 0.0, 0.0]])
        stance.write_csv(tmp_path / "stance.csv", ids=["a", "b"])
        with open(tmp_path / "stance.csv", newline="") as f:
            rows = list(csv.DictReader(f))
        parts = vehicle.part_names
        assert list(rows[0]) == ["id", "x", "y", "yaw", "z", "roll", "pitch",
                                 "load_fl", "load_fr", "load_rl", "load_rr", "tip_margin",
                                 *(f"clearance_{p}" for p in parts), *(f"p_contact_{p}" for p in parts),
                                 "status", "quality"]
        assert [r["quality"] for r in rows] == ["exact", ""]
        assert rows[0]["id"] == "a"
        assert rows[0]["status"] == "ok"
        assert float(rows[0][f"clearance_{parts[0]}"]) == pytest.approx(stance.clearance[0, 0], abs=1e-6)
        assert rows[1]["status"] == "off_map"
        assert rows[1]["z"] == ""

    def test_csv_with_too_few_ids(self, vehicle, tmp_path):
        stance = settle(vehicle, ground(level), [[0.0, 0.0, 0.0]])
        with pytest.raises(InputError, match="ids"):
            stance.write_csv(tmp_path / "stance.csv", ids=[])


class TestPhysics:
    """Against resting poses of a physics engine: every case, however path dependent its truth."""

    @pytest.fixture(scope="class")
    def errors(self, shared: Path) -> dict[str, np.ndarray]:
        folder = shared / "data" / "rig" / "stance"
        out: dict[str, list[float]] = {"roll": [], "pitch": [], "clearance": [], "load": [], "tip": [], "lift": []}
        for name in VEHICLES:
            vehicle = Vehicle.load(name)
            with open(folder / f"{name}.csv", newline="") as f:
                rows = list(csv.DictReader(f))
            for tile in sorted({r["terrain"] for r in rows}):
                terrain = Terrain.open(folder / "terrain" / f"{tile}.tif")
                here = [r for r in rows if r["terrain"] == tile]
                numbers = [k for k in here[0] if k not in ("id", "terrain", "kind")]
                truth = {k: np.array([float(r[k]) for r in here]) for k in numbers}
                stance = settle(vehicle, terrain, np.column_stack([truth["x"], truth["y"], truth["yaw"]]))
                loads = np.column_stack([truth[f"load_{w}"] for w in ("fl", "fr", "rl", "rr")])
                least = np.min([truth[f"clearance_{p}"] for p in vehicle.part_names], axis=0)
                out["roll"] += list(np.degrees(stance.roll - truth["roll"]))
                out["pitch"] += list(np.degrees(stance.pitch - truth["pitch"]))
                out["clearance"] += list(1e3 * (stance.clearance.min(axis=1) - least))
                out["load"] += list(np.abs(stance.wheel_load - loads).max(axis=1) / WEIGHT[name] * 100)
                out["tip"] += list(np.degrees(stance.tip_margins[:, 0] - truth["tip_left"]))
                out["lift"] += list(np.all(stance.lifted == (loads < 50.0), axis=1))
        return {k: np.abs(np.array(v, float)) for k, v in out.items()}

    def test_every_case_comes_to_rest(self, errors):
        assert np.all(np.isfinite(errors["roll"]))

    @pytest.mark.parametrize(("what", "median", "p95"), [
        ("roll", 0.10, 0.8), ("pitch", 0.05, 0.5), ("clearance", 1.5, 18.0), ("load", 2.0, 8.0), ("tip", 0.5, 4.0)])
    def test_errors_stay_small(self, errors, what, median, p95):
        assert np.median(errors[what]) <= median
        assert np.percentile(errors[what], 95) <= p95

    def test_lifted_wheels_agree(self, errors):
        assert errors["lift"].mean() >= 0.97
