"""What a fused drive says against itself or its sensors: no reason to stop, but to look again."""
from __future__ import annotations

import numpy as np

from trailcoach.fusion import KINDS, Status
from trailcoach.log import SENSORS, Log

_REFUSED = 0.2                      # share of one kind's updates that the gate may refuse
_GAP = 1.0                          # s without an IMU sample
_SLIPPING = 0.5                     # share of the time with a wheel taken out for slip
_FASTEST = 60.0                     # m/s, of an off-road vehicle with room to spare
_NAMES = {"wheels": "wheels.csv", "constraint": "the no-slip constraint", "inclination": "inclination.csv",
          "gnss": "gnss.csv", "speed": "speed.csv", "standstill": "standstill"}


def oddities(log: Log, state: np.ndarray) -> list[str]:
    """What a user should know before trusting a drive.

    Parameters
    ----------
    log : Log
    state : ndarray
        (n,) abi.STATE over the log, n >= 1.

    Returns
    -------
    list of str
        A sentence each; empty where nothing is odd.
    """
    return [*_gaps(log), *_times(state[-1]), *_refused(state[-1]), *_motion(state)]


def _times(last: np.ndarray) -> list[str]:
    """What came late, one line for all sensors."""
    notes = []
    for words, name in (("late, taken at their time", "late"), ("refused for their stamps", "refused"),
                        ("duplicates dropped", "duplicated")):
        counts = [f"{sensor} {n}" for sensor, n in zip(SENSORS, last[name].tolist(), strict=True) if n]
        if counts:
            notes.append(f"{words}: {', '.join(counts)}")
    if last["clock_steps"]:
        notes.append(f"steps of a sensor's clock: {int(last['clock_steps'])}")
    return [f"samples: {'; '.join(notes)}"] if notes else []


def _gaps(log: Log) -> list[str]:
    t = log.in_time("imu")["t_ns"] * 1e-9
    gaps = np.flatnonzero(np.diff(t) > _GAP)
    if not gaps.size:
        return []
    longest = gaps[np.argmax(t[gaps + 1] - t[gaps])]
    others = f", the longest of {gaps.size} gaps" if gaps.size > 1 else ""
    return [f"imu.csv: no samples for {t[longest + 1] - t[longest]:.1f} s after t = {t[longest]:.2f} s{others}:"
            " position and attitude across it are guesses"]


def _refused(last: np.ndarray) -> list[str]:
    notes = []
    for kind, used, gated in zip(KINDS, last["used"], last["gated"], strict=True):
        share = int(gated) / max(int(used) + int(gated), 1)
        if share > _REFUSED:
            notes.append(f"{_NAMES[kind]}: {100 * share:.0f} % of its {int(used) + int(gated)} updates contradict the"
                         " other sensors and were refused: are its units, axes, lever arm and clock right?")
    return notes


def _motion(state: np.ndarray) -> list[str]:
    notes = []
    slipping = float(((state["status"] & Status.SLIP) != 0).mean())
    if slipping > _SLIPPING:
        notes.append(f"a wheel counts as slipping {100 * slipping:.0f} % of the time: are wheels.csv and the vehicle's"
                     " tyres, wheelbase and track right?")
    speed = float(np.linalg.norm(state["velocity"][-1]))
    if not np.isfinite(speed):
        notes.append("the motion at the end is not known: the filter never found level, or lost it")
    elif speed > _FASTEST:
        notes.append(f"the speed at the end is {speed:.0f} m/s: this track is not to be believed")
    return notes
