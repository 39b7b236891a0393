"""What the bench must know of a firmware to bring it to idle: how to provision it, when it is up, when it is idle.

Together with the log format (`rig/adapters/log_format.py`) this is all that is special about one firmware; see
docs/bring-your-own-firmware.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from rig.firmware.filesystem import provision
from rig.timeline.events import Boot, Event, LogLine
from rig.util.errors import BenchError, DeviceError
from rig.util.redaction import masked_text

if TYPE_CHECKING:
    from rig.config.description import Description
    from rig.firmware.manifest import Manifest
    from rig.instruments.console import Console

Settings = Mapping[str, str | int]


class DeviceProfile:
    """A firmware of which the bench knows nothing: up as soon as it boots, idle as soon as it is up.

    Derive from it and override what yours can tell; name the class in the bench description (`device.profile`).

    Attributes:
        ocpp: whether it is an OCPP charge point, and up only when the CSMS has accepted it.
        ready: what `is_ready` waits for, in words.
        idle: what `status` says of an idle device, as far as it matters.
        settle_s: how long, in bench seconds, it may take to be idle by itself, after a boot or what a test has left.
    """

    ocpp: bool = False
    ready: str = "the boot banner"
    idle: Mapping[str, Any] = {}
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
            BenchError: it does not know such a setting.
        """
        if settings:
            raise BenchError(
                f"{type(self).__name__} has no setting {', '.join(sorted(settings))}",
                "Let `provision` of the device's profile make use of settings",
            )
        return None

    def is_ready(self, event: Event) -> bool:
        """Whether an event says that the device is up. Asked for the boot and for everything after it."""
        return isinstance(event, Boot)

    def status(self, console: Console) -> dict[str, Any]:
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


class PlugbenchProfile(DeviceProfile):
    """The charge point of this project: docs/design.md, sections 4 and 6."""

    ocpp = True
    ready = "`app: ready` on the console"
    idle: Mapping[str, Any] = {
        "state": "Available",
        "accepted": True,
        "connected": True,
        "transaction": None,
        "contactor": False,
        "queue": 0,
        "time_quality": "csms",
    }

    STATUS_TIMEOUT_S = 2.0

    def check(self, description: Description) -> None:
        """It is told its identity and its network."""
        for key, value in (
            ("device.identity", description.device.identity),
            ("network.ssid", description.network.ssid),
            ("network.psk", description.network.psk),
        ):
            if not value:
                raise ValueError(f'{key}: missing; a device of profile "plugbench" is told it')

    def provision(
        self, description: Description, csms_url: str, manifest: Manifest, settings: Settings
    ) -> bytes | None:
        """A LittleFS image with its `config.json`."""
        device, network = description.device, description.network
        return provision(
            csms_url,
            device.identity,
            network.ssid,
            network.psk,
            partition=manifest.storage(),
            **{"local_id_tag": device.local_id_tag, **settings},
        )

    def is_ready(self, event: Event) -> bool:
        """It says so when every feature runs."""
        return isinstance(event, LogLine) and event.tag == "app" and event.text.endswith("ready")

    def status(self, console: Console) -> dict[str, Any]:
        """The answer to the console command `status`."""
        answer = console.command("status", timeout=self.STATUS_TIMEOUT_S)
        try:
            status = orjson.loads(answer)
        except orjson.JSONDecodeError:
            status = None
        if not isinstance(status, dict):
            raise DeviceError(f"the answer to the console command `status` is no JSON object: {masked_text(answer)!r}")
        return status

    def write_command(self, number: int) -> str:
        """A setting, which is answered when it is durable."""
        return f"set heartbeat_interval_s {300 + number % 2}"
