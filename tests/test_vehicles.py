"""The bundled vehicles are the ones their makers describe, and a data sheet becomes a vehicle that has its figures."""
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
from trailcoach.vehicle.angles import ramp_angles
from trailcoach.vehicle.data_sheet import DataSheet, draft_vehicle
from trailcoach.vehicle.file import vehicle_toml
from trailcoach.vehicle.tyre_size import parse_tyre

GRAVITY = 9.81
VEHICLES = bundled_vehicles()
SHEET = {"name": "Sheet", "wheelbase": 2.85, "front_track": 1.6, "rear_track": 1.62, "tyre": "265/70R17",
         "mass": 2200.0, "approach_deg": 32.0, "breakover_deg": 24.0, "departure_deg": 26.0, "clearance": 0.23}


@pytest.fixture(scope="module")
def level() -> Terrain:
    return Terrain.from_heights(np.zeros((161, 161), np.float32), -8.0, -8.0, 0.1)


def test_the_vehicles_of_the_trail_are_there():
    assert len(VEHICLES) >= 12
    for word in ("wrangler-jl-rubicon", "wrangler-jlur", "gladiator", "wrangler-jk", "bronco", "4runner", "tacoma",
                 "land-cruiser-76", "land-cruiser-250", "defender-90", "defender-110", "g-class", "jimny", "r1t"):
        assert any(word in name for name in VEHICLES), word


@pytest.mark.parametrize("name", VEHICLES)
def test_the_model_has_the_published_figures(name):
    vehicle = Vehicle.load(name)
    angles, published = ramp_angles(vehicle), vehicle.published
    for key in ("approach", "breakover", "departure"):
        figure = getattr(published, f"{key}_deg")
        if figure is not None:
            assert getattr(angles, key).value == pytest.approx(figure, abs=1.0), key
    assert angles.clearance.value == pytest.approx(published.ground_clearance, abs=0.01)
    assert vehicle.wheelbase == pytest.approx(published.wheelbase, abs=0.001)
    assert vehicle.tyre.radius == pytest.approx(parse_tyre(published.tyre).radius, abs=0.001)
    assert published.kerb_mass <= vehicle.mass <= published.kerb_mass + 100.0


@pytest.mark.parametrize("name", VEHICLES)
def test_what_is_not_published_is_marked_as_estimated(name):
    vehicle = Vehicle.load(name)
    assert vehicle.published.sources
    for key in ("mass", "cg", "sprung_inertia", "tyre.mass", "tyre.radial_stiffness", "front_axle.spring_rate",
                "rear_axle.bump_travel", "steering.max_angle_deg", *(f"part.{p}.centre" for p in vehicle.part_names)):
        assert vehicle.is_estimated(key), key
    for key in ("name", "wheelbase", "tyre.radius", "tyre.width", "front_axle.suspension"):
        assert not vehicle.is_estimated(key), key


@pytest.mark.parametrize("name", VEHICLES)
def test_on_level_ground_it_rests_as_its_file_says(name, level):
    vehicle = Vehicle.load(name)
    stance = settle(vehicle, level, np.array([[0.0, 0.0, 0.3]]))
    assert stance.status[0] == Rest.OK
    assert stance.z[0] == pytest.approx(0.0, abs=0.001)
    assert stance.roll[0] == pytest.approx(0.0, abs=1e-4)
    assert stance.pitch[0] == pytest.approx(0.0, abs=1e-4)
    assert stance.wheel_load[0].sum() == pytest.approx(vehicle.mass * GRAVITY, rel=1e-3)
    least = min(stance.clearance[0])
    assert least == pytest.approx(ramp_angles(vehicle).clearance.value, abs=0.003)


@pytest.mark.parametrize("name", VEHICLES)
def test_it_bounces_as_such_vehicles_do(name):
    vehicle = Vehicle.load(name)
    for axle, share in ((vehicle.front_axle, vehicle.cg[0] / vehicle.wheelbase),
                        (vehicle.rear_axle, 1.0 - vehicle.cg[0] / vehicle.wheelbase)):
        sprung = (vehicle.mass * share - axle.mass) / 2.0 - vehicle.tyre.mass
        assert 1.0 < math.sqrt(axle.spring_rate / sprung) / (2.0 * math.pi) < 2.0
        assert 0.14 < axle.bump_travel + axle.bump_stop_gap + axle.rebound_travel < 0.36


@pytest.mark.parametrize("name", VEHICLES)
def test_a_vehicle_written_is_the_vehicle_read(name, tmp_path):
    vehicle = Vehicle.load(name)
    path = tmp_path / "v.toml"
    path.write_text(vehicle_toml(vehicle, ("A comment.",)), encoding="utf-8")
    assert Vehicle.load(path) == vehicle


@pytest.mark.parametrize(("old", "new", "words"), [
    ('"cg", ', '"cog", ', ["estimated: 'cog'", "part.NAME"]),
    ('"part.*"', '"part.gearbox"', ["estimated: 'part.gearbox'"]),
    ('"part.*"', '"roof.*"', ["estimated: 'roof.*'"]),
    ("approach_deg = 44.0", "approach_deg = 440.0", ["published.approach_deg = 440.0", "< 90"]),
    ("approach_deg = 44.0", "approach = 44.0", ["unknown key 'published.approach'", "'approach_deg'"]),
    ('tyre = "LT285/70R17"', 'tyre = "big"', ["published.tyre: 'big'", "285/70R17"]),
    ('"kerb_mass", ', '"weight", ', ["published.unconfirmed: 'weight'"]),
    ("sources = [", "resources = [", ["unknown key 'published.resources'", "'sources'"]),
])
def test_a_bad_mark_is_told(tmp_path, old, new, words):
    text = vehicle_toml(Vehicle.load("jeep-wrangler-jl-rubicon"))
    assert old in text
    path = tmp_path / "v.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as e:
        Vehicle.load(path)
    for word in [str(path), *words]:
        assert word in str(e.value)


def test_sources_are_needed(tmp_path):
    path = tmp_path / "v.toml"
    text = vehicle_toml(Vehicle.load("suzuki-jimny-jb74"))
    head, _, rest = text.partition("sources = [")
    path.write_text(head + rest.partition("]\n")[2])
    with pytest.raises(InputError, match=r"published\.sources' is missing"):
        Vehicle.load(path)


# sizes and what tyre tables give for them, m
@pytest.mark.parametrize(("size", "radius", "width"), [
    ("285/70R17", 0.4154, 0.285), ("LT285/70R17", 0.4154, 0.285), ("P265/70R16", 0.3887, 0.265),
    ("315/70R17 121S", 0.4364, 0.315), ("35x12.5R17", 0.4445, 0.3175), ("35X12.50R17LT", 0.4445, 0.3175),
    ("31x10.5-15", 0.3937, 0.2667), (" 195/80 R15 ", 0.3465, 0.195),
])
def test_tyre_sizes(size, radius, width):
    assert parse_tyre(size) == pytest.approx((radius, width), abs=1e-4)


@pytest.mark.parametrize("size", ["", "big", "285", "285/70", "285/70R1", "285/700R17", "999/99R99", "35x12.5R36",
                                  "12x35R17", "9999999/70R17", "nan/70R17", "285/70R1777", "-285/70R17"])
def test_no_tyre_sizes(size):
    with pytest.raises(InputError, match="285/70R17"):
        parse_tyre(size)


@pytest.mark.parametrize("front", ["solid", "independent"])
@pytest.mark.parametrize("rear", ["solid", "independent"])
def test_a_data_sheet_becomes_a_vehicle_with_its_figures(front, rear, tmp_path):
    sheet = DataSheet(**SHEET, front_suspension=front, rear_suspension=rear)
    path = tmp_path / "v.toml"
    path.write_text(vehicle_toml(draft_vehicle(sheet)))
    vehicle = Vehicle.load(path)
    angles = ramp_angles(vehicle)
    assert angles.approach.value == pytest.approx(32.0, abs=0.1)
    assert angles.breakover.value == pytest.approx(24.0, abs=0.1)
    assert angles.departure.value == pytest.approx(26.0, abs=0.1)
    assert angles.clearance.value == pytest.approx(0.23, abs=0.001)
    assert (vehicle.front_axle.suspension, vehicle.rear_axle.suspension) == (front, rear)
    assert vehicle.tyre.radius == pytest.approx(0.4014, abs=1e-4)
    assert vehicle.is_estimated("cg")
    assert not vehicle.is_estimated("front_axle.track")


@pytest.mark.parametrize(("change", "words"), [
    ({"tyre": "large"}, ["tyre = 'large'", "285/70R17"]),
    ({"wheelbase": 2850.0}, ["wheelbase = 2850", "1.2 to 6"]),
    ({"wheelbase": math.nan}, ["wheelbase = nan"]),
    ({"approach_deg": 91.0}, ["approach = 91", "5 to 80"]),
    ({"breakover_deg": 8.0}, ["breakover = 8", "clearance of 0.23"]),
    ({"clearance": 0.36, "breakover_deg": None}, ["clearance = 0.36", "solid axles"]),
    ({"front_overhang": 0.3}, ["front overhang = 0.3", "longer"]),
    ({"mass": 90.0}, ["mass = 90", "200 to 20000"]),
    ({"front_share": 1.5}, ["front share = 1.5"]),
    ({"name": "two\nlines"}, ["one line"]),
])
def test_a_bad_data_sheet_is_told(change, words):
    with pytest.raises(InputError) as e:
        draft_vehicle(DataSheet(**{**SHEET, **change}))
    for word in words:
        assert word in str(e.value)


@settings(max_examples=80, deadline=None)
@given(wheelbase=st.floats(2.0, 4.0), tyre=st.sampled_from(["195/80R15", "265/70R17", "37x12.5R17"]),
       mass=st.floats(900.0, 4000.0), approach=st.floats(15.0, 55.0), departure=st.floats(12.0, 55.0),
       breakover=st.one_of(st.none(), st.floats(12.0, 40.0)), clearance=st.floats(0.12, 0.4),
       rear=st.sampled_from(["solid", "independent"]))
def test_any_data_sheet_is_met_or_refused(wheelbase, tyre, mass, approach, departure, breakover, clearance, rear):
    sheet = DataSheet(name="Any", wheelbase=wheelbase, front_track=1.55, rear_track=1.55, tyre=tyre, mass=mass,
                      approach_deg=approach, departure_deg=departure, breakover_deg=breakover, clearance=clearance,
                      front_suspension="independent", rear_suspension=rear)
    vehicle, message = taken_or_refused(lambda _: draft_vehicle(sheet), Path())
    assert "\n" not in message
    if vehicle is None:
        return
    angles = ramp_angles(vehicle)
    assert angles.approach.value == pytest.approx(approach, abs=0.3)
    assert angles.departure.value == pytest.approx(departure, abs=0.3)
    assert angles.clearance.value == pytest.approx(clearance, abs=0.002)
    if breakover is not None:
        assert angles.breakover.value == pytest.approx(breakover, abs=0.3)
