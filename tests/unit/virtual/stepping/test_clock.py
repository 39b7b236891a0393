"""Bench time stops while a participant works, and jumps to the earliest deadline when all are idle."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from rig.timeline import Timeline
from rig.timeline.events import Note
from rig.util.errors import BenchError, DeviceError, ExpectationError
from rig.wiring.virtual.stepping import stall
from rig.wiring.virtual.stepping.clock import START_NS, SteppedClock
from tests.unit.conftest import running

from .conftest import PlayedDevice

SECOND = 1_000_000_000


def do(clock: SteppedClock, loop: asyncio.AbstractEventLoop, work: Any, timeout: float = 10_000) -> Any:
    return clock.deadline(timeout).result(asyncio.run_coroutine_threadsafe(work, loop))


def test_time_stands_still_without_a_waiting_thread(clock: SteppedClock, loop: asyncio.AbstractEventLoop) -> None:
    fired = threading.Event()
    loop.call_soon_threadsafe(loop.call_later, 1, fired.set)
    clock.settle()
    assert not fired.wait(0.05)
    assert clock.now() == START_NS


def test_a_wait_advances_time_and_date_to_its_end(clock: SteppedClock, loop: asyncio.AbstractEventLoop) -> None:
    before = clock.utc()
    clock.deadline(3600).wait_out()
    assert clock.now() == START_NS + 3600 * SECOND
    assert clock.utc() - before == timedelta(hours=1)


def test_a_wait_without_participants_is_over_at_once(clock: SteppedClock) -> None:
    """The timeline of a closed bench has such a clock."""
    with pytest.raises(ExpectationError, match="within 5 s"):
        Timeline(clock).expect(Note, timeout=5)
    assert clock.now() == START_NS + 5 * SECOND
    clock.settle()


def test_timers_fire_in_order_and_exactly_on_time(clock: SteppedClock) -> None:
    fired: list[tuple[str, int]] = []
    with running(clock, "one") as one, running(clock, "other") as other:
        for name, loop, after in (("c", one, 0.3), ("a", one, 0.1), ("b", other, 0.2)):
            loop.call_soon_threadsafe(loop.call_later, after, lambda name=name: fired.append((name, clock.now())))
        clock.settle()
        clock.deadline(1).wait_out()
    assert [(name, at - START_NS) for name, at in fired] == [
        ("a", SECOND // 10),
        ("b", 2 * SECOND // 10),
        ("c", 3 * SECOND // 10),
    ]


def test_a_long_sleep_costs_no_real_time(clock: SteppedClock, loop: asyncio.AbstractEventLoop) -> None:
    began = time.process_time()
    do(clock, loop, asyncio.sleep(9000))
    assert clock.now() == START_NS + 9000 * SECOND
    assert time.process_time() - began < 5


def test_time_waits_for_a_loop_that_computes(clock: SteppedClock, loop: asyncio.AbstractEventLoop) -> None:
    async def compute() -> int:
        threading.Event().wait(0.05)
        return clock.now()

    assert do(clock, loop, compute()) == START_NS


def test_time_waits_for_bytes_on_their_way(clock: SteppedClock, loop: asyncio.AbstractEventLoop) -> None:
    async def there_and_back() -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(100):
                writer.write(data)
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for _ in range(100):
            writer.write(b"x")
            assert await reader.read(1) == b"x"
        writer.close()
        assert await reader.read() == b""
        server.close()
        assert clock.now() == START_NS

    do(clock, loop, there_and_back())


def test_an_event_at_the_deadline_is_in_time(clock: SteppedClock, loop: asyncio.AbstractEventLoop) -> None:
    timeline = Timeline(clock)
    loop.call_soon_threadsafe(loop.call_later, 5, lambda: timeline.append(Note(text="tea")))
    clock.settle()
    assert timeline.expect(Note, timeout=5).t == START_NS + 5 * SECOND
    with pytest.raises(ExpectationError, match="within 2 s"):
        timeline.expect(Note, timeout=2)
    assert clock.now() == START_NS + 7 * SECOND


def test_an_event_at_the_deadline_is_in_time_however_long_it_takes_to_come(
    clock: SteppedClock, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wait that returns early at the deadline, to handle a signal, does not end the expectation."""
    monkeypatch.setattr("rig.wiring.virtual.stepping.clock.SIGNAL_LATENCY_S", 0.001)
    timeline = Timeline(clock)

    def come() -> None:
        threading.Event().wait(0.1)
        timeline.append(Note(text="tea"))

    loop.call_soon_threadsafe(loop.call_later, 5, come)
    clock.settle()
    assert timeline.expect(Note, timeout=5).t == START_NS + 5 * SECOND


def test_time_waits_for_a_woken_thread(clock: SteppedClock, loop: asyncio.AbstractEventLoop) -> None:
    """The event at 1 s ends the wait; another timer at the same time does not let bench time move first."""
    timeline = Timeline(clock)

    def say() -> None:
        timeline.append(Note(text="tea"))
        loop.call_later(0.001, lambda: None)

    for _ in range(200):
        start = clock.now()
        loop.call_soon_threadsafe(loop.call_later, 1, say)
        clock.settle()
        timeline.expect(Note, timeout=60)
        assert clock.now() == start + SECOND


def test_a_wait_whose_end_a_signal_interrupted_does_not_hold_up_the_next(
    clock: SteppedClock, loop: asyncio.AbstractEventLoop
) -> None:
    class Interrupted(set[Any]):
        def discard(self, _: object) -> None:
            raise KeyboardInterrupt

    def interrupt() -> None:
        with clock._changed:
            clock._waiters = Interrupted(clock._waiters)

    loop.call_soon_threadsafe(loop.call_later, 1, interrupt)
    with pytest.raises(KeyboardInterrupt):
        clock.deadline(5).wait_out()
    before = clock.now()
    clock.settle()
    clock.deadline(1).wait_out()
    assert clock.now() == before + SECOND


def test_a_participant_does_not_wait_for_settling(clock: SteppedClock, loop: asyncio.AbstractEventLoop) -> None:
    """An instrument's call that ends with `settle` may run on the bench's loop, which cannot be idle then."""

    async def settle() -> int:
        clock.settle()
        await asyncio.sleep(1)
        clock.settle()
        return clock.now()

    assert do(clock, loop, settle()) == START_NS + SECOND


def test_settling_includes_ready_callbacks_and_no_timers(clock: SteppedClock, loop: asyncio.AbstractEventLoop) -> None:
    done: list[str] = []

    async def work() -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        done.append("now")
        await asyncio.sleep(1e-3)
        done.append("later")

    asyncio.run_coroutine_threadsafe(work(), loop)
    clock.settle()
    assert (done, clock.now()) == (["now"], START_NS)


def test_a_device_takes_part(clock: SteppedClock, loop: asyncio.AbstractEventLoop) -> None:
    def plan(received: str) -> str | None:
        word, _, number = received.partition(" ")
        due = min((at for at in (START_NS + 2 * SECOND, START_NS + 7 * SECOND) if at > clock.now()), default="never")
        return f"idle {number} {due} 0" if word == "ask" else None

    device = PlayedDevice(clock, plan)
    clock.deadline(10).wait_out()
    assert device.received.count("wake") == 2
    assert clock.now() == START_NS + 10 * SECOND
    device.close()


def test_a_connecting_device_is_not_idle_unless_connections_are_ignored(
    clock: SteppedClock, loop: asyncio.AbstractEventLoop
) -> None:
    answers = iter(["idle {} never 1", "idle {} never 1", "idle {} never 0"])
    device = PlayedDevice(
        clock,
        lambda received: next(answers, "idle {} never 0").format(received.split()[1]) if "ask" in received else None,
    )
    clock.deadline(1).wait_out()
    assert len([message for message in device.received if message.startswith("ask")]) >= 3
    device.close()
    device = PlayedDevice(clock, lambda received: f"idle {received.split()[1]} never 1" if "ask" in received else None)
    clock.ignores_syn = True
    clock.deadline(1).wait_out()
    assert clock.now() == START_NS + 2 * SECOND
    device.close()


def test_a_stall_of_time_names_its_cause(
    clock: SteppedClock, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stall, "LIMIT_S", 0.3)
    device = PlayedDevice(clock, lambda _heard: None)
    with pytest.raises(
        DeviceError, match=r"stands still: the device \(process 0, gone\) has not reported idle for 0.3 s"
    ):
        clock.deadline(1).wait_out()
    device.close()
    go_on = threading.Event()
    loop.call_soon_threadsafe(go_on.wait)
    with pytest.raises(BenchError, match=r"stands still: the event loop of the bench has worked for 0\.3 s"):
        clock.deadline(1).wait_out()
    go_on.set()
    clock.deadline(1).wait_out()


def test_a_stall_is_longer_than_the_polling_of_a_wait(
    clock: SteppedClock, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stall, "LIMIT_S", 1.5)
    device = PlayedDevice(clock, lambda _heard: None)
    with pytest.raises(DeviceError, match=r"has not reported idle for 1\.5 s"):
        clock.deadline(10).wait_out()
    device.close()


def test_a_turn_that_never_ends_is_detected(
    clock: SteppedClock, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example a loop that blocks right after it got its turn."""
    monkeypatch.setattr(stall, "LIMIT_S", 0.3)
    assert clock._take("somebody")
    with pytest.raises(BenchError, match=r"bench time stands still for 0\.3 s"):
        clock.deadline(1).wait_out()
    clock._end_turn("somebody")
    clock.deadline(1).wait_out()


def test_a_closed_bench_leaves_no_conductor(clock: SteppedClock) -> None:
    before = threading.active_count()
    for _ in range(3):
        with running(clock), running(clock):
            clock.deadline(1).wait_out()
        assert threading.active_count() == before
    assert clock.now() == START_NS + 3 * SECOND
