"""The adapter of this project's firmware: its console, its boot and idle state, its settings.

See docs/console-protocol.md for the console and docs/settings.md for the settings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from rig.adapters.crash_reader import CrashReader
from rig.adapters.profile import DeviceConsole, DeviceProfile, Settings
from rig.adapters.setting_table import setting_keys, validate_settings
from rig.adapters.stored_file import content_of
from rig.config.description import Description
from rig.firmware.filesystem import make_filesystem, read_filesystem, update_filesystem
from rig.firmware.manifest import Manifest
from rig.firmware.partitions import Partition
from rig.timeline.events import Boot, Event, LogLine, TelemetrySample
from rig.util.arguments import did_you_mean
from rig.util.errors import AuthorError, DeviceError
from rig.util.redaction import masked_text, remember_secrets

CONFIG_FILE = "config.json"
"""The file of the storage partition that holds the settings."""

OPTIONAL_KEYS = tuple(key for key in setting_keys() if key not in {"csms_url", "identity", "wifi_ssid", "wifi_psk"})
"""The settings that a bench may give besides those that every device needs."""

# Digits are limited: a device may print anything, and `int` raises at thousands of digits.
_UPTIME = r"\(([0-9]{1,15})\)"
_LOG = re.compile(rf"[ \t]*([EWIDVT]) {_UPTIME} ([^:\s]+): ?")
_BANNER = re.compile(rf"I {_UPTIME} boot: \S+ (?P<version>\S+) build=(?P<build>[0-9a-f]{{8}}) reset=(?P<reset>\w+)\s*$")
_TELEMETRY = re.compile(rf"T {_UPTIME} monitor: (?P<record>\{{.*\}})\s*$")
_CRASH_TAG = "crash"  # the tag of the line about the last crash: the text of that line looks like a panic
_STORED = "L "
_STORED_LINE = re.compile(r"L (?:[0-9T:.-]{23}Z )?")


class PlugbenchLogFormat:
    """The console of docs/console-protocol.md, with the crashes of ESP-IDF and reports of sanitizers."""

    answer_prefix = "= "

    def __init__(self) -> None:
        self._crashes = CrashReader()

    def line(self, text: str) -> LogLine:
        """Parse ESP-IDF's prefix `I (12345) tag: `. The text keeps it."""
        match = _LOG.match(text)
        if match is None or match[1] not in "EWID":
            return LogLine(text=text)
        return LogLine(text=text, level=match[1], tag=match[3], uptime_ms=int(match[2]))  # type: ignore[arg-type]

    def events(self, line: LogLine) -> Sequence[Event]:
        """Return boots, telemetry records and crashes. A crash is pending until its last line."""
        text = line.text
        found: list[Event] = []
        if text.startswith(_STORED):
            # A line of the stored log. After a power cut within it, the banner of the next boot follows on the same
            # line.
            own = _STORED_LINE.match(text)
            banner = _BANNER.search(text, own.end() + 1 if own else len(_STORED))
            return [_boot(banner)] if banner else found
        # After a power cut in the middle of a line, the banner follows on the same line.
        if " boot: " in text and (banner := _BANNER.search(text)):
            found += self.flush()
            found.append(_boot(banner))
        elif line.tag != _CRASH_TAG and (crashes := self._crashes.feed(text)):
            found += crashes
        elif " monitor: " in text and (record := _TELEMETRY.search(text)) and (values := _numbers(record["record"])):
            found.append(TelemetrySample(values=values))
        return found

    @property
    def pending(self) -> bool:
        """Whether a crash waits for its next lines."""
        return self._crashes.pending

    def flush(self) -> Sequence[Event]:
        """Return the pending crash, with the lines so far."""
        return self._crashes.flush()


def _boot(banner: re.Match[str]) -> Boot:
    return Boot(version=banner["version"], build=banner["build"], reset=banner["reset"])


def _numbers(record: str) -> dict[str, float]:
    """Return the numbers of a telemetry record; empty if it is truncated or not a record."""
    try:
        values: Any = orjson.loads(record)
    except orjson.JSONDecodeError:
        return {}
    return {name: value for name, value in values.items() if isinstance(value, (int, float))}


class PlugbenchProfile(DeviceProfile):
    """The charge point of this project: docs/console-protocol.md, docs/settings.md."""

    takes_settings = True
    has_commands = True
    ocpp = True
    ready = "`app: ready` on the console"
    idle: Mapping[str, Any] = {
        "state": "Available",
        "accepted": True,
        "connected": True,
        "transaction": None,
        "contactor": False,
        "queue": 0,
        "reporting": "possible",
        "time_quality": "csms",
    }

    status_keys = frozenset(
        {
            *idle,
            *("energy_wh", "storage", "settings", "security_profile", "connection_problem", "network", "power"),
            "time_server",
        }
    )

    STATUS_TIMEOUT_S = 2.0

    def check(self, description: Description) -> None:
        """Require the identity and, for Wi-Fi, the network that are provisioned."""
        needed = {"device.identity": description.device.identity}
        if description.has_wifi:
            needed["network.ssid"] = description.network.ssid
        for key, value in needed.items():
            if not value:
                raise ValueError(f'{key}: missing; a device of profile "plugbench" needs it')
        if description.has_wifi and not description.has_psk:
            raise ValueError('network.psk_file: missing; a device of profile "plugbench" needs the passphrase in it')

    def provision(
        self, description: Description, csms_url: str, manifest: Manifest, settings: Settings
    ) -> bytes | None:
        """Return a LittleFS image with its `config.json`."""
        device, network = description.device, description.network
        return provision(
            csms_url,
            device.identity,
            network.ssid,
            description.psk(),
            partition=manifest.storage(),
            **{"local_id_tag": device.local_id_tag, **settings},
        )

    def is_ready(self, event: Event) -> bool:
        """Return whether an event is the line that the device prints when every feature runs."""
        return isinstance(event, LogLine) and event.tag == "app" and event.text.endswith("ready")

    def status(self, console: DeviceConsole) -> dict[str, Any]:
        """Return the answer to the console command `status`."""
        return self._object(console, "status")

    def telemetry(self, console: DeviceConsole) -> dict[str, Any]:
        """Return the answer to the console command `status full`."""
        return self._object(console, "status full")

    def telemetry_units(self, console: DeviceConsole) -> dict[str, str]:
        """Return the units in the answer to the console command `status units`."""
        answer = self._object(console, "status units")
        return {name: unit for name, unit in answer.items() if isinstance(unit, str)}

    def _object(self, console: DeviceConsole, command: str) -> dict[str, Any]:
        answer = console.command(command, timeout=self.STATUS_TIMEOUT_S)
        try:
            found = orjson.loads(answer)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise DeviceError(f"the answer to the command `{command}` is not a JSON object: {masked_text(answer)!r}")
        return found

    def write_command(self, number: int) -> str:
        """Return a command that changes a setting. The device answers when the setting is durable."""
        return f"set heartbeat_interval_s {300 + number % 2}"


def provision(
    csms_url: str, identity: str, wifi_ssid: str, wifi_psk: str, *, partition: Partition, **more: str | int
) -> bytes:
    """Return the file system of a new device, with only its configuration.

    Args:
        csms_url: the URL of the CSMS without the identity: `ws://HOST:PORT/PATH`.
        identity: the charge point's identity, the last segment of the URL (OCPP-J 1.6 section 3.1.1).
        wifi_ssid: the network's name.
        wifi_psk: its passphrase.
        partition: the storage partition, which gives the size of the image.
        more: further keys of docs/settings.md; the others keep the device's defaults.

    Raises:
        AuthorError: a key is unknown, or a value breaks the limits of docs/settings.md.
    """
    values = configuration(csms_url, identity, wifi_ssid, wifi_psk, **more)
    return make_filesystem({CONFIG_FILE: json.dumps(values, separators=(",", ":")).encode()}, partition.size)


def reconfigure(image: bytes, values: Mapping[str, str | int]) -> bytes:
    """Return a device's file system with some settings changed, and all other settings and files kept.

    Raises:
        BenchError: `image` does not contain a valid file system.
    """
    try:
        kept = orjson.loads(content_of(read_filesystem(image)[CONFIG_FILE]) or b"{}")
    except (KeyError, ValueError):
        kept = {}
    return update_filesystem(image, {CONFIG_FILE: json.dumps(kept | values, separators=(",", ":")).encode()})


def configuration(
    csms_url: str, identity: str, wifi_ssid: str, wifi_psk: str, **more: str | int
) -> dict[str, str | int]:
    """Return the content of the device's configuration file, and mask its secrets from now on.

    `provision` describes arguments and errors.
    """
    unknown = sorted(set(more) - set(OPTIONAL_KEYS))
    if unknown:
        meant = did_you_mean(unknown[0], OPTIONAL_KEYS)
        nearest = f"Did you mean {meant!r}? " if meant else ""
        raise AuthorError(
            f"the device has no setting {', '.join(unknown)}. {nearest}It has: {', '.join(OPTIONAL_KEYS)}"
        )
    validate_settings(more)
    values = {"csms_url": csms_url, "identity": identity, "wifi_ssid": wifi_ssid, "wifi_psk": wifi_psk, **more}
    remember_secrets(values)
    return values
