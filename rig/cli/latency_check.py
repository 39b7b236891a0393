"""`rig doctor --latency`: how exact the stamps of a bench are, and how soon a test gets an edge."""

from __future__ import annotations

import contextlib
import threading
from datetime import datetime
from pathlib import Path

from rig.bench import Bench
from rig.bench.bench_file import load
from rig.config.description import Wire
from rig.config.signal import LOOP_DRIVE, LOOP_WATCH
from rig.instruments.wires import DrivenWire, WatchedWire
from rig.runs.latency import Latency, Spread, write_latency
from rig.timeline.events import PinEdge
from rig.util.errors import BenchError, ExpectationError

_EDGES = 1000
_APART_S = 0.003
"""Real seconds between two edges, so that the threads fall asleep as they do in a test."""
_ARRIVES_S = 1.0


def measure_latency(path: Path, root: Path, edges: int = _EDGES) -> Latency:
    """Drive the loop of a bench, watch its other end, and keep the result for reports.

    The whole bench is open meanwhile, because its threads share the processor with the threads of the pins. The board
    stays without power.

    Args:
        path: the bench description.
        root: the bench's folder (`rig.bench.project.bench_root`).
        edges: the number of edges to measure.

    Raises:
        BenchError: the bench has stepped time or no loop, cannot be opened, or an edge does not arrive.
    """
    description = load(path)
    if description.is_stepped:
        raise BenchError(
            f"{path}: latencies cannot be measured in stepped time, which stands still while the bench works",
            'Use a bench in real time: benches/virtual-real.toml, or a copy of yours with time = "real"',
        )
    if description.loop is None:
        raise BenchError(
            f"{path}: there is no [loop] to measure with",
            "Join two spare pins of the Pi by a wire with 1 kΩ, and name them in the description: [loop] drive = 8, "
            "watch = 7",
        )
    with Bench(description, root=root) as bench:
        factory, timeline = bench.wiring.pin_factory, bench.timeline
        with (
            contextlib.closing(DrivenWire(factory, timeline, LOOP_DRIVE, Wire(pin=description.loop.drive))) as drive,
            contextlib.closing(WatchedWire(factory, timeline, LOOP_WATCH, Wire(pin=description.loop.watch))),
        ):
            drive.drive()
            times = [_edge(bench, drive) for _ in range(edges)]
    latency = Latency(
        measured=datetime.now().astimezone().isoformat(timespec="seconds"),
        edges=edges,
        stamp=Spread.of([stamp for stamp, _ in times]),
        edge=Spread.of([edge for _, edge in times]),
    )
    write_latency(root, path, latency)
    return latency


def _edge(bench: Bench, drive: DrivenWire) -> tuple[int, int]:
    """Measure one edge. Returns the error of its stamp, and the delay until this thread got the edge, in ns."""
    threading.Event().wait(_APART_S)
    mark = bench.mark()
    drive.set(not drive.state)
    try:
        seen = bench.timeline.expect(
            PinEdge,
            lambda edge: edge.signal == str(LOOP_WATCH),
            since=mark,
            timeout=_ARRIVES_S,
            what=f"an edge at {LOOP_WATCH}",
        )
    except ExpectationError:
        raise BenchError(
            f"{bench.description.path}: an edge at {LOOP_DRIVE} did not arrive at {LOOP_WATCH} within {_ARRIVES_S:g} s",
            "Check the wire between the two pins",
        ) from None
    known = bench.clock.now()
    driven = bench.timeline.last(PinEdge, lambda edge: edge.signal == str(LOOP_DRIVE))
    assert driven is not None
    return max(0, seen.t - driven.t), max(0, known - seen.t)
