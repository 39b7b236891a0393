"""Format the last frames without secrets, with a marker below a value that is not as expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from rig.ocpp.matching import Difference, Path
from rig.timeline.events import LinkChange, OcppFrame
from rig.timeline.frame_words import PAYLOAD_WIDTH, frame_line, frame_title, payload_json
from rig.timeline.words import link_line
from rig.util.text import visible

LAST_FRAMES = 20
"""Number of frames in the message of a failed expectation."""

_NEEDLE = "\x00here\x00"  # replaces the value to locate; no payload contains it
_NEEDLE_TEXT = orjson.dumps(_NEEDLE)


def marked_lines(frame: OcppFrame, difference: Difference) -> tuple[str, str]:
    """Return the line of a frame, and below it a line that points at the difference.

    A payload that is too long for a line is cut on both sides of the difference.
    """
    body = payload_json(frame.shown)
    at = _place(frame.shown, difference.path)
    begin = max(0, min(at - PAYLOAD_WIDTH // 2, len(body) - PAYLOAD_WIDTH))
    shown = body[begin : begin + PAYLOAD_WIDTH]
    front = frame_title(frame) + ("…" if begin else "")
    behind = f"… ({len(body)} characters)" if begin + PAYLOAD_WIDTH < len(body) else ""
    pointer = f"{' ' * (len(front) + at - begin)}^ expected {difference.expected}"
    if difference.found.startswith("but"):
        pointer += f" as {difference.path[-1]}, {difference.found}"
    return f"{front}{shown}{behind}", pointer


def _place(payload: Any, path: Path) -> int:
    """Return the offset of the value at `path` in the payload's text; of a missing value, the end of its object."""
    if not path:
        return 0
    copy = orjson.loads(orjson.dumps(payload))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    missing = isinstance(inner, dict) and path[-1] not in inner
    inner[path[-1]] = _NEEDLE
    text = orjson.dumps(copy)
    if missing:  # the value was appended: find the comma or the brace before it
        before = text.rfind(orjson.dumps(path[-1]), 0, text.find(_NEEDLE_TEXT))
        at = before - 1 if text[before - 1 : before] == b"," else before
    else:
        at = text.find(_NEEDLE_TEXT)
    return len(visible(text[:at].decode()))


def exchange(
    events: Iterable[OcppFrame | LinkChange],
    start: int,
    marked: Sequence[int] = (),
    difference: Difference | None = None,
) -> str:
    """Return the last frames as an indented block, with times in seconds since `start`. Marked frames always appear.

    Args:
        events: frames and link changes, in order.
        start: the stamp in ns that counts as 0.
        marked: ids of events to point at.
        difference: the place at which the marked frame's payload is not as expected.
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
            text = frame_line(event)
        lines.append(front + text)
        if below is not None:
            lines.append(" " * len(front) + below)
    if not recent:
        lines.append("    no frames")
    return "\n".join(lines)
