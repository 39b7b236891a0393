"""pytest-embedded's `dut`, in a test that does something else until it is told to look. Run by pytest with `-s`."""

from __future__ import annotations

import contextlib
import sys
import time

import pexpect

PATIENCE_S = 5


def test_lines(dut):  # type: ignore[no-untyped-def]
    print("\nready", flush=True)
    command, _, count = sys.stdin.readline().partition(" ")
    if command == "ping":
        for number in range(int(count)):
            print("\nwaits", flush=True)
            # It may lose a line: then that one took as long as a test would have waited for it.
            with contextlib.suppress(pexpect.TIMEOUT):
                dut.expect(f"ping {number}\r?\n", timeout=PATIENCE_S)
            print("\ngot", time.monotonic_ns(), flush=True)
        return
    found = dut.expect("END\r?\n", timeout=60, return_what_before_match=True)
    print("\nlines", found.count(b"line "), flush=True)
