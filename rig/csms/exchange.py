"""Frames in readable form: one line each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from rig.events import LinkChange, OcppFrame

LAST_FRAMES = 20
"""How many frames a failed expectation shows."""


def one_line(frame: OcppFrame, width: int = 160) -> str:
    """A frame as a person reads it: direction, kind, action, payload, what is wrong with it.

    Args:
        frame: the frame.
        width: longest payload shown, in characters.
    """
    arrow = "→" if frame.direction == "received" else "←"
    if frame.message_type == "INVALID":
        title, body = "INVALID", frame.raw
    else:
        suffix = {"CALL": "", "CALLRESULT": " result", "CALLERROR": " ERROR"}[frame.message_type]
        title, body = f"{frame.action or '?'}{suffix}", orjson.dumps(frame.payload).decode()
    if len(body) > width:
        body = f"{body[:width]}… ({len(body)} characters)"
    wrong = f"  !! {frame.error}" if frame.error else ""
    return f"{arrow} [{frame.unique_id or '?'}] {title} {body}{wrong}"


def link_line(change: LinkChange) -> str:
    """A connection that opened or closed, as a person reads it."""
    if change.connected:
        return "── connected"
    why = " ".join(part for part in (str(change.code or ""), change.reason) if part)
    return f"── disconnected{f' ({why})' if why else ''}"


def exchange(events: Iterable[OcppFrame | LinkChange], start: int, marked: Sequence[int] = ()) -> str:
    """The last frames as an indented block, stamped in seconds since `start`.

    Args:
        events: frames and link changes, in order.
        start: stamp in nanoseconds that counts as 0.
        marked: ids of events to point at.
    """
    every = list(events)
    shown = every[-LAST_FRAMES:]
    lines = [f"the exchange{f' (last {len(shown)} of {len(every)})' if len(every) > len(shown) else ''}:"]
    for event in shown:
        text = one_line(event) if isinstance(event, OcppFrame) else link_line(event)
        lines.append(f"  {'>' if event.id in marked else ' '} {(event.t - start) / 1e9:8.3f} s  {text}")
    if not shown:
        lines.append("    nothing was exchanged")
    return "\n".join(lines)
