"""The storage partition in the flash file of a board without power; a flasher would let the chip run."""

from __future__ import annotations

from rig.device import Device


def write_storage(device: Device, image: bytes) -> None:
    """Replace the content of the storage partition."""
    path = device.bench.wiring.flash_file
    assert path is not None
    with path.open("r+b") as flash:
        flash.seek(device.firmware.manifest.storage().offset)
        flash.write(image)
