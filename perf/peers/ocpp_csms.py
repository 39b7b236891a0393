"""A CSMS made with the package `ocpp` as its documentation shows; it validates payloads against the schemas, too."""

from __future__ import annotations

import asyncio
import sys
import time

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result


class Csms(ChargePoint):
    """Answer the calls of the benchmark."""

    @on("BootNotification")
    def on_boot(self, **_: object) -> call_result.BootNotification:
        """Accept any charge point."""
        return call_result.BootNotification("2026-01-01T00:00:00Z", 300, "Accepted")

    @on("Heartbeat")
    def on_heartbeat(self) -> call_result.Heartbeat:
        """Return the time."""
        return call_result.Heartbeat("2026-01-01T00:00:00Z")

    @on("MeterValues")
    def on_meter_values(self, **_: object) -> call_result.MeterValues:
        """Accept any values."""
        return call_result.MeterValues()


async def main() -> None:
    """Serve until stdin ends."""

    async def connected(socket):  # type: ignore[no-untyped-def]
        await Csms("CP-1", socket).start()

    async with websockets.serve(connected, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:
        print("ready", f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/CP-1", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print("cpu", time.process_time(), flush=True)


asyncio.run(main())
