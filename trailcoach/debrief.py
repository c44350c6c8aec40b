"""After the drive: contacts predicted against contacts felt, and the least clearance of every part.

Nothing is claimed that the data cannot show. A contact is *felt* where the IMU shows a shock that stands out of the
ride and a part was near the ground; a shock with no part near is not called a contact, and a contact without a shock (a
slow scrape, resting on a rock) stays a prediction.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

SHOCK_BAND_HZ = 15.0, 60.0      # above the wheel hop of a soft tyre, below most engines' firing at crawl
SHOCK_WINDOW = 0.05             # s of the moving mean square
SHOCK_LEAST = 1.0               # m/s^2, no ride is so smooth that less is a strike
SHOCK_ABOVE_RIDE = 8.0          # times the median of the drive in motion
SAMPLE_RATE_LEAST = 60.0        # Hz, below this a shock passes unseen
GAP = 0.1                       # s without samples that the filter must not bridge
MERGE = 0.5                     # s between shocks, or between predicted contacts, that are one
NEAR = 0.10                     # m of clearance within which a shock may be this part's
MATCH = 0.3                     # s between a shock and the stance it is laid beside
MOVING = 0.1                    # m/s


@dataclass(frozen=True)
class Shock:
    """A stretch of time in which the IMU shows more than the ride."""

    begin: float        # s
    end: float          # s
    peak: float         # m/s^2, root mean square in the shock band


def shock_level(t: NDArray[np.float64], accelerometer: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Root mean square of the specific force in the shock band.

    Parameters
    ----------
    t : (n,) array
        Times, s, increasing.
    accelerometer : (n, 3) array
        Specific force, m/s^2.

    Returns
    -------
    (n,) array or None
        m/s^2; None where the IMU is too slow to show a shock.
    """
    if len(t) < 3:
        return None
    rate = 1.0 / float(np.median(np.diff(t)))
    if rate < SAMPLE_RATE_LEAST:
        return None
    sos = butter(2, (SHOCK_BAND_HZ[0], min(SHOCK_BAND_HZ[1], 0.45 * rate)), "bandpass", fs=rate, output="sos")
    window = max(1, round(SHOCK_WINDOW * rate))
    level = np.zeros(len(t))
    for rows in _stretches(t, GAP):
        if rows.stop - rows.start > 10 * window:
            high = sosfiltfilt(sos, accelerometer[rows], axis=0)
            power = np.convolve((high * high).sum(axis=1), np.full(window, 1.0 / window), "same")
            level[rows] = np.sqrt(power)
    return level


def find_shocks(t: NDArray[np.float64], level: NDArray[np.float64], threshold: float) -> list[Shock]:
    """Stretches above a threshold; those closer than half a second are one."""
    above = np.flatnonzero(level > threshold)
    return [Shock(float(t[above[r.start]]), float(t[above[r.stop - 1]]), float(level[above[r]].max()))
            for r in _stretches(t[above], MERGE)]


def debrief(part_names: Sequence[str], t_ns: NDArray[np.int64], state: NDArray[np.void], stance: NDArray[np.void],
            imu: NDArray[np.void] | None = None) -> dict[str, Any]:
    """What touched, and what was least.

    Parameters
    ----------
    part_names : sequence of str
        Parts in the order of ``stance["clearance"]``.
    t_ns : (n,) int64
        Times of the guidance ticks.
    state, stance : (n,) arrays of abi.STATE and abi.STANCE
        What was known at these ticks; a stance counts where its status is 0.
    imu : (m,) array of abi.IMU, optional
        The log's IMU samples, same clock.

    Returns
    -------
    dict
        ``contacts``: list of dicts, in order of time, with ``t`` and ``t_end`` (s from the first tick), ``part``,
        ``predicted_probability``, ``predicted_clearance`` (least of that part meanwhile, m), ``felt`` (True, False,
        or None where no IMU could tell) and ``shock`` (m/s^2, None where not felt).
        ``least_clearance``: m by part; None where the ground under it was never known.
        ``shocks_elsewhere``: number of shocks with no part near the ground, which are no contacts.
        ``shock_threshold``: m/s^2, what a shock had to exceed on this drive; None where no IMU could tell.
    """
    n_parts = len(part_names)
    t = (t_ns - t_ns[0]) * 1e-9 if len(t_ns) else np.zeros(0)
    known = stance["status"] == 0
    clearance = np.where(known[:, None], stance["clearance"][:, :n_parts], np.nan)
    probability = np.where(known[:, None], stance["contact_probability"][:, :n_parts], np.nan)
    shocks, threshold = _shocks_of_drive(t_ns, state, imu)
    contacts, elsewhere = _felt(part_names, t, clearance, probability, shocks)
    contacts += _only_predicted(part_names, t, clearance, probability, contacts, threshold is not None)
    contacts.sort(key=lambda c: (c["t"], c["part"]))
    return {"contacts": contacts, "least_clearance": _least(part_names, clearance), "shocks_elsewhere": elsewhere,
            "shock_threshold": threshold}


def _shocks_of_drive(t_ns: NDArray[np.int64], state: NDArray[np.void],
                     imu: NDArray[np.void] | None) -> tuple[list[Shock], float | None]:
    """Shocks beyond the ride of this drive, and the threshold; none and None where no IMU could tell."""
    if imu is None or len(t_ns) == 0:
        return [], None
    t = (imu["t_ns"] - t_ns[0]) * 1e-9
    level = shock_level(t, imu["accelerometer"])
    if level is None:
        return [], None
    speed = np.linalg.norm(state["velocity"], axis=1)
    moving = np.interp(t, (t_ns - t_ns[0]) * 1e-9, speed) > MOVING
    ride = float(np.median(level[moving] if moving.any() else level))
    threshold = max(SHOCK_LEAST, SHOCK_ABOVE_RIDE * ride)
    return find_shocks(t, level, threshold), threshold


def _felt(part_names: Sequence[str], t: NDArray[np.float64], clearance: NDArray[np.float64],
          probability: NDArray[np.float64], shocks: list[Shock]) -> tuple[list[dict[str, Any]], int]:
    """Contacts for shocks with a part near the ground, and the number of the others."""
    contacts, elsewhere = [], 0
    for shock in shocks:
        rows = np.flatnonzero((t >= shock.begin - MATCH) & (t <= shock.end + MATCH))
        least = _columns(np.nanmin, clearance[rows])
        part = int(np.nanargmin(least)) if np.isfinite(least).any() else -1
        if part < 0 or least[part] > NEAR:
            elsewhere += 1
            continue
        contacts.append(_contact(part_names[part], shock.begin, shock.end, float(least[part]),
                                 float(_columns(np.nanmax, probability[rows])[part]), True, shock.peak))
    return contacts, elsewhere


def _only_predicted(part_names: Sequence[str], t: NDArray[np.float64], clearance: NDArray[np.float64],
                    probability: NDArray[np.float64], felt: list[dict[str, Any]],
                    could_feel: bool) -> list[dict[str, Any]]:
    """Stretches where a part should have touched, but for those that were felt."""
    contacts = []
    for part, name in enumerate(part_names):
        below = np.flatnonzero(clearance[:, part] < 0.0)
        for r in _stretches(t[below], MERGE):
            rows = below[r]
            begin, end = float(t[rows[0]]), float(t[rows[-1]])
            if any(c["part"] == name and begin <= c["t_end"] + MATCH and c["t"] - MATCH <= end for c in felt):
                continue
            contacts.append(_contact(name, begin, end, float(clearance[rows, part].min()),
                                     float(_columns(np.nanmax, probability[rows])[part]),
                                     False if could_feel else None, None))
    return contacts


def _contact(part: str, begin: float, end: float, clearance: float, probability: float, felt: bool | None,
             shock: float | None) -> dict[str, Any]:
    return {"t": begin, "t_end": end, "part": part,
            "predicted_probability": probability if np.isfinite(probability) else None,
            "predicted_clearance": clearance, "felt": felt, "shock": shock}


def _least(part_names: Sequence[str], clearance: NDArray[np.float64]) -> dict[str, float | None]:
    least = _columns(np.nanmin, clearance)
    return {name: float(c) if np.isfinite(c) else None for name, c in zip(part_names, least, strict=True)}


def _columns(reduce: Any, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A NaN-aware reduction of every column; NaN where a column knows nothing."""
    out = np.full(values.shape[1], np.nan)
    for j in np.flatnonzero(np.isfinite(values).any(axis=0)):
        out[j] = reduce(values[:, j])
    return out


def _stretches(t: NDArray[np.float64], gap: float) -> Iterator[slice]:
    """Slices of times that follow each other by no more than a gap."""
    if len(t):
        cuts = np.flatnonzero(np.diff(t) > gap) + 1
        for begin, end in zip([0, *cuts], [*cuts, len(t)], strict=True):
            yield slice(int(begin), int(end))
