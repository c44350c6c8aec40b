"""Outputs that are written whole or not at all, and what is said on the way."""
from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from trailcoach.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.table import Table


def check_file(path: Path, option: str = "--out", *, may_make_folder: bool = False) -> None:
    """Refuse at once what could not be written after long work."""
    if path.is_dir():
        raise InputError(f"{option} {path}: is a folder; the name of a file is needed")
    folder = path.parent
    if may_make_folder:
        check_folder(folder, option)
    elif not folder.is_dir():
        raise InputError(f"{option} {path}: there is no folder {folder}; an existing one is needed")
    if folder.is_dir() and not os.access(path if _is_special(path) else folder, os.W_OK):
        raise InputError(f"{option} {path}: its folder cannot be written; one that can is needed")


def check_folder(path: Path, option: str = "--out") -> None:
    """Refuse at once a folder that could not be written after long work."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{option} {path}: is a file; the name of a folder is needed")
    nearest = path.absolute()
    while not nearest.exists():
        nearest = nearest.parent
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(f"{option} {path}: {nearest} cannot be written; a folder that can is needed")


@contextmanager
def whole_file(path: Path, option: str = "--out") -> Iterator[Path]:
    """A neighbour to write to, which takes the file's name when all of it is there; its folder is made if need be."""
    with _told_by(option, path):
        if _is_special(path):           # /dev/stdout, a pipe: there is nothing to rename over
            yield path
            return
        path = path.resolve() if path.is_symlink() else path
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
        try:
            yield part
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, option: str = "--out") -> Iterator[Path]:
    """A folder to write to, whose files move one by one into the one wanted when all of them are written.

    A fault while they are written leaves what was there as it was. Files of the same name are replaced, others stay.
    """
    with _told_by(option, path):
        path = path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        part = (path if path.is_dir() else path.parent) / f".{path.name}.{os.getpid()}"
        part.mkdir()
        try:
            yield part
            path.mkdir(exist_ok=True)
            for file in sorted(part.iterdir()):
                file.replace(path / file.name)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _told_by(option: str, path: Path) -> Iterator[None]:
    """What the system says against writing, under the name the user gave."""
    try:
        yield
    except BrokenPipeError:             # the reader of a pipe left: no fault of the output
        raise
    except OSError as e:
        raise InputError(f"{option} {path}: cannot be written: {e.strerror or e}; a place that can is needed") from None


def _is_special(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def count(n: int, noun: str) -> str:
    """A number of things: 1 step, 2 steps."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def note(text: str) -> None:
    """Something the user should know, beside the results."""
    print(f"trailcoach: note: {text}", file=sys.stderr)


def show(table: Table) -> None:
    """A table on stdout, as wide as its content when nobody looks at a terminal."""
    from rich.console import Console
    Console(width=None if sys.stdout.isatty() else 120, highlight=False, soft_wrap=not sys.stdout.isatty()).print(table)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """A callback (what is being done, share done) that draws a bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
    with Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
                  console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, int] = {}

        def report(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=1.0)
            bar.update(tasks[what], completed=share)  # type: ignore[arg-type]

        yield report


def _silent(what: str, share: float) -> None:
    """Nobody watches."""
