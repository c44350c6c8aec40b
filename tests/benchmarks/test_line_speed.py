"""How long a line takes: 15 m ahead in a rock field, corridor 6 m, beside planners that know less.

The peer knows neither steering nor stances: Dijkstra (scipy, compiled) over a cost map of step heights, 10 cm cells.
"""
import numpy as np
import pytest
from grounds import X, rocks, terrain
from scipy.ndimage import maximum_filter, minimum_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from trailcoach import _core
from trailcoach.engine import make_config
from trailcoach.line import Outcome
from trailcoach.vehicle import Vehicle

START, GOAL = np.array([0.0, 0.0, 0.0]), np.array([15.0, 0.0, np.nan])


@pytest.fixture(scope="module")
def field():
    return rocks(1, 160)


@pytest.mark.parametrize("name", ["jeep-wrangler-jlur", "land-rover-defender-110"])
def test_15_m_ahead_over_stances(benchmark, field, name):
    ground = terrain(field)
    engine = _core.Engine(make_config(Vehicle.load(name)))
    engine.set_terrain(ground.grid)
    engine.set_trail(np.array([[-3.0, 0.0], [20.0, 0.0]]), 3.0)
    info, points = benchmark(engine.plan, START, GOAL)
    benchmark.extra_info["stances"] = int(info["stances"])
    assert info["outcome"] == Outcome.CLEAR
    assert points["s"][-1] > 14.0


def cost_map_way(heights):
    """Least cost from start to goal over 10 cm cells within the corridor, 8 neighbours, maps included."""
    step = (maximum_filter(heights, 11) - minimum_filter(heights, 11))[100:221:2, 120:421:2]
    cost = 1.0 + 4.0 * (step / 0.25)**2
    number = np.arange(cost.size).reshape(cost.shape)
    rows, columns, weights = [], [], []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = (slice(0, cost.shape[0] - dy), slice(max(0, -dx), cost.shape[1] - max(0, dx)))
        b = (slice(dy, None), slice(max(0, dx), cost.shape[1] + min(0, dx)))
        rows.append(number[a].ravel())
        columns.append(number[b].ravel())
        weights.append((0.05 * np.hypot(dx, dy) * (cost[a] + cost[b])).ravel())
    graph = coo_array((np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), (cost.size,) * 2)
    far = dijkstra(graph.tocsr(), directed=False, indices=number[cost.shape[0] // 2, 0])
    return far[number[cost.shape[0] // 2, -1]]


def test_15_m_ahead_over_a_cost_map(benchmark, field):
    assert X[0, 120] == pytest.approx(0.0)
    assert benchmark(cost_map_way, field) >= 15.0
