"""A bare WebSocket echo server, for the cost of the transport alone."""

from __future__ import annotations

import asyncio
import sys
import time

import websockets


async def echo(socket):  # type: ignore[no-untyped-def]
    """Send back each message."""
    async for message in socket:
        await socket.send(message)


async def main() -> None:
    """Serve until stdin ends."""
    async with websockets.serve(echo, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:
        print("ready", f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/CP-1", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print("cpu", time.process_time(), flush=True)


asyncio.run(main())
