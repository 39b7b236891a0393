"""What the bench must know of a firmware to bring it to idle: how to provision it, when it is up, when it is idle.

Together with the log format (`rig/adapters/log_format.py`) this is all that is special about one firmware; see
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
    """A test gives settings to a firmware that takes none."""


class DeviceConsole(Protocol):
    """The part of the console instrument that a profile may use."""

    def send(self, text: str) -> None:
        """Send a line, without waiting for anything.

        Raises:
            BenchError: the port is not open.
        """

    def expect(self, pattern: str, *, since: Mark | None = None, timeout: float = 5.0) -> LogLine:
        """Wait for a line in which the regular expression is found; the timeout is in bench seconds.

        Raises:
            ExpectationError: no such line came.
        """

    def command(self, command: str, *, timeout: float = 5.0) -> str:
        """Send a command and return its answer without the prefix; the timeout is in bench seconds.

        Raises:
            ExpectationError: no answer came.
        """


class DeviceProfile:
    """A firmware of which the bench knows nothing: up as soon as it boots, idle as soon as it is up.

    Derive from it and override what yours can tell; name the class in the bench description (`device.profile`).

    Attributes:
        takes_settings: whether `provision` makes use of settings; without it a test that gives some is skipped.
        has_commands: whether its console has the commands and the telemetry of docs/console-protocol.md.
        ocpp: whether it is an OCPP charge point, and up only when the CSMS has accepted it.
        ready: what `is_ready` waits for, in words.
        idle: what `status` says of an idle device, as far as it matters.
        status_keys: all that `status` can say, so that a misspelt key is refused; None: nobody knows.
        settle_s: how long, in bench seconds, it may take to be idle by itself, after a boot or what a test has left.
    """

    takes_settings: bool = False
    has_commands: bool = False
    ocpp: bool = False
    ready: str = "the boot banner"
    idle: Mapping[str, Any] = {}
    status_keys: frozenset[str] | None = None
    settle_s: float = 3.0

    def check(self, description: Description) -> None:
        """Look at the bench description for what this firmware needs of it. Called when the description is read.

        Raises:
            ValueError: something is missing; names key and remedy.
        """

    def provision(
        self, description: Description, csms_url: str, manifest: Manifest, settings: Settings
    ) -> bytes | None:
        """An image for the device's storage partition, that lets it find the bench.

        Args:
            description: names the device and its network.
            csms_url: `ws://HOST:PORT/PATH`, to which a charge point adds its identity.
            manifest: the firmware, with its partition table.
            settings: what a test wants to differ from the defaults.

        Returns:
            The image; None: this firmware needs none.

        Raises:
            AuthorError: it does not know such a setting.
        """
        if settings:
            raise NoSettingsError(
                f"{type(self).__name__} has no setting {', '.join(sorted(settings))}. "
                "Let `provision` of the device's profile make use of settings"
            )
        return None

    def is_ready(self, event: Event) -> bool:
        """Whether an event says that the device is up. Asked for the boot and for everything after it."""
        return isinstance(event, Boot)

    def status(self, console: DeviceConsole) -> dict[str, Any]:
        """What the device says of itself, for `Device.status`, `wait_status` and for telling that it is idle.

        Raises:
            DeviceError: what it answers makes no sense.
            ExpectationError: no answer came.
        """
        return {}

    def write_command(self, number: int) -> str:
        """A console command that makes the device write flash, for `Device.erasing`.

        Args:
            number: counts up, so that no two writes in a row are the same.

        Raises:
            BenchError: it has none.
        """
        raise BenchError(f"{type(self).__name__} has no command that writes flash", "Let `write_command` name one")
