"""What a CSMS knows of a charge point, from what was said on its connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from rig.timeline.events import OcppFrame


@dataclass(frozen=True, slots=True)
class Connector:
    """A connector by its latest StatusNotification (OCPP 1.6 section 4.9)."""

    status: str
    error_code: str
    timestamp: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A configuration key as it was last read or changed (OCPP 1.6 section 7.29). `value` is None where it has none."""

    value: str | None
    readonly: bool


_NOTHING: Mapping[Any, Any] = MappingProxyType({})
_MOST_KEPT = 256  # connectors, and transactions that were never stopped; the oldest are forgotten


@dataclass(frozen=True, slots=True)
class State:
    """A charge point at one moment. It outlives connections, reboots and tests, as a CSMS's knowledge does.

    Attributes:
        boot: its latest BootNotification; None where it never sent one.
        registration: what the CSMS answered to that: `Accepted`, `Pending`, `Rejected`; empty before an answer.
        connectors: by connectorId; 0 is the charge point itself.
        configuration: by key, from GetConfiguration, and from what ChangeConfiguration was accepted for.
        transactions: what runs: StartTransaction payloads by the transactionId they got.
        open_calls: CALLs of either side that wait for their answer on the present connection, oldest first.
    """

    boot: Mapping[str, Any] | None = None
    registration: str = ""
    connectors: Mapping[int, Connector] = field(default_factory=lambda: _NOTHING)
    configuration: Mapping[str, Setting] = field(default_factory=lambda: _NOTHING, repr=False)  # it may hold secrets
    transactions: Mapping[int, Mapping[str, Any]] = field(default_factory=lambda: _NOTHING)
    open_calls: tuple[OcppFrame, ...] = ()

    def after_call(self, call: OcppFrame) -> State:
        """The state after a valid CALL of the charge point."""
        payload = call.payload
        match call.action:
            case "BootNotification":
                return replace(self, boot=payload, registration="")
            case "StatusNotification":
                now = Connector(payload["status"], payload["errorCode"], payload.get("timestamp", ""))
                return replace(self, connectors=_with(self.connectors, payload["connectorId"], now))
            case "StopTransaction":
                left = {key: start for key, start in self.transactions.items() if key != payload["transactionId"]}
                return replace(self, transactions=left)
        return self

    def after_answer(self, call: OcppFrame, answer: Mapping[str, Any]) -> State:
        """The state after a valid CALLRESULT of either side.

        Args:
            call: the CALL that it answers.
            answer: its payload.
        """
        match call.action:
            case "BootNotification":
                return replace(self, registration=answer["status"])
            case "StartTransaction":
                return replace(self, transactions=_with(self.transactions, answer["transactionId"], call.payload))
            case "GetConfiguration":
                unknown = answer.get("unknownKey", ())
                known = {key: setting for key, setting in self.configuration.items() if key not in unknown}
                for told in answer.get("configurationKey", ()):
                    known[told["key"]] = Setting(told.get("value"), told["readonly"])
                return replace(self, configuration=known)
            case "ChangeConfiguration" if answer["status"] in ("Accepted", "RebootRequired"):
                changed = Setting(call.payload["value"], readonly=False)
                return replace(self, configuration={**self.configuration, call.payload["key"]: changed})
        return self


def _with(kept: Mapping[int, Any], number: int, value: Any) -> Mapping[int, Any]:
    more = {**kept, number: value}
    while len(more) > _MOST_KEPT:
        del more[next(iter(more))]
    return more
