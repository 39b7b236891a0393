"""A session by hand on the virtual bench, in the page: seen, recorded, and repeated by the saved test."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.console.conftest import ROOT, SLOW_MS, serving

pytestmark = pytest.mark.slow

_RETRIED_MS = SLOW_MS + 90_000
"""The limit of a wait for the device. On a busy machine a sample of the meter comes while the CSMS is silent. The
device then waits 30 s for the answer, and 60 s before it sends the sample again; StopTransaction comes after that."""


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """The page of a virtual bench that `rig console` has opened itself."""
    pytest.importorskip("nicegui", reason="needs the extra console: make setup-browser")
    context = browser.new_context(viewport={"width": 1280, "height": 1400}, accept_downloads=True)
    context.set_default_timeout(SLOW_MS)
    with serving(ROOT / "benches" / "virtual.toml", is_open=True) as address:
        tab = context.new_page()
        tab.goto(address)
        tab.get_by_role("switch", name="input cable").wait_for()
        yield tab
        context.close()


class Hand:
    """A person at the page.

    Args:
        tab: the page.
    """

    def __init__(self, tab: Any) -> None:
        self.tab = tab

    def switch(self, name: str, on: bool) -> None:
        """Switch an input, and wait until the bench has switched it."""
        self.tab.get_by_role("switch", name=f"input {name}").click()
        self._until(f"document.querySelector('pb-board').pins.get('inputs.{name.replace(' ', '_')}') === {_js(on)}")

    def see_frame(self, action: str, text: str = "") -> None:
        """Wait for another frame of an action with a text, after those that were seen before."""
        self._until(
            f"(window.seen ??= new Set(), document.querySelector('pb-sequence').list.items.some((frame) => "
            f"frame.action === '{action}' && frame.message_type === 'CALL' && frame.raw.includes('{text}') && "
            "!window.seen.has(frame.id) && window.seen.add(frame.id)))"
        )

    def see_led(self, name: str) -> None:
        """Wait until an LED was seen lit and dark, as a blinking one is."""
        for lit in (True, False):
            self._until(f"document.querySelector('pb-board').lit.get('leds.{name}') === {_js(lit)}")

    def inject(self, fault: str) -> None:
        """Inject a fault with its defaults."""
        chosen = self.tab.get_by_label("fault of the catalogue")
        chosen.click()
        chosen.fill(fault)
        self.tab.get_by_role("option", name=fault, exact=True).click()
        self.tab.get_by_role("button", name="inject").click()
        self.tab.get_by_role("button", name=f"lift {fault}").wait_for()

    def lift(self, fault: str) -> None:
        """Lift a fault."""
        button = self.tab.get_by_role("button", name=f"lift {fault}")
        button.click()
        button.wait_for(state="detached")

    def save(self, name: str, folder: Path) -> Path:
        """Save the recording by a button, and return the file."""
        with self.tab.expect_download() as download:
            self.tab.get_by_role("button", name=name).click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def _until(self, condition: str) -> None:
        self.tab.wait_for_function(condition, timeout=_RETRIED_MS)


def _js(value: bool) -> str:
    return str(value).lower()


def test_charge_by_hand_is_seen_recorded_and_repeated(tab: Any, tmp_path: Path) -> None:
    """A charge and three faults by hand are seen on the page; the saved test and scenario pass on the virtual bench."""
    hand = Hand(tab)
    tab.get_by_role("button", name="record", exact=True).click()
    hand.switch("cable", True)
    hand.see_frame("StatusNotification", "Preparing")
    hand.see_led("status")
    hand.switch("auth button", True)
    hand.switch("auth button", False)
    hand.see_frame("StartTransaction")
    hand.switch("vehicle ready", True)
    hand.see_frame("StatusNotification", '"Charging"')
    for fault in ("latency", "no-pong", "csms-silent"):
        hand.inject(fault)
        hand.lift(fault)
    hand.switch("vehicle ready", False)
    hand.see_frame("StatusNotification", "SuspendedEV")
    hand.switch("cable", False)
    hand.see_frame("StopTransaction")
    hand.see_frame("StatusNotification", '"Available"')
    heap = tab.locator(".pb-plot", has_text="heap free").inner_text()
    assert int(re.sub(r"\D", "", heap)) > 50_000
    test = hand.save("save test", tmp_path)
    (tmp_path / "scenarios").mkdir()
    scenario = hand.save("save scenario", tmp_path / "scenarios")
    for file in (test, scenario):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", "-n0"]
        command += ["-c", str(ROOT / "pytest.ini"), "--rootdir", str(tmp_path)]
        command += [f"--bench={ROOT / 'benches' / 'virtual.toml'}", str(file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, f"{file.read_text()}\n{done.stdout}\n{done.stderr}"
