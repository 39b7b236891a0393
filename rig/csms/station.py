"""The state of a charging station of OCPP 2.0.1 or 2.1, derived from its frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rig.csms.kept import NOTHING, limited, with_entry, without_entry
from rig.timeline.events import OcppFrame

_MOST_VARIABLES = 10_000  # above this number, the oldest are dropped

VariableName = tuple[str, str]
"""A component and its variable, e.g. `("AlignedDataCtrlr", "Interval")`.

An instance follows in brackets, an EVSE and its connector after `@`: `("Connector@1.2", "AvailabilityState")`.
"""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable as last reported, read or set (OCPP 2.0.1 part 1 section 4.1).

    Attributes:
        values: the values by attribute: `Actual`, `Target`, `MinSet`, `MaxSet`. A write-only attribute has None.
        mutability: the mutability by attribute: `ReadOnly`, `WriteOnly`, `ReadWrite`. GetVariables does not report it.
        data_type: e.g. `integer`; empty before a report.
    """

    values: Mapping[str, str | None] = field(default_factory=lambda: NOTHING)
    mutability: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    data_type: str = ""

    @property
    def value(self) -> str | None:
        """The value of the attribute `Actual`."""
        return self.values.get("Actual")


@dataclass(frozen=True, slots=True)
class Station:
    """The state of a charging station at one moment. It is kept over connections, reboots and tests.

    Attributes:
        boot: the station's latest BootNotificationRequest; None before the first.
        registration: the CSMS's answer to `boot`: `Accepted`, `Pending`, `Rejected`; empty before an answer.
        connectors: the status by EVSE and connector, e.g. `(1, 1)`.
        variables: the variables by name, from NotifyReport, GetVariables and each accepted SetVariables.
        transactions: the latest TransactionEventRequest of each running transaction, by transactionId.
        open_calls: unanswered CALLs of both sides on the current connection, oldest first.
    """

    boot: Mapping[str, Any] | None = None
    registration: str = ""
    connectors: Mapping[tuple[int, int], str] = field(default_factory=lambda: NOTHING)
    variables: Mapping[VariableName, Variable] = field(default_factory=lambda: NOTHING, repr=False)  # may hold secrets
    transactions: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: NOTHING)
    open_calls: tuple[OcppFrame, ...] = ()

    def after_call(self, call: OcppFrame) -> Station:
        """Return the state after a valid CALL of the charging station."""
        payload = call.payload
        match call.action:
            case "BootNotification":
                return replace(self, boot=payload, registration="")
            case "StatusNotification":
                place = payload["evseId"], payload["connectorId"]
                return replace(self, connectors=with_entry(self.connectors, place, payload["connectorStatus"]))
            case "TransactionEvent":
                number = payload["transactionInfo"]["transactionId"]
                others = without_entry(self.transactions, number)
                is_ended = payload["eventType"] == "Ended"
                return replace(self, transactions=others if is_ended else with_entry(others, number, payload))
            case "NotifyReport":
                return replace(self, variables=self._reported(payload.get("reportData", ())))
        return self

    def after_answer(self, call: OcppFrame, answer: Mapping[str, Any]) -> Station:
        """Return the state after a valid CALLRESULT of either side.

        Args:
            call: the CALL that the CALLRESULT answers.
            answer: the payload of the CALLRESULT.
        """
        match call.action:
            case "BootNotification":
                return replace(self, registration=answer["status"])
            case "GetVariables":
                read = [each for each in answer["getVariableResult"] if each["attributeStatus"] == "Accepted"]
                return replace(self, variables=self._with_values(read))
            case "SetVariables":
                accepted = {
                    _attribute(each)
                    for each in answer["setVariableResult"]
                    if each["attributeStatus"] in ("Accepted", "RebootRequired")
                }
                written = [each for each in call.payload["setVariableData"] if _attribute(each) in accepted]
                return replace(self, variables=self._with_values(written))
        return self

    def _with_values(self, found: Iterable[Mapping[str, Any]]) -> Mapping[VariableName, Variable]:
        variables = dict(self.variables)
        for each in found:
            name, attribute = _attribute(each)
            known = variables.pop(name, Variable())
            values = {**known.values, attribute: each.get("attributeValue")}
            variables[name] = replace(known, values=values)
        return limited(variables, _MOST_VARIABLES)

    def _reported(self, data: Iterable[Mapping[str, Any]]) -> Mapping[VariableName, Variable]:
        variables = dict(self.variables)
        for each in data:
            name = variable_name(each["component"], each["variable"])
            attributes = {attribute.get("type", "Actual"): attribute for attribute in each["variableAttribute"]}
            variables.pop(name, None)
            variables[name] = Variable(
                {kind: attribute.get("value") for kind, attribute in attributes.items()},
                {kind: attribute.get("mutability", "ReadWrite") for kind, attribute in attributes.items()},
                each.get("variableCharacteristics", {}).get("dataType", ""),
            )
        return limited(variables, _MOST_VARIABLES)


def variable_name(component: Mapping[str, Any], variable: Mapping[str, Any]) -> VariableName:
    """Return the name of a variable.

    Args:
        component: a ComponentType of OCPP 2.x.
        variable: a VariableType of OCPP 2.x.
    """
    evse = component.get("evse", {})
    place = ".".join(str(evse[part]) for part in ("id", "connectorId") if part in evse)
    return f"{_instance(component)}{f'@{place}' if place else ''}", _instance(variable)


def _instance(named: Mapping[str, Any]) -> str:
    return f"{named['name']}[{named['instance']}]" if "instance" in named else str(named["name"])


def _attribute(entry: Mapping[str, Any]) -> tuple[VariableName, str]:
    return variable_name(entry["component"], entry["variable"]), entry.get("attributeType", "Actual")
