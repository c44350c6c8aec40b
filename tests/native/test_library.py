"""The installed C library: what it needs, what it promises, and that hosts of every kind build with it."""
import re
import sys
from pathlib import Path

import pytest
from toolchain import HEADER, HOSTS, ROOT, STRICT, build, run, tool

from trailcoach import native

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the C library is built on Linux")


@pytest.fixture(scope="module")
def library() -> Path:
    return Path(native.get_lib_dir()) / "libtrailcoach.so.1"


@pytest.fixture(scope="module")
def header() -> str:
    return HEADER.read_text()


def dynamic_entries(library: Path, kind: str) -> list[str]:
    return re.findall(rf"\({kind}\).*\[(.+)\]", run(tool("readelf"), "-dW", library))


def undefined_symbols(library: Path) -> set[str]:
    return {line.split()[-1].split("@")[0] for line in run(tool("nm"), "-D", "--undefined-only", library).splitlines()}


def test_the_library_needs_libc_and_libm_only(library):
    assert {name.split(".")[0] for name in dynamic_entries(library, "NEEDED")} == {"libc", "libm"}


def test_the_library_calls_memory_at_creation_and_mathematics_nothing_else(library):
    """No file, clock, print, lock, environment, and no Python."""
    libm = next(word for word in run(tool("ldd"), library).split() if word.startswith("/") and "libm." in word)
    mathematics = {line.split()[-1].split("@")[0]
                   for line in run(tool("nm"), "-D", "--defined-only", libm).splitlines()}
    memory = {"calloc", "free", "memcpy", "memset", "memmove"}
    runtime = {"__cxa_finalize", "__gmon_start__", "__stack_chk_fail", "_ITM_deregisterTMCloneTable",
               "_ITM_registerTMCloneTable"}

    foreign = undefined_symbols(library) - mathematics - memory - runtime

    assert not foreign


def test_exports_are_the_version_script_and_the_header(library, header):
    script = re.search(r"global:(.*?)local", (ROOT / "ext" / "trailcoach.map").read_text(), re.DOTALL)[1]
    declared = set(re.findall(r"^TC_API\b.*?\b(tc_\w+)\(", header, re.MULTILINE))

    exported = {line.split()[-1].split("@")[0]
                for line in run(tool("nm"), "-D", "--defined-only", library).splitlines() if line.split()[-2] == "T"}

    assert exported == set(re.findall(r"\w+", script))
    assert exported == declared


def test_the_library_has_no_writable_state(library):
    """Module-level ``cdef double K = 2`` and cimported functions are filled in by Python's module init only: in the C
    library they stay zero. Such a slip shows as a writable __pyx symbol."""
    symbols = [line.split() for line in run(tool("nm"), library).splitlines()]
    assert any(words[-1] == "tc_tick" for words in symbols), "the symbol table was stripped: nothing can be seen"

    writable = [words[-1] for words in symbols if words[-2] in "bBdDcCsS"]

    assert not [name for name in writable if "__pyx" in name or name.startswith("tc_")]


def test_the_soname_is_the_abi_version(library, header):
    version = re.search(r"#define TC_ABI_VERSION\s+(\d+)u", header)[1]
    assert dynamic_entries(library, "SONAME") == [f"libtrailcoach.so.{version}"]


def test_the_installed_header_is_that_of_the_core(header):
    assert Path(native.get_include(), "trailcoach.h").read_text() == header


@pytest.mark.parametrize(("compiler", "standard", "source"),
                         [("gcc", "c99", "minimal.c"), ("gcc", "c17", "minimal.c"), ("clang", "c99", "minimal.c"),
                          ("g++", "c++17", "minimal.cpp"), ("clang++", "c++17", "minimal.cpp")])
def test_a_host_builds_without_a_warning(tmp_path, compiler, standard, source):
    lib = native.get_lib_dir()
    run(tool(compiler), f"-std={standard}", *STRICT, f"-I{native.get_include()}", HOSTS / source,
        "-o", tmp_path / "host", f"-L{lib}", f"-Wl,-rpath,{lib}", "-ltrailcoach", "-lm")
    assert run(tmp_path / "host").split() == ["1", "ok"]


def test_pkg_config_tells_a_host_all_it_needs(tmp_path):
    flags = run(tool("pkg-config"), "--cflags", "--libs", "trailcoach",
                env={"PKG_CONFIG_PATH": native.get_pkgconfig_dir()}).split()
    run(tool("gcc"), HOSTS / "minimal.c", "-o", tmp_path / "host", *flags)
    assert run(tmp_path / "host", env={"LD_LIBRARY_PATH": native.get_lib_dir()}).split() == ["1", "ok"]


def test_cmake_finds_the_package_and_builds_a_host(tmp_path):
    run(tool("cmake"), "-S", HOSTS, "-B", tmp_path, f"-Dtrailcoach_DIR={native.get_cmake_dir()}")
    run(tool("cmake"), "--build", tmp_path)
    assert run(tmp_path / "minimal").split() == ["1", "ok"]


def test_null_pointers_and_foreign_structs_are_refused_and_nothing_crashes(tmp_path, config_file):
    assert run(build(HOSTS / "misuse.c", tmp_path), config_file) == ""
