"""A changed vehicle weighs, stands and clears as mechanics says it must, and is a vehicle again."""
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import taken_or_refused

from trailcoach.errors import InputError
from trailcoach.stance import Rest, settle
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle, bundled_vehicles
from trailcoach.vehicle.angles import lowest, ramp_angles

JEEP, DEFENDER = "jeep-wrangler-jlur", "land-rover-defender-110"
GRAVITY = 9.81
STEEL = 7850.0


@pytest.fixture(scope="module")
def jeep() -> Vehicle:
    return Vehicle.load(JEEP)


@pytest.fixture(scope="module")
def defender() -> Vehicle:
    return Vehicle.load(DEFENDER)


@pytest.fixture(scope="module")
def level() -> Terrain:
    return Terrain.from_heights(np.zeros((161, 161), np.float32), -8.0, -8.0, 0.1)


def bottom(vehicle: Vehicle, name: str) -> float:
    return next(lowest(p) for p in vehicle.part if p.name == name)


def close(a: Vehicle, b: Vehicle, within: float = 1e-9) -> None:
    """Both are the same to the core."""
    for key in a.to_abi().dtype.names:
        if key != "part":
            np.testing.assert_allclose(_flat(a.to_abi()[key]), _flat(b.to_abi()[key]), atol=within, rtol=within)
    np.testing.assert_allclose(a.to_abi()["part"]["centre"], b.to_abi()["part"]["centre"], atol=within)
    np.testing.assert_allclose(a.to_abi()["part"]["size"], b.to_abi()["part"]["size"], atol=within)
    np.testing.assert_allclose(a.sprung_inertia, b.sprung_inertia, rtol=within)


def _flat(a: np.ndarray) -> np.ndarray:
    return np.concatenate([np.ravel(a[k]) for k in a.dtype.names]) if a.dtype.names else np.asarray(a)


def test_nothing_changed_is_the_same_vehicle(jeep):
    assert jeep.with_() == jeep


def test_a_lift_raises_the_chassis_and_not_the_axles(jeep):
    lifted = jeep.with_(lift=0.06)
    for part, old in zip(lifted.part, jeep.part, strict=True):
        assert part.centre[2] - old.centre[2] == pytest.approx(0.06 if part.fixed_to == "chassis" else 0.0)
    assert lifted.imu[2] - jeep.imu[2] == pytest.approx(0.06)
    assert lifted.gnss[2] - jeep.gnss[2] == pytest.approx(0.06)
    sprung = jeep.mass - jeep.front_axle.mass - jeep.rear_axle.mass - 4 * jeep.tyre.mass
    assert lifted.cg[2] - jeep.cg[2] == pytest.approx(0.06 * sprung / jeep.mass)
    assert lifted.cg[:2] == pytest.approx(jeep.cg[:2])
    assert lifted.mass == pytest.approx(jeep.mass)
    for new, old in ((lifted.front_axle, jeep.front_axle), (lifted.rear_axle, jeep.rear_axle)):
        assert new.bump_travel - old.bump_travel == pytest.approx(0.06)
        assert new.rebound_travel - old.rebound_travel == pytest.approx(-0.06)
    before, after = ramp_angles(jeep), ramp_angles(lifted)
    assert after.approach.value > before.approach.value + 2.0
    assert after.breakover.value > before.breakover.value + 2.0
    assert after.departure.value > before.departure.value + 2.0
    assert after.clearance == before.clearance          # under the differentials


def test_lift_and_drop_leave_nothing(jeep):
    close(jeep.with_(lift=0.06).with_(lift=-0.06), jeep)


def test_lifts_add(jeep):
    close(jeep.with_(lift=0.02).with_(lift=0.03), jeep.with_(lift=0.05))


def test_larger_tyres_raise_all_of_it(jeep):
    tall = jeep.with_(tyre="35x12.5R17")
    assert tall.tyre.radius == pytest.approx(0.4445)
    assert tall.tyre.width == pytest.approx(0.3175)
    assert tall.tyre.tread_width / tall.tyre.width == pytest.approx(jeep.tyre.tread_width / jeep.tyre.width)
    assert tall.tyre.mass > jeep.tyre.mass
    assert tall.tyre.radial_stiffness > jeep.tyre.radial_stiffness
    assert tall.mass - jeep.mass == pytest.approx(4 * (tall.tyre.mass - jeep.tyre.mass))
    for x, axle in ((jeep.wheelbase, "front_diff"), (0.0, "rear_diff")):
        rise = loaded_radius(tall, x) - loaded_radius(jeep, x)
        assert bottom(tall, axle) - bottom(jeep, axle) == pytest.approx(rise, abs=1e-9)
        assert rise == pytest.approx(0.0291, abs=0.003)
    assert tall.front_axle.bump_travel == pytest.approx(jeep.front_axle.bump_travel)
    assert ramp_angles(tall).clearance.value > 0.3
    assert ramp_angles(tall).approach.value > ramp_angles(jeep).approach.value


def loaded_radius(v: Vehicle, x: float) -> float:
    """The height of a hub, from the balance of one wheel."""
    share = v.cg[0] / v.wheelbase if x > 0.0 else 1.0 - v.cg[0] / v.wheelbase
    return v.tyre.radius - (v.mass * share / 2.0 - v.tyre.mass) * GRAVITY / v.tyre.radial_stiffness


def test_a_radius_is_a_tyre_too(jeep):
    worn = jeep.with_(tyre=0.41)
    assert worn.tyre.radius == 0.41
    assert worn.tyre.width == jeep.tyre.width
    close(worn.with_(tyre=jeep.tyre.radius), jeep, 1e-5)


def test_tyres_there_and_back_leave_nothing(defender):
    close(defender.with_(tyre="285/75R18").with_(tyre="255/70R18").with_(tyre=defender.tyre.radius), defender, 2e-4)


def test_a_load_over_the_rear_axle_sinks_the_rear_by_tyres_and_springs(jeep):
    laden = jeep.with_(load=[(300.0, (0.0, 0.0, 1.0))])
    force = 300.0 * GRAVITY / 2.0
    tyre, spring = force / jeep.tyre.radial_stiffness, force / jeep.rear_axle.spring_rate
    assert bottom(laden, "rear_diff") - bottom(jeep, "rear_diff") == pytest.approx(-tyre)
    assert bottom(laden, "front_diff") - bottom(jeep, "front_diff") == pytest.approx(0.0, abs=1e-9)
    behind = 0.72 / jeep.wheelbase          # of the rear bumper's lower edge
    assert bottom(laden, "rear_bumper") - bottom(jeep, "rear_bumper") == pytest.approx(
        -(tyre + spring) * (1.0 + behind))
    assert bottom(laden, "rocker_left") - bottom(jeep, "rocker_left") == pytest.approx(
        -(tyre + spring) * (1.0 - 0.664 / jeep.wheelbase))
    assert laden.rear_axle.bump_travel == pytest.approx(jeep.rear_axle.bump_travel - spring)
    assert laden.rear_axle.rebound_travel == pytest.approx(jeep.rear_axle.rebound_travel + spring)
    assert laden.front_axle.bump_travel == pytest.approx(jeep.front_axle.bump_travel)
    assert ramp_angles(laden).departure.value < ramp_angles(jeep).departure.value - 2.0


def test_mass_and_centre_of_gravity_are_those_of_all_together(defender):
    laden = defender.with_(load=[(80.0, (1.2, 0.4, 1.0)), (60.0, (0.9, -0.2, 2.0))])
    mass = defender.mass + 140.0
    assert laden.mass == pytest.approx(mass)
    for i in (0, 1):
        total = defender.mass * defender.cg[i] + 80.0 * (1.2, 0.4)[i] + 60.0 * (0.9, -0.2)[i]
        assert laden.cg[i] == pytest.approx(total / mass)
    stays = (defender.mass * defender.cg[2] + 80.0 * 1.0 + 60.0 * 2.0) / mass
    assert stays - 0.04 < laden.cg[2] < stays           # the springs give by a few centimetres
    assert all(n > o for n, o in zip(laden.sprung_inertia, defender.sprung_inertia, strict=True))


def test_one_load_may_be_given_without_a_list(jeep):
    close(jeep.with_(load=(50.0, (1.0, 0.0, 1.8))), jeep.with_(load=[(50.0, (1.0, 0.0, 1.8))]))


def test_a_skid_plate_lowers_the_bottom_and_weighs(jeep):
    armoured = jeep.with_(skid_plate={"transfer_case": 0.006})
    weight = STEEL * 0.006 * 0.44 * 0.48
    assert armoured.mass - jeep.mass == pytest.approx(weight)
    old, new = (next(p for p in v.part if p.name == "transfer_case") for v in (jeep, armoured))
    top = new.centre[2] + new.half_size[2] - old.centre[2] - old.half_size[2]
    assert new.half_size[2] - old.half_size[2] == pytest.approx(0.003, abs=1e-4)
    assert top == pytest.approx(bottom(armoured, "oil_pan") - bottom(jeep, "oil_pan"), abs=2e-4)     # all that sinks
    assert bottom(jeep, "transfer_case") - bottom(armoured, "transfer_case") == pytest.approx(0.006 - top, abs=1e-4)
    assert ramp_angles(armoured).breakover.value < ramp_angles(jeep).breakover.value


def test_a_skid_plate_under_an_axle_is_carried_by_its_tyres(jeep):
    armoured = jeep.with_(skid_plate=["front_diff"])
    assert armoured.front_axle.mass - jeep.front_axle.mass == pytest.approx(STEEL * 0.005 * math.pi * 0.1216**2)
    assert bottom(jeep, "front_diff") - bottom(armoured, "front_diff") == pytest.approx(0.005, abs=1e-4)
    assert armoured.front_axle.bump_travel == pytest.approx(jeep.front_axle.bump_travel)


def test_a_thickness_armours_the_belly(jeep):
    armoured = jeep.with_(skid_plate=0.004)
    thicker = {p.name for p, o in zip(armoured.part, jeep.part, strict=True)
               if p.half_size is not None and p.half_size[2] > o.half_size[2] + 0.0019}
    assert thicker == {"oil_pan", "transmission", "transfer_case", "fuel_tank"}


@pytest.mark.parametrize(("locker", "locked"), [
    ("front", {"front", "centre", "rear"}), ("rear", {"centre", "rear"}), ("centre", {"centre", "rear"}),
    ("both", {"front", "centre", "rear"}), ("all", {"front", "centre", "rear"})])
def test_lockers_lock(jeep, locker, locked):
    changed = jeep.with_(locker=locker)
    assert {end for end in ("front", "centre", "rear")
            if getattr(changed.driveline, f"{end}_differential") == "locked"} == locked
    assert changed.published is None
    assert changed.cg == jeep.cg


def test_sway_bars_come_off(defender):
    assert defender.with_(sway_bar="off").front_axle.anti_roll_rate == 0.0
    assert defender.with_(sway_bar="off").rear_axle.anti_roll_rate == 0.0
    assert defender.with_(sway_bar="front_off").rear_axle == defender.rear_axle


@pytest.mark.parametrize("name", bundled_vehicles())
def test_a_changed_vehicle_rests_level_and_carries_its_weight(name, level):
    vehicle = Vehicle.load(name)
    changed = vehicle.with_(lift=0.03, tyre=vehicle.tyre.radius + 0.02, skid_plate=0.005, locker="both",
                            sway_bar="off", load=[(75.0, (0.5 * vehicle.wheelbase, 0.0, 1.0))])
    stance = settle(changed, level, np.zeros((1, 3)))
    assert stance.status[0] == Rest.OK
    assert stance.z[0] == pytest.approx(0.0, abs=0.001)
    assert stance.pitch[0] == pytest.approx(0.0, abs=1e-4)
    assert stance.wheel_load[0].sum() == pytest.approx(changed.mass * GRAVITY, rel=1e-3)
    assert changed.is_estimated("cg")
    assert changed.is_estimated("tyre.radial_stiffness")


def test_a_roof_load_brings_tipping_nearer(jeep, level):
    loaded = jeep.with_(lift=0.05, load=(120.0, (1.2, 0.0, 1.95)))
    assert settle(loaded, level, np.zeros((1, 3))).tip_margin[0] < settle(jeep, level, np.zeros((1, 3))).tip_margin[0]


def test_a_load_on_the_left_leans_to_the_left(jeep, level):
    assert settle(jeep.with_(load=(150.0, (1.5, 0.6, 1.0))), level, np.zeros((1, 3))).roll[0] < -0.005


def test_the_name_says_what_was_changed(jeep):
    assert jeep.with_(lift=0.05, tyre="35x12.5R17").name == f"{jeep.name}, lift 0.05, tyre 35x12.5R17"


@pytest.mark.parametrize(("change", "words"), [
    ({"lift": 0.2}, ["lift = 0.2", "less than 0.130 m"]),
    ({"lift": -0.12}, ["lift = -0.12", "more than -0.1"]),
    ({"lift": 2.0}, ["lift = 2", "-0.5 to 0.5"]),
    ({"lift": math.nan}, ["lift = nan"]),
    ({"lift": "high"}, ["lift = 'high'", "number"]),
    ({"lift": True}, ["lift = True"]),
    ({"tyre": "huge"}, ["tyre = 'huge'", "285/70R17"]),
    ({"tyre": 4.0}, ["tyre = 4", "0.2 to 1"]),
    ({"tyre": [1]}, ["tyre = [1]"]),
    ({"skid_plate": "gearbox"}, ["skid_plate = 'gearbox'", "transfer_case"]),
    ({"skid_plate": {"oil_pan": 0.5}}, ["skid_plate = 0.5", "0 to 0.05"]),
    ({"skid_plate": -0.01}, ["skid_plate = -0.01"]),
    ({"load": [(900.0, (0.0, 0.0, 1.0))]}, ["load", "rear_axle", "0.105 m"]),
    ({"load": [(-5.0, (0.0, 0.0, 1.0))]}, ["load = -5"]),
    ({"load": [(5.0, (0.0, 0.0))]}, ["load = ", "(x, y, z)"]),
    ({"load": [(5.0, (0.0, 0.0, math.inf))]}, ["load = inf"]),
    ({"load": 100.0}, ["load = 100.0", "(mass, (x, y, z))"]),
    ({"load": [(9000.0, (-9.0, 0.0, 1.0))]}, ["load", "between the axles"]),
    ({"load": [(350.0, (1.5, 5.0, 1.0))] * 2}, ["cg", "between the wheels"]),
    ({"locker": "middle"}, ["locker = 'middle'", "front, rear, centre"]),
    ({"locker": ["front"]}, ["locker = ['front']"]),
    ({"sway_bar": "on"}, ["sway_bar = 'on'", "off, front_off, rear_off"]),
])
def test_a_bad_change_is_told_by_argument_value_and_what_is_allowed(jeep, change, words):
    with pytest.raises(InputError) as e:
        jeep.with_(**change)
    assert "\n" not in str(e.value)
    for word in words:
        assert word in str(e.value)


@settings(max_examples=100, deadline=None)
@given(lift=st.floats(-0.2, 0.2), radius=st.floats(0.25, 0.6), mass=st.floats(0.0, 2000.0),
       x=st.floats(-3.0, 5.0), y=st.floats(-1.0, 1.0), plate=st.floats(0.0, 0.05),
       name=st.sampled_from([JEEP, DEFENDER]))
def test_any_change_is_a_vehicle_or_refused(lift, radius, mass, x, y, plate, name):
    vehicle = Vehicle.load(name)
    changed, message = taken_or_refused(lambda _: vehicle.with_(
        lift=lift, tyre=radius, load=[(mass, (x, y, 1.0))], skid_plate=plate), Path())
    assert "\n" not in message
    if changed is None:
        return
    assert changed.front_axle.bump_travel > 0.0
    assert changed.rear_axle.rebound_travel > 0.0
    assert ramp_angles(changed).clearance.value > 0.0
    assert changed.to_abi()["n_parts"] == len(vehicle.part)
