"""The crashes in a log that was kept: of a console, of a test, or the stored log of a device."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from rig.adapters.crash_reader import kind_of
from rig.adapters.plugbench import PlugbenchLogFormat
from rig.adapters.stored_log import parse_line
from rig.timeline.events import Boot, Event, Panic

_TIME = re.compile(r"\s*[0-9]{1,9}\.[0-9]{3} ")  # of console.log, in the folder of a test
_STORED_TAG = "crash"
_STORED_MARK = " crash: "


def crashes_in(lines: Iterable[str]) -> Iterator[Panic]:
    """Yield the crashes of a log, each as soon as its last line was read. Any text is allowed.

    `elf_sha256` of a crash has the hash of its build, which the crash or else the boot before it has printed.

    Args:
        lines: the lines, without their ends; the iterable may be endless.
    """
    console = PlugbenchLogFormat()
    build = ""
    seen = ""
    for line in lines:
        text = _TIME.sub("", line, count=1)
        if stored := _stored_crash(text):
            if stored.cause != seen:
                yield stored
            continue
        for event in console.events(console.line(text)):
            build, crash = _read(event, build)
            if crash is not None:
                seen = crash.cause
                yield crash
    for event in console.flush():
        build, crash = _read(event, build)
        if crash is not None:
            yield crash


def _read(event: Event, build: str) -> tuple[str, Panic | None]:
    if isinstance(event, Boot):
        return event.build, None
    if isinstance(event, Panic):
        return build, replace(event, elf_sha256=event.elf_sha256 or build)
    return build, None


def _stored_crash(text: str) -> Panic | None:
    """Return the crash from the line that a device logs after a crash (docs/log-format.md); None for any other line."""
    if _STORED_MARK not in text:
        return None
    entry = parse_line(text.removeprefix("L "))
    if entry is None or entry.tag != _STORED_TAG or "cause" not in entry.fields:
        return None
    cause, frames = entry.fields["cause"], entry.fields.get("backtrace", "")
    return Panic(
        cause=cause,
        kind=kind_of(cause),
        backtrace=tuple(filter(None, frames.split(","))),
        elf_sha256=entry.fields.get("build", ""),
    )
