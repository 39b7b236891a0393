"""The serial port of a bench vanishes: the page shows that, and the bench recovers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rig.bench import Bench
from rig.bench.bench_file import load
from rig.device import Device
from rig.firmware.build import build
from rig.live.bench_offer import offer_of
from rig.live.server import LiveServer
from rig.timeline.events import Boot
from tests.unit.console.conftest import ROOT, SLOW_MS, serving

pytestmark = pytest.mark.slow


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """The virtual bench in real time, with a pseudo-terminal as its serial port, offered on a live socket."""
    build(ROOT)
    path = tmp_path / "bench.toml"
    path.write_text((ROOT / "benches" / "virtual-real.toml").read_text())
    with (
        Bench(load(path), root=ROOT) as bench,
        contextlib.closing(Device(bench)) as device,
        contextlib.closing(LiveServer(offer_of(bench, device, "a test"))),
    ):
        device.make_idle()
        yield bench


def test_a_vanished_port_is_shown_until_the_bench_is_opened_again(browser: Any, bench: Bench) -> None:
    """The page names the port and its remedy. "open the bench again" brings the device up on a new port."""
    pytest.importorskip("nicegui", reason="needs the extra console: make setup-browser")
    context = browser.new_context()
    context.set_default_timeout(SLOW_MS)
    with serving(bench.description.path, is_open=True) as address:
        tab = context.new_page()
        tab.goto(address)
        tab.get_by_role("switch", name="input cable").wait_for()
        vanished = f"The bench failed: the serial port {bench.wiring.serial_url} vanished"
        alert = tab.get_by_role("alert").get_by_text(vanished)
        assert not alert.is_visible()
        assert bench.wiring.hooks is not None
        bench.wiring.hooks.unplug()
        alert.wait_for()
        again = tab.get_by_role("button", name="open the bench again")
        since = bench.mark()
        again.click()
        again.wait_for(state="hidden")
        bench.timeline.expect(Boot, since=since, timeout=SLOW_MS / 1000)
        assert bench.console.is_open
        assert not alert.is_visible()
    context.close()
