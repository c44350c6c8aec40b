"""The parameter table of fusion: one file for defaults, ranges, help; classes of IMU; states switched off."""
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from drives import smooth_drive

from trailcoach import _core, abi
from trailcoach.cli import main
from trailcoach.engine import make_config, vehicle_of
from trailcoach.errors import InputError
from trailcoach.fusion import fuse
from trailcoach.fusion_parameters import IMU_CLASSES, optional_states, parameters
from trailcoach.log import Log

NOT_PARAMETERS = {"imu_lever", "gnss_lever", "earth_rate"}
LEVELLED_HEADING_POSITION = 7


@pytest.fixture(scope="module")
def log() -> Log:
    return smooth_drive(seed=31, duration=14.0, gnss=True).log


def with_meta(log: Log, **changes: object) -> Log:
    return replace(log, meta=msgspec.structs.replace(log.meta, **changes))


def fusion_of(log: Log) -> np.ndarray:
    return make_config(vehicle_of(log), log, guidance=False)["fusion"]


def test_the_core_begins_with_the_defaults_of_the_table() -> None:
    fusion = _core.default_config()["fusion"]
    for name, parameter in parameters().items():
        assert fusion[name] == parameter.default(), name


def test_the_table_holds_what_the_core_is_told() -> None:
    assert set(parameters()) <= set(abi.FUSION_CONFIG.names)
    priors_and_drifts = {n for n in abi.FUSION_CONFIG.names if n.endswith(("_walk", "bias_sd", "scale_sd"))}
    assert priors_and_drifts <= set(parameters())


@pytest.mark.parametrize("imu_class", IMU_CLASSES)
def test_every_default_is_in_range(imu_class: str) -> None:
    for name, parameter in parameters().items():
        assert parameter.check(parameter.default(imu_class), name) == parameter.default(imu_class)


def test_a_class_sets_the_imu_and_a_data_sheet_what_it_knows(log: Log) -> None:
    tactical = with_meta(log, imu_class="tactical", noise={"gyro_density": 2e-5})
    fusion = fusion_of(tactical)
    assert fusion["gyro_density"] == 2e-5
    assert fusion["gyro_bias_sd"] == parameters()["gyro_bias_sd"].tactical


@pytest.mark.parametrize("state", optional_states())
def test_a_state_can_be_switched_off(log: Log, state: str) -> None:
    # given a drive with fixes, and one state left out
    track = fuse(with_meta(log, fusion_off=(state,)))
    # then its estimate stays where it began, and the filter still knows where it is
    told = {"gyro_bias": "gyro_bias", "accelerometer_bias": "accelerometer_bias", "mounting": "mounting"}.get(state)
    if told is not None:
        assert not track.state[told].any()
    if state == "wheel_scale":
        assert (track.state["wheel_scale"] == 1.0).all()
    assert track.status[-1] & LEVELLED_HEADING_POSITION == LEVELLED_HEADING_POSITION


@pytest.mark.parametrize(("changes", "message"), [
    ({"fusion": {"wheel_sdd": 0.1}}, "fusion.wheel_sdd is no parameter"),
    ({"fusion": {"wheel_sd": 0.0}}, "fusion.wheel_sd = 0.0; a number from 0.001 to 2 is needed"),
    ({"fusion": {"wheel_sd": "loose"}}, "fusion.wheel_sd = 'loose'"),
    ({"fusion_off": ("attitude",)}, "'attitude' is no state that can be switched off"),
    ({"noise": {"inclination_bias_sd_deg": 90.0}}, "noise.inclination_bias_sd_deg = 90.0; a number from 0 to 11.4592"),
])
def test_what_the_table_does_not_allow_is_refused(log: Log, changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        fusion_of(with_meta(log, **changes))


def test_help_shows_every_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuse", "--parameters"]) == 0
    shown = capsys.readouterr().out
    for name, parameter in parameters().items():
        assert f"{name}, {parameter.unit}, " in shown
        assert parameter.meaning in shown
