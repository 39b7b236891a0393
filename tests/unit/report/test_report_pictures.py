"""The pictures: their required content, and labels that never overlap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from any_events import timed, words
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from picture_geometry import SVG, collisions, parse, texts
from synthetic_run import CP, MS, Recorder

from rig.report import dark, lane_reader, sequence_svg, timeline_svg
from rig.report.colours import PAPER, RED, contrast
from rig.runs import load
from rig.timeline import events as ev

# -- required content --------------------------------------------------------------------------------------------------


def shown(test: load.Test) -> list[str]:
    return texts(parse(timeline_svg.render(test)))


def test_no_text_covers_another_in_the_synthetic_run(run: load.Run) -> None:
    for test in run.tests:
        for head in (True, False):
            assert collisions(parse(timeline_svg.render(test, head=head))) == [], test.name
        if sequence_svg.has_exchange(test):
            assert collisions(parse(sequence_svg.render(test))) == [], test.name


def test_a_charge_shows_its_lanes_from_top_to_bottom(by_name: dict[str, load.Test]) -> None:
    said = shown(by_name["test_charge_from_plug_to_stop"])
    order = ["power", "access point", "auth button", "cable", "meter pulse", "LED status", "contactor", "lock",
             "WebSocket", "OCPP", "heap free", "measured"]  # fmt: skip
    assert [text for text in said if text in order] == order
    for text in ("StatusNotification Charging", "Authorize LOCAL-1", "StopTransaction Local", "40 pulses", "plugged in",
                 "blinks 1 Hz", "energy: 160 Wh (exactly 160 Wh)"):  # fmt: skip
        assert text in said


def test_only_labels_that_reach_into_a_crowd_are_shortened() -> None:
    """The crowded labels have room on their right, but the first label takes a row that they need."""
    r = Recorder()
    started = r.test("t::crowd", "")
    r.call("StopTransaction", {"transactionId": 1, "reason": "EVDisconnected", "meterStop": 0}, {}, after_ms=10)
    statuses = ("Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Unavailable")
    for number, status in enumerate(statuses):
        r.status(status, after_ms=2 if number else 200)
    r.pin("outputs.lock", True, after_ms=900)
    r.end("t::crowd", started)
    (test,) = load.from_events(r.events).tests
    said = shown(test)
    assert "StopTransaction" in said
    assert [text for text in said if text.startswith("StatusNotification")] == [
        f"StatusNotification {status}" for status in statuses
    ]


def test_the_last_status_of_a_test_is_shown_in_full() -> None:
    r = Recorder()
    started = r.test("t::whole", "")
    status = {"connectorId": 0, "errorCode": "NoError", "status": "Unavailable"}
    r.call("StatusNotification", status, {}, after_ms=100)
    r.end("t::whole", started)
    (test,) = load.from_events(r.events).tests
    assert "StatusNotification Unavailable (connector 0)" in shown(test)


def in_light(_kind: str, colour: str) -> str:
    return colour


def in_dark(kind: str, colour: str) -> str:
    """Return the colour of a text or an area in the picture's style sheet."""
    return (dark.LINES_AND_TEXTS if kind == "text" else dark.AREAS).get(colour, colour)


@pytest.mark.parametrize("shown_as", [in_light, in_dark])
def test_texts_have_enough_contrast_on_every_background(run: load.Run, shown_as: Callable[[str, str], str]) -> None:
    """WCAG 2.2 requires a contrast of 4.5 for text of this size."""
    seen = set()
    for test in run.tests:
        root = parse(timeline_svg.render(test))
        below = [rect for rect in root.iter(SVG + "rect") if rect.get("y") and rect.get("fill").startswith("#")]
        for text in root.iter(SVG + "text"):
            x, y = float(text.get("x")), float(text.get("y")) - 3
            ground = PAPER
            for rect in below:
                left, top = float(rect.get("x")), float(rect.get("y"))
                right, bottom = left + float(rect.get("width")), top + float(rect.get("height"))
                if left < x < right and top < y < bottom and not rect.get("fill-opacity"):
                    ground = rect.get("fill")
            seen.add(ground)
            ink, ground = shown_as("text", text.get("fill")), shown_as("area", ground)
            assert contrast(ink, ground) >= 4.5, (text.text, ink, ground)
    assert len(seen) > 5


def test_inputs_that_did_not_move_have_no_lane(by_name: dict[str, load.Test]) -> None:
    said = shown(by_name["test_emergency_stop_during_erase"])
    assert "emergency stop" in said
    assert "cable" not in said


def test_a_fault_is_a_band_across_all_lanes(by_name: dict[str, load.Test]) -> None:
    root = parse(timeline_svg.render(by_name["test_torn_write_in_transaction"]))
    (band,) = [r for r in root.iter(SVG + "rect") if r.get("fill-opacity") == "0.10"]
    assert float(band.get("height")) > 0.7 * float(root.get("height"))
    assert "torn write (operation=3, effect=half)" in texts(root)
    assert "boot (brownout)" in texts(root)


def test_a_held_answer_is_a_long_bar_where_it_was_pending(by_name: dict[str, load.Test]) -> None:
    root = parse(timeline_svg.render(by_name["test_slow_answer_does_not_block"]))
    pending = [r for r in root.iter(SVG + "rect") if r.get("height") == "5" and float(r.get("width")) > 300]
    assert len(pending) == 1
    assert "after 4.0 s" in texts(root)


def test_errors_on_the_wire_are_red(by_name: dict[str, load.Test]) -> None:
    root = parse(timeline_svg.render(by_name["test_slow_answer_does_not_block"]))
    (label,) = [t for t in root.iter(SVG + "text") if "CALLERROR Internal" in (t.text or "")]
    assert label.get("fill") == RED
    assert "StartTransaction → Blocked" in texts(root)
    assert "DataTransfer (no answer)" in texts(root)


def test_a_long_quiet_stretch_is_replaced_by_a_visible_break(by_name: dict[str, load.Test]) -> None:
    said = shown(by_name["test_access_point_gone_and_back"])
    assert "57 s" in said
    assert "quiet time left out, this long" in said


def test_a_short_test_has_a_linear_axis(by_name: dict[str, load.Test]) -> None:
    said = shown(by_name["test_cold_boot_to_accepted"])
    assert "time (ms)" in said
    assert "quiet time left out, this long" not in said


def test_a_duration_is_shown_in_the_time_of_the_run(by_name: dict[str, load.Test]) -> None:
    test = by_name["test_heap_is_flat_over_200_reconnects"]
    assert "6 min 11 s" in shown(test)
    stepped = replace(test, stepped=True, wall_seconds=1.25)
    assert "6 min 11 s of device time in 1.2 s of real time" in shown(stepped)


def test_a_test_without_duration_is_drawn_in_order() -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::instant"))
    r.pin("inputs.cable", False, driven=True)
    r.log("a line that has no mark in the picture", after_ms=0)
    r.pin("inputs.cable", True, driven=True)
    r.put(ev.LedPattern(led="status", pattern="on", began=r.now))
    r.call("Heartbeat", {}, takes_ms=0, after_ms=0)
    latency = ev.Measurement(
        name="plug to heartbeat", value=0, unit="ms", high=9, start=r.now, end=r.now, no_latency=True
    )
    r.put(latency)
    r.put(ev.TestEnded(nodeid="t::instant", outcome="passed", seconds=0.01))
    (test,) = load.from_events(r.events).tests
    drawn = lane_reader.lanes_of(test)
    microseconds = [round(1e6 * time) for time in drawn.times()]
    cable, led = drawn.bands
    assert [round(1e6 * segment.start) for segment in cable.segments] == [0, 1, 2]
    assert [round(1e6 * segment.start) for segment in led.segments] == [0, 3]
    assert [(round(1e6 * e.start), round(1e6 * e.end)) for e in drawn.exchanges[CP]] == [(4, 5)]  # type: ignore[arg-type]
    assert max(microseconds) == 6
    said = shown(test)
    assert "all at one moment: device time stood still" in said
    assert "plug to heartbeat: no latency in stepped time (at most 9 ms)" in said
    assert not [text for text in said if text.startswith(("time (", "after ", "0.0"))]


def test_many_frames_are_counted_and_none_is_lost(by_name: dict[str, load.Test]) -> None:
    labels = [t for t in shown(by_name["test_heap_is_flat_over_200_reconnects"]) if t.startswith("Heartbeat")]
    counted = sum(int(label.partition("×")[2] or 1) for label in labels)
    assert counted == 200
    assert len(labels) < 40


def test_a_measurement_out_of_limits_is_red_and_marked(by_name: dict[str, load.Test]) -> None:
    root = parse(timeline_svg.render(by_name["test_emergency_stop_during_erase"]))
    (text,) = [t for t in root.iter(SVG + "text") if (t.text or "").startswith("edge to contactor: 380 ms")]
    assert text.text.endswith("OUT OF LIMITS")
    assert text.get("fill") == RED


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("test_emergency_stop_during_erase", ["failed", "test failed"]),
        ("test_available_is_steady", ["error of the bench"]),
        ("test_control_pilot_duty", ["skipped", "this bench lacks what the test needs: control_pilot"]),
    ],
)
def test_the_verdict_is_shown_as_text(by_name: dict[str, load.Test], name: str, words: list[str]) -> None:
    said = shown(by_name[name])
    assert [word for word in words if word in said] == words


def test_pictures_have_a_title_and_a_description(run: load.Run) -> None:
    for test in run.tests:
        root = parse(timeline_svg.render(test))
        assert test.name in root.findtext(SVG + "title")
        assert test.name in root.findtext(SVG + "desc")
    assert "1 fault: torn write" in timeline_svg.summary(run.tests[2])


def test_pictures_have_no_script_and_no_external_reference(run: load.Run) -> None:
    for test in run.tests:
        for svg in (timeline_svg.render(test), sequence_svg.render(test)):
            root = parse(svg)
            assert {etree.QName(e).localname for e in root.iter()}.isdisjoint({"script", "image", "a", "use"})
            assert [element.text for element in root.iter(SVG + "style")] == [dark.style()]
            for element in root.iter():
                for name, value in element.attrib.items():
                    assert name not in ("style", "href")
                    assert not name.startswith("on")
                    assert "url(" not in value or value.startswith("url(#")


def test_pictures_are_the_same_each_time(run: load.Run) -> None:
    for test in run.tests:
        assert timeline_svg.render(test) == timeline_svg.render(test)


def test_hostile_text_stays_text(by_name: dict[str, load.Test]) -> None:
    svg = timeline_svg.render(by_name["test_status_command"])
    assert "<script>" not in svg
    assert any("<script>" in text for text in texts(parse(svg)))


def test_a_reported_initial_level_is_no_change() -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::wires"))
    r.pin("inputs.cable", False, driven=True, after_ms=100)
    r.pin("outputs.contactor", False)
    r.put(ev.TestEnded(nodeid="t::wires", outcome="passed", seconds=1.0), after_ms=100)
    (band,) = lane_reader.lanes_of(load.from_events(r.events).tests[0]).bands
    assert band.name == "contactor"
    assert [segment.on for segment in band.segments] == [None, False]


def test_an_led_shows_its_pattern_from_its_first_edge() -> None:
    r = Recorder()
    r.put(ev.LedPattern(led="status", pattern="off"))
    r.put(ev.TestStarted(nodeid="t::led"))
    first = r.pin("leds.status", True, after_ms=100)
    for level in (False, True, False, True):
        r.pin("leds.status", level, after_ms=100)
    r.put(ev.LedPattern(led="status", pattern="blink", rate_hz=5.003, duty=0.5, began=first.t), after_ms=20)
    r.pin("leds.status", False, after_ms=80)
    last = r.pin("leds.status", True, after_ms=100)
    r.put(ev.LedPattern(led="status", pattern="on", began=last.t), after_ms=300)
    r.put(ev.TestEnded(nodeid="t::led", outcome="passed", seconds=1.0), after_ms=100)
    (band,) = lane_reader.lanes_of(load.from_events(r.events).tests[0]).bands
    shown = [(segment.texts[0], pytest.approx(segment.start)) for segment in band.segments]
    assert shown == [("off", 0.0), ("blinks 5 Hz", 0.1), ("on", 0.7)]


def test_an_older_record_shows_a_pattern_from_its_report() -> None:
    r = Recorder()
    r.put(ev.LedPattern(led="status", pattern="off"))
    r.put(ev.TestStarted(nodeid="t::led"))
    r.put(ev.LedPattern(led="status", pattern="on"), after_ms=300)
    r.put(ev.TestEnded(nodeid="t::led", outcome="passed", seconds=1.0), after_ms=100)
    (band,) = lane_reader.lanes_of(load.from_events(r.events).tests[0]).bands
    shown = [(segment.texts[0], pytest.approx(segment.start)) for segment in band.segments]
    assert shown == [("off", 0.0), ("on", 0.3)]


def test_an_led_shows_its_level_until_its_pattern_is_known() -> None:
    r = Recorder()
    r.pin("leds.status", False)
    r.put(ev.LedPattern(led="status", pattern="off"))
    r.pin("leds.status", True, after_ms=10)
    r.put(ev.TestStarted(nodeid="t::led"))
    r.pin("leds.status", False, after_ms=100)
    r.pin("leds.status", True, after_ms=100)
    r.put(ev.LedPattern(led="status", pattern="on"), after_ms=100)
    r.pin("leds.status", False, after_ms=100)
    r.put(ev.TestEnded(nodeid="t::led", outcome="passed", seconds=1.0), after_ms=100)
    (test,) = load.from_events(r.events).tests
    (band,) = lane_reader.lanes_of(test).bands
    assert [(round(s.start, 3), round(s.end, 3), s.on) for s in band.segments] == [
        (0.0, 0.1, True),
        (0.1, 0.2, False),
        (0.2, 0.4, True),
        (0.4, 0.5, False),
    ]


def test_an_led_that_stopped_blinking_shows_its_level() -> None:
    r = Recorder()
    r.pin("leds.network", True)
    r.put(ev.LedPattern(led="network", pattern="blink", rate_hz=2.0, duty=0.5))
    r.put(ev.TestStarted(nodeid="t::led"))
    r.pin("leds.network", False, after_ms=200)
    r.pin("leds.network", True, after_ms=250)
    r.pin("leds.network", False, after_ms=500)  # the power was cut
    r.put(ev.TestEnded(nodeid="t::led", outcome="passed", seconds=1.0), after_ms=100)
    (band,) = lane_reader.lanes_of(load.from_events(r.events).tests[0]).bands
    shown = [(segment.texts[0], pytest.approx(segment.start)) for segment in band.segments]
    assert shown == [("blinks 2 Hz", 0.0), ("on", 0.45), ("off", 0.95)]


# -- arbitrary events --------------------------------------------------------------------------------------------------


def recorded_test(happened: list[tuple[int, ev.Event]], outcome: str, name: str, early: int) -> load.Test:
    """Make a test with these events. The first `early` events come before the test."""
    r = Recorder()
    for index, (gap, event) in enumerate(happened):
        if index == early:
            r.put(ev.TestStarted(nodeid=f"t::{name}", doc=name))
        r.put(event, after_ms=gap / MS)
    if early >= len(happened):
        r.put(ev.TestStarted(nodeid=f"t::{name}", doc=name))
    r.put(ev.TestEnded(nodeid=f"t::{name}", outcome=outcome, seconds=1.0, message=name))  # type: ignore[arg-type]
    (test,) = load.from_events(r.events).tests
    return test


def in_no_time(happened: list[tuple[int, ev.Event]]) -> list[tuple[int, ev.Event]]:
    return [(0, event) for _, event in happened]


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    timed | timed.map(in_no_time), st.sampled_from(["passed", "failed", "error", "skipped"]), words, st.integers(0, 4)
)
def test_any_events_make_a_well_formed_picture_without_collisions(
    happened: list[tuple[int, ev.Event]], outcome: str, name: str, early: int
) -> None:
    test = recorded_test(happened, outcome, name, early)
    assert collisions(parse(timeline_svg.render(test))) == []
    assert collisions(parse(sequence_svg.render(test))) == []


# -- the bar: 2,000 pictures a minute ----------------------------------------------------------------------------------


def crowd(count: int, event: Any) -> load.Test:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::crowd"))
    for index in range(count):
        r.put(event(index), after_ms=1 + index % 7)
    r.put(ev.TestEnded(nodeid="t::crowd", outcome="passed", seconds=1.0))
    return load.from_events(r.events).tests[0]


def alternating_frames(index: int) -> ev.OcppFrame:
    action = ("MeterValues", "Heartbeat", "StatusNotification")[index % 3]
    return ev.OcppFrame(charge_point=CP, direction="received", message_type="CALL", unique_id=str(index), action=action)


@pytest.mark.parametrize(
    "event",
    [
        alternating_frames,
        lambda i: ev.LogLine(text=f"E (1) t: {i}", level="E", tag=f"t{i % 9}"),
        lambda i: ev.PinEdge(signal="inputs.meter_pulse", level=i % 2 == 0, driven=True),
        lambda _: ev.Boot(version="1", build="b", reset="panic"),
        lambda i: ev.FaultInjected(fault=f"fault {i}"),
        lambda i: ev.TelemetrySample(values={"heap_free": 200_000 + i % 997}),
        lambda i: ev.Measurement(name="m", value=i, unit="ms"),
        lambda i: ev.Note(text=f"note {i}"),
    ],
    ids=["frames", "errors", "pulses", "boots", "faults", "telemetry", "measurements", "notes"],
)
def test_a_crowd_makes_a_picture_of_bounded_size(event: Any) -> None:
    root = parse(timeline_svg.render(crowd(5_000, event)))
    assert sum(1 for _ in root.iter()) < 6_000
    assert float(root.get("height")) < 1_500
    assert collisions(root) == []


def test_an_led_is_named_as_one_before_it_has_shown_a_pattern() -> None:
    test = crowd(1, lambda _: ev.PinEdge(signal="leds.fault", level=True, driven=False))
    assert "LED fault" in texts(parse(timeline_svg.render(test)))


def judged_test(*events: ev.Event) -> load.Test:
    r = Recorder()
    r.put(ev.CurrentSample(milliamperes=28.0, volts=3.3))
    r.put(ev.TestStarted(nodeid="t::judged"))
    for event in events:
        r.put(event, after_ms=1_000)
    r.put(ev.TestEnded(nodeid="t::judged", outcome="passed", seconds=0.01))
    (test,) = load.from_events(r.events).tests
    return test


def test_a_figure_is_drawn_only_if_the_test_asserts_on_it() -> None:
    records = [ev.TelemetrySample(values={"cpu": value, "rx": 10 * value}) for value in (12, 40, 25)]
    assert lane_reader.lanes_of(judged_test(*records)).curves == []
    judged = ev.FigureJudged(figure="cpu", unit="permille", high=300)
    test = judged_test(judged, *records)
    (curve,) = lane_reader.lanes_of(test).curves
    assert [value for _, value in curve.lines[0]] == [12, 40, 25]
    said = shown(test)
    assert {"cpu", "max 40 permille", "min 12 permille", "limit of the test"} <= set(said)
    assert "cpu 12 to 40 permille" in timeline_svg.summary(test)


def test_the_limits_of_a_growth_are_not_drawn_at_the_counter() -> None:
    judged = ev.FigureJudged(figure="erases", high=2, growth=True)
    test = judged_test(judged, *(ev.TelemetrySample(values={"erases": value}) for value in (500, 501)))
    (curve,) = lane_reader.lanes_of(test).curves
    assert curve.limits == ()
    assert "limit of the test" not in shown(test)


def test_a_curve_breaks_at_a_reboot() -> None:
    test = judged_test(
        ev.FigureJudged(figure="rx", unit="B", high=1),
        ev.TelemetrySample(values={"rx": 900}),
        ev.Boot(version="1", build="1", reset="panic"),
        ev.TelemetrySample(values={"rx": 3}),
    )
    (curve,) = lane_reader.lanes_of(test).curves
    assert [[value for _, value in line] for line in curve.lines] == [[900], [3]]


def test_the_current_holds_from_before_the_test_until_its_end() -> None:
    test = judged_test(
        ev.FigureJudged(figure="current", unit="mA", high=60), ev.CurrentSample(milliamperes=100.0, volts=3.3)
    )
    (curve,) = lane_reader.lanes_of(test).curves
    assert [value for _, value in curve.lines[0]] == [28, 100]
    assert curve.lines[0][0][0] == 0
    assert {"current", "max 100 mA", "min 28 mA"} <= set(shown(test))


def test_a_figure_that_no_record_has_makes_no_lane() -> None:
    test = judged_test(ev.FigureJudged(figure="cpu", high=1), ev.TelemetrySample(values={"cpu": float("nan")}))
    assert lane_reader.lanes_of(test).curves == []
