"""pyserial-asyncio's StreamReader, in a test that reads only when asked to on stdin."""

from __future__ import annotations

import asyncio
import sys
import time

import serial_asyncio


async def main() -> None:
    """Open the port, block the event loop until stdin has a line, then read."""
    reader, _transport = await serial_asyncio.open_serial_connection(url=sys.argv[1], baudrate=921_600)
    print("ready", flush=True)
    command, _, count = sys.stdin.readline().partition(" ")  # blocks the event loop, as a computing test does
    if command == "ping":
        for number in range(int(count)):
            print("waits", flush=True)
            while (await reader.readline()).strip() != b"ping %d" % number:
                pass
            print("got", time.monotonic_ns(), flush=True)
        return
    lines = 0
    while (line := await reader.readline()).strip() != b"END":
        lines += line.startswith(b"line ")
    print("lines", lines, flush=True)


asyncio.run(main())
