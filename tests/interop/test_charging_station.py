"""A third-party charging station of OCPP 2.0.1 and 2.1, made with the package `ocpp`, has a session with our CSMS."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import websockets
from ocpp.charge_point import ChargePoint as AnyChargePoint
from ocpp.routing import after, on
from ocpp.v21 import ChargePoint as ChargePoint21
from ocpp.v21 import call as call21
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call, call_result

from rig.csms import Csms
from rig.util.aio import in_thread

ROOT = Path(__file__).parents[2]
TOKEN = {"id_token": "CARD", "type": "ISO14443"}


def _at(minute: int) -> str:
    return f"2026-01-01T00:{minute:02}:00Z"


class _Station(ChargePoint201):  # type: ignore[misc]
    """A charging station with one EVSE. The package validates every payload, both ways."""

    def __init__(self, connection: Any) -> None:
        super().__init__("CP-PYTHON", connection, response_timeout=10)
        self.interval = "60"

    async def boot(self) -> None:
        """Send BootNotification, the status of the connector, and a Heartbeat."""
        described = {"model": "Model", "vendor_name": "Vendor", "firmware_version": "1"}
        boot = await self.call(call.BootNotification(described, "PowerUp"), suppress=False)
        assert boot.status == "Accepted"
        await self.status("Available")
        await self.call(call.Heartbeat(), suppress=False)

    async def status(self, status: str) -> None:
        """Report the status of the connector."""
        await self.call(call.StatusNotification(_at(0), status, 1, 1), suppress=False)

    async def charge(self, number: str, remote_start: int | None = None) -> None:
        """Charge 30 Wh in three minutes."""
        if remote_start is None:
            authorized = await self.call(call.Authorize(TOKEN), suppress=False)
            assert authorized.id_token_info["status"] == "Accepted"
        await self.status("Occupied")
        reasons = (
            "Authorized" if remote_start is None else "RemoteStart",
            *["MeterValuePeriodic"] * 2,
            "StopAuthorized",
        )
        for sequence, reason in enumerate(reasons):
            kind = "Started" if sequence == 0 else "Ended" if sequence == len(reasons) - 1 else "Updated"
            sample = {"value": 10.0 * sequence, "measurand": "Energy.Active.Import.Register"}
            info: dict[str, Any] = {"transaction_id": number}
            if remote_start is not None:
                info["remote_start_id"] = remote_start
            event = call.TransactionEvent(
                kind,
                _at(sequence),
                reason,
                sequence,
                info,
                meter_value=[{"timestamp": _at(sequence), "sampled_value": [sample]}],
                evse={"id": 1, "connector_id": 1},
                id_token=TOKEN if sequence == 0 else None,
            )
            answer = await self.call(event, suppress=False)
            assert sequence > 0 or answer.id_token_info["status"] == "Accepted"
        await self.status("Available")

    @on("RequestStartTransaction")
    def on_request_start(self, **_: Any) -> Any:
        return call_result.RequestStartTransaction("Accepted", transaction_id="REMOTE")

    @after("RequestStartTransaction")
    async def after_request_start(self, remote_start_id: int, **_: Any) -> None:
        await self.charge("REMOTE", remote_start_id)

    @on("GetVariables")
    def on_get_variables(self, get_variable_data: list[Any]) -> Any:
        known = {"attribute_status": "Accepted", "attribute_value": self.interval}
        unknown = {"attribute_status": "UnknownVariable"}
        results = [
            {**each, **(known if each["variable"]["name"] == "Interval" else unknown)} for each in get_variable_data
        ]
        return call_result.GetVariables(results)

    @on("SetVariables")
    def on_set_variables(self, set_variable_data: list[Any]) -> Any:
        self.interval = set_variable_data[0]["attribute_value"]
        results = [
            {"component": each["component"], "variable": each["variable"], "attribute_status": "Accepted"}
            for each in set_variable_data
        ]
        return call_result.SetVariables(results)

    @on("GetBaseReport")
    def on_get_base_report(self, **_: Any) -> Any:
        return call_result.GetBaseReport("Accepted")

    @after("GetBaseReport")
    async def after_get_base_report(self, request_id: int, **_: Any) -> None:
        entry = {
            "component": {"name": "AlignedDataCtrlr"},
            "variable": {"name": "Interval"},
            "variable_attribute": [{"value": self.interval, "mutability": "ReadWrite"}],
        }
        await self.call(call.NotifyReport(request_id, _at(0), 0, report_data=[entry]), suppress=False)


@asynccontextmanager
async def _connected(url: str, protocol: str, make: Callable[[Any], AnyChargePoint]) -> AsyncIterator[Any]:
    async with websockets.connect(url, subprotocols=[websockets.Subprotocol(protocol)]) as socket:
        station = make(socket)
        listening = asyncio.create_task(station.start())
        yield station
        listening.cancel()


async def test_the_ocpp_package_as_charging_station(csms: Csms) -> None:
    """Boot, variables, a local and a remote charge have no invalid frame on either side."""
    variable = {"component": {"name": "AlignedDataCtrlr"}, "variable": {"name": "Interval"}}
    interval = ("AlignedDataCtrlr", "Interval")
    async with _connected(csms.url(), "ocpp2.0.1", _Station) as station:
        await station.boot()
        report = {"requestId": 1, "reportBase": "FullInventory"}
        assert (await in_thread(csms.call, "GetBaseReport", report))["status"] == "Accepted"
        await in_thread(csms.expect, "NotifyReport", requestId=1)
        assert csms.station.variables[interval].value == "60"
        await in_thread(csms.call, "SetVariables", {"setVariableData": [{**variable, "attributeValue": "30"}]})
        read = await in_thread(csms.call, "GetVariables", {"getVariableData": [variable]})
        assert read["getVariableResult"][0]["attributeValue"] == "30"
        assert csms.station.variables[interval].value == "30"

        await station.charge("LOCAL")
        request = {"idToken": {"idToken": "AFAR", "type": "Central"}, "remoteStartId": 5, "evseId": 1}
        started = await in_thread(csms.call, "RequestStartTransaction", request)
        assert started == {"status": "Accepted", "transactionId": "REMOTE"}
        remote = {"transactionId": "REMOTE", "remoteStartId": 5}
        await in_thread(csms.expect, "TransactionEvent", eventType="Started", transactionInfo=remote)
        ended = await in_thread(
            csms.expect, "TransactionEvent", eventType="Ended", transactionInfo={"transactionId": "REMOTE"}
        )
        await in_thread(csms.expect, "StatusNotification", connectorStatus="Available", where=lambda f: f.id > ended.id)
    assert csms.violations() == []
    assert csms.station.connectors == {(1, 1): "Available"}
    assert [each.transaction_id for each in csms.station_transactions] == ["LOCAL", "REMOTE"]
    for transaction in csms.station_transactions:
        transaction.check()
        assert transaction.energy_wh == 30


async def test_scenarios_of_2_0_1_are_played_against_the_ocpp_package() -> None:
    """`rig csms play` gives the verdicts of two scenarios for a charging station that is on no bench."""
    files = [f"scenarios/ocpp-2.0.1/{name}.yaml" for name in ("variables", "remote_start")]
    playing = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).parent / "rig", "csms", "play", "--port", "0", *files),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert playing.stdin is not None
    assert playing.stdout is not None
    try:
        offer = (await playing.stdout.readline()).decode()
        url = re.search(r"ws://127\.0\.0\.1:\d+/", offer)
        assert url
        async with _connected(url[0] + "CP-PYTHON", "ocpp2.0.1", _Station) as station:
            await station.boot()
            out, _ = await playing.communicate(b"\n\n")  # the person plugs in and unplugs
    finally:
        if playing.returncode is None:
            playing.kill()
    assert "with ocpp2.0.1 at" in offer
    assert b"variables: passed" in out
    assert b"remote_start: passed" in out
    assert playing.returncode == 0


async def test_the_ocpp_package_boots_with_2_1(csms: Csms) -> None:
    """Boot, status and Heartbeat of OCPP 2.1 have no invalid frame on either side."""

    def make(socket: Any) -> AnyChargePoint:
        return ChargePoint21("CP-PYTHON", socket, response_timeout=10)

    async with _connected(csms.url(), "ocpp2.1", make) as station:
        described = {"model": "Model", "vendor_name": "Vendor"}
        boot = await station.call(call21.BootNotification(described, "PowerUp"), suppress=False)
        assert boot.status == "Accepted"
        status = call21.StatusNotification(timestamp=_at(0), connector_status="Available", evse_id=1, connector_id=1)
        await station.call(status, suppress=False)
        await station.call(call21.Heartbeat(), suppress=False)
    assert csms.violations() == []
    assert csms.station.registration == "Accepted"
    assert csms.station.connectors == {(1, 1): "Available"}
