"""When the samples of a log came: their stamps as the sensors' files have them, late rows and stepped clocks included.

A file's rows lie in the order they came in. A clock that steps back shows in them; one that steps ahead looks like a
pause, but the sensor then seems to outlast the others by just that pause.
"""
from __future__ import annotations

import numpy as np

STRAY_ROWS, STRAY_SPAN = 3, 0.1     # fewer rows, or over less time (s), are no clock but a stamp gone wrong
STEP = 1.0                          # s between rows, ahead or back, from which a clock may have stepped
FAR = 3600.0                        # s: a jump ahead by more, with next to nothing after it, is a stamp gone wrong
_ALIKE = 0.25                       # s between a pause and what a sensor outlasts the others by

Stamps = dict[str, np.ndarray]      # (n,) int64, ns, by sensor


def strays(t_ns: np.ndarray) -> np.ndarray:
    """Rows whose stamp went wrong: a few between jumps that come back, or at the end after a jump of an hour.

    Parameters
    ----------
    t_ns : (n,) int64

    Returns
    -------
    (n,) ndarray of bool
    """
    out = np.zeros(len(t_ns), bool)
    cuts = np.flatnonzero(abs(np.diff(t_ns.astype(float))) > STEP * 1e9) + 1
    runs = list(zip(np.r_[0, cuts], np.r_[cuts, len(t_ns)], strict=True))
    for k, (a, b) in enumerate(runs):
        if b - a >= STRAY_ROWS and abs(t_ns[b - 1] - t_ns[a]) >= STRAY_SPAN * 1e9:
            continue
        ahead = k == 0 or t_ns[a] > t_ns[a - 1]
        if k + 1 < len(runs):
            gap = float(t_ns[b]) - float(t_ns[b - 1])
            out[a:b] = gap > FAR * 1e9 if k == 0 and gap > 0.0 else ahead and gap < 0.0
        elif k > 0:
            out[a:b] = ahead and float(t_ns[a]) - float(t_ns[a - 1]) > FAR * 1e9
    return out


def on_one_clock(stamps: Stamps) -> Stamps:
    """Stamps on the clocks the log began with; a row came when the latest of those up to it was.

    Parameters
    ----------
    stamps : dict of str to (n,) int64
        Of every sensor that has rows, without strays.

    Returns
    -------
    dict of str to (n,) int64
    """
    level = {sensor: _without_steps_back(t) for sensor, t in stamps.items()}
    return {sensor: _without_step_ahead(sensor, level) for sensor in level}


def _cadence(t_ns: np.ndarray) -> int:
    return int(np.median(abs(np.diff(t_ns)))) if len(t_ns) > 1 else 0


def _without_steps_back(t_ns: np.ndarray) -> np.ndarray:
    """Stamps carried on where they go back for good; rows that are only late stay as they are."""
    out = t_ns.copy()
    cadence = _cadence(t_ns)
    for i in np.flatnonzero(np.diff(t_ns) < -STEP * 1e9) + 1:
        newest = out[:i].max()
        caught_up = np.flatnonzero(out[i:] > newest)
        rows = out[i:i + caught_up[0] + 1] if len(caught_up) else out[i:]
        goes_on = (np.diff(rows) > 0).all() and (np.diff(rows) < STEP * 1e9).all()
        if goes_on and len(rows) >= STRAY_ROWS and rows[-1] - rows[0] >= STRAY_SPAN * 1e9:
            out[i:] += newest + cadence - out[i]
    return out


def _without_step_ahead(sensor: str, level: Stamps) -> np.ndarray:
    """Stamps carried on over a pause that was none: nobody else paused, and the sensor outlasts all others by it."""
    t = level[sensor]
    others = [o for name, o in level.items() if name != sensor and len(o) > 1]
    jumps = np.flatnonzero(np.diff(t) > STEP * 1e9)
    if not others or not len(jumps):
        return t
    i = int(jumps[np.argmax(np.diff(t)[jumps])])
    pause = t[i + 1] - t[i] - _cadence(t)
    outlasts = t[-1] - max(o[-1] for o in others)
    went_on = any(((o > t[i]) & (o < t[i + 1])).sum() >= STRAY_ROWS for o in others)
    if went_on and abs(outlasts - pause) < _ALIKE * 1e9:
        t = t.copy()
        t[i + 1:] -= pause
    return t
