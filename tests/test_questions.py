"""Questions: answered from the same state as the steps, as text and as data."""
import itertools

import numpy as np
import pytest

from trailcoach import _core
from trailcoach.data import demo_folder
from trailcoach.engine import Engine, make_config, vehicle_of
from trailcoach.errors import CoreError, InputError
from trailcoach.log import Log
from trailcoach.playback import TICK_RATE, driven_trail
from trailcoach.recording import tick_times
from trailcoach.terrain import Terrain
from trailcoach.words import QUESTIONS


class Asked:
    """The bundled drive, and at every tick the answers to all questions."""

    def __init__(self, language="en-US"):
        log = Log.open(demo_folder())
        vehicle, terrain = vehicle_of(log), Terrain.open(log.path / log.meta.terrain)
        trail = driven_trail(log, vehicle, terrain)
        self.engine = Engine(vehicle, terrain, trail, make_config(vehicle, log, language=language), language)
        self.engine.start(*log.meta.start)
        kinds, rows, t_ns = log.timeline()
        times, first = tick_times(log, TICK_RATE), 0
        self.steps, self.answers = [], {name: [] for name in QUESTIONS.values()}
        for time, end in zip(times, np.searchsorted(t_ns, times, side="right"), strict=True):
            self.engine.push_merged(kinds[first:end], rows[first:end], log.arrays)
            first = end
            new = self.engine.tick(int(time))
            self.steps += new
            distance = float(self.engine.state["distance"])
            for name, answers in self.answers.items():
                answers.append((distance, len(self.steps), new, self.engine.ask(name)))


@pytest.fixture(scope="module")
def asked():
    return Asked()


def test_before_the_first_tick_there_is_no_answer():
    log = Log.open(demo_folder())
    engine = Engine(vehicle_of(log))
    with pytest.raises(CoreError, match="called before what it needs"):
        engine.ask("why")


def test_a_question_nobody_knows_is_refused_with_those_there_are(asked):
    with pytest.raises(InputError, match=r"question 'how'.*how_far"):
        asked.engine.ask("how")


def test_asking_changes_nothing(asked):
    """The same drive without questions says the same."""
    log = Log.open(demo_folder())
    vehicle, terrain = vehicle_of(log), Terrain.open(log.path / log.meta.terrain)
    core = _core.Engine(make_config(vehicle, log))
    core.set_terrain(terrain.grid)
    core.set_trail(driven_trail(log, vehicle, terrain).xy, 3.0)
    x, y, yaw = log.meta.start
    core.set_start(x, y, float(terrain.height(np.array(x), np.array(y))), yaw, 0.05, 0.01)
    kinds, rows, t_ns = log.timeline()
    times, first, said = tick_times(log, TICK_RATE), 0, []
    for time, end in zip(times, np.searchsorted(t_ns, times, side="right"), strict=True):
        core.push_merged(kinds[first:end], rows[first:end], log.arrays)
        first = end
        core.tick(int(time))
        while (step := core.next_step()) is not None:
            said.append((int(step["id"]), int(step["t_ns"])))
    assert said == [(s.id, s.t_ns) for s in asked.steps]


def test_nothing_was_said_yet(asked):
    early = [a for _, n, _, a in asked.answers["repeat"] if n == 0]
    assert early
    assert {(a.outcome, a.text) for a in early} == {("nothing", "I have said nothing yet.")}


def test_repeat_and_why_are_of_the_last_step(asked):
    for _, _, new, answer in asked.answers["repeat"]:
        if new:
            assert (answer.outcome, answer.step.id, answer.text) == ("step", new[-1].id, new[-1].text)
    for _, _, new, answer in asked.answers["why"]:
        if new:
            assert answer.text == new[-1].reason


def test_how_far_counts_down_as_it_rolls(asked):
    checked = 0
    answers = asked.answers["how_far"]
    for (x0, n0, _, a), (x1, n1, _, b) in itertools.pairwise(answers):
        if n0 == n1 and a.outcome == b.outcome == "step" and a.step.id == b.step.id > 0 and b.step.to_go > 0.0:
            assert a.step.to_go - b.step.to_go == pytest.approx(x1 - x0, abs=1e-9)
            checked += 1
    assert checked > 5


def test_fit_is_told_with_part_clearance_and_probability(asked):
    known = [a for *_, a in asked.answers["will_it_fit"] if a.outcome != "unknown"]
    assert known
    for a in known:
        assert a.step.why["part"] is not None
        room = a.step.why["clearance"]
        assert {"yes": room >= 0.05, "barely": 0.0 <= room < 0.05, "no": room < 0.05}[a.outcome]
        assert 0.0 <= a.step.why["probability"] <= 1.0


def test_another_way_compares_line_and_trail(asked):
    known = [a for *_, a in asked.answers["another_way"] if a.outcome in ("yes", "no")]
    assert known
    assert all(a.text.startswith({"yes": "Yes", "no": "No"}[a.outcome]) for a in known)


def test_before_the_place_is_known_it_says_so():
    log = Log.open(demo_folder())
    vehicle, terrain = vehicle_of(log), Terrain.open(log.path / log.meta.terrain)
    engine = Engine(vehicle, terrain)
    engine.tick(0)
    for question in ("next", "another_way", "will_it_fit"):
        answer = engine.ask(question)
        assert (answer.outcome, answer.text) == ("unknown", "I do not know where we are.")


def test_answers_come_in_the_driver_s_language():
    log = Log.open(demo_folder())
    engine = Engine(vehicle_of(log), language="it-IT")
    engine.tick(0)
    assert engine.ask("repeat").text == "Non ho ancora detto niente."
