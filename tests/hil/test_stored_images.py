"""A firmware boots from the storage of an older one (tests/stored_images) and loses nothing."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from pathlib import Path

import pytest

from rig.adapters.plugbench import configuration, reconfigure
from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import CsmsGone
from rig.firmware.filesystem import read_filesystem, update_filesystem
from rig.timeline.events import LogLine
from tests.hil.storage_partition import write_storage

pytestmark = pytest.mark.needs("inputs", "power", "stepped_time", "flash_file")

FOLDER = Path(__file__).parents[1] / "stored_images"
FIRST_BOOT = datetime(2024, 5, 1, 12, tzinfo=UTC)

BootFrom = Callable[..., None]


@pytest.fixture(params=sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()))
def boot_from(request: pytest.FixtureRequest, borrowed_device: Device, bench: Bench) -> BootFrom:
    """Return a function that boots the device from an image, by name and with settings, for each folder of images."""

    def boot(name: str, **settings: str | int) -> None:
        boot_with(bench, borrowed_device, image_of(request.param, name), **settings)

    return boot


def image_of(folder: str, name: str) -> bytes:
    """Read a storage partition from its archive."""
    return gzip.decompress((FOLDER / folder / f"{name}.bin.gz").read_bytes())


def boot_with(bench: Bench, device: Device, image: bytes, **settings: str | int) -> None:
    """Boot the device cold from a storage partition, with the bench's address and further settings in it."""
    point, network = bench.description.device, bench.description.network
    assert network is not None
    values = configuration(bench.csms_url, point.identity, network.ssid, network.psk, **settings)
    bench.power.off()
    write_storage(device, reconfigure(image, values))
    since = bench.mark()
    bench.power.on()
    device.wait_ready(since)
    device.wait_accepted(since)


def at(second: int) -> str:
    """Return the timestamp of a second after the first boot of an image."""
    return f"2024-05-01T12:00:{second:02d}.000Z"


def test_the_energy_register_goes_on(boot_from: BootFrom, device: Device, driver: EvDriver, csms: Csms) -> None:
    """Image `idle`: nothing of the ended charge is sent, and the next one starts at its register."""
    boot_from("idle")
    assert device.wait_status(state="Available", queue=0)["energy_wh"] == 40
    csms.expect_none("StopTransaction", within=0.2)
    driver.start_charge(csms)
    (transaction,) = csms.transactions
    assert transaction.start["meterStart"] == 40


def test_an_open_transaction_is_stopped(boot_from: BootFrom, device: Device, csms: Csms) -> None:
    """Image `charging`: the transaction ends under its id with the stored energy, time and transactionData."""
    boot_from("charging")
    stop = csms.expect("StopTransaction", transactionId=1, reason="PowerLoss", meterStop=30, timestamp=at(30))
    assert [value["timestamp"] for value in stop.payload["transactionData"]] == [at(0), at(10), at(20), at(30)]
    device.wait_status(state="Available", queue=0, energy_wh=30)


def test_an_open_transaction_is_continued(
    boot_from: BootFrom, device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Image `charging` with `resume`: the transaction goes on from its energy until the driver stops it."""
    csms.behaviour.clock_offset_s = (FIRST_BOOT - bench.clock.utc()).total_seconds() + 60
    driver.plug_in()
    boot_from("charging", power_fail_action="resume")
    device.wait_status(state="Charging", transaction=1)
    driver.draw(10).wait()
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=1, reason="Local", meterStop=40)


def test_an_open_offline_transaction_is_sent_in_order(boot_from: BootFrom, device: Device, csms: Csms) -> None:
    """Image `charging-offline`: start, samples and stop arrive in this order."""
    boot_from("charging-offline")
    start = csms.expect("StartTransaction", idTag="BENCH-TAG", meterStart=0, timestamp=at(0))
    samples = [csms.expect("MeterValues", timeout=30) for _ in range(3)]
    stop = csms.expect("StopTransaction", reason="PowerLoss", meterStop=30, timestamp=at(30))
    assert [sample.payload["meterValue"][0]["timestamp"] for sample in samples] == [at(10), at(20), at(30)]
    assert start.id < samples[0].id < samples[2].id < stop.id
    device.wait_status(state="Available", queue=0)


def test_a_full_queue_is_sent_in_order(boot_from: BootFrom, device: Device, csms: Csms) -> None:
    """Image `full-queue`: all of 24 offline charges arrive completely and in order, and the register goes on."""
    boot_from("full-queue")
    device.wait_status(queue=0, energy_wh=516, timeout=60)
    registers = list(accumulate(range(10, 34), initial=0))
    transactions = csms.transactions
    assert [(each.start["meterStart"], each.stop["meterStop"]) for each in transactions] == list(pairwise(registers))
    assert all(each.samples() for each in transactions)
    for each in transactions:
        each.check()
    for sooner, later in pairwise(transactions):
        assert sooner.stops[-1].id < later.starts[0].id


@pytest.mark.parametrize("damaged", ["tx-0000000001", "tx-0000000003", ""])
def test_damaged_starts_are_restored(borrowed_device: Device, bench: Bench, csms: Csms, damaged: str) -> None:
    """Image `two-charges`: a damaged StartTransaction is read from its StopTransaction, the newest from its copy."""
    image = image_of("1-header", "two-charges")
    if damaged:
        content = read_filesystem(image)[damaged]
        image = update_filesystem(image, {damaged: content[:-1] + bytes([content[-1] ^ 1])})
    boot_with(bench, borrowed_device, image)
    borrowed_device.wait_status(queue=0, energy_wh=30, timeout=30)
    first, second = csms.transactions
    assert first.start["timestamp"] == at(0)
    assert [(each.start["meterStart"], each.stop["meterStop"]) for each in (first, second)] == [(0, 10), (10, 30)]
    for each in (first, second):
        each.check()


def test_settings_availability_and_cache_are_kept(
    boot_from: BootFrom, device: Device, driver: EvDriver, csms: Csms
) -> None:
    """Image `settings`: keys of the CSMS, the inoperative connector, and the authorization cache are kept."""
    csms.behaviour.heartbeat_interval_s = 0  # the device would adopt an interval of the CSMS
    boot_from("settings", local_pre_authorize=True)
    csms.expect_status("Unavailable", connector=1)
    keys = csms.call("GetConfiguration", {"key": ["HeartbeatInterval", "MeterValueSampleInterval"]})
    assert [entry["value"] for entry in keys["configurationKey"]] == ["900", "17"]
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Operative"}) == {"status": "Accepted"}
    csms.expect_status("Available", connector=1)
    driver.start_charge(csms)
    csms.expect_none("Authorize", within=0.1)
    assert device.status()["energy_wh"] == 5


def test_a_blocked_tag_stays_blocked(
    boot_from: BootFrom, device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """An idTag that the stored cache has as blocked may not charge offline, where unknown idTags may."""
    boot_from("settings", local_id_tag="STRANGER", availability="operative")
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        driver.plug_in()
        driver.present_tag()
        device.let_time_pass(1)
        assert device.status()["state"] == "Preparing"


@pytest.mark.parametrize("name", ["auth_cache", "last_time", "ledger"])
def test_only_a_damaged_file_is_lost(borrowed_device: Device, bench: Bench, csms: Csms, name: str) -> None:
    """One flipped bit in a file: the log names the file, and all other files stay in use."""
    image = image_of("1-header", "settings")
    content = read_filesystem(image)[name]
    csms.behaviour.heartbeat_interval_s = 0  # the device would adopt an interval of the CSMS
    mark = bench.mark()
    damaged = {name: content[:-1] + bytes([content[-1] ^ 1])}
    boot_with(bench, borrowed_device, update_filesystem(image, damaged))
    bench.timeline.expect(LogLine, lambda line: f"the file {name} is lost: corrupt" in line.text, since=mark)
    bench.timeline.expect_none(LogLine, _names_another(name), since=mark, within=0.1)
    keys = csms.call("GetConfiguration", {"key": ["HeartbeatInterval"]})
    assert keys["configurationKey"][0]["value"] == "900"


def _names_another(name: str) -> Callable[[LogLine], bool]:
    return lambda line: "is lost" in line.text and name not in line.text
