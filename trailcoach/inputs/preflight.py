"""Whether a log, poses or places and a terrain belong together, asked before anything is computed."""
from __future__ import annotations

import numpy as np

from trailcoach.errors import InputError
from trailcoach.log import Log
from trailcoach.terrain import Terrain
from trailcoach.trail import Trail

_MOST_OFF = 0.5                     # share of a drive's fixes that may lie off the map
_TRAIL_OFF = 0.005                  # share of a trail off the map that needs a word
_SHORTEST = 1.0                     # s of IMU that fusion needs to find level
_HEIGHTS_APART = 5.0                # m between fixes and ground that need a word


def check_log_on_terrain(log: Log, terrain: Terrain) -> list[str]:
    """Whether a drive lies on a terrain.

    Returns
    -------
    list of str
        What is odd, but no reason to stop.

    Raises
    ------
    InputError
        Different systems; a start, a first fix, or most of the drive off the map; a start on unknown ground.
    """
    _check_systems(log, terrain)
    notes = []
    if log.meta.start is not None:
        check_place(f"{log.path / 'meta.toml'}: start", log.meta.start[:2], terrain)
    if log.gnss is not None:
        notes += _check_fixes(log, terrain)
    return notes


def check_imu(log: Log) -> None:
    """Refuse a log without IMU, or with too little of it to find level."""
    n = 0 if log.imu is None else len(log.imu)
    if log.imu is None or n == 0:
        raise InputError(f"{log.path}: no IMU samples; fusion needs imu.csv")
    seconds = float(np.ptp(log.imu["t_ns"])) * 1e-9
    if seconds < _SHORTEST:
        raise InputError(f"{log.path / 'imu.csv'}: {n} sample{'s' if n > 1 else ''} over {seconds:.3g} s; at least"
                         f" {_SHORTEST:g} s is needed")


def check_trail(trail: Trail, terrain: Terrain) -> list[str]:
    """Refuse a trail most of which is off the map; a word about one that leaves it."""
    trail.check_on(terrain)
    off = trail.share_off(terrain)
    if off <= _TRAIL_OFF:
        return []
    return [f"{trail.path}: {100 * off:.0f} % of it lies outside the terrain: no advice there"]


def check_place(what: str, xy: tuple[float, ...], terrain: Terrain) -> None:
    """Refuse a place that is off the map or where the ground is not known."""
    x, y = np.array(xy[0]), np.array(xy[1])
    place = f"{what} = {x:.2f}, {y:.2f}"
    if not terrain.covers(x, y):
        raise InputError(f"{place} is outside the terrain {terrain.path}; allowed: {_extent(terrain)}")
    if np.isnan(terrain.height(x, y)):
        raise InputError(f"{place} lies where {terrain.path} has no height; known ground is needed")


def check_poses_on_terrain(poses: np.ndarray, terrain: Terrain, where: str) -> list[str]:
    """Refuse poses (n, 3) none of which is on the map; a word about those that are not."""
    on = terrain.covers(poses[:, 0], poses[:, 1])
    if not on.any():
        x, y, _ = poses[0]
        raise InputError(f"{where}: no pose is on the terrain {terrain.path}, the first is {x:.2f}, {y:.2f}, outside"
                         f" the terrain; allowed: {_extent(terrain)}")
    off = len(poses) - int(on.sum())
    return [f"{where}: {off} of {len(poses)} poses are outside the terrain; their results stay empty"] if off else []


def _check_systems(log: Log, terrain: Terrain) -> None:
    """Positions of log and terrain must count in one system."""
    if log.frame == "local" or log.frame == terrain.crs:
        if log.origin is not None:
            raise InputError(f"{log.path}: positions in degrees, but the terrain {terrain.path} counts in local metres"
                             " without a place on Earth; a terrain in a projected system is needed")
        return
    if terrain.crs is None:
        raise InputError(f"{log.path}: positions in {log.frame}, but the terrain {terrain.path} counts in local metres;"
                         " one system is needed")
    if not _same_system(log.frame, terrain.crs):
        raise InputError(f"{log.path}: positions in {log.frame}, but the terrain {terrain.path} is in"
                         f" {terrain.crs[:60]}; one system is needed")


def _same_system(a: str, b: str) -> bool:
    """Whether two systems are one as seen from above."""
    import pyproj
    first, second = (pyproj.CRS.from_user_input(c).to_2d() for c in (a, b))
    first, second = (c.sub_crs_list[0] if c.is_compound else c for c in (first, second))
    return bool(first.equals(second, ignore_axis_order=True) or
                (first.to_epsg() is not None and first.to_epsg() == second.to_epsg()))


def _check_fixes(log: Log, terrain: Terrain) -> list[str]:
    assert log.gnss is not None
    x, y, z = log.gnss["position"].T
    on = terrain.covers(x, y)
    if log.meta.start is None and not on[0]:
        raise InputError(f"{log.path / 'gnss.csv'}: line 2: the first fix {x[0]:.2f}, {y[0]:.2f} is outside the terrain"
                         f" {terrain.path}; allowed: {_extent(terrain)}")
    off = 1.0 - float(on.mean())
    if off > _MOST_OFF:
        raise InputError(f"{log.path / 'gnss.csv'}: {100 * off:.0f} % of the fixes, such as {x[~on][0]:.2f},"
                         f" {y[~on][0]:.2f}, are outside the terrain {terrain.path}; allowed: {_extent(terrain)}")
    notes = [f"{100 * off:.0f} % of the fixes are outside the terrain"] if off > 0.0 else []
    gap = z - terrain.height(x, y)
    gap = gap[np.isfinite(gap)]
    if gap.size and abs(np.median(gap)) > _HEIGHTS_APART:
        notes.append(f"fixes lie {np.median(gap):+.1f} m from the terrain's heights: heights above the ellipsoid and"
                     " above the sea?")
    return notes


def _extent(terrain: Terrain) -> str:
    west, south, east, north = terrain.bounds
    return f"x {west:.2f} to {east:.2f}, y {south:.2f} to {north:.2f}"
