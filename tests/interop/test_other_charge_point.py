"""A third-party charge point, made with the package `ocpp`, has a typical session with our CSMS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets
from ocpp.routing import after, on
from ocpp.v16 import ChargePoint, call, call_result

from rig.csms import Csms, Setting, messages
from rig.util.aio import in_thread
from rig.util.errors import ExpectationError


def _at(minute: int) -> str:
    return f"2024-01-01T00:{minute:02}:00Z"


class _Station(ChargePoint):  # type: ignore[misc]
    """A charge point with one connector. The package validates every payload, both ways."""

    def __init__(self, connection: Any) -> None:
        super().__init__("CP-PYTHON", connection, response_timeout=10)
        self.configuration = {"HeartbeatInterval": "300", "NumberOfConnectors": "1"}
        self.transaction = 0
        self.reset_to: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def boot(self) -> None:
        """Send BootNotification, the status of both connectors, and a Heartbeat."""
        boot = await self.call(call.BootNotification("Model", "Vendor", firmware_version="1"), suppress=False)
        assert boot.status == "Accepted"
        for connector in (0, 1):
            await self.status("Available", connector)
        await self.call(call.Heartbeat(), suppress=False)

    async def status(self, status: str, connector: int = 1) -> None:
        """Report a connector's status."""
        await self.call(call.StatusNotification(connector, "NoError", status), suppress=False)

    async def start_charge(self, tag: str) -> None:
        """Charge 30 Wh in three minutes."""
        started = await self.call(call.StartTransaction(1, tag, 0, _at(0)), suppress=False)
        self.transaction = started.transaction_id
        await self.status("Charging")
        for minute in (1, 2, 3):
            sample = {"value": str(10 * minute), "unit": "Wh", "measurand": "Energy.Active.Import.Register"}
            value = {"timestamp": _at(minute), "sampled_value": [sample]}
            await self.call(call.MeterValues(1, [value], self.transaction), suppress=False)

    async def stop_charge(self, reason: str) -> None:
        """Stop the charge."""
        await self.call(call.StopTransaction(30, _at(4), self.transaction, reason), suppress=False)
        await self.status("Finishing")
        await self.status("Available")

    async def charge(self, tag: str) -> None:
        """Charge with a card, as a driver does."""
        authorized = await self.call(call.Authorize(tag), suppress=False)
        assert authorized.id_tag_info["status"] == "Accepted"
        await self.status("Preparing")
        await self.start_charge(tag)
        await self.stop_charge("Local")

    @on("RemoteStartTransaction")
    def on_remote_start(self, **_: Any) -> Any:
        return call_result.RemoteStartTransaction("Accepted")

    @after("RemoteStartTransaction")
    async def after_remote_start(self, id_tag: str, **_: Any) -> None:
        await self.start_charge(id_tag)

    @on("RemoteStopTransaction")
    def on_remote_stop(self, transaction_id: int) -> Any:
        return call_result.RemoteStopTransaction("Accepted" if transaction_id == self.transaction else "Rejected")

    @after("RemoteStopTransaction")
    async def after_remote_stop(self, transaction_id: int) -> None:
        if transaction_id == self.transaction:
            await self.stop_charge("Remote")

    @on("GetConfiguration")
    def on_get_configuration(self, key: list[str] | None = None) -> Any:
        entries = [
            {"key": name, "readonly": name == "NumberOfConnectors", "value": value}
            for name, value in self.configuration.items()
            if key is None or name in key
        ]
        unknown = [name for name in key or () if name not in self.configuration]
        return call_result.GetConfiguration(configuration_key=entries, unknown_key=unknown)

    @on("ChangeConfiguration")
    def on_change_configuration(self, key: str, value: str) -> Any:
        if key not in self.configuration:
            return call_result.ChangeConfiguration("NotSupported")
        self.configuration[key] = value
        return call_result.ChangeConfiguration("Accepted")

    @on("Reset")
    def on_reset(self, type: str) -> Any:  # noqa: A002 (the package passes fields by name)
        self.reset_to.set_result(type)
        return call_result.Reset("Accepted")


@asynccontextmanager
async def _connected(csms: Csms) -> AsyncIterator[_Station]:
    subprotocol = websockets.Subprotocol("ocpp1.6")
    async with websockets.connect(csms.url(), subprotocols=[subprotocol]) as socket:
        station = _Station(socket)
        listening = asyncio.create_task(station.start())
        yield station
        listening.cancel()


async def test_the_ocpp_package_as_charge_point(csms: Csms) -> None:
    """Boot, configuration, a local and a remote charge, reset and boot have no invalid frame on either side."""

    async def ask(request: messages.Request) -> dict[str, Any]:
        return await in_thread(csms.call, request)

    async def expect(method: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        return await in_thread(method, *arguments, **more)

    async with _connected(csms) as station:
        await station.boot()
        await expect(csms.expect_all, "BootNotification", "Heartbeat", in_order=True)

        read = await ask(messages.get_configuration("HeartbeatInterval", "NoSuchKey"))
        assert read["unknownKey"] == ["NoSuchKey"]
        assert await ask(messages.change_configuration("HeartbeatInterval", "60")) == {"status": "Accepted"}
        assert csms.state.configuration == {"HeartbeatInterval": Setting("60", readonly=False)}

        await station.charge("CARD")
        await expect(csms.expect, messages.stop_transaction("Local"))

        afar = csms.timeline.mark()
        assert await ask(messages.remote_start_transaction("AFAR", connector_id=1)) == {"status": "Accepted"}
        await expect(csms.expect, messages.start_transaction(1, "AFAR"))
        await expect(csms.expect, messages.status_notification("Charging"), since=afar)
        (running,) = csms.state.transactions
        last = messages.meter_values(1, transaction_id=running, meter_value=[messages.meter_value(timestamp=_at(3))])
        await expect(csms.expect, last)
        assert await ask(messages.remote_stop_transaction(running)) == {"status": "Accepted"}
        await expect(csms.expect, messages.stop_transaction("Remote", transaction_id=running))
        after_it = messages.status_notification("Finishing"), messages.status_notification("Available")
        await expect(csms.expect_all, *after_it, in_order=True, since=afar)

        assert await ask(messages.reset("Soft")) == {"status": "Accepted"}
        assert await station.reset_to == "Soft"
    await expect(csms.expect_disconnected)
    async with _connected(csms) as station:
        await station.boot()

    await expect(csms.expect, "BootNotification")
    assert csms.violations() == []
    assert csms.state.connectors[1].status == "Available"
    local, remote = csms.transactions
    for transaction in (local, remote):
        transaction.check()
        transaction.check_gapless(interval_s=60)
        assert transaction.energy_wh == 30


async def test_the_package_rejects_an_invalid_request(csms: Csms) -> None:
    """The package rejects an invalid request of our CSMS, though with a code that OCPP 1.6 does not have."""
    async with _connected(csms) as station:
        await station.boot()
        with pytest.raises(ExpectationError, match="answered Reset wrongly: 'FormatViolation' is not a CALLERROR code"):
            await in_thread(csms.call, "Reset", {"type": "Tepid"}, check=False)
