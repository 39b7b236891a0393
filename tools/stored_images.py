"""Make images of the device's storage partition, which later firmware must read: see tests/stored_images.

The images are frozen: the firmware that the folder's name contains has written them. Run this only to add a folder for
a firmware with a new storage format:

    .venv/bin/python -m tools.stored_images tests/stored_images/NAME
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rig.bench import Bench
from rig.bench.bench_file import load
from rig.device import Device, EvDriver
from rig.faults import CsmsGone

ROOT = Path(__file__).parent.parent
FIRST_BOOT = datetime(2024, 5, 1, 12, tzinfo=UTC)
"""The CSMS's time at the first boot of each image, earlier than the date of any test that reads it."""

QUICK: dict[str, str | int] = {"backoff_initial_ms": 100, "backoff_max_ms": 100}
CHARGES_OF_A_FULL_QUEUE = 24
"""Each has a start, a file of samples and a stop; the device keeps at most 72 files."""


class _Scene:
    """An erased, flashed and accepted device, with its bench, CSMS and driver.

    Args:
        bench: an open bench.
        device: on that bench.
    """

    def __init__(self, bench: Bench, device: Device) -> None:
        self.bench = bench
        self.device = device
        self.csms = bench.csms
        self.driver = EvDriver(bench.inputs)

    def charge(self, wh: int) -> None:
        """Plug in, start, draw `wh`, stop and unplug, and wait for the device's state after each part."""
        self.begin()
        self.driver.draw(wh, hz=10).wait()
        self.driver.present_tag()
        self.device.wait_status(state="Finishing", timeout=60)
        self.driver.unplug()
        self.device.wait_status(state="Available", timeout=60)

    def begin(self) -> None:
        """Plug in and start a charge."""
        self.driver.plug_in()
        self.driver.present_tag()
        self.device.wait_status(state="Charging", timeout=60)


def _idle(scene: _Scene) -> None:
    scene.charge(40)
    scene.device.wait_status(queue=0)


def _charging(scene: _Scene) -> None:
    scene.begin()
    scene.driver.draw(30, hz=1).wait()
    scene.device.wait_status(queue=0)


def _charging_offline(scene: _Scene) -> None:
    with scene.bench.inject(CsmsGone()):
        scene.csms.expect_disconnected()
        scene.begin()
        scene.driver.draw(30, hz=1).wait()
        scene.device.let_time_pass(1)
        scene.bench.power.off()


def _full_queue(scene: _Scene) -> None:
    with scene.bench.inject(CsmsGone()):
        scene.csms.expect_disconnected()
        for charge in range(CHARGES_OF_A_FULL_QUEUE):
            scene.charge(10 + charge)
        scene.device.let_time_pass(1)
        scene.bench.power.off()


def _two_charges(scene: _Scene) -> None:
    with scene.bench.inject(CsmsGone()):
        scene.csms.expect_disconnected()
        scene.charge(10)
        scene.charge(20)
        scene.device.let_time_pass(1)
        scene.bench.power.off()


def _settings(scene: _Scene) -> None:
    csms = scene.csms
    info = {"status": "Accepted", "expiryDate": "2099-01-01T00:00:00Z", "parentIdTag": "FAMILY"}
    csms.answer("Authorize", {"idTagInfo": info}, times=1)
    csms.answer("StartTransaction", {"transactionId": 77, "idTagInfo": info}, times=1)
    csms.answer("StopTransaction", {"idTagInfo": info}, times=1)
    scene.begin()
    scene.driver.draw(5, hz=10).wait()
    scene.driver.present_tag()
    csms.expect("StopTransaction", transactionId=77)
    scene.driver.unplug()
    scene.device.wait_status(state="Available", queue=0)
    csms.behaviour.tags["STRANGER"] = "Blocked"
    assert csms.call("RemoteStartTransaction", {"idTag": "STRANGER"}) == {"status": "Accepted"}
    scene.driver.plug_in()
    csms.expect("Authorize", idTag="STRANGER")
    scene.driver.unplug()
    scene.device.wait_status(state="Available", queue=0)
    for key, value in {"HeartbeatInterval": "900", "MeterValueSampleInterval": "17"}.items():
        assert csms.call("ChangeConfiguration", {"key": key, "value": value}) == {"status": "Accepted"}
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}) == {"status": "Accepted"}
    scene.device.let_time_pass(1)


SAMPLED = "Energy.Active.Import.Register"
SCENES: dict[str, tuple[dict[str, str | int], Callable[[_Scene], None]]] = {
    "idle": ({}, _idle),
    "charging": ({"meter_value_sample_interval_s": 10, "stop_txn_sampled_data": SAMPLED}, _charging),
    "charging-offline": (
        {**QUICK, "meter_value_sample_interval_s": 10, "stop_txn_sampled_data": SAMPLED},
        _charging_offline,
    ),
    "full-queue": ({**QUICK, "meter_value_sample_interval_s": 1}, _full_queue),
    "two-charges": (QUICK, _two_charges),
    "settings": ({"authorization_cache_enabled": True, "authorize_remote_tx_requests": True}, _settings),
}


def make(folder: Path, names: list[str]) -> None:
    """Make images of storage partitions on the virtual bench, each from an erased flash.

    Args:
        folder: destination of the files `<name>.bin.gz`; created if it does not exist.
        names: keys of `SCENES`.

    Raises:
        BenchError: the bench failed.
        DeviceError: the device failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        settings, act = SCENES[name]
        with (
            Bench(load(ROOT / "benches/virtual.toml"), root=ROOT) as bench,
            contextlib.closing(Device(bench)) as device,
        ):
            bench.csms.behaviour.clock_offset_s = (FIRST_BOOT - bench.clock.utc()).total_seconds()
            since = bench.mark()
            device.flash(fresh=True, settings=settings)
            device.wait_ready(since)
            device.wait_status(accepted=True, queue=0)
            act(_Scene(bench, device))
            bench.power.off()
            storage = device.firmware.manifest.storage()
            content = _flash_file(bench).read_bytes()[storage.offset : storage.offset + storage.size]
        (folder / f"{name}.bin.gz").write_bytes(gzip.compress(content, 9, mtime=0))


def _flash_file(bench: Bench) -> Path:
    path = bench.wiring.flash_file
    assert path is not None
    return path


def main(arguments: list[str]) -> int:
    """Make the images that the arguments name, or all."""
    parser = argparse.ArgumentParser(prog="python -m tools.stored_images", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="for example tests/stored_images/2026-11")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(SCENES)}; default: all")
    options = parser.parse_args(arguments)
    make(options.folder, options.names or list(SCENES))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
