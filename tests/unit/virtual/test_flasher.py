"""The flasher instrument on the virtual board."""

from __future__ import annotations

from pathlib import Path

import pytest
from esptool import loader
from esptool.logger import EspLog

from rig.adapters.plugbench import provision
from rig.firmware.filesystem import read_filesystem
from rig.firmware.manifest import Manifest
from rig.firmware.partitions import TABLE_OFFSET, to_binary
from rig.instruments.flasher import Flasher
from rig.timeline.events import Flashed
from rig.util.clock import BenchClock
from rig.util.errors import BenchError
from rig.wiring.virtual.stepping.clock import SteppedClock


class Holders:
    """Records who holds the port, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []


@pytest.fixture(params=[SteppedClock, BenchClock], ids=["stepped", "real"])
def clock(request: pytest.FixtureRequest) -> BenchClock:
    """Return a clock of each kind; each has its own kind of port."""
    made: BenchClock = request.param()
    return made


@pytest.fixture
def holders() -> Holders:
    return Holders()


@pytest.fixture
def flasher(desk, timeline, holders, tmp_path) -> Flasher:
    return Flasher(
        timeline,
        desk.wiring.serial_url,
        lambda hold: desk.reset.on() if hold else desk.reset.off(),
        lambda select: desk.download.on() if select else desk.download.off(),
        release_port=lambda: holders.log.append("release"),
        take_port=lambda: holders.log.append("take"),
        log=tmp_path / "log" / "esptool.log",
    )


@pytest.fixture
def manifest(tmp_path: Path, app: bytes, table) -> Manifest:
    files = {TABLE_OFFSET: to_binary(table), table["ota_0"].offset: app}
    for offset, content in files.items():
        (tmp_path / f"{offset:x}.bin").write_bytes(content)
    return Manifest({offset: tmp_path / f"{offset:x}.bin" for offset in files})


def test_flashed_firmware_boots_and_finds_its_file_system(desk, flasher, timeline, holders, manifest, tmp_path):
    storage = manifest.storage()
    image = provision("ws://127.0.0.1:9000/ocpp", "CP-1", "net", "secret-psk", partition=storage)
    desk.power.on()
    assert flasher.flash(manifest, filesystem=image) is True
    desk.port.expect("board: go")
    assert holders.log == ["release", "take"]
    assert b"CP-1" in read_filesystem(desk.read_flash(storage.offset, storage.size))["config.json"]
    assert [event.what for event in timeline.events(Flashed)] == ["firmware and file system"]
    assert "Hash of data verified" in (tmp_path / "log" / "esptool.log").read_text()


def test_the_same_firmware_is_not_flashed_again_until_it_is_erased(desk, flasher, timeline, manifest):
    desk.power.on()
    assert flasher.flash(manifest) is True
    assert flasher.has(manifest)
    assert flasher.flash(manifest) is False
    flasher.erase()
    assert not flasher.has(manifest)
    desk.port.expect("invalid header: 0xffffffff")
    assert flasher.flash(manifest) is True
    assert [event.what for event in timeline.events(Flashed)] == ["firmware", "erased", "firmware"]


def test_a_file_system_is_always_written(desk, flasher, manifest):
    storage = manifest.storage()
    image = provision("ws://127.0.0.1:9000/ocpp", "CP-1", "net", "secret-psk", partition=storage)
    desk.power.on()
    flasher.flash(manifest)
    for _ in range(2):
        desk.write_flash((storage.offset, bytes(4096)))
        flasher.flash_filesystem(image, storage.offset)
        assert desk.read_flash(storage.offset, storage.size) == image


def test_a_board_without_power_is_a_bench_error_with_log_and_remedy(desk, flasher, holders, manifest):
    with pytest.raises(BenchError, match=r"(?s)flashing the firmware failed.*last lines of esptool.*power") as caught:
        flasher.flash(manifest)
    assert "EN, BOOT" in caught.value.fix
    assert holders.log == ["release", "take"]
    desk.power.on()
    assert flasher.flash(manifest) is True


def test_esptool_prints_nothing(desk, flasher, manifest, capsys):
    desk.power.on()
    flasher.flash(manifest)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == ""


def test_the_logger_of_esptool_is_restored(desk, flasher, manifest):
    """esptool's logger and formatter belong to the process and are replaced only during flashing."""
    desk.power.on()
    before = EspLog.instance, loader.HexFormatter
    flasher.flash(manifest)
    assert (EspLog.instance, loader.HexFormatter) == before
    assert str(loader.HexFormatter(b"\x01\x02")) == "0102"


def test_the_flash_is_read_and_the_board_boots_again(desk, flasher, manifest, app, table):
    desk.power.on()
    flasher.flash(manifest)
    desk.port.expect("board: go")
    with flasher.reading() as read:
        assert read(table["ota_0"].offset, len(app)) == app
    desk.port.expect("board: go")
