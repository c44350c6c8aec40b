"""Phrase files: complete, true to their examples, short enough to be heard, and never left or right."""
import itertools
import re
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np
import pytest

from trailcoach import abi
from trailcoach.errors import InputError
from trailcoach.phrase_file import CAUSES, KINDS, LONGEST, languages, load_phrases, units_in, words_in
from trailcoach.vehicle import Vehicle, bundled_vehicles
from trailcoach.words import OUTCOMES, QUESTIONS, Voice

JEEP = Vehicle.load("jeep-wrangler-jlur")
PHRASES = Path(str(files("trailcoach").joinpath("phrases")))
ALL = [Vehicle.load(name) for name in bundled_vehicles()]
SIDE_WORDS = {"en": r"\b(left|right)\b", "de": r"\b(links|rechts|linke\w*|rechte\w*)\b",
              "es": r"\b(izquierd\w*|derech\w*)\b", "fr": r"\b(gauche|droite)\b", "it": r"\b(sinistr\w*|destr\w*)\b"}


def record(kind, cause, **fields):
    """A step that knows everything, but for what the test says."""
    r = np.zeros((), abi.STEP)
    known = {"priority": 1, "phase": 2, "side": 1, "part": JEEP.part_names.index("oil_pan"), "wheel": 1, "setup": 3,
             "to_go": 1.5, "distance": 2.0, "turns": 0.5, "steer": 0.2, "clearance": 0.02, "probability": 0.1,
             "other_clearance": -0.05, "other_part": JEEP.part_names.index("oil_pan"), "angle": 0.3}
    for key, value in (known | {"kind": kind, "cause": cause} | fields).items():
        r[key] = value
    return r


def voice(language="en-US", vehicle=JEEP):
    return Voice(load_phrases(language), vehicle)


def number(names, name):
    return next(n for n, found in names.items() if found == name)


def texts(words, r):
    u = words.utterances(r)
    return [u.prepare.text, u.now.text, u.clear.text]


@pytest.mark.parametrize("language", languages())
def test_every_template_says_what_its_example_shows(language):
    phrases, words = load_phrases(language), voice(language)
    for kind, table in phrases.say.items():
        tables = [("none", table), *((k, v) for k, v in table.items() if isinstance(v, dict))]
        for cause, entry in tables:
            off = {"distance": 0.15, "side": -1} if cause == "off_line" else {}
            # a kind's own table speaks for every cause without one
            spoken_as = cause if entry is not table else next(c for c in CAUSES.values() if c not in table)
            r = record(number(KINDS, kind), number(CAUSES, spoken_as), **off)
            assert texts(words, r) == entry["example"], (language, kind, cause)


@pytest.mark.parametrize("language", languages())
def test_every_kind_and_cause_renders_with_and_without_what_may_be_unknown(language):
    words = voice(language)
    nothing = {"part": -1, "other_part": -1, "wheel": -1, "side": 0, "clearance": np.nan, "other_clearance": np.nan,
               "angle": np.nan}
    for kind, cause, unknown in itertools.product(KINDS, CAUSES, ({}, nothing)):
        u = words.utterances(record(kind, cause, **unknown))
        for text in (u.prepare.text, u.now.text, u.clear.text, u.reason):
            assert text.strip()
            assert "{" not in text
            assert "None" not in text
            assert "nan" not in text.split()


@pytest.mark.parametrize("language", languages())
def test_no_utterance_is_longer_than_four_seconds(language):
    """150 words a minute, whatever the part, the wheel, the way or the turn."""
    phrases = load_phrases(language)
    parts = {part for v in ALL for part in v.part_names}
    vehicle = msgspec.structs.replace(JEEP, part=tuple(
        msgspec.structs.replace(JEEP.part[0], name=name) for name in sorted(parts)))
    words = Voice(phrases, vehicle)
    part = max(range(len(parts)), key=lambda i: words_in(words.part(i)))
    for kind, cause, way in itertools.product(KINDS, CAUSES, [0.0, 0.3, 0.5, 1.5, 23.0]):
        for turn in [0.25, 0.5, 0.8, 1.5, 2.0, 3.0] if KINDS[kind] == "steer" else [0.25]:
            said = texts(words, record(kind, cause, part=part, other_part=part, to_go=way, distance=way, turns=turn,
                                       setup=15))
            assert not [text for text in said if words_in(text) > LONGEST]


def test_a_part_with_a_long_name_of_its_own_gives_way_before_four_seconds_are_over():
    parts = (msgspec.structs.replace(JEEP.part[0], name="home_made_front_recovery_point_bracket"),)
    words = Voice(load_phrases("en-US"), msgspec.structs.replace(JEEP, part=parts))
    said = words.utterances(record(5, 1, part=0, other_part=0)).now.text
    assert words_in(said) <= LONGEST
    assert said.startswith("Stop")


def test_more_than_four_units_of_information_are_refused(tmp_path):
    text = (PHRASES / "en-US.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace('now = "Stop."', 'now = "Stop, look, wait, think, go."'), encoding="utf-8")
    with pytest.raises(InputError, match=r"say\.stop\.now: 5 units of information"):
        load_phrases(path)


@pytest.mark.parametrize(("template", "units"), [
    ("Stop.", 1), ("{turn}, now.", 3), ("{where}: {turn}.", 3), ("Stop: {part} touches {where}. Walk it.", 4),
    ("{where}: stop, it may tip, {lean}.", 4),
])
def test_units_of_information_are_actions_facts_ways_amounts_and_sides(template, units):
    assert units_in(template) == units


@pytest.mark.parametrize("language", languages())
def test_sides_are_the_drivers_and_the_passengers(language):
    words = voice(language)
    forbidden = re.compile(SIDE_WORDS[language[:2]], re.IGNORECASE)
    for kind, cause, side, part in itertools.product(KINDS, CAUSES, (-1, 0, 1), range(len(JEEP.part))):
        u = words.utterances(record(kind, cause, side=side, part=part, turns=0.5 * (side or 1)))
        for text in (u.prepare.text, u.now.text, u.clear.text, u.reason):
            assert not forbidden.search(text), text


def test_the_same_turn_is_the_other_side_for_a_driver_on_the_right():
    right_hand_drive = msgspec.structs.replace(JEEP, driver_side="right")
    turn_left = record(1, 1, turns=0.5, part=-1)
    assert voice().utterances(turn_left).now.text == "Half a turn driver, now."
    assert voice(vehicle=right_hand_drive).utterances(turn_left).now.text == "Half a turn passenger, now."


def test_sided_parts_are_named_by_the_seat():
    words = voice()
    assert words.part(JEEP.part_names.index("rocker_left")) == "driver rocker"
    assert words.part(JEEP.part_names.index("rocker_right")) == "passenger rocker"


@pytest.mark.parametrize(("turns", "steer", "said"), [
    (0.25, 0.2, "A quarter turn driver, now."),
    (-0.5, -0.2, "Half a turn passenger, now."),
    (0.8, 0.3, "Three quarters driver, now."),
    (-1.0, -0.3, "One turn passenger, now."),
    (1.6, 0.5, "One and a half driver, now."),
    (-3.0, -0.6, "All the way passenger, now."),
    (-0.6, 0.01, "Straighten the wheel, now."),
])
def test_turns_of_the_wheel_are_rounded_as_people_say_them(turns, steer, said):
    assert voice().utterances(record(1, 1, turns=turns, steer=steer)).now.text == said


@pytest.mark.parametrize(("language", "metres", "said"), [
    ("en-US", 0.05, "here"), ("en-US", 0.3, "in a foot"), ("en-US", 1.2, "in four feet"),
    ("en-US", 6.0, "in twenty feet"),
    ("en-GB", 0.05, "here"), ("en-GB", 0.5, "in half a metre"), ("en-GB", 1.0, "in one metre"),
    ("en-GB", 1.5, "in a metre fifty"), ("en-GB", 3.2, "in three metres"), ("en-GB", 150.0, "in 150 metres"),
    ("de-DE", 0.5, "in einem halben Meter"), ("de-DE", 1.1, "in einem Meter"), ("de-DE", 1.5, "in anderthalb Metern"),
    ("de-DE", 4.0, "in vier Metern"), ("es-ES", 1.5, "en metro y medio"), ("es-ES", 0.5, "en medio metro"),
    ("fr-FR", 1.5, "dans un mètre cinquante"), ("fr-FR", 23.0, "dans 25 mètres"), ("it-IT", 0.5, "tra mezzo metro"),
    ("it-IT", 7.0, "tra sette metri"),
])
def test_distances_are_said_as_people_say_them(language, metres, said):
    assert voice(language).ladder("where", metres) == said


@pytest.mark.parametrize("language", languages())
def test_rounding_of_distances_stays_within_half_a_step(language):
    """Longer ways never sound shorter: the ladder is monotonic in the number it says."""
    words = voice(language)
    said = [words.ladder("length", way) for way in np.arange(0.05, 12.0, 0.05)]
    runs = [text for text, _ in itertools.groupby(said)]
    assert len(runs) == len(set(runs))


def test_ssml_is_well_formed_and_danger_sounds_like_it():
    from xml.etree import ElementTree
    words = voice()
    danger = words.utterances(record(5, 1, priority=3)).now
    advice = words.utterances(record(1, 1, priority=1)).now
    root = ElementTree.fromstring(danger.ssml)
    assert "".join(root.itertext()) == danger.text
    assert root.tag.endswith("speak")
    assert "prosody" in danger.ssml
    assert "prosody" not in advice.ssml


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("clearance", [-0.0079, 0.0, 0.0079])
def test_what_touches_has_nothing_to_spare(language, clearance):
    """Less than 8 mm is said to touch: then no room is told in the same breath, and none is measured either."""
    words = voice(language)
    just = words.phrases.words["just"]
    reason = words.utterances(record(5, 1, clearance=np.nan, other_clearance=clearance)).reason
    assert just in reason
    assert words.phrases.words["free"].replace("{gap}", "").strip() not in reason


def test_from_eight_millimetres_on_it_is_room():
    assert "half an inch to spare" in voice().utterances(record(5, 1, clearance=np.nan, other_clearance=0.0081)).reason


@pytest.mark.parametrize(("other_clearance", "said"), [
    (-0.02, "Six inches too far passenger: oil pan will touch."),
    (0.007, "Six inches too far passenger: oil pan will touch."),
    (0.02, "Six inches too far passenger: oil pan gets close."),
])
def test_off_the_line_is_told_with_its_consequence(other_clearance, said):
    r = record(7, 5, side=-1, distance=0.15, other_clearance=other_clearance)
    assert voice().utterances(r).now.text == said


@pytest.mark.parametrize("language", languages())
def test_every_answer_renders_in_every_language(language):
    words = voice(language)
    of = {"repeat": {"step", "nothing", "past"}, "next": {"step", "nothing", "unknown"}, "why": {"step", "nothing"},
          "how_far": {"step", "nothing", "past", "unknown"}, "another_way": {"yes", "no", "unknown"},
          "will_it_fit": {"yes", "barely", "no", "unknown"}}
    for question, outcome, cause in itertools.product(QUESTIONS, OUTCOMES, CAUSES):
        if OUTCOMES[outcome] not in of[QUESTIONS[question]]:
            continue
        for known in (True, False):
            answer = np.zeros((), abi.ANSWER)
            answer["question"], answer["outcome"] = question, outcome
            answer["step"] = record(2, cause) if known else record(
                2, cause, part=-1, other_part=-1, side=0, clearance=np.nan, other_clearance=np.nan, angle=np.nan)
            text = words.answer(answer).text
            assert text.strip()
            assert "{" not in text


def test_the_reason_tells_both_lines():
    reason = voice().utterances(record(1, 1, clearance=0.08, other_clearance=-0.03)).reason
    assert reason == "Oil pan: three inches to spare on this line, touches by an inch straight on."


@pytest.mark.parametrize(("other", "room", "said"), [
    ("oil_pan", -0.03, "Oil pan: three inches to spare on this line, touches by an inch straight on."),
    ("rear_diff", -0.03, "Oil pan: three inches to spare on this line; rear diff: touches by an inch straight on."),
    ("rear_diff", 0.08, "Oil pan: three inches to spare on this line; rear diff: three inches to spare straight on."),
    ("oil_pan", 0.08, "Oil pan: three inches to spare on this line."),
])
def test_a_clearance_is_told_of_the_part_it_is_of(other, room, said):
    r = record(1, 1, clearance=0.08, other_clearance=room, other_part=JEEP.part_names.index(other))
    assert voice().utterances(r).reason == said


@pytest.mark.parametrize(("fields", "said"), [
    ({"kind": 8, "cause": 1}, "The tight place for the oil pan is behind."),
    ({"kind": 8, "cause": 8}, "The position is known well enough again."),
    ({"kind": 7, "cause": 3}, "Passenger front tire will carry nothing in five feet."),
    ({"kind": 7, "cause": 3, "to_go": 0.0}, "Passenger front tire carries nothing."),
    ({"kind": 6, "cause": 0}, "Slope of 17 degrees ahead. Passenger front tire will carry nothing further on."),
    ({"kind": 6, "cause": 0, "setup": 1}, "Slope of 17 degrees ahead."),
])
def test_the_reason_is_of_what_is_asked(fields, said):
    assert voice().utterances(record(**fields)).reason == said.replace("17", "seventeen")


def test_an_unknown_language_is_refused_with_what_is_allowed():
    with pytest.raises(InputError, match=r"tlh.*en-US"):
        load_phrases("tlh")


@pytest.mark.parametrize(("old", "new", "message"), [
    ("{where}: {turn}.", "{where}: {torn}.", r"say\.steer\.prepare: unknown argument torn"),
    ('now = "{turn}, now."', 'now = "{part}, now."', r"say\.steer\.now: the last alternative"),
    ('clear = "Hold the wheel there."', 'clear = ""', r"say\.steer\.clear: is empty"),
    ("[say.hold.clearance]", "[say.hold.rust]", r"say\.hold: unknown cause rust"),
    ('join = ", "', 'joint = ", "', r"\[words\]: join, joint"),
    ("below = 0.46", "below = 9.9", r"limits must rise"),
    ('language = "en-US"', 'language = 3', "not a phrase file"),
    ('end = ["The trail ends."]', "", r"\[why\]: end"),
])
def test_a_faulty_phrase_file_is_refused_with_its_template(tmp_path, old, new, message):
    from importlib.resources import files
    text = files("trailcoach").joinpath("phrases", "en-US.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_phrases(path)


def spotter_table():
    """Rows of the table of spotters' phrases: number, phrase, templates named, reason to leave it out."""
    rows = []
    for line in (PHRASES / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].isdigit():
            rows.append((int(cells[0]), cells[1], re.findall(r"`([\w.]+)`", cells[2]), cells[3]))
    return rows


def test_every_phrase_of_human_spotters_is_covered_or_left_out_with_a_reason():
    rows = spotter_table()
    assert [n for n, *_ in rows] == list(range(1, 63))
    for _, phrase, templates, reason in rows:
        assert bool(templates) != bool(reason), phrase
        assert templates or len(reason.split()) >= 8, phrase


@pytest.mark.parametrize("language", languages())
def test_what_covers_a_spotters_phrase_is_in_every_language(language):
    tree = msgspec.to_builtins(load_phrases(language))
    for _, phrase, templates, _ in spotter_table():
        for name in templates:
            found = tree
            for key in name.split("."):
                assert key in found, (phrase, name)
                found = found[key]
