"""Vehicle files: what is taken, what is refused in which words, and what reaches the core."""
import math
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inputs import taken_or_refused, write_log

from trailcoach import abi
from trailcoach.errors import InputError
from trailcoach.vehicle import Part, Vehicle, bundled_vehicles
from trailcoach.vehicle.angles import lowest, ramp_angles
from trailcoach.vehicle.drawing import draw_views

JEEP = "jeep-wrangler-jlur"


@pytest.fixture
def text() -> str:
    return files("trailcoach").joinpath("vehicles", f"{JEEP}.toml").read_text()


def refusal(path) -> str:
    with pytest.raises(InputError) as e:
        Vehicle.load(path)
    assert "\n" not in str(e.value)
    assert str(path) in str(e.value)
    return str(e.value)


@pytest.mark.parametrize("name", bundled_vehicles())
def test_bundled_vehicles_load(name):
    vehicle = Vehicle.load(name)
    assert len(vehicle.part) > 5
    assert len(set(vehicle.part_names)) == len(vehicle.part)


# degrees and metres as the makers publish them: Wrangler Rubicon 4-door; Defender 110 at off-road height
@pytest.mark.parametrize(("name", "approach", "breakover", "departure", "clearance"), [
    ("jeep-wrangler-jlur", 43.9, 22.6, 37.0, 0.274),
    ("land-rover-defender-110", 38.0, 28.0, 40.0, 0.291),
])
def test_angles_are_the_published_ones(name, approach, breakover, departure, clearance):
    angles = ramp_angles(Vehicle.load(name))
    assert angles.approach.value == pytest.approx(approach, abs=0.6)
    assert angles.breakover.value == pytest.approx(breakover, abs=0.6)
    assert angles.departure.value == pytest.approx(departure, abs=0.6)
    assert angles.clearance.value == pytest.approx(clearance, abs=0.002)


def test_the_line_of_the_approach_angle_touches_no_part():
    vehicle = Vehicle.load(JEEP)
    angle = math.radians(ramp_angles(vehicle).approach.value)
    radius = vehicle.tyre.radius - vehicle.mass * 9.81 * vehicle.cg[0] / vehicle.wheelbase / 2 / \
        vehicle.tyre.radial_stiffness
    gaps = []
    for part in vehicle.part:
        if part.centre[0] > vehicle.wheelbase and part.half_size is not None:
            x, z = part.centre[0] + part.half_size[0] - vehicle.wheelbase, part.centre[2] - part.half_size[2] - radius
            gaps.append(z * math.cos(angle) - x * math.sin(angle) + radius)     # distance from the tangent line
    assert min(gaps) == pytest.approx(0.0, abs=1e-9)


def test_lowest_of_every_shape():
    common = {"name": "p", "fixed_to": "chassis", "centre": (0.0, 0.0, 0.5)}
    assert lowest(Part(shape="box", half_size=(0.1, 0.2, 0.3), **common)) == pytest.approx(0.2)
    assert lowest(Part(shape="sphere", radius=0.1, **common)) == pytest.approx(0.4)
    assert lowest(Part(shape="tube", radius=0.05, half_length=0.6, **common)) == pytest.approx(0.45)


def test_what_the_core_gets():
    vehicle = Vehicle.load(JEEP)
    v = vehicle.to_abi()
    assert v.dtype == abi.VEHICLE
    assert v["max_steer"] == pytest.approx(math.radians(36.0))
    assert v["n_parts"] == len(vehicle.part)
    assert [n.decode() for n in v["part"]["name"][:v["n_parts"]]] == list(vehicle.part_names)
    assert v["axle"]["track"].tolist() == [vehicle.front_axle.track, vehicle.rear_axle.track]
    assert v["driver_side"] == 1


def test_a_file_may_have_a_byte_order_mark_and_crlf(tmp_path, text):
    path = tmp_path / "v.toml"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert Vehicle.load(path) == Vehicle.load(JEEP)


def test_a_folder_of_the_same_name_hides_no_bundled_vehicle(tmp_path, monkeypatch):
    (tmp_path / JEEP).mkdir()
    monkeypatch.chdir(tmp_path)
    assert Vehicle.load(JEEP).wheelbase == pytest.approx(3.008)


@pytest.mark.parametrize(("old", "new", "words"), [
    ("mass = 2100.0", "mass = -1.0", ["mass = -1.0", ">= 200"]),
    ("mass = 2100.0", "mass = 2100000.0", ["mass = 2100000.0", "<= 20000"]),
    ("mass = 2100.0", "mass = nan", ["mass = nan", "finite"]),
    ("mass = 2100.0", "mass = inf", ["mass = inf", "finite"]),
    ("mass = 2100.0", "mass = 1" + "0" * 400, ["mass = inf", "finite"]),
    ("mass = 2100.0", 'mass = "heavy"', ["mass = 'heavy'", "number"]),
    ("mass = 2100.0", "mass = true", ["mass = True", "number"]),
    ("mass = 2100.0", "maas = 2100.0", ["unknown key 'maas'", "'mass'"]),
    ("mass = 2100.0", "mass = 400.0", ["front_axle: carries", "weigh"]),
    ("sprung_inertia = [760.0, 2850.0, 3050.0]", "sprung_inertia = [76000.0, 285000.0, 305000.0]", ["sprung_inertia"]),
    ("wheelbase = 3.008", "wheelbase = 3008.0", ["wheelbase = 3008.0", "<= 6"]),
    ("wheelbase = 3.008", "", ["key 'wheelbase' is missing"]),
    ("[tyre]", "[tire]", ["unknown key 'tire'", "'tyre'"]),
    ("radius = 0.4154", "radius = 0.4154\nspare = 1", ["unknown key 'tyre.spare'"]),
    ("radial_stiffness = 260000.0", "radial_stiffness = 20000.0", ["radial_stiffness", "press its tyres in"]),
    ("tread_width = 0.24", "tread_width = 0.3", ["tread_width = 0.3", "0.285"]),
    ('driver_side = "left"', 'driver_side = "top"', ["driver_side = 'top'", "left, right"]),
    ('suspension = "solid"', 'suspension = "air"', ["front_axle.suspension = 'air'", "solid, independent"]),
    ('suspension = "solid"', 'suspension = "independent"', ["'front_diff'", "independent", "chassis or a hub"]),
    ("spring_base = 0.9 ", "#", ["front_axle.spring_base", "missing"]),
    ("cg = [1.534, 0.0, 0.72]", "cg = [1.534, 0.0]", ["cg = [1.534, 0.0]", "length 3"]),
    ("cg = [1.534, 0.0, 0.72]", "cg = [5.0, 0.0, 0.72]", ["cg = [5.0", "between the axles"]),
    ("cg = [1.534, 0.0, 0.72]", "cg = [1.534, 1.0, 0.72]", ["cg = [1.534, 1.0", "between the wheels"]),
    ("cg = [1.534, 0.0, 0.72]", "cg = [1.534, 0.0, -0.72]", ["cg = [1.534", "0 to 3 m"]),
    ("sprung_inertia = [760.0, 2850.0, 3050.0]", "sprung_inertia = [760.0, 285.0, 3050.0]", ["sprung_inertia"]),
    ("max_angle_deg = 36.0", "max_angle_deg = 0.6", ["steering.max_angle_deg = 0.6", ">= 5"]),
    ('name = "oil_pan"', 'name = "oil pan"', ["name = 'oil pan'", "letters, digits and _"]),
    ('name = "oil_pan"', 'name = "front_bumper"', ["'front_bumper' twice"]),
    ('name = "oil_pan"', f'name = "{"a" * 32}"', ["length <= 31"]),
    ('fixed_to = "front_axle"', 'fixed_to = "roof"', ["fixed_to = 'roof'", "chassis, front_axle"]),
    ('shape = "sphere"', 'shape = "box"', ["'front_diff'", "half_size", "radius"]),
    ("centre = [2.484, 0.0, 0.47]", "centre = [2.484, 0.0, 0.05]", ["'oil_pan'", "into the ground"]),
    ("half_size = [0.18, 0.16, 0.1]", "half_size = [0.18, -0.16, 0.1]", ["half_size[1] = -0.16", "> 0"]),
    ('name = "Jeep', 'name = "a\\nJeep', ["one line of text"]),
    ("[[part]]", "[part]", ["TOML"]),
    ("wheelbase = 3.008", "wheelbase = " + "[" * 3000, ["TOML"]),
    ("wheelbase = 3.008", "wheelbase = 1979-05-27", ["wheelbase", "number"]),
])
def test_a_bad_value_is_told_by_key_value_and_what_is_allowed(tmp_path, text, old, new, words):
    assert old in text
    path = tmp_path / "v.toml"
    path.write_text(text.replace(old, new, 1))
    message = refusal(path)
    for word in words:
        assert word in message


def test_more_parts_than_the_core_holds(tmp_path, text):
    ball = ('[[part]]\nname = "ball_{}"\nfixed_to = "chassis"\nshape = "sphere"\n'
            'centre = [1.0, 0.0, 0.6]\nradius = 0.1\n')
    path = tmp_path / "v.toml"
    path.write_text(text + "".join(ball.format(i) for i in range(abi.MAX_PARTS)))
    assert f"at most {abi.MAX_PARTS}" in refusal(path)


def test_things_that_are_no_vehicle(tmp_path):
    log = write_log(tmp_path / "log")
    (tmp_path / "empty.toml").touch()
    (tmp_path / "junk.toml").write_bytes(bytes(range(256)))
    (tmp_path / "large.toml").write_text("a = 1 # " + "x" * 2_000_000)
    assert JEEP in refusal(tmp_path / "nothing.toml")
    assert "is an empty file" in refusal(tmp_path / "empty.toml")
    assert "is binary data" in refusal(tmp_path / "junk.toml")
    assert "is a text file" in refusal(tmp_path / "large.toml")
    assert "is a log" in refusal(log)
    assert "is a GeoTIFF" in refusal(log / "terrain.tif")
    assert "is a file of IMU samples" in refusal(log / "imu.csv")
    assert "unknown key" in refusal(log / "meta.toml")


def test_views_are_drawn(tmp_path):
    names = draw_views(Vehicle.load("land-rover-defender-110"), tmp_path)
    assert names == ["side.png", "front.png", "underbody.png"]
    for name in names:
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


VALUES = st.one_of(st.floats(), st.integers(), st.booleans(), st.text(max_size=5), st.lists(st.floats(), max_size=4))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=st.integers(0, 150), value=VALUES)
def test_any_value_is_either_taken_or_refused_in_one_line(tmp_path, text, line, value):
    lines = text.splitlines()
    keys = [i for i, words in enumerate(lines) if "=" in words]
    i = keys[line % len(keys)]
    written = str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
    lines[i] = f"{lines[i].partition('=')[0]}= {written}"
    path = tmp_path / "v.toml"
    path.write_text("\n".join(lines))
    vehicle, message = taken_or_refused(Vehicle.load, path)
    if vehicle is None:
        assert str(path) in message
        assert "\n" not in message
    else:
        assert vehicle.to_abi()["n_parts"] == len(vehicle.part)
