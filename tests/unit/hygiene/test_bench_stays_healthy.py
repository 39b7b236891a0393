"""Each failure gives one clear error within a second, and the next test starts on a healthy bench."""

from __future__ import annotations

import re

from .conftest import Start

NEXT = """
def test_next(device, csms):
    device.verify_idle()
    assert csms.connected
"""


def is_interrupted_at_once(output: str) -> bool:
    """Return whether the failure ended the wait before the device's next output, which comes within a second."""
    (seconds,) = re.findall(r"interrupted after (\S+) s$", output, re.M)
    return float(seconds) < 1


def test_an_abort_in_the_device(start: Start) -> None:
    process = start(
        """
def test_it(device, bench, console):
    began = bench.clock.now()
    console.send("crash abort")
    try:
        console.expect("never", timeout=60)
    finally:
        print("interrupted after", bench.clock.between(began, bench.clock.now()), "s")
"""
        + NEXT
    )
    output, _ = process.communicate(timeout=180)
    assert "1 failed, 1 passed" in output
    assert is_interrupted_at_once(output)
    assert len(re.findall(r"^E .*the device panicked: abort\(\) was called", output, re.M)) == 1
    assert re.search(r"^E +0x[0-9a-f]+ pb::.* at \S*firmware/src/\S+\.cpp:\d+$", output, re.M), (
        "the backtrace is decoded"
    )


def test_a_serial_port_that_vanishes_under_a_running_device(start: Start) -> None:
    process = start(
        """
def test_it(device, bench, console):
    began = bench.clock.now()
    bench.wiring.hooks.unplug()
    try:
        console.expect("never", timeout=60)
    finally:
        print("interrupted after", bench.clock.between(began, bench.clock.now()), "s")
"""
        + NEXT
    )
    output, _ = process.communicate(timeout=180)
    assert "1 passed, 1 error" in output
    assert is_interrupted_at_once(output)
    errors = re.findall(r"^error of the bench: .*", output, re.M)
    assert len(errors) == 1
    assert re.search(r"the serial port board://\d+ vanished .* Look at the board's USB cable and plug", errors[0])


def test_a_panic_while_the_device_is_made_idle(start: Start) -> None:
    """A panic while a fixture makes the device idle fails the test, although the device becomes idle."""
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


def test_a_device_that_hangs(start: Start) -> None:
    """A device that stops bench time is switched off before the next test."""
    process = start(
        """
import os, signal
from rig.wiring.virtual.stepping import stall

stall.LIMIT_S = 1

def test_it(device, bench):
    os.kill(bench.wiring.hooks._board.device_pid, signal.SIGSTOP)
    device.let_time_pass(1)
"""
        + NEXT
    )
    output, _ = process.communicate(timeout=180)
    assert "1 failed, 1 passed" in output
    assert re.search(r"the device \(process \d+, stopped\) has not reported idle for 1 s of real time", output)
