"""The parameters of fusion: one table, fusion_parameters.toml, with name, unit, range, meaning and defaults."""
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import msgspec
import numpy as np

from trailcoach.errors import InputError

ImuClass = Literal["tactical", "mems", "consumer"]
IMU_CLASSES: tuple[str, ...] = get_args(ImuClass)
DEFAULT_IMU_CLASS: ImuClass = "consumer"


class Parameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One parameter; its name is a field of abi.FUSION_CONFIG.

    It has a value for every IMU, or one for each class of IMU. A parameter of a state is its prior or its drift.
    """

    unit: str
    range: tuple[float, float]
    meaning: str
    value: float | None = None
    tactical: float | None = None
    mems: float | None = None
    consumer: float | None = None
    state: str | None = None
    data_sheet: str | None = None
    data_sheet_factor: float = 1.0

    def default(self, imu_class: str = DEFAULT_IMU_CLASS) -> float:
        """Its value for a class of IMU."""
        value = self.value if self.value is not None else getattr(self, imu_class)
        return float(value)

    def check(self, value: Any, name: str, factor: float = 1.0) -> float:
        """The value in the unit of the table, `factor` times what is given; `name` is what messages call it.

        Raises
        ------
        InputError
            Not a number, or out of range.
        """
        least, most = (bound / factor for bound in self.range)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) \
                or not least * (1.0 - 1e-9) <= value <= most * (1.0 + 1e-9):
            raise InputError(f"{name} = {value!r}; a number from {least:.6g} to {most:.6g} is needed")
        return float(value) * factor


@cache
def parameters() -> Mapping[str, Parameter]:
    """All parameters by name, in the order of the table."""
    text = (files("trailcoach") / "fusion_parameters.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(text, type=dict[str, Parameter])


@cache
def optional_states() -> tuple[str, ...]:
    """States that can be switched off."""
    return tuple(dict.fromkeys(p.state for p in parameters().values() if p.state is not None))


def set_imu_class(fusion: np.ndarray, imu_class: str) -> None:
    """Fill a fusion configuration, an array of abi.FUSION_CONFIG with shape (), for a class of IMU."""
    for name, parameter in parameters().items():
        fusion[name] = parameter.default(imu_class)


def set_data_sheet(fusion: np.ndarray, noise: Mapping[str, Any], source: str) -> None:
    """Fill in what a log's [noise] tells of the sensors; keys that are not in the table are left alone.

    Raises
    ------
    InputError
        A value is not a number or out of range.
    """
    for name, parameter in parameters().items():
        value = None if parameter.data_sheet is None else noise.get(parameter.data_sheet)
        if value is not None:
            fusion[name] = parameter.check(value, f"{source}: noise.{parameter.data_sheet}",
                                           parameter.data_sheet_factor)


def set_values(fusion: np.ndarray, values: Mapping[str, Any], source: str) -> None:
    """Fill in values by the names of the table.

    Raises
    ------
    InputError
        A name is not in the table, or its value is not a number or out of range.
    """
    for name, value in values.items():
        if name not in parameters():
            raise InputError(f"{source}: fusion.{name} is no parameter; `trailcoach fuse --parameters` lists them")
        fusion[name] = parameters()[name].check(value, f"{source}: fusion.{name}")


def switch_off(fusion: np.ndarray, states: Iterable[str], source: str) -> None:
    """Switch states off: they stay at 0, with prior and drift 0.

    Raises
    ------
    InputError
        A state is not one of :func:`optional_states`.
    """
    for state in states:
        if state not in optional_states():
            raise InputError(f"{source}: fusion_off: '{state}' is no state that can be switched off; allowed:"
                             f" {', '.join(optional_states())}")
        for name, parameter in parameters().items():
            if parameter.state == state:
                fusion[name] = 0.0
