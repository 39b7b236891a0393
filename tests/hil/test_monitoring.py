"""The device's own measurements: the full telemetry, its units, and the causes of lost connections."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.faults import AccessPointGone, CsmsGone, NoPong
from rig.instruments.console import Console
from rig.instruments.telemetry import Telemetry
from rig.timeline.events import LogLine

pytestmark = pytest.mark.needs("stepped_time")

MOST_BYTES = 400
"""The largest length of a telemetry record (`Monitor::kMaxRecord`)."""


@pytest.mark.smoke
def test_every_number_has_a_unit_in_the_devices_table(device: Device, telemetry: Telemetry) -> None:
    """The numbers of each record and of the full one are in the device's own table of units."""
    (record,) = telemetry.expect(1)
    full, units = device.telemetry(), device.telemetry_units()
    assert set(record.values) <= set(full)
    numbers = {name for name, value in full.items() if isinstance(value, (int, float))}
    assert numbers == set(units) - {"features", "tasks", "sector_erases"}
    assert (units["heap_free"], units["rssi"], units["call_p95"]) == ("B", "dBm", "ms")


def test_a_record_has_at_most_400_bytes(device: Device, bench: Bench, telemetry: Telemetry) -> None:
    """Each telemetry record is short enough for a console at 115,200 baud."""
    mark = bench.mark()
    telemetry.expect(5)
    records = bench.timeline.events(LogLine, mark, lambda line: " monitor: {" in line.text)
    assert records
    assert max(len(line.text) for line in records) <= MOST_BYTES


def test_lost_connections_are_counted_by_cause(hasty_device: Device, bench: Bench, csms: Csms) -> None:
    """Each cause of a lost connection or attempt has a counter of its own."""
    before = hasty_device.telemetry()
    csms.close(1001, "see you")
    csms.expect_disconnected()
    csms.expect_connected()
    with bench.inject(NoPong()):
        csms.expect_disconnected(timeout=20)
    csms.expect_connected()
    with bench.inject(AccessPointGone()):
        csms.expect_disconnected(timeout=60)
    csms.expect_connected(timeout=60)
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        hasty_device.let_time_pass(1)
    csms.expect_connected(timeout=10)
    hasty_device.wait_status(connected=True, accepted=True)
    after = hasty_device.telemetry()
    grown = {name for name, value in after.items() if name.startswith("lost_") and value > before[name]}
    assert {"lost_peer", "lost_no_pong", "lost_network", "lost_refused"} <= grown
    assert "lost_tls" not in grown


def test_bytes_and_frames_of_the_network_are_counted(device: Device, csms: Csms) -> None:
    """A ping of the CSMS and its pong are counted as frames and bytes."""
    before = device.telemetry()
    csms.ping(bytes(100))
    after = device.telemetry()
    assert after["rx_frames"] >= before["rx_frames"] + 1
    assert after["tx_frames"] >= before["tx_frames"] + 1
    assert after["rx"] >= before["rx"] + 102
    assert after["tx"] >= before["tx"] + 106
    assert after["calls"] > 0


@pytest.mark.needs("test_hooks")
def test_a_feature_that_takes_a_fifth_of_the_processor_is_named(device: Device, console: Console) -> None:
    """The feature `load` takes 20 % of the time: the telemetry names it, and has its share."""
    device.wait_status(accepted=True)
    console.command("load 200")
    device.let_time_pass(3)
    busy = device.telemetry()
    console.command("load 0")
    device.let_time_pass(3)
    idle = device.telemetry()
    assert max(busy["features"], key=busy["features"].__getitem__) == "load"
    assert 195 <= busy["features"]["load"] <= 205
    assert 195 <= busy["cpu"] <= 250
    assert idle["features"]["load"] == 0
    assert idle["cpu"] < 50
    assert 195 <= busy["tasks"]["main"] <= 205
    assert idle["tasks"]["main"] < 5


@pytest.mark.needs("settings")
def test_the_erases_of_each_sector_are_counted(device: Device, bench: Bench) -> None:
    """The counts of the sectors add up to the number of erases; the most worn sector has the largest count."""
    before = device.telemetry()
    for number in range(60):
        bench.console.command(f"log note {number} {'x' * 400}")
        bench.console.command("log flush")
    after = device.telemetry()
    assert after["erases"] > before["erases"]
    assert len(after["sector_erases"]) == 144
    assert sum(after["sector_erases"]) == after["erases"]
    assert max(after["sector_erases"]) == after["most_erases"]


@pytest.mark.needs("settings")
def test_a_write_to_flash_is_counted(device: Device) -> None:
    """A stored setting is at least one program of the flash."""
    before = device.telemetry()
    device.bench.console.command(device.profile.write_command(1))
    after = device.telemetry()
    device.bench.console.command(device.profile.write_command(0))
    assert after["flash_programs"] > before["flash_programs"]


@pytest.mark.smoke
def test_an_idle_device_leaves_processor_network_and_flash_alone(device: Device, telemetry: Telemetry) -> None:
    """A device with nothing to do wakes ten times a second at most, and receives and erases hardly anything."""
    device.wait_status(accepted=True)
    telemetry.expect_growth("loops", most=300, for_s=30)
    telemetry.expect_growth("rx", most=100, for_s=30)
    telemetry.expect_growth("erases", most=1, for_s=30)
