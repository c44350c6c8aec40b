"""The debrief: what it claims is what the data shows."""
import json

import numpy as np
import pytest

from trailcoach import _core, abi
from trailcoach.debrief import could_feel, debrief
from trailcoach.engine import Engine, make_config
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

    def contacts(self):
        """What the core recognises, tick by tick."""
        watch, first = _core.ContactWatch(), 0
        self.told = []
        for i, t_ns in enumerate(self.t_ns):
            end = int(np.searchsorted(self.imu["t_ns"], t_ns, "right"))
            watch.push(self.imu[first:end].copy())
            first = end
            now = watch.tick(self.state[i:i + 1].copy(), self.stance[i:i + 1].copy(), t_ns)
            if now is not None:
                self.told.append((t_ns * 1e-9, now))
        return watch.over()

    def debrief(self, imu=True, **more):
        self.stance["least_part"] = self.stance["clearance"][:, :len(PARTS)].argmin(axis=1)
        return debrief(PARTS, self.t_ns, self.state, self.stance, self.contacts() if imu else (),
                       felt=could_feel(self.imu if imu else None), **more)


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
    assert found["could_feel"] is False
    assert found["shocks_elsewhere"] == 0


def test_given_a_predicted_and_felt_strike_then_it_is_listed_once():
    (contact,) = Ride().strike(5.0).near("oil_pan", 4.5, 5.5, -0.02).debrief()["contacts"]
    assert contact["felt"] is True


def test_given_two_strikes_apart_then_two_contacts_and_close_together_one():
    apart = Ride().strike(5.0).strike(8.0).near("oil_pan", 4.0, 9.0, 0.0).debrief()["contacts"]
    close = Ride().strike(5.0).strike(5.3).near("oil_pan", 4.0, 9.0, 0.0).debrief()["contacts"]
    assert (len(apart), len(close)) == (2, 1)


def test_given_a_rough_ride_then_the_same_shock_does_not_stand_out():
    smooth = Ride(roughness=0.1).strike(8.0, force=8.0).near("oil_pan", 7.0, 9.0, 0.0).debrief()
    rough = Ride(roughness=1.0).strike(8.0, force=8.0).near("oil_pan", 7.0, 9.0, 0.0).debrief()
    assert (len(smooth["contacts"]), len(rough["contacts"])) == (1, 0)


def test_given_a_strike_then_it_is_told_at_once_and_once():
    ride = Ride().strike(8.0).near("rear_diff", 7.5, 8.5, 0.01)
    ride.debrief()
    ((t, contact),) = ride.told
    assert 8.0 <= t <= 8.0 + 2 * TICK
    assert (PARTS[int(contact["part"])], contact["clearance"]) == ("rear_diff", 0.01)


def test_given_a_part_expected_to_touch_then_a_weaker_shock_tells():
    """What is predicted needs less to be believed."""
    expected = Ride().strike(8.0, force=5.0).near("oil_pan", 7.0, 9.0, -0.05).debrief()["contacts"]
    surprise = Ride().strike(8.0, force=5.0).near("oil_pan", 7.0, 9.0, 0.05).debrief()["contacts"]
    assert [c["felt"] for c in expected] == [True]
    assert surprise == []


def grounded(lift, part_in_ground=-0.1, seconds=2.0):
    """A part that should be in the ground, 1 m ahead of the origin, and the nose up more than on the wheels alone."""
    ride = Ride().near("oil_pan", 8.0, 8.0 + seconds, part_in_ground)
    rows = ride.stance["clearance"][:, 0] < 0.0
    ride.stance["nearest"][:, 0, 0] = 1.0
    ride.state["pitch"][rows] = -lift
    return ride


def test_given_a_part_lifted_out_of_the_ground_without_a_shock_then_it_is_felt_as_load_that_shifted():
    ride = grounded(lift=0.08)
    (contact,) = ride.debrief()["contacts"]
    assert (contact["part"], contact["felt"], contact["felt_by"]) == ("oil_pan", True, ["load_shift"])
    assert contact["shock"] is None
    assert contact["lift"] == pytest.approx(0.08)
    assert (contact["t"], contact["t_end"]) == pytest.approx((8.0, 10.0), abs=0.11)
    ((t, told),) = ride.told
    assert t == pytest.approx(8.3, abs=0.11)
    assert told["part"] == PARTS.index("oil_pan")


@pytest.mark.parametrize("case", [
    {"lift": 0.02}, {"lift": -0.08}, {"lift": 0.08, "part_in_ground": 0.01}, {"lift": 0.08, "seconds": 0.1},
    {"lift": 0.08, "part_in_ground": -0.4},
], ids=["within the noise", "deeper instead", "nothing should touch", "a bounce", "a fifth of what it should be"])
def test_given_an_attitude_that_tells_of_no_load_then_nothing_is_felt(case):
    assert [c for c in grounded(**case).debrief()["contacts"] if c["felt"]] == []


def test_given_a_shock_and_then_load_that_shifts_then_it_is_one_contact():
    (contact,) = grounded(lift=0.08).strike(8.0).debrief()["contacts"]
    assert contact["felt_by"] == ["shock", "load_shift"]
    assert contact["t_end"] == pytest.approx(10.0, abs=0.11)


def test_given_an_unknown_stance_then_nothing_is_claimed_of_it():
    ride = Ride().strike(8.0).near("oil_pan", 0.0, 20.0, -1.0)
    ride.stance["status"] = 4
    found = ride.debrief()
    assert found["score"] is None
    assert found["contacts"] == []
    assert found["shocks_elsewhere"] == 1
    assert found["least_clearance"] == {"oil_pan": None, "rear_diff": None}


def test_given_a_gap_in_the_imu_then_the_jump_is_no_shock():
    ride = Ride().near("oil_pan", 0.0, 20.0, 0.0)
    ride.imu["accelerometer"][2000:, 0] += 3.0          # the vehicle stands differently after the gap
    ride.imu = np.delete(ride.imu, slice(1900, 2000))
    assert ride.debrief()["contacts"] == []


def test_given_nothing_at_all_then_nothing_is_found():
    empty = debrief(PARTS, np.zeros(0, np.int64), np.zeros(0, abi.STATE), np.zeros(0, abi.STANCE))
    assert empty["contacts"] == []
    assert empty["least_clearance"] == {"oil_pan": None, "rear_diff": None}
    assert empty["score"] is None


def test_it_is_plain_data():
    ride = Ride().strike(8.0).near("rear_diff", 7.5, 8.5, 0.01, np.nan).near("oil_pan", 2.0, 3.0, -0.1)
    assert json.loads(json.dumps(ride.debrief(), allow_nan=False))["contacts"]


def beside_the_line(off=0.4, advised_clearance=0.12, driven_clearance=0.01, sd=0.02):
    """Driven along x, `off` metres left of the line advised, with little room at 8 s."""
    ride = Ride().near("rear_diff", 7.5, 8.5, driven_clearance)
    ride.state["position"][:, 0] = 0.5 * ride.t_ns * 1e-9
    ride.state["position"][:, 1] = off
    ride.state["sd_position"] = sd
    advised = np.zeros(101, abi.LINE_POINT)
    advised["x"] = np.arange(101) * 0.1
    on_line = np.zeros(101, abi.STANCE)
    on_line["clearance"] = advised_clearance
    on_line["tip_margin"] = ride.stance["tip_margin"] = 0.6
    return ride, {"advised": advised, "advised_stance": on_line}


def test_given_a_close_place_beside_a_better_line_then_where_and_what_it_cost():
    ride, line = beside_the_line()
    found = ride.debrief(**line)
    (departure,) = found["departures"]
    assert (departure["part"], departure["contact"]) == ("rear_diff", False)
    assert departure["off_line"] == pytest.approx(0.4)
    assert (departure["clearance"], departure["advised_clearance"]) == pytest.approx((0.01, 0.12))
    assert departure["t"] == pytest.approx(7.5, abs=0.15)
    assert found["least_clearance_advised"]["rear_diff"] == pytest.approx(0.12)
    assert found["score"] == {"value": 95, "why": [
        {"points": 5, "reason": "departure", "t": departure["t"], "part": "rear_diff"}]}


@pytest.mark.parametrize("case", [
    {"off": 0.1}, {"advised_clearance": 0.02}, {"driven_clearance": 0.2}, {"sd": 0.5},
], ids=["on the line", "the line is no better", "room enough", "position too poor to say"])
def test_given_no_reason_to_blame_then_no_departure(case):
    ride, line = beside_the_line(**case)
    found = ride.debrief(**line)
    assert found["departures"] == []
    assert found["score"]["value"] == 100


def test_given_a_strike_the_line_would_have_spared_then_it_costs_more_than_one_it_would_not():
    spared, line = beside_the_line()
    unavoidable, other = beside_the_line(advised_clearance=0.0)
    assert spared.strike(8.0).debrief(**line)["score"]["value"] == 80
    assert unavoidable.strike(8.0).debrief(**other)["score"]["value"] == 95


STRIKE = 500.0                          # N
APART = 0.5                             # s between strikes that are two


def drive_through(folder):
    """The debrief of a drive, replayed without guidance."""
    log = Log.open(folder)
    vehicle = Vehicle.load(log.meta.vehicle)
    terrain = Terrain.open(folder / "terrain.tif")
    config = make_config(vehicle, log, guidance=False)
    engine = Engine(vehicle, terrain, config=config)
    if log.meta.start is not None:
        engine.start(*log.meta.start)
    kinds, rows, t_ns = log.timeline()
    ticks = np.arange(t_ns[0], t_ns[-1], int(TICK * 1e9))
    state, stance = np.zeros(len(ticks), abi.STATE), np.zeros(len(ticks), abi.STANCE)
    stance["status"] = 6
    i, contacts = 0, []
    for k, tick in enumerate(ticks):
        j = int(np.searchsorted(t_ns, tick, "right"))
        engine.push_merged(kinds[i:j].copy(), rows[i:j].copy(), list(log.arrays))
        i = j
        engine.tick(int(tick))
        contacts += engine.contacts()
        state[k] = engine.state
        now = engine.stance
        if now is not None:
            stance[k] = now
    if engine.contact is not None:
        contacts.append(engine.contact)
    return debrief(vehicle.part_names, ticks, state, stance, contacts, felt=could_feel(log.imu))


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
