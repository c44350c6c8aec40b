"""The numpy dtypes of trailcoach.abi are the C compiler's structs: every size, offset, type and constant."""
import re

import numpy as np
import pytest
from toolchain import HEADER, run, tool

from trailcoach import _core, abi, native

STRUCTS = {name: dtype for name, dtype in vars(abi).items() if isinstance(dtype, np.dtype)}
CONSTANTS = {"N_WHEELS": "TC_WHEELS", "MAX_PARTS": "TC_MAX_PARTS", "NAME_SIZE": "TC_NAME_SIZE",
             "MAX_TRAIL": "TC_MAX_TRAIL", "MAX_LINE": "TC_MAX_LINE", "N_KINDS": "TC_KINDS", "N_SENSORS": "TC_SENSORS"}
PROLOGUE = """\
#include <stddef.h>
#include <stdio.h>
#include <trailcoach.h>
#define KIND(x) _Generic((x), double: "f8", float: "f4", int64_t: "i8", int32_t: "i4", uint32_t: "u4", char: "S1", \\
                         default: "struct")
#define FIELD(type, field, element) \\
    printf(#type "." #field " %zu %zu %s\\n", offsetof(type, field), sizeof(((type *)0)->field), \\
           KIND(((type *)0)->element))
int main(void) {
"""


def c_name(name: str) -> str:
    return f"tc_{name.lower()}"


def kind_of(dtype: np.dtype) -> str:
    """A field's element type in the words of the C program."""
    base = dtype.base
    if base.fields is not None:
        return "struct"
    return "S1" if base.kind == "S" else base.str[1:]


@pytest.fixture(scope="module")
def compiler_says(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What a C program, written from the names in abi.py, prints about them: by struct, field or constant."""
    lines = [f'printf("{macro} %d\\n", (int){macro});' for macro in CONSTANTS.values()]
    for name, dtype in STRUCTS.items():
        lines.append(f'printf("{c_name(name)} %zu\\n", sizeof({c_name(name)}));')
        for field, (of, *_) in dtype.fields.items():
            dimensions = len(of.shape) + (of.base.kind == "S")
            lines.append(f"FIELD({c_name(name)}, {field}, {field}{'[0]' * dimensions});")
    folder = tmp_path_factory.mktemp("structs")
    (folder / "structs.c").write_text(PROLOGUE + "\n".join(lines) + "\nreturn 0; }\n")
    run(tool("gcc"), "-std=c11", "-Wall", "-Werror", f"-I{native.get_include()}", folder / "structs.c", "-o",
        folder / "structs")
    return {words[0]: words[1:] for words in map(str.split, run(folder / "structs").splitlines())}


@pytest.mark.parametrize("name", STRUCTS)
def test_a_dtype_is_the_struct(compiler_says, name):
    dtype = STRUCTS[name]
    assert compiler_says[c_name(name)] == [str(dtype.itemsize)]
    for field, (of, offset, *_) in dtype.fields.items():
        assert compiler_says[f"{c_name(name)}.{field}"] == [str(offset), str(of.itemsize), kind_of(of)], field


@pytest.mark.parametrize("name", STRUCTS)
def test_a_struct_has_no_padding(name):
    """No bytes without a name: a struct can be compared, stored and replayed as it lies in memory, and no field of
    the header can hide from its dtype."""
    assert sum(of.itemsize for of, *_ in STRUCTS[name].fields.values()) == STRUCTS[name].itemsize


@pytest.mark.parametrize(("name", "macro"), CONSTANTS.items())
def test_a_constant_is_that_of_the_header(compiler_says, name, macro):
    assert compiler_says[macro] == [str(getattr(abi, name))]


def test_every_struct_of_the_header_has_a_dtype():
    """But those that hold pointers: Python hands over a tc_grid as a Grid and gets a tc_window as arrays."""
    declared = set(re.findall(r"typedef struct (tc_\w+) {", HEADER.read_text()))
    assert declared - {"tc_grid", "tc_window"} == {c_name(name) for name in STRUCTS}


def test_the_core_was_built_from_this_header():
    assert _core.struct_sizes() == {name: dtype.itemsize for name, dtype in STRUCTS.items()}
