"""The filter of ext/fusion_*.pxi once more, slowly and clearly, for tests to compare with.

Dense matrices, Joseph's form, filterpy's predict, rotations by scipy, and Jacobians by central differences of the
measurement functions: nothing is shared with the core but the model. Covers the IMU, wheels, constraint, inclinometer,
standstill and GNSS after a known start; not the ways into and out of trouble (gaps, resets, heading search).

Every step of the covariance is kept, so that filterpy's smoother can go over them.
"""
from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from filterpy.kalman import KalmanFilter, predict
from scipy.spatial.transform import Rotation

from trailcoach.log import Log

PHI, V, P, BG, BA, MOUNT, INCL, DRIFT = (slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 12), slice(12, 15),
                                         slice(16, 18), slice(18, 20), slice(20, 23))
SCALE, DELAY, LAG, PIVOT, N = 15, 23, 24, 25, 27
STATES = {"wheel_scale": SCALE, "mounting": MOUNT, "inclination_bias": INCL, "gnss_delay": DELAY, "gnss_lag": LAG,
          "pivot": PIVOT}
GATE = 10.83                        # chi-square, 1 degree of freedom, 99.9 %

Measurement = Callable[["State"], float]


class State:
    """Nominal state; retract carries an error vector into a copy."""

    def __init__(self) -> None:
        self.R_ns = np.eye(3)
        self.v, self.p, self.bg, self.ba = (np.zeros(3) for _ in range(4))
        self.mount, self.incl, self.drift = np.zeros(2), np.zeros(2), np.zeros(3)
        self.scale = self.delay = self.lag = self.pivot = 0.0
        self.w_s = np.zeros(3)

    def retract(self, dx: np.ndarray, rate_too: bool = True) -> State:
        """The state moved by dx; the rate of the last IMU sample moves with the gyro bias unless it is past."""
        s = State()
        s.R_ns = Rotation.from_rotvec(dx[PHI]).as_matrix() @ self.R_ns if dx[PHI].any() else self.R_ns
        s.v, s.p, s.bg, s.ba = self.v + dx[V], self.p + dx[P], self.bg + dx[BG], self.ba + dx[BA]
        s.mount, s.incl, s.drift = self.mount + dx[MOUNT], self.incl + dx[INCL], self.drift + dx[DRIFT]
        s.scale, s.delay = self.scale + dx[SCALE], self.delay + dx[DELAY]
        s.lag, s.pivot = self.lag + dx[LAG], self.pivot + dx[PIVOT]
        s.w_s = self.w_s - dx[BG] if rate_too else self.w_s
        return s

    @property
    def R_bs(self) -> np.ndarray:
        (cp, cy), (sp, sy) = np.cos(self.mount), np.sin(self.mount)
        return np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]]) @ \
            np.array([[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]])

    @property
    def R_nb(self) -> np.ndarray:
        return self.R_ns @ self.R_bs.T

    @property
    def w_b(self) -> np.ndarray:
        return self.R_bs @ self.w_s

    def point_velocity(self, r_b: np.ndarray, imu_lever: np.ndarray) -> np.ndarray:
        """Velocity of a point of the body, body axes."""
        return self.R_nb.T @ self.v + skew(self.w_b) @ (r_b - imu_lever)


@dataclass
class Step:
    """A step of the covariance, the state after the updates that followed it, and what those moved."""

    F: np.ndarray
    Q: np.ndarray
    t: float
    x: State
    cov: np.ndarray
    moved: np.ndarray


class Reference:
    """Error-state filter; config is an array of abi.CONFIG with shape ()."""

    def __init__(self, config: np.ndarray, start: tuple[float, float, float, float, float, float]) -> None:
        self.c, self.vehicle, self.start = config["fusion"], config["vehicle"], start
        self.lever = np.array(self.c["imu_lever"])
        self.x, self.cov = State(), np.zeros((N, N))
        self.t = self.t_imu = None
        self.aligned = self.still = False
        self.level_sum, self.level_time = np.zeros(3), 0.0
        self.t_inclination = self.t_wheels = self.t_wheels_used = self.t_zero = self.t_rest = self.t_gnss = None
        self.has_gnss, self.changes, self.change, self.left = False, 0, np.zeros(3), np.zeros(3)
        self.steps: list[Step] = []
        self.a_n = np.zeros(3)
        self.forget_motion()

    # ---- motion ----

    def predict(self, F: np.ndarray, Q: np.ndarray) -> None:
        _, self.cov = predict(np.zeros(N), self.cov, F, Q)
        self.steps.append(Step(F, Q, self.t, self.x.retract(np.zeros(N)), self.cov, np.zeros(N)))

    def forget_motion(self) -> None:
        self.sum_R, self.sum_dv, self.sum_turn, self.sum_t = np.zeros((3, 3)), np.zeros(3), 0.0, 0.0
        self.sum_shake = np.zeros((2, 3))

    def imu(self, t: float, gyro: np.ndarray, force: np.ndarray) -> None:
        if self.t is None:
            self.t = self.t_imu = t
            self.f1 = self.f2 = self.f_slow = force
            self.g_low, self.shake = gyro, np.zeros(3)
            self.samples = [np.array([gyro, force])] * 3
            return
        dt = t - self.t
        self.t = t
        low = 1.0 - np.exp(-2.0 * np.pi * self.c["inclination_lowpass_hz"] * dt)
        slow = 1.0 - np.exp(-2.0 * np.pi * 0.3 * dt)
        self.f1 = self.f1 + low * (force - self.f1)
        self.f2 = self.f2 + low * (self.f1 - self.f2)
        self.f_slow = self.f_slow + slow * (force - self.f_slow)
        self.g_low = self.g_low + low * (gyro - self.g_low)
        self.shake = self.shake + slow * ((gyro - self.g_low) ** 2 - self.shake)
        self.low_gain = low
        self.samples = [*self.samples[1:], np.array([gyro, force])]
        if not self.aligned:
            self.level_sum += dt * force
            self.level_time += dt
            if self.level_time >= 1.0:
                self.level()
            return
        self.strapdown(dt, gyro, force)
        if dt <= 0.02:
            self.sum_shake += (self.samples[2] - 2.0 * self.samples[1] + self.samples[0]) ** 2 * dt**2 / 6.0
        if t - self.t_check >= 0.04 - 1e-6:
            self.covariance()
            self.standstill()
            self.constraint(t - self.t_check)
            self.t_check = t

    def level(self) -> None:
        x, y, z = self.level_sum
        roll, pitch = np.arctan2(y, z), np.arctan2(-x, np.hypot(y, z))
        px, py, pz, yaw, sd_xy, sd_yaw = self.start
        self.x.R_ns = Rotation.from_euler("ZYX", [yaw, pitch, roll]).as_matrix()
        self.x.p = np.array([px, py, pz]) + self.x.R_ns @ self.lever
        sd = np.zeros(N)
        sd[PHI], sd[V], sd[P] = (0.1, 0.1, sd_yaw), 0.3, sd_xy
        sd[BG], sd[BA] = self.c["gyro_bias_sd"], self.c["accelerometer_bias_sd"]
        sd[SCALE], sd[MOUNT], sd[INCL] = self.c["wheel_scale_sd"], self.c["mounting_sd"], self.c["inclination_bias_sd"]
        sd[DELAY], sd[LAG], sd[PIVOT] = self.c["gnss_delay_sd"], self.c["gnss_lag_sd"], self.c["pivot_sd"]
        self.cov = np.diag(sd**2)
        self.predict(np.eye(N), np.zeros((N, N)))
        self.aligned, self.t_check = True, self.t

    def strapdown(self, dt: float, gyro: np.ndarray, force: np.ndarray) -> None:
        x = self.x
        x.w_s = gyro - x.bg
        f_s, turn = force - x.ba, x.w_s * dt
        dv = x.R_ns @ (dt * (f_s + 0.5 * np.cross(turn, f_s)))
        self.a_n = dv / dt - (0.0, 0.0, self.c["gravity"])
        x.p = x.p + dt * (x.v + 0.5 * self.a_n * dt)
        x.v = x.v + self.a_n * dt
        self.sum_dv += dv
        before = x.R_ns
        x.R_ns = x.R_ns @ Rotation.from_rotvec(turn).as_matrix()
        self.sum_R += 0.5 * dt * (before + x.R_ns)
        self.sum_turn += x.w_s @ turn
        self.sum_t += dt

    def covariance(self) -> None:
        """Phi = 1 + what sum_t of motion couples, the attitude error taken at half time."""
        if self.sum_t == 0.0:
            return
        A, S, T = self.sum_R, skew(self.sum_dv), self.sum_t
        F = np.eye(N)
        F[PHI, BG] = -A
        F[V, PHI], F[V, BG], F[V, BA] = -S, 0.5 * S @ A, -A
        F[P, :] += 0.5 * T * (np.eye(N)[V] + F[V, :])
        Q = np.zeros(N)
        Q[PHI] = self.c["gyro_density"] ** 2 * T + 2e-3**2 * 1.0 * self.sum_turn
        Q[V] = self.c["accelerometer_density"] ** 2 * T
        Q[BG], Q[BA] = self.c["gyro_bias_walk"] ** 2 * T, self.c["accelerometer_bias_walk"] ** 2 * T
        for state in ("wheel_scale", "mounting", "inclination_bias", "gnss_delay", "gnss_lag", "pivot"):
            Q[STATES[state]] = self.c[f"{state}_walk"] ** 2 * T
        Q = np.diag(Q)
        for state, share, shake in ((PHI, self.c["gyro_shake"], self.sum_shake[0]),
                                    (V, self.c["accelerometer_shake"], self.sum_shake[1])):
            Q[state, state] += self.x.R_ns @ np.diag(share**2 * shake) @ self.x.R_ns.T
        self.predict(F, Q)
        self.forget_motion()

    # ---- updates ----

    def row(self, h: Measurement, rate_too: bool = True) -> np.ndarray:
        """Derivative of h with respect to the error state."""
        step = 1e-5
        out = np.zeros(N)
        for i, e in enumerate(np.eye(N) * step):
            out[i] = h(self.x.retract(e, rate_too)) - h(self.x.retract(-e, rate_too))
        return out / (2.0 * step)

    def joseph(self, H: np.ndarray, nu: float, variance: float, dx: np.ndarray) -> np.ndarray:
        """Correct by one row; dx is the correction so far at this linearisation."""
        K = self.cov @ H / (H @ self.cov @ H + variance)
        left = np.eye(N) - np.outer(K, H)
        self.cov = left @ self.cov @ left.T + variance * np.outer(K, K)
        return dx + K * nu

    def gated(self, H: np.ndarray, nu: float, variance: float, dx: np.ndarray,
              raised: float = 1.0) -> tuple[np.ndarray, bool]:
        nu = nu - H @ dx
        if nu**2 > GATE * (H @ self.cov @ H + variance):
            return dx, False
        return self.joseph(H, nu, raised * variance, dx), True

    def correct(self, dx: np.ndarray) -> None:
        self.x = self.x.retract(dx, rate_too=False)
        last = self.steps[-1]
        last.x, last.cov, last.moved = self.x.retract(np.zeros(N)), self.cov, last.moved + dx

    def standstill(self) -> None:
        shake = 0.5 * self.low_gain * self.shake
        rate_sd = np.sqrt(np.diag(self.cov)[BG] + shake)
        rest = self.t_rest is not None and self.t - self.t_rest >= 0.4 and self.t - self.t_wheels < 0.4
        quiet = (abs(self.g_low - self.x.bg) <= 0.006 + 3.0 * rate_sd).all() and \
            np.linalg.norm(self.f2 - self.f_slow) < 0.15
        if not (rest and quiet):
            self.still = False
            return
        if self.t_zero is not None and self.t - self.t_zero < 0.2 - 1e-6:
            return
        self.t_zero = self.t
        dx, taken = np.zeros(N), 0
        for i in range(3):
            dx, ok = self.gated(np.eye(N)[3 + i], -self.x.v[i], 0.01**2, dx)
            taken += ok
        self.still = taken == 3
        if self.still:
            for i in range(3):
                variance = 3e-4**2 + 2.0 * self.c["gyro_density"] ** 2 / 0.2 + shake[i]
                dx, _ = self.gated(np.eye(N)[9 + i], self.g_low[i] - self.x.bg[i], variance, dx)
        self.correct(dx)

    def constraint(self, period: float) -> None:
        if self.still:
            return
        dx = np.zeros(N)
        hub = float(self.vehicle["tyre_radius"])
        pivot = self.x.pivot
        rear, middle = np.array([pivot, 0.0, hub]), np.array([pivot + self.vehicle["wheelbase"] / 2.0, 0.0, hub])
        u_rear, u_middle = (self.x.point_velocity(r, self.lever) for r in (rear, middle))
        white = self.c["constraint_sd"] ** 2 + (0.005 * u_rear[0]) ** 2
        turn = self.x.w_b[2]
        side = white + (0.003 * turn * u_rear[0] ** 2) ** 2 + (0.15 * turn) ** 2
        for r, axis, nu, noise in ((rear, 1, -u_rear[1], side), (middle, 2, -u_middle[2], white)):
            H = self.row(lambda x, r=r, axis=axis: x.point_velocity(r, self.lever)[axis])
            H[PIVOT] = turn * (axis == 1)
            nu = nu - H @ dx
            z2 = nu**2 / (H @ self.cov @ H + noise)
            if z2 <= 16.0:
                dx = self.joseph(H, nu, max(0.16 / period, 1.0) * noise * max(z2 / 4.0, 1.0), dx)
        self.correct(dx)

    def wheels(self, t: float, speed: np.ndarray) -> None:
        self.t_wheels = t
        if (abs(speed) > 0.03).any():
            self.t_rest = None
        elif self.t_rest is None:
            self.t_rest = t
        if not self.aligned or (self.t_wheels_used is not None and t - self.t_wheels_used < 0.04 - 1e-6):
            return
        raised = max(2.0 * 0.15 / (t - self.t_wheels_used if self.t_wheels_used is not None else 0.04), 1.0)
        self.t_wheels_used = t
        self.covariance()
        lead = t - self.t
        a_b = self.x.R_nb.T @ self.a_n - np.cross(self.x.w_b, self.x.R_nb.T @ self.x.v)
        dx = np.zeros(N)
        for i in range(4):
            dx = self.wheel(i, speed[i], lead * a_b, raised, dx)
        self.correct(dx)

    def wheel(self, i: int, reading: float, carried: np.ndarray, raised: float, dx: np.ndarray) -> np.ndarray:
        side, track = (1.0, -1.0)[i % 2], self.vehicle["axle"]["track"][i // 2]
        hub = np.array([self.vehicle["wheelbase"] * (i < 2), side * track / 2.0, self.vehicle["tyre_radius"]])
        u = self.x.point_velocity(hub, self.lever) + carried
        e = np.array([1.0, 0.0, 0.0])
        if i < 2 and abs(u[0]) > 0.5 * np.hypot(u[0], u[1]):
            e = np.array([abs(u[0]), np.sign(u[0]) * u[1], 0.0]) / np.hypot(u[0], u[1])
        along = e @ u
        bump = np.sign(along) * 0.65 * u[2] ** 2 / (2.0 * max(abs(along), 0.15)) if abs(along) >= 0.02 else 0.0
        H = self.row(lambda x: (1.0 + x.scale) * (e @ (x.point_velocity(hub, self.lever) + carried) + bump))
        white = self.c["wheel_sd"] ** 2 + self.c["wheel_resolution"] ** 2 / 12.0 + (0.005 * (along + bump)) ** 2
        if reading == 0.0:
            white += self.c["wheel_dead_below"] ** 2
        nu = reading - (1.0 + self.x.scale) * (along + bump) - H @ dx
        hph = H @ self.cov @ H
        z = nu / np.sqrt(hph + white)
        if reading < 0.0 or (reading == 0.0 and along + bump < 0.0):
            z = -z
        if z > 5.0 or z < -6.0:
            return dx
        white *= max(z / 1.5, 1.0) ** 2 if z > 0.0 else max(-z / 3.0, 1.0) ** 2
        return self.joseph(H, nu, raised * white, dx)

    def inclination(self, t: float, roll: float, pitch: float) -> None:
        raised = 1.0
        if self.t_inclination is not None and t - self.t_inclination < 2.0 / (np.pi * self.c["inclination_lowpass_hz"]):
            raised = 2.0 / (np.pi * self.c["inclination_lowpass_hz"]) / (t - self.t_inclination)
        self.t_inclination = t
        if not self.aligned:
            return
        self.covariance()
        dx = np.zeros(N)
        for i, reading in enumerate((roll, pitch)):
            def tilt(x: State, i: int = i) -> float:
                g = x.R_bs @ (self.f2 - x.ba)
                return (np.arctan2(g[1], g[2]) if i == 0 else np.arctan2(-g[0], np.hypot(g[1], g[2]))) + x.incl[i]
            dx, _ = self.gated(self.row(tilt), reading - tilt(self.x), self.c["inclination_sd"] ** 2, dx, raised)
        self.correct(dx)

    def gnss(self, t: float, sample: np.void) -> None:
        since = 0.0 if self.t_gnss is None else t - self.t_gnss
        self.t_gnss = t
        if not self.aligned:
            return
        self.covariance()
        slow = self.c["gnss_drift_sd"] * sample["sd_position"]
        keep = np.exp(-since / self.c["gnss_drift_tau"]) if self.has_gnss else 0.0
        fed = slow**2 * (1.0 - keep**2)
        if self.changes >= 8:
            fed = np.minimum(fed, 3.0 * self.change)
        fade = np.eye(N)
        fade[DRIFT, DRIFT] *= keep
        self.x.drift = self.x.drift * keep
        feed = np.zeros((N, N))
        feed[DRIFT, DRIFT] = np.diag(fed)
        self.predict(fade, feed)
        self.has_gnss = True
        self.fix_position(sample, t - self.t)
        self.fix_velocity(sample, t - self.t)

    def fix_position(self, sample: np.void, lead: float) -> None:
        arm = self.c["gnss_lever"] - self.lever
        v = self.x.v + self.x.R_nb @ np.cross(self.x.w_b, arm)

        def h(x: State, i: int) -> float:
            place = x.p + x.R_nb @ arm + x.drift + (lead - x.delay) * (x.v + v - self.x.v)
            return float(place[i] + 0.5 * lead**2 * self.a_n[i])

        change = [sample["position"][i] - h(self.x, i) - self.left[i] for i in range(3)]
        self.changes = min(self.changes + 1, 60)
        share = [max(1.0 / self.changes, 0.3 if d**2 > c else 0.0) for d, c in zip(change, self.change, strict=True)]
        self.change = self.change + np.array(share) * (np.square(change) - self.change)
        white = self.c["gnss_white"] * sample["sd_position"]
        if self.changes >= 8:
            white = np.minimum(white, np.sqrt(2.0 * self.change))
        white = np.maximum(white, self.c["gnss_sd_floor"])
        self.left = self.fix(h, sample["position"], white**2 + (0.01 * v) ** 2)

    def fix_velocity(self, sample: np.void, lead: float) -> None:
        arm = self.c["gnss_lever"] - self.lever
        smooth = self.x.R_ns @ (self.f1 - self.x.ba) - (0.0, 0.0, self.c["gravity"])

        def h(x: State, i: int) -> float:
            return (x.v + x.R_nb @ np.cross(x.w_b, arm))[i] + (lead - x.delay - x.lag) * smooth[i]
        self.fix(h, sample["velocity"], (sample["sd_velocity"] + 0.02) ** 2 + (0.03 * smooth) ** 2)

    def fix(self, h: Callable[[State, int], float], value: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """Three rows together or none; what is left of the innovations. The rate counts as known, and so does the
        mounting for this lever arm."""
        rows = [self.row(lambda x, i=i: h(x, i), rate_too=False) for i in range(3)]
        for H in rows:
            H[MOUNT] = 0.0
        nu = np.array([value[i] - h(self.x, i) for i in range(3)])
        if any(nu[i] ** 2 > 16.0 * (rows[i] @ self.cov @ rows[i] + variance[i]) for i in range(3)):
            return nu
        dx = np.zeros(N)
        for i in range(3):
            now = nu[i] - rows[i] @ dx
            S = rows[i] @ self.cov @ rows[i] + variance[i]
            dx = self.joseph(rows[i], now, variance[i] * max(now**2 / (4.0 * S), 1.0), dx)
        self.correct(dx)
        return nu - np.array(rows) @ dx

    # ---- result ----

    @property
    def pose(self) -> tuple[np.ndarray, np.ndarray]:
        """Position of the body origin, and roll, pitch, yaw."""
        return self.x.p - self.x.R_nb @ self.lever, Rotation.from_matrix(self.x.R_nb).as_euler("ZYX")[::-1]


def smoothed(reference: Reference) -> tuple[np.ndarray, list[State], np.ndarray]:
    """Times, states and covariances of all steps by filterpy's Rauch-Tung-Striebel smoother.

    It knows linear systems only, so it is given the errors about the states without their corrections.
    """
    steps = reference.steps
    x = np.zeros((len(steps), N))
    for k in range(1, len(steps)):
        x[k] = steps[k].F @ x[k - 1] + steps[k].moved
    covs = np.array([s.cov for s in steps])
    # numpy's own inverse meets covariances of which a state without variance has made rows of zeros
    back, cov, _, _ = KalmanFilter(N, 1).rts_smoother(x, covs, [s.F for s in steps], [s.Q for s in steps],
                                                      inv=lambda P: np.linalg.pinv(P, rcond=1e-18, hermitian=True))
    return (np.array([s.t for s in steps]), [s.x.retract(e) for s, e in zip(steps, back - x, strict=True)], cov)


def skew(a: np.ndarray) -> np.ndarray:
    return np.array([[0.0, -a[2], a[1]], [a[2], 0.0, -a[0]], [-a[1], a[0], 0.0]])


def run(log: Log, config: np.ndarray, start: tuple[float, float, float, float, float, float]) -> Reference:
    """Push a log."""
    reference = Reference(config, start)
    kinds, rows, _ = log.timeline()
    for kind, row in zip(kinds, rows, strict=True):
        push(reference, kind, log.arrays[kind][row])
    return reference


def push(reference: Reference, kind: int, sample: np.void) -> None:
    t = sample["t_ns"] * 1e-9
    if kind == 0:
        reference.imu(t, sample["gyro"], sample["accelerometer"])
    elif kind == 1:
        reference.wheels(t, sample["speed"])
    elif kind == 2:
        reference.inclination(t, sample["roll"], sample["pitch"])
    elif kind == 5:
        reference.gnss(t, sample)


def run_late(log: Log, order: np.ndarray, config: np.ndarray,
             start: tuple[float, float, float, float, float, float]) -> tuple[Reference, int]:
    """Push samples in the order they come, going back to a copy from before each late one; and how often that was."""
    kinds, rows, _ = log.timeline()
    done: list[tuple[int, int, np.void]] = []
    copies = [Reference(config, start)]             # before each of the samples done
    back = 0
    for i in order:
        sample = log.arrays[kinds[i]][rows[i]]
        todo = [(int(sample["t_ns"]), int(kinds[i]), sample)]
        while done and todo[0][:2] < done[-1][:2]:
            todo.append(done.pop())
            copies.pop()
        back += len(todo) > 1
        for t_ns, kind, s in [todo[0], *todo[:0:-1]]:
            after = copy.deepcopy(copies[-1])
            after.steps = after.steps[-1:]          # the way here is nobody's business
            push(after, kind, s)
            done.append((t_ns, kind, s))
            copies.append(after)
    return copies[-1], back
