"""Where a fine surface ends on a coarse one: the coarse is bent to meet it.

The fine heights stay as they are. Beside them the coarse surface is lifted by the difference at the nearest fine post
(delta surface fill, Grohman et al. 2006, Photogrammetric Engineering & Remote Sensing 72(3)); the lift fades out over a
few coarse posts. So nothing that was measured finely is lost, and no step is left where resolutions meet.
"""
from __future__ import annotations

import numpy as np

from trailcoach import _core

FADE = 4.0                          # coarse posts over which the lift fades out,
MOST = 128                          # and fine posts at most
GAP = 1.5                           # coarse posts between a fine post and a coarse pixel that still meet


def fade_posts(ratio: float) -> int:
    """Fine posts over which a lift fades out; ratio = coarse posts' distance / fine posts' distance."""
    return int(min(np.ceil(FADE * ratio), MOST))


def halo_posts(ratio: float) -> int:
    """How far from a post others have a say in its height, in fine posts."""
    return fade_posts(ratio) + 3 * _smoothing(ratio) + 2


def bend(fine: np.ndarray, fine_sigma: np.ndarray, coarse: np.ndarray, coarse_sigma: np.ndarray, reach: np.ndarray,
         ratio: float, rim: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Fine heights, and beside them coarse ones bent to meet them.

    Parameters
    ----------
    fine, fine_sigma : ndarray
        (nj, ni), m, NaN = unknown.
    coarse, coarse_sigma : ndarray
        On the same posts, reaching a little beyond what is known.
    reach : ndarray
        2 where the coarse surface is known, 1 where a pixel of it is, see :meth:`Layer.sample`.
    ratio : float
        Coarse posts' distance / fine posts' distance.
    rim : int
        Posts on each side that are only looked at: what comes back is so much smaller.
    """
    nj, ni = fine.shape
    inner = np.s_[rim:nj - rim, rim:ni - rim]
    known, meeting, lies = ~np.isnan(fine[inner]), ~np.isnan(fine) & ~np.isnan(coarse), reach[inner]
    heights, spread = (np.where(known, a[inner], np.where(lies == 2, b[inner], np.nan))
                       for a, b in ((fine, coarse), (fine_sigma, coarse_sigma)))
    if not meeting.any():
        return heights, spread
    fade, size = fade_posts(ratio), _smoothing(ratio)
    skirt = min(size, rim)                              # posts about those told of whose lift has a say
    near = _core.nearest(meeting, fade + 2 * size + 2, rim - skirt)
    lift = _lift(fine, coarse, near)
    wide = near.shape[1]
    row, column = np.nonzero(~known & (lies > 0) & (near[skirt:len(near) - skirt, skirt:wide - skirt] >= 0))
    at = near[row + skirt, column + skirt]
    distance = np.hypot(at // ni - rim - row, at % ni - rim - column)
    valid = (distance < fade) & ((lies[row, column] == 2) | (distance <= GAP * ratio + 1.0))
    row, column, distance, at = row[valid], column[valid], distance[valid], at[valid]
    if not at.size:
        return heights, spread
    raised = lift[row + skirt, column + skirt]
    smooth = _smoothed(lift, row + skirt, column + skirt, size)
    raised += np.clip((distance - 1.0) / max(size, 1), 0.0, 1.0) * (smooth - raised)
    t = distance / fade
    fading = 1.0 - t * t * (3.0 - 2.0 * t)
    heights[row, column] = coarse[inner][row, column] + fading * raised
    own = coarse_sigma[inner][row, column]
    spread[row, column] = own + fading * (fine_sigma.ravel()[at] - own)
    return heights, spread


def _lift(fine: np.ndarray, coarse: np.ndarray, near: np.ndarray) -> np.ndarray:
    """By how much the coarse surface is too low at the nearest post where both are known, 0 where none is near."""
    out = np.zeros(near.shape)
    found = near >= 0
    at = near[found]
    out[found] = fine.ravel()[at] - coarse.ravel()[at]
    return out


def _smoothed(lift: np.ndarray, row: np.ndarray, column: np.ndarray, size: int) -> np.ndarray:
    """A lift smoothed by a triangle `size` posts to each side, at some posts."""
    from scipy.ndimage import correlate1d
    taps = np.concatenate([np.arange(1.0, size + 2.0), np.arange(float(size), 0.0, -1.0)])
    taps /= taps.sum()
    south, west = max(row.min() - size, 0), max(column.min() - size, 0)
    part = lift[south:row.max() + size + 1, west:column.max() + size + 1]
    part = correlate1d(correlate1d(part, taps, axis=0, mode="nearest"), taps, axis=1, mode="nearest")
    return np.asarray(part[row - south, column - west])


def _smoothing(ratio: float) -> int:
    """Half width of the smoothing of a lift away from the seam, in fine posts."""
    return int(min(np.ceil(ratio), MOST // 4))
