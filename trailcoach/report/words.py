"""The report's words and tables, as HTML. Every string that comes from outside is escaped here."""
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from trailcoach.fusion import KINDS, Status
from trailcoach.replay_result import ReplayResult
from trailcoach.report.data import distance_driven, known_clearance, least_of, spoken_name, step_times

if TYPE_CHECKING:
    from trailcoach.coach import Step

STATUS_WORDS = {
    Status.LEVELLED: "roll and pitch known", Status.HEADING: "heading known",
    Status.POSITION: "position known in the world", Status.STANDSTILL: "standing still",
    Status.SLIP: "a wheel slips and is taken out", Status.DEAD_RECKONING: "dead reckoning",
    Status.NO_WHEELS: "no believable wheel speed", Status.IMU_GAP: "gap in the IMU bridged",
    Status.IMU_FAULT: "IMU fault, sample replaced", Status.REWOUND: "corrected by a late sample",
    Status.CLOCK: "a sensor's clock stepped", Status.INCLINATION: "the inclinometer is not believed",
    Status.GNSS: "fixes are not believed",
}
WARNED = Status.DEAD_RECKONING | Status.NO_WHEELS | Status.IMU_GAP | Status.IMU_FAULT | Status.CLOCK \
    | Status.INCLINATION | Status.GNSS
KIND_WORDS = dict(zip(KINDS, ("wheel speeds", "no side slip", "inclinometer", "GNSS", "vehicle speed", "standstill"),
                      strict=True))
STANCE_WORDS = {1: "it would tip", 2: "not enough wheels carry", 3: "off the map", 4: "ground unknown",
                5: "no rest found", 6: "pose unknown"}


def centimetres(metres: float) -> str:
    """Say a clearance; negative is interference."""
    if not np.isfinite(metres):
        return "unknown"
    return f"{-metres * 100:.1f} cm interference" if metres < 0 else f"{metres * 100:.1f} cm"


def tiles(replay: ReplayResult) -> str:
    """Key figures of the drive at a glance."""
    s = distance_driven(replay)
    known = s[np.isfinite(s)]
    clearance = known_clearance(replay.stance, len(replay.part_names))
    least, part = least_of(clearance)
    cells = [
        ("distance", f"{known[-1] - known[0]:.1f} m" if known.size else "unknown", "rolled"),
        ("duration", _duration(replay.t), f"{len(replay.t)} guidance ticks"),
    ]
    if np.isfinite(least).any():
        i = int(np.nanargmin(least))
        where = f"{spoken_name(replay.part_names[part[i]])}, at {s[i]:.1f} m" if np.isfinite(s[i]) else \
            spoken_name(replay.part_names[part[i]])
        cells.append(("least clearance driven", centimetres(float(least[i])), where))
    else:
        cells.append(("least clearance driven", "unknown", "no stance was known"))
    advised = least_of(known_clearance(replay.advised_stance, len(replay.part_names)))
    if np.isfinite(advised[0]).any():
        i = int(np.nanargmin(advised[0]))
        cells.append(("least on the line advised", centimetres(float(advised[0][i])),
                      spoken_name(replay.part_names[advised[1][i]])))
    else:
        cells.append(("least on the line advised", "none", "no line was advised"))
    cells.append(("steps spoken", str(len(replay.steps)), _by_priority(replay)))
    contacts = _contacts(replay.debrief)
    if contacts is not None:
        felt = sum(bool(contact.get("felt")) for contact in contacts)
        cells.append(("contacts", f"{felt} felt", f"{len(contacts) - felt} predicted only"))
    return "\n".join(f'<div class="tile"><dt>{escape(name)}</dt><dd>{escape(value)}</dd>'
                     f"<dd class=\"more\">{escape(more)}</dd></div>" for name, value, more in cells)


def notes(replay: ReplayResult) -> str:
    """What to know before trusting the figures: the notes given, and what the record itself shows."""
    items = [*replay.notes, *warnings(replay)]
    if not items:
        return ""
    return ('<section class="notes"><h2>Good to know before you trust this</h2><ul>'
            + "".join(f"<li>{escape(str(item))}</li>" for item in items) + "</ul></section>")


def warnings(replay: ReplayResult) -> list[str]:
    """Faults and gaps of the record, in sentences."""
    found = []
    n = len(replay.t)
    status = replay.stance["status"]
    if n and (status != 0).any():
        reasons = ", ".join(f"{STANCE_WORDS.get(int(code), f'status {code}')} ({share(np.mean(status == code))})"
                            for code in np.unique(status[status != 0]))
        found.append(f"The stance is unknown for {share(np.mean(status != 0))} of the ticks: {reasons}. "
                     "Curves show gaps there, never zeros.")
    clearance = known_clearance(replay.stance, len(replay.part_names))
    never = [spoken_name(name) for part, name in enumerate(replay.part_names)
             if not np.isfinite(clearance[:, part]).any()]
    if n and never and (status == 0).any():
        found.append("Clearance was never known for: " + ", ".join(never) + ".")
    if len(replay.advised) and len(replay.trail_xy):
        x, y = replay.trail_xy[-1] - [replay.advised["x"][-1], replay.advised["y"][-1]]
        if np.hypot(x, y) > replay.half_width:
            found.append(f"The line advised ends {np.hypot(x, y):.1f} m from the end of the trail.")
    for bit in WARNED:
        on = (replay.state["status"] & bit) != 0
        if on.any():
            found.append(f"Fusion: {STATUS_WORDS[bit]} for {share(on.mean())} of the ticks.")
    if n and replay.state["resets"][-1]:
        found.append(f"Fusion reset itself {replay.state['resets'][-1]} times after refusing too many updates.")
    return found


def share(fraction: float) -> str:
    """Say a share in per cent without turning something into nothing."""
    if 0 < fraction < 0.01:
        return "under 1 %"
    if 0.99 < fraction < 1:
        return "over 99 %"
    return f"{fraction * 100:.0f} %"


def step_rows(replay: ReplayResult) -> str:
    """The steps as rows of a table."""
    if not replay.steps:
        return '<tr><td colspan="6" class="empty">No step was spoken on this drive.</td></tr>'
    said_at = step_times(replay)
    return "\n".join(_step_row(index, step, said_at[index]) for index, step in enumerate(replay.steps))


def why_words(why: Mapping[str, Any] | None) -> str:
    """Say the figures behind a step; what is not known is left out."""
    rest = {key: value for key, value in (why or {}).items() if _is_known(value)}
    words = [spoken_name(str(rest.pop(key))) + (" side" if key == "side" else "") for key in ("part", "side", "wheel")
             if key in rest]
    if "clearance" in rest:
        words.append(f"{centimetres(rest.pop('clearance'))} on the line advised")
    if "probability" in rest:
        words.append(f"{share(rest.pop('probability'))} risk of touching")
    if "other_clearance" in rest:
        words.append(f"{centimetres(rest.pop('other_clearance'))} on the line not taken")
    words.extend(f"{spoken_name(str(key))} {_value(key, value)}" for key, value in rest.items())
    return ", ".join(words)


def debrief(replay: ReplayResult) -> str:
    """Contacts, least clearance by part, fusion status and what else the debrief found."""
    return "\n".join([_contact_table(replay), _clearance_table(replay), _fusion_table(replay), _other(replay)])


def _duration(t: Any) -> str:
    if len(t) < 2:
        return "unknown"
    seconds = float(t[-1] - t[0])
    return f"{seconds:.1f} s" if seconds < 120 else f"{int(seconds // 60)} min {seconds % 60:.0f} s"


def _by_priority(replay: ReplayResult) -> str:
    order: dict[str, int] = {}
    for step in replay.steps:
        order[str(step.priority)] = order.get(str(step.priority), 0) + 1
    rank = ["danger", "caution", "advice"]
    names = sorted(order, key=lambda name: rank.index(name) if name in rank else len(rank))
    return ", ".join(f"{order[name]} {name}" for name in names) or "quiet all the way"


def _step_row(index: int, step: "Step", t: float) -> str:
    to_go = f"{step.to_go:.1f} m" if _is_known(step.to_go) else "unknown"
    said = {name: text for name, text in (step.utterances or {}).items() if isinstance(text, str)}
    figures = why_words(step.why)
    reason = escape(step.reason or ("" if step.cause == "none" else spoken_name(step.cause)))
    others = "".join(f'<span class="said"><b>{escape(str(name))}</b> {escape(text)}</span>'
                     for name, text in said.items() if text and text != step.text)
    return (f'<tr id="step-{index + 1}" data-step="{index}" data-priority="{escape(str(step.priority))}">'
            f'<td class="n"><button type="button" class="badge">{index + 1}</button></td>'
            f'<td class="num">{t:.1f} s</td>'
            f'<td class="words"><strong>{escape(step.text)}</strong>{others}</td>'
            f'<td class="num">{to_go}</td>'
            f'<td class="why">{reason}<span class="said">{escape(figures)}</span></td>'
            f'<td><span class="priority">{escape(str(step.priority))}</span> '
            f'<span class="kind">{escape(str(step.kind))}</span></td></tr>')


def _is_known(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and not np.isfinite(value))


def _value(key: str, value: Any) -> str:
    """Say a value whose unit stands in its key or follows from its meaning."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, float, np.integer, np.floating)):
        if not np.isfinite(value):
            return "unknown"
        if "clearance" in key:
            return centimetres(float(value))
        if "probability" in key:
            return share(float(value))
        if key == "off_line" or key.endswith("_m"):
            return f"{value:.2f} m"
        if key.startswith("shock") and key != "shocks_elsewhere":
            return f"{value:.1f} m/s²"
        if key in ("t", "t_end"):
            return f"{value:.1f} s"
        if key in ("angle", "tip_margin", "roll", "pitch"):
            return f"{np.degrees(value):.1f}°"
        return f"{value:g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{spoken_name(str(name))} {_value(str(name), inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(_value(key, inner) for inner in value)
    if value is None:
        return "unknown"
    return spoken_name(str(value)) if key == "part" else str(value)


def _contacts(found: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    contacts = found.get("contacts")
    return list(contacts) if isinstance(contacts, (list, tuple)) else None


def _table(title: str, head: Iterable[str], rows: Iterable[Iterable[str]], empty: str) -> str:
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    if not body:
        return f"<section><h3>{escape(title)}</h3><p class=\"empty\">{escape(empty)}</p></section>"
    return (f"<section><h3>{escape(title)}</h3><div class=\"scroll\"><table><thead><tr>"
            + "".join(f"<th>{escape(name)}</th>" for name in head)
            + f"</tr></thead><tbody>{body}</tbody></table></div></section>")


def _contact_table(replay: ReplayResult) -> str:
    contacts = _contacts(replay.debrief)
    if contacts is None:
        return ""
    names: list[str] = []
    for contact in contacts:
        names.extend(key for key in contact if key not in names)
    rows = [[_value(name, contact.get(name)) for name in names] for contact in contacts]
    return _table("Contacts, felt and predicted", [spoken_name(name) for name in names], rows,
                  "No contact was felt or predicted.")


def _clearance_table(replay: ReplayResult) -> str:
    n_parts = len(replay.part_names)
    s = distance_driven(replay)
    driven = known_clearance(replay.stance, n_parts)
    advised = known_clearance(replay.advised_stance, n_parts)
    rows = []
    for part, name in enumerate(replay.part_names):
        known = np.isfinite(driven[:, part])
        i = int(np.nanargmin(driven[:, part])) if known.any() else -1
        on_line = advised[:, part][np.isfinite(advised[:, part])]
        rows.append((float(driven[i, part]) if i >= 0 else np.inf, [
            spoken_name(name), centimetres(float(driven[i, part])) if i >= 0 else "unknown",
            f"{s[i]:.1f} m" if i >= 0 and np.isfinite(s[i]) else "unknown",
            centimetres(float(on_line.min())) if on_line.size else "unknown",
        ]))
    rows.sort(key=lambda row: row[0])
    return _table("Least clearance by part", ["part", "driven", "at", "on the line advised"],
                  [row for _, row in rows], "The vehicle has no parts to watch.")


def _fusion_table(replay: ReplayResult) -> str:
    if len(replay.t) == 0:
        return ""
    status = replay.state["status"]
    rows = [[words, share(float(np.mean((status & bit) != 0)))] for bit, words in STATUS_WORDS.items()]
    for kind, words in enumerate(KIND_WORDS.values()):
        used, refused = int(replay.state["used"][-1, kind]), int(replay.state["gated"][-1, kind])
        if used or refused:
            rows.append([f"updates from {words}", f"{used} used, {refused} refused"])
    rows.append(["resets", str(int(replay.state["resets"][-1]))])
    return _table("How well the vehicle knew itself", ["fusion", "share of ticks"], rows, "")


def _other(replay: ReplayResult) -> str:
    rest = {key: value for key, value in replay.debrief.items() if key not in ("contacts", "least_clearance")}
    return _table("What else the debrief found", ["", ""],
                  [[spoken_name(str(key)), _value(str(key), value)] for key, value in rest.items()], "") if rest else ""
