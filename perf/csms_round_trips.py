"""Count the round trips that a CSMS does in one second of its processor time.

One client sends the next call of a connection when the last one is answered. It is the same for all servers, and its
own processor time does not count.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from websockets import Subprotocol
from websockets.asyncio.client import ClientConnection, connect

from perf.environment import ROOT, read_line, start, versions, write_line
from perf.result import Result

ROUND_TRIPS = 4000
WARM_UP = 400
CONNECTIONS = (1, 100)
MODULES = ROOT / ".cache" / "interop"

BOOT = {"chargePointModel": "M", "chargePointVendor": "V"}
_PHASES = ("L1", "L2", "L3")
_SAMPLES: list[dict[str, str]] = [
    {
        "value": "230.1",
        "measurand": measurand,
        "unit": unit,
        "context": "Sample.Periodic",
        "location": "Outlet",
        "phase": phase,
    }
    for measurand, unit in (("Voltage", "V"), ("Current.Import", "A"), ("Power.Active.Import", "W"))
    for phase in _PHASES
]
_ENERGY = {"value": "123456", "measurand": "Energy.Active.Import.Register", "unit": "Wh", "location": "Outlet"}
_METER_VALUE = {"timestamp": "2026-01-01T00:00:00.000Z", "sampledValue": [*_SAMPLES, _ENERGY, {"value": "21.5"}]}
CALLS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Heartbeat": ("Heartbeat", {}),
    "MeterValues of 1.5 kB": ("MeterValues", {"connectorId": 1, "transactionId": 1, "meterValue": [_METER_VALUE]}),
}


def measure(peers: Path, runs: int) -> Iterator[Result]:
    """Yield the medians of `runs` runs, in which the servers take turns."""
    found = versions()
    servers: dict[str, tuple[Path | str, Sequence[str]]] = {
        "plugbench": (sys.executable, ["ours/csms.py"]),
        "rig csms serve": (sys.executable, ["ours/serve.py"]),
        f"ocpp {found['ocpp']}": (peers, ["peers/ocpp_csms.py"]),
        f"websockets {found['websockets']} bare echo": (peers, ["peers/echo.py"]),
    }
    if (node := shutil.which("node")) and (MODULES / "node_modules" / "ocpp-rpc").is_dir():
        servers["ocpp-rpc strict"] = (node, ["peers/ocpp_rpc_csms.mjs", str(MODULES)])
    for name, (action, payload) in CALLS.items():
        for connections in CONNECTIONS:
            figures: dict[str, list[float]] = {server: [] for server in servers}
            for _ in range(runs):
                for server, (program, arguments) in servers.items():
                    process = start(program, *arguments)
                    figures[server].append(_run(process, call_text(action, payload), connections))
            library, serve, *others = ((server, statistics.median(values)) for server, values in figures.items())
            what = f"{name}, {connections} {'connection' if connections == 1 else 'connections'}"
            unit = "1/s of processor time"
            yield Result(f"CSMS, round trips: {what}", unit, True, library[1], dict(others))
            yield Result(f"rig csms serve, round trips: {what}", unit, True, serve[1], dict([library, *others]))


def call_text(action: str, payload: Mapping[str, Any]) -> str:
    """Return a CALL without its brackets, message type and unique id."""
    return json.dumps([action, payload], separators=(",", ":"))[1:-1]


def _run(server: subprocess.Popen[str], call: str, connections: int) -> float:
    try:
        return asyncio.run(load(server, read_line(server, "ready"), call, connections))
    finally:
        server.kill()
        server.communicate()


async def load(
    server: subprocess.Popen[str], url: str, call: str, connections: int, round_trips: int = ROUND_TRIPS
) -> float:
    """Return the round trips a second of the server's processor time.

    Args:
        server: answers each line on its stdin with its processor time.
        url: the URL of a charge point.
        call: as `call_text` returns it.
        connections: the number of charge points.
        round_trips: the number of measured calls, of all charge points together.
    """
    base = url.rpartition("/")[0]
    sockets = [
        await connect(f"{base}/CP-{number + 1}", subprotocols=[Subprotocol("ocpp1.6")], compression=None)
        for number in range(connections)
    ]
    boot = f'"BootNotification",{json.dumps(BOOT)}'
    await asyncio.gather(*(_talk(socket, boot, 1) for socket in sockets))

    async def put(count: int) -> float:
        await asyncio.gather(*(_talk(socket, call, count // connections) for socket in sockets))
        write_line(server, "cpu")
        return float(await asyncio.to_thread(read_line, server, "cpu"))

    before = await put(WARM_UP)
    used = await put(round_trips) - before
    await asyncio.gather(*(socket.close() for socket in sockets))
    return round_trips / used


async def _talk(socket: ClientConnection, call: str, count: int) -> None:
    """Make calls one after another.

    Raises:
        RuntimeError: an answer is an error.
    """
    for number in range(count):
        await socket.send(f'[2,"{number}",{call}]')
        answer = await socket.recv()
        if answer[1:2] not in ("3", "2"):  # the bare echo returns the call
            raise RuntimeError(f"the answer is {answer!r}")
