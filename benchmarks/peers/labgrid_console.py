"""labgrid's SerialDriver, in a test that does something else until it is told to look."""

from __future__ import annotations

import sys

from labgrid import Target
from labgrid.driver import SerialDriver
from labgrid.resource import RawSerialPort

target = Target("device")
RawSerialPort(target, None, port=sys.argv[1], speed=921_600)
driver = SerialDriver(target, None)
target.activate(driver)
print("ready", flush=True)
sys.stdin.readline()
_, before, _, _ = driver.expect("END\r?\n", timeout=60)
print("lines", before.count(b"line "), flush=True)
