"""An index of a timeline's events by kind: a search for a boot does not scan every console line."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Set
from operator import attrgetter
from typing import Generic, TypeVar

from rig.timeline.events import Event
from rig.util.clock import Deadline

E = TypeVar("E", bound=Event)

_ID = attrgetter("id")


class KindIndex(Generic[E]):
    """The events of a kind in order, all and unconsumed. Used under the timeline's lock.

    Args:
        kind: the events' type, including its subclasses.
        events: all events of the timeline.
        consumed: the ids of consumed events.
        grown: a condition of the timeline's lock, notified of new events if any thread is `waiting`.

    Attributes:
        events: all events of the kind.
        unmatched: the events of the kind that are not consumed.
        waiting: the number of threads that wait for new events.
    """

    def __init__(self, kind: type[E], events: Iterable[Event], consumed: Set[int], grown: threading.Condition) -> None:
        self.kind = kind
        self.events = [event for event in events if isinstance(event, kind)]
        self.unmatched = [event for event in self.events if event.id not in consumed]
        self.grown = grown
        self.waiting = 0

    def add(self, event: E) -> None:
        """Add the latest event of the kind."""
        self.events.append(event)
        self.unmatched.append(event)

    def extend(self, events: Iterable[Event]) -> None:
        """Add the latest events. Events of other kinds are ignored."""
        new = [event for event in events if isinstance(event, self.kind)]
        self.events += new
        self.unmatched += new

    def consume(self, event: E) -> None:
        """Remove an event from the unmatched ones."""
        place = place_of(event.id, self.unmatched)
        if self.unmatched[place : place + 1] == [event]:
            del self.unmatched[place]

    def forget(self, last: int) -> None:
        """Drop the events up to that id. New lists replace the old ones, which other threads may be reading.

        The latest event of the kind stays: a boot of a week ago still shows which firmware runs.
        """
        self.events = self.events[min(place_of(last + 1, self.events), max(0, len(self.events) - 1)) :]
        self.unmatched = self.unmatched[place_of(last + 1, self.unmatched) :]

    def wait(self, deadline: Deadline) -> None:
        """Release the lock and wait until a new event, an interrupt or the deadline. May return early."""
        self.waiting += 1
        try:
            deadline.wait(self.grown)
        finally:
            self.waiting -= 1

    def wake(self) -> None:
        """Wake all waiting threads."""
        self.grown.notify_all()


def place_of(number: int, events: list[E]) -> int:
    """Return the index of the first event with this id or a later one, in a list ordered by id."""
    return bisect_left(events, number, key=_ID)
