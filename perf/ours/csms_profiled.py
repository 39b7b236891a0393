"""Plugbench's CSMS, which samples the stack of its loop at regular processor times and writes the counts by part."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from types import FrameType

from rig.csms.behaviour import Behaviour
from rig.csms.server import CsmsServer, url_of
from rig.timeline import Timeline

INTERVAL_S = 0.001
PARTS: Mapping[str, str] = {
    "/asyncio/": "event loop and system calls",
    "/selectors.py": "event loop and system calls",
    "/websockets/": "WebSocket frames (websockets)",
    "/rig/csms/connection.py": "WebSocket frames (rig.csms.connection)",
    "/rig/util/read_buffer.py": "WebSocket frames (rig.csms.connection)",
    "/rig/util/tcp.py": "WebSocket frames (rig.csms.connection)",
    "/rig/ocpp/ocppj.py": "JSON (rig.ocpp.ocppj)",
    "/rig/ocpp/schemas.py": "validation by the schemas (rig.ocpp.schemas)",
    "/rig/csms/judge.py": "rules of OCPP-J (rig.csms.judge)",
    "/rig/csms/frames.py": "events (rig.csms.frames, rig.timeline)",
    "/rig/timeline/": "events (rig.csms.frames, rig.timeline)",
    "/rig/util/clock.py": "the answer (rig.csms.behaviour)",
    "/rig/csms/behaviour.py": "the answer (rig.csms.behaviour)",
    "/rig/csms/": "the path between these parts (rig.csms.session)",
}
"""The part of a sample, by a part of the innermost file that has an entry: the first one that fits."""


class Sampler:
    """Count samples by part."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def take(self, _signal: int, frame: FrameType | None) -> None:
        """Count the innermost part on the stack."""
        while frame is not None:
            path = frame.f_code.co_filename
            for fragment, part in PARTS.items():
                if fragment in path:
                    self.counts[part] += 1
                    return
            frame = frame.f_back
        self.counts["other"] += 1


async def main() -> None:
    """Serve until stdin ends."""
    timeline = Timeline()
    server = CsmsServer(timeline, Behaviour(timeline.clock))
    await server.start()
    print("ready", url_of(server.host, server.port, "CP-1"), flush=True)
    sampler = Sampler()
    signal.signal(signal.SIGPROF, sampler.take)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_S, INTERVAL_S)
    while await asyncio.to_thread(sys.stdin.readline):
        print("cpu", time.process_time(), flush=True)
        print("parts", json.dumps(sampler.counts), flush=True)
        sampler.counts.clear()


asyncio.run(main())
