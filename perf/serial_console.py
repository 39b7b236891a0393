"""Measure serial consoles: lines kept of a burst while the test computes, lines a second, and latency."""

from __future__ import annotations

import contextlib
import os
import pty
import statistics
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from perf.environment import read_line, read_number, start, versions, write_line
from perf.result import Result

BITS_A_BYTE = 10
"""On a UART with 8 data bits, no parity and one stop bit."""
PIECE_S = 0.005
LINE = b"line %06d " + b"x" * 66 + b"\r\n"
UNPACED_LINES = 20_000
MANY_LINES = 100_000
MOST_LINES = 1_000_000
"""Only for ours: labgrid searches all of its buffer at each read, and would take longer than `RUN_S`."""
PINGS = 200
PINGS_S = 45.0
"""Pings stop after this time: a reader that loses lines and waits for each would take far longer."""
PAUSE_S = 0.003
RUN_S = 120.0
"""A run that takes longer is killed."""

OURS = "plugbench"
ALONE = "plugbench, the timeline alone"
SLOW = "pytest-embedded"
"""It polls, so the run with `MANY_LINES` would take minutes."""

T = TypeVar("T")
Open = Callable[[str], subprocess.Popen[str]]


def programs(peers: Path) -> dict[str, Open]:
    """Return the programs that read a port, by name and version. The first is ours, with all listeners of a test."""
    found = versions()

    def embedded(port: str) -> subprocess.Popen[str]:
        options = (
            "-m",
            "pytest",
            "-s",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:labgrid",
            "--noconftest",
            "-c",
            os.devnull,
        )
        more = ("--embedded-services", "serial", "--port", port, "--baud", "921600")
        return start(peers, "peers/test_embedded.py", *more, prefix=options)

    return {
        OURS: lambda port: start(sys.executable, "ours/console.py", port, "test"),
        ALONE: lambda port: start(sys.executable, "ours/console.py", port),
        f"pyserial-asyncio {found['pyserial-asyncio']} StreamReader": (
            lambda port: start(peers, "peers/stream_reader.py", port)
        ),
        f"{SLOW} {found['pytest-embedded-serial']}": embedded,
        f"labgrid {found['labgrid']}": lambda port: start(peers, "peers/labgrid_console.py", port),
    }


def measure(peers: Path, runs: int) -> Iterator[Result]:
    """Yield all figures, each the median of `runs` runs; the programs take turns."""
    readers = programs(peers)
    in_test = {name: open_port for name, open_port in readers.items() if name != ALONE}
    quick = {name: open_port for name, open_port in in_test.items() if not name.startswith(SLOW)}

    for baud, seconds in ((921_600, 2.0), (3_000_000, 5.0)):
        kept = _medians(in_test, runs, lambda open_port: lines_kept(open_port, baud, seconds))  # noqa: B023 - runs now
        yield _result(
            f"console: lines kept of a {baud:,} baud burst while the test blocks for {seconds:g} s", "%", kept
        )

    speeds = _medians(readers, runs, lambda open_port: speed(open_port, UNPACED_LINES))
    alone = speeds.pop(ALONE)
    yield _result("console: lines read, as fast as they come", "1/s", speeds)
    yield _result("console: the same, ours without record, watch and report", "1/s", speeds | {OURS: alone})
    name = f"console: lines read, as fast as {MANY_LINES:,} come"
    yield _result(name, "1/s", _medians(quick, runs, lambda open_port: speed(open_port, MANY_LINES)))

    name = f"console: lines read, as fast as {MOST_LINES:,} come"
    yield _result(name, "1/s", _medians({OURS: in_test[OURS]}, runs, lambda open_port: speed(open_port, MOST_LINES)))

    delays = _taking_turns(in_test, runs, latencies)
    for percent in (50, 99):
        found = {
            reader: statistics.median(statistics.quantiles(run, n=100)[percent - 1] for run in values)
            for reader, values in delays.items()
        }
        name = f"console: from a line's write to its expectation's return, p{percent}"
        yield _result(name, "ms", found, higher_is_better=False)


def lines_kept(open_port: Open, baud: int, seconds: float) -> float:
    """Return the percentage of lines received of a burst; bytes not read in time are dropped.

    Args:
        open_port: starts the reader.
        baud: the pace of the burst, as a UART sends it.
        seconds: its duration, in which the reader's test is blocked.
    """
    with _reader(open_port) as (master, process):
        os.set_blocking(master, False)
        sent = 0
        began = time.monotonic()
        data = b""
        while (passed := time.monotonic() - began) < seconds:
            due = int(passed * baud / BITS_A_BYTE) // len(LINE % 0)
            while sent < due:
                data += LINE % sent
                sent += 1
            with contextlib.suppress(BlockingIOError):
                os.write(master, data)
            data = b""
            time.sleep(PIECE_S)
        os.set_blocking(master, True)
        write_line(process, "look")
        os.write(master, b"\r\nEND\r\n")
        return 100 * read_number(process, "lines ") / sent


def speed(open_port: Open, lines: int) -> float:
    """Return lines per second where the sender blocks until the reader has room."""
    with _reader(open_port) as (master, process):
        write_line(process, "look")
        began = time.monotonic()
        for number in range(lines):
            data = LINE % number
            while data:
                data = data[os.write(master, data) :]
        os.write(master, b"END\r\n")
        arrived = read_number(process, "lines ")
        return arrived / (time.monotonic() - began)


def latencies(open_port: Open) -> list[float]:
    """Return the times from the write of a line until the waiting reader has it, in ms, one for each line."""
    with _reader(open_port) as (master, process):
        write_line(process, f"ping {PINGS}")
        taken: list[float] = []
        end = time.monotonic() + PINGS_S
        for number in range(PINGS):
            if time.monotonic() > end:
                process.kill()
                break
            read_line(process, "waits")
            time.sleep(PAUSE_S)  # the reader announces the wait just before it begins
            began = time.monotonic_ns()
            os.write(master, b"ping %d\r\n" % number)
            taken.append((read_number(process, "got ") - began) / 1e6)
        return taken


def _taking_turns(readers: Mapping[str, Open], runs: int, take: Callable[[Open], T]) -> dict[str, list[T]]:
    figures: dict[str, list[T]] = {reader: [] for reader in readers}
    for _ in range(runs):
        for reader, open_port in readers.items():
            try:
                figures[reader].append(take(open_port))
            except (RuntimeError, OSError) as error:  # the reader ended, or has closed the port
                if reader == OURS:
                    raise
                print(f"skipped a run of {reader}: {error}", file=sys.stderr, flush=True)
    return {reader: values for reader, values in figures.items() if values}


def _medians(readers: Mapping[str, Open], runs: int, take: Callable[[Open], float]) -> dict[str, float]:
    return {reader: statistics.median(values) for reader, values in _taking_turns(readers, runs, take).items()}


def _result(name: str, unit: str, figures: Mapping[str, float], *, higher_is_better: bool = True) -> Result:
    others = {reader: value for reader, value in figures.items() if reader != OURS}
    return Result(name, unit, higher_is_better, figures[OURS], others)


@contextlib.contextmanager
def _reader(open_port: Open) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    process = open_port(os.ttyname(slave))
    limit = threading.Timer(RUN_S, process.kill)
    limit.start()
    try:
        try:
            read_line(process, "ready")
        finally:
            os.close(slave)  # from now on only the reader holds the port open
        yield master, process
        process.communicate()
    finally:
        limit.cancel()
        process.kill()
        process.wait()
        os.close(master)
