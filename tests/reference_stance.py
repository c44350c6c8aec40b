"""The equations of the stance, solved slowly and plainly with numpy and scipy, for tests to compare the core with.

The same model as ext/stance.pxi, written from its physics and not from its code: the tread is sampled every two
millimetres, its lean found by minimising an energy, and the seven equations of balance handed to scipy.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar, root
from scipy.spatial.transform import Rotation

from trailcoach.vehicle import Axle, Vehicle

GRAVITY = 9.81
STRIPS = 5
REACH = 0.97                    # of the radius
GIVE = 0.002                    # m, a second contact this much lower begins to carry
CAMBER_RATE, CAMBER_LIMIT, CAMBER_STOP = 2000.0, 0.0873, 20000.0
LATERAL_SHARE = 0.6
SIDES = (1.0, -1.0)

Ground = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass
class Wheel:
    load: float
    point: np.ndarray           # heading frame, about the body origin
    hub: np.ndarray
    axle_origin: np.ndarray


@dataclass
class Reference:
    z: float
    roll: float
    pitch: float
    loads: np.ndarray
    unbalance: float            # N


class ReferenceStance:
    """One vehicle; `settle` solves one pose from a start given."""

    def __init__(self, vehicle: Vehicle) -> None:
        self.vehicle = vehicle
        self.axles = (vehicle.front_axle, vehicle.rear_axle)
        self.axle_x = (vehicle.wheelbase, 0.0)
        self.wheel_weight = vehicle.tyre.mass * GRAVITY
        front = vehicle.cg[0] / vehicle.wheelbase
        self.axle_loads = [vehicle.mass * GRAVITY * share for share in (front, 1.0 - front)]
        self.hub_z = [vehicle.tyre.radius - (load / 2 - self.wheel_weight) / vehicle.tyre.radial_stiffness
                      for load in self.axle_loads]
        unsprung = [a.mass + 2 * vehicle.tyre.mass for a in self.axles]
        self.sprung_mass = vehicle.mass - sum(unsprung)
        moment = vehicle.mass * np.array(vehicle.cg)
        for axle, x, z, mass in zip(self.axles, self.axle_x, self.hub_z, unsprung, strict=True):
            moment -= [mass * x, 0.0, axle.mass * z + 2 * vehicle.tyre.mass * vehicle.tyre.radius]
        self.sprung_cg = moment / self.sprung_mass

    def settle(self, ground: Ground, pose: np.ndarray, start: np.ndarray) -> Reference:
        """Rest at (x, y, yaw) near start = (z, roll, pitch, front axle's two coordinates, rear axle's two)."""
        scale = np.array([1e4, 1e4, 2e4, 1e4, 1e4, 1e4, 1e4])
        solution = root(lambda q: self.balance(ground, pose, q)[0] / scale, start, method="hybr",
                        options={"xtol": 1e-12, "eps": 1e-7})
        force, wheels = self.balance(ground, pose, solution.x)
        return Reference(*solution.x[:3], np.array([w.load for w in wheels]), float(np.abs(force).max()))

    def balance(self, ground: Ground, pose: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, list[Wheel]]:
        """Generalised forces on the seven coordinates, by virtual work, and the wheels."""
        z, roll, pitch = q[:3]
        R_hb = Rotation.from_euler("ZYX", [0.0, pitch, roll]).as_matrix()
        force = np.zeros(7)
        wheels = []
        self.add(force, -self.sprung_mass * GRAVITY, R_hb @ self.sprung_cg, pitch)
        for i, axle in enumerate(self.axles):
            own = q[3 + 2 * i:5 + 2 * i]
            solid = axle.suspension == "solid"
            heave, turn = own if solid else (0.0, 0.0)
            origin = R_hb @ [self.axle_x[i], 0.0, self.hub_z[i] + heave]
            R_ha = R_hb @ Rotation.from_euler("X", turn).as_matrix()
            up = R_hb[2, 2]
            force[3 + 2 * i:5 + 2 * i] -= self.springs(axle, self.axle_loads[i], own)
            if solid:
                self.add(force, -axle.mass * GRAVITY, origin, pitch)
                force[3 + 2 * i] -= axle.mass * GRAVITY * up
            for j, side in enumerate(SIDES):
                hub = origin + side * axle.track / 2 * R_ha[:, 1] + (0.0 if solid else own[j]) * R_hb[:, 2]
                wheel = self.wheel(ground, pose, z, hub, R_ha[:, 1], origin)
                wheels.append(wheel)
                weight = self.wheel_weight + (0.0 if solid else axle.mass * GRAVITY / 2)
                for load, at in ((wheel.load, wheel.point), (-weight, hub)):
                    self.add(force, load, at, pitch)
                    force[3 + 2 * i + (0 if solid else j)] += load * up
                    if solid:
                        force[4 + 2 * i] += load * np.cos(pitch) * (at[1] - origin[1])
        return force, wheels

    @staticmethod
    def add(force: np.ndarray, load: float, at: np.ndarray, pitch: float) -> None:
        """A vertical force on the chassis: height, roll about the body's x axis, pitch about the heading's y axis."""
        force[:3] += load * np.array([1.0, np.cos(pitch) * at[1], -at[0]])

    def springs(self, axle: Axle, load: float, q: np.ndarray) -> np.ndarray:
        preload = (load - GRAVITY * axle.mass) / 2 - self.wheel_weight
        solid = axle.suspension == "solid"
        arm = (axle.spring_base or 0.0) / 2
        travel = q[0] + np.array(SIDES) * arm * q[1] if solid else q
        stops = np.cumsum([axle.bump_travel, axle.bump_stop_gap])
        side = (preload + axle.spring_rate * travel
                + axle.bump_stop_rates[0] * np.maximum(travel - stops[0], 0.0)
                + axle.bump_stop_rates[1] * np.maximum(travel - stops[1], 0.0)
                - axle.rebound_stop_rate * np.maximum(-axle.rebound_travel - travel, 0.0))
        if solid:
            return np.array([side.sum(), arm * (side[0] - side[1]) + axle.anti_roll_rate * q[1]])
        return side + axle.anti_roll_rate * (q[0] - q[1]) * np.array(SIDES)

    def wheel(self, ground: Ground, pose: np.ndarray, z: float, hub: np.ndarray, axle: np.ndarray,
              origin: np.ndarray) -> Wheel:
        """How one wheel presses on the ground."""
        tyre = self.vehicle.tyre
        rate = tyre.radial_stiffness / (1.0 + axle[2] ** 2 * (1.0 / LATERAL_SHARE - 1.0))
        load, wheel = self.wheel_weight, None
        for _ in range(30):         # the lateral spring moves the wheel by its load
            slip = (load - self.wheel_weight) / tyre.radial_stiffness * (1.0 / LATERAL_SHARE - 1.0) * axle[2]
            centre = hub + np.array([*(slip * axle[:2]), z])
            wheel = self.press(ground, pose, centre, axle, rate)
            if abs(wheel[0] - load) < 1e-6:
                break
            load = wheel[0]
        load, point = wheel
        return Wheel(load, point - [0.0, 0.0, z], hub, origin)

    def press(self, ground: Ground, pose: np.ndarray, centre: np.ndarray, axle: np.ndarray,
              rate: float) -> tuple[float, np.ndarray]:
        tyre = self.vehicle.tyre
        ahead = np.array([axle[1], -axle[0], 0.0]) / np.hypot(axle[0], axle[1])
        up = np.cross(ahead, axle)
        y = tyre.tread_width * (np.arange(STRIPS) / (STRIPS - 1) - 0.5)
        strips = [self.strip(ground, pose, centre[:2] + s * axle[:2], ahead, up) for s in y]
        height = np.array([s[0] for s in strips]) - y * axle[2]
        reach = np.array([s[1] for s in strips])

        def load_at(lean: float) -> float:
            return max(rate * (np.max(height - y * lean) - centre[2]) + self.wheel_weight, 0.0)

        def energy(lean: float) -> float:
            over = max(abs(lean) - CAMBER_LIMIT, 0.0)
            return load_at(lean) ** 2 / (2 * rate) + CAMBER_RATE * lean ** 2 / 2 + CAMBER_STOP * over ** 2 / 2

        lean = minimize_scalar(energy, bounds=(-0.3, 0.3), method="bounded", options={"xatol": 1e-12}).x
        load = load_at(lean)
        if load == 0.0:
            return 0.0, centre - np.array([0.0, 0.0, self.wheel_weight / rate]) - tyre.radius * up
        moment = CAMBER_RATE * lean + CAMBER_STOP * np.sign(lean) * max(abs(lean) - CAMBER_LIMIT, 0.0)
        offset = np.clip(moment / load, y[0], y[-1])
        xi = np.interp(offset, y, reach)
        below = np.sqrt(tyre.radius ** 2 - xi ** 2)
        top = np.max(height - y * lean)
        point = np.array([*centre[:2], top]) + offset * axle + xi * ahead - below * up
        point[2] += offset * lean
        return load, point

    def strip(self, ground: Ground, pose: np.ndarray, middle: np.ndarray, ahead: np.ndarray,
              up: np.ndarray) -> tuple[float, float]:
        """Height the ground asks for in a strip, and xi of the point touched, shared between two nearly as high."""
        radius = self.vehicle.tyre.radius
        xi = np.linspace(-REACH * radius, REACH * radius, 401)
        below = np.sqrt(radius ** 2 - xi ** 2)
        x = middle[0] + xi * ahead[0] - below * up[0]
        y = middle[1] + xi * ahead[1] - below * up[1]
        c, s = np.cos(pose[2]), np.sin(pose[2])
        top = ground(pose[0] + c * x - s * y, pose[1] + s * x + c * y) + below * up[2]
        first = int(np.argmax(top))
        peak, where = _parabola(xi, top, first)
        far = np.abs(xi - where) > 0.06
        local = np.zeros(len(xi), bool)
        local[1:-1] = (top[1:-1] >= top[:-2]) & (top[1:-1] >= top[2:])
        rivals = np.flatnonzero(far & local & (top > peak - GIVE))
        if len(rivals):
            second, there = _parabola(xi, top, int(rivals[np.argmax(top[rivals])]))
            rest = GIVE - (peak - second)
            if rest > 0.0:
                return peak + rest ** 2 / (4 * GIVE), where + 0.5 * rest / GIVE * (there - where)
        return peak, where


def _parabola(x: np.ndarray, f: np.ndarray, i: int) -> tuple[float, float]:
    """Top of the parabola through the sample i and its neighbours: value and place."""
    if i == 0 or i == len(x) - 1:
        return float(f[i]), float(x[i])
    left, middle, right = f[i - 1:i + 2]
    bend = left - 2 * middle + right
    if bend >= 0.0:
        return float(middle), float(x[i])
    shift = 0.5 * (left - right) / bend
    return float(middle - 0.25 * (left - right) * shift), float(x[i] + shift * (x[1] - x[0]))
