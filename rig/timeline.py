"""The one place where everything that happened on the bench stands, in order, on one clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

from rig.clock import BenchClock
from rig.errors import ExpectationError, PlugbenchError
from rig.events import Event
from rig.log_tail import console_tail

E = TypeVar("E", bound=Event)
Listener = Callable[[Event], None]

_PATIENCE_S = 1.0
_BOOKKEEPING = frozenset({"id", "t", "uncertainty", "source"})


@dataclass(frozen=True, slots=True)
class Mark:
    """A position on the timeline: what comes after it has an id of `after` or more."""

    after: int


class Timeline:
    """An append-only list of events. All methods may be called from any thread.

    Listeners are called in the appending thread, in order, under the timeline's lock: they must be quick, must not
    block and may append further events (which are delivered afterwards, never nested).

    Args:
        clock: the bench's clock.
        keep: how many of the latest events stay readable, at least; None: all. For what runs for weeks.
    """

    def __init__(self, clock: BenchClock | None = None, keep: int | None = None) -> None:
        self.clock = clock or BenchClock()
        self._keep = keep
        self._events: list[Event] = []
        self._forgotten = 0  # events that are gone: the one at index i has the id _forgotten + i + 1
        self._consumed: set[int] = set()
        self._listeners: list[Listener] = []
        self._on_interrupt: list[Callable[[PlugbenchError], None]] = []
        self._changed = threading.Condition(threading.RLock())
        self._waiting = 0
        self._delivering = False
        self._delivered = 0
        self._trouble: PlugbenchError | None = None
        self._default_mark = Mark(1)
        self.logs: Path | None = None
        """The folder that gets the running test's logs, to be named in messages."""

    # -- writing ------------------------------------------------------------------------------------------------

    def append(self, event: E) -> E:
        """Put an event at the end; its id and, where it is 0, its stamp are filled in. Returns what stands there."""
        with self._changed:
            placed = replace(event, id=self._forgotten + len(self._events) + 1, t=event.t or self.clock.now())
            self._events.append(placed)
            self._deliver()
            self._forget()
            if self._waiting:
                self._changed.notify_all()
        return placed

    def _deliver(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._delivered < self._forgotten + len(self._events):
                event = self._events[self._delivered - self._forgotten]
                self._delivered += 1
                for listener in tuple(self._listeners):
                    listener(event)
        finally:
            self._delivering = False

    def _forget(self) -> None:
        if self._keep is None or self._delivering or len(self._events) < 2 * self._keep:
            return
        gone = len(self._events) - self._keep  # many at once: each costs a move of all that stay
        del self._events[:gone]
        self._forgotten += gone
        self._consumed = {number for number in self._consumed if number > self._forgotten}

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each event from now on. Returns what ends that."""
        with self._changed:
            self._listeners.append(listener)

        def stop() -> None:
            with self._changed:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def interrupt(self, trouble: PlugbenchError) -> None:
        """Make everyone who waits, now or later, raise `trouble`, until `clear_trouble`. The first one stays."""
        with self._changed:
            first = self._trouble is None
            self._trouble = self._trouble or trouble
            self._changed.notify_all()
            listeners = tuple(self._on_interrupt) if first else ()
        for listener in listeners:
            listener(trouble)

    def on_interrupt(self, listener: Callable[[PlugbenchError], None]) -> None:
        """Call `listener` with the first trouble of each `interrupt`, in the thread that interrupts."""
        with self._changed:
            self._on_interrupt.append(listener)

    def clear_trouble(self) -> None:
        """Forget what `interrupt` said."""
        with self._changed:
            self._trouble = None

    @property
    def trouble(self) -> PlugbenchError | None:
        """What `interrupt` said, where it was not cleared."""
        return self._trouble

    # -- reading ------------------------------------------------------------------------------------------------

    def mark(self) -> Mark:
        """The position after everything that stands there now."""
        with self._changed:
            return Mark(self._forgotten + len(self._events) + 1)

    def set_default_mark(self, mark: Mark) -> None:
        """Where `expect` looks from when it is not told: the start of the running test."""
        self._default_mark = mark

    @property
    def default_mark(self) -> Mark:
        """The start of the running test."""
        return self._default_mark

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
        with self._changed:
            found = self._events[max(0, (since.after if since else 1) - 1 - self._forgotten) :]
            consumed = frozenset(self._consumed) if unmatched else frozenset()
        return [e for e in found if isinstance(e, kind) and e.id not in consumed and (where is None or where(e))]

    def last(self, kind: type[E], where: Callable[[E], bool] | None = None) -> E | None:
        """The latest event of a kind for which `where` holds, if any."""
        for event in reversed(self._events):  # without the lock: a long look back must not keep stamps waiting
            if isinstance(event, kind) and (where is None or where(event)):
                return event
        return None

    def tail(self, kind: type[E], count: int, since: Mark | None = None) -> list[E]:
        """The latest `count` events of a kind, the latest last; None: since the very first."""
        found: list[E] = []
        with self._changed:
            length = len(self._events)
        for index in range(length - 1, (since.after if since else 1) - 2, -1):
            event = self._events[index]
            if isinstance(event, kind):
                found.append(event)
                if len(found) == count:
                    break
        return found[::-1]

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events[:])

    def __len__(self) -> int:
        """How many events stand there to be read."""
        return len(self._events)

    # -- waiting ------------------------------------------------------------------------------------------------

    def expect(
        self,
        kind: type[E],
        where: Callable[[E], bool] | None = None,
        *,
        since: Mark | None = None,
        timeout: float = 5.0,
        what: str = "",
        consume: bool = True,
        explain: Callable[[list[E]], str] | None = None,
        patient: bool = True,
    ) -> E:
        """The first event of a kind after `since` that nobody consumed yet: already there, or still to come.

        Args:
            kind: the event's type.
            where: what must hold for it.
            since: only what came after this mark; None: since the running test's start.
            timeout: how long to wait, in bench seconds.
            what: the expectation in words, for the message.
            consume: False to look without taking: another `expect` may match the same event.
            explain: called with the unmatched events of the kind; returns the nearest miss and what else there is to
                tell. None: the latest of them, and the console's last lines.
            patient: on a clock that runs fast, wait up to one real second all the same: the host does not run faster,
                and a limit of milliseconds would measure its scheduler. False where the span itself is what counts.

        Raises:
            ExpectationError: it did not come in time. The message says what was expected and the nearest miss.
            BenchError, DeviceError: what `interrupt` said, at once.
        """
        since = since or self._default_mark
        following = since.after
        misses: list[E] = []
        least = min(timeout, _PATIENCE_S) if patient else 0.0
        deadline = time.monotonic() + max(self.clock.real(timeout), least)
        with self._changed:
            self._waiting += 1
            try:
                while True:
                    while (index := max(0, following - 1 - self._forgotten)) < len(self._events):
                        event = self._events[index]
                        following = event.id + 1
                        if not isinstance(event, kind) or event.id in self._consumed:
                            continue
                        if where is None or where(event):
                            if consume:
                                self._consumed.add(event.id)
                            return event
                        misses.append(event)
                    if self._trouble is not None:
                        raise self._trouble
                    left = deadline - time.monotonic()
                    if left <= 0:
                        break
                    self._changed.wait(left)
            finally:
                self._waiting -= 1
        tell = explain or self._explain
        raise ExpectationError(f"expected within {timeout:g} s: {what or kind.__name__}\n{tell(misses)}")

    def expect_none(
        self,
        kind: type[E],
        where: Callable[[E], bool] | None = None,
        *,
        since: Mark | None = None,
        within: float,
        what: str = "",
    ) -> None:
        """Make sure that nothing of the kind comes for `within` bench seconds from now, nor came since the mark.

        Raises:
            ExpectationError: it came; the message shows it.
        """
        try:
            found = self.expect(kind, where, since=since, timeout=within, consume=False, patient=False)
        except ExpectationError:
            return
        raise ExpectationError(
            f"forbidden, but it came: {what or kind.__name__}\nit was: {in_words(found)}\n{console_tail(self)}"
        )

    def _explain(self, misses: Sequence[Event]) -> str:
        miss = f"nearest miss: {in_words(misses[-1])}" if misses else "nothing of that kind came"
        return f"{miss}\n{console_tail(self)}"


def in_words(event: Event) -> str:
    """An event for a message: what it says, without the bookkeeping."""
    said = {f.name: getattr(event, f.name) for f in fields(event) if f.name not in _BOOKKEEPING}
    return f"{type(event).__name__} {', '.join(f'{name}={value!r}' for name, value in said.items())}".rstrip()
