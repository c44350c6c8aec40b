"""The core itself, built with address and undefined-behaviour sanitizers and without Python, under three hosts."""
import re
import sys
import sysconfig
from pathlib import Path

import pytest
from toolchain import HOSTS, ROOT, build, run, tool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the C library is built on Linux")
SANITIZE = ["-g", "-fsanitize=address,undefined,float-cast-overflow",
            "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
GLOBALS = ["--param", "asan-globals=0"]     # the guards of globals would keep Python's part of the object file alive


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sanitized libtrailcoach."""
    folder = tmp_path_factory.mktemp("sanitized")
    python_include = Path(sysconfig.get_path("include"))
    if not (python_include / "Python.h").exists():
        pytest.skip("no headers of Python")
    pytest.importorskip("Cython", reason="Cython is not installed")
    (soname,) = re.findall(r"TC_ABI_VERSION\s+(\d+)u", (ROOT / "ext" / "trailcoach.h").read_text())
    run(sys.executable, "-m", "cython", "-3", ROOT / "ext" / "core.pyx", "-o", folder / "core.c")
    run(tool("gcc"), "-O0", *SANITIZE, *GLOBALS, "-fPIC", "-ffunction-sections", "-fdata-sections",
        "-fvisibility=hidden", "-ffp-contract=off", f"-I{ROOT / 'ext'}", f"-I{python_include}", "-c", folder / "core.c",
        "-o", folder / "core.o")
    run(tool("gcc"), "-shared", *SANITIZE, folder / "core.o", "-o", folder / f"libtrailcoach.so.{soname}",
        "-Wl,--gc-sections", f"-Wl,-soname,libtrailcoach.so.{soname}",
        f"-Wl,--version-script={ROOT / 'ext' / 'trailcoach.map'}", "-lm")
    (folder / "libtrailcoach.so").symlink_to(f"libtrailcoach.so.{soname}")
    return folder


@pytest.mark.parametrize("host", ["misuse.c", "synthetic.c", "garbage.c"])
def test_a_host_runs_without_a_finding(tmp_path, sanitized, config_file, host):
    program = build(HOSTS / host, tmp_path, "-DNO_COUNT", *SANITIZE, library=sanitized)
    run(program, config_file)
