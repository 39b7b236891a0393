"""Patterns of an LED on the timeline."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from gpiozero import Factory

from rig.config.description import Wire
from rig.config.signal import Signal
from rig.instruments.led_pattern import PatternName
from rig.instruments.leds import Led, Leds
from rig.instruments.wires import EdgeListener, WatchedWire
from rig.timeline import Mark, Timeline
from rig.timeline.events import Boot, LedPattern, PinEdge, PowerChange
from rig.util.clock import BenchClock
from rig.util.errors import AuthorError, ExpectationError

from .conftest import FarEnd

STATUS = 20


@pytest.fixture
def leds(factory: Factory, timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[Leds]:
    wire = WatchedWire(factory, timeline, Signal("leds", "status"), Wire(pin=STATUS))
    made = Leds({"status": Led("status", wire, timeline, loop)})
    yield made
    made.close()
    wire.close()


def test_an_edge_while_the_led_begins_to_listen_is_not_missed(
    factory: Factory, timeline: Timeline, far_end: FarEnd, loop: asyncio.AbstractEventLoop
) -> None:
    class LitMeanwhile(WatchedWire):
        def listen(self, listener: EdgeListener) -> tuple[bool, int]:
            far_end.drive(STATUS, True)
            return super().listen(listener)

    wire = LitMeanwhile(factory, timeline, "leds.status", Wire(pin=STATUS))
    led = Led("status", wire, timeline, loop)
    led.expect("on")
    led.close()
    wire.close()


@pytest.fixture
def blinker(leds: Leds, far_end: FarEnd, clock: BenchClock, loop: asyncio.AbstractEventLoop) -> Iterator[asyncio.Event]:
    """Blink at 1 Hz as a device, until the event is set; then stay lit."""
    del leds
    stop = asyncio.Event()

    async def blink() -> None:
        due = loop.time()
        while not stop.is_set():
            for lit in (True, False):
                far_end.drive(STATUS, lit)
                due += 0.5
                await asyncio.sleep(due - loop.time())
        far_end.drive(STATUS, True)

    future = asyncio.run_coroutine_threadsafe(blink(), loop)
    yield stop
    loop.call_soon_threadsafe(stop.set)
    clock.deadline(2).result(future)


def test_a_dark_led_is_off_after_a_while(leds: Leds) -> None:
    assert leds.status.expect("off").pattern == "off"


def test_a_blink_then_a_steady_light(
    leds: Leds, blinker: asyncio.Event, timeline: Timeline, loop: asyncio.AbstractEventLoop
) -> None:
    event = leds["status"].expect("blink", rate_hz=1, duty=0.5)
    assert (event.led, event.rate_hz, event.duty) == ("status", 1, 0.5)
    loop.call_soon_threadsafe(blinker.set)
    steady = leds.status.expect("on")
    edges = timeline.events(PinEdge)
    assert event.began in [edge.t for edge in edges if edge.t < event.t]
    assert steady.began == edges[-1].t
    assert steady.t - steady.began == 1_251_000_000


def test_a_blink_that_ended_a_moment_ago_does_not_count(
    leds: Leds, blinker: asyncio.Event, timeline: Timeline, loop: asyncio.AbstractEventLoop
) -> None:
    async def stop() -> Mark:
        blinker.set()
        return timeline.mark()

    leds.status.expect("blink")
    stopped = asyncio.run_coroutine_threadsafe(stop(), loop).result(60)
    timeline.expect(PinEdge, lambda edge: edge.level, since=stopped)  # the last edge: the LED stays lit
    with pytest.raises(ExpectationError, match=r"it shows .*, lit for \d+\.\d\d s"):
        leds.status.expect("blink", rate_hz=1, timeout=0.01)
    leds.status.expect("on")


def test_a_steady_light_that_has_just_gone_out_does_not_count(leds: Leds, timeline: Timeline, far_end: FarEnd) -> None:
    leds.status.expect("off")
    far_end.drive(STATUS, True)
    with pytest.raises(ExpectationError, match=r"it shows .*, lit for"):
        leds.status.expect("off", timeout=0)
    timeline.clock.deadline(0.1).wait_out()
    far_end.drive(STATUS, False)
    mark = timeline.mark()
    leds.status.expect("off")  # a short light, then off again
    assert [event.pattern for event in timeline.events(LedPattern, mark)] == ["off"]


def test_a_light_of_no_duration_is_ignored(leds: Leds, timeline: Timeline, far_end: FarEnd) -> None:
    """In stepped time a reset can switch a light on and off at one time, so both edges have one stamp."""
    off = leds.status.expect("off")
    for lit in (True, False):
        far_end.drive(STATUS, lit)
    assert leds.status.expect("off", timeout=0) == off


def test_a_current_blink_matches_after_its_next_flash(timeline: Timeline) -> None:
    class Stamped(WatchedWire):
        """A wire whose edges the test stamps."""

        def __init__(self) -> None:
            self.t = timeline.clock.now()

        def listen(self, listener: EdgeListener) -> tuple[bool, int]:
            self.listener = listener
            return False, self.t

        @property
        def state(self) -> bool:
            return False

        def flash(self) -> int:
            """Make half a second of light and half a second of darkness. Return the start."""
            began = self.t
            self.listener(True, began)
            self.listener(False, began + 500_000_000)
            self.t += 1_000_000_000
            return began

    wire, resting = Stamped(), asyncio.new_event_loop()
    led = Led("status", wire, timeline, resting)
    first, *_ = [wire.flash() for _ in range(9)]  # more than the decoder keeps
    mark = timeline.mark()
    wire.flash()
    assert timeline.events(LedPattern, mark) == []  # detected, but not published without a request
    with pytest.raises(ExpectationError):
        led.expect("blink", rate_hz=1, timeout=0)
    assert timeline.events(LedPattern, mark) == []
    began = wire.flash()
    assert [(event.pattern, event.t) for event in timeline.events(LedPattern, mark)] == [("blink", began)]
    assert [event.began for event in timeline.events(LedPattern)] == [first, first]
    led.close()
    resting.close()


def test_the_message_of_a_missing_pattern_has_the_shown_one(leds: Leds) -> None:
    leds.status.expect("off")
    with pytest.raises(ExpectationError, match=r"LED status: blink 2 Hz\nnearest miss: it shows off"):
        leds.status.expect("blink", rate_hz=2, timeout=0.1)


def test_a_mark_requires_a_new_pattern(leds: Leds, timeline: Timeline) -> None:
    leds.status.expect("off")
    with pytest.raises(ExpectationError):
        leds.status.expect("off", since=timeline.mark(), timeout=0.1)


def test_only_changes_are_published(leds: Leds, timeline: Timeline, far_end: FarEnd) -> None:
    leds.status.expect("off")
    mark = timeline.mark()
    far_end.drive(STATUS, True)
    leds.status.expect("on", since=mark)
    timeline.clock.deadline(10).wait_out()
    assert [event.pattern for event in timeline.events(LedPattern, mark)] == ["on"]


def test_an_unknown_led_is_an_error_with_the_known_ones(leds: Leds) -> None:
    with pytest.raises(AuthorError, match=r"no LED named 'stats'\. Did you mean 'status'\? It has: status"):
        leds["stats"].expect("on")


@pytest.mark.parametrize("pattern", ["off", "on"])
@pytest.mark.parametrize("wanted", [{"rate_hz": 2}, {"duty": 0.5}, {"rate_hz": 2, "duty": 1}])
def test_a_steady_led_has_no_rate_to_wait_for(leds: Leds, pattern: PatternName, wanted: dict[str, float]) -> None:
    with pytest.raises(AuthorError, match=f"^LED status has no rate and no duty while it is {pattern}"):
        leds.status.expect(pattern, timeout=60, **wanted)


RESTARTS = {
    "power": PowerChange(on=True),
    "reset line": PinEdge(signal="control.en", level=True, driven=True),
    "reboot": Boot(version="", build="", reset="panic"),
}


@pytest.mark.parametrize("how", RESTARTS)
def test_regular_resets_are_no_blink(leds: Leds, timeline: Timeline, far_end: FarEnd, how: str) -> None:
    leds.status.expect("off")
    mark = timeline.mark()
    for _ in range(5):
        timeline.append(RESTARTS[how])
        far_end.drive(STATUS, False)
        timeline.clock.deadline(0.1).wait_out()
        far_end.drive(STATUS, True)
        timeline.clock.deadline(0.4).wait_out()
    assert timeline.events(LedPattern, mark) == []
    leds.status.expect("on")


def test_a_blink_is_detected_again_after_a_reset(leds: Leds, blinker: asyncio.Event, timeline: Timeline) -> None:
    del blinker
    leds.status.expect("blink")
    timeline.clock.deadline(0.25).wait_out()  # not at an edge
    mark = timeline.mark()
    timeline.append(RESTARTS["reboot"])
    boot = timeline.expect(Boot, since=mark, timeout=0)
    leds.status.expect("blink", rate_hz=1)
    rises = timeline.events(PinEdge, mark, lambda edge: edge.level and edge.id > boot.id)
    assert len(rises) >= 3  # two whole periods since the reset
