"""What goes wrong gives one clear error within a second, and the next test starts on a healthy bench."""

from __future__ import annotations

import re

from .conftest import Start

NEXT = """
def test_next(device, csms):
    device.verify_idle()
    assert csms.connected
"""


TIMES = 3
"""How often: a busy computer may hold up one of them for longer than a second, and hardly all."""


def is_told_within_a_second(output: str) -> bool:
    """Whether the trouble has ended the wait at once, at least where the computer was quick."""
    seconds = [float(said) for said in re.findall(r"told after (\S+) s$", output, re.M)]
    assert len(seconds) == TIMES
    assert max(seconds) < 30, "it does not wait for its time limit"
    return min(seconds) < 1


def test_an_abort_in_the_device(start: Start) -> None:
    process = start(
        f"""
import time
import pytest

@pytest.mark.parametrize("time_of", range({TIMES}))
def test_it(device, console, time_of):
    began = time.monotonic()
    console.send("crash abort")
    try:
        console.expect("never", timeout=60)
    finally:
        print("told after", time.monotonic() - began, "s")
"""
        + NEXT
    )
    output, _ = process.communicate(timeout=180)
    assert f"{TIMES} failed, 1 passed" in output
    assert is_told_within_a_second(output)
    assert len(re.findall(r"^E .*the device panicked: abort\(\) was called", output, re.M)) == TIMES
    assert re.search(r"^E +0x[0-9a-f]+ pb::.* at \S*firmware/src/\S+\.cpp:\d+$", output, re.M), (
        "the backtrace is decoded"
    )


def test_a_serial_port_that_vanishes_under_a_running_device(start: Start) -> None:
    process = start(
        f"""
import time
import pytest

@pytest.mark.parametrize("time_of", range({TIMES}))
def test_it(device, bench, console, time_of):
    began = time.monotonic()
    bench.wiring.hooks.unplug()
    try:
        console.expect("never", timeout=60)
    finally:
        print("told after", time.monotonic() - began, "s")
"""
        + NEXT
    )
    output, _ = process.communicate(timeout=180)
    assert f"1 passed, {TIMES} errors" in output
    assert is_told_within_a_second(output)
    errors = re.findall(r"^error of the bench: .*", output, re.M)
    assert len(errors) == TIMES
    assert re.search(r"the serial port board://\d+ vanished .* Look at the board's USB cable and plug", errors[0])


def test_a_panic_while_the_device_is_made_idle(start: Start) -> None:
    """What the device does while a fixture puts it right is the test's failure, though it is right in the end."""
    process = start(
        """
import pytest

@pytest.fixture
def fragile(bench, monkeypatch):
    to_rest = bench.inputs.to_rest
    def crash():
        monkeypatch.undo()
        to_rest()
        bench.console.send("crash abort")
        bench.timeline.expect(Panic)
    monkeypatch.setattr(type(bench.inputs), "to_rest", lambda self: crash())

from rig.timeline.events import Panic

def test_first(device): pass

def test_it(fragile, device): pass
"""
        + NEXT
    )
    output, _ = process.communicate(timeout=180)
    assert "1 failed, 2 passed" in output
    assert "the device panicked: abort() was called" in output
