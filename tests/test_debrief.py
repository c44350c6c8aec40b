"""The debrief: what it claims is what the data shows."""
import json

import numpy as np
import pytest

from trailcoach import _core, abi
from trailcoach.debrief import debrief
from trailcoach.log import Log
from trailcoach.terrain import Terrain
from trailcoach.vehicle import Vehicle

PARTS = ("oil_pan", "rear_diff")
RATE = 200                              # Hz of the IMU
TICK = 0.1                              # s


class Ride:
    """Twenty seconds at 0.5 m/s on a ride of a given roughness, nothing near the ground."""

    def __init__(self, roughness=0.1, rate=RATE, seconds=20.0):
        rng = np.random.default_rng(5)
        n = int(seconds * rate)
        self.imu = np.zeros(n, abi.IMU)
        self.imu["t_ns"] = np.round(np.arange(n) / rate * 1e9)
        self.imu["accelerometer"] = rng.normal((0.0, 0.0, 9.8), roughness, (n, 3))
        self.t_ns = np.arange(0, int(seconds * 1e9), int(TICK * 1e9))
        self.state = np.zeros(len(self.t_ns), abi.STATE)
        self.state["velocity"][:, 0] = 0.5
        self.stance = np.zeros(len(self.t_ns), abi.STANCE)
        self.stance["clearance"] = 0.3
        self.rate = rate

    def strike(self, at, force=30.0):
        """A decaying 40 Hz ring."""
        t = self.imu["t_ns"] * 1e-9 - at
        ring = np.where(t >= 0.0, force * np.exp(-np.maximum(t, 0.0) / 0.03) * np.sin(2.0 * np.pi * 40.0 * t), 0.0)
        self.imu["accelerometer"][:, 2] += ring
        return self

    def near(self, part, begin, end, clearance, probability=0.5):
        rows = (self.t_ns >= begin * 1e9) & (self.t_ns <= end * 1e9)
        self.stance["clearance"][rows, PARTS.index(part)] = clearance
        self.stance["contact_probability"][rows, PARTS.index(part)] = probability
        return self

    def debrief(self, imu=True):
        return debrief(PARTS, self.t_ns, self.state, self.stance, self.imu if imu else None)


def test_given_a_quiet_ride_then_no_contact():
    found = Ride().debrief()
    assert found["contacts"] == []
    assert found["shocks_elsewhere"] == 0
    assert found["least_clearance"] == pytest.approx({"oil_pan": 0.3, "rear_diff": 0.3})


def test_given_a_shock_while_a_part_is_near_then_it_is_felt_timed_and_attributed():
    found = Ride().strike(8.0).near("rear_diff", 7.5, 8.5, 0.01, 0.4).debrief()
    (contact,) = found["contacts"]
    assert contact["part"] == "rear_diff"
    assert contact["felt"] is True
    assert contact["t"] == pytest.approx(8.0, abs=0.1)
    assert contact["predicted_probability"] == pytest.approx(0.4)
    assert contact["predicted_clearance"] == pytest.approx(0.01)
    assert found["least_clearance"]["rear_diff"] == pytest.approx(0.01)


def test_given_a_shock_with_no_part_near_then_it_is_no_contact():
    found = Ride().strike(8.0).debrief()
    assert found["contacts"] == []
    assert found["shocks_elsewhere"] == 1


def test_given_a_predicted_touch_without_shock_then_it_was_not_felt():
    (contact,) = Ride().near("oil_pan", 4.0, 6.0, -0.02, 0.9).debrief()["contacts"]
    assert (contact["part"], contact["felt"], contact["shock"]) == ("oil_pan", False, None)
    assert (contact["t"], contact["t_end"]) == pytest.approx((4.0, 6.0), abs=0.11)


@pytest.mark.parametrize("ride", [Ride(), Ride(rate=50)], ids=["no IMU", "slow IMU"])
def test_given_no_imu_that_could_tell_then_felt_is_unknown(ride):
    found = ride.near("oil_pan", 4.0, 6.0, -0.02).debrief(imu=ride.rate < RATE)
    assert [c["felt"] for c in found["contacts"]] == [None]
    assert found["shock_threshold"] is None


def test_given_a_predicted_and_felt_strike_then_it_is_listed_once():
    (contact,) = Ride().strike(5.0).near("oil_pan", 4.5, 5.5, -0.02).debrief()["contacts"]
    assert contact["felt"] is True


def test_given_two_strikes_apart_then_two_contacts_and_close_together_one():
    apart = Ride().strike(5.0).strike(8.0).near("oil_pan", 4.0, 9.0, 0.0).debrief()["contacts"]
    close = Ride().strike(5.0).strike(5.3).near("oil_pan", 4.0, 9.0, 0.0).debrief()["contacts"]
    assert (len(apart), len(close)) == (2, 1)


def test_given_a_rough_ride_then_the_same_shock_does_not_stand_out():
    smooth = Ride(roughness=0.1).strike(8.0, force=5.0).near("oil_pan", 7.0, 9.0, 0.0).debrief()
    rough = Ride(roughness=1.0).strike(8.0, force=5.0).near("oil_pan", 7.0, 9.0, 0.0).debrief()
    assert rough["shock_threshold"] > smooth["shock_threshold"]
    assert (len(smooth["contacts"]), len(rough["contacts"])) == (1, 0)


def test_given_an_unknown_stance_then_nothing_is_claimed_of_it():
    ride = Ride().strike(8.0).near("oil_pan", 0.0, 20.0, -1.0)
    ride.stance["status"] = 4
    found = ride.debrief()
    assert found["contacts"] == []
    assert found["shocks_elsewhere"] == 1
    assert found["least_clearance"] == {"oil_pan": None, "rear_diff": None}


def test_given_a_gap_in_the_imu_then_the_jump_is_no_shock():
    ride = Ride().near("oil_pan", 0.0, 20.0, 0.0)
    ride.imu["accelerometer"][2000:, 0] += 3.0          # the vehicle stands differently after the gap
    ride.imu = np.delete(ride.imu, slice(1900, 2000))
    assert ride.debrief()["contacts"] == []


def test_given_nothing_at_all_then_nothing_is_found():
    empty = debrief(PARTS, np.zeros(0, np.int64), np.zeros(0, abi.STATE), np.zeros(0, abi.STANCE), None)
    assert empty["contacts"] == []
    assert empty["least_clearance"] == {"oil_pan": None, "rear_diff": None}


def test_it_is_plain_data():
    ride = Ride().strike(8.0).near("rear_diff", 7.5, 8.5, 0.01, np.nan).near("oil_pan", 2.0, 3.0, -0.1)
    assert json.loads(json.dumps(ride.debrief(), allow_nan=False))["contacts"]


# ---- against the physics ----------------------------------------------------------------------------------

STRIKE = 500.0                          # N
APART = 0.5                             # s between strikes that are two


def drive_through(folder):
    """State and stance at every tick of a drive."""
    log = Log.open(folder)
    vehicle = Vehicle.load(log.meta.vehicle)
    terrain = Terrain.open(folder / "terrain.tif")
    config = _core.default_config()
    config["vehicle"] = vehicle.to_abi()
    config["fusion"]["imu_lever"], config["fusion"]["gnss_lever"] = log.meta.imu, log.meta.gnss
    engine = _core.Engine(config)
    engine.set_terrain(terrain.grid)
    if log.meta.start is not None:
        x, y, yaw = log.meta.start
        engine.set_start(x, y, float(terrain.height(np.array(x), np.array(y))), yaw, 0.05, 0.01)
    kinds, rows, t_ns = log.timeline()
    ticks = np.arange(t_ns[0], t_ns[-1], int(TICK * 1e9))
    state, stance = np.zeros(len(ticks), abi.STATE), np.zeros(len(ticks), abi.STANCE)
    stance["status"] = 6
    i = 0
    for k, tick in enumerate(ticks):
        j = int(np.searchsorted(t_ns, tick, "right"))
        engine.push_merged(kinds[i:j].copy(), rows[i:j].copy(), list(log.arrays))
        i = j
        engine.tick(tick)
        state[k] = engine.state()
        now = engine.stance()
        if now is not None:
            stance[k] = now
    return debrief(vehicle.part_names, ticks, state, stance, log.imu)


def true_strikes(folder):
    """Begin and end of stretches with more than STRIKE on a part."""
    table = np.genfromtxt(folder / "truth_underbody.csv", delimiter=",", names=True)
    forces = [table[n] for n in table.dtype.names if n.startswith("contact_force_")]
    hit = np.max(forces, axis=0) > STRIKE
    t = table["t"][hit]
    cuts = np.flatnonzero(np.diff(t) > APART) + 1
    return [(s[0], s[-1]) for s in np.split(t, cuts) if len(s)]


@pytest.mark.parametrize("name", ["d00", "d01", "d02", "d03"])
def test_strikes_of_the_simulated_drives_are_found_and_none_is_invented(shared, name):
    folder = shared / "data" / "rig" / "drives" / name
    felt = [c for c in drive_through(folder)["contacts"] if c["felt"]]
    strikes = true_strikes(folder)
    for begin, end in strikes:
        assert any(c["t"] - 0.3 <= end and begin <= c["t_end"] + 0.3 for c in felt), (begin, end)
    for c in felt:
        assert any(c["t"] - 0.3 <= end and begin <= c["t_end"] + 0.3 for begin, end in strikes), c
