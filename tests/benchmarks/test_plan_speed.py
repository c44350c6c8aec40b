"""How soon a usable line is there, cold and warm, over many rock fields: stances and time, p50 to p99.

15 m ahead, 5 cm posts, corridor 6 m, maps included. A warm plan starts where the vehicle is after 4 m on the last line,
some centimetres beside it.
"""
import time

import numpy as np
import pytest
from grounds import rocks, terrain

from trailcoach import _core, abi
from trailcoach.engine import make_config
from trailcoach.line import Outcome
from trailcoach.vehicle import Vehicle

FIELDS = 16
START = np.array([0.0, 0.0, 0.0])
BESIDE = (0.06, 0.06, 0.01)                             # m, m, rad: standard deviations


def engine_on(field, name, options):
    config = make_config(Vehicle.load(name))
    config["line"]["options"] = options
    engine = _core.Engine(config)
    engine.set_terrain(field.grid)
    engine.set_trail(np.array([[-3.0, 0.0], [24.0, 0.0]]), 3.0)
    return engine


def plan_all(fields, name, options, *, warm):
    """Seconds of each plan and the stances it took."""
    rng = np.random.default_rng(1)
    seconds, stances = [], []
    for field in fields:
        engine, start, goal = engine_on(field, name, options), START, np.array([15.0, 0.0, np.nan])
        if warm:
            _, line = engine.plan(START, goal)
            at = line[min(40, len(line) - 1)]
            start = np.array([at["x"], at["y"], at["yaw"]]) + rng.normal(0.0, BESIDE)
            goal[0] = 19.0
        begin = time.perf_counter()
        info, _ = engine.plan(start, goal)
        seconds.append(time.perf_counter() - begin)
        stances.append(int(info["stances"]))
        assert info["outcome"] in (Outcome.CLEAR, Outcome.TOUCHES, Outcome.BUDGET)
    return seconds, stances


@pytest.mark.parametrize("name", ["jeep-wrangler-jlur", "land-rover-defender-110"])
@pytest.mark.parametrize(("kind", "options", "warm"), [
    ("first usable, cold", abi.PLAN_FIRST, False), ("first usable, warm", abi.PLAN_FIRST | abi.PLAN_WARM, True),
    ("all of it, cold", 0, False), ("all of it, warm", abi.PLAN_WARM, True),
])
def test_15_m_ahead(benchmark, name, kind, options, warm):
    fields = [terrain(rocks(seed, 160)) for seed in range(FIELDS)]
    seconds, stances = benchmark.pedantic(plan_all, (fields, name, options), {"warm": warm}, rounds=1, iterations=1)
    benchmark.extra_info["kind"] = kind
    for q in (50, 90, 99):
        benchmark.extra_info[f"p{q} ms"] = round(1e3 * float(np.percentile(seconds, q)), 1)
        benchmark.extra_info[f"p{q} stances"] = int(np.percentile(stances, q))
