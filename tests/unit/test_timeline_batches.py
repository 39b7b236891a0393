"""Batches of events and the index by kind give the same results as single events and a full search."""

from __future__ import annotations

import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.timeline import Mark, Timeline
from rig.timeline.events import Boot, Event, LogLine, Note
from rig.util.errors import BenchError, ExpectationError

NOTES = st.builds(Note, text=st.sampled_from("abc"))
LINES = st.builds(LogLine, text=st.sampled_from("abc"))
BATCHES = st.lists(st.lists(NOTES | LINES, max_size=6), max_size=8)
KINDS: list[type[Event]] = [Event, Note, LogLine, Boot]


def says(event: Event) -> str:
    return event.text if isinstance(event, (Note, LogLine)) else ""


@given(BATCHES)
def test_a_batch_equals_single_events(batches: list[list[Event]]) -> None:
    together, single = Timeline(), Timeline()
    received: list[Event] = []
    together.listen(received.append)
    for batch in batches:
        placed = together.extend(batch, t=1, uncertainty=2, source="x")
        assert placed == list(together)[len(together) - len(batch) :]
        for event in batch:
            single.append(event.placed(0, 1, 2, "x"))
    assert list(together) == list(single) == received
    assert [event.id for event in together] == list(range(1, len(together) + 1))


def test_only_missing_fields_are_filled_in() -> None:
    timeline = Timeline()
    own = Note(t=5, uncertainty=6, source="me", text="x")
    before = timeline.clock.now()
    first, second, third = timeline.extend([own, Note(text="y"), Note(text="z")], source="them")
    assert (first.t, first.uncertainty, first.source) == (5, 6, "me")
    assert (second.uncertainty, second.source) == (0, "them")
    assert before <= second.t == third.t <= timeline.clock.now()
    assert own.id == 0


def test_a_new_event_is_appended_itself_and_another_one_as_a_copy() -> None:
    timeline = Timeline()
    new, shared = Note(text="x"), Note(text="x")
    assert timeline.append(new, is_new=True) is new
    copy = timeline.append(shared)
    assert (new.id, copy.id, shared.id) == (1, 2, 0)
    assert 0 < new.t <= copy.t


def test_an_empty_batch_changes_nothing() -> None:
    timeline = Timeline()
    assert timeline.extend([]) == []
    assert timeline.mark() == Mark(1)


@given(
    BATCHES, st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from("abc"), st.integers(1, 20))), st.integers(0, 9)
)
def test_the_index_of_kinds_equals_a_full_search(
    batches: list[list[Event]], wanted: list[tuple[type[Event], str, int]], early: int
) -> None:
    """Some kinds are searched before their first event, some after; consuming applies to all kinds."""
    timeline = Timeline()
    consumed: set[int] = set()
    for kind, _, _ in wanted[:early]:
        assert timeline.last(kind) is None
    for batch in batches:
        timeline.extend(batch)
    for kind, text, after in wanted:
        there = [e for e in timeline if isinstance(e, kind) and e.id >= after]
        assert timeline.events(kind, Mark(after)) == there
        left = [e for e in there if e.id not in consumed]
        assert timeline.events(kind, Mark(after), unmatched=True) == left
        match = [e for e in left if says(e) == text]
        assert timeline.events(kind, Mark(after), lambda e: says(e) == text, unmatched=True) == match  # noqa: B023
        assert timeline.tail(kind, 2, Mark(after)) == there[-2:]
        assert timeline.last(kind) == next((e for e in reversed(list(timeline)) if isinstance(e, kind)), None)
        if match:
            found = timeline.expect(kind, lambda e: says(e) == text, since=Mark(after), timeout=0)  # noqa: B023
            assert found == match[0]
            consumed.add(found.id)
        else:
            nearest = f"nearest miss: .*{says(left[-1])!r}" if left else "no event of that kind occurred"
            with pytest.raises(ExpectationError, match=nearest):
                timeline.expect(kind, lambda e: says(e) == text, since=Mark(after), timeout=0)  # noqa: B023


def test_events_of_listeners_come_after_the_batch() -> None:
    timeline = Timeline()
    received: list[str] = []

    def echo(event: Event) -> None:
        received.append(says(event))
        if "!" not in says(event):
            timeline.append(Note(text=f"{says(event)}!"))

    timeline.listen(echo)
    timeline.extend([Note(text="a"), Note(text="b")])
    assert received == ["a", "b", "a!", "b!"]
    assert [says(event) for event in timeline] == received


def test_a_listener_is_called_once_after_a_batch() -> None:
    timeline = Timeline()
    received: list[str] = []
    stop = timeline.listen(lambda event: received.append(says(event)), lambda: received.append("."))
    timeline.extend([Note(text="a"), Note(text="b")])
    timeline.append(Note(text="c"))
    stop()
    stop()
    timeline.append(Note(text="d"))
    assert received == ["a", "b", ".", "c", "."]


def test_a_listener_gets_only_the_kinds_that_it_names() -> None:
    class Quoted(Note):
        pass

    timeline = Timeline()
    received: list[str] = []
    timeline.append(Note(text="before"))
    stop = timeline.listen(lambda event: received.append(says(event)), lambda: received.append("."), kinds=(Note,))
    timeline.extend([LogLine(text="a"), Note(text="b"), Quoted(text="c")])
    timeline.append(LogLine(text="d"))
    stop()
    timeline.append(Note(text="e"))
    assert received == ["b", "c", ".", "."]


def test_a_listener_is_called_even_if_another_fails() -> None:
    timeline = Timeline()
    received: list[str] = []
    timeline.listen(lambda event: received.append(says(event)), lambda: received.append("."))

    def fail(event: Event) -> None:
        raise ValueError(says(event))

    stop = timeline.listen(fail)
    with pytest.raises(ValueError, match="a"):
        timeline.extend([Note(text="a"), Note(text="b")])
    assert received == ["a", "."]
    stop()
    timeline.append(Note(text="c"))
    assert received == ["a", ".", "b", "c", "."]


def test_a_slow_predicate_does_not_delay_events() -> None:
    """The predicate of an expectation may be slow: instruments can append meanwhile."""
    timeline = Timeline()
    timeline.append(Note(text="first"))
    looking, appended = threading.Event(), threading.Event()

    def instrument() -> None:
        looking.wait(10)
        timeline.append(Note(text="second"))
        appended.set()

    thread = threading.Thread(target=instrument)
    thread.start()

    def where(note: Note) -> bool:
        looking.set()
        assert appended.wait(10)
        return note.text == "second"

    assert timeline.expect(Note, where, timeout=10).id == 2
    thread.join()


def test_an_expectation_ends_in_time_although_events_never_end() -> None:
    timeline = Timeline()
    timeline.append(Note(text="x"))
    with pytest.raises(ExpectationError, match="expected within 0 s"):
        timeline.expect(Note, lambda note: timeline.append(note) is None, timeout=0)


def test_an_earlier_event_is_found_despite_an_error() -> None:
    timeline = Timeline()
    timeline.append(Note(text="x"))
    timeline.interrupt(BenchError("gone", "look"))
    timeline.append(Note(text="y"))
    assert [timeline.expect(Note).text, timeline.expect(Note).text] == ["x", "y"]
    with pytest.raises(BenchError, match="gone"):
        timeline.expect(Note)


def test_a_consumed_event_is_not_matched_again() -> None:
    timeline = Timeline()
    got: list[int] = []
    threads = [
        threading.Thread(target=lambda kind=kind: got.extend(timeline.expect(kind).id for _ in range(100)))
        for kind in itertools.islice(itertools.cycle([Note, Event]), 4)
    ]
    for thread in threads:
        thread.start()
    for _ in range(20):
        timeline.extend([Note(text="x")] * 20)
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(1, 401))


@pytest.mark.parametrize("kind", [Note, Event])
def test_a_batch_ends_a_wait(kind: type[Event]) -> None:
    timeline = Timeline()
    threading.Timer(0.01, lambda: timeline.extend([LogLine(text="a"), Note(text="a"), LogLine(text="b")])).start()
    assert isinstance(timeline.expect(kind, lambda e: isinstance(e, Note), timeout=10), Note)


def test_dropped_events_leave_the_index_of_kinds() -> None:
    timeline = Timeline(keep=10)
    timeline.last(Note)
    for number in range(30):
        timeline.extend([Note(text=str(number)), LogLine(text=str(number))])
    assert timeline.events(Note) == [event for event in timeline if isinstance(event, Note)]
    assert len(timeline.events(Event)) == len(timeline) < 22
    assert timeline.expect(Note, since=Mark(1)).id == timeline.events(Note)[0].id
