"""Where a fine surface ends on a coarse one: the coarse is bent to meet it.

The fine heights stay as they are. Beside them the coarse surface is lifted by the difference at the nearest fine post
(delta surface fill, Grohman et al. 2006, Photogrammetric Engineering & Remote Sensing 72(3)); the lift fades out over a
few coarse posts. So nothing that was measured finely is lost, and no step is left where resolutions meet.
"""
from __future__ import annotations

import numpy as np

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
         ratio: float) -> tuple[np.ndarray, np.ndarray]:
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
    """
    from scipy.ndimage import correlate1d, distance_transform_edt
    known, meeting = ~np.isnan(fine), ~np.isnan(fine) & ~np.isnan(coarse)
    if not meeting.any():
        only = np.where(reach == 2, coarse, np.nan)
        return np.where(known, fine, only), np.where(known, fine_sigma, np.where(reach == 2, coarse_sigma, np.nan))
    j, i = distance_transform_edt(~meeting, return_distances=False, return_indices=True)
    lift = (fine - coarse)[j, i]
    size = _smoothing(ratio)
    taps = np.concatenate([np.arange(1.0, size + 2.0), np.arange(float(size), 0.0, -1.0)])
    taps /= taps.sum()
    smooth = correlate1d(correlate1d(lift, taps, axis=0, mode="nearest"), taps, axis=1, mode="nearest")

    row, column = np.nonzero(~known & (reach > 0))
    near = j[row, column], i[row, column]
    distance = np.hypot(near[0] - row, near[1] - column)
    valid = (reach[row, column] == 2) | (distance <= GAP * ratio + 1.0)
    row, column, distance = row[valid], column[valid], distance[valid]
    near = near[0][valid], near[1][valid]
    raised = lift[row, column]
    raised += np.clip((distance - 1.0) / max(size, 1), 0.0, 1.0) * (smooth[row, column] - raised)
    t = np.clip(distance / fade_posts(ratio), 0.0, 1.0)
    fading = 1.0 - t * t * (3.0 - 2.0 * t)
    heights, spread = np.array(fine, float), np.array(fine_sigma, float)
    heights[row, column] = coarse[row, column] + fading * raised
    own = coarse_sigma[row, column]
    spread[row, column] = own + fading * (fine_sigma[near] - own)
    return heights, spread


def _smoothing(ratio: float) -> int:
    """Half width of the smoothing of a lift away from the seam, in fine posts."""
    return int(min(np.ceil(ratio), MOST // 4))
