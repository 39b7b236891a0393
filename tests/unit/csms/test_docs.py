"""The examples of docs/csms.md, run in order against a small charge point, and the table of docs/faults.md."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from rig import faults
from rig.csms import Authority, CallError, Csms, Security, answers, messages
from rig.faults.files import FileFault
from rig.faults.frames import FrameFault
from tests.unit.csms.conftest import Peer
from tests.unit.csms.station_peer import STATUS, boot, transaction_event

DOCS = Path(__file__).parents[3] / "docs"


class SmallChargePoint(Peer):
    """A charge point that boots and follows remote calls. It draws 100 Wh a minute for two minutes."""

    _waiting: tuple[Any, ...] = ()

    def call(self, action: str, payload: Any, unique_id: str = "") -> Any:
        """Send a call and wait for its answer. A call of the CSMS that comes before the answer is queued."""
        unique_id = self.start_call(action, payload, unique_id)
        while (message := self.receive(10))[:2] != [3, unique_id]:
            self._waiting += (message,)
        return message[2]

    def _next_request(self) -> Any:
        if not self._waiting:
            return self.receive(None)
        request, *rest = self._waiting
        self._waiting = tuple(rest)
        return request

    def run(self) -> None:
        self.boot()
        self.status("Available")
        try:
            while True:
                request = self._next_request()
                self.send(f'[3,"{request[1]}",{{"status":"Accepted"}}]')
                if request[2] == "RemoteStartTransaction":
                    self._charge(request[3]["idTag"])
                else:
                    self.call("StopTransaction", self._stop)
        except ConnectionClosed:
            return

    def _charge(self, tag: str) -> None:
        start = {"connectorId": 1, "idTag": tag, "meterStart": 0, "timestamp": "2024-01-01T00:00:00Z"}
        number = self.call("StartTransaction", start)["transactionId"]
        for minute in (1, 2):
            sampled = [{"value": str(100 * minute), "unit": "Wh"}]
            value = {"timestamp": f"2024-01-01T00:0{minute}:00Z", "sampledValue": sampled}
            self.call("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": [value]})
        self._stop: dict[str, Any] = {
            "transactionId": number,
            "meterStop": 200,
            "timestamp": "2024-01-01T00:03:00Z",
            "reason": "Remote",
        }


@pytest.fixture
def charge_point(csms: Csms) -> Iterator[SmallChargePoint]:
    point = SmallChargePoint(csms.url())
    thread = threading.Thread(target=point.run)
    thread.start()
    yield point
    point.socket.close()
    thread.join()


class SmallStation(SmallChargePoint):
    """A charging station of OCPP 2.0.1 with two variables. It charges 300 Wh after a remote start."""

    def run(self) -> None:
        boot(self)
        entries = [
            ({"name": "AlignedDataCtrlr"}, "Interval", "60"),
            ({"name": "Connector", "evse": {"id": 1, "connectorId": 2}}, "AvailabilityState", "Available"),
        ]
        report = [
            {"component": component, "variable": {"name": name}, "variableAttribute": [{"value": value}]}
            for component, name, value in entries
        ]
        notify = {"requestId": 1, "generatedAt": "2026-01-01T00:00:00Z", "seqNo": 0, "reportData": report}
        self.call("NotifyReport", notify)
        self.call("StatusNotification", STATUS)
        with contextlib.suppress(ConnectionClosed):
            request = self._next_request()
            self.send(f'[3,"{request[1]}",{{"status":"Accepted"}}]')
            self.call("TransactionEvent", transaction_event("Started", 0, 0))
            self.call("TransactionEvent", transaction_event("Ended", 1, 300, triggerReason="EVDeparted"))
            self.receive(None)


@pytest.fixture
def station(csms: Csms) -> Iterator[SmallStation]:
    station = SmallStation(csms.url(), subprotocols=["ocpp2.0.1"])
    thread = threading.Thread(target=station.run)
    thread.start()
    yield station
    station.socket.close()
    thread.join()


def examples_of_the_csms() -> tuple[list[str], list[str]]:
    """Return the examples of docs/csms.md: those for OCPP 1.6, and those for 2.0.1."""
    page = (DOCS / "csms.md").read_text()
    before, heading, rest = page.partition("### OCPP 2.0.1 and 2.1\n")
    section, next_heading, after = rest.partition("\n## ")
    assert heading
    assert next_heading
    fences = re.compile(r"```python\n(.*?)```", re.DOTALL)
    return fences.findall(before + after), fences.findall(section)


@pytest.mark.usefixtures("station")
def test_the_examples_of_2_0_1_run(csms: Csms) -> None:
    _, examples = examples_of_the_csms()
    assert len(examples) == 3
    names = {"csms": csms}
    for example in examples:
        exec(example, names)


@pytest.mark.usefixtures("charge_point")
def test_the_examples_of_the_csms_run(csms: Csms) -> None:
    examples, _ = examples_of_the_csms()
    assert len(examples) == 8
    names = {"csms": csms, "re": re, "CallError": CallError, "answers": answers, "messages": messages}
    names |= {"Authority": Authority, "Security": Security}
    for example in examples:
        exec(example, names)


def test_the_table_of_faults_is_the_catalogue() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*?) \|(.*?) \|(.*?) \|$", (DOCS / "faults.md").read_text(), re.MULTILINE)
    table = {name: (summary, arguments, needs) for name, summary, arguments, needs in rows}
    assert list(table) == list(faults.CATALOGUE)
    for name, (summary, arguments, needs) in table.items():
        fault = faults.by_name(name)
        assert summary == fault.summary
        shared = next((base.__annotations__ for base in (FrameFault, FileFault) if isinstance(fault, base)), {})
        own = [(k, str(v) or "empty") for k, v in fault.arguments().items() if k not in shared]
        assert re.findall(r"`(\w+)` (-?[\w.]+)", arguments) == own
        assert set(re.findall(r"`([\w.]+)`", needs)) == fault.needs


@pytest.mark.parametrize(("fault", "base"), [("frame-drop", FrameFault), ("file-silent", FileFault)])
def test_the_arguments_that_select_are_described(fault: str, base: type[faults.Fault]) -> None:
    rows = set(re.findall(r"^\| (\w+) \| ([\w*]+) \| .* \|$", (DOCS / "faults.md").read_text(), re.MULTILINE))
    defaults = {name: str(value) or "empty" for name, value in faults.by_name(fault).arguments().items()}
    assert {(name, defaults[name]) for name in base.__annotations__ if name in defaults} <= rows
