"""An LED on a wire: patterns on the timeline, at any speed of time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from gpiozero import Factory

from rig.config.description import Wire
from rig.config.signal import Signal
from rig.instruments.leds import Led, Leds
from rig.instruments.wires import EdgeListener, WatchedWire
from rig.timeline import Mark, Timeline
from rig.timeline.events import Boot, LedPattern, PinEdge, PowerChange
from rig.util.errors import BenchError, ExpectationError

from .conftest import FarEnd

STATUS = 20
SCALE = 5.0
LONG = 60 * SCALE  # bench seconds: a minute, of which a busy machine may need some


@pytest.fixture
def leds(factory: Factory, timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[Leds]:
    timeline.clock.set_scale(SCALE)
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

    timeline.clock.set_scale(SCALE)
    wire = LitMeanwhile(factory, timeline, "leds.status", Wire(pin=STATUS))
    led = Led("status", wire, timeline, loop)
    led.expect("on", timeout=LONG)
    led.close()
    wire.close()


@pytest.fixture
def blinker(leds: Leds, far_end: FarEnd, loop: asyncio.AbstractEventLoop) -> Iterator[asyncio.Event]:
    """A device that blinks at 1 Hz of its own time until told to stop, then stays lit."""
    del leds
    stop = asyncio.Event()

    async def blink() -> None:
        due = loop.time()
        while not stop.is_set():
            for lit in (True, False):
                far_end.drive(STATUS, lit)
                due += 0.5 / SCALE
                await asyncio.sleep(due - loop.time())
        far_end.drive(STATUS, True)

    future = asyncio.run_coroutine_threadsafe(blink(), loop)
    yield stop
    loop.call_soon_threadsafe(stop.set)
    future.result(60)


def test_a_dark_led_is_off_after_a_while(leds: Leds) -> None:
    assert leds.status.expect("off", timeout=LONG).pattern == "off"


def test_a_blink_then_a_steady_light(
    leds: Leds, blinker: asyncio.Event, timeline: Timeline, loop: asyncio.AbstractEventLoop
) -> None:
    event = leds["status"].expect("blink", rate_hz=1, duty=0.5, timeout=LONG)
    assert event.led == "status"
    loop.call_soon_threadsafe(blinker.set)
    steady = leds.status.expect("on", timeout=LONG)
    edges = timeline.events(PinEdge)
    assert event.began in [edge.t for edge in edges if edge.t < event.t]
    assert steady.began == edges[-1].t


def test_a_blink_that_ended_a_moment_ago_does_not_count(
    leds: Leds, blinker: asyncio.Event, timeline: Timeline, loop: asyncio.AbstractEventLoop
) -> None:
    async def stop() -> Mark:
        blinker.set()
        return timeline.mark()

    leds.status.expect("blink", timeout=LONG)
    stopped = asyncio.run_coroutine_threadsafe(stop(), loop).result(60)
    timeline.expect(PinEdge, lambda edge: edge.level, since=stopped, timeout=LONG)  # the last one: it stays lit
    # The edge is on the timeline before the LED hears of it; when the loop has come round, it has.
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(60)
    with pytest.raises(ExpectationError, match=r"it shows .*, lit for \d+\.\d\d s"):
        leds.status.expect("blink", rate_hz=1, timeout=0.01)
    leds.status.expect("on", timeout=LONG)


def test_a_steady_light_that_has_just_gone_out_does_not_count(leds: Leds, timeline: Timeline, far_end: FarEnd) -> None:
    leds.status.expect("off", timeout=LONG)
    timeline.clock.set_scale(0.1)  # a moment: on a busy machine, too, it ends before the light counts as steady
    leds.clock_changed()
    far_end.drive(STATUS, True)
    with pytest.raises(ExpectationError, match=r"it shows .*, lit for"):
        leds.status.expect("off", timeout=0)
    far_end.drive(STATUS, False)
    mark = timeline.mark()
    timeline.clock.set_scale(SCALE)
    leds.clock_changed()
    leds.status.expect("off", timeout=LONG)  # a moment's light, and it is off as ever
    assert [event.pattern for event in timeline.events(LedPattern, mark)] == ["off"]


def test_a_blink_that_goes_on_counts_with_its_next_flash(timeline: Timeline) -> None:
    class Stamped(WatchedWire):
        """A wire whose edges come when the test says, to the nanosecond."""

        def __init__(self) -> None:
            self.t = timeline.clock.now()

        def listen(self, listener: EdgeListener) -> tuple[bool, int]:
            self.listener = listener
            return False, self.t

        @property
        def state(self) -> bool:
            return False

        def flash(self) -> int:
            """Half a second of light and half a second of darkness; returns when it began."""
            began = self.t
            self.listener(True, began)
            self.listener(False, began + 500_000_000)
            self.t += 1_000_000_000
            return began

    wire, resting = Stamped(), asyncio.new_event_loop()
    led = Led("status", wire, timeline, resting)
    first, *_ = [wire.flash() for _ in range(9)]  # more than are kept
    mark = timeline.mark()
    wire.flash()
    assert timeline.events(LedPattern, mark) == []  # known, and nobody asks
    with pytest.raises(ExpectationError):
        led.expect("blink", rate_hz=1, timeout=0)
    assert timeline.events(LedPattern, mark) == []
    began = wire.flash()
    assert [(event.pattern, event.t) for event in timeline.events(LedPattern, mark)] == [("blink", began)]
    assert [event.began for event in timeline.events(LedPattern)] == [first, first]
    led.close()
    resting.close()


def test_what_it_shows_is_said_when_it_is_not_what_was_expected(leds: Leds) -> None:
    leds.status.expect("off", timeout=LONG)
    with pytest.raises(ExpectationError, match=r"LED status: blink 2 Hz\nnearest miss: it shows off"):
        leds.status.expect("blink", rate_hz=2, timeout=0.1)


def test_a_mark_asks_for_a_new_pattern(leds: Leds, timeline: Timeline) -> None:
    leds.status.expect("off", timeout=LONG)
    with pytest.raises(ExpectationError):
        leds.status.expect("off", since=timeline.mark(), timeout=0.1)


def test_only_changes_are_published(leds: Leds, timeline: Timeline, far_end: FarEnd) -> None:
    leds.status.expect("off", timeout=LONG)
    mark = timeline.mark()
    far_end.drive(STATUS, True)
    leds.status.expect("on", since=mark, timeout=LONG)
    leds.clock_changed()
    assert [event.pattern for event in timeline.events(LedPattern, mark)] == ["on"]


def test_the_timer_follows_the_speed_of_time(leds: Leds, timeline: Timeline, far_end: FarEnd) -> None:
    timeline.clock.set_scale(0.01)
    far_end.drive(STATUS, True)
    timeline.clock.set_scale(100)
    leds.clock_changed()
    leds.status.expect("on", timeout=6000)


def test_an_unknown_led_says_which_there_are(leds: Leds) -> None:
    with pytest.raises(BenchError, match=r"no LED named 'stats'\. Did you mean 'status'\? It has: status"):
        leds["stats"].expect("on")


RESTARTS = {
    "power": PowerChange(on=True),
    "reset line": PinEdge(signal="control.en", level=True, driven=True),
    "reboot": Boot(version="", build="", reset="panic"),
}


@pytest.mark.parametrize("how", RESTARTS)
def test_resets_that_come_like_clockwork_are_no_blink(
    leds: Leds, timeline: Timeline, far_end: FarEnd, how: str
) -> None:
    leds.status.expect("off", timeout=LONG)
    timeline.clock.set_scale(0.1)  # slowly: a busy machine's pause is no steady light
    leds.clock_changed()
    mark = timeline.mark()
    for _ in range(5):
        timeline.append(RESTARTS[how])
        far_end.drive(STATUS, False)
        time.sleep(0.01)
        far_end.drive(STATUS, True)
        time.sleep(0.04)
    assert timeline.events(LedPattern, mark) == []
    timeline.clock.set_scale(SCALE)
    leds.clock_changed()
    leds.status.expect("on", timeout=LONG)


def test_it_blinks_again_after_a_reset(leds: Leds, blinker: asyncio.Event, timeline: Timeline) -> None:
    del blinker
    leds.status.expect("blink", timeout=LONG)
    mark = timeline.mark()
    timeline.append(RESTARTS["reboot"])
    boot = timeline.expect(Boot, since=mark, timeout=0)
    leds.status.expect("blink", rate_hz=1, timeout=LONG)
    rises = timeline.events(PinEdge, mark, lambda edge: edge.level and edge.id > boot.id)
    assert len(rises) >= 3  # two whole periods of this run
