"""Devices on the I2C buses of the Pi, by lgpio. The import of this module loads lgpio, see `pins.py`."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import lgpio


class LgpioDevice:
    """`rig.wiring.ina219.I2cDevice` on a bus of the Pi.

    Args:
        bus: the number of the bus.
        address: the device's address of 7 bits.

    Raises:
        OSError: the bus is missing or cannot be opened.
    """

    def __init__(self, bus: int, address: int) -> None:
        path = Path(f"/dev/i2c-{bus}")
        if not path.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        try:
            self._handle = lgpio.i2c_open(bus, address)
        except lgpio.error as problem:
            raise OSError(errno.EIO, str(problem)) from None

    def read(self, register: int) -> int:
        """Return the value of a register of 16 bits; the device sends the high byte first."""
        try:
            count, data = lgpio.i2c_read_i2c_block_data(self._handle, register, 2)
        except lgpio.error as problem:
            raise OSError(errno.EIO, str(problem)) from None
        if count != 2:
            raise OSError(errno.EREMOTEIO, f"it sent {max(count, 0)} of 2 bytes")
        return int.from_bytes(data, "big")

    def write(self, register: int, value: int) -> None:
        """Write a register of 16 bits."""
        try:
            lgpio.i2c_write_i2c_block_data(self._handle, register, value.to_bytes(2, "big"))
        except lgpio.error as problem:
            raise OSError(errno.EIO, str(problem)) from None

    def close(self) -> None:
        """Release the bus."""
        try:
            lgpio.i2c_close(self._handle)
        except lgpio.error as problem:
            raise OSError(errno.EIO, str(problem)) from None
