"""The device profile: provisions a firmware, and detects when it is up and when it is idle.

Apart from the log format (`rig/adapters/log_format.py`), nothing else is specific to a firmware; see
docs/bring-your-own-firmware.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from rig.config.description import Description
from rig.firmware.manifest import Manifest
from rig.timeline import Mark
from rig.timeline.events import Boot, Event, LogLine
from rig.util.errors import AuthorError, BenchError

Settings = Mapping[str, str | int]


class NoSettingsError(AuthorError):
    """A test uses settings with a firmware that has none."""


class DeviceConsole(Protocol):
    """The part of the console instrument that a profile may use."""

    def send(self, text: str) -> None:
        """Send a line, without waiting for an answer.

        Raises:
            BenchError: the port is not open.
        """

    def expect(self, pattern: str, *, since: Mark | None = None, timeout: float = 5.0) -> LogLine:
        """Wait for a line that contains a match of a regular expression; the timeout is in bench seconds.

        Raises:
            ExpectationError: no line matched in time.
        """

    def command(self, command: str, *, timeout: float = 5.0) -> str:
        """Send a command and return its answer without the prefix; the timeout is in bench seconds.

        Raises:
            ExpectationError: no answer came in time.
        """


class DeviceProfile:
    """The profile of an unknown firmware. As soon as the device has booted, it counts as up and idle.

    Derive from it and override the parts that your firmware supports; name the class in the bench description
    (`device.profile`).

    Attributes:
        takes_settings: whether `provision` uses settings. If not, tests with settings are skipped.
        has_commands: whether the console has the commands and the telemetry of docs/console-protocol.md.
        ocpp: whether the device is an OCPP charge point. Such a device is up when the CSMS has accepted it.
        ready: the condition of `is_ready` in words.
        idle: the values in `status` of an idle device.
        status_keys: all keys of `status`, so that misspelt keys are rejected; None accepts any key.
        settle_s: the longest time, in bench seconds, that the device needs to become idle after a boot or a test.
    """

    takes_settings: bool = False
    has_commands: bool = False
    ocpp: bool = False
    ready: str = "the boot banner"
    idle: Mapping[str, Any] = {}
    status_keys: frozenset[str] | None = None
    settle_s: float = 3.0

    def check(self, description: Description) -> None:
        """Check that a bench description has the values that this firmware needs. Called when the description is read.

        Raises:
            ValueError: a value is missing; the message names the key and the remedy.
        """

    def provision(
        self, description: Description, csms_url: str, manifest: Manifest, settings: Settings
    ) -> bytes | None:
        """Return an image for the device's storage partition. Its settings let the device find the bench.

        Args:
            description: the description of the device and its network.
            csms_url: `ws://HOST:PORT/PATH`, to which a charge point adds its identity.
            manifest: the firmware, with its partition table.
            settings: the settings that a test changes from the defaults.

        Returns:
            The image; None if this firmware needs none.

        Raises:
            AuthorError: a setting is unknown.
        """
        if settings:
            raise NoSettingsError(
                f"{type(self).__name__} has no setting {', '.join(sorted(settings))}. "
                "Implement settings in `provision` of the device's profile"
            )
        return None

    def is_ready(self, event: Event) -> bool:
        """Return whether an event shows that the device is up. Called for the boot event and all later ones."""
        return isinstance(event, Boot)

    def status(self, console: DeviceConsole) -> dict[str, Any]:
        """Return the status that the device reports. `Device.status`, `wait_status` and `wait_idle` use it.

        Raises:
            DeviceError: its answer is invalid.
            ExpectationError: no answer came in time.
        """
        return {}

    def telemetry(self, console: DeviceConsole) -> dict[str, Any]:
        """Return all numbers that the device measures, including those that the telemetry records omit.

        Raises:
            DeviceError: its answer is invalid.
            ExpectationError: no answer came in time.
        """
        return {}

    def telemetry_units(self, console: DeviceConsole) -> dict[str, str]:
        """Return the unit of each number in `telemetry`, by its name; empty if the device has no table.

        Raises:
            DeviceError: its answer is invalid.
            ExpectationError: no answer came in time.
        """
        return {}

    def write_command(self, number: int) -> str:
        """Return a console command that makes the device write flash, for `Device.erasing`.

        Args:
            number: a counter, so that consecutive writes differ.

        Raises:
            BenchError: the firmware has no such command.
        """
        raise BenchError(f"{type(self).__name__} has no command that writes flash", "Return one in `write_command`")
