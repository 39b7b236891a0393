"""Scenarios for OCPP 2.0.1, played against a scripted charging station."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import orjson
import pytest

from rig.csms import Csms
from rig.scenarios import NotSupportedError, ScenarioError, Stage, play
from rig.util.errors import AuthorError, ExpectationError
from tests.unit.csms.conftest import Peer
from tests.unit.csms.station_peer import boot, transaction_event
from tests.unit.scenarios.conftest import Load, Person

HEADER = "scenario: a test\nprotocol: ocpp2.0.1\n"


class Station(Peer):
    """A charging station with variables by `Component.Variable`. It answers GetVariables and SetVariables."""

    def __init__(self, url: str) -> None:
        super().__init__(url, subprotocols=["ocpp2.0.1"])
        self.variables = {"AlignedDataCtrlr.Interval": "60", "ReservationCtrlr.Available": "false"}
        self.values_set: list[tuple[str, str]] = []

    def answer(self) -> None:
        """Answer calls until the connection is closed."""
        for text in self.socket:
            kind, unique_id, *rest = orjson.loads(text)
            if kind == 2:
                action, payload = rest
                results = [self._result(data) for data in next(iter(payload.values()))]
                name = f"{action[:3].lower()}VariableResult"
                self.send(orjson.dumps([3, unique_id, {name: results}]).decode())

    def _result(self, data: dict[str, Any]) -> dict[str, Any]:
        name = f"{data['component']['name']}.{data['variable']['name']}"
        result = {"component": data["component"], "variable": data["variable"]}
        if name not in self.variables:
            return {**result, "attributeStatus": "UnknownVariable"}
        if "attributeValue" in data:
            self.variables[name] = data["attributeValue"]
            self.values_set.append((name, data["attributeValue"]))
            return {**result, "attributeStatus": "Accepted"}
        return {**result, "attributeStatus": "Accepted", "attributeValue": self.variables[name]}


@pytest.fixture
def station(csms: Csms) -> Iterator[Station]:
    station = Station(csms.url())
    boot(station)
    answering = threading.Thread(target=station.answer)
    answering.start()
    yield station
    station.socket.close()
    answering.join()


@pytest.fixture
def stage(csms: Csms, person: Person) -> Stage:
    return Stage(csms, csms.timeline, person=person)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("steps: [{expect: StartTransaction}]", "is not allowed here in OCPP 2.0.1: did you mean 'TransactionEvent'?"),
        ("steps: [{call: RequestStartTransacton}]", "did you mean 'RequestStartTransaction'?"),
        ("steps: [{answer: Heartbeat, error: OccurenceConstraintViolation}]", "'OccurrenceConstraintViolation'?"),
        (
            "steps: [{expect: TransactionEvent, with: {eventType: Begun}}]",
            "TransactionEvent.eventType is never 'Begun'",
        ),
        (
            "requires: [firmware management]\nsteps: [plug_in]",
            "'firmware management' is not allowed here in OCPP 2.0.1",
        ),
        ("steps: [{transaction: {gapless: 60 s}}]", "`gapless` is for OCPP 1.6"),
        ("steps: [{transaction: {stop: {reason: Local}}}]", "TransactionEvent has no field 'reason'"),
    ],
)
def test_the_names_of_another_version_are_errors(read: Load, lines: str, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        read(HEADER + lines)
    assert message in str(raised.value)


def test_there_is_no_other_version(read: Load) -> None:
    with pytest.raises(ScenarioError, match=r"s\.yaml:2:1: 'ocpp2\.0' is not allowed .* did you mean 'ocpp2\.0\.1'\?"):
        read("scenario: a test\nprotocol: ocpp2.0\nsteps: [plug_in]")


def test_variables_are_changed_and_restored(read: Load, stage: Stage, station: Station) -> None:
    text = """\
        configuration: {AlignedDataCtrlr.Interval: "45"}
        steps:
          - call: GetVariables
            with: {getVariableData: [{component: {name: AlignedDataCtrlr}, variable: {name: Interval}}]}
            result: {getVariableResult: [{attributeValue: "45"}]}
          - configuration: {NoCtrlr.Enabled: "true"}
            if_known: true
    """
    play(read(HEADER + dedent(text)), stage)
    assert station.values_set == [("AlignedDataCtrlr.Interval", "45"), ("AlignedDataCtrlr.Interval", "60")]


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("NoCtrlr.Enabled", ExpectationError, "the charge point has no variable NoCtrlr.Enabled"),
        ("HeartbeatInterval", AuthorError, "'HeartbeatInterval' is no variable: write its component too"),
    ],
)
@pytest.mark.usefixtures("station")
def test_a_wrong_variable_is_named(read: Load, stage: Stage, name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        play(read(f'{HEADER}configuration: {{{name}: "1"}}\nsteps: [plug_in]'), stage)


def test_a_transaction_is_checked(read: Load, stage: Stage, person: Person, station: Station) -> None:
    def charge(_: str) -> None:
        station.start_call("TransactionEvent", transaction_event("Started", 0, 100))
        station.start_call("TransactionEvent", transaction_event("Ended", 1, 400, triggerReason="EVDeparted"))

    person.on_request = charge
    text = """\
        steps:
          - plug_in
          - expect: TransactionEvent
            with: {eventType: Ended, transactionInfo: {transactionId: "${transaction}"}}
          - transaction: {count: 1, energy_wh: 300, samples: 2, stop: {triggerReason: EVDeparted}}
    """
    play(read(HEADER + dedent(text)), stage)
    with pytest.raises(ExpectationError, match="the stop of the transaction: triggerReason: expected 'StopAuthorized'"):
        play(read(f"{HEADER}steps: [{{transaction: {{stop: {{triggerReason: StopAuthorized}}}}}}]"), stage)


@pytest.mark.parametrize("feature", ["reservation", "smart charging"])
@pytest.mark.usefixtures("station")
def test_a_feature_that_no_variable_declares_is_not_supported(read: Load, stage: Stage, feature: str) -> None:
    with pytest.raises(NotSupportedError, match=f"not supported: {feature}"):
        play(read(f"{HEADER}requires: [{feature}]\nsteps: [plug_in]"), stage)


def test_a_feature_that_a_variable_declares_is_supported(read: Load, stage: Stage, station: Station) -> None:
    station.variables |= {"SmartChargingCtrlr.Enabled": "false", "MonitoringCtrlr.Available": "True"}
    play(read(f"{HEADER}requires: [smart charging, monitoring]\nsteps: [plug_in]"), stage)


@pytest.mark.usefixtures("peer")
def test_a_charge_point_of_another_version_is_not_supported(read: Load, stage: Stage) -> None:
    with pytest.raises(NotSupportedError, match=r"not supported: OCPP 2\.0\.1"):
        play(read(f"{HEADER}steps: [plug_in]"), stage)
