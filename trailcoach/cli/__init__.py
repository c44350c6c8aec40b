"""The command line. Results go to stdout; progress, notes and errors to stderr.

Exit status: 0 done; 2 wrong use or bad input, with one line that says what, where, and what is allowed; 1 anything
else. One file per command; each imports what it runs on only when it runs, so that ``--help`` answers at once.
"""
from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Sequence

from trailcoach.cli.parser import UsageError, build_parser, join_negative_values
from trailcoach.errors import InputError, TrailcoachError

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
_USERS_TO_MEND = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; those of the process where left out.

    Returns
    -------
    int
        The exit status.
    """
    logging.getLogger("rasterio").addHandler(logging.NullHandler())     # its errors come as exceptions too
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        status = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
        return FAILED
    except KeyboardInterrupt:
        return _complain("stopped", INTERRUPTED, kind="")
    return status


def _run(words: list[str]) -> int:
    try:
        args = build_parser().parse_args(join_negative_values(words))
    except UsageError as e:
        return _complain(str(e), BAD_INPUT)
    except SystemExit as e:             # --help and --version have answered
        return int(e.code or DONE)
    try:
        with warnings.catch_warnings():
            if not (sys.warnoptions or args.traceback):
                warnings.simplefilter("ignore")     # those of libraries; what a user must know is a note
            args.run(args)
    except BrokenPipeError:
        raise
    except Exception as e:
        if args.traceback:
            raise
        return _explain(e)
    return DONE


def _explain(e: Exception) -> int:
    """One line about what went wrong, and whose it is to mend."""
    if isinstance(e, InputError):
        return _complain(str(e), BAD_INPUT)
    if isinstance(e, TrailcoachError):
        return _complain(str(e), FAILED)
    if isinstance(e, OSError) and e.filename is not None:
        return _complain(f"{e.filename}: {e.strerror}", BAD_INPUT if isinstance(e, _USERS_TO_MEND) else FAILED)
    what = str(e) or "no further word"
    return _complain(f"unexpected {type(e).__name__}: {what}; --traceback shows where", FAILED)


def _complain(message: str, status: int, kind: str = "error: ") -> int:
    line = "".join(c if c.isprintable() else " " for c in " ".join(message.splitlines()))
    print(f"trailcoach: {kind}{line}", file=sys.stderr)
    return status


def _drop_stdout() -> None:
    """Nobody reads on: keep the interpreter's last flush from complaining."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):       # stdout is no file of the system, as under a test
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
