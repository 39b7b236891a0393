"""The registration of a charge point, and the messages that it forbids (OCPP 1.6 section 4.2, 2.0.1 B02 and B03)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rig.ocpp.versions import V16, Version
from rig.timeline.events import OcppFrame

TRIGGERS = frozenset({"TriggerMessage", "ExtendedTriggerMessage", "GetBaseReport", "GetReport"})
"""The calls by which the CSMS requests messages from a charge point."""

_MOST_PLACES = 64  # the most calls that one trigger allows; no charge point has so many places
_MOST_TRIGGERS = 64
# The action of the triggered call, if the action differs from the requested message.
_ACTIONS: Mapping[str, str] = {
    "SignChargePointCertificate": "SignCertificate",
    "SignChargingStationCertificate": "SignCertificate",
    "SignV2GCertificate": "SignCertificate",
    "SignV2G20Certificate": "SignCertificate",
    "SignCombinedCertificate": "SignCertificate",
}
_Place = tuple[int, ...]
"""A connector of 1.6, an EVSE, or an EVSE and its connector; empty: any."""


@dataclass(slots=True)
class _Trigger:
    """An accepted trigger: it allows one call about one place, or one call about each place."""

    action: str
    place: _Place
    served: set[_Place] = field(default_factory=set)

    def allows(self, place: _Place) -> bool:
        is_new = place not in self.served and len(self.served) < _MOST_PLACES
        return is_new and place[: len(self.place)] == self.place

    def is_done_after(self, place: _Place) -> bool:
        """Return whether a call about this place ends the trigger. A trigger for each place has no known end."""
        return place == self.place


@dataclass(slots=True)
class _Report:
    """An accepted GetBaseReport or GetReport: it allows the NotifyReports with its request id."""

    request_id: int


class Registration:
    """The latest answer to a BootNotification, and the messages that it allows. It is kept between connections."""

    def __init__(self) -> None:
        self.restricts = False
        """Whether any message is forbidden now. A cheap check that is made for each message."""
        self.status = ""
        """The status of the latest answer; empty before the first."""
        self._answered_by = 0
        self._requested: list[_Trigger | _Report] = []

    def answered(self, answer: OcppFrame) -> None:
        """Record the valid CALLRESULT that answers a BootNotification."""
        self._answered_by = answer.id
        self.status = str(answer.payload["status"])
        self.restricts = self.status in ("Pending", "Rejected")
        if self.status != "Pending":
            self._requested.clear()

    def triggered(self, action: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Record the charge point's answer to one of `TRIGGERS`.

        Args:
            action: the action.
            request: the payload of the CALL.
            answer: the payload of its CALLRESULT.
        """
        if self.status != "Pending" or answer["status"] != "Accepted":
            return
        if "requestId" in request:
            self._requested.append(_Report(request["requestId"]))
        elif action in ("TriggerMessage", "ExtendedTriggerMessage"):
            requested = request["requestedMessage"]
            self._requested.append(_Trigger(_ACTIONS.get(requested, requested), _wanted_place(request)))
        del self._requested[:-_MOST_TRIGGERS]

    def forbidden_call(self, action: str, payload: Mapping[str, Any], version: Version = V16) -> str:
        """Return the reason why the charge point must not send a CALL now; empty if it may."""
        if not self.restricts or action == "BootNotification":
            return ""
        if self.status == "Rejected":
            source = "OCPP 1.6 section 4.2" if version.is_16 else f"{version} B03.FR.02"
            return f"{action} was sent while Rejected: only BootNotification is allowed ({source})"
        place = _place_of(action, payload)
        for requested in self._requested:
            match requested:
                case _Report() if action == "NotifyReport" and payload["requestId"] == requested.request_id:
                    if not payload.get("tbc", False):
                        self._requested.remove(requested)
                    return ""
                case _Trigger() if action == requested.action and requested.allows(place):
                    requested.served.add(place)
                    if requested.is_done_after(place):
                        self._requested.remove(requested)
                    return ""
        source = "OCPP 1.6 section 4.2" if version.is_16 else f"{version} B02.FR.02"
        return f"{action} was sent while Pending: only BootNotification and triggered messages are allowed ({source})"

    def forbidden_answer(self, call: OcppFrame, version: Version = V16) -> str:
        """Return the reason why the charge point must not answer a CALL of the CSMS; empty if it may.

        If the CALL was sent before the rejection, its answer is allowed, because the answer may already be in flight.
        OCPP 2.0.1 lets a charge point answer while it is rejected.
        """
        if self.status != "Rejected" or not version.is_16 or call.id < self._answered_by:
            return ""
        return f"{call.action} was answered while Rejected: no answer is allowed (OCPP 1.6 section 4.2)"


def _wanted_place(request: Mapping[str, Any]) -> _Place:
    evse = request.get("evse", {})
    wanted = (request.get("connectorId"), evse.get("id"), evse.get("connectorId"))
    return tuple(number for number in wanted if number is not None)


def _place_of(action: str, payload: Mapping[str, Any]) -> _Place:
    """Return the place of a call about one place; empty for another call."""
    if action not in ("MeterValues", "StatusNotification", "TransactionEvent"):
        return ()
    evse = payload.get("evse", {})
    place = (payload.get("evseId"), evse.get("id"), payload.get("connectorId"), evse.get("connectorId"))
    return tuple(number for number in place if number is not None)
