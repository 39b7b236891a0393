"""The fleet: its figures and limits, and a real fleet in stepped time that is the same in each run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import socket
from pathlib import Path

import pytest

from rig.cli import fleet
from rig.cli.fleet import FleetRun, check_run, run_against, run_outage
from rig.util.errors import BenchError, DeviceError, ExpectationError

ROOT = Path(__file__).parents[3]


def result(*back_after_s: float, points: int = 20) -> FleetRun:
    """Return a run in which the devices came back after these seconds."""
    return FleetRun(points, 1, 3600, back_after_s, points - len(back_after_s))


def test_the_busiest_second_may_begin_anywhere() -> None:
    run = result(0.9, 1.1, 1.8, 1.9, 5, points=5)
    assert run.busiest_second == 3
    assert run.busiest_share == 60


def test_a_second_is_over_when_it_has_passed() -> None:
    assert result(1, 2, 3, points=3).busiest_second == 1


def test_a_herd_fails_with_its_share() -> None:
    run = result(*[7.5] * 3, *(10.0 + n for n in range(17)))
    with pytest.raises(ExpectationError, match=r"3 of 20 devices reconnected within one second: 15\.0 %, at most 5 %"):
        check_run(run, 5)
    check_run(run, 15)


def test_a_device_that_stays_away_fails() -> None:
    with pytest.raises(DeviceError, match="1 of 3 devices did not reconnect"):
        check_run(result(1, 3, points=3), 100)


def test_a_wrong_url_is_rejected() -> None:
    with pytest.raises(BenchError, match="--csms 'http://x' "):
        run_against("http://x", ROOT, points=1, seconds=1, seed=1)


class HighConsole:
    """A device whose console has a descriptor that select.select does not take, and that has connected once."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair()
        self._high = fcntl.fcntl(self._near, fcntl.F_DUPFD_CLOEXEC, 1100)
        self._far.sendall(fleet._CONNECTED)

    def fileno(self) -> int:
        return self._high

    def read_console(self) -> bytes:
        return self._near.recv(1000)

    def check(self) -> None:
        pass

    def close(self) -> None:
        os.close(self._high)
        self._near.close()
        self._far.close()


def test_consoles_beyond_descriptor_1023_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    try:
        with contextlib.closing(HighConsole()) as device:
            monkeypatch.setattr(fleet, "_fleet", lambda *_: contextlib.nullcontext([device]))
            result = run_against("ws://127.0.0.1:9/", ROOT, points=1, seconds=0.1, seed=1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert result == "1 devices: 1 connected, 1 connections"


@pytest.mark.timeout(600)
def test_devices_come_back_one_after_another() -> None:
    """Eight devices lose their CSMS together, for five minutes."""
    outage = run_outage(ROOT, points=8, outage_s=300, seed=3)
    assert not outage.lost
    assert outage.busiest_second <= 3, outage
    # The pauses have reached their limit of 120 s, of which half is random.
    assert outage.back_after_s[-1] - outage.back_after_s[0] > 10, outage
    assert outage.back_after_s[-1] <= 120, outage


def test_a_seed_repeats_an_outage() -> None:
    first, second = (run_outage(ROOT, points=3, outage_s=20, seed=3) for _ in range(2))
    assert first.back_after_s
    assert first == second
