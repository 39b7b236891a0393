"""Read the console of the firmware under test, and detect when the device is up.

The patterns fit ESP-IDF's log lines and the banner of Plugbench's charge point. Replace them by the patterns of your
firmware; docs/bring-your-own-firmware.md of Plugbench describes both classes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rig.adapters.crash_reader import CrashReader
from rig.adapters.log_format import PlainLogFormat
from rig.adapters.profile import DeviceProfile
from rig.timeline.events import Boot, Event, Level, LogLine

_LOG = re.compile(r"(?P<level>[EWID]) \((?P<uptime>\d{1,15})\) (?P<tag>[^:\s]+): (?P<text>.*)")
_LEVELS: Mapping[str, Level] = {"E": "E", "W": "W", "I": "I", "D": "D"}
# The first line of a boot. By this line the bench detects that the device has started or restarted.
_BANNER = re.compile(r"\S+ (?P<version>\S+) build=(?P<build>\S+) reset=(?P<reset>\w+)")


class BoardLogFormat(PlainLogFormat):
    """Log lines such as `I (12345) tag: text`."""

    answer_prefix = "= "
    """The first characters of a line that answers a command."""

    def __init__(self) -> None:
        self._crashes = CrashReader()

    def line(self, text: str) -> LogLine:
        """Separate level, uptime and tag from the text."""
        match = _LOG.fullmatch(text)
        if match is None:
            return LogLine(text=text)
        return LogLine(text=text, level=_LEVELS[match["level"]], tag=match["tag"], uptime_ms=int(match["uptime"]))

    def events(self, line: LogLine) -> Sequence[Event]:
        """Find boots and crashes."""
        match = _LOG.fullmatch(line.text)
        if match is not None and match["tag"] == "boot" and (banner := _BANNER.fullmatch(match["text"])):
            boot = Boot(version=banner["version"], build=banner["build"], reset=banner["reset"])
            return [*self.flush(), boot]
        return self._crashes.feed(line.text)

    @property
    def pending(self) -> bool:
        """Whether a crash waits for its next lines, such as its backtrace."""
        return self._crashes.pending

    def flush(self) -> Sequence[Event]:
        """Return the crash, because the console is quiet."""
        return self._crashes.flush()


class BoardProfile(DeviceProfile):
    """When the device logs `app: ready`, it is up and idle."""

    ready = "`app: ready` on the console"

    def is_ready(self, event: Event) -> bool:
        """Return whether an event means that the device is up."""
        return isinstance(event, LogLine) and event.tag == "app" and event.text.endswith("ready")
