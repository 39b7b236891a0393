"""The one place where everything that happened on the bench stands, in order, on one clock."""

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
_LANES: Mapping[type[Event], str] = {OcppFrame: "ocpp", LogLine: "log", LinkChange: "link"}
"""The lane in which the report draws that such an event was missed."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A position on the timeline: what comes after it has an id of `after` or more."""

    after: int


class Timeline:
    """An append-only list of events. All methods may be called from any thread.

    Listeners are called in the appending thread, in order, under the timeline's lock: they must be quick, must not
    block and may append further events (which are delivered afterwards, never nested). What a test looks for by is
    called without the lock, so that a long look back keeps no instrument waiting.

    Args:
        clock: the bench's clock.
        keep: how many of the latest events stay readable, at least; None: all. For what runs for weeks.
    """

    def __init__(self, clock: BenchClock | None = None, keep: int | None = None) -> None:
        self.clock = clock or BenchClock()
        self._keep = keep
        self._events: list[Event] = []
        self._forgotten = 0  # events that are gone: the one at index i has the id _forgotten + i + 1
        self._kinds: dict[type[Event], KindIndex[Any]] = {}  # of each kind that anybody has looked for
        self._kinds_of: dict[type[Event], tuple[KindIndex[Any], ...]] = {}  # those of them that a type belongs to
        self._consumed: set[int] = set()
        self._listeners: tuple[tuple[Listener, Callable[[], None] | None], ...] = ()
        self._on_interrupt: list[Callable[[PlugbenchError], None]] = []
        self._lock = threading.RLock()
        self._delivering = False
        self._delivered = 0
        self._trouble: PlugbenchError | None = None
        self._default_mark = Mark(1)
        self.logs: Path | None = None
        """The folder that gets the running test's logs, to be named in messages."""

    # -- writing ------------------------------------------------------------------------------------------------

    def append(self, event: E) -> E:
        """Put an event at the end; its id and, where it is 0, its stamp are filled in. Returns what stands there.

        Raises:
            AuthorError: it is no event.
        """
        if not isinstance(event, Event):
            raise AuthorError(f"Timeline.append: event is an Event, not {event!r}")
        with self._lock:
            number = self._forgotten + len(self._events) + 1
            placed = event.placed(number, event.t or self.clock.now(), event.uncertainty, event.source)
            self._events.append(placed)
            indexes = self._indexes(type(placed))
            for index in indexes:
                index.add(placed)
            self._settle(indexes)
        return placed

    def extend(self, events: Sequence[Event], *, t: int = 0, uncertainty: int = 0, source: str = "") -> list[Event]:
        """Put events at the end, all at once: one after the other, with nobody else's between them.

        Args:
            events: in order. What they leave 0 or empty is filled in:
            t: the stamp, in ns; 0: now.
            uncertainty: of the stamp, in ns.
            source: the instrument.

        Returns:
            What stands there: copies, with their ids.
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
        """Tell everybody of what has come, also where a listener fails."""
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
                for listener, _ in self._listeners:
                    listener(event)
        finally:
            self._delivering = False
            for _, then in self._listeners:
                if then is not None:
                    then()

    def _forget(self, keep: int) -> None:
        if self._delivering or len(self._events) < 2 * keep:
            return
        gone = len(self._events) - keep  # many at once: each costs a move of all that stay
        del self._events[:gone]
        self._forgotten += gone
        self._consumed = {number for number in self._consumed if number > self._forgotten}
        for index in self._kinds.values():
            index.forget(self._forgotten)

    def _index(self, kind: type[E]) -> KindIndex[E]:
        """The index of a kind, made when the kind is first looked for."""
        index = self._kinds.get(kind)
        if index is None:
            index = self._kinds[kind] = KindIndex(kind, self._events, self._consumed, self.clock.condition(self._lock))
            self._kinds_of.clear()
        return index

    def _indexes(self, event_type: type[Event]) -> tuple[KindIndex[Any], ...]:
        """The indexes that events of a type belong to."""
        found = self._kinds_of.get(event_type)
        if found is None:
            found = tuple(index for kind, index in self._kinds.items() if issubclass(event_type, kind))
            self._kinds_of[event_type] = found
        return found

    def _consume(self, event: Event) -> bool:
        """Make an event nobody else's; False where it is somebody's already."""
        with self._lock:
            if event.id in self._consumed:
                return False
            self._consumed.add(event.id)
            for index in self._indexes(type(event)):
                index.consume(event)
            return True

    def listen(self, listener: Listener, then: Callable[[], None] | None = None) -> Callable[[], None]:
        """Call `listener` with each event from now on. Returns what ends that.

        Args:
            listener: called with one event after the other.
            then: called when it has got all that was appended at once, before `append` or `extend` returns: for what
                costs as much for one event as for many.
        """
        entry = (listener, then)
        with self._lock:
            self._listeners = (*self._listeners, entry)

        def stop() -> None:
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not entry)

        return stop

    def interrupt(self, trouble: PlugbenchError) -> None:
        """Make everyone who waits, now or later, raise `trouble`, until `clear_trouble`. The first one stays."""
        with self._lock:
            first = self._trouble is None
            self._trouble = self._trouble or trouble
            for index in self._kinds.values():
                index.wake()
            listeners = tuple(self._on_interrupt) if first else ()
        for listener in listeners:
            listener(trouble)

    def on_interrupt(self, listener: Callable[[PlugbenchError], None]) -> None:
        """Call `listener` with the first trouble of each `interrupt`, in the thread that interrupts."""
        with self._lock:
            self._on_interrupt.append(listener)

    def clear_trouble(self) -> None:
        """Forget what `interrupt` said."""
        with self._lock:
            self._trouble = None

    @property
    def trouble(self) -> PlugbenchError | None:
        """The latest trouble of `interrupt`; None once it is cleared."""
        return self._trouble

    # -- reading ------------------------------------------------------------------------------------------------

    def mark(self) -> Mark:
        """The position after everything that stands there now."""
        with self._lock:
            return Mark(self._forgotten + len(self._events) + 1)

    @checked
    def set_default_mark(self, mark: Mark) -> None:
        """The mark from which `expect` looks without `since`: the start of the running test."""
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
        """All events of a kind after `since` (None: from the very first) for which `where` holds. Consumes nothing.

        Args:
            kind: the event's type.
            since: only what came after this mark.
            where: what must hold for it.
            unmatched: leave out what an `expect` has consumed.
        """
        with self._lock:
            index = self._index(kind)
            found = _from(since, index.unmatched if unmatched else index.events)
        return found if where is None else [event for event in found if where(event)]

    @checked
    def last(self, kind: type[E], where: Callable[[E], bool] | None = None) -> E | None:
        """The latest event of a kind for which `where` holds, if any."""
        with self._lock:
            events = self._index(kind).events
        for event in reversed(events):
            if where is None or where(event):
                return event
        return None

    @checked
    def tail(self, kind: type[E], count: Count, since: Mark | None = None) -> list[E]:
        """The latest `count` events of a kind, the latest last; None: since the very first."""
        with self._lock:
            latest = self._index(kind).events[-count:]
        return _from(since, latest)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events[:])

    def __len__(self) -> int:
        """How many events stand there to be read."""
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
        """The first event of a kind after `since` that nobody consumed yet: already there, or still to come.

        Args:
            kind: the event's type.
            where: what must hold for it.
            since: only what came after this mark; None: since the running test's start.
            timeout: how long to wait, in bench seconds; or the deadline of several waits together.
            what: the expectation in words, for the message.
            consume: False to look without taking: another `expect` may match the same event.
            explain: called with the unmatched events of the kind; returns the nearest miss and what else there is to
                tell. None: the latest of them, and the console's last lines.
            lane: the wire it is expected on, such as `leds.status`, where the report draws what was missed; empty: the
                lane of all events of the kind, if they have one.

        Raises:
            ExpectationError: it did not come in time. The message says what was expected and the nearest miss.
            BenchError, DeviceError: what `interrupt` said, at once.
            WaitEndedError: the test has ended meanwhile, or the task that awaited it was cancelled.
        """
        since = since or self._default_mark
        deadline = timeout if isinstance(timeout, Deadline) else self.clock.deadline(timeout)
        began = self.clock.now()
        following = since
        while True:
            deadline.check()
            with self._lock:
                index = self._index(kind)
                unseen = _from(following, index.unmatched)
                trouble, passed = self._trouble, deadline.passed
                if not unseen and trouble is None and not passed:
                    index.wait(deadline)
                    continue
            for event in unseen:
                if (where is None or where(event)) and (not consume or self._consume(event)):
                    self.clock.settle()  # whatever else this moment brings is there, too, when the test looks
                    return event
                following = Mark(event.id + 1)
            if trouble is not None:
                raise trouble
            if passed:
                break
        misses = [event for event in self.events(kind, since, unmatched=True) if event.id < following.after]
        tell = explain or self._explain
        what = what or kind.__name__
        raise ExpectationError(
            f"expected within {deadline.timeout:g} s: {what}\n{tell(misses)}",
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
        """Make sure that nothing of the kind comes for `within` bench seconds from now, nor came since the mark.

        Raises:
            ExpectationError: it came; the message shows it.
        """
        try:
            found = self.expect(kind, where, since=since, timeout=within, consume=False)
        except ExpectationError:
            return
        raise ExpectationError(
            f"forbidden, but it came: {what or kind.__name__}\nit was: {in_words(found)}\n{console_tail(self)}"
        )

    def _explain(self, misses: Sequence[Event]) -> str:
        miss = f"nearest miss: {in_words(misses[-1])}" if misses else "nothing of that kind came"
        return f"{miss}\n{console_tail(self)}"


def _from(mark: Mark | None, events: list[E]) -> list[E]:
    """A copy of what comes after a mark; None: of all."""
    return events[place_of(mark.after, events) if mark is not None and mark.after > 1 else 0 :]
