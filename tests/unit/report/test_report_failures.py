"""Pictures of failures: blinking LEDs, latency on the wire, missed expectations."""

from __future__ import annotations

import re

import pytest
from picture_geometry import SVG, collisions, parse, texts
from synthetic_run import CP, MS, Recorder, S

from rig.report import timeline_svg
from rig.report.axis import Axis
from rig.report.lane_reader import lanes_of
from rig.runs import load
from rig.timeline import events as ev


def only_test(r: Recorder, outcome: str = "failed") -> load.Test:
    """End and return the only test of a record."""
    r.put(ev.TestEnded(nodeid="t::one", outcome=outcome, seconds=1.0), after_ms=100)  # type: ignore[arg-type]
    (test,) = load.from_events(r.events).tests
    return test


def blink(r: Recorder, led: str, seconds: float, period_ms: float, duty: float = 0.5) -> None:
    """Blink an LED. Its pattern is known after three periods."""
    first = r.now
    count = round(seconds * 1000 / period_ms)
    for index in range(count):
        r.pin(f"leds.{led}", True)
        r.pin(f"leds.{led}", False, after_ms=period_ms * duty)
        if index == 2:
            rate = 1000 / period_ms
            r.put(ev.LedPattern(led=led, pattern="blink", rate_hz=rate, duty=duty, began=first))
        r.now += round(period_ms * (1 - duty) * MS)


# -- a blinking LED is never quiet time --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("led", "period_ms", "duty", "seconds"),
    [("status", 250, 0.5, 30), ("status", 1000, 0.1, 60), ("fault", 500, 0.5, 20), ("network", 2000, 0.5, 40)],
)
def test_a_blinking_led_is_not_left_out(led: str, period_ms: float, duty: float, seconds: float) -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::one"))
    blink(r, led, seconds, period_ms, duty)
    lanes = lanes_of(only_test(r))
    axis = Axis(lanes.duration, lanes.times(), 150, 970)
    assert axis.breaks == []


def test_long_blinking_is_to_scale_at_both_ends_and_striped_between() -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::one"))
    blink(r, "status", 3600, 1000)
    test = only_test(r)
    lanes = lanes_of(test)
    axis = Axis(lanes.duration, lanes.times(), 150, 970)
    (gap,) = axis.breaks
    assert gap.start > 7
    assert gap.end < 3593
    root = parse(timeline_svg.render(test))
    front = next(g for g in root.iter(SVG + "g") if g.get("data-layer") == "front")
    over = [r for r in front.iter(SVG + "rect") if float(r.get("x")) >= gap.left and float(r.get("width")) > 40]
    assert [r.get("fill", "").startswith("url(") for r in over] == [True]


@pytest.mark.parametrize(("period_ms", "duty"), [(250, 0.5), (500, 0.5), (1000, 0.1)])
def test_flashes_are_drawn_to_scale_where_there_is_room(period_ms: float, duty: float) -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::one"))
    blink(r, "status", 6, period_ms, duty)
    test = only_test(r)
    lanes = lanes_of(test)
    axis = Axis(lanes.duration, lanes.times(), 150, 970)
    lit = [e.t for e in test.events if isinstance(e, ev.PinEdge) and e.level]
    root = parse(timeline_svg.render(test))
    drawn = {float(rect.get("x")) for rect in root.iter(SVG + "rect") if rect.get("fill") == "#009e73"}
    for stamp in lit:
        assert any(abs(x - axis.x(test.at(stamp))) < 0.11 for x in drawn)


# -- both ends of an arrow ---------------------------------------------------------------------------------------------


def frame(r: Recorder, direction: str, kind: str, number: str) -> None:
    r.put(
        ev.OcppFrame(
            charge_point=CP, direction=direction, message_type=kind, unique_id=number, action="Heartbeat", payload={}
        )  # type: ignore[arg-type]
    )


def carried(r: Recorder, to_device: bool, held_ms: float) -> None:
    """Forward a piece that the network has delayed."""
    r.put(ev.Carried(to_device=to_device, came=r.now - round(held_ms * MS)))


def latent_exchange(r: Recorder, latency_ms: float, *, by_csms: bool, thinks_ms: float = 20) -> None:
    """Record a CALL and its answer over a network with this latency in each direction."""
    if by_csms:
        frame(r, "sent", "CALL", "1")
        r.now += round(latency_ms * MS)
        carried(r, True, latency_ms)
        r.now += round((thinks_ms + latency_ms) * MS)
        carried(r, False, latency_ms)
        frame(r, "received", "CALLRESULT", "1")
    else:
        r.now += round(latency_ms * MS)
        carried(r, False, latency_ms)
        frame(r, "received", "CALL", "1")
        r.now += round(thinks_ms * MS)
        frame(r, "sent", "CALLRESULT", "1")
        r.now += round(latency_ms * MS)
        carried(r, True, latency_ms)


@pytest.mark.parametrize("by_csms", [False, True], ids=["of the device", "of the CSMS"])
@pytest.mark.parametrize("latency_ms", [300, 40, 2000])
def test_latency_is_between_the_ends_of_an_arrow(latency_ms: float, by_csms: bool) -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::one"))
    latent_exchange(r, latency_ms, by_csms=by_csms)
    ((exchange,),) = lanes_of(only_test(r)).exchanges.values()
    assert None not in (exchange.start, exchange.arrived, exchange.answered, exchange.end)
    assert exchange.arrived - exchange.start == pytest.approx(latency_ms / 1000)  # type: ignore[operator]
    assert exchange.answered - exchange.arrived == pytest.approx(0.02)  # type: ignore[operator]
    assert exchange.end - exchange.answered == pytest.approx(latency_ms / 1000)  # type: ignore[operator]


def test_latency_slants_the_arrows_of_a_picture() -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::one"))
    latent_exchange(r, 300, by_csms=False)
    root = parse(timeline_svg.render(only_test(r)))
    arrows = [line for line in root.iter(SVG + "line") if line.get("stroke") in ("#0072b2", "#8c8c8c")]
    slants = [float(a.get("x2")) - float(a.get("x1")) for a in arrows if a.get("y1") != a.get("y2")]
    assert len(slants) == 2
    assert min(slants) > 100


def test_without_latency_both_ends_have_the_stamp_of_the_csms() -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::one"))
    latent_exchange(r, 300, by_csms=False)
    r.now += 5 * S
    r.call("StatusNotification", {}, {}, takes_ms=8)
    *_, direct = next(iter(lanes_of(only_test(r)).exchanges.values()))
    assert (direct.start, direct.answered) == (direct.arrived, direct.end)


# -- missed expectations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lane", "what"),
    [
        ("leds.status", "LED status: blink 2 Hz"),
        ("outputs.contactor", "outputs.contactor on"),
        ("ocpp", "StatusNotification(status='Charging')"),
        ("log", "a line with 'charging begins'"),
    ],
)
def test_a_missed_expectation_is_drawn_in_its_lane(lane: str, what: str) -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::one"))
    r.pin("outputs.contactor", False)
    r.led("status", "on")
    r.status("Available")
    r.log("beware", "W")
    r.now += 200 * MS
    since = r.now
    r.put(ev.Missed(lane=lane, what=what, since=since), after_ms=2000)
    test = only_test(r)
    lanes = lanes_of(test)
    (stretch,) = lanes.missed[lane]
    assert stretch.end - stretch.start == pytest.approx(2.0)
    root = parse(timeline_svg.render(test))
    assert f"expected: {what}" in texts(root)
    assert "expected here, did not come" in texts(root)
    assert collisions(root) == []


@pytest.mark.parametrize("lane", ["leds.fault", "ocpp", "log", ""])
def test_a_missed_expectation_without_a_lane_gets_its_own(lane: str) -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::one"))
    r.put(ev.Missed(lane=lane, what="a sign", since=r.now), after_ms=3000)
    said = texts(parse(timeline_svg.render(only_test(r))))
    assert "expected" in said
    assert "expected: a sign" in said


def test_more_than_four_misses_are_counted() -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::one"))
    for number in range(6):
        r.put(ev.Missed(lane="", what=f"sign {number}", since=r.now), after_ms=300)
    root = parse(timeline_svg.render(only_test(r)))
    assert "and 2 more" in texts(root)
    assert collisions(root) == []


def test_the_text_alternative_lists_missed_expectations() -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::one"))
    r.put(ev.Missed(lane="ocpp", what="Heartbeat", since=r.now), after_ms=300)
    assert re.search("expected: Heartbeat", timeline_svg.summary(only_test(r)))
