"""How to read a device's console. For other firmware bring a class like these: docs/bring-your-own-firmware.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from rig.timeline.events import Event, LogLine


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
