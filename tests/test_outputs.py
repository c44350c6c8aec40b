"""Tables as they are written."""
from pathlib import Path

import numpy as np

from trailcoach import abi
from trailcoach.fusion import Track
from trailcoach.outputs import write_table


def test_unknown_numbers_are_empty_cells_and_words_are_quoted_where_needed(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", {"id": ["a", "b,c"], "x": np.array([1.25, np.nan]), "y": np.array([np.nan, 0.1]),
                                     "n": np.array([3, 4])}, {"y": "%.3f"})
    assert (tmp_path / "t.csv").read_text() == 'id,x,y,n\na,1.25,,3\n"b,c",,0.100,4\n'


def test_a_track_leaves_empty_what_it_does_not_know(tmp_path: Path) -> None:
    state = np.zeros(2, abi.STATE)
    state["roll"], state["status"] = [np.nan, 0.5], [0, 321]
    Track.from_states(state).write_csv(tmp_path / "track.csv")
    head, first, second = (line.split(",") for line in (tmp_path / "track.csv").read_text().splitlines())
    assert first[head.index("roll")] == ""
    assert second[head.index("roll")] == "0.5"
    assert second[head.index("status")] == "321"
    assert second[head.index("x")] == "0.00000"
