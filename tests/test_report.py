"""The report: one file, every word in it, gaps for what is unknown, and no way out for hostile names."""
import json
import re
from dataclasses import replace
from html import escape
from types import SimpleNamespace

import numpy as np
import pytest

from trailcoach import abi
from trailcoach.replay_result import ReplayResult
from trailcoach.report import write_report
from trailcoach.report.data import least_places, match_distance, report_data
from trailcoach.report.thinning import keep_minima
from trailcoach.terrain import Terrain

PARTS = ("oil_pan", "transfer_case", "rocker_left")
EAST, NORTH = 600_000.0, 4_250_000.0
KNOWN = 1 | 2 | 4           # levelled, heading, position
HOSTILE = "</script><script>alert('x')</script><img src=x onerror=alert(1)>"


def step(i: int, t: float, text: str = "Steer left, a quarter turn.", **more: object) -> SimpleNamespace:
    """What the report reads of a step."""
    fields = {"id": i, "kind": "steer", "cause": "clearance", "priority": "caution", "t": t, "x": EAST + t, "y": NORTH,
              "to_go": 2.5, "reason": "Oil pan: an inch to spare straight on.", "text": text,
              "why": {"part": "oil_pan", "clearance": 0.06, "probability": 0.02, "other_clearance": -0.03,
                      "angle": None},
              "utterances": {"prepare": "Soon: left.", "now": text, "clear": "Oil pan is clear."}}
    return SimpleNamespace(**fields | more)


def stances(x: np.ndarray, clearance: np.ndarray) -> np.ndarray:
    """Valid stances along y = NORTH, facing east."""
    out = np.zeros(len(x), abi.STANCE)
    out["x"], out["y"] = x, NORTH
    out["clearance"], out["nearest"], out["contact_probability"] = np.nan, np.nan, np.nan
    out["clearance"][:, :len(PARTS)] = clearance
    out["nearest"][:, :len(PARTS)] = np.column_stack([x + 1.0, np.full(len(x), NORTH), np.full(len(x), 0.2)])[:, None]
    out["contact_probability"][:, :len(PARTS)] = 0.01
    out["contact"] = [[3.0, 0.8, 0.0], [3.0, -0.8, 0.0], [0.0, 0.8, 0.0], [0.0, -0.8, 0.0]]
    out["contact"][:, :, 0] += x[:, None]
    out["contact"][:, :, 1] += NORTH
    out["tip_margin"] = 0.6
    return out


def drive(n: int = 400) -> ReplayResult:
    """A replay of a straight drive, 20 m east over gentle bumps."""
    rng = np.random.default_rng(7)
    t = np.linspace(0.0, 20.0, n)
    state = np.zeros(n, abi.STATE)
    state["t_ns"] = np.round(t * 1e9)
    state["status"] = KNOWN
    state["position"] = np.column_stack([EAST + t, np.full(n, NORTH), np.zeros(n)])
    state["velocity"], state["distance"] = (1.0, 0.0, 0.0), t
    state["roll"], state["pitch"] = 0.1 * np.sin(t), -0.2 * np.cos(t)
    state["sd_attitude"] = 0.005
    clearance = 0.2 + 0.1 * np.sin(t[:, None] + np.arange(len(PARTS)))
    advised = np.zeros(50, abi.LINE_POINT)
    advised["s"] = np.linspace(0.0, 20.0, 50)
    advised["x"], advised["y"], advised["clearance"] = EAST + advised["s"], NORTH + 0.4, 0.15
    heights = np.cumsum(rng.normal(0.0, 0.01, (120, 320)), axis=1).astype(np.float32)
    return ReplayResult(
        drive="d", vehicle_name="Test Rig 110", part_names=PARTS, t=t, state=state,
        stance=stances(state["position"][:, 0], clearance),
        advised=advised, advised_stance=stances(advised["x"], np.full((50, len(PARTS)), 0.15)),
        steps=[step(1, 2.0), step(2, 9.0, "Hold it straight, three metres.", why=None, reason="")],
        trail_xy=np.array([[EAST, NORTH], [EAST + 20.0, NORTH]]), half_width=3.0,
        terrain=Terrain.from_heights(heights, EAST - 6.0, NORTH - 6.0, 0.1),
        debrief={"contacts": [{"t": 4.0, "part": "oil_pan", "predicted_probability": 0.4, "felt": True}],
                 "least_clearance": {}, "shocks_elsewhere": 0},
        notes=["The vehicle is simulated."])


def page_of(replay: ReplayResult, tmp_path, title: str = "A drive") -> str:
    path = tmp_path / "report.html"
    write_report(path, replay, title=title)
    return path.read_text(encoding="utf-8")


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1])


def without_scripts(page: str) -> str:
    """The page as a reader without JavaScript has it."""
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_a_report_is_one_file_that_asks_the_network_for_nothing(tmp_path):
    page = page_of(drive(), tmp_path)
    assert not re.search(r"<(script|img|iframe|object|embed)[^>]*\ssrc=", page[:page.index("<script")])
    assert not re.search(r"<link\b|@import|url\(", without_scripts(page))
    assert not re.search(r'(src|href)\s*=\s*["\']?(https?:)?//', without_scripts(page))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert not re.search(r"https?:", policy)
    assert list(tmp_path.iterdir()) == [tmp_path / "report.html"]


def test_the_plots_library_is_inside_and_the_file_stays_under_six_megabytes(tmp_path):
    page = page_of(drive(20_000), tmp_path)
    assert "Plotly" in page
    assert len(page.encode()) < 6e6


def test_every_step_is_there_in_words_with_distance_reason_and_priority(tmp_path):
    replay = drive()
    page = without_scripts(page_of(replay, tmp_path))
    for s in replay.steps:
        assert escape(s.text) in page
    assert "2.5 m" in page
    assert "Oil pan: an inch to spare straight on." in page
    assert "6.0 cm on the line advised" in page
    assert "3.0 cm interference on the line not taken" in page
    assert "caution" in page


def test_summary_says_what_was_least_and_what_to_know(tmp_path):
    replay = drive()
    replay.stance["clearance"][123, 1] = -0.031
    page = without_scripts(page_of(replay, tmp_path))
    assert "Test Rig 110" in page
    assert "3.1 cm interference" in page
    assert "transfer case" in page
    assert "The vehicle is simulated." in page
    assert "20.0 m" in page


def test_unknown_values_are_null_and_never_zero(tmp_path):
    replay = drive()
    replay.stance["clearance"][10:20, 0] = np.nan       # ground below one part unknown
    replay.stance["status"][50:60] = 4                  # whole stance unknown
    replay.state["status"][:5] = 0                      # the filter does not know where it is
    replay.state["position"][:5] = 0.0
    replay.state["slip"][:, 2] = np.nan
    page = page_of(replay, tmp_path)
    assert "NaN" not in re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1]
    data = data_of(page)
    assert data["parts"][0]["c"][10:20] == [None] * 10
    assert None not in data["parts"][1]["c"][10:20]
    assert data["parts"][1]["c"][50:60] == [None] * 10
    assert data["tick"]["tip"]["left"][50:60] == [None] * 10
    assert data["tick"]["x"][:5] == data["tick"]["roll"][:5] == [None] * 5
    assert set(data["tick"]["slip"][2]) == {None}


def test_hostile_names_stay_text(tmp_path):
    replay = replace(drive(), vehicle_name=HOSTILE, part_names=(HOSTILE, "b", "c"), notes=[HOSTILE],
                     debrief={"contacts": [{HOSTILE: HOSTILE}], HOSTILE: HOSTILE},
                     steps=[step(1, 2.0, HOSTILE, kind=HOSTILE, cause=HOSTILE, priority='"><b>', reason=HOSTILE,
                                 why={HOSTILE: HOSTILE, "part": HOSTILE}, utterances={HOSTILE: HOSTILE})])
    page = page_of(replay, tmp_path, title=HOSTILE)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert '"><b>' not in page
    assert data_of(page)["part_names"][0] == HOSTILE
    # beside the plots library there are the page's own three scripts: data, the library's element, the page's code
    assert len(re.findall(r"<script\b", without_plotly(page))) == 3


def without_plotly(page: str) -> str:
    from plotly.offline import get_plotlyjs
    return page.replace(get_plotlyjs(), "")


def test_template_braces_in_names_are_not_read_as_slots(tmp_path):
    page = page_of(replace(drive(), vehicle_name="{{plotly}}"), tmp_path)
    assert "{{plotly}}" in page


def test_a_quiet_drive_says_so(tmp_path):
    page = page_of(replace(drive(), steps=[]), tmp_path)
    assert "No step was spoken" in page
    assert data_of(page)["steps"] == []


def test_without_a_line_advised_there_is_none_drawn(tmp_path):
    replay = replace(drive(), advised=np.zeros(0, abi.LINE_POINT), advised_stance=np.zeros(0, abi.STANCE))
    page = page_of(replay, tmp_path)
    assert data_of(page)["advised"]["x"] == []
    assert "no line was advised" in page


def test_the_line_as_known_afterwards_is_on_the_map_where_it_was_worked_out(tmp_path):
    assert data_of(page_of(drive(), tmp_path))["afterwards"] == {"x": [], "y": []}
    replay = drive()
    later = replay.state[::4].copy()
    later["position"][:, 1] += 0.25
    data = data_of(page_of(replace(replay, afterwards=later), tmp_path))
    assert len(data["afterwards"]["x"]) == len(later)
    np.testing.assert_allclose(np.array(data["afterwards"]["y"]) + data["origin"][1], NORTH + 0.25, atol=0.01)


def test_a_line_advised_that_stops_short_is_said(tmp_path):
    whole = drive()
    short = replace(whole, advised=whole.advised[:20], advised_stance=whole.advised_stance[:20])
    assert "The line advised ends" not in page_of(whole, tmp_path)
    assert "The line advised ends 12.3 m from the end of the trail." in page_of(short, tmp_path)


def test_with_no_stance_known_the_page_says_unknown(tmp_path):
    replay = drive()
    replay.stance["status"] = 3
    page = page_of(replay, tmp_path)
    data = data_of(page)
    assert data["places"] == []
    assert data["glyph"] is None
    assert all(set(part["c"]) == {None} for part in data["parts"])
    assert "unknown" in without_scripts(page)
    assert "off the map" in without_scripts(page)


def test_a_log_without_a_single_tick_still_gives_a_page(tmp_path):
    replay = replace(drive(), t=np.zeros(0), state=np.zeros(0, abi.STATE), stance=np.zeros(0, abi.STANCE), steps=[])
    assert data_of(page_of(replay, tmp_path))["tick"]["t"] == []


def test_a_vehicle_without_parts_still_gives_a_page(tmp_path):
    assert data_of(page_of(replace(drive(), part_names=()), tmp_path))["parts"] == []


def test_steps_stand_on_the_clock_of_the_record():
    # given an engine whose clock started long before the log
    replay = drive()
    replay.state["t_ns"] += 1_700_000_000_000_000_000
    late = replace(replay, steps=[step(1, 1_700_000_009.0)])
    # then the step stands at 9 s of the drive
    data = report_data(late)
    assert data["steps"][0]["t"] == pytest.approx(9.0, abs=1e-3)
    assert data["tick"]["t"][data["steps"][0]["tick"]] == pytest.approx(9.0, abs=0.05)


def test_thinning_keeps_the_deepest_moment_of_every_part():
    replay = drive(30_000)
    replay.stance["clearance"][17_123, 0] = -0.111
    replay.stance["clearance"][8_001, 2] = -0.044
    data = report_data(replay)
    assert len(data["tick"]["t"]) <= 2000 + len(replay.steps) + 2
    assert min(data["parts"][0]["c"]) == -11.1
    assert min(data["parts"][2]["c"]) == -4.4


def test_thinning_keeps_gaps_and_order():
    signal = np.sin(np.linspace(0.0, 60.0, 5000))[:, None]
    signal[2345] = np.nan
    rows = keep_minima(signal, 200)
    assert len(rows) <= 203
    assert (np.diff(rows) > 0).all()
    assert 2345 in rows
    assert rows[0] == 0
    assert rows[-1] == 4999


def test_places_of_least_clearance_are_places_apart():
    s = np.linspace(0.0, 10.0, 101)
    clearance = np.full((101, 2), 0.3)
    clearance[40:43, 1] = 0.01, 0.005, 0.01
    clearance[80, 0] = 0.02
    assert least_places(clearance, s)[:2] == [(41, 1), (80, 0)]


def test_a_line_that_crosses_itself_is_matched_on_its_own_branch():
    # given a figure of eight, driven twice as far as it is wide
    s = np.linspace(0.0, 4.0 * np.pi, 2000)
    xy = np.column_stack([20.0 * np.sin(s / 2), 10.0 * np.sin(s)])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    # when the same line is matched to itself
    matched = match_distance(xy[::7], xy, along)
    # then every point finds its own place, also at the crossing
    assert matched == pytest.approx(along[::7], abs=0.2)


def test_the_map_is_north_up_and_where_the_ground_is(tmp_path):
    data = data_of(page_of(drive(), tmp_path))
    m, origin = data["map"], data["origin"]
    assert m["image"].startswith("data:image/webp;base64,")
    west, north = origin[0] + m["west"], origin[1] + m["north"]
    assert west <= EAST - 5.9
    assert north >= NORTH + 5.9
    assert west + m["width"] >= EAST + 20.0 + 3.0
