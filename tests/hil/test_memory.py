"""The device's heap over many connections, charges and malformed frames."""

from __future__ import annotations

import itertools
from itertools import pairwise

import pytest

from fixtures.measure import Measure
from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import HeapLeak
from rig.instruments.telemetry import HeapTrend, Telemetry, heap_flat

pytestmark = pytest.mark.needs("stepped_time")


def heap_over_reconnects(device: Device, csms: Csms, telemetry: Telemetry, rounds: int) -> HeapTrend:
    """Close the device's connection `rounds` times. Return the trend of its free heap after each reconnect."""
    bench = device.bench
    samples = []
    for _ in range(rounds):
        mark = bench.mark()
        csms.close(1001, "reconnect")
        csms.expect_connected(since=mark)
        device.wait_status(connected=True)
        samples += telemetry.expect(1, since=bench.mark())
    return heap_flat(samples, tolerance=512)


def test_heap_is_flat_over_200_reconnects(
    hasty_device: Device, csms: Csms, telemetry: Telemetry, measure: Measure
) -> None:
    """200 connections that the CSMS closes: the free heap after the last equals that after the first."""
    trend = heap_over_reconnects(hasty_device, csms, telemetry, 200)
    measure("heap lost over 200 reconnects", trend.lost, "bytes", high=512)


@pytest.mark.smoke
@pytest.mark.needs("test_hooks")
def test_a_leak_of_64_bytes_a_connection_is_found(
    hasty_device: Device, bench: Bench, csms: Csms, telemetry: Telemetry
) -> None:
    """The same check fails for a device that leaks 64 bytes a connection."""
    with bench.inject(HeapLeak(bytes_per_connection=64)):
        trend = heap_over_reconnects(hasty_device, csms, telemetry, 50)
    assert not trend.flat
    # Each heap block has some overhead beyond the requested size.
    assert 64 * 49 <= trend.lost <= 96 * 49


@pytest.mark.needs("inputs")
def test_heap_is_flat_over_50_charges(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, telemetry: Telemetry, measure: Measure
) -> None:
    """50 charges from plug to unplug: the free heap after the last equals that after the first."""
    samples = []
    for number in range(50):
        mark = bench.mark()
        driver.plug_in()
        driver.present_tag()
        csms.expect("StartTransaction", since=mark)
        csms.expect_status("Charging", since=mark)
        driver.unplug()
        csms.expect("StopTransaction", since=mark)
        csms.expect_status("Available", since=mark)
        if number % 5 == 4:
            samples += telemetry.expect(1)
    trend = heap_flat(samples, tolerance=512)
    measure("heap lost over 50 charges", trend.lost, "bytes", high=512)
    for transaction in csms.transactions:
        transaction.check()
    assert len(csms.transactions) == 50


def test_heap_is_flat_over_malformed_frames(
    device: Device, bench: Bench, csms: Csms, telemetry: Telemetry, measure: Measure
) -> None:
    """Hundreds of frames that cannot be answered change neither the free heap nor the connection."""
    bad = [
        "",
        "{",
        "[[[[",
        '[2,"%d"]',
        '[2,"%d","Reset",{}]',
        '[2,"%d","Nope",{"a":"' + "y" * 2000 + '"}]',
        '[3,"%d",{}]',
    ]
    ids = itertools.count()
    samples = []
    for _ in range(20):
        for text in bad * 7:
            csms.send_raw(text.replace("%d", str(next(ids))))
        csms.ping()
        samples += telemetry.expect(1)
    trend = heap_flat(samples, tolerance=512)
    measure("heap lost over 980 malformed frames", trend.lost, "bytes", high=512)
    assert csms.call("RemoteStopTransaction", {"transactionId": 987654}) == {"status": "Rejected"}


@pytest.mark.smoke
def test_telemetry_comes_each_second(device: Device, bench: Bench, telemetry: Telemetry) -> None:
    """Fifteen telemetry records come one second apart by the device's clock, each with every figure."""
    samples = telemetry.expect(15)
    seconds = [sample.values["uptime_ms"] / 1000 for sample in samples]
    assert [round(later - sooner, 3) for sooner, later in pairwise(seconds)] == [1.0] * 14
    for sample in samples:
        assert sample.values["heap_free"] >= sample.values["heap_largest"] >= sample.values["heap_min"] > 0
        assert sample.values["uart_dropped"] == samples[0].values["uart_dropped"]
