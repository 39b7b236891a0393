"""Read the console of the firmware under test, and detect when the device is up.

The patterns fit ESP-IDF's log lines and the banner of Plugbench's charge point. Replace them by the patterns of your
firmware; docs/bring-your-own-firmware.md of Plugbench describes both classes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rig.adapters.log_format import PlainLogFormat
from rig.adapters.profile import DeviceProfile
from rig.timeline.events import Boot, Event, Level, LogLine, Panic

_LOG = re.compile(r"(?P<level>[EWID]) \((?P<uptime>\d{1,15})\) (?P<tag>[^:\s]+): (?P<text>.*)")
_LEVELS: Mapping[str, Level] = {"E": "E", "W": "W", "I": "I", "D": "D"}
# The first line of a boot. By this line the bench detects that the device has started or restarted.
_BANNER = re.compile(r"\S+ (?P<version>\S+) build=(?P<build>\S+) reset=(?P<reset>\w+)")
_PANIC = re.compile(r"(?:Guru Meditation Error|PANIC): (?P<cause>.+)")


class BoardLogFormat(PlainLogFormat):
    """Log lines such as `I (12345) tag: text`."""

    answer_prefix = "= "
    """The first characters of a line that answers a command."""

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
            return [Boot(version=banner["version"], build=banner["build"], reset=banner["reset"])]
        if panic := _PANIC.search(line.text):
            return [Panic(cause=panic["cause"])]
        return []


class BoardProfile(DeviceProfile):
    """The device is up when it logs `app: ready`, and then it is idle."""

    ready = "`app: ready` on the console"

    def is_ready(self, event: Event) -> bool:
        """Return whether an event means that the device is up."""
        return isinstance(event, LogLine) and event.tag == "app" and event.text.endswith("ready")
