"""The state of a charge point, derived from its frames."""

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
    """A configuration key as last read or changed (OCPP 1.6 section 7.29). `value` is None if the key has no value."""

    value: str | None
    readonly: bool


_NOTHING: Mapping[Any, Any] = MappingProxyType({})
_MOST_KEPT = 256  # connectors, and running transactions; above this the oldest are dropped


@dataclass(frozen=True, slots=True)
class State:
    """The state of a charge point at one moment. It is kept over connections, reboots and tests.

    Attributes:
        boot: its latest BootNotification; None before the first.
        registration: the CSMS's answer to it: `Accepted`, `Pending`, `Rejected`; empty before an answer.
        connectors: by connectorId; 0 is the charge point itself.
        configuration: by key, from GetConfiguration and from each accepted ChangeConfiguration.
        transactions: running transactions: StartTransaction payloads by transactionId.
        open_calls: unanswered CALLs of both sides on the current connection, oldest first.
    """

    boot: Mapping[str, Any] | None = None
    registration: str = ""
    connectors: Mapping[int, Connector] = field(default_factory=lambda: _NOTHING)
    configuration: Mapping[str, Setting] = field(default_factory=lambda: _NOTHING, repr=False)  # it may hold secrets
    transactions: Mapping[int, Mapping[str, Any]] = field(default_factory=lambda: _NOTHING)
    open_calls: tuple[OcppFrame, ...] = ()

    def after_call(self, call: OcppFrame) -> State:
        """Return the state after a valid CALL of the charge point."""
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
        """Return the state after a valid CALLRESULT of either side.

        Args:
            call: the CALL that the CALLRESULT answers.
            answer: the payload of the CALLRESULT.
        """
        match call.action:
            case "BootNotification":
                return replace(self, registration=answer["status"])
            case "StartTransaction":
                return replace(self, transactions=_with(self.transactions, answer["transactionId"], call.payload))
            case "GetConfiguration":
                unknown = answer.get("unknownKey", ())
                known = {key: setting for key, setting in self.configuration.items() if key not in unknown}
                for entry in answer.get("configurationKey", ()):
                    known[entry["key"]] = Setting(entry.get("value"), entry["readonly"])
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
