"""All that the bench has to know of the blinker: how to read its console, and when it is up and idle."""

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
    """`a=1 b=x` as `{"a": "1", "b": "x"}`."""
    return dict(re.findall(r"(\w+)=(\S+)", text))


class BlinkerLogFormat(PlainLogFormat):
    """`12.345 INFO led: blinks at 1 Hz`, and telemetry as `12.345 STAT main: blinks=12 rate_hz=1`."""

    answer_prefix = "> "

    def line(self, text: str) -> LogLine:
        """A line with time, level and tag taken apart. The text stays whole."""
        match = _LINE.fullmatch(text)
        if match is None or match["level"] not in _LEVELS:
            return LogLine(text=text)
        uptime_ms = round(float(match["seconds"]) * 1000)
        return LogLine(text=text, level=_LEVELS[match["level"]], tag=match["tag"], uptime_ms=uptime_ms)

    def events(self, line: LogLine) -> Sequence[Event]:
        """Boots, crashes, telemetry."""
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
    """Up when its LED blinks; idle when it blinks slowly. It is provisioned with nothing and knows no CSMS."""

    ready = "`led: blinks at` on the console"
    idle: Mapping[str, Any] = {"rate_hz": "1", "held": "no"}
    settle_s = 0.5

    def is_ready(self, event: Event) -> bool:
        """It says so."""
        return isinstance(event, LogLine) and event.tag == "led"

    def status(self, console: DeviceConsole) -> dict[str, Any]:
        """The answer to its command `status`."""
        return dict(pairs(console.command("status")))
