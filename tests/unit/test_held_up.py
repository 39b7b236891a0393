"""The time that the machine has no processor for device or bench, by the kernel's account."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from rig.bench.held_up import HeldUp
from rig.util.clock import BenchClock
from rig.util.processor import ProcessorWait

SPIN = "while True: pass"
ONE_CPU = min(os.sched_getaffinity(0))


@pytest.fixture
def crowd() -> Iterator[list[int]]:
    """Three processes that compute on one processor, each of which waits for the others."""
    crowd = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(3)]
    for process in crowd:
        os.sched_setaffinity(process.pid, {ONE_CPU})
    yield [process.pid for process in crowd]
    for process in crowd:
        process.kill()
        process.wait()


def test_waits_of_a_process_add_up_and_stay_when_it_has_ended(crowd: list[int]) -> None:
    clock, wait = BenchClock(), ProcessorWait()
    before = wait.of(crowd[0])
    clock.deadline(0.5).wait_out()
    waited = wait.of(crowd[0]) - before
    assert waited > 100_000_000, "of half a second it had a third"
    assert wait.of(None) >= before + waited
    assert wait.of(crowd[1]) >= before + waited
    os.kill(crowd[0], signal.SIGKILL)
    assert wait.of(crowd[0]) >= before + waited


def test_a_stretch_is_held_up_for_as_long_as_the_device_waits(loop: asyncio.AbstractEventLoop) -> None:
    """Only what lies between the stamps counts, and never more than all of it."""
    clock = BenchClock()
    waited = 0
    held_up = HeldUp(clock, loop, lambda: waited)
    held_up.start()
    start = clock.now()
    clock.deadline(0.1).wait_out()
    quiet = clock.now()
    assert held_up.between(start, quiet) < 50_000_000, "nothing was said to wait"
    waited += 3_600_000_000_000
    busy = clock.now()
    clock.deadline(0.05).wait_out()
    end = clock.now()
    held = held_up.between(quiet, end)
    assert busy - quiet < held + 20_000_000
    assert 0 < held <= end - quiet
    held_up.close()


def test_a_loop_that_is_late_holds_up(loop: asyncio.AbstractEventLoop) -> None:
    clock = BenchClock()
    held_up = HeldUp(clock, loop, lambda: 0)
    held_up.start()
    clock.deadline(0.05).wait_out()
    start = clock.now()
    loop.call_soon_threadsafe(threading.Event().wait, 0.3)
    clock.deadline(0.35).wait_out()
    assert held_up.between(start, clock.now()) > 200_000_000
    held_up.close()
