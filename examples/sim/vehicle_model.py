"""A vehicle file as a MuJoCo model: chassis, axles or corners on springs, tyres on radial springs, parts that touch.

Lower than the physics of a car in many ways (no enveloping tyre, no bump steer, independent suspension straight up and
down), but nothing of it is shared with trailcoach's own stance model.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np

from trailcoach.terrain import Terrain
from trailcoach.vehicle import Axle, Part, Vehicle

GRAVITY = 9.80665
STEP = 0.0025                   # s
FRICTION = 0.9
DAMPING = 0.35                  # of the critical damping of a corner
WHEELS = ("fl", "fr", "rl", "rr")
SPIN_GAIN = 2500.0              # N m per rad/s: how stiffly a wheel follows the speed asked for
STEER_GAIN = 30000.0            # N m/rad
BRAKE = 4000.0                  # N m on every wheel that is held: more than its tyre can pass on
BUMP_TIME = 0.03                # s, of a bump stop: stiff against the spring, soft against the step
PLACED = 0.3                    # m it may shift while it comes to rest
SINK = 0.02                     # m the ground's box goes deeper than its lowest post


@dataclass
class Simulator:
    """One vehicle on one ground.

    Attributes
    ----------
    model, data : MjModel, MjData
    part_of : array of int, one a geom
        Index of the underbody part, -1 = none.
    """

    vehicle: Vehicle
    model: mujoco.MjModel
    data: mujoco.MjData
    part_of: np.ndarray

    def __post_init__(self) -> None:
        """Look names up once."""
        m = self.model
        self._chassis = m.body("chassis").id
        self._spin_dof = np.array([m.joint(f"spin_{w}").dofadr[0] for w in WHEELS])
        self._spin = [m.actuator(f"spin_{w}").id for w in WHEELS]
        self._pin = [m.actuator(f"steer_{w}").id for w in WHEELS[:2]]
        self._pin_at = np.array([m.joint(f"steer_{w}").qposadr[0] for w in WHEELS[:2]])

    @staticmethod
    def make(vehicle: Vehicle, terrain: Terrain) -> Simulator:
        """Build the model; the vehicle stands at the world's origin until it is placed."""
        model = mujoco.MjModel.from_xml_string(_xml(vehicle, terrain))
        heights = np.asarray(terrain.grid.heights, float)
        low, high = float(heights.min()), float(heights.max())
        model.hfield_data[:] = ((heights - low + SINK) / (high - low + SINK)).ravel()
        for wheel, load in zip(WHEELS, _spring_loads(vehicle), strict=True):
            tendon = model.tendon(f"spring_{wheel}")
            model.tendon_lengthspring[tendon.id] = -load / float(model.tendon_stiffness[tendon.id])
        parts = np.full(model.ngeom, -1)
        parts[[model.geom(f"part_{i}").id for i in range(len(vehicle.part))]] = range(len(vehicle.part))
        return Simulator(vehicle, model, mujoco.MjData(model), parts)

    def place(self, x: float, y: float, yaw: float, z: float) -> None:
        """Put the vehicle down with its origin at (x, y, z) and let it come to rest, wheels braked.

        Where the ground rises ahead it would begin in it, and be thrown: then it is put down from higher.
        """
        for above in (0.0, 0.15, 0.3, 0.6):
            self._drop(x, y, yaw, z + above)
            if math.hypot(self.data.qpos[0] - x, self.data.qpos[1] - y) < PLACED and self.upright() > 0.7:
                return
        raise RuntimeError(f"the vehicle does not come to rest at x = {x:.1f}, y = {y:.1f}")

    def _drop(self, x: float, y: float, yaw: float, z: float) -> None:
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:3] = x, y, z + 0.03
        self.data.qpos[3:7] = math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)
        self.command(0.0, 0.0)
        for _ in range(round(2.0 / STEP)):
            mujoco.mj_step(self.model, self.data)

    def command(self, speed: float, steer: float) -> None:
        """Tread speed (m/s) all wheels are driven at, and road-wheel angle of the bicycle (rad, left positive)."""
        v = self.vehicle
        curvature = math.tan(steer) / v.wheelbase
        for i in range(len(WHEELS)):
            y = (1 if i % 2 == 0 else -1) * (v.front_axle if i < 2 else v.rear_axle).track / 2.0
            along = 1.0 - y * curvature
            way = math.hypot(along, v.wheelbase * curvature) if i < 2 else along
            self.data.ctrl[self._spin[i]] = speed * way / v.tyre.radius
            if i < 2:
                self.data.ctrl[self._pin[i]] = math.atan2(v.wheelbase * curvature, along)

    def brake(self, held: bool) -> None:
        """Hold the wheels, or let them go: a speed of nothing alone lets a vehicle creep down a slope."""
        self.model.dof_frictionloss[self._spin_dof] = BRAKE if held else 0.0

    def part_forces(self) -> np.ndarray:
        """Contact force on every part of the underbody, N."""
        forces = np.zeros(len(self.vehicle.part))
        wrench = np.zeros(6)
        part = self.part_of[self.data.contact.geom].max(axis=1)     # the ground is none
        for i in np.flatnonzero(part >= 0):
            mujoco.mj_contactForce(self.model, self.data, int(i), wrench)
            forces[part[i]] += float(np.linalg.norm(wrench[:3]))
        return forces

    def pose(self) -> tuple[float, float, float]:
        """x, y, yaw of the body origin."""
        R = self.data.xmat[self._chassis]
        return float(self.data.qpos[0]), float(self.data.qpos[1]), math.atan2(R[3], R[0])

    def upright(self) -> float:
        """Cosine of the tilt; below 0.5 it lies on its side."""
        return float(self.data.xmat[self._chassis][8])

    def imu(self) -> np.ndarray:
        """Rate of turn (rad/s) and specific force (m/s^2) at the IMU, body axes, of this moment: shape (2, 3)."""
        return self.data.sensordata.reshape(2, 3)

    def antenna(self) -> np.ndarray:
        """Where the GNSS antenna is, world, m."""
        R = self.data.xmat[self._chassis].reshape(3, 3)
        return self.data.xpos[self._chassis] + R @ np.array(self.vehicle.gnss)

    def treads(self) -> np.ndarray:
        """Speed of the four treads, m/s."""
        return self.data.qvel[self._spin_dof] * self.vehicle.tyre.radius

    def steer(self) -> float:
        """Road-wheel angle of the bicycle, rad."""
        return float(self.data.qpos[self._pin_at].mean())


def _spring_loads(v: Vehicle) -> list[float]:
    """What every spring carries at design height, N."""
    front = v.mass * GRAVITY * v.cg[0] / v.wheelbase
    loads = []
    for axle, load in ((v.front_axle, front), (v.rear_axle, v.mass * GRAVITY - front)):
        loads += [(load - (axle.mass + 2.0 * v.tyre.mass) * GRAVITY) / 2.0] * 2
    return loads


def _sprung(v: Vehicle) -> tuple[float, list[float]]:
    """Mass and centre of gravity of the chassis alone."""
    unsprung = v.front_axle.mass + v.rear_axle.mass + 4.0 * v.tyre.mass
    mass = v.mass - unsprung
    front = v.front_axle.mass + 2.0 * v.tyre.mass
    x = (v.mass * v.cg[0] - front * v.wheelbase) / mass
    z = (v.mass * v.cg[2] - unsprung * v.tyre.radius) / mass
    return mass, [x, v.mass * v.cg[1] / mass, z]


def _part_geom(i: int, part: Part, origin: list[float]) -> str:
    at = " ".join(f"{c - o:.6f}" for c, o in zip(part.centre, origin, strict=True))
    shape = {"box": "box", "sphere": "sphere", "tube": "cylinder"}[part.shape]
    size = {"box": part.half_size, "sphere": (part.radius,), "tube": (part.radius, part.half_length)}[part.shape]
    turn = ' euler="90 0 0"' if part.shape == "tube" else ""
    return (f'<geom name="part_{i}" type="{shape}" pos="{at}" size="{" ".join(str(s) for s in size or ())}"{turn}'
            f' class="part"/>')


def _parts(v: Vehicle, place: str, origin: list[float]) -> str:
    return "".join(_part_geom(i, p, origin) for i, p in enumerate(v.part) if p.fixed_to == place)


def _wheel(v: Vehicle, name: str, at: str, load: float, steered: bool) -> str:
    """Kingpin, tyre spring, and the wheel that spins."""
    t = v.tyre
    rest = load / t.radial_stiffness
    rub = 2.0 * 0.1 * math.sqrt(t.radial_stiffness * t.mass)
    pin = f'<joint name="steer_{name}" type="hinge" axis="0 0 1" damping="60" armature="3"/>' if steered else ""
    spin = 0.7 * t.mass * t.radius**2
    return f"""
<body name="hub_{name}" pos="{at}">{pin}<inertial pos="0 0 0" mass="{0.3 * t.mass}" diaginertia="0.3 0.3 0.3"/>
  {_parts(v, f"hub_{name}", [v.wheelbase if name[0] == "f" else 0.0, 0.0, t.radius])}
  <body><joint name="tyre_{name}" type="slide" axis="0 0 1" stiffness="{t.radial_stiffness}" damping="{rub}"
    springref="{-rest}" armature="2"/><inertial pos="0 0 0" mass="{0.1 * t.mass}" diaginertia="0.1 0.1 0.1"/>
    <body><joint name="spin_{name}" type="hinge" axis="0 1 0" damping="0.5" armature="1.5"/>
      <inertial pos="0 0 0" mass="{0.6 * t.mass}" diaginertia="{spin / 2} {spin} {spin / 2}"/>
      <geom type="cylinder" size="{t.radius} {t.tread_width / 2}" euler="90 0 0" class="tyre"/>
    </body></body></body>"""


def _axle(v: Vehicle, name: str, axle: Axle, x: float, load: float) -> str:
    """A solid axle that heaves and rolls, or two corners that go straight up and down."""
    wheels = WHEELS[:2] if name == "front" else WHEELS[2:]
    r, half = v.tyre.radius, axle.track / 2.0
    steered = name == "front"
    if axle.suspension == "solid":
        bodies = "".join(_wheel(v, w, f"0 {half if i == 0 else -half} 0", load, steered) for i, w in enumerate(wheels))
        return f"""
<body name="{name}_axle" pos="{x} 0 {r}">
  <joint name="{name}_heave" type="slide" axis="0 0 1"/><joint name="{name}_roll" type="hinge" axis="1 0 0"
   stiffness="{axle.anti_roll_rate}"/>
  <inertial pos="0 0 0" mass="{axle.mass}" diaginertia="{axle.mass * half**2 / 3} 2 {axle.mass * half**2 / 3}"/>
  {_parts(v, f"{name}_axle", [x, 0.0, r])}{bodies}
</body>"""
    out = _parts(v, f"{name}_axle", [0.0, 0.0, 0.0])
    for i, w in enumerate(wheels):
        out += f"""
<body name="corner_{w}" pos="{x} {half if i == 0 else -half} {r}">
  <joint name="heave_{w}" type="slide" axis="0 0 1"/>
  <inertial pos="0 0 0" mass="{axle.mass / 2}" diaginertia="1 1 1"/>{_wheel(v, w, "0 0 0", load, steered)}
</body>"""
    return out


def _springs(v: Vehicle) -> str:
    out = ""
    for k, (name, axle) in enumerate((("front", v.front_axle), ("rear", v.rear_axle))):
        sprung = v.mass * (v.cg[0] if k == 0 else v.wheelbase - v.cg[0]) / v.wheelbase / 2.0
        rub = 2.0 * DAMPING * math.sqrt(axle.spring_rate * sprung)
        for i, w in enumerate(WHEELS[2 * k:2 * k + 2]):
            arm = (1 if i == 0 else -1) * (axle.spring_base or axle.track) / 2.0
            joints = (f'<joint joint="{name}_heave" coef="1"/><joint joint="{name}_roll" coef="{arm}"/>'
                      if axle.suspension == "solid" else f'<joint joint="heave_{w}" coef="1"/>')
            out += f"""<fixed name="spring_{w}" stiffness="{axle.spring_rate}" damping="{rub}" limited="true"
 range="{-axle.rebound_travel} {axle.bump_travel + axle.bump_stop_gap}" solreflimit="{BUMP_TIME} 0.7">
{joints}</fixed>"""
    return out


def _xml(v: Vehicle, terrain: Terrain) -> str:
    heights = np.asarray(terrain.grid.heights, float)
    ny, nx = heights.shape
    half_x, half_y = (nx - 1) * terrain.dx / 2.0, (ny - 1) * terrain.dx / 2.0
    low, rise = float(heights.min()), float(heights.max() - heights.min())
    mass, cg = _sprung(v)
    weight = v.mass * GRAVITY
    front = weight * v.cg[0] / v.wheelbase / 2.0
    torque = v.driveline.max_wheel_torque / 2.0
    limit = v.steering.max_angle_deg * 1.4
    actuators = "".join(f'<velocity name="spin_{w}" joint="spin_{w}" kv="{SPIN_GAIN}" forcerange="{-torque} {torque}"/>'
                        for w in WHEELS)
    actuators += "".join(f'<position name="steer_{w}" joint="steer_{w}" kp="{STEER_GAIN}" kv="1500"'
                         f' ctrlrange="{-math.radians(limit)} {math.radians(limit)}"/>' for w in WHEELS[:2])
    return f"""<mujoco><compiler angle="degree" autolimits="true"/>
<option timestep="{STEP}" gravity="0 0 {-GRAVITY}" integrator="implicitfast" cone="elliptic"/>
<size memory="60M"/>
<default><default class="part"><geom contype="0" conaffinity="1" friction="0.4" mass="0" solref="0.01 1"/></default>
<default class="tyre"><geom contype="0" conaffinity="1" friction="{FRICTION} 0.01 0.001" mass="0" solref="0.008 1"
 condim="4"/></default></default>
<asset><hfield name="ground" nrow="{ny}" ncol="{nx}" size="{half_x} {half_y} {rise + SINK} 0.5"/></asset>
<worldbody>
<geom type="hfield" hfield="ground" pos="{terrain.x0 + half_x} {terrain.y0 + half_y} {low - SINK}" contype="1"
 conaffinity="0" friction="{FRICTION}"/>
<body name="chassis"><freejoint/>
<inertial pos="{cg[0]} {cg[1]} {cg[2]}" mass="{mass}" diaginertia="{' '.join(map(str, v.sprung_inertia))}"/>
<site name="imu" pos="{v.imu[0]} {v.imu[1]} {v.imu[2]}"/>
{_parts(v, "chassis", [0.0, 0.0, 0.0])}
{_axle(v, "front", v.front_axle, v.wheelbase, front)}{_axle(v, "rear", v.rear_axle, 0.0, weight / 2.0 - front)}
</body></worldbody>
<tendon>{_springs(v)}</tendon><actuator>{actuators}</actuator>
<sensor><gyro name="gyro" site="imu"/><accelerometer name="accelerometer" site="imu"/></sensor></mujoco>"""
