"""The connection to the CSMS cannot be made: every attempt has an end and a reason, and the next one follows."""

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


def device_tries_in_vain(bench: Bench, console: Console, reason: str, timeout: float) -> None:
    """It fails for that reason, tries again, and fails again."""
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
def test_a_failed_attempt_has_an_end_a_reason_and_a_next_one(
    hasty_device: Device, bench: Bench, csms: Csms, console: Console, fault: Fault, reason: str
) -> None:
    """Whatever the other side does with the attempt: it ends in time, says why, and the device connects afterwards."""
    with bench.inject(fault), bench.inject(ConnectionDrop()):
        device_tries_in_vain(bench, console, reason, timeout=60)
    hasty_device.wait_status(timeout=60, connected=True, accepted=True)
    csms.ping()
    csms.expect_none("BootNotification", within=0.1)


@pytest.mark.smoke
@pytest.mark.needs("power")
def test_a_cold_boot_waits_for_a_csms_that_comes_late(device: Device, bench: Bench, csms: Csms) -> None:
    """Switched on before the CSMS is up: as soon as it is, the device boots into it."""
    device.configure(backoff_initial_ms=100, backoff_max_ms=100)
    with bench.inject(CsmsGone()):
        device.boot()
        device.wait_status(connected=False, accepted=False)
        device.let_time_pass(0.3)
    csms.expect("BootNotification")
    csms.expect_status("Available", connector=0)
    csms.expect_status("Available", connector=1)


def test_the_wait_grows_with_each_attempt_and_is_capped(device: Device, bench: Bench) -> None:
    """CSMS down: from half a second on the wait doubles up to its cap, and jitter keeps devices apart."""
    initial, cap = 1000, 8000
    device.configure(backoff_initial_ms=initial, backoff_max_ms=cap)
    mark = bench.mark()
    with bench.inject(CsmsGone()):
        attempts = [_uptime(bench.timeline.expect(LogLine, _is_attempt, since=mark, timeout=60)) for _ in range(9)]
    told = _waits(bench)[: len(attempts)]
    steps = [min(initial * 2**number, cap) for number in range(len(attempts))]
    assert all(step / 2 <= wait <= step for wait, step in zip(told, steps, strict=True)), (told, steps)
    assert len(set(told[3:])) > 1, f"no jitter: {told}"
    assert [later - sooner for sooner, later in pairwise(attempts)] == told[1:]  # it keeps to what it says


def test_a_flapping_link_is_not_hammered(device: Device, bench: Bench, csms: Csms) -> None:
    """Lost five seconds after each connect: the waits grow all the same, and nothing boots."""
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


def test_a_connection_that_holds_starts_the_wait_afresh(device: Device, bench: Bench, csms: Csms) -> None:
    """After a connection that held longer than `backoff_stable_s` the first wait is the short one again."""
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
    """What the device said of its waits since the last boot, in ms."""
    lines = _lines(bench)
    boots = [number for number, text in enumerate(lines) if "boot: " in text]
    return [int(wait) for wait in re.findall(r"next attempt in (\d+) ms", "\n".join(lines[boots[-1] :]))]
