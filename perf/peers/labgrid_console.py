"""labgrid's SerialDriver, in a test that reads only when asked to on stdin."""

from __future__ import annotations

import sys
import time

from labgrid import Target
from labgrid.driver import SerialDriver
from labgrid.resource import RawSerialPort

target = Target("device")
RawSerialPort(target, None, port=sys.argv[1], speed=921_600)
driver = SerialDriver(target, None)
target.activate(driver)
print("ready", flush=True)
command, _, count = sys.stdin.readline().partition(" ")
if command == "ping":
    for number in range(int(count)):
        print("waits", flush=True)
        driver.expect(f"ping {number}\r?\n", timeout=60)
        print("got", time.monotonic_ns(), flush=True)
else:
    _, before, _, _ = driver.expect("END\r?\n", timeout=60)
    print("lines", before.count(b"line "), flush=True)
