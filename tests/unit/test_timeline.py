"""A timeline with a limit, for `rig csms serve`, which runs for months."""

from __future__ import annotations

import asyncio
import concurrent.futures
from datetime import timedelta

import pytest

from rig.timeline import Timeline
from rig.timeline.events import Boot, Event, Note
from rig.util.clock import BenchClock
from rig.util.errors import ExpectationError
from tests.unit.conftest import BOTH_CLOCKS


def texts(timeline: Timeline) -> list[str]:
    return [event.text for event in timeline.events(Note)]


def test_all_events_are_kept_by_default() -> None:
    timeline = Timeline()
    for number in range(100):
        timeline.append(Note(text=str(number)))
    assert len(timeline) == 100


def test_only_the_latest_events_are_kept_with_their_ids() -> None:
    timeline = Timeline(keep=10)
    received: list[Event] = []
    timeline.listen(received.append)
    for number in range(100):
        placed = timeline.append(Note(text=str(number)))
        assert placed.id == number + 1
        assert min(number + 1, 10) <= len(timeline) < 20
    assert texts(timeline)[-10:] == [str(number) for number in range(90, 100)]
    assert len(received) == 100
    last = timeline.last(Note)
    assert last is not None
    assert last.id == 100


def test_the_latest_event_of_a_kind_outlives_those_of_other_kinds() -> None:
    """A bench that has been open for a week still knows its last boot; an earlier one is dropped."""
    timeline = Timeline(keep=10)
    assert timeline.last(Boot) is None
    for version in ("1", "2"):
        timeline.append(Boot(version=version, build="0", reset="power_on"))
    for number in range(100):
        timeline.append(Note(text=str(number)))
    assert [boot.version for boot in timeline.events(Boot)] == ["2"]
    assert timeline.last(Boot, lambda boot: boot.version == "2") is not None


def test_marks_and_consumed_events_stay_valid() -> None:
    timeline = Timeline(keep=10)
    early = timeline.mark()
    for number in range(55):
        timeline.append(Note(text=str(number)))
    mark = timeline.mark()
    for _ in range(3):
        timeline.append(Note(text="new"))
    assert [event.text for event in timeline.events(Note, mark)] == ["new"] * 3
    first = timeline.expect(Note, lambda note: note.text == "new", since=early, timeout=0)
    assert first.id == 56
    assert [event.id for event in timeline.events(Note, mark, unmatched=True)] == [57, 58]
    for _ in range(2):
        timeline.expect(Note, since=mark, timeout=0)
    with pytest.raises(ExpectationError):
        timeline.expect(Note, since=mark, timeout=0)


def test_events_of_listeners_are_delivered_before_old_ones_are_dropped() -> None:
    timeline = Timeline(keep=1)
    received: list[str] = []

    def echo(event: Event) -> None:
        assert isinstance(event, Note)
        received.append(event.text)
        if len(event.text) < 4:
            timeline.append(Note(text=event.text + "!"))

    timeline.listen(echo)
    timeline.append(Note(text="a"))
    timeline.append(Note(text="b"))
    assert received == ["a", "a!", "a!!", "a!!!", "b", "b!", "b!!", "b!!!"]
    assert len(timeline) == 1


@BOTH_CLOCKS
def test_a_deadline_passes_in_bench_time(clock: BenchClock, loop: asyncio.AbstractEventLoop) -> None:
    deadline = clock.deadline(0.05)
    assert deadline.timeout == 0.05
    assert 0 < deadline.left() <= 0.05
    assert not deadline.passed
    began = clock.now()
    deadline.wait_out()
    assert clock.between(began, clock.now()) >= 0.049
    assert deadline.passed
    assert deadline.left() == 0


@BOTH_CLOCKS
def test_a_deadline_waits_for_the_result_of_the_loops_work(clock: BenchClock, loop: asyncio.AbstractEventLoop) -> None:
    async def seven() -> int:
        await asyncio.sleep(0.01)
        return 7

    began = clock.now()
    assert clock.deadline(60).result(asyncio.run_coroutine_threadsafe(seven(), loop)) == 7
    assert 0.009 <= clock.between(began, clock.now()) < 60
    with pytest.raises(TimeoutError):
        clock.deadline(0.01).result(asyncio.run_coroutine_threadsafe(asyncio.sleep(1), loop))


@BOTH_CLOCKS
def test_a_deadline_that_is_far_waits_for_a_notification(clock: BenchClock, loop: asyncio.AbstractEventLoop) -> None:
    condition, came = clock.condition(), []

    def come() -> None:
        with condition:
            came.append(clock.now())
            condition.notify_all()

    loop.call_soon_threadsafe(loop.call_later, 0.01, come)
    deadline = clock.deadline(60)
    with condition:
        while not came and not deadline.passed:
            deadline.wait(condition)
    assert came
    assert not deadline.passed


@BOTH_CLOCKS
def test_dates_run_with_bench_time(clock: BenchClock) -> None:
    stamp, date = clock.now(), clock.utc()
    clock.deadline(0.01).wait_out()
    assert clock.utc() - date >= timedelta(milliseconds=10)
    assert abs((clock.utc() - date).total_seconds() - clock.between(stamp, clock.now())) < 60


def test_real_time_neither_settles_nor_stalls() -> None:
    clock = BenchClock()
    clock.settle()
    assert not clock.steps
    assert clock.holdup() == ""


def test_a_deadline_never_passes_its_outer_one() -> None:
    clock = BenchClock()
    whole = clock.deadline(1)
    assert clock.deadline(60, before=whole).left() <= 1
    assert clock.deadline(0, before=whole).passed


def test_a_deadline_ends_the_wait_for_a_result() -> None:
    clock = BenchClock()
    result: concurrent.futures.Future[int] = concurrent.futures.Future()
    with pytest.raises(TimeoutError):
        clock.deadline(0).result(result)
    result.set_result(7)
    assert clock.deadline(0).result(result) == 7


def test_several_expectations_share_a_deadline() -> None:
    timeline = Timeline()
    timeline.append(Note(text="there"))
    deadline = timeline.clock.deadline(0)
    assert timeline.expect(Note, timeout=deadline).text == "there"
    with pytest.raises(ExpectationError, match="expected within 0 s: Note"):
        timeline.expect(Note, timeout=deadline)
