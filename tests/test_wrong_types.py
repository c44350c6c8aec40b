"""What is handed over in place of what is needed is told in one line."""
from pathlib import Path

import numpy as np
import pytest
from inputs import write_log

import trailcoach as tc
from trailcoach.errors import InputError


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf])
def test_a_rate_that_is_none(tmp_path: Path, rate: float) -> None:
    with pytest.raises(InputError, match="rate = "):
        tc.fuse(tc.Log.open(write_log(tmp_path / "log")), rate=rate)


def test_names_in_place_of_things() -> None:
    with pytest.raises(TypeError, match="log is a str; a Log is needed"):
        tc.fuse("d00")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="vehicle is a str; a Vehicle is needed"):
        tc.settle("jeep", None, [[0.0, 0.0, 0.0]])  # type: ignore[arg-type]
