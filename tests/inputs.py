"""Small whole inputs for tests of readers and of the command line, made where they are needed."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import rasterio
from rasterio.transform import Affine

from trailcoach.errors import InputError

T = TypeVar("T")

WEST, SOUTH, POST, SIZE = 599990.0, 4249990.0, 0.1, 201     # a terrain of 20 x 20 m
CRS = "EPSG:32612"
START = (WEST + 5.0, SOUTH + 10.0, 0.0)
RATE, SECONDS = 100, 3
G = 9.80665


def write_terrain(path: Path, heights: np.ndarray | None = None, *, crs: str | None = CRS,
                  nodata: float | None = -9999.0, transform: Affine | None = None) -> Path:
    """A GeoTIFF; heights (ny, nx) are north to south, as rasters lie, gentle waves if not given."""
    if heights is None:
        y, x = np.mgrid[0:SIZE, 0:SIZE] * POST
        heights = (0.05 * np.sin(x) * np.cos(0.7 * y)).astype(np.float32)
    if transform is None:       # the transform is of corners, the posts are middles of pixels
        transform = Affine(POST, 0.0, WEST - POST / 2, 0.0, -POST, SOUTH + (heights.shape[0] - 0.5) * POST)
    with rasterio.open(path, "w", driver="GTiff", width=heights.shape[1], height=heights.shape[0],
                       count=1, dtype=heights.dtype, crs=crs, transform=transform, nodata=nodata) as f:
        f.write(heights, 1)
    return path


def csv(path: Path, header: str, rows: np.ndarray) -> Path:
    path.write_text(header + "\n" + "".join(",".join(f"{v:.15g}" for v in row) + "\n" for row in rows))
    return path


def write_log(folder: Path, *, gnss: bool = True) -> Path:
    """A vehicle that stands still on level ground for three seconds, then rolls forward at 1 m/s for three."""
    folder.mkdir()
    t = np.arange(2 * RATE * SECONDS) / RATE
    v = np.clip(t - SECONDS, 0.0, 1.0)
    zero = np.zeros_like(t)
    a = np.where((t >= SECONDS) & (t < SECONDS + 1.0), 1.0, 0.0)
    csv(folder / "imu.csv", "t,gx,gy,gz,ax,ay,az", np.column_stack([t, zero, zero, zero, a, zero, zero + G]))
    csv(folder / "wheels.csv", "t,fl,fr,rl,rr", np.column_stack([t, v, v, v, v])[::2])
    csv(folder / "inclination.csv", "t,roll,pitch", np.column_stack([t, zero, zero])[::10])
    x = START[0] + np.cumsum(v) / RATE
    if gnss:
        csv(folder / "gnss.csv", "t,x,y,z,sd_x,sd_y,sd_z",
            np.column_stack([t, x, zero + START[1], zero + 1.85, zero + 0.02, zero + 0.02, zero + 0.04])[::20])
    (folder / "meta.toml").write_text(f'vehicle = "jeep-wrangler-jlur"\ncrs = "{CRS}"\nterrain = "terrain.tif"\n'
                                      f"start = [{START[0]}, {START[1]}, {START[2]}]\ngnss = [0.0, 0.0, 1.85]\n")
    csv(folder / "truth.csv", "t,x,y,z,roll,pitch,yaw",
        np.column_stack([t, x, zero + START[1], zero, zero, zero, zero])[::5])
    write_terrain(folder / "terrain.tif", np.zeros((SIZE, SIZE), np.float32))
    return folder


def write_poses(path: Path) -> Path:
    path.write_text(f"id,x,y,yaw\nledge,{WEST + 8},{SOUTH + 9},0.3\nsecond,{WEST + 11},{SOUTH + 12},-2.0\n")
    return path


def replace_line(path: Path, number: int, line: str) -> None:
    """Put another line in place of line `number`, counted from 1."""
    lines = path.read_text().splitlines()
    lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n")


def taken_or_refused(read: Callable[[Path], T], path: Path) -> tuple[T | None, str]:
    """What a reader makes of a file, or the words it refuses it with; any other fault comes through."""
    try:
        return read(path), ""
    except InputError as e:
        return None, str(e)
