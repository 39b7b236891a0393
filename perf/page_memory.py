"""Measure the memory of `rig console` while many events pass: `python -m perf.page_memory [--events N]`.

A bench that is a timeline sends lines of a log, as fast as a page without a browser reads them. The memory of the
page's server (VmRSS of proc(5)) must not grow with their number.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
from websockets.asyncio.client import connect

from perf.memory import resident_mb
from rig.live.offer import Offer
from rig.live.server import LiveServer
from rig.timeline import Timeline
from rig.timeline.events import LogLine

_EVENTS = 5_000_000
_STEPS = 10
_KEPT = 50_000
_BATCH = 1_000
_AHEAD = 10_000
"""The number of events that the bench may be ahead of the page: a page that is more than 20,000 behind loses some."""


def main() -> None:
    """Send the events, and print the memory at the start and after each tenth."""
    parser = argparse.ArgumentParser(prog="python -m perf.page_memory", description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=_EVENTS, metavar="N", help=f"how many (default: {_EVENTS:,})")
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.toml")
        path.touch()
        timeline = Timeline(keep=_KEPT)
        state = {"bench": {"name": "memory", "kind": "virtual", "is_open": True, "trouble": ""}}
        server = LiveServer(Offer("perf", "memory", path, timeline, lambda: state))
        with contextlib.closing(server), _page_server(path) as (process, address):
            asyncio.run(_measure(process.pid, address, timeline, events))


@contextlib.contextmanager
def _page_server(path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", "from rig.cli.start import main; main()", "console", "--bench", str(path)]
    process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip().rpartition(" ")[2]
    finally:
        process.terminate()
        process.wait()


async def _measure(pid: int, address: str, timeline: Timeline, events: int) -> None:
    began = time.monotonic()
    async with connect(f"{address.replace('http', 'ws', 1)}feed", max_size=None, max_queue=4) as page:
        await page.send('{"since": 1, "pid": 0}')
        sent = seen = 0
        for step in range(_STEPS + 1):
            due = events * step // _STEPS
            while seen < due:
                while sent < due and sent - seen < _AHEAD:
                    batch = range(sent, min(due, sent + _BATCH))
                    timeline.extend([LogLine(source="console", text=f"I (1) app: line {n}", level="I") for n in batch])
                    sent = batch.stop
                for line in str(await page.recv()).splitlines():
                    message = orjson.loads(line)
                    seen = message.get("event", {}).get("id", seen)
                    if "lost" in message:
                        sys.exit(f"the page lost {message['lost']} events: it reads too slowly for this measurement")
            print(f"{seen:>12,} events {resident_mb(pid):7.1f} MB {time.monotonic() - began:7.1f} s", flush=True)


if __name__ == "__main__":
    main()
