"""The ground as a picture: shaded relief, tinted by height, with the trail's corridor in full light."""
import base64
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rasterio import Affine
from rasterio.io import MemoryFile
from scipy.ndimage import distance_transform_edt

LONGEST_SIDE = 1400             # pixels; more is not seen on a screen and only makes the file heavy
LIGHT_AZIMUTH = np.radians(315.0)   # from north-west, as on every relief map, or hills look like holes
LIGHT_ELEVATION = np.radians(45.0)
LOW_TINT = np.array([129.0, 122.0, 110.0])
HIGH_TINT = np.array([240.0, 233.0, 216.0])
VEIL = np.array([168.0, 170.0, 172.0])      # laid over what is outside the corridor


@dataclass(frozen=True)
class Relief:
    """A picture of the ground and where its edges lie.

    Attributes
    ----------
    uri : str
        The picture as a data URI.
    west, north, width, height : float
        Its outer edges in the world, m.
    """

    uri: str
    west: float
    north: float
    width: float
    height: float


def relief(heights: NDArray[np.float32], x0: float, y0: float, dx: float, window: tuple[float, float, float, float],
           trail_xy: NDArray[np.float64], half_width: float) -> Relief:
    """Draw the ground inside a window of the world.

    Parameters
    ----------
    heights : ndarray, shape (ny, nx)
        South to north, m; NaN = unknown, stays transparent.
    x0, y0, dx : float
        World position of the south-west post and distance of posts, m.
    window : tuple
        west, south, east, north, m; what is off the map is left out.
    trail_xy : ndarray, shape (k, 2)
        The trail; what is farther from it than ``half_width`` is veiled. Without points nothing is.
    half_width : float
        m.
    """
    ny, nx = heights.shape
    ix = np.clip(np.rint((np.array([window[0], window[2]]) - x0) / dx).astype(int), 0, nx - 1)
    iy = np.clip(np.rint((np.array([window[1], window[3]]) - y0) / dx).astype(int), 0, ny - 1)
    part = heights[iy[0]:iy[1] + 1, ix[0]:ix[1] + 1].astype(np.float64)
    factor = -(-max(part.shape) // LONGEST_SIDE)
    part = _block_mean(part, factor)
    step = dx * factor
    west, south = x0 + (ix[0] - 0.5) * dx, y0 + (iy[0] - 0.5) * dx

    colour = _tint(part) * (0.50 + 0.62 * _shade(part, step))[..., None]
    outside = _distance_to(trail_xy, part.shape, west, south, step) > half_width
    colour[outside] = 0.45 * colour[outside] + 0.55 * VEIL
    opaque = np.where(np.isnan(part), 0, 255)
    rgba = np.dstack([np.nan_to_num(colour), opaque]).clip(0, 255).astype(np.uint8)[::-1]
    north = south + part.shape[0] * step
    return Relief(_data_uri(rgba, west, north, step), west, north, part.shape[1] * step, part.shape[0] * step)


def _block_mean(z: NDArray[np.float64], factor: int) -> NDArray[np.float64]:
    """Mean of factor x factor posts; a block with an unknown post is unknown."""
    if factor == 1 or min(z.shape) < factor:
        return z
    ny, nx = (side // factor for side in z.shape)
    blocks = z[:ny * factor, :nx * factor].reshape(ny, factor, nx, factor)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _shade(z: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Cosine between the ground's normal and the light, 0 to 1."""
    if min(z.shape) < 2:
        return np.full(z.shape, np.sin(LIGHT_ELEVATION))
    dz_dy, dz_dx = np.gradient(z, step)
    light_x = np.sin(LIGHT_AZIMUTH) * np.cos(LIGHT_ELEVATION)
    light_y = np.cos(LIGHT_AZIMUTH) * np.cos(LIGHT_ELEVATION)
    cosine = (np.sin(LIGHT_ELEVATION) - light_x * dz_dx - light_y * dz_dy) / np.sqrt(1.0 + dz_dx**2 + dz_dy**2)
    return np.asarray(np.clip(cosine, 0.0, 1.0))


def _tint(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Dark in the low places, light on the high ones; shape (ny, nx, 3)."""
    known = z[np.isfinite(z)]
    low, high = np.percentile(known, [2, 98]) if known.size else (0.0, 1.0)
    share = np.clip((z - low) / max(high - low, 1e-6), 0.0, 1.0)
    return np.asarray(LOW_TINT + share[..., None] * (HIGH_TINT - LOW_TINT))


def _distance_to(trail_xy: NDArray[np.float64], shape: tuple[int, ...], west: float, south: float,
                 step: float) -> NDArray[np.float64]:
    """Distance of every pixel from the trail, m; zero everywhere where there is no trail to be seen."""
    trail = trail_xy[np.isfinite(trail_xy).all(axis=1)]
    if len(trail) < 2:
        return np.zeros(shape)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(trail, axis=0).T))])
    dense = np.arange(0.0, along[-1] + step, step / 2)
    column = np.floor((np.interp(dense, along, trail[:, 0]) - west) / step).astype(int)
    row = np.floor((np.interp(dense, along, trail[:, 1]) - south) / step).astype(int)
    inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
    if not inside.any():
        return np.zeros(shape)
    away = np.ones(shape, dtype=bool)
    away[row[inside], column[inside]] = False
    return np.asarray(distance_transform_edt(away)) * step


def _data_uri(rgba: NDArray[np.uint8], west: float, north: float, step: float) -> str:
    """Encode a picture, shape (rows, columns, 4), north first."""
    rows, columns, bands = rgba.shape
    with MemoryFile() as memory:
        with memory.open(driver="WEBP", width=columns, height=rows, count=bands, dtype="uint8", quality=80,
                         transform=Affine(step, 0.0, west, 0.0, -step, north)) as picture:
            picture.write(np.moveaxis(rgba, 2, 0))
        return "data:image/webp;base64," + base64.b64encode(memory.read()).decode()
