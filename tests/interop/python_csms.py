"""A CSMS made with the package `ocpp` from PyPI, with its validation."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import ocpp.charge_point
import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from websockets.asyncio.server import ServerConnection, serve

from tests.interop.central_system import CALL_TIMEOUT_S, Inbox


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class _Station(ChargePoint):  # type: ignore[misc]
    """The package's object for the device. The package validates calls before a handler, and its responses after.

    Args:
        connection: the WebSocket.
        transactions: the idTags of all transactions of the CSMS.
    """

    def __init__(self, connection: Any, transactions: list[str]) -> None:
        super().__init__("device", connection, response_timeout=CALL_TIMEOUT_S)
        self._transactions = transactions

    @on("BootNotification")
    def on_boot(self, **_: Any) -> Any:
        return call_result.BootNotification(current_time=_now(), interval=1, status="Accepted")

    @on("Heartbeat")
    def on_heartbeat(self) -> Any:
        return call_result.Heartbeat(current_time=_now())

    @on("StatusNotification")
    def on_status(self, **_: Any) -> Any:
        return call_result.StatusNotification()

    @on("Authorize")
    def on_authorize(self, **_: Any) -> Any:
        return call_result.Authorize(id_tag_info={"status": "Accepted"})

    @on("StartTransaction")
    def on_start(self, **given: Any) -> Any:
        self._transactions.append(given["id_tag"])
        return call_result.StartTransaction(
            transaction_id=len(self._transactions), id_tag_info={"status": "Accepted", "expiry_date": _now()}
        )

    @on("MeterValues")
    def on_meter_values(self, **_: Any) -> Any:
        return call_result.MeterValues()

    @on("StopTransaction")
    def on_stop(self, **_: Any) -> Any:
        return call_result.StopTransaction(id_tag_info={"status": "Accepted"})


class _Watched:
    """A connection that records calls answered with a CALLRESULT, and every CALLERROR."""

    def __init__(self, connection: ServerConnection, inbox: Inbox, problems: list[str]) -> None:
        self._connection = connection
        self._inbox = inbox
        self._problems = problems
        self._open: dict[str, tuple[str, dict[str, Any]]] = {}

    async def recv(self) -> str:
        raw = await self._connection.recv()
        assert isinstance(raw, str)
        kind, unique_id, *more = json.loads(raw)
        if kind == 2:
            if self._open:
                self._problems.append(f"{raw} while another CALL is open")
            self._open[unique_id] = (more[0], more[1])
        elif kind == 4:
            self._problems.append(f"from the device: {raw}")
        return raw

    async def send(self, raw: str) -> None:
        kind, unique_id, *_ = json.loads(raw)
        done = self._open.pop(unique_id, None) if kind in (3, 4) else None
        if kind == 4:
            self._problems.append(f"to the device: {raw} for {done}")
        await self._connection.send(raw)
        if kind == 3 and done is not None:
            await self._inbox.put(*done)


class PythonCsms:
    """A `CentralSystem` made with the package `ocpp`."""

    def __init__(self, port: int, inbox: Inbox, log: _Log) -> None:
        self.url = f"ws://127.0.0.1:{port}/ocpp"
        self.inbox = inbox
        self.station: _Station | None = None
        self.found: list[str] = []
        self._log = log

    async def call(self, action: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call the device by the package, which validates request and response."""
        assert self.station is not None, "the device has not connected"
        fields = ocpp.charge_point.camel_to_snake_case(dict(payload or {}))
        answer = await self.station.call(getattr(call, action)(**fields), suppress=False)
        plain = ocpp.charge_point.remove_nones(ocpp.charge_point.serialize_as_dict(answer))
        result: dict[str, Any] = ocpp.charge_point.snake_to_camel_case(plain)
        return result

    def problems(self) -> list[str]:
        """Return the errors of either side, and the package's warnings."""
        return self.found + self._log.warnings


class _Log(logging.Handler):
    """Collects the package's log from level warning on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.warnings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.warnings.append(f"log of ocpp: {record.getMessage()}")


@asynccontextmanager
async def python_csms() -> AsyncIterator[PythonCsms]:
    """Start the CSMS, and stop it after the block."""
    log = _Log()
    logging.getLogger("ocpp").addHandler(log)
    transactions: list[str] = []

    async def serve_station(connection: ServerConnection) -> None:
        csms.station = _Station(_Watched(connection, csms.inbox, csms.found), transactions)
        try:
            await csms.station.start()
        except websockets.ConnectionClosed:
            csms.station = None

    try:
        subprotocol = websockets.Subprotocol("ocpp1.6")
        async with serve(serve_station, "127.0.0.1", 0, subprotocols=[subprotocol]) as server:
            (socket,) = server.sockets
            csms = PythonCsms(socket.getsockname()[1], Inbox(), log)
            yield csms
    finally:
        logging.getLogger("ocpp").removeHandler(log)
