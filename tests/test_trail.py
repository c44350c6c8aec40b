"""Trails from files: what a driver may hand over, and what is said where it is no trail."""
import json

import numpy as np
import pytest

from trailcoach.errors import InputError
from trailcoach.terrain import Terrain
from trailcoach.trail import Trail

UTM = "EPSG:32612"
# Moab, two points about 93 m apart on a meridian: WGS 84 -> UTM 12N by the published series (Snyder 1987, 8-9)
LAT, LON = (38.5733, 38.57414), (-109.5498, -109.5498)


def gpx(points, kind="trk"):
    if kind == "rte":
        body = "".join(f'<rtept lat="{a}" lon="{b}"/>' for a, b in points)
        return f'<gpx xmlns="http://www.topografix.com/GPX/1/1"><rte><name>r</name>{body}</rte></gpx>'
    body = "".join(f'<trkpt lat="{a}" lon="{b}"><ele>1</ele></trkpt>' for a, b in points)
    return f'<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><name>t</name><trkseg>{body}</trkseg></trk></gpx>'


@pytest.fixture
def write(tmp_path):
    def put(name, content):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path
    return put


class TestAFileThatIsATrail:
    def test_csv_in_metres_is_taken_as_it_is(self, write):
        trail = Trail.open(write("t.csv", "s,x,y,status\n0,10,20,ok\n1,11,20,\n2,12,21,ok\n"))
        np.testing.assert_array_equal(trail.xy, [[10, 20], [11, 20], [12, 21]])
        assert trail.half_width == 3.0

    @pytest.mark.parametrize("kind", ["trk", "rte"])
    def test_gpx_comes_to_lie_in_the_terrains_system(self, write, kind):
        trail = Trail.open(write("t.gpx", gpx(zip(LAT, LON, strict=True), kind)), UTM)
        assert trail.s[-1] == pytest.approx(93.2, abs=0.3)          # 0.00084 deg of a meridian of 40,008 km
        assert 620_000 < trail.xy[0, 0] < 630_000                   # 1.45 deg east of the central meridian
        assert 4_265_000 < trail.xy[0, 1] < 4_275_000

    def test_all_forms_of_one_trail_agree(self, write):
        line = {"type": "LineString", "coordinates": [[b, a, 1200.0] for a, b in zip(LAT, LON, strict=True)]}
        forms = [
            write("a.gpx", gpx(zip(LAT, LON, strict=True))),
            write("b.geojson", json.dumps(line)),
            write("c.geojson", json.dumps({"type": "FeatureCollection", "features": [
                {"type": "Feature", "properties": {}, "geometry": line}]})),
            write("d.csv", "lat,lon\n" + "\n".join(f"{a},{b}" for a, b in zip(LAT, LON, strict=True)) + "\n"),
        ]
        trails = [Trail.open(f, UTM) for f in forms]
        projected = write("e.json", json.dumps({
            "type": "LineString", "coordinates": trails[0].xy.tolist(),
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32612"}}}))
        for trail in [*trails[1:], Trail.open(projected, UTM)]:
            np.testing.assert_allclose(trail.xy, trails[0].xy, atol=1e-6)

    def test_segments_of_a_track_are_joined(self, write):
        a, b = [f'<trkseg><trkpt lat="{p}" lon="-109.5"/><trkpt lat="{p + 1e-4}" lon="-109.5"/></trkseg>'
                for p in (38.5, 38.6)]
        assert len(Trail.open(write("t.gpx", f"<gpx><trk>{a}{b}</trk></gpx>"), UTM).xy) == 4

    def test_points_that_crowd_are_thinned_but_the_ends_stay(self, write):
        rows = "".join(f"{i * 0.01:.2f},0\n" for i in range(1006))
        trail = Trail.open(write("t.csv", "x,y\n" + rows))
        assert len(trail.xy) < 110
        np.testing.assert_array_equal(trail.xy[[0, -1]], [[0, 0], [10.05, 0]])

    def test_the_path_a_drive_left(self, shared):
        trail = Trail.open(shared / "data/rig/drives/d00/driven_path.csv", half_width=2.0)
        assert trail.s[-1] == pytest.approx(30.0, abs=0.5)
        assert trail.half_width == 2.0


@pytest.mark.parametrize(("name", "content", "says"), [
    ("t.csv", "", "columns"),
    ("t.csv", "t,gx\n1,2\n", "x,y"),
    ("t.csv", "x,y\n1,2\n", "two places"),
    ("t.csv", "x,y\n1,2\n1,2\n", "two places"),
    ("t.csv", "x,y\n1,2\n3\n", "line 3"),
    ("t.csv", "x,y\n1,2\n3,nan\n", "line 3"),
    ("t.csv", "x,y\n1,2\n3,north\n", "line 3"),
    ("t.csv", "lat,lon\n91,0\n38,0\n", "latitude 91"),
    ("t.gpx", "<gpx>", "line 1"),
    ("t.gpx", "<gpx><wpt lat='1' lon='1'/></gpx>", "0 tracks"),
    ("t.gpx", "<gpx><trk><trkseg><trkpt lat='1'/><trkpt lat='1'/></trkseg></trk></gpx>", "lat and lon"),
    ("t.gpx", '<!DOCTYPE gpx [<!ENTITY a "b">]><gpx/>', "document type"),
    ("t.geojson", "{", "line 1"),
    ("t.geojson", '{"type": "Point", "coordinates": [1, 2]}', "0 lines"),
    ("t.geojson", '{"type": "MultiLineString", "coordinates": [[[0,0],[1,1]],[[2,2],[3,3]]]}', "2 lines"),
    ("t.geojson", '{"type": "LineString", "coordinates": [[0,0],["a",1]]}', "not two numbers"),
    ("t.geojson", '{"type": "LineString", "coordinates": [[0,0],[1,1]], "crs": {"properties": {"name": "EPSG:27700"}}}',
     "EPSG:27700"),
    ("t.kml", "<kml/>", ".gpx"),
])
def test_what_is_no_trail_is_refused_in_one_line(write, name, content, says):
    with pytest.raises(InputError, match=says) as error:
        Trail.open(write(name, content), UTM)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_two_tracks_are_named(write):
    two = gpx(zip(LAT, LON, strict=True)).replace("</trk>", "</trk><trk><name>other</name><trkseg>"
                                                  "<trkpt lat='1' lon='1'/><trkpt lat='1' lon='2'/></trkseg></trk>")
    with pytest.raises(InputError, match="'t', 'other'"):
        Trail.open(write("t.gpx", two), UTM)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        Trail.open(tmp_path / "none.gpx")


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "t.gpx"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(InputError, match="a picture"):
        Trail.open(path, UTM)


def test_degrees_need_a_terrain_with_a_system(write):
    with pytest.raises(InputError, match="no system"):
        Trail.open(write("t.gpx", gpx(zip(LAT, LON, strict=True))))


@pytest.mark.parametrize("xy", [[[0.0, 0.0]], [[0.0, 0.0, 0.0]] * 2, [[0.0, 0.0], [np.nan, 1.0]]])
def test_points_that_are_no_trail(xy):
    with pytest.raises(InputError):
        Trail(np.asarray(xy))


@pytest.mark.parametrize("half_width", [0.0, -1.0, np.nan, np.inf])
def test_a_corridor_has_a_width(half_width):
    with pytest.raises(InputError, match="half-width"):
        Trail(np.array([[0.0, 0.0], [1.0, 0.0]]), half_width)


def test_a_trail_elsewhere_is_told_with_both_places():
    terrain = Terrain.from_heights(np.zeros((11, 11)), 100.0, 100.0, 1.0)
    Trail(np.array([[105.0, 105.0], [112.0, 105.0]])).check_on(terrain)
    with pytest.raises(InputError, match=r"0\.0, 0\.0.*100\.0 to 110\.0"):
        Trail(np.array([[0.0, 0.0], [1.0, 0.0]])).check_on(terrain)
