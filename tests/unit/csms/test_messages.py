"""The typed requests and answers against the schemas of OCPP 1.6."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from types import ModuleType
from typing import Any, Literal

import pytest

from rig.csms import answers
from rig.ocpp import messages, schemas
from rig.ocpp.messages import Request
from rig.ocpp.versions import V16

RENAMED = {"availability": "type", "kind": "type", "keys": "key", "valueFormat": "format"}
"""Parameters whose property has a name that Python uses already."""

PARTS = ("meter_value", "sampled_value", "id_tag_info", "given")


def builders(module: ModuleType) -> list[Any]:
    found = inspect.getmembers(module, inspect.isfunction)
    return [
        pytest.param(function, id=name)
        for name, function in found
        if function.__module__ == module.__name__ and name not in PARTS
    ]


def schema(action: str, kind: Literal["request", "response"]) -> dict[str, Any]:
    return schemas.schema(action, kind)


def literals(annotation: Any) -> set[str]:
    """Return the values of the Literal in a type, at any depth; empty if there is none."""
    if typing.get_origin(annotation) is Literal:
        return set(typing.get_args(annotation))
    return {value for inner in typing.get_args(annotation) for value in literals(inner)}


def parameters(builder: Callable[..., Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(builder)
    named = {name: next(iter(messages.given(**{name: 1}))) for name in inspect.signature(builder).parameters}
    return {RENAMED.get(wire, wire): hints[name] for name, wire in named.items()}


def check_against(properties: dict[str, Any], builder: Callable[..., Any]) -> None:
    taken = parameters(builder)
    assert set(taken) == set(properties)
    for name, annotation in taken.items():
        assert literals(annotation) == set(properties[name].get("enum", ())), name


def action_of(builder: Callable[..., Any]) -> str:
    return "".join(word.capitalize() for word in builder.__name__.split("_"))


@pytest.mark.parametrize("builder", builders(messages))
def test_a_request_has_the_fields_of_its_schema(builder: Callable[..., Request]) -> None:
    check_against(schema(action_of(builder), "request").get("properties", {}), builder)


def test_the_core_profile_and_the_trigger_are_complete() -> None:
    ours = {action_of(parameter.values[0]) for parameter in builders(messages)}
    by_csms = {
        "ChangeAvailability",
        "ChangeConfiguration",
        "ClearCache",
        "GetConfiguration",
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "Reset",
        "TriggerMessage",
        "UnlockConnector",
    }
    security = {name for name in V16.from_charge_point if name.startswith(("Log", "Security", "Sign"))}
    assert ours == (V16.from_charge_point - security) | by_csms


@pytest.mark.parametrize("action", ["MeterValues", "StopTransaction"])
def test_the_parts_of_meter_values(action: str) -> None:
    properties = schema(action, "request")["properties"]
    value = properties["meterValue" if action == "MeterValues" else "transactionData"]["items"]["properties"]
    assert set(parameters(messages.meter_value)) == set(value)
    sampled = value["sampledValue"]["items"]["properties"]
    sampled["unit"]["enum"] = [unit for unit in sampled["unit"]["enum"] if unit != "Hertz"]  # only MeterValues has it
    check_against(sampled, messages.sampled_value)


NOW = "2024-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "request_",
    [
        messages.authorize("TAG"),
        messages.boot_notification("V", "M", firmware_version="1"),
        messages.data_transfer("V", data="x"),
        messages.diagnostics_status_notification("Idle"),
        messages.firmware_status_notification("Idle"),
        messages.heartbeat(),
        messages.meter_values(
            1, meter_value=[messages.meter_value([messages.sampled_value("1", unit="Wh")], timestamp=NOW)]
        ),
        messages.start_transaction(1, "TAG", meter_start=0, timestamp=NOW),
        messages.status_notification("Available", 1, error_code="NoError"),
        messages.stop_transaction("Local", transaction_id=1, meter_stop=1, timestamp=NOW),
        messages.change_availability(0, "Operative"),
        messages.change_configuration("HeartbeatInterval", "60"),
        messages.clear_cache(),
        messages.get_configuration(),
        messages.get_configuration("HeartbeatInterval", "ClockAlignedDataInterval"),
        messages.remote_start_transaction("TAG", connector_id=1),
        messages.remote_stop_transaction(1),
        messages.reset("Soft"),
        messages.trigger_message("StatusNotification", connector_id=1),
        messages.unlock_connector(1),
    ],
    ids=str,
)
def test_a_complete_request_is_valid(request_: Request) -> None:
    assert schemas.check(request_.action, request_.fields, "request") is None


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("Authorize", answers.authorize("Blocked", expiry_date=NOW, parent_id_tag="P")),
        ("BootNotification", answers.boot_notification("Pending", current_time=NOW, interval=5)),
        ("DataTransfer", answers.data_transfer("Accepted", "x")),
        ("StartTransaction", answers.start_transaction(7, "ConcurrentTx")),
        ("StopTransaction", answers.stop_transaction()),
        ("StopTransaction", answers.stop_transaction("Expired")),
    ],
)
def test_an_answer_is_valid(action: str, answer: dict[str, Any]) -> None:
    assert schemas.check(action, answer, "response") is None


def test_the_values_of_an_answer_are_those_of_the_schema() -> None:
    status = schema("BootNotification", "response")["properties"]["status"]["enum"]
    assert literals(answers.RegistrationStatus) == set(status)
    status = schema("DataTransfer", "response")["properties"]["status"]["enum"]
    assert literals(answers.DataTransferStatus) == set(status)
    status = schema("Authorize", "response")["properties"]["idTagInfo"]["properties"]["status"]["enum"]
    assert literals(messages.AuthorizationStatus) == set(status)


def test_a_request_is_readable() -> None:
    assert str(messages.reset("Soft")) == "Reset(type='Soft')"
