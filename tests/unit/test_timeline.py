"""A timeline that forgets: `rig csms serve` runs for months."""

from __future__ import annotations

import pytest

from rig.util.clock import BenchClock
from rig.util.errors import ExpectationError
from rig.timeline.events import Event, Note
from rig.timeline import Timeline


def texts(timeline: Timeline) -> list[str]:
    return [event.text for event in timeline.events(Note)]


def test_all_stay_unless_told_otherwise() -> None:
    timeline = Timeline()
    for number in range(100):
        timeline.append(Note(text=str(number)))
    assert len(timeline) == 100


def test_only_the_latest_stay_and_keep_their_ids() -> None:
    timeline = Timeline(keep=10)
    heard: list[Event] = []
    timeline.listen(heard.append)
    for number in range(100):
        placed = timeline.append(Note(text=str(number)))
        assert placed.id == number + 1
        assert min(number + 1, 10) <= len(timeline) < 20
    assert texts(timeline)[-10:] == [str(number) for number in range(90, 100)]
    assert len(heard) == 100
    last = timeline.last(Note)
    assert last is not None
    assert last.id == 100


def test_marks_expectations_and_what_was_consumed_go_on() -> None:
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


def test_what_listeners_append_is_delivered_before_anything_is_forgotten() -> None:
    timeline = Timeline(keep=1)
    heard: list[str] = []

    def echo(event: Event) -> None:
        assert isinstance(event, Note)
        heard.append(event.text)
        if len(event.text) < 4:
            timeline.append(Note(text=event.text + "!"))

    timeline.listen(echo)
    timeline.append(Note(text="a"))
    timeline.append(Note(text="b"))
    assert heard == ["a", "a!", "a!!", "a!!!", "b", "b!", "b!!", "b!!!"]
    assert len(timeline) == 1


def test_whoever_waits_on_a_fast_clock_has_patience() -> None:
    clock = BenchClock()
    assert clock.patience(60) == 60
    clock.set_scale(100)
    assert [clock.patience(seconds) for seconds in (0.1, 60, 1000)] == [0.1, 5, 10]
    clock.set_scale(0.5)
    assert clock.patience(60) == 120
