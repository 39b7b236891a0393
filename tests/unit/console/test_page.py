"""The live page in Chromium: its drawings, its controls, and its recovery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rig.timeline.events import Boot, FaultLifted, LogLine, OcppFrame, Panic, PinEdge
from tests.axe import DESKTOP, PHONE, violations
from tests.unit.console.conftest import SLOW_MS, HandBench, serving


def log(page: Any) -> str:
    """Return the rows of the log that are in sight."""
    rows: list[str] = page.locator("pb-log .pb-row").all_inner_texts()
    return "\n".join(rows)


def lines(page: Any) -> list[str]:
    """Return the texts of all lines that the page holds, in order."""
    found: list[str] = page.evaluate(
        "document.querySelector('pb-log').list.items.filter((line) => !line.remark).map((line) => line.text)"
    )
    return found


def until(page: Any, condition: str) -> None:
    """Wait until a condition in JavaScript is true."""
    page.wait_for_function(condition, timeout=SLOW_MS)


def choose(page: Any, label: str, option: str) -> None:
    """Choose an option of a select, and wait until its menu has closed."""
    page.get_by_label(label).click()
    page.get_by_role("option", name=option).click()
    page.locator(".q-menu").wait_for(state="detached")


def test_every_line_is_shown_in_order(page: Any, hand: HandBench) -> None:
    """A burst of 5,000 lines arrives complete and in order, and only the rows in sight are in the document."""
    sent = [f"line {number}" for number in range(5000)]
    for start in range(0, len(sent), 100):
        hand.timeline.extend(
            [LogLine(source="console", text=text, level="I", tag="app") for text in sent[start : start + 100]]
        )
    until(page, "document.querySelector('pb-log').list.items.length >= 5001")
    assert lines(page) == sent
    assert page.locator("pb-log .pb-row").count() < 60
    assert "line 4999" in log(page)


def test_new_tab_gets_the_earlier_events(page: Any, hand: HandBench) -> None:
    """A tab that is opened later shows what happened before."""
    hand.timeline.extend([LogLine(source="console", text=f"early {n}", level="I", tag="app") for n in range(50)])
    tab = page.context.new_page()
    tab.goto(page.url)
    until(tab, "document.querySelector('pb-log')?.list?.items.length >= 51")
    assert lines(tab) == [f"early {n}" for n in range(50)]


def test_log_is_filtered_by_level_feature_and_text(page: Any, hand: HandBench) -> None:
    """The filters of level, feature and text apply together, and to the lines that come later."""
    hand.timeline.append(LogLine(source="console", text="a warning", level="W", tag="network"))
    page.get_by_label("lowest level").select_option("W")
    page.get_by_label("feature", exact=True).select_option("network")
    page.keyboard.press("/")
    page.get_by_label("search the log").fill("lost")
    for text, level, tag in (("lost a", "W", "network"), ("lost b", "I", "network"), ("lost c", "E", "app")):
        hand.timeline.append(LogLine(source="console", text=text, level=level, tag=tag))  # type: ignore[arg-type]
    until(page, "document.querySelector('pb-log').list.items.filter((line) => !line.remark).length === 4")
    until(page, "document.querySelectorAll('pb-log .pb-row').length === 1")
    assert "lost a" in log(page)


def test_memory_of_the_log_is_bounded(page: Any, hand: HandBench) -> None:
    """Beyond its limit the page drops the oldest lines with a note, and still scrolls to both ends."""
    page.evaluate("document.querySelector('pb-log').list.most = 1000")
    hand.timeline.extend([LogLine(source="console", text=f"line {n}", level="I", tag="app") for n in range(3000)])
    until(page, "document.querySelector('pb-log').list.items.at(-1).text === 'line 2999'")
    kept = lines(page)
    assert len(kept) <= 1000
    assert kept == [f"line {n}" for n in range(3000 - len(kept), 3000)]
    page.locator("pb-log .pb-scroll").evaluate("(box) => { box.scrollTop = 0; }")
    page.locator("pb-log .pb-row", has_text=kept[0]).first.wait_for()
    assert "older ones dropped" in page.locator("pb-log").inner_text()


def test_led_lights_as_its_pin_does(page: Any, hand: HandBench) -> None:
    """An edge of an LED's pin lights the LED of the drawing, and the next one puts it out."""
    for level in (True, False):
        hand.timeline.append(PinEdge(source="pins", signal="leds.status", level=level, driven=False))
        until(page, f"document.querySelector('.pb-led').classList.contains('pb-lit') === {str(level).lower()}")


def test_inputs_and_power_are_operated(page: Any, hand: HandBench) -> None:
    """The switch of an input and the key p act on the bench, and the drawing shows it."""
    page.get_by_role("switch", name="input cable").click()
    until(page, "document.querySelector('.pb-pad[data-signal=\"inputs.cable\"]').classList.contains('pb-lit')")
    assert hand.cable
    page.get_by_role("heading", name="Board").click()
    page.keyboard.press("p")
    page.locator('.q-toggle[aria-label="power of the board"][aria-checked="false"]').wait_for()
    assert not hand.power


def test_fault_lasts_until_its_tab_closes(page: Any, hand: HandBench) -> None:
    """A fault from the form is shown as active, and is lifted when the tab is closed."""
    page.get_by_label("fault of the catalogue").click()
    page.get_by_role("option", name="latency").click()
    page.get_by_label("ms (1 to 50)").fill("20")
    page.get_by_role("button", name="inject").click()
    page.get_by_role("button", name="lift latency").wait_for()
    assert hand.faults[0]["arguments"] == {"ms": 20}
    page.close()
    hand.timeline.expect(FaultLifted, timeout=60)
    assert hand.faults == []


def test_rejection_is_shown(page: Any, hand: HandBench) -> None:
    """The message of a rejected call is shown, and nothing is injected."""
    page.get_by_label("fault of the catalogue").click()
    page.get_by_role("option", name="latency").click()
    page.get_by_label("ms (1 to 50)").fill("13")
    page.get_by_role("button", name="inject").click()
    notice = page.locator(".q-notification", has_text="13 ms is unlucky")
    notice.wait_for()
    assert hand.faults == []
    colour = "(element) => getComputedStyle(element).color"
    assert notice.get_by_role("button").evaluate(colour) == notice.evaluate(colour), "the button is as readable"


def test_call_form_follows_the_version_of_the_charge_point(page: Any, hand: HandBench) -> None:
    """A charging station of OCPP 2.0.1 is called with an action and the fields of its version."""
    hand.protocols["CP-2"] = "ocpp2.0.1"
    page.get_by_text("CP-2 connected").wait_for()
    page.get_by_label("action", exact=True).fill("GetBaseR")
    page.get_by_role("option", name="GetBaseReport").click()
    page.get_by_label("requestId *").fill("7")
    page.get_by_label("reportBase *").click()
    page.get_by_role("option", name="FullInventory").click()
    page.get_by_role("button", name="call", exact=True).click()
    page.get_by_text("GetBaseReport was answered").wait_for()
    assert hand.called == [("CP-2", "GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})]


def test_running_test_is_only_watched(page: Any, hand: HandBench) -> None:
    """While a test runs, the page names the test and disables its controls. The page can hold the session."""
    hand.test = "tests/hil/test_boot.py::test_boots"
    page.get_by_text("You can look, not act").wait_for()
    assert page.get_by_role("button", name="reset").is_disabled()
    page.get_by_role("heading", name="Board").click()
    page.keyboard.press("p")
    page.locator(".q-notification", has_text="You can look, not act").wait_for()
    assert hand.power
    page.get_by_role("button", name="pause after this test").click()
    page.locator("button:disabled", has_text="pause after this test").wait_for()
    assert hand.hold.is_requested


def test_frame_opens_with_its_payload_and_verdict(page: Any, hand: HandBench) -> None:
    """A frame of the sequence chart opens in words, with the reason why it is invalid."""
    hand.timeline.append(
        OcppFrame(
            source="csms",
            charge_point="CP-1",
            direction="received",
            message_type="CALL",
            unique_id="7",
            action="Heartbeat",
            payload={"extra": 1},
            error="additional property extra",
            raw='[2,"7"]',
        )
    )
    page.get_by_role("button", name="to the CSMS: Heartbeat, invalid").click()
    dialog = page.get_by_role("dialog")
    assert '"extra": 1' in dialog.inner_text()
    assert "additional property extra" in dialog.inner_text()


def test_panic_is_announced_until_the_next_boot(page: Any, hand: HandBench) -> None:
    """A panic stays in the banner, with its cause, until the device has booted again for another reason."""
    hand.timeline.append(Panic(source="console", cause="LoadProhibited", backtrace=("a", "b")))
    page.get_by_role("alert").get_by_text("LoadProhibited").wait_for()
    hand.timeline.append(Boot(source="console", version="1", build="0", reset="power_on"))
    page.get_by_role("alert").get_by_text("LoadProhibited").wait_for(state="detached")


def test_closed_bench_is_awaited(page: Any, hand: HandBench, bench_path: Path) -> None:
    """The page shows that the bench was closed, and continues with the next bench of its description."""
    hand.close()
    page.get_by_role("alert").get_by_text("No bench").wait_for()
    again = HandBench(bench_path)
    try:
        again.timeline.append(LogLine(source="console", text="back again", level="I", tag="app"))
        page.locator("pb-log .pb-row", has_text="back again").wait_for()
        page.get_by_role("alert").get_by_text("No bench").wait_for(state="detached")
    finally:
        again.close()


def test_dead_server_is_reported_and_continues(browser: Any, bench_path: Path) -> None:
    """Without its server the page shows that; with a new server on that port it continues by itself."""
    server = serving(bench_path)
    address = server.__enter__()
    hand = HandBench(bench_path)
    context = browser.new_context()
    context.set_default_timeout(SLOW_MS)
    try:
        tab = context.new_page()
        tab.goto(address)
        tab.get_by_role("switch", name="input cable").wait_for()
        server.process.kill()
        tab.get_by_role("alert").get_by_text("does not answer").wait_for()
        with serving(bench_path, "--port", address.rstrip("/").rpartition(":")[2], is_open=True):
            tab.get_by_role("alert").get_by_text("does not answer").wait_for(state="detached")
            hand.timeline.append(LogLine(source="console", text="served again", level="I", tag="app"))
            tab.locator("pb-log .pb-row", has_text="served again").wait_for()
    finally:
        server.__exit__()
        hand.close()
        context.close()


def test_token_of_the_address_opens_the_page(browser: Any, hand: HandBench, bench_path: Path) -> None:
    """With a token the printed address opens the page and its streams; without it there is only a rejection."""
    context = browser.new_context()
    context.set_default_timeout(SLOW_MS)
    try:
        with serving(bench_path, "--token", "between us", is_open=True) as address:
            tab = context.new_page()
            rejected = tab.goto(address.partition("?")[0])
            assert rejected.status == 403
            assert "token is missing" in tab.locator("body").inner_text()
            tab.goto(address)
            tab.get_by_role("switch", name="input cable").wait_for()
            hand.timeline.append(LogLine(source="console", text="among friends", level="I", tag="app"))
            tab.locator("pb-log .pb-row", has_text="among friends").wait_for()
    finally:
        context.close()


def test_page_fits_a_phone(page: Any, hand: HandBench) -> None:
    """Nothing is wider than a phone, not even the long name of a test."""
    page.set_viewport_size({"width": 390, "height": 844})
    hand.test = f"tests/hil/test_boot.py::test_{'_'.join(['long'] * 30)}"
    page.get_by_text("You can look, not act").wait_for()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(page: Any, hand: HandBench, scheme: str, size: dict[str, int]) -> None:
    """No part of the page breaks a rule of axe-core: with events, a form, a fault, a running test, and the dialogs."""
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.locator(f"body.body--{scheme}").wait_for()
    for level in ("D", "I", "W", "E"):
        hand.timeline.append(LogLine(source="console", text=f"a line of level {level}", level=level, tag="app"))
    for direction, error in (("received", ""), ("sent", ""), ("received", "additional property extra")):
        hand.timeline.append(
            OcppFrame(
                source="csms",
                charge_point="CP-1",
                direction=direction,  # type: ignore[arg-type]
                message_type="CALL",
                unique_id="7",
                action="Heartbeat",
                payload={},
                error=error,
                raw='[2,"7","Heartbeat",{}]',
            )
        )
    hand.timeline.append(PinEdge(source="pins", signal="leds.status", level=True, driven=False))
    choose(page, "fault of the catalogue", "latency")
    page.get_by_role("button", name="inject").click()
    page.get_by_role("button", name="lift latency").wait_for()
    choose(page, "action", "ReserveNow")
    page.get_by_label("idTag *").first.wait_for()
    page.locator("pb-log .pb-row", has_text="a line of level E").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="to the CSMS: Heartbeat, invalid").click()
    page.get_by_role("dialog").wait_for()
    assert violations(page) == [], "a frame"
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    hand.timeline.append(Panic(source="console", cause="LoadProhibited", backtrace=("a", "b")))
    hand.test = "tests/hil/test_boot.py::test_boots"
    page.get_by_text("You can look, not act").wait_for()
    page.get_by_role("alert").get_by_text("LoadProhibited").wait_for()
    assert violations(page) == [], "a test"
    page.get_by_role("button", name="keys").click()
    page.get_by_role("heading", name="Keys").wait_for()
    assert violations(page) == [], "the keys"
