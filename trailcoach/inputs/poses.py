"""Poses to settle a vehicle at, from a CSV file."""
from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from trailcoach.errors import InputError
from trailcoach.inputs.kinds import kind_of
from trailcoach.inputs.table import Table

_MOST_YAW = 4.0 * math.pi           # rad; more is taken for degrees
_MOST_XY = 1e8                      # m, no projected system reaches that far
_NEEDED = ("x", "y", "yaw")


def read_poses(path: str | Path) -> tuple[list[str], np.ndarray]:
    """Read poses.csv.

    Parameters
    ----------
    path : str or Path
        A CSV file with the columns x, y (m, in the terrain's system), yaw (rad) and, if wanted, id.

    Returns
    -------
    ids : list of str
        The id of each pose, or its number from 0 where the file has none.
    poses : (n, 3) ndarray
        x, y, yaw.

    Raises
    ------
    InputError
        Names file and line, what is wrong and what is allowed.
    """
    path = Path(path)
    if not path.is_file():
        what = f"is {kind_of(path)}" if path.exists() else "no such file"
        raise InputError(f"{path}: {what}; a CSV file of poses is needed: id,x,y,yaw")
    table = Table.read(path, text_column="id")
    if set(table.columns) != set(_NEEDED):
        raise InputError(f"{path}: line 1: columns {','.join(table.columns)[:60]} are {kind_of(path)}, no poses;"
                         " allowed: id,x,y,yaw")
    poses = np.ascontiguousarray(np.column_stack([table[c] for c in _NEEDED]))
    for column, most, unit in ((0, _MOST_XY, "m"), (1, _MOST_XY, "m"), (2, _MOST_YAW, "rad (are these degrees?)")):
        beyond = np.flatnonzero(abs(poses[:, column]) > most)
        if beyond.size:
            row = int(beyond[0])
            raise table.fault(row, f"{_NEEDED[column]} = {poses[row, column]:g}; at most {most:.4g} {unit} either way"
                                   " is allowed")
    ids = table.text or [str(i) for i in range(len(poses))]
    return ids, poses
