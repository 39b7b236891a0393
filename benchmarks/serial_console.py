"""The serial console: does a burst come whole while the test does not look, and how fast can lines come?"""

from __future__ import annotations

import contextlib
import os
import pty
import statistics
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.environment import hear, say, start, versions
from benchmarks.result import Result

BYTES_A_SECOND = 921_600 // 10
BURST_S = 2.0
PIECE_S = 0.005
LINE = b"line %06d " + b"x" * 66 + b"\r\n"
UNPACED_LINES = 20_000


def programs(peers: Path) -> dict[str, Callable[[str], subprocess.Popen[str]]]:
    """What reads a port, by name and version; the first is ours."""
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
        "plugbench": lambda port: start(sys.executable, "ours/console.py", port),
        f"pyserial-asyncio {found['pyserial-asyncio']} StreamReader": (
            lambda port: start(peers, "peers/stream_reader.py", port)
        ),
        f"pytest-embedded {found['pytest-embedded-serial']}": embedded,
        f"labgrid {found['labgrid']}": lambda port: start(peers, "peers/labgrid_console.py", port),
    }


def measure(peers: Path, runs: int) -> Iterator[Result]:
    """Both figures, each the median of that many runs, the programs taking turns."""
    readers = programs(peers)
    for name, unit, take in (
        ("console: lines kept of a 921,600 baud burst while the test computes", "%", kept),
        ("console: lines read, as fast as they come", "1/s", speed),
    ):
        figures: dict[str, list[float]] = {reader: [] for reader in readers}
        for _ in range(runs):
            for reader, open_port in readers.items():
                figures[reader].append(take(open_port))
        ours, *others = ((reader, statistics.median(values)) for reader, values in figures.items())
        yield Result(name, unit, True, ours[1], dict(others))


def kept(open_port: Callable[[str], subprocess.Popen[str]]) -> float:
    """Per cent of the lines that arrive of a burst, at the pace of a UART that drops what nobody takes."""
    with _reader(open_port) as (master, process):
        os.set_blocking(master, False)
        sent = 0
        began = time.monotonic()
        data = b""
        while (passed := time.monotonic() - began) < BURST_S:
            due = int(passed * BYTES_A_SECOND) // (len(LINE) - 2)
            while sent < due:
                data += LINE % sent
                sent += 1
            with contextlib.suppress(BlockingIOError):
                os.write(master, data)
            data = b""
            time.sleep(PIECE_S)
        os.set_blocking(master, True)
        say(process, "look")
        os.write(master, b"\r\nEND\r\n")
        return 100 * int(hear(process, "lines ")) / sent


def speed(open_port: Callable[[str], subprocess.Popen[str]]) -> float:
    """Lines a second where the sender waits for the reader."""
    with _reader(open_port) as (master, process):
        say(process, "look")
        began = time.monotonic()
        for number in range(UNPACED_LINES):
            data = LINE % number
            while data:
                data = data[os.write(master, data) :]
        os.write(master, b"END\r\n")
        arrived = int(hear(process, "lines "))
        return arrived / (time.monotonic() - began)


@contextlib.contextmanager
def _reader(open_port: Callable[[str], subprocess.Popen[str]]) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    process = open_port(os.ttyname(slave))
    try:
        hear(process, "ready")
        yield master, process
        process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)
