"""The heap over many connections."""

from __future__ import annotations

import pytest

from fixtures.measure import Measure
from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.faults import HeapLeak
from rig.instruments.telemetry import HeapTrend, Telemetry, heap_flat

pytestmark = pytest.mark.needs("time_scale")


def heap_over_reconnects(bench: Bench, csms: Csms, telemetry: Telemetry, rounds: int) -> HeapTrend:
    """Close the device's connection `rounds` times; the trend of its free heap once it is back each time."""
    samples = []
    with bench.time_scale(50):
        for _ in range(rounds):
            mark = bench.mark()
            csms.close(1001, "reconnect")
            csms.expect_connected(since=mark, timeout=60)
            samples += telemetry.expect(1, since=bench.mark())
    return heap_flat(samples, tolerance=512)


def test_heap_is_flat_over_200_reconnects(
    hasty_device: Device, bench: Bench, csms: Csms, telemetry: Telemetry, measure: Measure
) -> None:
    """200 connections, closed by the CSMS: the free heap after the last is what it was after the first."""
    trend = heap_over_reconnects(bench, csms, telemetry, 200)
    measure("heap lost over 200 reconnects", trend.lost, "bytes", high=512)


@pytest.mark.needs("test_hooks")
def test_a_leak_of_64_bytes_a_connection_is_found(
    hasty_device: Device, bench: Bench, csms: Csms, telemetry: Telemetry
) -> None:
    """The same check condemns a device that was told to leak 64 bytes a connection: it can fail."""
    with bench.inject(HeapLeak(bytes_per_connection=64)):
        trend = heap_over_reconnects(bench, csms, telemetry, 50)
    assert not trend.flat
    # Each block that the device's heap hands out costs a little more than what was asked for.
    assert 64 * 49 <= trend.lost <= 96 * 49
