"""Our device without a bench: a process of `rig device run`, with its keyboard and console."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
IDENTITY = "CP-INTEROP"
ID_TAG = "INTEROP-TAG"
"""The idTag that the device's button presents."""

BUILD_TIMEOUT_S = 300.0
"""The timeout of the first start in s, which builds the firmware."""
ANSWER_TIMEOUT_S = 10.0


class Device:
    """The virtual charge point as a process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._lines: list[str] = []
        self._read = 0

    async def wait_for(self, text: str, within: float = ANSWER_TIMEOUT_S) -> str:
        """Wait for the next console line that contains `text`. Earlier lines are skipped."""
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
        """Change an input of the board: `cable 1`, `pulses 100`; see `rig.cli.device_run.HELP`."""
        await self._type(f"!{command}")
        await self.wait_for(f"! {command}")

    async def console(self, command: str) -> str:
        """Send a command to the device. Return its answer."""
        await self._type(command)
        return (await self.wait_for("= ")).removeprefix("= ")

    def tail(self) -> str:
        """Return the last lines of its console."""
        return "\n".join(f"  | {line}" for line in self._lines[-20:])

    # -- a driver's actions ---------------------------------------------------------------------------------------

    async def plug_in(self) -> None:
        """Plug the cable into a vehicle that draws energy."""
        await self.board("vehicle_ready 1")
        await self.board("cable 1")

    async def unplug(self) -> None:
        """Unplug the cable."""
        await self.board("vehicle_ready 0")
        await self.board("cable 0")

    async def present_tag(self) -> None:
        """Hold the card to the reader until the device has read it."""
        await self.board("auth_button 1")
        await self.console("status")  # wait for at least one round of the device's loop
        await self.board("auth_button 0")

    async def _type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()


@asynccontextmanager
async def running(csms_url: str) -> AsyncIterator[Device]:
    """Start the device with the URL of a CSMS, and stop it after the block.

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
        process.stdin.close()  # end of input ends the program
        try:
            await asyncio.wait_for(process.wait(), 10)
        finally:
            if process.returncode is None:
                process.kill()
