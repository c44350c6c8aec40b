"""Margins against closed forms, against the physics engine's figures, and where the input is bad."""
from __future__ import annotations

import csv
from pathlib import Path

import msgspec
import numpy as np
import pytest

from trailcoach.errors import InputError
from trailcoach.margins import Flag, Footing, Range
from trailcoach.stance import Rest, Stance, settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle
from trailcoach.vehicle.angles import ramp_angles

VEHICLES = ("jeep-wrangler-jlur", "land-rover-defender-110")
HALF = 7.0                      # m, the test grounds reach this far from the origin
G = 9.81


@pytest.fixture(params=VEHICLES)
def vehicle(request) -> Vehicle:
    return Vehicle.load(request.param)


def with_differentials(vehicle: Vehicle, front: str, centre: str, rear: str) -> Vehicle:
    return msgspec.structs.replace(vehicle, driveline=msgspec.structs.replace(
        vehicle.driveline, front_differential=front, centre_differential=centre, rear_differential=rear))


def ground(height) -> Terrain:
    axis = np.arange(-HALF, HALF + 0.025, 0.05)
    x, y = np.meshgrid(axis, axis)
    return Terrain.from_heights(height(x, y) + 0.0 * x, -HALF, -HALF, 0.05, sigma=0.01)


def examine(vehicle: Vehicle, height, pose=(0.0, 0.0, 0.0), **footing) -> Stance:
    stance = settle(vehicle, ground(height), [pose], footing=Footing(**footing))
    assert stance.status[0] == Rest.OK
    assert stance.margins is not None
    return stance


def slope(along_deg: float, aside_deg: float = 0.0):
    return lambda x, y: x * np.tan(np.radians(along_deg)) + y * np.tan(np.radians(aside_deg))


class TestTipping:
    def test_on_the_level_it_tips_where_the_physics_engine_does(self, vehicle):
        """The rig turned gravity by 3 deg/s until the uphill side was free: 40.5 and 45.4 deg."""
        engine = {"jeep-wrangler-jlur": 40.5, "land-rover-defender-110": 45.4}
        rigid = np.degrees(np.arctan(vehicle.front_axle.track / 2 / vehicle.cg[2]))
        for name, angle in engine.items():
            if Vehicle.load(name).name == vehicle.name:
                left, right, *_ = np.degrees(examine(vehicle, slope(0.0)).margins.tip[0])
                assert left == pytest.approx(angle, abs=2.0)
                assert left == pytest.approx(right, abs=0.3)
                assert left < rigid - 2.0

    def test_stiff_springs_and_tyres_tip_as_a_rigid_body(self, vehicle):
        """atan(half the track over the height of the centre of gravity), but for the tread's own half width."""
        def stiff(axle):
            return msgspec.structs.replace(axle, spring_rate=1e6, anti_roll_rate=1e6)
        rigid = msgspec.structs.replace(
            vehicle, front_axle=stiff(vehicle.front_axle), rear_axle=stiff(vehicle.rear_axle),
            tyre=msgspec.structs.replace(vehicle.tyre, radial_stiffness=5e6))
        stance = examine(rigid, slope(0.0))
        half_track = (vehicle.front_axle.track + vehicle.rear_axle.track) / 4
        for margin in stance.margins.tip[0, :2]:
            assert np.degrees(margin) == pytest.approx(np.degrees(np.arctan(half_track / vehicle.cg[2])), abs=1.5)

    def test_what_a_side_slope_takes_from_one_side_it_gives_to_the_other(self, vehicle):
        level, tilted = (np.degrees(examine(vehicle, slope(0.0, d)).margins.tip[0]) for d in (0.0, 15.0))
        assert tilted[1] == pytest.approx(level[1] - 15.0, abs=2.0)      # the right side is low
        assert tilted[0] > level[0] + 10.0


class TestRamps:
    def test_on_the_level_they_are_those_of_the_data_sheet(self, vehicle):
        margins = examine(vehicle, slope(0.0), (0.3, 0.1, 0.8)).margins
        sheet = ramp_angles(vehicle)
        expected = [sheet.approach.value, sheet.breakover.value, sheet.departure.value]
        assert np.degrees(margins.ramps[0]) == pytest.approx(expected, abs=0.2)
        assert np.degrees(margins.ramp_room[0]) == pytest.approx(expected, abs=0.2)
        parts = [margins.parts[margins.records[f"{name}_part"][0]] for name in ("approach", "breakover", "departure")]
        assert parts == [sheet.approach.part, sheet.breakover.part, sheet.departure.part]

    def test_a_slope_ahead_takes_its_angle_from_the_approach_room(self, vehicle):
        """The ground rises from a tyre's radius ahead of the hub on: room left = approach - the line over the rise."""
        foot = vehicle.wheelbase + vehicle.tyre.radius + 0.02
        rise = np.tan(np.radians(20.0))
        level = examine(vehicle, slope(0.0)).margins
        stance = examine(vehicle, lambda x, y: np.maximum(0.0, (x - foot) * rise))
        lost = level.ramp_room[0] - stance.margins.ramp_room[0]
        assert stance.margins.ramps[0, 0] == pytest.approx(level.ramps[0, 0], abs=0.02)     # it still stands level
        assert 0.0 <= np.degrees(lost[0]) < 20.0
        assert np.degrees(lost[2]) == pytest.approx(0.0, abs=0.2)

    def test_a_crest_takes_twice_its_flank_from_the_breakover_room(self, vehicle):
        flank = np.tan(np.radians(6.0))
        middle = vehicle.wheelbase / 2
        level = examine(vehicle, slope(0.0)).margins.ramp_room[0, 1]
        crest = examine(vehicle, lambda x, y: -np.abs(x - middle) * flank).margins.ramp_room[0, 1]
        assert np.degrees(level - crest) == pytest.approx(12.0, abs=2.0)

    def test_interference_leaves_less_than_no_room(self, vehicle):
        block = examine(vehicle, lambda x, y: np.where((np.abs(x - 1.45) < 0.2) & (np.abs(y) < 0.2), 0.6, 0.0))
        assert block.margins.ramp_room[0, 1] < 0.0

    def test_unknown_ground_below_leaves_the_room_unknown(self, vehicle):
        hole = examine(vehicle, lambda x, y: np.where(np.hypot(x - 1.45, y) < 0.15, np.nan, 0.0)).margins
        assert np.isnan(hole.ramp_room[0, 1])
        assert np.isfinite(hole.ramps[0]).all()


class TestOtherRests:
    def test_on_smooth_ground_there_is_one_rest(self, vehicle):
        margins = examine(vehicle, lambda x, y: 0.05 * np.sin(x) * np.cos(y)).margins
        assert margins.records["rests"][0] == 1
        assert not margins.flags[0] & (Flag.RESTS_ELSEWHERE | Flag.UNSTEADY)
        assert margins.spread[0, 0] < 0.01
        assert np.degrees(margins.spread[0, 1:3].max()) < 0.6
        assert np.isnan(margins.other_rest[0]).all()

    def test_on_two_opposite_pillars_both_rests_are_told(self, vehicle):
        """Two diagonal wheels on pillars: it rocks to the third wheel of either side."""
        pillar = 0.6 if vehicle.front_axle.suspension == "solid" else 0.4       # as far as its axles follow

        def ground_of(x, y):
            front = (x > vehicle.wheelbase / 2) & (y > 0.0)
            rear = (x < vehicle.wheelbase / 2) & (y < 0.0)
            return np.where(front | rear, pillar, 0.0)
        stance = examine(vehicle, ground_of)
        other = stance.margins.other_rest[0]
        assert stance.margins.flags[0] & Flag.RESTS_ELSEWHERE
        assert stance.margins.records["rests"][0] >= 2
        assert np.sign(other[1]) == -np.sign(stance.roll[0])            # over to the other side
        assert np.degrees(abs(other[1] - stance.roll[0])) > 5.0


class TestGrounding:
    def test_free_parts_carry_nothing(self, vehicle):
        stance = examine(vehicle, slope(0.0))
        assert np.all(stance.margins.part_load[0] == 0.0)
        assert stance.margins.carrying_part[0] == -1
        assert not stance.margins.flags[0] & (Flag.PART_CARRIES | Flag.HIGH_CENTRED)
        assert stance.margins.records["grounded_load"][0] == pytest.approx(stance.wheel_load[0], abs=30.0)

    def test_on_a_block_under_the_belly_it_is_high_centred_and_the_loads_still_add_up(self, vehicle):
        part = vehicle.part_names.index("transfer_case")
        x, y, _ = vehicle.part[part].centre
        high = settle(vehicle, ground(slope(0.0)), [[0.0, 0.0, 0.0]]).clearance[0, part] + 0.15
        stance = examine(vehicle, lambda u, v: np.where((np.abs(u - x) < 0.3) & (np.abs(v - y) < 0.3), high, 0.0))
        margins = stance.margins
        assert margins.flags[0] & Flag.HIGH_CENTRED
        assert not margins.flags[0] & Flag.PART_UNSOLVED
        assert "transfer_case" in [margins.parts[i] for i in np.flatnonzero(margins.part_load[0] > 0.0)]
        carried = margins.part_load[0].sum()
        wheels = margins.records["grounded_load"][0].sum()
        assert carried > 0.3 * vehicle.mass * G
        assert carried + wheels == pytest.approx(vehicle.mass * G, rel=0.03)
        assert margins.records["grounded_z"][0] > stance.z[0]

    def test_a_part_that_just_touches_carries_little(self, vehicle):
        part = vehicle.part_names.index("transfer_case")
        x, y, _ = vehicle.part[part].centre
        high = settle(vehicle, ground(slope(0.0)), [[0.0, 0.0, 0.0]]).clearance[0, part] + 0.004
        stance = examine(vehicle, lambda u, v: np.where((np.abs(u - x) < 0.3) & (np.abs(v - y) < 0.3), high, 0.0))
        assert 0.0 < stance.margins.part_load[0].sum() < 0.1 * vehicle.mass * G
        assert not stance.margins.flags[0] & Flag.HIGH_CENTRED


class TestFriction:
    def test_on_the_level_it_needs_none(self, vehicle):
        margins = examine(vehicle, slope(0.0)).margins
        assert margins.hold_friction[0] < 1e-3
        assert margins.drive_friction[0] < 1e-3
        assert margins.spins_first[0] == -1
        assert not margins.flags[0] & (Flag.SLIDES | Flag.WHEEL_SLIDES | Flag.NEARLY_SLIDES)

    @pytest.mark.parametrize(("along", "aside"), [(10.0, 0.0), (-25.0, 0.0), (0.0, 20.0), (15.0, 15.0)])
    def test_to_hold_on_a_plane_it_needs_the_tangent_of_the_slope(self, vehicle, along, aside):
        margins = examine(vehicle, slope(along, aside)).margins
        steep = np.hypot(np.tan(np.radians(along)), np.tan(np.radians(aside)))
        assert margins.hold_friction[0] == pytest.approx(steep, rel=0.03)
        assert margins.records["hold_wheel"][0] == pytest.approx(steep, rel=0.05)

    def test_the_slope_it_slides_on_is_that_of_the_friction(self, vehicle):
        flags = [int(examine(vehicle, slope(deg), friction=0.5).margins.flags[0]) for deg in (15.0, 24.0, 29.0)]
        assert not flags[0] & (Flag.SLIDES | Flag.NEARLY_SLIDES)
        assert flags[1] & Flag.NEARLY_SLIDES            # tan 24 = 0.445, more than 0.8 of it
        assert flags[2] & Flag.SLIDES                   # tan 29 = 0.554

    def test_locked_through_and_through_it_drives_where_it_holds(self, vehicle):
        margins = examine(with_differentials(vehicle, "locked", "locked", "locked"), slope(20.0)).margins
        assert margins.drive_friction[0] == pytest.approx(margins.hold_friction[0], rel=0.02)

    @pytest.mark.parametrize("degrees", [10.0, 20.0])
    def test_an_open_centre_is_limited_by_the_lighter_axle(self, vehicle, degrees):
        """Each axle pushes with half of W sin a, the front one with N_f on it: mu = W sin a / 2 / N_f."""
        stance = examine(with_differentials(vehicle, "open", "open", "open"), slope(degrees))
        weight, a = vehicle.mass * G, np.radians(degrees)
        front = stance.wheel_load[0, :2].sum() * np.cos(a)
        rear = stance.wheel_load[0, 2:].sum() * np.cos(a)
        # the wheels share the push evenly instead of by their loads, so that each P along the body keeps its part
        assert stance.margins.drive_friction[0] == pytest.approx(weight * np.sin(a) / 2 / min(front, rear), rel=0.04)
        assert stance.margins.spins_first[0] in (0, 1)
        locked = stance.margins.drive_locked[0, 2]
        assert locked == pytest.approx(np.tan(a), rel=0.03)

    @pytest.mark.parametrize("degrees", [4.0, 8.0])
    def test_a_hanging_wheel_leaves_an_open_axle_nothing(self, vehicle, degrees):
        """Rear left hangs over a hole on a ramp. Open: the front alone pushes, by its lighter wheel. Rear locked: the
        wheel on the ground pushes with the front, and little more friction is needed than to hold."""
        vehicle = with_differentials(msgspec.structs.replace(vehicle, cg=(1.9, 0.0, 0.72)), "open", "locked", "open")
        t = np.tan(np.radians(degrees))
        stance = examine(vehicle, lambda x, y: x * t - np.where((x < 1.0) & (y > 0.2), 1.0, 0.0), friction=1.0)
        assert list(stance.lifted[0]) == [False, False, True, False]
        margins, a = stance.margins, np.radians(degrees)
        weight, loads = vehicle.mass * G, stance.wheel_load[0] * np.cos(a)
        # a tenth of leeway: what the front wheels alone push, low on the ground, loads them a little otherwise
        assert margins.drive_friction[0] == pytest.approx(weight * np.sin(a) / 2 / loads[:2].min(), rel=0.12)
        assert margins.records["drive_wheel"][0, 3] < 0.05              # the other rear wheel gets no torque
        assert margins.drive_locked[0, 6] < margins.drive_friction[0]   # centre and rear locked
        assert margins.drive_locked[0, 7] <= margins.drive_locked[0, 6] + 1e-6
        assert margins.drive_locked[0, 7] == pytest.approx(margins.hold_friction[0], rel=0.03)
        assert margins.spins_first[0] in (0, 1)

    def test_with_a_wheel_off_and_all_open_there_is_no_traction_on_a_slope(self, vehicle):
        """One hanging wheel takes its torque from all four."""
        vehicle = with_differentials(msgspec.structs.replace(vehicle, cg=(1.9, 0.0, 0.72)), "open", "open", "open")
        t = np.tan(np.radians(10.0))
        margins = examine(vehicle, lambda x, y: x * t - np.where((x < 1.0) & (y > 0.2), 1.0, 0.0)).margins
        assert margins.drive_friction[0] == np.inf
        assert margins.drive_locked[0, 0] == np.inf
        assert margins.drive_locked[0, 7] < 0.3

    def test_limited_slip_lies_between_open_and_locked(self, vehicle):
        t = np.tan(np.radians(12.0))

        def hole(x, y):
            return x * t - np.where((x < 1.0) & (y > 0.2), 0.12, 0.0)
        need = [examine(with_differentials(vehicle, "open", "locked", kind), hole, limited_slip_bias=bias,
                        limited_slip_preload=0.0).margins.drive_friction[0]
                for kind, bias in (("open", 2.5), ("limited_slip", 1.0), ("limited_slip", 2.0), ("limited_slip", 10.0),
                                   ("locked", 2.5))]
        assert need[1] == pytest.approx(need[0], rel=0.02)              # a bias of one is open
        assert need[0] >= need[2] >= need[3] - 1e-3
        assert need[3] >= need[4] - 0.02 * need[4]

    def test_low_range_where_high_has_not_the_torque(self, vehicle):
        """W sin a R is the torque; the file's is that of low range."""
        weight, radius = vehicle.mass * G, vehicle.tyre.radius
        low, ratio = vehicle.driveline.max_wheel_torque, vehicle.driveline.low_range_ratio
        for degrees in (5.0, 30.0):
            margins = examine(vehicle, slope(degrees), friction=1.2).margins
            torque = weight * np.sin(np.radians(degrees)) * radius
            assert margins.records["drive_torque"][0] == pytest.approx(torque, rel=0.03)
            expected = Range.HIGH if torque < low / ratio else Range.LOW
            assert margins.gear_range[0] == expected
        weak = msgspec.structs.replace(vehicle, driveline=msgspec.structs.replace(
            vehicle.driveline, max_wheel_torque=1000.0))
        assert examine(weak, slope(30.0), friction=1.2).margins.gear_range[0] == Range.NONE

    def test_a_vehicle_without_low_range_ratio_is_not_judged(self, vehicle):
        unknown = msgspec.structs.replace(vehicle, driveline=msgspec.structs.replace(
            vehicle.driveline, low_range_ratio=None))
        assert examine(unknown, slope(5.0)).margins.gear_range[0] == Range.UNKNOWN


class TestBadInput:
    @pytest.mark.parametrize(("name", "value"), [
        ("friction", 0.0), ("friction", 3.0), ("friction", np.nan), ("friction", "wet"), ("limited_slip_bias", 0.5),
        ("limited_slip_preload", -1.0)])
    def test_a_footing_out_of_range(self, name, value):
        with pytest.raises(InputError, match=name):
            Footing(**{name: value})

    @pytest.mark.parametrize(("pose", "status"), [
        ((100.0, 0.0, 0.0), Rest.OFF_MAP), ((np.nan, 0.0, 0.0), Rest.BAD_POSE), ((HALF - 1.0, 0.0, 0.0), Rest.OFF_MAP)])
    def test_a_pose_without_rest_has_no_margins(self, vehicle, pose, status):
        stance = settle(vehicle, ground(slope(0.0)), [pose], footing=Footing())
        assert stance.status[0] == status
        margins = stance.margins
        for values in (margins.tip, margins.ramps, margins.ramp_room, margins.spread, margins.other_rest,
                       margins.part_load, margins.hold_friction, margins.drive_locked):
            assert np.all(np.isnan(values))
        assert margins.flags[0] == 0

    def test_wild_ground_is_survived(self, vehicle):
        rng = np.random.default_rng(11)
        terrain = Terrain.from_heights(rng.normal(0.0, 0.2, (281, 281)), -HALF, -HALF, 0.05)
        poses = np.column_stack([rng.uniform(-2, 1, (20, 2)), rng.uniform(-3, 3, 20)])
        margins = settle(vehicle, terrain, poses, footing=Footing()).margins
        assert np.all((margins.hold_friction >= 0.0) | np.isnan(margins.hold_friction))
        assert np.all(np.isnan(margins.part_load) | (margins.part_load >= 0.0))
        assert np.all((margins.drive_friction >= 0.0) | np.isnan(margins.drive_friction))


class TestMany:
    def test_without_a_footing_there_are_no_margins(self, vehicle):
        assert settle(vehicle, ground(slope(0.0)), [[0.0, 0.0, 0.0]]).margins is None

    def test_the_stance_is_the_same_with_margins(self, vehicle):
        bumps = ground(lambda x, y: 0.1 * np.sin(1.3 * x) * np.cos(y))
        poses = np.random.default_rng(5).uniform(-2.0, 1.0, (12, 3))
        plain, examined = settle(vehicle, bumps, poses), settle(vehicle, bumps, poses, footing=Footing())
        np.testing.assert_array_equal(plain.clearance, examined.clearance)
        np.testing.assert_array_equal(plain.roll, examined.roll)

    def test_each_pose_has_the_margins_it_has_alone(self, vehicle):
        bumps = ground(lambda x, y: 0.1 * np.sin(1.3 * x) * np.cos(y))
        poses = np.random.default_rng(5).uniform(-2.0, 1.0, (3, 3))
        together = settle(vehicle, bumps, poses, footing=Footing()).margins.records
        alone = settle(vehicle, bumps, poses[2:], footing=Footing()).margins.records
        assert together[2].tobytes() == alone[0].tobytes()

    def test_csv_holds_them_behind_the_stance(self, vehicle, tmp_path: Path):
        stance = settle(vehicle, ground(slope(20.0)), [[0.0, 0.0, 0.0], [99.0, 0.0, 0.0]],
                        footing=Footing(friction=0.4))
        stance.write_csv(tmp_path / "stance.csv")
        with open(tmp_path / "stance.csv", newline="") as f:
            first, second = csv.DictReader(f)
        assert first["flags"] == "nearly_slides"
        assert float(first["hold_friction"]) == pytest.approx(np.tan(np.radians(20.0)), rel=0.03)
        assert first["range"] in ("high", "low")
        assert first["approach_part"] == "front_bumper"
        assert second["flags"] == ""
        assert second["tip_left"] == second["hold_friction"] == second["spread_z"] == ""
