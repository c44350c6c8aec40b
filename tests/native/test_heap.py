"""The tick never touches the heap: a host that counts its own malloc family drives an engine over bumps."""
import sys

import pytest
from toolchain import HOSTS, build, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts the heap calls of glibc")


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory, config_file) -> dict[str, tuple[int, int]]:
    """Calls and heap calls by function of the ABI."""
    host = build(HOSTS / "synthetic.c", tmp_path_factory.mktemp("heap"), "-O2")
    rows = [line.split() for line in run(host, config_file).splitlines()]
    return {name: (int(calls), int(heap_calls)) for name, calls, heap_calls in rows}


def test_creation_takes_its_memory_in_one_piece(counted):
    assert counted["tc_create"] == (1, 1)


def test_nothing_after_creation_touches_the_heap(counted):
    used = {name: heap_calls for name, (calls, heap_calls) in counted.items() if name != "tc_create"}
    assert all(calls > 0 for calls, _ in counted.values())
    assert not any(used.values()), used
