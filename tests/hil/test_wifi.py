"""Wi-Fi: losses and rejections known from the field, several networks, and changes without a restart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.faults import AccessPointGone, LeaseLost, WifiEvents, WifiKick, WifiRejected, WifiSilence
from rig.instruments.console import Console
from rig.timeline import Mark
from rig.timeline.events import LogLine
from rig.wiring.interfaces import Radio

pytestmark = pytest.mark.needs("stepped_time", "test_hooks", "access_point")

LONGEST_PAUSE_S = 190
"""The device's default `wifi_backoff_max_s`."""
JOIN_S = 5
"""More than the time to join, to get an address, and to connect to the CSMS."""
WATCH_S = 5
"""The interval in which the device reads the state of its driver (`Wifi::kWatchInterval`)."""
TRIAL_S = 60
"""The time in which a changed network must work (`Wifi::kTrialLimit`)."""
NO_EVENT, ADDRESS_LOST = 257, 256


@pytest.fixture
def air(device: Device, bench: Bench, csms: Csms) -> Iterator[Radio]:
    """Describe the bench's own access point as number 0, and let the test add others; all are removed at the end."""
    hooks = bench.wiring.hooks
    assert hooks is not None
    network = bench.description.network
    hooks.radio.put(0, network.ssid, bench.description.psk(), rssi=-50, channel=1)
    yield hooks.radio
    hooks.radio.put(0, network.ssid, bench.description.psk())
    for number in (1, 2):
        hooks.radio.remove(number)
    device.wait_status(timeout=2 * LONGEST_PAUSE_S, connected=True, accepted=True)
    hooks.radio.remove(0)


def network_of(device: Device) -> dict[str, Any]:
    """Return the member `network` of the device's status."""
    network = device.status()["network"]
    assert isinstance(network, dict)
    return network


def attempts(bench: Bench, since: Mark) -> list[int]:
    """Return the uptimes of the attempts to join since a mark, in ms."""
    lines = bench.timeline.events(LogLine, since, lambda line: " wifi: joining " in line.text)
    return [line.uptime_ms for line in lines if line.uptime_ms is not None]


def pause_s(bench: Bench, since: Mark) -> float:
    """Return the pause before the next attempt to join, as the device announced it last; needs `wifi=debug`."""
    lines = bench.timeline.events(LogLine, since, lambda line: " wifi: next attempt in " in line.text)
    return int(lines[-1].text.split()[-2]) / 1000


@pytest.mark.parametrize("reason", [200, 2, 4, 15, 201])
def test_the_device_returns_after_each_reason(
    device: Device, bench: Bench, console: Console, csms: Csms, reason: int
) -> None:
    """Rejected for a minute, the device returns after the pause that it has begun, and shows loss and reason."""
    before = network_of(device)["losses"]
    console.command("log level wifi debug")
    mark = bench.mark()
    with bench.inject(WifiRejected(reason)):
        console.expect(rf"wifi: link lost, reason {reason}:")
        console.expect(rf"wifi: not joined, reason {reason}:", timeout=10)
        device.let_time_pass(60)
        assert network_of(device)["state"] != "up"
    csms.expect_connected(timeout=pause_s(bench, mark) + JOIN_S)
    console.command("log level wifi info")
    network = network_of(device)
    assert network["state"] == "up"
    assert (network["losses"], network["loss_reason"]) == (before + 1, reason)


def test_the_device_returns_after_an_hour_without_an_access_point(device: Device, bench: Bench, csms: Csms) -> None:
    """An hour without an access point: the pauses at the limit are 95 to 190 s with jitter, and the device returns."""
    mark = bench.mark()
    with bench.inject(AccessPointGone()):
        device.let_time_pass(3600)
    csms.expect_connected(timeout=LONGEST_PAUSE_S)
    pauses = [(later - sooner) / 1000 for sooner, later in pairwise(attempts(bench, mark))]
    at_the_limit = pauses[9:]
    assert len(at_the_limit) > 10
    assert all(LONGEST_PAUSE_S / 2 <= pause <= LONGEST_PAUSE_S + 1 for pause in at_the_limit), pauses
    assert len(set(at_the_limit)) > 5, f"no jitter: {pauses}"


@pytest.mark.parametrize(("kind", "delay_ms"), [("twice", 0), ("normal", 400), ("twice", 400)])
def test_repeated_and_late_events_are_one_loss(
    device: Device, bench: Bench, csms: Csms, kind: str, delay_ms: int
) -> None:
    """Repeated and late events of one loss: the device counts one loss and makes one attempt."""
    before = network_of(device)["losses"]
    mark = bench.mark()
    with bench.inject(WifiEvents(kind, delay_ms)):  # type: ignore[arg-type]
        bench.inject(WifiKick(4)).__enter__()
        csms.expect_connected(timeout=10)
        device.let_time_pass(10)
    assert network_of(device)["losses"] == before + 1
    assert len(attempts(bench, mark)) == 1


def test_a_lost_lease_is_a_loss(device: Device, bench: Bench, console: Console, csms: Csms) -> None:
    """The address is lost, the association stays: the link is down, and comes back with an address."""
    with bench.inject(LeaseLost()):
        console.expect(rf"wifi: link lost, reason {ADDRESS_LOST}: the address was lost")
        console.expect("wifi: the attempt has taken 30 s, giving it up", timeout=40)
        assert device.status()["connected"] is False
    csms.expect_connected(timeout=60)
    assert network_of(device)["loss_reason"] == ADDRESS_LOST


def test_a_loss_without_an_event_is_noticed(device: Device, bench: Bench, console: Console, csms: Csms) -> None:
    """The driver does not report a lost association: the device detects it within one interval of checks."""
    with bench.inject(WifiEvents("lost")):
        with bench.inject(WifiKick(200)):
            console.expect(rf"wifi: link lost, reason {NO_EVENT}:", timeout=WATCH_S + 0.5)
        csms.expect_connected(timeout=10)
    assert network_of(device)["loss_reason"] == NO_EVENT


def test_an_access_point_that_needs_silence_is_joined_again(device: Device, bench: Bench, csms: Csms) -> None:
    """An access point rejects attempts until 90 s of silence: the backoff grows beyond, the device rejoins."""
    mark = bench.mark()
    with bench.inject(WifiSilence(90)):
        csms.expect_connected(timeout=4 * LONGEST_PAUSE_S)
        uptimes = attempts(bench, mark)
    assert uptimes[-1] - uptimes[-2] >= 90_000
    assert len(uptimes) > 5


def test_the_status_describes_the_link(device: Device, air: Radio, bench: Bench) -> None:
    """`status` shows name, signal, channel, BSSID and address of the link."""
    network = network_of(device)
    assert network["ssid"] == bench.description.network.ssid
    assert (network["rssi"], network["channel"]) == (-50, 1)
    assert re.fullmatch(r"(?:[0-9a-f]{2}:){5}00", network["bssid"])
    assert re.fullmatch(r"(?:\d+\.){3}\d+", network["ip"])


def test_networks_are_stored_scanned_and_used(
    device: Device, air: Radio, bench: Bench, console: Console, csms: Csms
) -> None:
    """A stored network is used when the one of the settings is gone; a scan finds both; no key is shown."""
    air.put(1, "The House", "hunter-22", rssi=-70, channel=11)
    found = json.loads(console.command("wifi scan"))
    assert [(network["ssid"], network["channel"]) for network in found] == [
        (bench.description.network.ssid, 1),
        ("The House", 11),
    ]
    assert console.command('wifi add 1 "The House" psk=hunter-22') == "ok"
    assert json.loads(console.command("wifi list")) == [{"priority": 1, "ssid": "The House", "open": False}]
    try:
        mark = bench.mark()
        air.remove(0)
        csms.expect_connected(timeout=60)
        network = network_of(device)
        assert (network["ssid"], network["channel"]) == ("The House", 11)
        lines = bench.timeline.events(LogLine, mark)
        assert not [line for line in lines if "hunter-22" in line.text]
    finally:
        assert console.command('wifi remove "The House"') == "ok"
    assert console.command("wifi list") == "[]"


def test_a_changed_network_is_used_without_a_restart(
    device: Device, air: Radio, bench: Bench, console: Console, csms: Csms
) -> None:
    """Name and key of another network take effect without a restart, and stay."""
    air.put(1, "House", "hunter-22")
    console.command("set wifi_ssid House")
    console.command("set wifi_psk hunter-22")
    csms.expect_connected(timeout=20)
    assert network_of(device)["ssid"] == "House"
    device.let_time_pass(2 * TRIAL_S)
    assert network_of(device)["ssid"] == "House"
    console.command(f"set wifi_ssid {bench.description.network.ssid}")
    console.command(f"set wifi_psk {bench.description.psk()}")
    csms.expect_connected(timeout=20)


def test_a_changed_network_that_does_not_work_is_reverted(
    device: Device, air: Radio, bench: Bench, console: Console, csms: Csms
) -> None:
    """A network that does not exist is reverted within a minute, without a restart."""
    console.command("set wifi_ssid Huose")
    console.expect("config: the changed wifi_ssid and wifi_psk have not worked in time", timeout=TRIAL_S + 5)
    csms.expect_connected(timeout=10)
    assert json.loads(console.command("config"))["wifi_ssid"] == bench.description.network.ssid


@pytest.mark.needs("power")
def test_a_power_cut_does_not_end_the_trial_of_a_network(
    device: Device, air: Radio, bench: Bench, console: Console, csms: Csms
) -> None:
    """The power fails while a wrong network is tried: after the restart it is tried for a minute, then reverted."""
    console.command("set wifi_ssid Huose")
    with device.expecting_reboot():
        bench.power.cycle()
        console.expect("config: the changed wifi_ssid and wifi_psk have not worked in time", timeout=TRIAL_S + 10)
        csms.expect_connected(timeout=20)
    device.wait_accepted()
    assert json.loads(console.command("config"))["wifi_ssid"] == bench.description.network.ssid


def test_a_setup_access_point_opens_when_no_network_works(device: Device, bench: Bench, csms: Csms) -> None:
    """With a key for it, the device opens an access point after five minutes without a link, and closes it again."""
    device.configure(setup_psk="label-1234")
    with bench.inject(AccessPointGone()):
        device.let_time_pass(290)
        assert network_of(device)["setup_access_point"] is False
        device.let_time_pass(20)
        assert network_of(device)["setup_access_point"] is True
        mark = bench.mark()
    csms.expect_connected(since=mark, timeout=LONGEST_PAUSE_S)
    assert network_of(device)["setup_access_point"] is False
