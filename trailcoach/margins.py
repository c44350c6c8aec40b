"""Margins: how far a rest is from tipping, sliding, touching and being another."""
from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np

from trailcoach import _core, abi
from trailcoach.errors import InputError

WHEELS = ("fl", "fr", "rl", "rr")
FRICTION = (0.05, 2.0)
_RANGES = {"friction": FRICTION, "limited_slip_bias": (1.0, 10.0), "limited_slip_preload": (0.0, 5000.0)}
_LOCKINGS = ("none", "front", "centre", "front_centre", "rear", "front_rear", "centre_rear", "all")
_RAMPS = ("approach", "breakover", "departure")


class Flag(enum.IntFlag):
    """What is to be said of a rest; the values are those of ``tc_margins.flags``."""

    RESTS_ELSEWHERE = 1         # from a start that is pushed it comes to rest elsewhere, at the same place
    UNSTEADY = 2                # from a start that is pushed it does not come to rest at all
    NEARLY_SLIDES = 4           # it takes more than 0.8 of the friction to hold it
    WHEEL_SLIDES = 8            # a wheel stands on a face steeper than the friction holds; the others must hold it
    SLIDES = 16                 # no forces within the friction hold it
    PART_CARRIES = 32           # a part takes more than 1 % of the weight
    HIGH_CENTRED = 64           # and thereby lifts a wheel, or takes more than a third
    PART_UNSOLVED = 128         # a part would carry, but no rest on it was found


class Range(enum.IntEnum):
    """The range that has the torque; the values are those of ``tc_margins.gear_range``."""

    HIGH = 0
    LOW = 1
    NONE = 2                    # not even low range has it
    UNKNOWN = 3                 # the vehicle file does not say what low range multiplies by


@dataclass(frozen=True)
class Footing:
    """What the tyres hold on this ground, and what a limited slip differential does.

    Attributes
    ----------
    friction : float
        Of the tyres on the ground, 0.05 to 2. Dry rock and concrete about 0.8 (the default), dry earth 0.7, gravel 0.6,
        wet earth 0.5, snow 0.2, ice 0.1 (Wong, Theory of Ground Vehicles, table 1.3).
    limited_slip_bias : float
        Most torque on one side of a limited slip differential over that on the other, 1 to 10.
    limited_slip_preload : float
        Difference of torque it holds besides, N m, 0 to 5000.

    Raises
    ------
    InputError
        Where a value is not in its range.
    """

    friction: float = 0.8
    limited_slip_bias: float = 2.5
    limited_slip_preload: float = 100.0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if isinstance(value, (bool, str)) or not (math.isfinite(value) and low <= value <= high):
                raise InputError(f"{name} = {value!r}; a number of {low:g} to {high:g} is needed")

    def to_abi(self) -> np.ndarray:
        """The footing as a tc_footing: array of abi.FOOTING with shape ()."""
        footing: np.ndarray = _core.default_footing()
        for name in _RANGES:
            footing[name] = getattr(self, name)
        return footing


@dataclass(frozen=True)
class Margins:
    """Margins of n rests on a footing. What is not known, or of a pose without rest, is NaN, 0 or -1.

    Attributes
    ----------
    footing : Footing
    records : ndarray
        (n,) of abi.MARGINS, field by field as trailcoach.h says; the attributes below are views of it.
    parts : tuple of str
        Names of the parts, in the order of ``part_load``'s columns.
    """

    footing: Footing
    records: np.ndarray
    parts: tuple[str, ...]

    @staticmethod
    def empty(n: int, footing: Footing, parts: tuple[str, ...]) -> Margins:
        """Room for n."""
        return Margins(footing, np.zeros(n, abi.MARGINS), parts)

    def __len__(self) -> int:
        return len(self.records)

    @property
    def flags(self) -> np.ndarray:
        """(n,) int, bits of :class:`Flag`."""
        return self._of("flags")

    @property
    def tip(self) -> np.ndarray:
        """(n, 4), angle gravity may turn over the left, right, front and rear edge while springs give way, rad."""
        return self._of("tip")

    @property
    def ramps(self) -> np.ndarray:
        """(n, 3), approach, breakover and departure angle of the vehicle as its axles stand, rad."""
        return np.column_stack([self._of(name) for name in _RAMPS])

    @property
    def ramp_room(self) -> np.ndarray:
        """(n, 3), what is left of them over the ground there, rad; negative = a part is in the ground."""
        return np.column_stack([self._of(f"{name}_room") for name in _RAMPS])

    @property
    def spread(self) -> np.ndarray:
        """(n, 4), farthest rest from a start pushed or put aside a little: z, roll, pitch, least clearance; m, rad."""
        return np.column_stack([self._of(f"spread_{name}") for name in ("z", "roll", "pitch", "clearance")])

    @property
    def other_rest(self) -> np.ndarray:
        """(n, 4), the rest farthest from this one at the same place: z, roll, pitch, least clearance; NaN = none."""
        return np.column_stack([self._of(f"other_{name}") for name in ("z", "roll", "pitch", "clearance")])

    @property
    def part_load(self) -> np.ndarray:
        """(n, parts), vertical load of parts where they carry instead of passing through the ground, N."""
        return self._of("part_load")[:, :len(self.parts)]

    @property
    def carrying_part(self) -> np.ndarray:
        """(n,) int, the part with the largest load, -1 = none."""
        return self._of("carrying_part")

    @property
    def hold_friction(self) -> np.ndarray:
        """(n,), least friction that can hold it with all wheels braked."""
        return self._of("hold_friction")

    @property
    def drive_friction(self) -> np.ndarray:
        """(n,), least friction that lets it stand or creep on its engine; inf = none does."""
        return self._of("drive_friction")

    @property
    def drive_locked(self) -> np.ndarray:
        """(n, 8), the same with just these differentials locked: bits 1 front, 2 centre, 4 rear."""
        return self._of("drive_locked")

    @property
    def spins_first(self) -> np.ndarray:
        """(n,) int, the wheel that spins first under power, -1 = it needs no drive."""
        return self._of("spins_first")

    @property
    def gear_range(self) -> np.ndarray:
        """(n,) int, values of :class:`Range`."""
        return self._of("gear_range")

    def _of(self, name: str) -> np.ndarray:
        field: np.ndarray = self.records[name]
        return field

    def columns(self) -> dict[str, np.ndarray]:
        """The columns of stance.csv they add: name to array (n,)."""
        columns = {"flags": _names(self.flags)}
        columns |= {f"tip_{side}": self.tip[:, i] for i, side in enumerate(("left", "right", "front", "rear"))}
        for name in _RAMPS:
            columns |= {name: self._of(name), f"{name}_room": self._of(f"{name}_room"),
                        f"{name}_part": self._part(f"{name}_part")}
        columns |= {name: self._of(name) for stem in ("spread", "other") for name in
                    (f"{stem}_{what}" for what in ("z", "roll", "pitch", "clearance"))}
        columns |= {f"part_load_{p}": self.part_load[:, i] for i, p in enumerate(self.parts)}
        columns["carrying_part"] = self._part("carrying_part")
        columns |= {f"grounded_{name}": self._of(f"grounded_{name}") for name in ("z", "roll", "pitch")}
        columns |= {f"grounded_load_{w}": self._of("grounded_load")[:, i] for i, w in enumerate(WHEELS)}
        columns |= {name: self._of(name) for name in ("upright_friction", "hold_friction")}
        columns |= {f"hold_{w}": self._of("hold_wheel")[:, i] for i, w in enumerate(WHEELS)}
        columns["drive_friction"] = self.drive_friction
        columns |= {f"drive_{w}": self._of("drive_wheel")[:, i] for i, w in enumerate(WHEELS)}
        columns |= {f"drive_friction_locked_{name}": self.drive_locked[:, i] for i, name in enumerate(_LOCKINGS)}
        columns["spins_first"] = np.array([WHEELS[i] if i >= 0 else "" for i in self.spins_first], dtype=object)
        columns["drive_torque"] = self._of("drive_torque")
        columns["range"] = np.array([Range(r).name.lower() for r in self.gear_range], dtype=object)
        return columns

    def _part(self, name: str) -> np.ndarray:
        return np.array([self.parts[i] if i >= 0 else "" for i in self._of(name)], dtype=object)


def _names(flags: np.ndarray) -> np.ndarray:
    """Flags in words, joined by spaces."""
    return np.array([" ".join(str(f.name).lower() for f in Flag if f & int(value)) for value in flags], dtype=object)
