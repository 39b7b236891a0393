"""Show where the processor time of one message goes: `python -m perf.csms_profile [--round-trips N]`.

The table has the parts of the CSMS, in µs for one CALL and its answer at 100 connections, beside the total of a bare
echo. It is made from samples of the stack (`perf/ours/csms_profiled.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys

from rich.console import Console
from rich.table import Table

from perf.csms_round_trips import CALLS, call_text, load
from perf.environment import install, read_line, start

_CONNECTIONS = 100


def main() -> None:
    """Measure both calls of the benchmark, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m perf.csms_profile", description=__doc__.partition("\n")[0])
    parser.add_argument("--round-trips", type=int, default=20_000, metavar="N", help="default: 20,000")
    round_trips = parser.parse_args().round_trips
    peers = install()
    columns: dict[str, dict[str, float]] = {}
    for name, (action, payload) in CALLS.items():
        call = call_text(action, payload)
        columns[name] = _parts(start(sys.executable, "ours/csms_profiled.py"), call, round_trips)
        columns[name]["a bare echo, for comparison"] = _total(start(peers, "peers/echo.py"), call, round_trips)
    table = Table("µs of processor time", *columns)
    for part in dict.fromkeys(part for column in columns.values() for part in column):
        table.add_row(part, *(f"{column.get(part, 0):.0f}" for column in columns.values()))
    Console().print(table)


def _parts(server: subprocess.Popen[str], call: str, round_trips: int) -> dict[str, float]:
    """Return the µs of each part for one round trip, the largest first, then their sum."""
    try:
        total = _measured(server, call, round_trips)
        counts: dict[str, int] = json.loads(read_line(server, "parts"))
    finally:
        _end(server)
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return {part: total * count / sum(counts.values()) for part, count in ordered} | {"all": total}


def _total(server: subprocess.Popen[str], call: str, round_trips: int) -> float:
    """Return the µs of a server for one round trip."""
    try:
        return _measured(server, call, round_trips)
    finally:
        _end(server)


def _measured(server: subprocess.Popen[str], call: str, round_trips: int) -> float:
    return 1e6 / asyncio.run(load(server, read_line(server, "ready"), call, _CONNECTIONS, round_trips))


def _end(server: subprocess.Popen[str]) -> None:
    server.kill()
    server.communicate()


if __name__ == "__main__":
    main()
