"""A log's truth, and how far a track is from it."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trailcoach.errors import InputError
from trailcoach.fusion import Status
from trailcoach.inputs.table import Table

if TYPE_CHECKING:
    from trailcoach.fusion import Track
    from trailcoach.log import Log

_CLOSE = 0.5                        # s between the track's states about a time that is scored


@dataclass(frozen=True)
class Deviation:
    """An error's statistics."""

    rms: float
    rms_about_mean: float
    mean: float

    @staticmethod
    def of(error: np.ndarray) -> Deviation:
        """Of errors (n,)."""
        return Deviation(float(np.sqrt(np.mean(error**2))), float(np.std(error)), float(np.mean(error)))


@dataclass(frozen=True)
class Score:
    """A track against the truth.

    share is the part of the truth that could be scored: between two states of the track at most 0.5 s apart, both
    with roll and pitch known by the filter's own word. end_error (m) and distance (m) are None where truth and track
    do not both know positions in one frame.
    """

    share: float
    roll_deg: Deviation
    pitch_deg: Deviation
    end_error: float | None
    distance: float | None


@dataclass(frozen=True)
class Truth:
    """What a log's truth.csv holds: t (s), roll, pitch (rad) and xy (n, 2) in the log's frame.

    xy is None where there are no positions, or none in that frame.
    """

    t: np.ndarray
    roll: np.ndarray
    pitch: np.ndarray
    xy: np.ndarray | None

    @staticmethod
    def of(log: Log) -> Truth | None:
        """The truth beside a log, or None where there is none.

        Raises
        ------
        InputError
            It is no table of t, roll and pitch, or shares no time with the log.
        """
        path = log.path / "truth.csv"
        if not path.exists():
            return None
        table = Table.read(path)
        if not table.has("t", "roll", "pitch"):
            raise InputError(f"{path}: line 1: columns {','.join(table.columns)[:60]}; t, roll and pitch are needed")
        t, (first, last) = table["t"], (ns * 1e-9 for ns in log.t_ns)
        if t.max() < first or t.min() > last:
            raise InputError(f"{path}: t is {t[0]:g} to {t[-1]:g} s, but that of the log {first:g} to {last:g} s; one"
                             " clock is needed")
        return Truth(t, table["roll"], table["pitch"], _positions(table, log))

    def score(self, track: Track) -> Score | None:
        """How far a track is from this truth, at those of the truth's times at which the track knows its attitude.

        Returns
        -------
        Score or None
            None where the track knows its attitude at none of them.
        """
        known = self._beside(track, Status.LEVELLED, track.attitude[:, :2])
        if not known.any():
            return None
        roll, pitch = (np.degrees(np.interp(self.t[known], track.t, track.attitude[:, i]) - truth[known])
                       for i, truth in ((0, self.roll), (1, self.pitch)))
        return Score(float(known.mean()), Deviation.of(roll), Deviation.of(pitch), *self._ends(track))

    def _beside(self, track: Track, bit: Status, values: np.ndarray) -> np.ndarray:
        """(n,) bool: at which times both neighbouring states are close, finite, and known by a status bit."""
        after = np.searchsorted(track.t, self.t)
        within = (after < len(track.t)) & (self.t >= track.t[0])
        after = np.minimum(after, len(track.t) - 1)
        before = np.where(track.t[after] == self.t, after, np.maximum(after - 1, 0))
        known = ((track.status & bit) != 0) & np.isfinite(values).all(axis=1)
        return np.asarray(within & known[before] & known[after] & (track.t[after] - track.t[before] <= _CLOSE))

    def _ends(self, track: Track) -> tuple[float | None, float | None]:
        """Position error at the last time at which it is known, and the distance driven until then."""
        if self.xy is None:
            return None, None
        known = self._beside(track, Status.POSITION, track.position[:, :2]) & np.isfinite(self.xy).all(axis=1)
        if not known.any():
            return None, None
        t, xy = self.t[known], self.xy[known]
        end = np.array([np.interp(t[-1], track.t, track.position[:, i]) for i in (0, 1)])
        distance = np.hypot(*np.diff(xy, axis=0).T).sum() if len(xy) > 1 else 0.0
        return float(np.hypot(*(end - xy[-1]))), float(distance)


def _positions(table: Table, log: Log) -> np.ndarray | None:
    """Positions of the truth in the frame of the log; None where it has none there."""
    if table.has("x", "y"):
        same = log.origin is None and log.frame == (log.meta.crs or "local")
        return np.column_stack([table["x"], table["y"]]) if same else None
    if table.has("lat", "lon") and not (log.frame == "local" and log.origin is None):
        return np.column_stack(log.project(table["lat"], table["lon"]))
    return None
