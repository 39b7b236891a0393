"""Log formats of a device's console. For other firmware, derive one: docs/bring-your-own-firmware.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from rig.timeline.events import Event, LogLine


@runtime_checkable
class LogFormat(Protocol):
    """The interface of a log format, which parses the console's lines for the console instrument.

    It must accept any text that a device may print. An exception is reported as an error of the bench, with the line.
    """

    answer_prefix: str
    """The text at the start of a line that answers a command."""

    def line(self, text: str) -> LogLine:
        """Parse a line of the console: its level, tag and uptime, if it has them."""

    def events(self, line: LogLine) -> Sequence[Event]:
        """Return the events of a line: a boot, a telemetry record, a panic.

        Args:
            line: the result of `line`, without id and stamp. The timeline adds id and stamp to the line and to its
                events.
        """

    @property
    def pending(self) -> bool:
        """Whether an event is incomplete and the next lines may complete it."""

    def flush(self) -> Sequence[Event]:
        """Complete the pending events. Called when the console is quiet."""


class PlainLogFormat:
    """Lines without events. Derive from it and override the methods that your firmware needs."""

    answer_prefix = "= "

    def line(self, text: str) -> LogLine:
        """Return the line without level, tag and uptime."""
        return LogLine(text=text)

    def events(self, line: LogLine) -> Sequence[Event]:
        """Return no events."""
        return []

    @property
    def pending(self) -> bool:
        """False: no event has several lines."""
        return False

    def flush(self) -> Sequence[Event]:
        """Return no events."""
        return []
