"""The chip's ROM in download mode, which answers esptool.

This module adapts the command handler of esp32-mock-bootloader to the board's flash and serial port.
tests/unit/virtual/test_rom.py tests it with the real esptool.
"""

from __future__ import annotations

import hashlib
import re
import struct
import threading
import zlib

from esp32_mock_bootloader import protocol, server

from rig.wiring.virtual.flash import FLASH_SIZE, Flash
from rig.wiring.virtual.serial_port import RomUart
from rig.wiring.virtual.uart_master import UartMaster

_CHIP = "esp32"

_REVISION = {("esp32c3", 0x60008850): 3 << 18}
"""The register with the revision of a chip: v0.3 in EFUSE_RD_MAC_SPI_SYS_3 (ESP32-C3 technical reference manual)."""


class _RomFlash(server.FlashImage):  # type: ignore[misc]
    """The board's flash for the handler's commands. Unlike the handler's own flash, it has NOR semantics."""

    def __init__(self, flash: Flash) -> None:
        self._flash = flash
        self._decompressor: zlib._Decompress | None = None
        self._offset = 0

    @property
    def data(self) -> bytes:
        return self._flash.read(0, FLASH_SIZE)

    def _begin(self, payload: bytes) -> None:
        size, _blocks, _block_size, offset = struct.unpack_from("<IIII", payload, 0)
        self._flash.erase(offset, size)
        self._offset = offset

    def begin_plain(self, payload: bytes) -> None:
        self._begin(payload)

    def begin_defl(self, payload: bytes) -> None:
        self._begin(payload)
        self._decompressor = zlib.decompressobj()

    def write_plain_block(self, payload: bytes) -> None:
        self._program(_block(payload))

    def write_defl_block(self, payload: bytes) -> None:
        if self._decompressor is not None:
            self._program(self._decompressor.decompress(_block(payload)))

    def end_defl(self) -> None:
        self._decompressor = None

    def _program(self, data: bytes) -> None:
        self._flash.program(self._offset, data)
        self._offset += len(data)

    def erase_all(self) -> None:
        self._flash.erase_all()

    def erase_region(self, offset: int, size: int) -> None:
        self._flash.erase(offset, size)

    def read(self, offset: int, length: int) -> bytes:
        return self._flash.read(offset, length)

    def md5_stub_response(self, payload: bytes, *, stub: bool = False) -> bytes:
        offset, size = struct.unpack_from("<II", payload, 0)
        digest = hashlib.md5(self._flash.read(offset, size)).digest()
        # The flasher stub answers in binary, with two status bytes; the ESP32's ROM answers in hex, with four.
        answer = digest + bytes(2) if stub else digest.hex().encode() + bytes(4)
        header = struct.pack("<BBHI", 1, protocol.CMD_SPI_FLASH_MD5, len(answer), 0)
        encoded: bytes = server.slip_encode(header + answer)
        return encoded


def _block(payload: bytes) -> bytes:
    (length,) = struct.unpack_from("<I", payload, 0)
    return payload[16 : 16 + length]


_ESCAPED = re.compile(b"%c(.?)" % protocol.SLIP_ESC, re.DOTALL)
_MEANT = {
    bytes([protocol.SLIP_ESC_END]): bytes([protocol.SLIP_END]),
    bytes([protocol.SLIP_ESC_DD]): bytes([protocol.SLIP_ESC]),
}


def slip_decode_frames(raw: bytes) -> list[bytes]:
    """Decode the complete frames in `raw` (SLIP, RFC 1055). Replaces the handler's function of that name.

    The handler's function processes each byte in Python, which took most of the processor time of flashing a virtual
    board.
    """
    pieces = raw.split(bytes([protocol.SLIP_END]))[1:-1]
    frames = (_ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), piece) for piece in pieces if piece)
    return [frame for frame in frames if frame]


server.slip_decode_frames = slip_decode_frames

_read_register = server._read_reg_value_for_chip


def read_register(address: int, chip: str) -> int:
    """Read a register of the ROM's chip. The handler's own chips have revision 0.0, which images reject.

    Args:
        address: the register's.
        chip: esptool's name of the chip.
    """
    value: int = _read_register(address, chip)
    return value | _REVISION.get((chip, address), 0)


server._read_reg_value_for_chip = read_register


class Rom:
    """Download mode, from the end of a reset to the next one, in its own thread.

    Args:
        port: the chip's end of the serial port.
        flash: the flash that esptool writes.
        chip: esptool's name of the chip.
    """

    def __init__(self, port: UartMaster, flash: Flash, chip: str = _CHIP) -> None:
        self._chip = chip
        self._uart = RomUart(port.master)
        self._stop = threading.Event()
        self._flash = _RomFlash(flash)
        self._thread = threading.Thread(target=self._serve, name="virtual-rom", daemon=True)
        port.print("waiting for download")
        self._thread.start()

    def _serve(self) -> None:
        # With exit_on_disconnect the handler continues after FLASH_END until the connection ends, at a reset.
        server.handle_client(self._uart, self._stop, self._chip, exit_on_disconnect=True, flash=self._flash)

    def mute(self) -> None:
        """Answer nothing from now on. Any thread may call it; the board's thread then calls `stop`."""
        self._stop.set()
        self._uart.stop()

    def stop(self) -> None:
        """End download mode, and wait for the end of the thread."""
        self.mute()
        self._thread.join()
        self._uart.dispose()
