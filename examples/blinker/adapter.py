"""The adapter of the blinker: its log format, and the conditions for ready and idle."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rig.adapters.log_format import PlainLogFormat
from rig.adapters.profile import DeviceConsole, DeviceProfile
from rig.timeline.events import Boot, Event, Level, LogLine, Panic, TelemetrySample

_LINE = re.compile(r"(?P<seconds>\d{1,9}\.\d{1,9}) (?P<level>[A-Z]+) (?P<tag>\w+): (?P<text>.*)")
_LEVELS: Mapping[str, Level] = {"DEBUG": "D", "INFO": "I", "WARN": "W", "ERROR": "E", "FATAL": "E"}
_BANNER = re.compile(r"blinker (?P<version>\S+) starts, reset=(?P<reset>\w+)")
_NUMBER = re.compile(r"(\w+)=(\d{1,9}(?:\.\d{1,9})?)(?!\S)")


def pairs(text: str) -> dict[str, str]:
    """Parse `a=1 b=x` as `{"a": "1", "b": "x"}`."""
    return dict(re.findall(r"(\w+)=(\S+)", text))


class BlinkerLogFormat(PlainLogFormat):
    """Reads `12.345 INFO led: blinks at 1 Hz`, and telemetry like `12.345 STAT main: blinks=12 rate_hz=1`."""

    answer_prefix = "> "

    def line(self, text: str) -> LogLine:
        """Split a line into time, level and tag. `text` keeps the whole line."""
        match = _LINE.fullmatch(text)
        if match is None or match["level"] not in _LEVELS:
            return LogLine(text=text)
        uptime_ms = round(float(match["seconds"]) * 1000)
        return LogLine(text=text, level=_LEVELS[match["level"]], tag=match["tag"], uptime_ms=uptime_ms)

    def events(self, line: LogLine) -> Sequence[Event]:
        """Return the boot, crash or telemetry event of a line."""
        match = _LINE.fullmatch(line.text)
        if match is None:
            return []
        if banner := _BANNER.fullmatch(match["text"]):
            return [Boot(version=banner["version"], build="", reset=banner["reset"])]
        if match["level"] == "FATAL":
            return [Panic(cause=match["text"])]
        if match["level"] == "STAT":
            return [TelemetrySample(values={name: float(value) for name, value in _NUMBER.findall(match["text"])})]
        return []


class Blinker(DeviceProfile):
    """Ready when its LED blinks; idle when it blinks slowly. It needs no provisioning and no CSMS."""

    ready = "`led: blinks at` on the console"
    idle: Mapping[str, Any] = {"rate_hz": "1", "held": "no"}
    settle_s = 0.5

    def is_ready(self, event: Event) -> bool:
        """Return whether the line announces the blinking LED."""
        return isinstance(event, LogLine) and event.tag == "led"

    def status(self, console: DeviceConsole) -> dict[str, Any]:
        """Return the answer to the command `status`."""
        return dict(pairs(console.command("status")))
