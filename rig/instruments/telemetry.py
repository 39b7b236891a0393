"""The device's telemetry: memory and loop figures, once a second."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from rig.instruments.memory_trend import MemoryTrend, memory_trend
from rig.timeline import Mark, Timeline
from rig.timeline.events import Boot, FigureJudged, LinkChange, OcppFrame, TelemetrySample
from rig.timeline.words import judged_words
from rig.util.arguments import validate_one_of
from rig.util.checked import Count, Limits, Seconds, Text, checked
from rig.util.errors import AuthorError, ExpectationError

Cycle = Literal["reconnect", "charge", "message", "second"]
"""The cycle that `Telemetry.no_leak` counts: a connection of the device to the CSMS, a transaction, a frame that the
CSMS has sent, or a second."""


class Telemetry:
    """The telemetry records that the device printed.

    Args:
        timeline: the bench's timeline.
        units: returns the units of the figures by name, from the device's own table; None for none.
    """

    def __init__(self, timeline: Timeline, units: Callable[[], Mapping[str, str]] | None = None) -> None:
        self._timeline = timeline
        self._units = units
        self._known_units: Mapping[str, str] = {}

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
            timeout: the timeout in bench seconds; None for two per record plus three.

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
    def expect_within(
        self,
        name: Text,
        *,
        least: float | None = None,
        most: float | None = None,
        for_s: Seconds = 3.0,
    ) -> list[float]:
        """Check that a figure stays within limits for a time: `expect_within("cpu", most=300, for_s=10)`.

        The report draws the figure as a curve.

        Args:
            name: the figure, such as `cpu` (permille of the loop's time), `queue` or `ping_ms`.
            least, most: the limits, in the unit of the device's table (`Device.telemetry_units`).
            for_s: the time from now in bench seconds. The first record after it is the last one that is checked.

        Returns:
            The figure in each record.

        Raises:
            ExpectationError: a record breaks a limit, or there is no record in time.
            AuthorError: there is no limit, or the records have no such figure.
        """
        if least is None and most is None:
            raise AuthorError(f"expect_within({name!r}): give a limit, least= or most=")
        if least is not None and most is not None and least > most:
            raise AuthorError(f"expect_within({name!r}): least={least:g} is above most={most:g}")
        judged = self._judge(name, least, most, growth=False)
        end = self._timeline.clock.now() + round(for_s * 1e9)
        values: list[float] = []
        since = self._timeline.mark()
        while True:
            (record,) = self.expect(1, since=since)
            value = self._figure(name, record)
            values.append(value)
            if (least is not None and value < least) or (most is not None and value > most):
                unit = f" {judged.unit}" if judged.unit else ""
                raise ExpectationError(f"expected {judged_words(judged)}, but it is {value:g}{unit}: {values}")
            if record.t >= end:
                return values
            since = Mark(record.id + 1)

    @checked
    def expect_growth(self, name: Text, *, least: float = 0, most: float, for_s: Seconds) -> float:
        """Check by how much a counter grows in a time: `expect_growth("erases", most=2, for_s=60)`.

        The report draws the counter as a curve.

        Args:
            name: the counter, such as `rx`, `tx` (bytes of WebSocket) or `erases` (of the storage).
            least, most: the limits of its growth, in the unit of the device's table.
            for_s: the time in bench seconds, from the next record on.

        Returns:
            The growth.

        Raises:
            ExpectationError: the growth is outside of the limits, or there is no record in time.
            AuthorError: the records have no such figure, or the device rebooted, which resets its counters.
        """
        if least > most:
            raise AuthorError(f"expect_growth({name!r}): least={least:g} is above most={most:g}")
        judged = self._judge(name, least, most, growth=True)
        (first,) = self.expect(1)
        before, last = self._figure(name, first), first
        while last.t < first.t + round(for_s * 1e9):
            (last,) = self.expect(1, since=Mark(last.id + 1))
        if self._timeline.events(Boot, Mark(first.id)):
            raise AuthorError(f"expect_growth({name!r}): the device rebooted, which resets its counters")
        growth = self._figure(name, last) - before
        if not least <= growth <= most:
            raise ExpectationError(f"expected {judged_words(judged)}, but it is {growth:g} {judged.unit}".rstrip())
        return growth

    def _judge(self, name: str, low: float | None, high: float | None, *, growth: bool) -> FigureJudged:
        """Announce an assertion on a figure, with the unit of the device's table."""
        unit = self._unit_table().get(name, "")
        return self._timeline.append(
            FigureJudged(source="telemetry", figure=name, unit=unit, low=low, high=high, growth=growth)
        )

    def _unit_table(self) -> Mapping[str, str]:
        """Return the device's own table of units; empty if it has none."""
        if not self._known_units and self._units is not None:
            self._known_units = self._units()
        return self._known_units

    def _figure(self, name: str, record: TelemetrySample) -> float:
        validate_one_of("a figure of the telemetry", name, set(record.values))
        return record.values[name]

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
        """Check that the device loses no memory in a cycle: `telemetry.no_leak(per="reconnect", over=200)`.

        The test makes the cycles first. It takes samples in comparable states of the device, for example with
        `expect(1)` after each cycle. A first loss, such as a cache that fills up, is not a leak.

        Args:
            per: the cycle: `reconnect` (a connection to the CSMS), `charge` (a transaction), `message` (a frame that
                the CSMS sent) or `second`.
            over: the number of cycles that the verdict needs.
            visible: the leak that the samples must be able to show or rule out, in bytes per cycle.
            name: the name of the figure, in bytes that are free.
            since: judge records after this mark; None for the test's start.

        Returns:
            The trend, with the smallest leak that the samples could show.

        Raises:
            ExpectationError: the device loses memory.
            AuthorError: no verdict is possible. There were too few cycles or samples, the device rebooted in between,
                or the samples lack the figure or vary too much to rule out a leak of `visible` bytes. Or the unit of
                the figure is not B in the device's table.
        """
        start = since or self._timeline.default_mark
        call = f"no_leak(per={per!r}, over={over})"
        records = self.samples(start)
        if not records:
            raise AuthorError(f"{call}: there is no telemetry record. Take one after each {per}, with expect(1)")
        validate_one_of("the figure of no_leak", name, set.intersection(*(set(r.values) for r in records)))
        # The question to the device costs time, and may find it switched off.
        if name != "heap_free" and (unit := self._unit_table().get(name, "B")) != "B":
            raise AuthorError(f"{call}: the figure is in bytes (B), but the unit of {name!r} is {unit or 'a number'!r}")
        if any(records[0].id < boot.id < records[-1].id for boot in self._timeline.events(Boot, start)):
            raise AuthorError(f"{call}: the device rebooted, which frees its memory. Give a mark after it as since=")
        free = [record.values[name] for record in records]
        trend = memory_trend(list(zip(self._cycles(per, records, start), free, strict=True)), per, name)
        if trend.leaks:
            raise ExpectationError(f"the device loses memory: {trend}")
        if trend.cycles < over:
            raise AuthorError(f"{call}: no verdict, there were only {trend.cycles} {per}s between samples. Make more")
        if trend.visible > visible or trend.high >= visible:
            raise AuthorError(
                f"{call}: no verdict, the samples vary too much to rule out {visible:g} bytes per {per}. {trend}. "
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
