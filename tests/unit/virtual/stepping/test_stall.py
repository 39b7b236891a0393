"""A device or a loop that does not become idle is named after a limit of real time."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import threading

import pytest

from rig.util.clock import BenchClock
from rig.util.errors import DeviceError
from rig.wiring.virtual.stepping import stall
from rig.wiring.virtual.stepping.device_clock import DeviceClock
from tests.unit.virtual.conftest import Desk

from .conftest import PlayedDevice


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stall, "LIMIT_S", 0.3)


def device_of(desk: Desk) -> int:
    board = desk.wiring.hooks._board  # type: ignore[union-attr]
    assert board.device_pid is not None
    return int(board.device_pid)


def test_a_device_that_is_stopped(running: Desk, clock: BenchClock) -> None:
    pid = device_of(running)
    clock.deadline(1).wait_out()
    now = clock.now()
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(
        DeviceError,
        match=rf"stands still: the device \(process {pid}, stopped\) has not reported idle for 0\.3 s of real time",
    ):
        clock.deadline(1).wait_out()
    assert clock.now() == now
    os.kill(pid, signal.SIGCONT)
    clock.deadline(1).wait_out()


def test_a_device_that_spins_is_judged_by_its_processor_time(running: Desk, clock: BenchClock) -> None:
    pid = device_of(running)
    running.port.send("spin")
    running.port.expect("= spin")
    with pytest.raises(
        DeviceError, match=rf"the device \(process {pid}, running\) has not reported idle for 0\.3 s of processor time"
    ):
        clock.deadline(1).wait_out()
    running.power.off()
    clock.deadline(1).wait_out()


def test_the_processor_time_of_a_briefly_busy_device_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The clock checks several times per step, and reading the processor time would dominate that."""
    monkeypatch.setattr(stall, "LIMIT_S", 30)
    asked: list[int] = []
    monkeypatch.setattr(stall, "_stat", lambda pid: asked.append(pid) or [])
    watch, device = stall.Stall(), DeviceClock(1)
    assert [watch.look(1, device, []) for _ in range(3)] == [None] * 3
    assert not asked
    device.close()


def test_settling_reports_a_stall_too(running: Desk, clock: BenchClock) -> None:
    pid = device_of(running)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(DeviceError, match=rf"process {pid}, stopped"):
        clock.settle()
    assert clock.holdup().endswith(f"no call of the bench waits for it, and the device (process {pid}) is stopped")
    os.kill(pid, signal.SIGCONT)


def test_a_message_can_name_the_cause_of_a_stall(
    clock: BenchClock, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stall, "LIMIT_S", 30)
    assert clock.holdup() == "bench time stands still: no call of the bench waits for it"

    def while_waiting() -> str:
        waiting = threading.Thread(target=clock.deadline(1).wait_out)
        waiting.start()
        said = clock.holdup()
        while "no call of the bench waits" in said:
            os.sched_yield()
            said = clock.holdup()
        free.set()
        waiting.join()
        return said

    free, in_it = threading.Event(), threading.Event()
    loop.call_soon_threadsafe(lambda: (in_it.set(), free.wait()))
    in_it.wait()
    assert re.fullmatch(
        r"bench time stands still: the event loop of the bench, which is in <lambda> \(.*/test_stall\.py:\d+\), works",
        while_waiting(),
    )

    free.clear()
    asked = threading.Event()

    def answer(received: str) -> str:
        asked.set()
        free.wait()
        return f"idle {received.split()[1]} never 0"

    device = PlayedDevice(clock, answer)  # type: ignore[arg-type]
    waiting = threading.Thread(target=clock.deadline(1).wait_out)
    waiting.start()
    asked.wait()
    assert clock.holdup() == "bench time stands still: the device (process 0, gone) has not reported idle"
    free.set()
    waiting.join()
    device.close()
