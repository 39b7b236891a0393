"""The timeline: all events of the bench, in order and on one clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rig.timeline.event_index import KindIndex, place_of
from rig.timeline.events import Event, LinkChange, LogLine, OcppFrame
from rig.timeline.log_tail import console_tail
from rig.timeline.words import in_words
from rig.util.checked import Count, Seconds, checked
from rig.util.clock import BenchClock, Deadline
from rig.util.errors import AuthorError, ExpectationError, Miss, PlugbenchError

E = TypeVar("E", bound=Event)
Listener = Callable[[Event], None]
Then = Callable[[], None]
_LANES: Mapping[type[Event], str] = {OcppFrame: "ocpp", LogLine: "log", LinkChange: "link"}
"""The lane in which the report draws a missing event."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A position on the timeline.

    Attributes:
        after: the id of the first event after the position, even if this event does not exist yet.
    """

    after: int


class Timeline:
    """An append-only list of events. Any thread can call its methods.

    Listeners are called in the appending thread, in order, under the timeline's lock. They must be fast and must not
    block. They can append further events, which are delivered afterwards, never nested. Predicates of searches are
    called without the lock, so that a long search does not block the instruments.

    Args:
        clock: the bench's clock.
        keep: the minimum number of latest events that stay readable, for processes that run for weeks; None for all.

    Attributes:
        clock: the bench's clock.
    """

    def __init__(self, clock: BenchClock | None = None, keep: int | None = None) -> None:
        self.clock: BenchClock = clock or BenchClock()
        self._keep = keep
        self._events: list[Event] = []
        self._forgotten = 0  # number of dropped events: index i has the id _forgotten + i + 1
        self._kinds: dict[type[Event], KindIndex[Any]] = {}  # the index of each kind that was searched for
        self._kinds_of: dict[type[Event], tuple[KindIndex[Any], ...]] = {}  # the indexes of each type of event
        self._consumed: set[int] = set()
        self._listeners: tuple[tuple[Listener, tuple[type[Event], ...], Then | None], ...] = ()
        self._listeners_of: dict[type[Event], tuple[Listener, ...]] = {}  # the listeners to each type of event
        self._on_interrupt: list[Callable[[PlugbenchError], None]] = []
        self._lock = threading.RLock()
        self._delivering = False
        self._delivered = 0
        self._trouble: PlugbenchError | None = None
        self._default_mark = Mark(1)
        self.logs: Path | None = None
        """The folder for the running test's logs, for messages."""

    # -- writing ------------------------------------------------------------------------------------------------

    def append(self, event: E, *, is_new: bool = False) -> E:
        """Append and return a copy of an event with a new id. A stamp of 0 becomes the current time.

        Args:
            event: the event.
            is_new: whether the caller has just made the event, and nothing else uses it. Then the event itself is
                appended, because a copy takes as long as making it.

        Raises:
            AuthorError: `event` is not an Event.
        """
        if not isinstance(event, Event):
            raise AuthorError(f"Timeline.append: event is an Event, not {event!r}")
        with self._lock:
            number = self._forgotten + len(self._events) + 1
            t = event.t or self.clock.now()
            placed = event.place(number, t) if is_new else event.placed(number, t, event.uncertainty, event.source)
            self._events.append(placed)
            indexes = self._indexes(type(placed))
            for index in indexes:
                index.add(placed)
            self._settle(indexes)
        return placed

    def extend(self, events: Sequence[Event], *, t: int = 0, uncertainty: int = 0, source: str = "") -> list[Event]:
        """Append several events atomically, with no event of another thread between them.

        Args:
            events: the events in order. If a field of an event is 0 or empty, the argument of the same name replaces
                it.
            t: the stamp, in ns; 0 for now.
            uncertainty: the largest error of the stamp, in ns.
            source: the instrument.

        Returns:
            The appended copies, with their ids.
        """
        with self._lock:
            t = t or self.clock.now()
            first = self._forgotten + len(self._events) + 1
            placed = [
                event.placed(number, event.t or t, event.uncertainty or uncertainty, event.source or source)
                for number, event in enumerate(events, first)
            ]
            self._events += placed
            indexes = {index for event_type in set(map(type, placed)) for index in self._indexes(event_type)}
            for index in indexes:
                index.extend(placed)
            self._settle(indexes)
        return placed

    def _settle(self, indexes: Iterable[KindIndex[Any]]) -> None:
        """Call the listeners, and wake waiting threads even if a listener raises."""
        try:
            self._deliver()
        finally:
            if self._keep is not None:
                self._forget(self._keep)
            for index in indexes:
                if index.waiting:
                    index.wake()

    def _deliver(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._delivered < self._forgotten + len(self._events):
                event = self._events[self._delivered - self._forgotten]
                self._delivered += 1
                listeners = self._listeners_of.get(type(event))
                for listener in self._listeners_to(type(event)) if listeners is None else listeners:
                    listener(event)
        finally:
            self._delivering = False
            for _, _, then in self._listeners:
                if then is not None:
                    then()

    def _listeners_to(self, event_type: type[Event]) -> tuple[Listener, ...]:
        found = tuple(listener for listener, kinds, _ in self._listeners if issubclass(event_type, kinds))
        self._listeners_of[event_type] = found
        return found

    def _forget(self, keep: int) -> None:
        if self._delivering or len(self._events) < 2 * keep:
            return
        gone = len(self._events) - keep  # many at once: each deletion moves all remaining events
        del self._events[:gone]
        self._forgotten += gone
        self._consumed = {number for number in self._consumed if number > self._forgotten}
        for index in self._kinds.values():
            index.forget(self._forgotten)

    def _index(self, kind: type[E]) -> KindIndex[E]:
        """Return the index of a kind; the first search for the kind creates it."""
        index = self._kinds.get(kind)
        if index is None:
            index = self._kinds[kind] = KindIndex(kind, self._events, self._consumed, self.clock.condition(self._lock))
            self._kinds_of.clear()
        return index

    def _indexes(self, event_type: type[Event]) -> tuple[KindIndex[Any], ...]:
        """Return the indexes that events of a type belong to."""
        found = self._kinds_of.get(event_type)
        if found is None:
            found = tuple(index for kind, index in self._kinds.items() if issubclass(event_type, kind))
            self._kinds_of[event_type] = found
        return found

    def _consume(self, event: Event) -> bool:
        """Consume an event; return False if it was consumed already."""
        with self._lock:
            if event.id in self._consumed:
                return False
            self._consumed.add(event.id)
            for index in self._indexes(type(event)):
                index.consume(event)
            return True

    def listen(
        self, listener: Listener, then: Then | None = None, *, kinds: tuple[type[Event], ...] = (Event,)
    ) -> Callable[[], None]:
        """Call `listener` with each event from now on. Returns a function that removes the listener.

        Args:
            listener: called with each event in order.
            then: called once after the events of each `append` or `extend`, before that call returns. For work that
                costs the same for one event as for many.
            kinds: the types of the events for `listener`. Nearly all events are lines of the console: a listener that
                ignores them names the types that it needs, so that it costs nothing for a line.
        """
        entry = (listener, kinds, then)
        with self._lock:
            self._listeners = (*self._listeners, entry)
            self._listeners_of.clear()

        def stop() -> None:
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not entry)
                self._listeners_of.clear()

        return stop

    def interrupt(self, trouble: PlugbenchError) -> None:
        """Make all waits, current and future, raise `trouble` until `clear_trouble`. The first trouble is kept."""
        with self._lock:
            first = self._trouble is None
            self._trouble = self._trouble or trouble
            for index in self._kinds.values():
                index.wake()
            listeners = tuple(self._on_interrupt) if first else ()
        for listener in listeners:
            listener(trouble)

    def on_interrupt(self, listener: Callable[[PlugbenchError], None]) -> None:
        """Call `listener` with the trouble of `interrupt`, in its thread. A pending trouble prevents the call."""
        with self._lock:
            self._on_interrupt.append(listener)

    def clear_trouble(self) -> None:
        """Clear the trouble of `interrupt`."""
        with self._lock:
            self._trouble = None

    @property
    def trouble(self) -> PlugbenchError | None:
        """The trouble of `interrupt`; None if there is none or it was cleared."""
        return self._trouble

    # -- reading ------------------------------------------------------------------------------------------------

    def mark(self) -> Mark:
        """Return the position after the latest event."""
        with self._lock:
            return Mark(self._forgotten + len(self._events) + 1)

    @checked
    def set_default_mark(self, mark: Mark) -> None:
        """Set the mark from which `expect` searches by default: the start of the running test."""
        self._default_mark = mark

    @property
    def default_mark(self) -> Mark:
        """The start of the running test."""
        return self._default_mark

    @checked
    def events(
        self,
        kind: type[E],
        since: Mark | None = None,
        where: Callable[[E], bool] | None = None,
        *,
        unmatched: bool = False,
    ) -> list[E]:
        """Return all events of a kind for which `where` is true. None of them is consumed.

        Args:
            kind: the event's type.
            since: skip events before this mark; None for all events.
            where: a predicate; None accepts all.
            unmatched: skip events that an `expect` has consumed.
        """
        with self._lock:
            index = self._index(kind)
            found = _from(since, index.unmatched if unmatched else index.events)
        return found if where is None else [event for event in found if where(event)]

    @checked
    def last(self, kind: type[E], where: Callable[[E], bool] | None = None) -> E | None:
        """Return the latest event of a kind for which `where` is true; None if there is none."""
        with self._lock:
            events = self._index(kind).events
        for event in reversed(events):
            if where is None or where(event):
                return event
        return None

    @checked
    def tail(self, kind: type[E], count: Count, since: Mark | None = None) -> list[E]:
        """Return the latest `count` events of a kind in order. `since` excludes the events before a mark."""
        with self._lock:
            latest = self._index(kind).events[-count:]
        return _from(since, latest)

    @checked
    def page(self, since: Mark, most: Count) -> list[Event]:
        """Return the first events after a mark, at most `most`.

        Args:
            since: the position to begin at. If its events were dropped, the first readable event is the first.
            most: the largest number of events.
        """
        with self._lock:
            first = max(0, since.after - 1 - self._forgotten)
            return self._events[first : first + most]

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events[:])

    def __len__(self) -> int:
        """Return the number of readable events."""
        return len(self._events)

    # -- waiting ------------------------------------------------------------------------------------------------

    @checked
    def expect(
        self,
        kind: type[E],
        where: Callable[[E], bool] | None = None,
        *,
        since: Mark | None = None,
        timeout: Seconds | Deadline = 5.0,
        what: str = "",
        consume: bool = True,
        explain: Callable[[list[E]], str] | None = None,
        lane: str = "",
    ) -> E:
        """Return the first unconsumed event of a kind after `since`. Wait if none has occurred yet.

        Args:
            kind: the event's type.
            where: a predicate; None accepts all.
            since: skip events before this mark; None for the start of the running test.
            timeout: the timeout in bench seconds, or a deadline that several waits share.
            what: the expectation in words, for the message.
            consume: False leaves the event to other expectations.
            explain: called with the unmatched events of the kind; returns the nearest miss and further details for the
                message. None for the latest event, and the console's last lines.
            lane: the lane in which the report draws a missing event, such as `leds.status`; empty for the kind's lane.

        Raises:
            ExpectationError: the event did not occur in time. The message has the expectation and the nearest miss.
            BenchError, DeviceError: the trouble of `interrupt`, at once.
            WaitEndedError: the test has ended, or its task was cancelled.
        """
        since = since or self._default_mark
        deadline = timeout if isinstance(timeout, Deadline) else self.clock.deadline(timeout)
        began = self.clock.now()
        following = since.after
        while True:
            deadline.check()
            with self._lock:
                index = self._index(kind)
                unseen = _from(Mark(following), index.unmatched)
                trouble, passed = self._trouble, deadline.passed
                if not unseen and trouble is None and not passed:
                    index.wait(deadline)
                    continue
            for event in unseen:
                if (where is None or where(event)) and (not consume or self._consume(event)):
                    self.clock.settle()  # so that the test also gets the other events of this moment
                    return event
                following = event.id + 1
            if trouble is not None:
                raise trouble
            if passed:
                break
        misses = [event for event in self.events(kind, since, unmatched=True) if event.id < following]
        details = (explain or self._explain)(misses)
        what = what or kind.__name__
        raise ExpectationError(
            f"expected within {deadline.timeout:g} s: {what}\n{details}",
            Miss(lane or _LANES.get(kind, ""), what, began, self.clock.now()),
        )

    @checked
    def expect_none(
        self,
        kind: type[E],
        where: Callable[[E], bool] | None = None,
        *,
        since: Mark | None = None,
        within: Seconds,
        what: str = "",
    ) -> None:
        """Check that no such event occurs between the mark and `within` bench seconds from now.

        Raises:
            ExpectationError: such an event occurred; the message shows it.
        """
        try:
            found = self.expect(kind, where, since=since, timeout=within, consume=False)
        except ExpectationError:
            return
        raise ExpectationError(
            f"forbidden, but it came: {what or kind.__name__}\nit was: {in_words(found)}\n{console_tail(self)}"
        )

    def _explain(self, misses: Sequence[Event]) -> str:
        miss = f"nearest miss: {in_words(misses[-1])}" if misses else "no event of that kind occurred"
        return f"{miss}\n{console_tail(self)}"


def _from(mark: Mark | None, events: list[E]) -> list[E]:
    """Return a copy of the events after a mark; None for all."""
    return events[place_of(mark.after, events) if mark is not None and mark.after > 1 else 0 :]
