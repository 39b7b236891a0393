"""The device's telemetry: memory and loop figures, once a second."""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated, Literal

from rig.instruments.memory_trend import MemoryTrend, memory_trend
from rig.timeline import Mark, Timeline
from rig.timeline.events import Boot, LinkChange, OcppFrame, TelemetrySample
from rig.util.arguments import validate_one_of
from rig.util.checked import Count, Limits, Seconds, Text, checked
from rig.util.errors import AuthorError, ExpectationError

Cycle = Literal["reconnect", "charge", "message", "second"]
"""The work whose memory `Telemetry.no_leak` judges: the device's connections to the CSMS, its transactions, the frames
that the CSMS sends, or time."""


class Telemetry:
    """The telemetry records that the device printed.

    Args:
        timeline: the bench's timeline.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    @property
    def latest(self) -> TelemetrySample | None:
        """The latest record of the run; None before the first."""
        return self._timeline.last(TelemetrySample)

    @checked
    def samples(self, since: Mark | None = None) -> list[TelemetrySample]:
        """Return all records since a mark (None: since the test's start)."""
        return self._timeline.events(TelemetrySample, since or self._timeline.default_mark)

    @checked
    def expect(
        self, count: Count = 1, *, since: Mark | None = None, timeout: Seconds | None = None
    ) -> list[TelemetrySample]:
        """Wait until there are `count` records since a mark, and return them.

        Args:
            count: the number of records, at least 1.
            since: skip records before this mark; None for new records only.
            timeout: in bench seconds; None for two per record plus three.

        Raises:
            ExpectationError: there were too few records in time.
        """
        start = since or self._timeline.mark()
        limit = timeout if timeout is not None else 2 * count + 3
        seen: list[TelemetrySample] = []
        deadline = self._timeline.clock.deadline(limit)
        while len(seen) < count:
            after = Mark(seen[-1].id + 1) if seen else start
            seen.append(
                self._timeline.expect(
                    TelemetrySample,
                    since=after,
                    timeout=deadline,
                    what=f"telemetry record {len(seen) + 1} of {count}",
                    consume=False,
                )
            )
        return seen

    @checked
    def no_leak(
        self,
        per: Cycle,
        over: Count,
        *,
        visible: Annotated[float, Limits(above=0)] = 64,
        name: Text = "heap_free",
        since: Mark | None = None,
    ) -> MemoryTrend:
        """Check that the device loses no memory per cycle: `telemetry.no_leak(per="reconnect", over=200)`.

        The test makes the cycles first, and takes samples in comparable states of the device, such as one with
        `expect(1)` after each cycle. A first loss, such as that of a cache which fills up, is not a leak.

        Args:
            per: the cycle: `reconnect` (a connection to the CSMS), `charge` (a transaction), `message` (a frame that
                the CSMS sent) or `second`.
            over: the number of cycles that the verdict needs.
            visible: the leak that the samples must be able to show, in bytes per cycle.
            name: the name of the figure, in bytes that are free.
            since: judge records after this mark; None for the test's start.

        Returns:
            The trend. It has the smallest leak that was visible.

        Raises:
            ExpectationError: the device loses memory.
            AuthorError: no verdict is possible: there were too few cycles or samples, the device rebooted in between,
                the samples lack the figure, or they vary too much to show a leak of `visible` bytes.
        """
        start = since or self._timeline.default_mark
        call = f"no_leak(per={per!r}, over={over})"
        records = self.samples(start)
        if not records:
            raise AuthorError(f"{call}: there is no telemetry record. Take one after each {per}, with expect(1)")
        validate_one_of("the figure of no_leak", name, set.intersection(*(set(r.values) for r in records)))
        if any(records[0].id < boot.id < records[-1].id for boot in self._timeline.events(Boot, start)):
            raise AuthorError(f"{call}: the device rebooted, which frees its memory. Give a mark after it as since=")
        free = [record.values[name] for record in records]
        trend = memory_trend(list(zip(self._cycles(per, records, start), free, strict=True)), per, name)
        if trend.leaks:
            raise ExpectationError(f"the device loses memory: {trend}")
        if trend.cycles < over:
            raise AuthorError(f"{call}: no verdict, there were only {trend.cycles} {per}s between samples. Make more")
        if trend.visible > visible:
            raise AuthorError(
                f"{call}: no verdict, the samples vary too much to show {visible:g} bytes per {per}. {trend}. "
                f"Make more {per}s, or take the samples in the same state of the device"
            )
        return trend

    def _cycles(self, per: Cycle, records: list[TelemetrySample], start: Mark) -> list[int]:
        """Return for each record the number of cycles between a mark and the record."""
        if per == "second":
            return [round((record.t - records[0].t) / 1e9) for record in records]
        if per == "reconnect":
            ids = [link.id for link in self._timeline.events(LinkChange, start, lambda link: link.connected)]
        elif per == "charge":
            ids = [frame.id for frame in self._timeline.events(OcppFrame, start, _ends_charge)]
        else:
            ids = [frame.id for frame in self._timeline.events(OcppFrame, start, lambda f: f.direction == "sent")]
        return [bisect_right(ids, record.id) for record in records]


def _ends_charge(frame: OcppFrame) -> bool:
    return frame.action == "StopTransaction" and frame.direction == "received" and frame.message_type == "CALL"
