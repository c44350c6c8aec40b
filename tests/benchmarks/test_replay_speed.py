"""How much faster than real time a drive is replayed with all stations on, ten ticks a second."""
from pathlib import Path

import pytest

from trailcoach.log import Log
from trailcoach.playback import driven_trail, ticks
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

DRIVES = Path(__file__).parent.parent.parent / "terrain_data" / "drives"


@pytest.mark.parametrize("drive", ["d00", "d01"])
def test_replay_with_guidance(benchmark, drive: str) -> None:
    log = Log.open(DRIVES / drive)
    assert log.meta.vehicle is not None
    vehicle, terrain = Vehicle.load(log.meta.vehicle), Terrain.open(DRIVES / drive / "terrain.tif")
    trail = driven_trail(log, vehicle, terrain)
    result = benchmark(lambda: list(ticks(log, vehicle, terrain, trail)))
    seconds = (result[-1].t_ns - log.t_ns[0]) * 1e-9
    if benchmark.stats is not None:             # None when benchmarks run as plain tests
        benchmark.extra_info["times_real_time"] = round(seconds / benchmark.stats["median"])
    assert any(t.steps for t in result)
