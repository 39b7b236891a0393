"""Failed connection attempts to the CSMS: each ends in time with a reason, and another one follows."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.faults import BadHandshake, BlackHole, ConnectionDrop, CsmsGone, Fault, HttpRefusal, SynIgnored
from rig.instruments.console import Console
from rig.timeline.events import LinkChange, LogLine

pytestmark = pytest.mark.needs("stepped_time")

CONNECTING = re.compile(r"^. \((\d+)\) ws: connecting to ")


def expect_two_failed_attempts(bench: Bench, console: Console, reason: str, timeout: float) -> None:
    """Wait for two failed attempts with that reason."""
    mark = bench.mark()
    for _ in range(2):
        console.expect(CONNECTING.pattern, since=mark, timeout=timeout)
        console.expect(rf"W \(\d+\) ws: .*{reason}.*; next attempt in \d+ ms", since=mark, timeout=timeout)
    assert bench.timeline.events(LinkChange, mark, lambda change: change.connected) == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (CsmsGone(), "connection refused"),
        (SynIgnored(), "no answer to the connection attempt in time"),
        (BlackHole(), "no answer to the WebSocket handshake in time"),
        (BadHandshake("half"), "no answer to the WebSocket handshake in time"),
        (BadHandshake("garbage"), "not an HTTP/1.1 answer"),
        (BadHandshake("close"), "the peer closed the connection"),
        (BadHandshake("wrong-key"), "wrong Sec-WebSocket-Accept"),
        (BadHandshake("other-subprotocol"), "a subprotocol that was not offered"),
        (BadHandshake("no-subprotocol"), "did not choose the offered subprotocol"),
        (HttpRefusal(401), r"HTTP 401"),
        (HttpRefusal(404), r"HTTP 404"),
        (HttpRefusal(503), r"HTTP 503"),
    ],
    ids=lambda value: "-".join([value.name, *map(str, value.arguments().values())]) if isinstance(value, Fault) else "",
)
def test_a_failed_attempt_ends_with_a_reason_and_a_retry(
    hasty_device: Device, bench: Bench, csms: Csms, console: Console, fault: Fault, reason: str
) -> None:
    """Each failed attempt ends in time with its reason on the console, and the device connects afterwards."""
    with bench.inject(fault), bench.inject(ConnectionDrop()):
        expect_two_failed_attempts(bench, console, reason, timeout=60)
    hasty_device.wait_status(timeout=60, connected=True, accepted=True)
    csms.ping()
    csms.expect_none("BootNotification", within=0.1)


@pytest.mark.smoke
@pytest.mark.needs("power")
def test_a_cold_boot_waits_for_a_csms_that_comes_late(device: Device, bench: Bench, csms: Csms) -> None:
    """A device that is switched on before the CSMS connects as soon as the CSMS is up."""
    device.configure(backoff_initial_ms=100, backoff_max_ms=100)
    with bench.inject(CsmsGone()):
        device.boot()
        device.wait_status(connected=False, accepted=False)
        device.let_time_pass(0.3)
    csms.expect("BootNotification")
    csms.expect_status("Available", connector=0)
    csms.expect_status("Available", connector=1)


def test_the_backoff_grows_and_is_capped(device: Device, bench: Bench) -> None:
    """While the CSMS is down the backoff doubles from 0.5 s to its cap, with jitter."""
    initial, cap = 1000, 8000
    device.configure(backoff_initial_ms=initial, backoff_max_ms=cap)
    mark = bench.mark()
    with bench.inject(CsmsGone()):
        attempts = [_uptime(bench.timeline.expect(LogLine, _is_attempt, since=mark, timeout=60)) for _ in range(9)]
    reported = _waits(bench)[: len(attempts)]
    steps = [min(initial * 2**number, cap) for number in range(len(attempts))]
    assert all(step / 2 <= wait <= step for wait, step in zip(reported, steps, strict=True)), (reported, steps)
    assert len(set(reported[3:])) > 1, f"no jitter: {reported}"
    assert [later - sooner for sooner, later in pairwise(attempts)] == reported[1:]  # the waits are those in the log


def test_a_flapping_link_does_not_reset_the_backoff(device: Device, bench: Bench, csms: Csms) -> None:
    """A connection that ends after five seconds does not reset the backoff, and the device does not reboot."""
    device.configure(backoff_initial_ms=500, backoff_max_ms=16_000)
    mark = bench.mark()
    for _ in range(5):
        before = bench.mark()
        csms.close(1001, "flapping")
        csms.expect_connected(since=before, timeout=60)
        device.let_time_pass(5)
    waits = _waits(bench)
    assert all(step / 2 <= wait <= step for step, wait in zip([500, 1000, 2000, 4000, 8000], waits, strict=True)), waits
    csms.expect_none("BootNotification", since=mark, within=0.1)


def test_a_stable_connection_resets_the_backoff(device: Device, bench: Bench, csms: Csms) -> None:
    """A connection that lasted longer than `backoff_stable_s` resets the backoff."""
    stable_s = 60
    device.configure(backoff_initial_ms=500, backoff_max_ms=60_000, backoff_stable_s=stable_s)
    for _ in range(5):
        before = bench.mark()
        csms.close(1001, "flapping")
        csms.expect_connected(since=before, timeout=60)
    device.let_time_pass(stable_s)
    before = bench.mark()
    csms.close(1001, "after a while")
    csms.expect_connected(since=before, timeout=60)
    waits = _waits(bench)
    assert 4000 <= waits[4] <= 8000
    assert 250 <= waits[5] <= 500


def _is_attempt(line: LogLine) -> bool:
    return CONNECTING.match(line.text) is not None


def _uptime(line: LogLine) -> int:
    assert line.uptime_ms is not None
    return line.uptime_ms


def _lines(bench: Bench) -> list[str]:
    return [line.text for line in bench.timeline.events(LogLine, bench.timeline.default_mark)]


def _waits(bench: Bench) -> list[int]:
    """Return the logged waits since the last boot, in ms."""
    lines = _lines(bench)
    boots = [number for number, text in enumerate(lines) if "boot: " in text]
    return [int(wait) for wait in re.findall(r"next attempt in (\d+) ms", "\n".join(lines[boots[-1] :]))]
