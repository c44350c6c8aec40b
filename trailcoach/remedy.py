"""What would change it where a line touches or ends: a lift, tyres, stones under the wheels, a way around."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from trailcoach.errors import InputError
from trailcoach.line import Line, Outcome, plan
from trailcoach.stance import Rest, settle
from trailcoach.terrain import Terrain
from trailcoach.trail import Trail
from trailcoach.vehicle import Vehicle

LIFTS = (0.025, 0.05, 0.075, 0.10, 0.15)        # m
TYRES = (0.025, 0.05, 0.075, 0.10)              # m more in diameter
STONES = (0.05, 0.10, 0.15, 0.20)               # m high; higher ones nobody stacks safely
WIDER = (1.0, 2.0, 4.0)                         # m more of corridor to each side
NEAR = 0.5                                      # m of line before and after the place, that has to be clear as well
STONE_LENGTH = 0.5                              # m of level top under a wheel,
STONE_RAMP = 0.4                                # and of ramp before and behind it
_AROUND = 6.0                                   # m of ground about the place


@dataclass(frozen=True)
class Remedy:
    """The least of a kind of change after which nothing touches at the place that limits a line.

    Attributes
    ----------
    kind : str
        ``lift``, ``tyres``, ``stones`` or ``around``.
    amount : float
        Of the lift, more tyre diameter, height of the stones, more corridor to each side, m.
    where : str
        Of stones: ``front``, ``rear`` or ``all`` wheels; else empty.
    clearance : float
        What is then left at the place, m; of ``around`` the least of the whole line.
    """

    kind: str
    amount: float
    where: str
    clearance: float

    def __str__(self) -> str:
        cm = f"{self.amount * 100:.3g} cm"
        text = {"lift": f"a lift of {cm}", "tyres": f"tyres {cm} larger in diameter",
                "stones": f"stones {cm} high under {'all' if self.where == 'all' else f'the {self.where}'} wheels",
                "around": f"a corridor {self.amount:g} m wider to each side"}[self.kind]
        return f"{text} (then {self.clearance * 100:.0f} cm)"


def remedies(vehicle: Vehicle, terrain: Terrain, line: Line) -> tuple[Remedy, ...]:
    """The least lift, larger tyres and stones under the wheels after which the limit of a line is clear.

    Lockers are not among them: they change what the tyres can hold, not what touches.

    Parameters
    ----------
    vehicle : Vehicle
    terrain : Terrain
    line : Line

    Returns
    -------
    tuple of Remedy
        Empty where the line has no limit, or nothing of this helps there.
    """
    if line.limit is None or not np.isfinite([line.limit.x, line.limit.y]).all():
        return ()
    poses = _poses(line)
    found = [_first("lift", poses, terrain, _lifted(vehicle)), _first("tyres", poses, terrain, _shod(vehicle)),
             _stones(vehicle, terrain, poses)]
    return tuple(r for r in found if r is not None)


def around(vehicle: Vehicle, terrain: Terrain, start: Sequence[float], goal: Sequence[float], trail: Trail | None,
           half_width: float, *, reverse: bool = False) -> Remedy | None:
    """The least more of corridor in which a clear line is found; None where 4 m more do not help."""
    for wider in WIDER:
        line = plan(vehicle, terrain, start, goal, trail, half_width + wider, reverse=reverse)
        if line.outcome is Outcome.CLEAR:
            return Remedy("around", wider, "", float(np.nanmin(line.least_clearance)))
    return None


def _poses(line: Line) -> np.ndarray:
    """(n, 3), of the line about its limit; the limit itself with the heading of the line's nearest point."""
    limit = line.limit
    assert limit is not None
    far = np.hypot(line.poses[:, 0] - limit.x, line.poses[:, 1] - limit.y)
    i = int(np.argmin(far))
    near = line.poses[abs(line.s - line.s[i]) <= NEAR] if far[i] < 0.3 else np.zeros((0, 3))
    return np.vstack([[limit.x, limit.y, line.poses[i, 2]], near])


def _clearance(vehicle: Vehicle, terrain: Terrain, poses: np.ndarray) -> float:
    """The least at all poses; NaN where the vehicle does not rest at one."""
    stance = settle(vehicle, terrain, poses)
    return float(stance.clearance.min()) if (stance.status == Rest.OK).all() else np.nan


def _lifted(vehicle: Vehicle) -> Iterator[tuple[float, Vehicle]]:
    for lift in LIFTS:
        try:
            yield lift, vehicle.with_(lift=lift)
        except InputError:              # its springs allow no more
            return


def _shod(vehicle: Vehicle) -> Iterator[tuple[float, Vehicle]]:
    for more in TYRES:
        yield more, vehicle.with_(tyre=vehicle.tyre.radius + 0.5 * more)


def _first(kind: str, poses: np.ndarray, terrain: Terrain, others: Iterator[tuple[float, Vehicle]]) -> Remedy | None:
    for amount, other in others:
        left = _clearance(other, terrain, poses)
        if left >= 0.0:
            return Remedy(kind, amount, "", left)
    return None


def _stones(vehicle: Vehicle, terrain: Terrain, poses: np.ndarray) -> Remedy | None:
    """Stones under one axle or both, at the first of the poses."""
    x0, y0 = poses[0, :2] - _AROUND
    n = int(2.0 * _AROUND / terrain.dx) + 1
    at = terrain.dx * np.arange(n)
    x, y = np.meshgrid(x0 + at, y0 + at)
    heights = terrain.height(x, y)
    for height in STONES:
        for where, wheels in (("front", (0, 1)), ("rear", (2, 3)), ("all", (0, 1, 2, 3))):
            raised = heights + height * _stone_shape(vehicle, poses[0], x, y, wheels)
            ground = Terrain.from_heights(raised.astype(np.float32), x0, y0, terrain.dx, sigma=terrain.sigma)
            left = _clearance(vehicle, ground, poses[:1])
            if left >= 0.0:
                return Remedy("stones", height, where, left)
    return None


def _stone_shape(vehicle: Vehicle, pose: np.ndarray, x: np.ndarray, y: np.ndarray,
                 wheels: tuple[int, ...]) -> np.ndarray:
    """1 under the wheels, 0 elsewhere, ramps before and behind."""
    c, s = np.cos(pose[2]), np.sin(pose[2])
    ahead, left = c * (x - pose[0]) + s * (y - pose[1]), -s * (x - pose[0]) + c * (y - pose[1])
    shape = np.zeros_like(x)
    for w in wheels:
        axle = vehicle.front_axle if w < 2 else vehicle.rear_axle
        from_wheel = abs(ahead - (vehicle.wheelbase if w < 2 else 0.0))
        beside = abs(left - 0.5 * axle.track * (1 if w % 2 == 0 else -1))
        top = np.clip(1.0 - (from_wheel - 0.5 * STONE_LENGTH) / STONE_RAMP, 0.0, 1.0)
        shape = np.maximum(shape, np.where(beside <= 0.5 * vehicle.tyre.width + 0.05, top, 0.0))
    return shape
