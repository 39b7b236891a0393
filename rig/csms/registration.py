"""The registration of a charge point, and the messages that it forbids (OCPP 1.6 section 4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rig.timeline.events import OcppFrame

_OF_CONNECTORS = frozenset({"MeterValues", "StatusNotification"})
_MOST_CONNECTORS = 64  # of one trigger without connectorId; more than any charge point has
_MOST_TRIGGERS = 64
# The action of the triggered call, where it differs from the requested message.
_ACTIONS: Mapping[str, str] = {"SignChargePointCertificate": "SignCertificate"}


@dataclass(slots=True)
class _Trigger:
    """An accepted trigger: it allows one call, of one connector or of each connector."""

    action: str
    connector: int | None
    served: set[int | None] = field(default_factory=set)

    def allows(self, action: str, connector: int | None) -> bool:
        if action != self.action or connector in self.served or len(self.served) >= _MOST_CONNECTORS:
            return False
        return self.connector is None or connector == self.connector

    @property
    def is_done(self) -> bool:
        """Whether it allows no more calls. A trigger of each connector is never done: their number is unknown."""
        return bool(self.served) and (self.connector is not None or self.action not in _OF_CONNECTORS)


class Registration:
    """The latest answer to a BootNotification, and the messages that it allows. It is kept between connections."""

    def __init__(self) -> None:
        self.restricts = False
        """Whether any message is forbidden now. A cheap check that is made for each message."""
        self._answer: OcppFrame | None = None
        self._triggers: list[_Trigger] = []

    @property
    def _status(self) -> str:
        return str(self._answer.payload["status"]) if self._answer is not None else ""

    def answered(self, answer: OcppFrame) -> None:
        """Record the valid CALLRESULT that answers a BootNotification."""
        self._answer = answer
        self.restricts = self._status in ("Pending", "Rejected")
        if self._status != "Pending":
            self._triggers.clear()

    def triggered(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Record the charge point's answer to a TriggerMessage or an ExtendedTriggerMessage.

        Args:
            request: the payload of the CALL.
            answer: the payload of its CALLRESULT.
        """
        if self._status == "Pending" and answer["status"] == "Accepted":
            requested = request["requestedMessage"]
            self._triggers.append(_Trigger(_ACTIONS.get(requested, requested), request.get("connectorId")))
            del self._triggers[:-_MOST_TRIGGERS]

    def forbidden_call(self, action: str, payload: Mapping[str, Any]) -> str:
        """Return the reason why the charge point must not send a CALL now; empty if it may."""
        status = self._status
        if not self.restricts or action == "BootNotification":
            return ""
        if status == "Rejected":
            return f"{action} was sent while Rejected: only BootNotification is allowed (OCPP 1.6 section 4.2)"
        connector = payload.get("connectorId") if action in _OF_CONNECTORS else None
        for trigger in self._triggers:
            if trigger.allows(action, connector):
                trigger.served.add(connector)
                if trigger.is_done:
                    self._triggers.remove(trigger)
                return ""
        return (
            f"{action} was sent while Pending: only BootNotification and triggered messages are allowed "
            "(OCPP 1.6 section 4.2)"
        )

    def forbidden_answer(self, call: OcppFrame) -> str:
        """Return the reason why the charge point must not answer a CALL of the CSMS; empty if it may.

        An answer to a CALL that was sent before the rejection may already be in flight, so it is allowed.
        """
        if self._answer is None or self._status != "Rejected" or call.id < self._answer.id:
            return ""
        return f"{call.action} was answered while Rejected: no answer is allowed (OCPP 1.6 section 4.2)"
