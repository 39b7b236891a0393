"""The offer of a whole bench."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rig.bench import Bench
from rig.device import Device
from rig.live.bench_calls import BenchCalls
from rig.live.bench_state import bench_state
from rig.live.hold import Hold
from rig.live.offer import Offer


def offer_of(
    bench: Bench,
    device: Device,
    program: str,
    *,
    running: Callable[[], str] = lambda: "",
    hold: Hold | None = None,
) -> Offer:
    """Return the calls and the state that a program offers of a bench, open or closed.

    Args:
        bench: the bench.
        device: the device on it.
        program: the program in words, such as `pytest`.
        running: returns the name of the running test; empty if a person may act.
        hold: pauses the session between tests; None for a program that runs none.
    """
    calls = BenchCalls(bench, device, may_reopen=hold is None)

    def state() -> Mapping[str, Any]:
        return {**bench_state(bench), "faults": calls.faults.active()}

    description = bench.description
    return Offer(program, description.name, description.path, bench.timeline, state, calls.table(), running, hold)
