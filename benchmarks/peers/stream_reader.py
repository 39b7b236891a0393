"""pyserial-asyncio's StreamReader, in a test that does something else until it is told to look."""

from __future__ import annotations

import asyncio
import sys

import serial_asyncio


async def main() -> None:
    """Open, be busy, read."""
    reader, _ = await serial_asyncio.open_serial_connection(url=sys.argv[1], baudrate=921_600)
    print("ready", flush=True)
    sys.stdin.readline()  # the test computes: nothing else runs on its loop
    lines = 0
    while (line := await reader.readline()).strip() != b"END":
        lines += line.startswith(b"line ")
    print("lines", lines, flush=True)


asyncio.run(main())
