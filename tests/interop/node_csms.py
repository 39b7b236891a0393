"""A CSMS made with an npm package, in a process of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.interop.central_system import CALL_TIMEOUT_S, Inbox
from tests.interop.device import ROOT

MODULES = ROOT / ".cache" / "interop"
"""The folder of `node_modules`, filled by `make interop`."""

SCRIPTS = {"ocpp-rpc": "ocpp_rpc_csms.mjs", "ocpp-ts": "ocpp_ts_csms.mjs", "@voltbras/ts-ocpp": "ts_ocpp_csms.mjs"}
"""The script that makes a CSMS of each package."""


def missing() -> str:
    """Return the first missing requirement of these CSMSs, or an empty text."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    for package in SCRIPTS:
        if not (MODULES / "node_modules" / package).is_dir():
            return f"the npm package {package} is not installed: run `make interop`"
    return ""


needs_node = pytest.mark.skipif(bool(missing()), reason=f"cannot run a CSMS of an npm package: {missing()}")
"""Skips a test where such a CSMS cannot run."""


class NodeCsms:
    """A `CentralSystem` made with an npm package."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.url = ""
        self.inbox = Inbox()
        self._process = process
        self._problems: list[str] = []
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def call(self, action: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call the device by the package."""
        assert self._process.stdin is not None
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"number": number, "action": action, "payload": dict(payload or {})})
        self._process.stdin.write(line.encode() + b"\n")
        return await asyncio.wait_for(answer, CALL_TIMEOUT_S)

    def problems(self) -> list[str]:
        """Return the violations that the package found, and every CALLERROR."""
        return self._problems

    async def next_line(self) -> bool:
        """Handle the next message of the process. Return false at its end."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            return False
        match json.loads(line):
            case {"url": url}:
                self.url = url
            case {"took": [action, payload]}:
                await self.inbox.put(action, payload)
            case {"number": number, "result": result}:
                self._answers.pop(number).set_result(result)
            case {"number": number, "error": error}:
                self._answers.pop(number).set_exception(AssertionError(error))
            case {"problem": problem}:
                self._problems.append(problem)
        return True

    async def listen(self) -> None:
        """Handle the messages of the process until its end."""
        while await self.next_line():
            pass


@asynccontextmanager
async def node_csms(package: str) -> AsyncIterator[NodeCsms]:
    """Start a CSMS of that package (see `SCRIPTS`), and stop it after the block."""
    script = Path(__file__).with_name(SCRIPTS[package])
    process = await asyncio.create_subprocess_exec(
        "node", str(script), str(MODULES), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    csms = NodeCsms(process)
    try:
        assert await asyncio.wait_for(csms.next_line(), CALL_TIMEOUT_S), "the node process ended at once"
        listening = asyncio.create_task(csms.listen())
        yield csms
        listening.cancel()
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        finally:
            if process.returncode is None:
                process.kill()
