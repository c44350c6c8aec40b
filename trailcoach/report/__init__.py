"""The report of a replay: one page that opens anywhere, without network.

Stations: ``data`` gathers and thins the numbers, ``hillshade`` draws the ground, ``words`` writes summary and tables,
``page.html``, ``page.css`` and ``page.js`` are the page itself.
"""
import json
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from trailcoach.replay_result import ReplayResult
from trailcoach.report import words
from trailcoach.report.data import report_data

__all__ = ["write_report"]


def write_report(path: Path, replay: ReplayResult, *, title: str) -> None:
    """Write the report of a replay as one self-contained HTML file.

    Parameters
    ----------
    path : Path
        The file to write; its folder must exist.
    replay : ReplayResult
        What the replay left behind.
    title : str
        Heading of the page.
    """
    path.write_text(_page(replay, title), encoding="utf-8")


def _page(replay: ReplayResult, title: str) -> str:
    data = report_data(replay)
    slots = {
        "title": escape(title),
        "vehicle": escape(replay.vehicle_name),
        "tiles": words.tiles(replay),
        "notes": words.notes(replay),
        "step_rows": words.step_rows(replay),
        "debrief": words.debrief(replay),
        "style": _own("page.css"),
        "data": _script_safe(data),
        "plotly": get_plotlyjs(),
        "script": _own("page.js"),
        "shape": "wide" if data["map"]["width"] > 1.7 * data["map"]["height"] else "tall",
    }
    return _fill(_own("page.html"), slots)


def _own(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _script_safe(data: dict[str, Any]) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _fill(template: str, slots: dict[str, str]) -> str:
    """Put each slot in the place ``{{name}}`` of the template, in one pass: what a slot brings is never read again."""
    first, *rest = template.split("{{")
    page = [first]
    for piece in rest:
        name, tail = piece.split("}}", 1)
        page += [slots[name], tail]
    return "".join(page)
