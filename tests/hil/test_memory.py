"""The device's heap over many connections, charges and malformed frames."""

from __future__ import annotations

import itertools
import re
from itertools import pairwise

import pytest

from fixtures.measure import Measure
from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import HeapLeak
from rig.firmware.filesystem import read_filesystem, used_blocks
from rig.instruments.telemetry import Telemetry
from rig.util.errors import ExpectationError

pytestmark = pytest.mark.needs("stepped_time")


def reconnect(device: Device, csms: Csms, telemetry: Telemetry, times: int) -> None:
    """Close the device's connection several times, and take a telemetry record after each reconnect."""
    bench = device.bench
    for _ in range(times):
        mark = bench.mark()
        csms.close(1001, "reconnect")
        csms.expect_connected(since=mark)
        device.wait_status(connected=True)
        telemetry.expect(1)


def test_no_leak_over_200_reconnects(hasty_device: Device, csms: Csms, telemetry: Telemetry, measure: Measure) -> None:
    """200 connections that the CSMS closes: the device loses no memory per reconnect."""
    reconnect(hasty_device, csms, telemetry, 200)
    trend = telemetry.no_leak(per="reconnect", over=199)
    measure("smallest leak visible over 200 reconnects", trend.visible, "bytes per reconnect", high=1)


@pytest.mark.smoke
@pytest.mark.needs("test_hooks")
def test_a_leak_of_64_bytes_a_connection_is_found(
    hasty_device: Device, bench: Bench, csms: Csms, telemetry: Telemetry
) -> None:
    """A device that leaks 64 bytes a connection is found within 200 reconnects."""
    with bench.inject(HeapLeak(bytes_per_connection=64)):
        reconnect(hasty_device, csms, telemetry, 200)
    with pytest.raises(ExpectationError, match="the device loses memory") as found:
        telemetry.no_leak(per="reconnect", over=199)
    # Each heap block has some overhead beyond the requested size.
    (lost,) = re.findall(r"heap_free: (\d+) bytes lost per reconnect", str(found.value))
    assert 64 <= int(lost) <= 96


@pytest.mark.parametrize(
    "times", [300, pytest.param(10_000, marks=[pytest.mark.night, pytest.mark.timeout(1200)], id="10000")]
)
@pytest.mark.needs("flash_file")
def test_reconnects_leave_nothing_behind(
    device: Device, csms: Csms, telemetry: Telemetry, measure: Measure, times: int
) -> None:
    """After many reconnects the free heap, its largest block, and the files and blocks of the flash are unchanged."""
    # Without the stored log: the lines about the reconnects are meant to stay.
    device.configure(backoff_initial_ms=100, backoff_max_ms=100, log_files=0)
    reconnect(device, csms, telemetry, 2)  # the first connection fills tables that are filled once
    before = memory_and_storage(device, telemetry)
    reconnect(device, csms, telemetry, times)
    after = memory_and_storage(device, telemetry)
    measure("reconnects", times, "connections")
    assert after == before


def memory_and_storage(device: Device, telemetry: Telemetry) -> dict[str, object]:
    """Return the free heap, its largest block, the sockets, the files with their sizes, and the blocks in use."""
    latest = telemetry.latest
    assert latest is not None
    image = device.read_storage()
    return {
        **{name: latest.values[name] for name in ("heap_free", "heap_largest", "sockets")},
        "files": {name: len(content) for name, content in read_filesystem(image).items()},
        "blocks": used_blocks(image),
    }


@pytest.mark.needs("inputs")
def test_no_leak_over_50_charges(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, telemetry: Telemetry, measure: Measure
) -> None:
    """50 charges from plug to unplug: the device loses no memory per charge."""
    for _ in range(50):
        mark = bench.mark()
        driver.plug_in()
        driver.present_tag()
        csms.expect("StartTransaction", since=mark)
        csms.expect_status("Charging", since=mark)
        driver.unplug()
        csms.expect("StopTransaction", since=mark)
        csms.expect_status("Available", since=mark)
        telemetry.expect(1)
    trend = telemetry.no_leak(per="charge", over=49)
    measure("smallest leak visible over 50 charges", trend.visible, "bytes per charge", high=16)
    for transaction in csms.transactions:
        transaction.check()
    assert len(csms.transactions) == 50


def test_no_leak_over_malformed_frames(
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
    for _ in range(24):
        for text in bad * 7:
            csms.send_raw(text.replace("%d", str(next(ids))))
        csms.ping()
        telemetry.expect(1)
    trend = telemetry.no_leak(per="message", over=980)
    measure("smallest leak visible over malformed frames", trend.visible, "bytes per message", high=1)
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
