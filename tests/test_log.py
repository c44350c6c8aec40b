"""Logs: what is read, and what is refused in which words."""
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inputs import RATE, START, csv, replace_line, taken_or_refused, write_log

from trailcoach.errors import InputError
from trailcoach.inputs.table import Table
from trailcoach.log import SENSORS, Log

pytestmark = pytest.mark.filterwarnings("error")     # a warning would be a second line on stderr


@pytest.fixture
def folder(tmp_path):
    return write_log(tmp_path / "log")


def refusal(folder) -> str:
    with pytest.raises(InputError) as e:
        Log.open(folder)
    assert "\n" not in str(e.value)
    return str(e.value)


def test_samples_are_those_of_the_files(folder):
    log = Log.open(folder)
    assert log.sensors == ["imu", "wheels", "inclination", "gnss"]
    assert len(log.imu) == 6 * RATE
    assert log.imu["t_ns"][1] == 10_000_000
    assert log.imu["accelerometer"][0] == pytest.approx([0.0, 0.0, 9.80665])
    assert log.wheels["speed"][-1] == pytest.approx([1.0] * 4)
    assert log.gnss["position"][0] == pytest.approx([START[0], START[1], 1.85], abs=0.01)
    assert log.frame == "EPSG:32612"


def test_timeline_holds_every_sample_once_in_time_order(folder):
    log = Log.open(folder)
    kinds, rows, t_ns = log.timeline()
    assert (np.diff(t_ns) >= 0).all()
    for kind, samples in enumerate(log.arrays):
        assert (rows[kinds == kind] == np.arange(0 if samples is None else len(samples))).all()
    assert SENSORS[kinds[0]] == "imu"       # at equal times in the order of SENSORS


def test_byte_order_mark_crlf_and_blank_lines_at_the_end_are_no_fault(folder):
    wheels = folder / "wheels.csv"
    plain = Log.open(folder).wheels
    wheels.write_bytes(b"\xef\xbb\xbf" + wheels.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert (Log.open(folder).wheels == plain).all()


def test_sensors_may_be_missing(folder):
    for name in ("wheels.csv", "inclination.csv", "gnss.csv", "meta.toml"):
        (folder / name).unlink()
    log = Log.open(folder)
    assert log.sensors == ["imu"]
    assert log.frame == "local"


def test_degrees_become_metres_from_the_first_fix(folder):
    (folder / "meta.toml").unlink()
    csv(folder / "gnss.csv", "t,lat,lon,h", np.array([[0.0, 38.4, -109.9, 1300.0], [1.0, 38.401, -109.9, 1301.0]]))
    log = Log.open(folder)
    assert log.origin == (38.4, -109.9, 1300.0)
    assert log.gnss["position"][0] == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)
    # one thousandth of a degree along the WGS 84 meridian at 38.4 deg (Snyder 1987, eq. 5-2 gives M)
    e2, phi = 0.00669437999, math.radians(38.4005)
    arc = 6378137.0 * (1 - e2) / (1 - e2 * math.sin(phi) ** 2) ** 1.5 * math.radians(0.001)
    assert log.gnss["position"][1] == pytest.approx([0.0, arc, 1.0], abs=1e-3)


def test_degrees_are_projected_to_the_system_asked_for(folder):
    (folder / "meta.toml").unlink()
    csv(folder / "gnss.csv", "t,lat,lon,h", np.array([[0.0, 38.4, -111.0, 1300.0], [1.0, 38.4, -111.0, 1300.0]]))
    log = Log.open(folder, crs="EPSG:32612")        # -111 is the middle of zone 12: false easting
    assert log.frame == "EPSG:32612"
    assert log.origin is None
    assert log.gnss["position"][0, 0] == pytest.approx(500000.0, abs=1e-3)


def test_steering_wheel_needs_its_ratio_or_is_left_out_with_a_word(folder):
    t = np.arange(0.0, 6.0, 0.02)
    csv(folder / "steering.csv", "t,steering_wheel_angle_deg", np.column_stack([t, 90.0 + 0.0 * t]))
    without = Log.open(folder)
    assert without.steering is None
    assert "steering_ratio" in without.warnings[0]
    with open(folder / "meta.toml", "a") as f:
        f.write("steering_ratio = 15.0\n")
    assert Log.open(folder).steering["angle"] == pytest.approx(math.radians(6.0))


def test_a_column_the_receiver_adds_is_left_out_with_a_word(folder):
    gnss = folder / "gnss.csv"
    lines = gnss.read_text().splitlines()
    gnss.write_text("\n".join([lines[0] + ",satellites", *(line + ",11" for line in lines[1:])]) + "\n")
    assert "satellites" in Log.open(folder).warnings[0]


def test_log_that_is_not_there(tmp_path):
    assert refusal(tmp_path / "nothing").startswith(f"{tmp_path / 'nothing'}: no such log")


def test_file_in_place_of_a_log(folder):
    assert "not a log but a GeoTIFF" in refusal(folder / "terrain.tif")


def test_folder_without_imu(tmp_path):
    assert "imu.csv is missing" in refusal(tmp_path)


@pytest.mark.parametrize(("name", "line", "text", "words"), [
    ("imu.csv", 5, "0.03,0,0,0,0,0,nan", ["line 5", "az = nan", "finite"]),
    ("imu.csv", 5, "0.03,0,0,0,0,0,inf", ["line 5", "az = inf", "finite"]),
    ("imu.csv", 5, "0.03,0,0,0,0,0,", ["line 5", "az is empty"]),
    ("imu.csv", 5, "0.03,0,0,0,0,0,1_0", ["line 5", "az = '1_0'", "number"]),
    ("imu.csv", 5, "0.03,0,0,0,0,0", ["line 5", "6 values", "7 are needed"]),
    ("imu.csv", 5, "", ["line 5", "1 values"]),
    ("imu.csv", 5, "0.03,0,0,0,0,0,9.8,1", ["line 5", "8 values", "7 are needed"]),
    ("imu.csv", 5, "0.03,99,0,0,0,0,9.8", ["line 5", "gx = 99", "40 rad/s"]),
    ("imu.csv", 1, "t,gx,gy,gz,ax,ay,ay", ["line 1", "'ay' twice"]),
    ("imu.csv", 1, "t;gx;gy;gz;ax;ay;az", ["line 1", "commas"]),
    ("wheels.csv", 3, "0.02,1,1,1,1e9", ["line 3", "rr = 1e+09", "100 m/s"]),
    ("wheels.csv", 300, "1e300,1,1,1,1", ["t = 1e+300", "seconds"]),
    ("inclination.csv", 3, "0.1,0,12.5", ["line 3", "pitch = 12.5", "1.571 rad"]),
    ("gnss.csv", 3, "0.2,1,1,1,0,1,1", ["line 3", "standard deviation"]),
    ("gnss.csv", 3, "0.2,1e12,1,1,1,1,1", ["line 3", "x = 1e+12"]),
])
def test_a_bad_row_is_told_by_file_line_and_what_is_allowed(folder, name, line, text, words):
    replace_line(folder / name, line, text)
    message = refusal(folder)
    for word in (name, *words):
        assert word in message


@pytest.mark.parametrize(("name", "content", "words"), [
    ("imu.csv", b"", "is empty"),
    ("imu.csv", b"t,gx,gy,gz,ax,ay,az\n", "holds no rows"),
    ("wheels.csv", bytes(range(256)) * 4, "binary data"),
    ("wheels.csv", b"t,fl,fr,rl,rr\n0,0,0,0,0\n\0\0\0\0", "binary data"),
    ("meta.toml", b"\xff\xfe\x00", "binary data"),
    ("meta.toml", b"vehicle = ", "not TOML"),
    ("meta.toml", b"start = [1.0, 2.0]\n", "x, y, yaw: three numbers"),
    ("meta.toml", b"start = [nan, 2.0, 0.0]\n", "finite"),
    ("meta.toml", b"wheelbase = -2.0\n", "wheelbase = -2.0"),
    ("meta.toml", b'crs = "EPSG:4326"\n', "counts in degrees"),
    ("meta.toml", b'crs = "EPSG:2227"\n', "metres are needed"),
    ("meta.toml", b'crs = "nowhere"\n', "is not known"),
])
def test_a_bad_file_is_told(folder, name, content, words):
    (folder / name).write_bytes(content)
    message = refusal(folder)
    assert str(folder / name) in message
    assert words in message


def test_a_file_cut_anywhere_in_its_last_row_is_told(folder):
    whole = (folder / "imu.csv").read_bytes()
    row = len(whole) - 1 - whole[:-1].rfind(b"\n")
    for cut in range(1, row):
        (folder / "imu.csv").write_bytes(whole[:-cut])
        assert "cut short" in refusal(folder)


def test_two_sensors_swapped(folder):
    (folder / "imu.csv").rename(folder / "other")
    (folder / "wheels.csv").rename(folder / "imu.csv")
    (folder / "other").rename(folder / "wheels.csv")
    assert "are those of wheels.csv; allowed: t,gx,gy,gz,ax,ay,az" in refusal(folder)


def test_truth_in_place_of_fixes(folder):
    (folder / "truth.csv").rename(folder / "gnss.csv")
    assert "those of truth.csv" in refusal(folder)


def test_a_folder_in_place_of_a_file(folder):
    (folder / "wheels.csv").unlink()
    (folder / "wheels.csv").mkdir()
    assert "is a folder; a CSV file is needed" in refusal(folder)


@pytest.mark.parametrize(("column", "factor", "words"), [
    (6, 1 / 9.80665, "in g"), (6, -1.0, "z points down"), (0, 1000.0, "milliseconds"),
])
def test_units_and_axes_of_the_imu(folder, column, factor, words):
    table = Table.read(folder / "imu.csv").values
    table[:, column] *= factor
    csv(folder / "imu.csv", "t,gx,gy,gz,ax,ay,az", table)
    assert words in refusal(folder)


def test_sensors_with_clocks_of_their_own(folder):
    table = Table.read(folder / "wheels.csv").values
    table[:, 0] += 1.7e9
    csv(folder / "wheels.csv", "t,fl,fr,rl,rr", table)
    assert "one clock is needed" in refusal(folder)


def test_rows_that_come_late_or_twice_are_taken_as_they_come(folder):
    plain = Log.open(folder)
    rows = (folder / "imu.csv").read_text().splitlines()
    rows[10:10] = [rows[20], rows[9]]                   # one comes 0.1 s early, one twice
    (folder / "imu.csv").write_text("\n".join(rows) + "\n")
    log = Log.open(folder)
    assert len(log.imu) == len(plain.imu) + 2
    assert (log.in_time("imu") == plain.imu).all()
    assert (np.diff(log.timeline()[2]) >= 0).all()
    assert log.t_ns == plain.t_ns


def test_stamps_too_coarse_for_the_rows_are_told(folder):
    table = Table.read(folder / "imu.csv").values
    table[:, 0] = np.floor(table[:, 0] * 10.0) / 10.0
    csv(folder / "imu.csv", "t,gx,gy,gz,ax,ay,az", table)
    assert "t = 0 again, as in 90 % of the rows" in refusal(folder)


def test_rows_back_to_front_are_told(folder):
    csv(folder / "imu.csv", "t,gx,gy,gz,ax,ay,az", Table.read(folder / "imu.csv").values[::-1])
    assert "line 3: t = 5.98 after 5.99: time goes back in 100 % of the rows" in refusal(folder)


def test_one_stamp_gone_wrong_is_left_out_with_a_word(folder):
    plain = Log.open(folder)
    table = Table.read(folder / "wheels.csv").values
    for row, t in ((0, 5e5), (7, 1e9), (-1, 7e8)):
        table[row, 0] = t
    csv(folder / "wheels.csv", "t,fl,fr,rl,rr", table)
    log = Log.open(folder)
    assert len(log.wheels) == len(plain.wheels) - 3
    assert log.warnings == ["wheels.csv: 3 samples with a stamp far from those about them were left out"]


@pytest.mark.parametrize("by", [-2.0, 2.0])
def test_a_clock_that_steps_leaves_its_samples_where_they_came(folder, by):
    plain = Log.open(folder)
    table = Table.read(folder / "wheels.csv").values
    table[len(table) // 2:, 0] += by
    csv(folder / "wheels.csv", "t,fl,fr,rl,rr", table)
    log = Log.open(folder)
    came = log.timeline()[2][log.timeline()[0] == SENSORS.index("wheels")]
    assert abs(came - plain.wheels["t_ns"]).max() < 0.02e9
    assert log.t_ns[1] - plain.t_ns[1] < 0.02e9


def test_a_pause_of_one_sensor_is_no_step_of_its_clock(folder):
    table = Table.read(folder / "wheels.csv").values
    csv(folder / "wheels.csv", "t,fl,fr,rl,rr", table[(table[:, 0] < 2.0) | (table[:, 0] > 4.5)])
    log = Log.open(folder)
    kinds, _, came = log.timeline()
    assert (came[kinds == SENSORS.index("wheels")] == log.wheels["t_ns"]).all()


def test_offsets_of_clocks_are_read_and_a_misspelt_one_is_refused(folder):
    meta = (folder / "meta.toml").read_text()
    (folder / "meta.toml").write_text(meta + "[clock]\nwheels = 0.25\ngnss_velocity = -0.13\n")
    clock = Log.open(folder).meta.clock
    assert (clock.wheels, clock.gnss_velocity, clock.gnss) == (0.25, -0.13, 0.0)
    for line, words in (("wheel = 0.25", "unknown key 'clock.wheel'"), ("gnss = 99.0", "clock.gnss = 99.0; allowed"),
                        ('gnss = "late"', "clock.gnss = 'late'")):
        (folder / "meta.toml").write_text(f"{meta}[clock]\n{line}\n")
        assert words in refusal(folder)


def test_a_key_of_meta_that_looks_misspelt_is_told_and_others_are_left_alone(folder):
    meta = (folder / "meta.toml").read_text()
    (folder / "meta.toml").write_text(meta.replace("start", "strat") + 'author = "me"\n')
    assert Log.open(folder).warnings == ["meta.toml: strat: did you mean start?"]


ANY_BYTES = st.one_of(st.binary(max_size=300),
                      st.text(alphabet="t,gxyza.0123456789-+eE \r\n\t\"';nainf", max_size=300).map(str.encode))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=ANY_BYTES, headed=st.booleans())
def test_any_bytes_are_either_a_table_or_refused_in_one_line(tmp_path, content, headed):
    path = tmp_path / "any.csv"
    path.write_bytes((b"t,a\n0,1\n" if headed else b"") + content)
    table, message = taken_or_refused(Table.read, path)
    if table is None:
        assert message.startswith(str(path))
        assert "\n" not in message
    else:
        assert np.isfinite(table.values).all()
        assert table.values.shape[1] == len(table.columns)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3), min_size=1, max_size=20))
def test_what_is_written_is_what_is_read(tmp_path, rows):
    path = tmp_path / "numbers.csv"
    path.write_text("a,b,c\n" + "".join(",".join(map(repr, row)) + "\n" for row in rows))
    assert Table.read(path).values.tolist() == [list(row) for row in rows]
