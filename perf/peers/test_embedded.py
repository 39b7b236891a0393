"""pytest-embedded's `dut`, in a test that reads only when asked to on stdin. Run by pytest with `-s`."""

from __future__ import annotations

import contextlib
import sys
import time

import pexpect

TIMEOUT_S = 5


def test_lines(dut):  # type: ignore[no-untyped-def]
    print("\nready", flush=True)
    command, _, count = sys.stdin.readline().partition(" ")
    if command == "ping":
        for number in range(int(count)):
            print("\nwaits", flush=True)
            # `dut` may lose a line: the timeout then counts as the latency of that line.
            with contextlib.suppress(pexpect.TIMEOUT):
                dut.expect(f"ping {number}\r?\n", timeout=TIMEOUT_S)
            print("\ngot", time.monotonic_ns(), flush=True)
        return
    found = dut.expect("END\r?\n", timeout=60, return_what_before_match=True)
    print("\nlines", found.count(b"line "), flush=True)
