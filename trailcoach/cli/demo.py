"""``trailcoach demo``: the whole chain on bundled data."""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailcoach.cli.output import check_folder, count
from trailcoach.cli.parser import add, add_voice
from trailcoach.cli.replay import load, replay_into, summarize

if TYPE_CHECKING:
    from trailcoach.coach import Step

_OUT = Path("demo")
_EXAMPLES = """\
  trailcoach demo
  trailcoach demo --out /tmp/demo --open

The drive is simulated: a physics engine drove a vehicle over generated ground. Its README says more."""


def add_command(commands: Any) -> None:
    """Add ``demo``."""
    parser = add(commands, "demo", "replay a bundled drive: what the coach would have said, and a report", _EXAMPLES)
    parser.add_argument("--out", metavar="DIR", type=Path, default=_OUT, help="folder to write to (default ./demo)")
    add_voice(parser)
    parser.add_argument("--open", action="store_true", help="open the report in the web browser")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Replay the bundled drive, speak, and say where the report is."""
    from trailcoach.data import demo_folder
    check_folder(args.out)
    log, vehicle, terrain = load(demo_folder(), None, None)
    print(f"{vehicle.name} on {terrain.path} (simulated vehicle, generated ground)\n", flush=True)
    result = replay_into(args.out, log, vehicle, terrain, None, args.language, args.detail)
    for step in result.steps:
        print(spoken(step, log.t_ns[0]))
    print()
    summarize(result)
    report = (args.out / "report.html").resolve()
    print(f"{count(len(result.steps), 'step')}; report: {report}")
    if args.open:
        import webbrowser
        webbrowser.open(report.as_uri())


def spoken(step: Step, first_ns: int) -> str:
    """One step as a line: when, how far still to go, the words, and the reason."""
    seconds = (step.t_ns - first_ns) * 1e-9
    to_go = f"in {step.to_go:4.1f} m" if step.to_go > 0.0 else "now      "
    return f"{seconds:6.1f} s  {to_go}  {step.text}" + (f"  ({step.reason})" if step.reason else "")
