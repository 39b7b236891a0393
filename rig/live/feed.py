"""The events of a timeline for one client, without ever delaying the bench."""

from __future__ import annotations

from collections.abc import Sequence

from rig.live.messages import encode, event_line
from rig.timeline import Mark, Timeline
from rig.timeline.codec import encode as encode_event
from rig.timeline.events import Event

MOST_BEHIND = 20_000
"""The number of events that a client may be behind. A slower client loses the oldest of them."""
_PAGE = 200
"""The number of events that are encoded at a time."""


class Feed:
    """A client's position on the timeline. The timeline itself is the queue, and `MOST_BEHIND` is its bound.

    A client that requests earlier events gets all of them, at its own speed. The bound applies after it has caught up.

    Args:
        timeline: the events.
        kinds: the types of events to send; empty for all.
        since: the id of the first event to send; None for those that come from now on.
    """

    def __init__(self, timeline: Timeline, kinds: Sequence[type[Event]] = (), since: int | None = None) -> None:
        self._timeline = timeline
        self._kinds = tuple(kinds)
        self._next = timeline.mark().after if since is None else max(1, since)
        self._has_caught_up = False

    def take(self) -> list[bytes]:
        """Return the lines for the next events, and for a loss before them. Empty: there is nothing to send now."""
        lines: list[bytes] = []
        while not lines:
            end = self._timeline.mark().after
            if self._has_caught_up and end - self._next > MOST_BEHIND:
                lost = end - MOST_BEHIND // 2 - self._next
                self._next += lost
                lines.append(encode({"lost": lost}))
            page = self._timeline.page(Mark(self._next), _PAGE)
            if not page:
                if not self._has_caught_up:
                    self._has_caught_up = True
                    lines.append(encode({"caught_up": self._next - 1}))
                return lines
            if page[0].id > self._next:  # the timeline keeps only the latest events
                lines.append(encode({"lost": page[0].id - self._next}))
            self._next = page[-1].id + 1
            lines += [event_line(encode_event(event)) for event in page if self._sends(event)]
        return lines

    def _sends(self, event: Event) -> bool:
        return not self._kinds or isinstance(event, self._kinds)
