"""Firmware updates of the model (OCPP 1.6 sections 4.5 and 5.19)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.unit.scenarios.model.core import Core
from tests.unit.scenarios.model.session import Payload
from tests.unit.scenarios.model.transfer import transfer

IMAGE = b"IMAGE 2"
"""An image for the model, which installs anything that begins with IMAGE."""

TRANSFER_S = 5.0
"""Bench seconds of a download or an upload."""

Report = Callable[[str], Awaitable[None]]
"""Sends a status."""
Verify = Callable[[bytes], Awaitable[bool]]
"""Verifies the signature of an image."""


class Firmware(Core):
    """Firmware management."""

    profiles = (*Core.profiles, "FirmwareManagement")

    def on_update_firmware(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.19."""
        self.spawn(self.update(request["location"], self._report))
        return {}

    async def _report(self, status: str) -> None:
        await self.call("FirmwareStatusNotification", {"status": status})

    async def update(self, location: str, report: Report, verify: Verify | None = None) -> None:
        """Download an image, verify its signature, install it, and report each step.

        Args:
            location: the URL of the image.
            report: sends a status.
            verify: verifies the signature of an image, and reports the result; None: the image has no signature.
        """
        await report("Downloading")
        await asyncio.sleep(TRANSFER_S)
        image = await transfer("GET", location)
        if image is None:
            await report("DownloadFailed")
            return
        await report("Downloaded")
        if verify is not None and not await verify(image):
            return
        await report("Installing")
        if not self.is_installable(image):
            await report("InstallationFailed")
            return
        await self.restart()
        await report("Installed")

    def is_installable(self, image: bytes) -> bool:
        """Return whether it is an image for the model."""
        return image.startswith(b"IMAGE")

    def triggered(self) -> dict[str, Payload]:
        """Return the messages that TriggerMessage can request."""
        return {**super().triggered(), "FirmwareStatusNotification": {"status": "Idle"}}
