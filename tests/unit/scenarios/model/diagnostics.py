"""Diagnostics of the model (OCPP 1.6 sections 4.4 and 5.9)."""

from __future__ import annotations

import asyncio

from tests.unit.scenarios.model.firmware import TRANSFER_S, Firmware, Report
from tests.unit.scenarios.model.session import Payload
from tests.unit.scenarios.model.transfer import transfer


class Diagnostics(Firmware):
    """Uploads of diagnostics, which belong to the profile FirmwareManagement."""

    def on_get_diagnostics(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.9."""
        self.spawn(self.upload(request["location"], self._report_upload))
        return {"fileName": "diagnostics.txt"}

    async def _report_upload(self, status: str) -> None:
        await self.call("DiagnosticsStatusNotification", {"status": status})

    async def upload(self, location: str, report: Report) -> None:
        """Upload a file, and report each step."""
        await report("Uploading")
        await asyncio.sleep(TRANSFER_S)
        is_accepted = await transfer("PUT", location, b"a log") is not None
        await report("Uploaded" if is_accepted else "UploadFailed")

    def triggered(self) -> dict[str, Payload]:
        """Return the messages that TriggerMessage can request."""
        return {**super().triggered(), "DiagnosticsStatusNotification": {"status": "Idle"}}
