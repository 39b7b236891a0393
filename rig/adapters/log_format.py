"""How to read a device's console. For other firmware bring a class like these: docs/bring-your-own-firmware.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import orjson

from rig.timeline.events import Boot, Event, LogLine, Panic, TelemetrySample


@runtime_checkable
class LogFormat(Protocol):
    """What the console instrument wants to know about the device's console.

    It must take whatever a device prints. What it raises is trouble of the bench, told with the line.
    """

    answer_prefix: str
    """What the line starts with that answers a command."""

    def line(self, text: str) -> LogLine:
        """A line of the console, with level, tag and uptime where it has them."""

    def events(self, line: LogLine) -> Sequence[Event]:
        """What else the line says: a boot, a telemetry record, a panic.

        Args:
            line: as `line` made it. Id and stamp are given when it and what is found go on the timeline together.
        """

    @property
    def pending(self) -> bool:
        """Whether something has begun that the next lines may complete."""

    def flush(self) -> Sequence[Event]:
        """The console is quiet: complete what has begun."""


class PlainLogFormat:
    """Lines, and nothing in them. Derive from it and override what your firmware's lines say."""

    answer_prefix = "= "

    def line(self, text: str) -> LogLine:
        """The text, whole."""
        return LogLine(text=text)

    def events(self, line: LogLine) -> Sequence[Event]:
        """Nothing."""
        return []

    @property
    def pending(self) -> bool:
        """Nothing goes over more than a line."""
        return False

    def flush(self) -> Sequence[Event]:
        """Nothing."""
        return []


# No number has more digits than one can have: a device may print anything, and `int` raises at thousands of digits.
_UPTIME = r"\(([0-9]{1,15})\)"
_LOG = re.compile(rf"([EWIDVT]) {_UPTIME} ([^:\s]+): ?")
_BANNER = re.compile(rf"I {_UPTIME} boot: \S+ (?P<version>\S+) build=(?P<build>\S+) reset=(?P<reset>\w+)")
_TELEMETRY = re.compile(rf"T {_UPTIME} monitor: (?P<record>\{{.*\}})\s*$")
_PANIC = re.compile(
    r"PANIC: (?P<own>.+)"
    r"|Guru Meditation Error: (?P<guru>.+)"
    r"|(?P<abort>abort\(\) was called.*|assert failed: .*)"
    r"|ERROR: (?P<sanitizer>\w+Sanitizer: .*)"
    r"|(?P<undefined>(?<!\S)\S+: runtime error: .*)"
)
_BACKTRACE = re.compile(r"backtrace:\s*(?P<frames>.+)", re.IGNORECASE)
_FRAME = re.compile(r"\s+#[0-9]{1,9} (?P<frame>0x.+)")
_MOST_FRAMES = 64


class PlugbenchLogFormat:
    """The console of docs/design.md, section 4; also understands ESP-IDF's panics and the sanitizers' reports."""

    answer_prefix = "= "

    def __init__(self) -> None:
        self._cause = ""
        self._frames: list[str] = []

    def line(self, text: str) -> LogLine:
        """A line with ESP-IDF's `I (12345) tag: ` taken apart. The text stays whole."""
        match = _LOG.match(text)
        if match is None or match[1] not in "EWID":
            return LogLine(text=text)
        return LogLine(text=text, level=match[1], tag=match[3], uptime_ms=int(match[2]))  # type: ignore[arg-type]

    def events(self, line: LogLine) -> Sequence[Event]:
        """Boot banner, telemetry record, panic. A panic is complete with its backtrace, or with what comes instead."""
        text = line.text
        found: list[Event] = []
        if self._cause:
            frames = self._read_frames(text)
            if frames and len(self._frames) < _MOST_FRAMES:
                self._frames += frames
                return found
        # A device that loses power in the middle of a line leaves the banner to follow on the same one.
        if " boot: " in text and (banner := _BANNER.search(text)):
            found += self.flush()
            found.append(Boot(version=banner["version"], build=banner["build"], reset=banner["reset"]))
        elif _may_panic(text) and (panic := _PANIC.search(text)):
            if not self._cause:
                self._cause = next(value for value in panic.groups() if value).strip()
        elif " monitor: " in text and (record := _TELEMETRY.search(text)) and (values := _numbers(record["record"])):
            found.append(TelemetrySample(values=values))
        return found

    @property
    def pending(self) -> bool:
        """A panic whose backtrace may follow."""
        return bool(self._cause)

    def flush(self) -> Sequence[Event]:
        """The panic under way, with the backtrace as far as it came."""
        if not self._cause:
            return []
        panic = Panic(cause=self._cause, backtrace=tuple(self._frames))
        self._cause = ""
        self._frames = []
        return [panic]

    @staticmethod
    def _read_frames(text: str) -> list[str]:
        if trace := _BACKTRACE.search(text):
            return trace["frames"].split()
        if frame := _FRAME.match(text):
            return [frame["frame"]]
        return []


def _may_panic(text: str) -> bool:
    """Whether `_PANIC` can be found at all: nearly no line has what it needs, and looking for that is much quicker."""
    return (
        "PANIC: " in text
        or "Guru Meditation Error: " in text
        or "abort() was called" in text
        or "assert failed: " in text
        or "ERROR: " in text
        or ": runtime error: " in text
    )


def _numbers(record: str) -> dict[str, float]:
    """The numbers of a telemetry record; empty where it is cut off or no record."""
    try:
        values: Any = orjson.loads(record)
    except orjson.JSONDecodeError:
        return {}
    return {name: value for name, value in values.items() if isinstance(value, (int, float))}
