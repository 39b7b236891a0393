"""A device whose stored files or whose file system are damaged (firmware/FORMAT.md)."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from rig.adapters.stored_file import content_of
from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.firmware.filesystem import read_filesystem, update_filesystem
from rig.instruments.console import Console
from rig.instruments.leds import Leds
from rig.timeline import Mark
from rig.timeline.events import LogLine
from tests.hil.storage_partition import write_storage

pytestmark = pytest.mark.needs("inputs", "power", "stepped_time", "flash_file")


def boot_with(bench: Bench, device: Device, image: bytes) -> Mark:
    """Boot the device cold from a storage partition. Return a mark before the boot."""
    bench.power.off()
    write_storage(device, image)
    mark = bench.mark()
    bench.power.on()
    device.wait_ready(mark)
    return mark


def settings_in(image: bytes) -> Any:
    """Return the settings in the device's file."""
    return json.loads(content_of(read_filesystem(image)["config.json"]) or b"")


def log_has(bench: Bench, text: str, since: Mark) -> None:
    """Expect a line of the log that contains a text."""
    bench.timeline.expect(LogLine, lambda line: text in line.text, since=since)


def test_damaged_settings_are_restored_from_their_copy(borrowed_device: Device, bench: Bench, csms: Csms) -> None:
    """The device connects with the settings of the copy, reports that, and repairs the file."""
    device = borrowed_device
    device.configure(nominal_voltage_v=231)
    image = device.read_storage()
    config = read_filesystem(image)["config.json"]
    mark = boot_with(bench, device, update_filesystem(image, {"config.json": config[:-1] + b"?"}))
    log_has(bench, "config.json cannot be used: corrupt; the settings of config_copy.json are in use", mark)
    device.wait_accepted(mark)
    assert device.wait_status(settings="restored")
    bench.power.off()
    assert settings_in(device.read_storage()) == settings_in(image)
    mark = bench.mark()
    bench.power.on()
    device.wait_ready(mark)
    device.wait_accepted(mark)
    assert device.wait_status(settings="sound")


def test_a_damaged_file_system_is_kept_until_the_owner_formats_it(
    borrowed_device: Device, bench: Bench, driver: EvDriver, leds: Leds, console: Console
) -> None:
    """No boot loop, no charge and no write; the console, the status and the LED show the reason."""
    device = borrowed_device
    size = len(device.read_storage())
    damaged = random.Random(1).randbytes(size)
    mark = boot_with(bench, device, damaged)
    log_has(bench, "the file system cannot be used: corrupt; nothing is stored and no charge begins", mark)
    leds["fault"].expect("blink", rate_hz=4, duty=0.5)
    driver.plug_in()
    driver.present_tag()
    assert device.wait_status(storage=False, settings="lost", state="Faulted", transaction=None, contactor=False)
    assert console.command("set nominal_voltage_v 231").startswith("error: the setting cannot be stored")
    assert device.read_storage() == damaged
    with device.expecting_reboot():
        assert console.command("storage format yes") == "ok"
    assert device.wait_status(storage=True)
