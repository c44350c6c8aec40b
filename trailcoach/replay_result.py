"""What one replay of a log leaves behind: the record that the report is drawn from."""
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from trailcoach.coach import Step
    from trailcoach.terrain import Terrain


@dataclass(frozen=True)
class ReplayResult:
    """A log replayed over terrain, tick by tick.

    Attributes
    ----------
    drive : str
        Name of the log.
    vehicle_name : str
        The vehicle in words.
    part_names : tuple of str
        Underbody parts in the order of ``stance["clearance"]``.
    t : ndarray, shape (n,)
        Times of the guidance ticks from the start of the log, s, increasing.
    state, stance : ndarray, shape (n,)
        ``abi.STATE`` and ``abi.STANCE`` at each tick. A stance is valid where its status is 0; unknown values are NaN.
    advised, advised_stance : ndarray, shape (m,)
        ``abi.LINE_POINT`` of the line advised and ``abi.STANCE`` on it. May be empty.
    steps : list of trailcoach.coach.Step
        The guidance as it would have been spoken, in order of time.
    trail_xy : ndarray, shape (k, 2)
        The trail asked for, world, m.
    half_width : float
        Half width of the corridor about the trail, m.
    terrain : trailcoach.terrain.Terrain
        The ground driven on.
    debrief : dict
        ``contacts``, ``least_clearance`` and what else the debrief found, as in ``debrief.json``.
    afterwards : ndarray, shape (j,), or None
        ``abi.STATE`` of the drive smoothed, at times of its own: where it ran, as well as that can be told from all of
        the log. None where nobody worked it out.
    notes : list of str
        What a reader must know before trusting the figures, such as how the log was made.
    """

    drive: str
    vehicle_name: str
    part_names: tuple[str, ...]
    t: NDArray[np.float64]
    state: NDArray[np.void]
    stance: NDArray[np.void]
    advised: NDArray[np.void]
    advised_stance: NDArray[np.void]
    steps: "list[Step]"
    trail_xy: NDArray[np.float64]
    half_width: float
    terrain: "Terrain"
    debrief: dict[str, Any] = field(default_factory=dict)
    afterwards: NDArray[np.void] | None = None
    notes: list[str] = field(default_factory=list)
