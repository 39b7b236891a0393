"""Reservations of the model (OCPP 1.6 sections 4.8, 5.1 and 5.13)."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from tests.unit.scenarios.model.core import Core
from tests.unit.scenarios.model.session import Payload

KEY = "ReserveConnectorZeroSupported"


class Reservations(Core):
    """One reservation, of the connector or of the whole charge point."""

    profiles = (*Core.profiles, "Reservation")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.keys[KEY] = "true"
        self.reservation: Payload | None = None

    def is_reserved(self) -> bool:
        """Return whether the connector is reserved."""
        return self.reservation is not None

    def on_reserve_now(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.13."""
        left = (datetime.fromisoformat(request["expiryDate"]) - self.clock.utc()).total_seconds()
        if left <= 0 or (request["connectorId"] == 0 and self.keys[KEY] != "true"):
            return {"status": "Rejected"}
        status = self.status
        if status in ("Faulted", "Unavailable"):
            return {"status": status}
        if status != "Available":
            return {"status": "Occupied"}
        self.reservation = request
        self.report_status()
        self.spawn(self._expire(request, left))
        return {"status": "Accepted"}

    def on_cancel_reservation(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.1."""
        if self.reservation is None or self.reservation["reservationId"] != request["reservationId"]:
            return {"status": "Rejected"}
        self.release()
        return {"status": "Accepted"}

    async def _expire(self, reservation: Payload, left: float) -> None:
        await asyncio.sleep(left)
        if self.reservation is reservation:
            self.release()

    def release(self) -> None:
        """End the reservation."""
        self.reservation = None
        self.report_status()

    def may_start(self, id_tag: str, parent: str | None = None) -> bool:
        """Return whether an idTag may use the connector: that of the reservation, or one of its group."""
        held = self.reservation
        return held is None or id_tag == held["idTag"] or (parent is not None and parent == held.get("parentIdTag"))

    def start_details(self) -> Payload:
        """Return the reservation that the transaction uses, which ends with it."""
        held, self.reservation = self.reservation, None
        return {} if held is None else {"reservationId": held["reservationId"]}
