"""A log's truth, and how far a track is from it."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trailcoach.errors import InputError
from trailcoach.inputs.table import Table

if TYPE_CHECKING:
    from trailcoach.fusion import Track
    from trailcoach.log import Log

_LEVELLED = 1                       # TC_FUSION_LEVELLED


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

    share is the part of the truth that could be scored: within the track, roll and pitch known by the filter's own
    word. end_error and distance (m) are None where the truth has no positions.
    """

    share: float
    roll_deg: Deviation
    pitch_deg: Deviation
    end_error: float | None
    distance: float | None


@dataclass(frozen=True)
class Truth:
    """What a log's truth.csv holds: t (s), roll, pitch (rad) and, where there are positions, xy (n, 2) in its frame."""

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
        xy = None
        if table.has("x", "y"):
            xy = np.column_stack([table["x"], table["y"]])
        elif table.has("lat", "lon"):
            xy = np.column_stack(log.project(table["lat"], table["lon"]))
        return Truth(table["t"], table["roll"], table["pitch"], xy)

    def score(self, track: Track) -> Score | None:
        """How far a track is from this truth, at those of the truth's times at which the track knows its attitude.

        Returns
        -------
        Score or None
            None where the track never knows its attitude.
        """
        within = (self.t >= track.t[0]) & (self.t <= track.t[-1])
        last_state = np.clip(np.searchsorted(track.t, self.t, side="right") - 1, 0, None)
        known = within & ((track.status[last_state] & _LEVELLED) != 0)
        if not known.any():
            return None
        roll, pitch = (np.degrees(np.interp(self.t[known], track.t, track.attitude[:, i]) - truth[known])
                       for i, truth in ((0, self.roll), (1, self.pitch)))
        return Score(float(known.mean()), Deviation.of(roll), Deviation.of(pitch), *self._ends(track, known))

    def _ends(self, track: Track, known: np.ndarray) -> tuple[float | None, float | None]:
        """Position error at the end, and the distance driven."""
        if self.xy is None:
            return None, None
        t, xy = self.t[known], self.xy[known]
        end = np.array([np.interp(t[-1], track.t, track.position[:, i]) for i in (0, 1)])
        distance = np.hypot(*np.diff(xy, axis=0).T).sum() if len(xy) > 1 else 0.0
        return float(np.hypot(*(end - xy[-1]))), float(distance)
