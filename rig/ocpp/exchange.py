"""Frames in readable form, without secrets: one line each, and a mark below where one is not as expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from rig.ocpp.matching import Difference, Path
from rig.timeline.events import LinkChange, OcppFrame

LAST_FRAMES = 20
"""How many frames a failed expectation shows."""

_WIDTH = 160
_NEEDLE = "\x00here\x00"  # stands in for the value that is looked for; no payload has it
_NEEDLE_TEXT = orjson.dumps(_NEEDLE)


def one_line(frame: OcppFrame, width: int = _WIDTH) -> str:
    """A frame as a person reads it: direction, kind, action, payload, what is wrong with it.

    Args:
        frame: the frame.
        width: longest payload shown, in characters.
    """
    body = frame.raw if frame.message_type == "INVALID" else orjson.dumps(frame.shown).decode()
    if len(body) > width:
        body = f"{body[:width]}… ({len(body)} characters)"
    wrong = f"  !! {frame.error}" if frame.error else ""
    return f"{_title(frame)}{body}{wrong}"


def _title(frame: OcppFrame) -> str:
    arrow = "→" if frame.direction == "received" else "←"
    suffix = {"CALL": "", "CALLRESULT": " result", "CALLERROR": " ERROR", "INVALID": ""}[frame.message_type]
    action = "INVALID" if frame.message_type == "INVALID" else frame.action or "?"
    return f"{arrow} [{frame.unique_id or '?'}] {action}{suffix} "


def marked_lines(frame: OcppFrame, difference: Difference) -> tuple[str, str]:
    """A frame's line, and the line below that points at the place of a difference.

    A payload that is too long for a line is cut on both sides of that place.
    """
    body = orjson.dumps(frame.shown).decode()
    at = _place(frame.shown, difference.path)
    begin = max(0, min(at - _WIDTH // 2, len(body) - _WIDTH))
    shown = body[begin : begin + _WIDTH]
    front = _title(frame) + ("…" if begin else "")
    behind = f"… ({len(body)} characters)" if begin + _WIDTH < len(body) else ""
    pointer = f"{' ' * (len(front) + at - begin)}^ expected {difference.expected}"
    if difference.found.startswith("but"):
        pointer += f" as {difference.path[-1]}, {difference.found}"
    return f"{front}{shown}{behind}", pointer


def _place(payload: Any, path: Path) -> int:
    """Where the value at `path` begins in the payload's text; for one that is missing, where its object ends."""
    if not path:
        return 0
    copy = orjson.loads(orjson.dumps(payload))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    missing = isinstance(inner, dict) and path[-1] not in inner
    inner[path[-1]] = _NEEDLE
    text = orjson.dumps(copy)
    if missing:  # it was put behind the last one: find the comma or the brace before it
        before = text.rfind(orjson.dumps(path[-1]), 0, text.find(_NEEDLE_TEXT))
        at = before - 1 if text[before - 1 : before] == b"," else before
    else:
        at = text.find(_NEEDLE_TEXT)
    return len(text[:at].decode())


def link_line(change: LinkChange) -> str:
    """A connection that opened or closed, as a person reads it."""
    if change.connected:
        return "── connected"
    why = " ".join(part for part in (str(change.code or ""), change.reason) if part)
    return f"── disconnected{f' ({why})' if why else ''}"


def exchange(
    events: Iterable[OcppFrame | LinkChange],
    start: int,
    marked: Sequence[int] = (),
    difference: Difference | None = None,
) -> str:
    """The last frames as an indented block, stamped in seconds since `start`. What is marked is shown, however old.

    Args:
        events: frames and link changes, in order.
        start: stamp in nanoseconds that counts as 0.
        marked: ids of events to point at.
        difference: where in the marked frame's payload it is not as expected.
    """
    every = list(events)
    recent = every[-LAST_FRAMES:]
    older = [event for event in every[: -LAST_FRAMES or None] if event.id in marked] if len(every) > LAST_FRAMES else []
    lines = [f"the exchange{f' (last {len(recent)} of {len(every)})' if len(every) > len(recent) else ''}:"]
    for event in (*older, *recent):
        if older and event is recent[0]:
            lines.append("    …")
        front = f"  {'>' if event.id in marked else ' '} {(event.t - start) / 1e9:8.3f} s  "
        below: str | None = None
        if isinstance(event, LinkChange):
            text = link_line(event)
        elif event.id in marked and difference is not None:
            text, below = marked_lines(event, difference)
        else:
            text = one_line(event)
        lines.append(front + text)
        if below is not None:
            lines.append(" " * len(front) + below)
    if not recent:
        lines.append("    nothing was exchanged")
    return "\n".join(lines)
