"""Plugbench's console instrument on a serial port, in a test that reads only when asked to on stdin.

With the argument `test`, the timeline has all listeners of a test whose results go to Allure: the record on disk, the
watch for panics and reboots, and the slicer that cuts the timeline into tests. Without it, there is only the timeline.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
import time
from pathlib import Path

from rig.adapters.plugbench import PlugbenchLogFormat
from rig.bench import Bench
from rig.bench.bench_file import load
from rig.device import Device
from rig.instruments.console import Console
from rig.runs.recorder import Recorder
from rig.runs.slicer import Slicer, Test
from rig.timeline import Timeline
from rig.timeline.events import Event, LogLine, TestStarted


class Cutter:
    """Collect the test that ended, as fixtures/allure_results.py does."""

    def __init__(self) -> None:
        self.slicer = Slicer()
        self.ended: Test | None = None

    def feed(self, event: Event) -> None:
        """Take the next event."""
        self.ended = self.slicer.feed(event) or self.ended


loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
timeline = Timeline()
with tempfile.TemporaryDirectory() as folder:
    if "test" in sys.argv[2:]:
        Recorder(timeline, Path(folder))
        Device(Bench(load(Path("benches/virtual.toml")), timeline))
        timeline.listen(Cutter().feed)
        timeline.append(TestStarted(nodeid="test_console"))
    console = Console(timeline, loop, sys.argv[1], 921_600, 0, PlugbenchLogFormat())
    console.take()
    print("ready", flush=True)
    command, _, count = sys.stdin.readline().partition(" ")
    if command == "ping":
        for number in range(int(count)):
            print("waits", flush=True)
            console.expect(f"^ping {number}$", timeout=60)
            print("got", time.monotonic_ns(), flush=True)
    else:
        console.expect("^END$", timeout=120)
        print("lines", sum(line.text.startswith("line ") for line in timeline.events(LogLine)), flush=True)
    console.release()
