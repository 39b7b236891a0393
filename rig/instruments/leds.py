"""The device's LEDs and their patterns."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated

from rig.config.signal import EN
from rig.instruments.led_pattern import EDGES_NEEDED, STEADY_AFTER_S, Edge, Pattern, PatternName, beginning, decode
from rig.instruments.wires import UnknownWireError, WatchedWire
from rig.timeline import Mark, Timeline
from rig.timeline.events import Boot, Event, LedPattern, PinEdge, PowerChange
from rig.timeline.log_tail import console_tail
from rig.util.checked import Limits, Seconds, checked
from rig.util.errors import AuthorError

_UNKNOWN_AFTER_S = 3.0
"""After this time without a recognized pattern, the pattern is unknown. A change of pattern takes less time."""
_MOST_SHOWN = 5
_EN = str(EN)
_RESTARTS = (PowerChange, PinEdge, Boot)


class Led:
    """One LED. Publishes a `LedPattern` when its pattern changes, or when `expect` needs a confirmation.

    A reset or a power cut also switches the LED, so the decoder ignores edges from before it.

    Args:
        name: the LED's name in the bench description.
        wire: the wire to watch.
        timeline: the bench's timeline.
        loop: the bench's event loop, for the timer that detects a steady light.
    """

    def __init__(self, name: str, wire: WatchedWire, timeline: Timeline, loop: asyncio.AbstractEventLoop) -> None:
        self.name = name
        self._wire = wire
        self._timeline = timeline
        self._loop = loop
        self._lock = threading.Lock()
        self._edges: deque[tuple[int, bool]] = deque(maxlen=EDGES_NEEDED)
        self._pattern = Pattern("unknown")
        self._began = 0
        self._asked = False  # whether `expect` waits for a confirmation of the current pattern
        self._timer: asyncio.TimerHandle | None = None
        with self._lock:  # a new edge waits until the initial state is stored
            lit, self._decoded_at = wire.listen(self._edge)
            self._edges.append((self._decoded_at, lit))
            self._restarted_at = self._decoded_at  # time of the last power change, reset or boot
        self._stop_listening = timeline.listen(self._device_may_restart, kinds=_RESTARTS)
        loop.call_soon_threadsafe(self._check_steady)

    @property
    def pattern(self) -> Pattern:
        """The current pattern."""
        return self._pattern

    @property
    def lit(self) -> bool:
        """Whether the LED is lit now."""
        return self._wire.state

    @checked
    def expect(
        self,
        pattern: PatternName,
        *,
        rate_hz: Annotated[float, Limits(above=0, most=1000)] | None = None,
        duty: Annotated[float, Limits(least=0, most=1)] | None = None,
        tolerance: Annotated[float, Limits(least=0)] = 0.15,
        since: Mark | None = None,
        timeout: Seconds = 5.0,
    ) -> LedPattern:
        """Wait until the LED shows a pattern. Detection takes two periods of a blink, or 1.25 s if steady.

        Args:
            pattern: off, on, blink or double_flash.
            rate_hz: the repetitions per bench second; None for any.
            duty: the lit part of each repetition, 0 to 1, within a tenth; None for any.
            tolerance: the tolerance of the rate, as a fraction.
            since: None accepts the current pattern; a blink must be confirmed by another flash. With a mark, the
                pattern must be detected after it.
            timeout: the timeout in bench seconds.

        Returns:
            The event of the pattern.

        Raises:
            ExpectationError: the pattern was not detected in time; the message names the current one.
            AuthorError: the pattern is impossible, such as a steady light with a rate.
        """

        if pattern in ("off", "on") and (rate_hz is not None or duty is not None):
            raise AuthorError(f"LED {self.name} has no rate and no duty while it is {pattern}: leave both out")

        def matches(event: LedPattern) -> bool:
            return (
                event.led == self.name
                and event.pattern == pattern
                and (rate_hz is None or abs(event.rate_hz - rate_hz) <= tolerance * rate_hz)
                and (duty is None or abs(event.duty - duty) <= 0.1)
            )

        start = since or self._timeline.mark()
        if since is None:
            shown = self._still_shown(matches)
            if shown is not None:
                return shown
        return self._timeline.expect(
            LedPattern,
            matches,
            since=start,
            timeout=timeout,
            what=f"LED {self.name}: {_wanted(pattern, rate_hz, duty)}",
            consume=False,
            explain=lambda misses: self._explain(misses),
            lane=f"leds.{self.name}",
        )

    def _still_shown(self, matches: Callable[[LedPattern], bool]) -> LedPattern | None:
        """Return the event of the current pattern. If the pattern is uncertain, request a confirmation."""
        last = self._timeline.last(LedPattern, lambda e: e.led == self.name)
        if last is None or not matches(last):
            return None
        with self._lock:
            now = self._timeline.clock.now()
            steady = self._timeline.clock.between(self._edges[-1][0], now) >= STEADY_AFTER_S
            if steady and last.pattern == ("on" if self._edges[-1][1] else "off"):
                return last
            self._asked = True
        return None

    def _explain(self, misses: Sequence[LedPattern]) -> str:
        seen = [str(Pattern(e.pattern, e.rate_hz, e.duty)) for e in misses if e.led == self.name]
        before = f"; patterns since the start: {', '.join(seen[-_MOST_SHOWN:])}" if seen else ""
        with self._lock:
            since = self._edges[-1][0]
        for_s = self._timeline.clock.between(since, self._timeline.clock.now())
        now = f"{'lit' if self.lit else 'dark'} for {for_s:.2f} s"
        return f"nearest miss: it shows {self._pattern}, {now}{before}\n{console_tail(self._timeline)}"

    def _edge(self, lit: bool, t_ns: int) -> None:
        with self._lock:
            if self._timeline.clock.between(self._edges[-1][0], t_ns) >= STEADY_AFTER_S:
                self._decoded_at = t_ns
            if t_ns == self._edges[-1][0]:
                # Two edges with the same stamp cancel out. A reset in stepped time has such edges.
                self._edges.pop()
            if not self._edges or self._edges[-1][1] != lit:
                self._edges.append((t_ns, lit))
            self._decode(t_ns, flash_begins=lit)
            idle = self._timer is None
        if idle:
            self._loop.call_soon_threadsafe(self._check_steady)

    def _check_steady(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            now = self._timeline.clock.now()
            self._decode(now)
            left = STEADY_AFTER_S - self._timeline.clock.between(self._edges[-1][0], now)
            if left > 0:
                # One millisecond more, so that the timer does not fire too early.
                self._timer = self._loop.call_later(left + 0.001, self._check_steady)

    def _device_may_restart(self, event: Event) -> None:
        # Called under the timeline's lock. A thread with our lock may wait for the timeline's: do not lock here.
        if not isinstance(event, PinEdge) or event.signal == _EN:
            self._restarted_at = event.t

    def _decode(self, now: int, *, flash_begins: bool = False) -> None:
        origin = self._edges[0][0]
        clock = self._timeline.clock
        # The last edge always counts, because it set the current level.
        of_this_run = [edge for edge in self._edges if edge[0] >= self._restarted_at] or [self._edges[-1]]
        edges = [Edge(clock.between(origin, t), lit) for t, lit in of_this_run]
        pattern = decode(edges, clock.between(origin, now))
        began = self._decoded_at
        if pattern is not None:
            self._decoded_at = now
        elif clock.between(self._decoded_at, now) > _UNKNOWN_AFTER_S:
            pattern = Pattern("unknown")
        if pattern is None:
            return
        goes_on = pattern.like(self._pattern)
        # Only the start of a flash confirms the length of the last flash and of the pause after it.
        if goes_on and (not self._asked or not (flash_begins or pattern.rate_hz == 0)):
            return
        if pattern.name != "unknown":
            began = of_this_run[beginning(edges, pattern)][0]
        if goes_on:
            # The deque may have dropped the first edges.
            if pattern.rate_hz and began <= self._edges[1][0] and self._began >= self._restarted_at:
                began = self._began
            pattern = self._pattern
        self._asked = False
        self._pattern, self._began = pattern, began
        self._timeline.append(
            LedPattern(
                t=now,
                source="leds",
                led=self.name,
                pattern=pattern.name,
                rate_hz=pattern.rate_hz,
                duty=pattern.duty,
                began=began,
            )
        )

    def close(self) -> None:
        """Stop listening, and cancel the timer."""
        self._stop_listening()

        def cancel() -> None:
            if self._timer is not None:
                self._timer.cancel()

        self._loop.call_soon_threadsafe(cancel)


def _wanted(pattern: PatternName, rate_hz: float | None, duty: float | None) -> str:
    rate = f" {rate_hz:g} Hz" if rate_hz is not None else ""
    return f"{pattern}{rate}{f' duty {duty:.2f}' if duty is not None else ''}"


class Leds:
    """All LEDs, by attribute (`leds.status`) and by name (`leds["status"]`)."""

    def __init__(self, leds: Mapping[str, Led]) -> None:
        self._leds = dict(leds)

    def __getitem__(self, name: str) -> Led:
        try:
            return self._leds[name]
        except KeyError:
            raise UnknownWireError("LED", name, self._leds) from None

    def __getattr__(self, name: str) -> Led:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[Led]:
        return iter(self._leds.values())

    def close(self) -> None:
        """Close all LEDs."""
        for led in self:
            led.close()
