"""Where the data that come with trailcoach lie."""
from __future__ import annotations

from pathlib import Path

from trailcoach.errors import InputError

_FOLDER = "terrain_data"
_DEMO = "drives/d01"


def data_folder() -> Path:
    """The folder of sample terrain and logs: in the installed package, or in the checkout it is imported from.

    Raises
    ------
    InputError
        Neither is there.
    """
    package = Path(__file__).parent
    for folder in (package / _FOLDER, package.parent / _FOLDER):
        if (folder / _DEMO).is_dir():
            return folder
    raise InputError(f"{package / _FOLDER}: the sample data are missing; an installation with them is needed")


def demo_folder() -> Path:
    """The log that ``trailcoach demo`` replays, its terrain.tif beside it."""
    return data_folder() / _DEMO
