"""pytest-embedded's `dut`, in a test that does something else until it is told to look. Run by pytest with `-s`."""

from __future__ import annotations

import sys


def test_lines(dut):  # type: ignore[no-untyped-def]
    print("\nready", flush=True)
    sys.stdin.readline()
    found = dut.expect("END\r?\n", timeout=60, return_what_before_match=True)
    print("\nlines", found.count(b"line "), flush=True)
