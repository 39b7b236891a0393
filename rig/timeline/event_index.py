"""The events of one kind on a timeline, so that who looks for a boot does not read every line of the console."""

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
    """A kind's events in order, and those among them that nobody has consumed. Used under the timeline's lock.

    Args:
        kind: the events' type; those derived from it count.
        events: all events that stand on the timeline.
        consumed: the ids of those that are consumed.
        lock: the timeline's.

    Attributes:
        events: all of the kind.
        unmatched: those that nobody has consumed.
        grown: notified when one has come, where somebody is `waiting`.
        waiting: how many wait for that.
    """

    def __init__(self, kind: type[E], events: Iterable[Event], consumed: Set[int], lock: threading.RLock) -> None:
        self.kind = kind
        self.events = [event for event in events if isinstance(event, kind)]
        self.unmatched = [event for event in self.events if event.id not in consumed]
        self.grown = threading.Condition(lock)
        self.waiting = 0

    def add(self, event: E) -> None:
        """Take in an event of the kind: the latest."""
        self.events.append(event)
        self.unmatched.append(event)

    def extend(self, events: Iterable[Event]) -> None:
        """Take in, as the latest, those of the kind."""
        new = [event for event in events if isinstance(event, self.kind)]
        self.events += new
        self.unmatched += new

    def consume(self, event: E) -> None:
        """One of the kind is not unmatched any more."""
        place = place_of(event.id, self.unmatched)
        if self.unmatched[place : place + 1] == [event]:
            del self.unmatched[place]

    def forget(self, last: int) -> None:
        """Drop the events up to that id. The lists are made new: who reads the old ones without the lock reads on."""
        self.events = self.events[place_of(last + 1, self.events) :]
        self.unmatched = self.unmatched[place_of(last + 1, self.unmatched) :]

    def wait(self, deadline: Deadline) -> None:
        """Wait, letting go of the lock, until one has come, somebody interrupts or the deadline passes.

        It may be over sooner for no reason.
        """
        self.waiting += 1
        try:
            deadline.wait(self.grown)
        finally:
            self.waiting -= 1

    def wake(self) -> None:
        """Let those who wait look again."""
        self.grown.notify_all()


def place_of(number: int, events: list[E]) -> int:
    """Where in a list of events, in order of their ids, those begin that have this id or a later one."""
    return bisect_left(events, number, key=_ID)
