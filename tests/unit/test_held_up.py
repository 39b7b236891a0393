"""The time that device or bench waited for a processor, as the kernel reports it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from rig.bench.held_up import HeldUp
from rig.util.clock import BenchClock
from rig.util.processor import ProcessorWait

SPIN = "while True: pass"
ONE_CPU = min(os.sched_getaffinity(0))


@pytest.fixture
def crowd() -> Iterator[list[int]]:
    """Start three processes that compute on one processor, so that each waits for the others."""
    crowd = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(3)]
    for process in crowd:
        os.sched_setaffinity(process.pid, {ONE_CPU})
    yield [process.pid for process in crowd]
    for process in crowd:
        process.kill()
        process.wait()


def test_waits_of_a_process_add_up_and_stay_after_its_end(crowd: list[int]) -> None:
    clock, wait = BenchClock(), ProcessorWait()
    before = wait.of(crowd[0])
    clock.deadline(0.5).wait_out()
    waited = wait.of(crowd[0]) - before
    assert waited > 100_000_000, "each of three processes waits for two thirds of 0.5 s"
    assert wait.of(None) >= before + waited
    assert wait.of(crowd[1]) >= before + waited
    os.kill(crowd[0], signal.SIGKILL)
    assert wait.of(crowd[0]) >= before + waited


@pytest.fixture
def waits() -> list[int]:
    """The simulated waits of the device that the bench has not read yet, in ns."""
    return []


@pytest.fixture
def idle_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, the threads of the bench wait too."""
    monkeypatch.setattr(ProcessorWait, "latest", lambda *_arguments, **_options: [])


@pytest.fixture
def held_up(waits: list[int]) -> Iterator[HeldUp]:
    found = HeldUp(BenchClock(), lambda: [waits.pop()] if waits else [])
    found.start()
    yield found
    found.close()


@pytest.mark.usefixtures("idle_bench")
def test_waits_of_the_device_count_between_two_stamps(held_up: HeldUp, waits: list[int]) -> None:
    clock = BenchClock()
    start = clock.now()
    clock.deadline(0.1).wait_out()
    end = clock.now()
    held_up.between(start, end)  # takes a sample, so that later waits do not count
    waits.append(40_000_000)
    clock.deadline(0.05).wait_out()
    later = clock.now()
    assert held_up.between(start, end) < 50_000_000, "no wait in that time"
    assert 0 < held_up.between(end, later) <= later - end


def test_a_long_wait_counts_from_its_beginning(held_up: HeldUp, waits: list[int]) -> None:
    """The kernel counts the wait when it ends, but the bench has sampled several times during the wait."""
    clock = BenchClock()
    start = clock.now()
    clock.deadline(0.2).wait_out()
    waits.append(clock.now() - start)
    end = clock.now()
    assert held_up.between(start, end) > 0.9 * (end - start)


def test_an_idle_bench_is_not_held_up_on_a_busy_machine(held_up: HeldUp, crowd: list[int]) -> None:
    """If the device is slow while the bench is idle, the time counts against the device."""
    clock = BenchClock()
    os.sched_setaffinity(held_up._thread.native_id or 0, {ONE_CPU})
    start = clock.now()
    clock.deadline(0.5).wait_out()
    assert held_up.between(start, clock.now()) < 250_000_000


def test_a_working_bench_is_held_up_on_a_busy_processor(held_up: HeldUp, crowd: list[int]) -> None:
    clock = BenchClock()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {ONE_CPU})
    try:
        start = clock.now()
        while clock.now() < start + 500_000_000:
            pass
    finally:
        os.sched_setaffinity(0, before)
    assert held_up.between(start, clock.now()) > 150_000_000
