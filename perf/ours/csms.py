"""Plugbench's CSMS, which validates every frame against the schemas and puts it on the timeline."""

from __future__ import annotations

import asyncio
import sys
import threading
import time

from rig.csms import Csms
from rig.timeline import Timeline

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
csms = Csms(Timeline(), loop, identity="CP-1")
csms.start()
print("ready", csms.url(), flush=True)
for _ in sys.stdin:
    print("cpu", time.process_time(), flush=True)
csms.shut_down()
