"""The state of a charge point, derived from its frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rig.csms.kept import NOTHING, with_entry, without_entry
from rig.csms.local_list import updated_list
from rig.csms.smart_charging import with_profile, without_profiles, without_tx_profiles
from rig.timeline.events import OcppFrame


@dataclass(frozen=True, slots=True)
class Connector:
    """A connector by its latest StatusNotification (OCPP 1.6 section 4.9)."""

    status: str
    error_code: str
    timestamp: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A configuration key as last read or changed (OCPP 1.6 section 7.29). `value` is None if the key has no value."""

    value: str | None
    readonly: bool


@dataclass(frozen=True, slots=True)
class State:
    """The state of a charge point at one moment. It is kept over connections, reboots and tests.

    Attributes:
        boot: the charge point's latest BootNotification; None before the first.
        registration: the CSMS's answer to `boot`: `Accepted`, `Pending`, `Rejected`; empty before an answer.
        connectors: the connectors by connectorId; 0 is the charge point itself.
        configuration: the settings by key, from GetConfiguration and from each accepted ChangeConfiguration.
        transactions: the StartTransaction payloads of running transactions, by transactionId.
        reservations: accepted ReserveNow payloads by reservationId, until they are cancelled or used.
        local_list_version: the version of the local authorization list; None before it is known.
        local_list: the idTagInfo by idTag, from each accepted SendLocalList.
        charging_profiles: accepted profiles by connectorId and chargingProfileId.
        certificates: the certificateHashData by certificateType, from GetInstalledCertificateIds.
        progress: the latest status by action: FirmwareStatusNotification, DiagnosticsStatusNotification,
            LogStatusNotification, SignedFirmwareStatusNotification.
        open_calls: unanswered CALLs of both sides on the current connection, oldest first.
    """

    boot: Mapping[str, Any] | None = None
    registration: str = ""
    connectors: Mapping[int, Connector] = field(default_factory=lambda: NOTHING)
    configuration: Mapping[str, Setting] = field(default_factory=lambda: NOTHING, repr=False)  # may hold secrets
    transactions: Mapping[int, Mapping[str, Any]] = field(default_factory=lambda: NOTHING)
    reservations: Mapping[int, Mapping[str, Any]] = field(default_factory=lambda: NOTHING)
    local_list_version: int | None = None
    local_list: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: NOTHING, repr=False)
    charging_profiles: Mapping[tuple[int, int], Mapping[str, Any]] = field(default_factory=lambda: NOTHING)
    certificates: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=lambda: NOTHING)
    progress: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    open_calls: tuple[OcppFrame, ...] = ()

    def after_call(self, call: OcppFrame) -> State:
        """Return the state after a valid CALL of the charge point."""
        payload = call.payload
        match call.action:
            case "BootNotification":
                return replace(self, boot=payload, registration="")
            case "StatusNotification":
                now = Connector(payload["status"], payload["errorCode"], payload.get("timestamp", ""))
                return replace(self, connectors=with_entry(self.connectors, payload["connectorId"], now))
            case "StopTransaction":
                number = payload["transactionId"]
                left = without_entry(self.transactions, number)
                return replace(
                    self, transactions=left, charging_profiles=without_tx_profiles(self.charging_profiles, number)
                )
            case "StartTransaction" if payload.get("reservationId") in self.reservations:
                return replace(self, reservations=without_entry(self.reservations, payload["reservationId"]))
            case action if action.endswith("StatusNotification"):
                return replace(self, progress=with_entry(self.progress, action, payload["status"]))
        return self

    def after_answer(self, call: OcppFrame, answer: Mapping[str, Any]) -> State:
        """Return the state after a valid CALLRESULT of either side.

        Args:
            call: the CALL that the CALLRESULT answers.
            answer: the payload of the CALLRESULT.
        """
        match call.action:
            case "BootNotification":
                return replace(self, registration=answer["status"])
            case "StartTransaction":
                return replace(self, transactions=with_entry(self.transactions, answer["transactionId"], call.payload))
            case "GetConfiguration":
                unknown = answer.get("unknownKey", ())
                known = {key: setting for key, setting in self.configuration.items() if key not in unknown}
                for entry in answer.get("configurationKey", ()):
                    known[entry["key"]] = Setting(entry.get("value"), entry["readonly"])
                return replace(self, configuration=known)
            case "ChangeConfiguration" if answer["status"] in ("Accepted", "RebootRequired"):
                changed = Setting(call.payload["value"], readonly=False)
                return replace(self, configuration={**self.configuration, call.payload["key"]: changed})
            case "ReserveNow" if answer["status"] == "Accepted":
                kept = with_entry(self.reservations, call.payload["reservationId"], call.payload)
                return replace(self, reservations=kept)
            case "CancelReservation" if answer["status"] == "Accepted":
                return replace(self, reservations=without_entry(self.reservations, call.payload["reservationId"]))
            case "SendLocalList" if answer["status"] == "Accepted":
                version, tags = updated_list(self.local_list, call.payload)
                return replace(self, local_list_version=version, local_list=tags)
            case "GetLocalListVersion":
                return replace(self, local_list_version=answer["listVersion"])
            case "SetChargingProfile" if answer["status"] == "Accepted":
                return replace(self, charging_profiles=with_profile(self.charging_profiles, call.payload))
            case "ClearChargingProfile" if answer["status"] == "Accepted":
                return replace(self, charging_profiles=without_profiles(self.charging_profiles, call.payload))
            case "GetInstalledCertificateIds":
                found = tuple(answer.get("certificateHashData", ()))
                return replace(self, certificates={**self.certificates, call.payload["certificateType"]: found})
            case "DeleteCertificate" if answer["status"] == "Accepted":
                deleted = call.payload["certificateHashData"]
                left = {
                    kind: tuple(each for each in found if each != deleted) for kind, found in self.certificates.items()
                }
                return replace(self, certificates=left)
        return self
