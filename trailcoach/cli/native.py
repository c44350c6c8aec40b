"""``trailcoach native``: what a compiler must know to link libtrailcoach."""
from __future__ import annotations

import argparse
from typing import Any

from trailcoach.cli.parser import add

_EXAMPLES = """\
  cc examples/host.c $(trailcoach native --cflags --libs) -o host
  cc examples/host.c $(PKG_CONFIG_PATH=$(trailcoach native --pkgconfigdir) pkg-config --cflags --libs trailcoach) \\
      -Wl,-rpath,$(trailcoach native --libdir) -o host
  cmake -Dtrailcoach_DIR=$(trailcoach native --cmakedir) ..

--libs holds an rpath, so that the program finds the library where it lies now. What pkg-config says holds none: give
one, as above, or install the library where the system's loader looks."""
_QUESTIONS = {
    "cflags": "compiler flags",
    "libs": "linker flags",
    "includedir": "folder of trailcoach.h",
    "libdir": "folder of libtrailcoach.so",
    "pkgconfigdir": "folder of trailcoach.pc",
    "cmakedir": "folder of trailcoachConfig.cmake",
}


def add_command(commands: Any) -> None:
    """Add ``native``."""
    parser = add(commands, "native", "say how to compile and link against the C library", _EXAMPLES)
    for name, what in _QUESTIONS.items():
        parser.add_argument(f"--{name}", dest="asked", action="append_const", const=name, help=what)
    parser.set_defaults(run=run, refuse=parser.error)


def run(args: argparse.Namespace) -> None:
    """Answer on one line, in the order asked."""
    import shlex

    import trailcoach.native as library
    from trailcoach.errors import InputError
    if not args.asked:
        raise InputError(f"native: nothing asked; one or more of --{' --'.join(_QUESTIONS)} are needed")
    include, lib = shlex.quote(str(library.get_include())), shlex.quote(str(library.get_lib_dir()))
    answers = {
        "cflags": f"-I{include}",
        "libs": f"-L{lib} -Wl,-rpath,{lib} -ltrailcoach -lm",
        "includedir": str(library.get_include()),
        "libdir": str(library.get_lib_dir()),
        "pkgconfigdir": str(library.get_pkgconfig_dir()),
        "cmakedir": str(library.get_cmake_dir()),
    }
    print(" ".join(answers[name] for name in args.asked))
