"""``trailcoach schema``: the JSON Schema of what replay writes."""
from __future__ import annotations

import argparse
from typing import Any

from trailcoach.cli.parser import add

_EXAMPLES = """\
  trailcoach schema step > step.schema.json         one line of steps.jsonl
  trailcoach schema debrief > debrief.schema.json   debrief.json"""


def add_command(commands: Any) -> None:
    """Add ``schema``."""
    parser = add(commands, "schema", "print the JSON Schema of steps.jsonl or debrief.json", _EXAMPLES)
    parser.add_argument("name", choices=("step", "debrief"), help="which of them")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Print the schema file."""
    from trailcoach.schema import schema_text
    print(schema_text(args.name), end="")
