"""The JSON that leaves trailcoach is what its schema files say."""
import json
import re

import pytest

from trailcoach.data import demo_folder
from trailcoach.engine import vehicle_of
from trailcoach.errors import InputError
from trailcoach.log import Log
from trailcoach.playback import replay_log, write_results
from trailcoach.schema import TYPES, dump, make_schema, read_debrief, read_steps, schema_text
from trailcoach.terrain import Terrain


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What a replay of the bundled drive writes."""
    log = Log.open(demo_folder())
    out = tmp_path_factory.mktemp("replay")
    result = replay_log(log, vehicle_of(log), Terrain.open(log.path / log.meta.terrain))
    write_results(result, out)
    return out, result


@pytest.mark.parametrize("name", TYPES)
def test_the_file_that_ships_is_made_from_the_types(name):
    assert schema_text(name) == dump(name)
    assert json.loads(schema_text(name))["$schema"].startswith("https://json-schema.org/draft/2020-12")


def test_every_step_of_a_replay_is_one(written):
    out, result = written
    steps = read_steps((out / "steps.jsonl").read_text(encoding="utf-8").splitlines())
    assert len(steps) == len(result.steps) > 0
    assert [s.text for s in steps] == [s.text for s in result.steps]


def test_the_debrief_of_a_replay_is_one(written):
    out, result = written
    found = read_debrief((out / "debrief.json").read_text(encoding="utf-8"))
    assert found.least_clearance.keys() == set(result.part_names)


@pytest.mark.parametrize(("old", "new", "message"), [
    ('"version": 3', '"version": 2', "line 1: not a step of version 3"),
    ('"kind": "', '"kind": "un', "line 1: .*kind"),
    ('"to_go":', '"togo":', "line 1: .*trigger"),
])
def test_what_is_not_a_step_is_refused_with_its_line(written, old, new, message):
    line = (written[0] / "steps.jsonl").read_text(encoding="utf-8").splitlines()[0]
    assert old in line
    with pytest.raises(InputError, match=message):
        read_steps([line.replace(old, new)])


def test_what_is_no_debrief_is_refused():
    with pytest.raises(InputError, match="not a debrief of version 3"):
        read_debrief("{}")


def test_an_unknown_schema_is_refused_with_what_there_is():
    with pytest.raises(InputError, match=re.escape("allowed: step, debrief")):
        make_schema("steps")
