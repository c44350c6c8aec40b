"""What the tests of the C library share: its compiler, its tools, and the folders a host would be told."""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from trailcoach import native

ROOT = Path(__file__).parents[2]
HOSTS = Path(__file__).parent / "hosts"
HEADER = ROOT / "ext" / "trailcoach.h"
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
TIMEOUT = 300                       # s, for one compiler or host


def tool(name: str) -> str:
    """Path of a tool; the test is skipped where it is not installed."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def run(*command: object, env: dict[str, str] | None = None) -> str:
    """Output of a command that has to succeed; its words are in the failure if it does not."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=TIMEOUT,
                          env={**os.environ, **(env or {})}, check=False)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))}\nexit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def build(source: Path, folder: Path, *flags: str, library: Path | None = None) -> Path:
    """A C99 host program, linked with the library of the installation or of another folder."""
    lib = library or Path(native.get_lib_dir())
    host = folder / source.stem
    run(tool("gcc"), "-std=c99", *STRICT, *flags, f"-I{native.get_include()}", source, "-o", host,
        f"-L{lib}", f"-Wl,-rpath,{lib}", "-ltrailcoach", "-lm")
    return host
