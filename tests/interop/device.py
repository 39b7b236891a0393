"""Our device on its own: `rig device run` as a process, with a keyboard and a console."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
IDENTITY = "CP-INTEROP"
ID_TAG = "INTEROP-TAG"
"""What the device's button presents."""

BUILD_TIMEOUT_S = 300.0
"""The first start builds the firmware."""
ANSWER_TIMEOUT_S = 10.0


class Device:
    """The virtual charge point in somebody's hands."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._lines: list[str] = []
        self._read = 0

    async def wait_for(self, text: str, within: float = ANSWER_TIMEOUT_S) -> str:
        """The next line of the console that holds `text`; what came before it is passed over."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(within):
                while True:
                    while self._read < len(self._lines):
                        line = self._lines[self._read]
                        self._read += 1
                        if text in line:
                            return line
                    data = await self._process.stdout.readline()
                    if not data:
                        raise AssertionError(f"`rig device run` ended:\n{self.tail()}")
                    self._lines.append(data.decode(errors="replace").rstrip())
        except TimeoutError:
            raise AssertionError(f"no {text!r} on the device's console within {within:g} s:\n{self.tail()}") from None

    async def board(self, command: str) -> None:
        """Work the board: `cable 1`, `pulses 100`; see `rig.cli.device_run.HELP`."""
        await self._type(f"!{command}")
        await self.wait_for(f"! {command}")

    async def console(self, command: str) -> str:
        """A command to the device; returns what it answers."""
        await self._type(command)
        return (await self.wait_for("= ")).removeprefix("= ")

    def tail(self) -> str:
        """The last lines of its console."""
        return "\n".join(f"  | {line}" for line in self._lines[-20:])

    # -- what a driver does ---------------------------------------------------------------------------------------

    async def plug_in(self) -> None:
        """Put the cable into a vehicle that draws."""
        await self.board("vehicle_ready 1")
        await self.board("cable 1")

    async def unplug(self) -> None:
        """Pull the cable."""
        await self.board("vehicle_ready 0")
        await self.board("cable 0")

    async def present_tag(self) -> None:
        """Hold the card to the reader until the device has seen it."""
        await self.board("auth_button 1")
        await self.console("status")  # a round of the device's loop, at least
        await self.board("auth_button 0")

    async def _type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()


@asynccontextmanager
async def running(csms_url: str) -> AsyncIterator[Device]:
    """The device, switched on and on its way to a CSMS.

    Args:
        csms_url: `ws://HOST:PORT/PATH`; the device appends its identity.
    """
    process = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).with_name("rig"), "device", "run", "--csms", csms_url, "--id", IDENTITY),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    device = Device(process)
    try:
        await device.wait_for("app: ready", BUILD_TIMEOUT_S)
        yield device
    finally:
        assert process.stdin is not None
        process.stdin.close()  # the end of the keyboard ends it
        try:
            await asyncio.wait_for(process.wait(), 10)
        finally:
            if process.returncode is None:
                process.kill()
