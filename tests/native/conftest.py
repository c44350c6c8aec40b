from pathlib import Path

import pytest

from trailcoach import _core
from trailcoach.vehicle import Vehicle


@pytest.fixture(scope="session")
def config_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tc_config for a Wrangler, as it lies in memory: what a C host reads."""
    config = _core.default_config()
    config["vehicle"] = Vehicle.load("jeep-wrangler-jlur").to_abi()
    path = tmp_path_factory.mktemp("config") / "wrangler.config"
    config.tofile(path)
    return path
