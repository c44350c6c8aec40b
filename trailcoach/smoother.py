"""Smoothing of a fused drive: every state from all samples, those after it too. For the desk, never in the vehicle.

Rauch, Tung and Striebel's fixed-interval smoother over the error states of the core's filter. Between two checkpoints
the filter takes many updates, so it is the covariance C of the earlier checkpoint's error with the later one's that the
core carries along (``ext/fusion_smoother.pxi``); with P the later one's variance the gain is G = C P^-1, and

    error(k) = moved(k) + G error(k + 1)
    P_smooth(k) = P_moved(k) - G P(k + 1) G^T + G P_smooth(k + 1) G^T

where moved and P_moved are what the updates up to checkpoint k + 1 say of checkpoint k.
"""
from __future__ import annotations

import numpy as np

from trailcoach import _core

RATE = 20.0                         # checkpoints per second that are enough: between them nothing is smoothed
_BLOCK = 256                        # gains worked out together
_RIDGE = 1e-12                      # of a correlation matrix, beyond which it counts as singular


def gains(C: np.ndarray, P: np.ndarray) -> np.ndarray:
    """Gains C P^-1.

    Parameters
    ----------
    C, P : (n, m, m) ndarray
        Covariance of the earlier error with the later, and of the later. A state without variance takes no part.

    Returns
    -------
    (n, m, m) ndarray
    """
    sd = np.sqrt(np.einsum("kii->ki", P))
    scale = np.where(sd > 0.0, sd, 1.0)
    correlation = P / (scale[:, :, None] * scale[:, None, :])
    diagonal = np.einsum("kii->ki", correlation)        # a view
    diagonal[:] = 1.0 + _RIDGE
    cross = np.where(sd[:, None, :] > 0.0, C / scale[:, None, :], 0.0)
    return np.swapaxes(np.linalg.solve(correlation, np.swapaxes(cross, 1, 2)), 1, 2) / scale[:, None, :]


class Smoother:
    """Checkpoints of a drive, then the pass backward.

    Parameters
    ----------
    n : int
        Checkpoints there will be; each takes some 20 kB.

    Attributes
    ----------
    torn : int
        Checkpoints the filter went back behind for a late sample: those before know nothing of what came after.
    """

    torn: int = 0

    def __init__(self, n: int) -> None:
        size, at, states = _core.smoother_layout()
        layout = np.dtype({"names": ["P"], "formats": [("f8", (states, states))], "offsets": [at], "itemsize": size})
        self._snapshot = np.zeros(n, layout)
        self._gain = np.zeros((max(n - 1, 0), states, states))
        self._moved = np.zeros((n, states))
        self._own = np.zeros((max(n - 1, 0), states, states))   # P_moved - G P G^T; first P_moved
        self._taken = self._worked_out = 0

    def take(self, engine: _core.Engine) -> None:
        """A checkpoint of the engine as it is now."""
        k = self._taken
        snapshot = self._snapshot[k:k + 1].view(np.uint8)
        if k == 0:
            blank = np.zeros((2, *self._gain.shape[1:]))
            engine.checkpoint(snapshot, blank[0], blank[1], np.zeros(blank.shape[1]))
        elif not engine.checkpoint(snapshot, self._gain[k - 1], self._own[k - 1], self._moved[k - 1]):
            self._own[k - 1] = self._snapshot["P"][k - 1]       # the filter went back behind it: as it was
            self._moved[k - 1] = 0.0
            self.torn += 1
        self._taken += 1
        if self._taken - 1 - self._worked_out >= _BLOCK:
            self._work_out()

    def _work_out(self) -> None:
        """Gains of the checkpoints since the last time, in the place of their C."""
        some = slice(self._worked_out, self._taken - 1)
        P = self._snapshot["P"][self._worked_out + 1:self._taken]
        G = gains(self._gain[some], P)
        self._gain[some] = G
        self._own[some] -= G @ P @ np.swapaxes(G, 1, 2)
        self._worked_out = self._taken - 1

    def smooth(self, state: np.ndarray) -> np.ndarray:
        """The states of all checkpoints from all samples.

        Parameters
        ----------
        state : (n,) ndarray
            abi.STATE as the filter gave them at the checkpoints.

        Returns
        -------
        (n,) ndarray
            abi.STATE
        """
        if len(state) != self._taken:
            raise ValueError(f"{len(state)} states of {self._taken} checkpoints")
        out = state.copy()
        if self._taken == 0:
            return out
        self._work_out()
        error = np.zeros(self._moved.shape[1])
        P = self._snapshot["P"][self._taken - 1].copy()
        for k in range(self._taken - 2, -1, -1):
            G = self._gain[k]
            error = self._moved[k] + G @ error
            P = self._own[k] + G @ P @ G.T
            P = 0.5 * (P + P.T)
            _core.smoothed_into(self._snapshot[k:k + 1].view(np.uint8), error, P, out[k:k + 1])
        return out
