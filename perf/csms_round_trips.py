"""Count the StatusNotification round trips that a CSMS does in one second of its processor time."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from websockets.sync.client import connect

from perf.environment import read_line, start, versions, write_line
from perf.result import Result

ROUND_TRIPS = 2000
WARM_UP = 200


def measure(peers: Path, runs: int) -> Iterator[Result]:
    """Yield the median of `runs` runs; the servers take turns."""
    found = versions()
    servers: dict[str, tuple[Path | str, str]] = {
        "plugbench": (sys.executable, "ours/csms.py"),
        "rig csms serve": (sys.executable, "ours/serve.py"),
        f"ocpp {found['ocpp']}": (peers, "peers/ocpp_csms.py"),
        f"websockets {found['websockets']} bare echo": (peers, "peers/echo.py"),
    }
    figures: dict[str, list[float]] = {server: [] for server in servers}
    for _ in range(runs):
        for server, (python, script) in servers.items():
            figures[server].append(_run(start(python, script)))
    library, serve, *others = ((server, statistics.median(values)) for server, values in figures.items())
    unit = "round trips a second of processor time"
    yield Result(f"CSMS: {unit}", "1/s", True, library[1], dict(others))
    yield Result(f"rig csms serve, which prints each frame: {unit}", "1/s", True, serve[1], dict([library, *others]))


def _run(server: subprocess.Popen[str]) -> float:
    try:
        with connect(read_line(server, "ready"), subprotocols=["ocpp1.6"], compression=None) as socket:  # type: ignore[list-item]

            def talk(count: int) -> float:
                for number in range(count):
                    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
                    socket.send(json.dumps([2, str(number), "StatusNotification", status]))
                    socket.recv()
                write_line(server, "cpu")
                return float(read_line(server, "cpu"))

            before = talk(WARM_UP)
            return ROUND_TRIPS / (talk(ROUND_TRIPS) - before)
    finally:
        server.kill()
        server.communicate()
