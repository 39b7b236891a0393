"""Our console instrument on a serial port, in a test that does something else until it is told to look."""

from __future__ import annotations

import asyncio
import sys
import threading

from rig.events import LogLine
from rig.instruments.console import Console
from rig.log_format import PlugbenchLogFormat
from rig.timeline import Timeline

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
timeline = Timeline()
console = Console(timeline, loop, sys.argv[1], 921_600, 0, PlugbenchLogFormat())
console.take()
print("ready", flush=True)
sys.stdin.readline()
console.expect("^END$", timeout=60)
print("lines", sum(line.text.startswith("line ") for line in timeline.events(LogLine)), flush=True)
console.release()
