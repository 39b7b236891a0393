"""What goes wrong gives one clear error within a second, and the next test starts on a healthy bench."""

from __future__ import annotations

import re

from .conftest import Start

NEXT = """
def test_next(device, csms):
    device.verify_idle()
    assert csms.connected
"""


def test_an_abort_in_the_device(start: Start) -> None:
    process = start(
        """
import time

def test_it(device, console):
    began = time.monotonic()
    console.send("crash abort")
    try:
        console.expect("never", timeout=60)
    finally:
        assert time.monotonic() - began < 1
"""
        + NEXT
    )
    output, _ = process.communicate(timeout=60)
    assert "1 failed, 1 passed" in output
    assert len(re.findall(r"^E .*the device panicked: abort\(\) was called", output, re.M)) == 1
    assert re.search(r"^E +0x[0-9a-f]+ pb::.* at \S*firmware/src/\S+\.cpp:\d+$", output, re.M), (
        "the backtrace is decoded"
    )


def test_a_serial_port_that_vanishes_under_a_running_device(start: Start) -> None:
    process = start(
        """
import time

def test_it(device, bench, console):
    began = time.monotonic()
    bench.wiring.hooks.unplug()
    try:
        console.expect("never", timeout=60)
    finally:
        assert time.monotonic() - began < 1
"""
        + NEXT
    )
    output, _ = process.communicate(timeout=60)
    assert "1 passed, 1 error" in output
    errors = re.findall(r"^error of the bench: .*", output, re.M)
    assert len(errors) == 1
    assert re.search(r"the serial port /dev/pts/\d+ vanished .* Look at the board's USB cable and plug", errors[0])
