"""A firmware boots from what an older one has stored (tests/stored_images): nothing is lost."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
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

pytestmark = pytest.mark.needs("inputs", "power", "stepped_time", "flash_file")

FOLDER = Path(__file__).parents[1] / "stored_images"
FIRST_BOOT = datetime(2024, 5, 1, 12, tzinfo=UTC)

BootFrom = Callable[..., None]


@pytest.fixture
def borrowed_device(device: Device) -> Iterator[Device]:
    """A device whose storage the test replaces; at its end it has the bench's own again."""
    yield device
    device.flash()


@pytest.fixture(params=sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()))
def boot_from(request: pytest.FixtureRequest, borrowed_device: Device, bench: Bench) -> BootFrom:
    """Boot the device from an image, by its name, with further settings; of one folder of images after the other."""

    def boot(name: str, **settings: str | int) -> None:
        boot_with(bench, borrowed_device, image_of(request.param, name), **settings)

    return boot


def image_of(folder: str, name: str) -> bytes:
    """A storage partition as it was kept."""
    return gzip.decompress((FOLDER / folder / f"{name}.bin.gz").read_bytes())


def boot_with(bench: Bench, device: Device, image: bytes, **settings: str | int) -> None:
    """Boot the device cold from a storage partition, with the bench's address and further settings in it."""
    point, network = bench.description.device, bench.description.network
    assert network is not None
    values = configuration(bench.csms_url, point.identity, network.ssid, network.psk, **settings)
    bench.power.off()
    write_storage(bench, device, reconfigure(image, values))
    since = bench.mark()
    bench.power.on()
    device.wait_ready(since)
    device.wait_accepted(since)


def write_storage(bench: Bench, device: Device, image: bytes) -> None:
    """Write the storage partition of a board without power: a flasher would let the chip run before a cold boot."""
    path = bench.wiring.flash_file
    assert path is not None
    with path.open("r+b") as flash:
        flash.seek(device.firmware.manifest.storage().offset)
        flash.write(image)


def at(second: int) -> str:
    """A timestamp so many seconds after the first boot of an image."""
    return f"2024-05-01T12:00:{second:02d}.000Z"


def test_the_energy_register_goes_on(boot_from: BootFrom, device: Device, driver: EvDriver, csms: Csms) -> None:
    """Idle: nothing is sent of the charge that is done with, and the next one begins where it ended."""
    boot_from("idle")
    assert device.wait_status(state="Available", queue=0)["energy_wh"] == 40
    csms.expect_none("StopTransaction", within=0.2)
    driver.start_charge(csms)
    (transaction,) = csms.transactions
    assert transaction.start["meterStart"] == 40


def test_an_open_transaction_is_stopped(boot_from: BootFrom, device: Device, csms: Csms) -> None:
    """Charging: it ends under its id with the energy and time last saved, and has its transactionData."""
    boot_from("charging")
    stop = csms.expect("StopTransaction", transactionId=1, reason="PowerLoss", meterStop=30, timestamp=at(30))
    assert [value["timestamp"] for value in stop.payload["transactionData"]] == [at(0), at(10), at(20), at(30)]
    device.wait_status(state="Available", queue=0, energy_wh=30)


def test_an_open_transaction_is_continued(
    boot_from: BootFrom, device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Charging, with `resume`: the same transaction goes on from its energy to the driver's own stop."""
    csms.behaviour.clock_offset_s = (FIRST_BOOT - bench.clock.utc()).total_seconds() + 60
    driver.plug_in()
    boot_from("charging", power_fail_action="resume")
    device.wait_status(state="Charging", transaction=1)
    driver.draw(10).wait()
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=1, reason="Local", meterStop=40)


def test_an_open_transaction_that_the_csms_does_not_know(boot_from: BootFrom, device: Device, csms: Csms) -> None:
    """Charging offline: its start, its samples and its stop arrive in this order."""
    boot_from("charging-offline")
    start = csms.expect("StartTransaction", idTag="BENCH-TAG", meterStart=0, timestamp=at(0))
    samples = [csms.expect("MeterValues", timeout=30) for _ in range(3)]
    stop = csms.expect("StopTransaction", reason="PowerLoss", meterStop=30, timestamp=at(30))
    assert [sample.payload["meterValue"][0]["timestamp"] for sample in samples] == [at(10), at(20), at(30)]
    assert start.id < samples[0].id < samples[2].id < stop.id
    device.wait_status(state="Available", queue=0)


def test_a_full_queue_is_sent_in_order(boot_from: BootFrom, device: Device, csms: Csms) -> None:
    """24 charges offline: each arrives whole and in its turn, and the register goes on."""
    boot_from("full-queue")
    device.wait_status(queue=0, energy_wh=516, timeout=60)
    registers = list(accumulate(range(10, 34), initial=0))
    transactions = csms.transactions
    assert [(told.start["meterStart"], told.stop["meterStop"]) for told in transactions] == list(pairwise(registers))
    assert all(told.samples() for told in transactions)
    for told in transactions:
        told.check()
    for sooner, later in pairwise(transactions):
        assert sooner.stops[-1].id < later.starts[0].id


def test_settings_availability_and_cache_are_there(
    boot_from: BootFrom, device: Device, driver: EvDriver, csms: Csms
) -> None:
    """Keys set by the CSMS, the inoperative connector, and whom the authorization cache knows."""
    csms.behaviour.heartbeat_interval_s = 0  # none of the CSMS, which the device would adopt
    boot_from("settings", local_pre_authorize=True)
    csms.expect_status("Unavailable", connector=1)
    keys = csms.call("GetConfiguration", {"key": ["HeartbeatInterval", "MeterValueSampleInterval"]})
    assert [entry["value"] for entry in keys["configurationKey"]] == ["900", "17"]
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Operative"}) == {"status": "Accepted"}
    csms.expect_status("Available", connector=1)
    driver.start_charge(csms)
    csms.expect_none("Authorize", within=0.1)
    assert device.status()["energy_wh"] == 5


def test_a_blocked_tag_is_known_as_such(
    boot_from: BootFrom, device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """The authorization cache has also who was refused: offline, where the unknown may charge, that one may not."""
    boot_from("settings", local_id_tag="STRANGER", availability="operative")
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        driver.plug_in()
        driver.present_tag()
        device.let_time_pass(1)
        assert device.status()["state"] == "Preparing"


@pytest.mark.parametrize("name", ["auth_cache", "last_time", "ledger"])
def test_a_damaged_file_is_lost_alone_and_named(borrowed_device: Device, bench: Bench, csms: Csms, name: str) -> None:
    """One bit of a file is wrong: the log names it, and the device goes on with all the others."""
    image = image_of("1-header", "settings")
    content = read_filesystem(image)[name]
    csms.behaviour.heartbeat_interval_s = 0  # none of the CSMS, which the device would adopt
    mark = bench.mark()
    damaged = {name: content[:-1] + bytes([content[-1] ^ 1])}
    boot_with(bench, borrowed_device, update_filesystem(image, damaged))
    bench.timeline.expect(LogLine, lambda line: f"the file {name} is lost: corrupt" in line.text, since=mark)
    bench.timeline.expect_none(LogLine, _names_another(name), since=mark, within=0.1)
    keys = csms.call("GetConfiguration", {"key": ["HeartbeatInterval"]})
    assert keys["configurationKey"][0]["value"] == "900"


def _names_another(name: str) -> Callable[[LogLine], bool]:
    return lambda line: "is lost" in line.text and name not in line.text
