"""What an installation carries: every file of the package, and the sample data."""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel would carry it, without what the compiler makes."""
    pytest.importorskip("Cython", reason="Cython is not installed")
    folder = tmp_path_factory.mktemp("built")
    done = subprocess.run([sys.executable, "setup.py", "--quiet", "build_py", "--build-lib", str(folder)], cwd=ROOT,
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "trailcoach"


def files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts}


def test_every_file_of_the_package_is_installed(built):
    made_by_the_build = {path for path in files(ROOT / "trailcoach")
                         if path.parts[0] in ("lib", "include") or path.suffix == ".so"}
    assert files(ROOT / "trailcoach") - made_by_the_build - files(built) == set()


def test_the_sample_data_are_installed_with_their_licences(built):
    assert files(built / "terrain_data") == files(ROOT / "terrain_data")
    assert (built / "terrain_data" / "drives" / "comma2k19_ex1" / "LICENSE").is_file()
    assert (built / "terrain_data" / "ground" / "belgian_block" / "NOTICE").is_file()
