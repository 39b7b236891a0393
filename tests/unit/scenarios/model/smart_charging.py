"""Smart charging of the model (OCPP 1.6 sections 3.13, 5.5, 5.7 and 5.16)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.unit.scenarios.model.core import Core
from tests.unit.scenarios.model.session import Payload

LIMIT_A = 32
"""The limit of the connector without a profile."""


class SmartCharging(Core):
    """Charging profiles with one period, for transactions on the connector."""

    profiles = (*Core.profiles, "SmartCharging")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.installed: list[Payload] = []

    def on_set_charging_profile(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.16."""
        profile = request["csChargingProfiles"]
        is_of_transaction = profile["chargingProfilePurpose"] == "TxProfile"
        if is_of_transaction and (self.transaction is None or profile["transactionId"] != self.transaction):
            return {"status": "Rejected"}
        self.install(profile)
        return {"status": "Accepted"}

    def install(self, profile: Payload) -> None:
        """Add a profile. It replaces the profile of the same id, and any of the same purpose and stack level."""
        self.installed = [
            each
            for each in self.installed
            if each["chargingProfileId"] != profile["chargingProfileId"] and self.rank(each) != self.rank(profile)
        ]
        self.installed.append(profile)

    def rank(self, profile: Payload) -> tuple[bool, int]:
        """Return the rank among profiles: the purpose first, then the stack level (section 3.13.2)."""
        return profile["chargingProfilePurpose"] == "TxProfile", profile["stackLevel"]

    def on_clear_charging_profile(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.5, by id or all."""
        kept = [each for each in self.installed if "id" in request and each["chargingProfileId"] != request["id"]]
        status = "Unknown" if len(kept) == len(self.installed) else "Accepted"
        self.installed = kept
        return {"status": status}

    def on_get_composite_schedule(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.7."""
        limit = max((each for each in self.installed if self._is_valid(each)), key=self.rank, default=None)
        periods = [{"startPeriod": 0, "limit": LIMIT_A}] if limit is None else self._periods(limit)
        schedule = {"duration": request["duration"], "chargingRateUnit": "A", "chargingSchedulePeriod": periods}
        return {"status": "Accepted", "connectorId": 1, "scheduleStart": self.now(), "chargingSchedule": schedule}

    def _periods(self, profile: Payload) -> list[Payload]:
        return list(profile["chargingSchedule"]["chargingSchedulePeriod"])

    def _is_valid(self, profile: Payload) -> bool:
        now = self.now()
        begin, end = (datetime.fromisoformat(profile.get(key, now)) for key in ("validFrom", "validTo"))
        return begin <= datetime.fromisoformat(now) <= end

    def on_remote_start_transaction(self, request: Payload) -> Payload:
        """OCPP 1.6 sections 5.11 and 3.13.4: a profile in the request is one of the transaction."""
        profile = request.get("chargingProfile")
        if profile is not None and profile["chargingProfilePurpose"] != "TxProfile":
            return {"status": "Rejected"}
        answer = super().on_remote_start_transaction(request)
        if profile is not None and answer["status"] == "Accepted":
            self.install(profile)
        return answer

    def transaction_ended(self) -> None:
        """Remove the profiles of the transaction (section 3.13.1)."""
        self.installed = [each for each in self.installed if each["chargingProfilePurpose"] != "TxProfile"]
