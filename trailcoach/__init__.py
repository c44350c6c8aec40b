"""trailcoach: a digital off-road coach for 4x4 vehicles.

Conventions, kept everywhere
----------------------------
- SI units, radians, seconds; time stamps ``t_ns`` are int64 nanoseconds. Any other unit is in the name.
- World frame: the terrain's projected system, x east, y north, z up. Body frame (ISO 8855): x forward, y left, z up,
  origin below the middle of the rear axle on the ground at design ride height.
- roll > 0 right side down, pitch > 0 nose down, yaw counter-clockwise from x (east). ``R_nb`` takes body vectors to
  the navigation (world) frame; a chain of rotations reads right when inner letters match.
- Wheels are fl, fr, rl, rr. Clearance is the vertical gap from a part to the ground, negative = interference.

Stations, in the order data walks through them: log, fusion, terrain, stance, line, coach, report. Each is a module
here over a ``.pxi`` of the same name in ``ext/``.
"""
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trailcoach.coach import Step
    from trailcoach.engine import Engine
    from trailcoach.errors import CoreError, InputError, TrailcoachError
    from trailcoach.fusion import Track, fuse
    from trailcoach.line import Line, plan
    from trailcoach.log import Log
    from trailcoach.margins import Footing, Margins
    from trailcoach.native import get_cmake_dir, get_include, get_lib_dir, get_pkgconfig_dir
    from trailcoach.playback import replay
    from trailcoach.stance import Stance, settle
    from trailcoach.terrain import Terrain
    from trailcoach.trail import Trail
    from trailcoach.vehicle import Vehicle

__version__ = "0.1.0"

# loaded when first used: the command line answers --help without numpy, a host without plotly
_HOME = {
    "Step": "coach", "Engine": "engine", "CoreError": "errors", "InputError": "errors", "TrailcoachError": "errors",
    "Track": "fusion", "fuse": "fusion", "Footing": "margins", "Line": "line", "plan": "line", "Log": "log",
    "Margins": "margins", "get_cmake_dir": "native",
    "get_include": "native", "get_lib_dir": "native", "get_pkgconfig_dir": "native", "replay": "playback",
    "Stance": "stance", "settle": "stance", "Terrain": "terrain", "Trail": "trail", "Vehicle": "vehicle",
}

__all__ = [
    "CoreError", "Engine", "Footing", "InputError", "Line", "Log", "Margins", "Stance", "Step", "Terrain", "Track",
    "Trail", "TrailcoachError", "Vehicle", "fuse", "get_cmake_dir", "get_include", "get_lib_dir",
    "get_pkgconfig_dir", "plan",
    "replay", "settle",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'trailcoach' has no attribute '{name}'")
    value = getattr(import_module(f"trailcoach.{_HOME[name]}"), name)
    globals()[name] = value
    return value
