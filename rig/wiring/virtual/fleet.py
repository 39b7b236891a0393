"""The devices of a fleet: processes of the host build with a flash file each, without boards around them."""

from __future__ import annotations

import contextlib
import os
import socket
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from rig.firmware.partitions import TABLE_OFFSET, PartitionTable
from rig.util.errors import BenchError
from rig.util.folders import unwritable
from rig.wiring.virtual.board import HEAP_BYTES
from rig.wiring.virtual.flash import FLASH_SIZE
from rig.wiring.virtual.process import DeviceProcess, device_arguments
from rig.wiring.virtual.stepping.device_clock import DevicesClock

_INPUTS = (32, 33, 25, 26, 27, 34, 35)
"""The GPIOs of docs/design.md#signals. All are low: no cable, no stop, no card."""
_KEPT_CONSOLE = 4096
_READ = 1 << 18


class FleetDevice:
    """One device of a fleet. It runs from its creation to `close`.

    Args:
        executable: the host executable's bytes.
        identity: the device's identity, for messages.
        flash: the flash file to create; removed by `close`.
        partitions: the partition table.
        table: the partition table as in the flash.
        storage: the image of the storage partition, with its settings.
        seed: seeds its random numbers.
        clock: the clock that all devices share; None for real time.

    Raises:
        BenchError: the flash file cannot be written, or the executable cannot be run.
    """

    def __init__(
        self,
        executable: bytes,
        identity: str,
        flash: Path,
        *,
        partitions: PartitionTable,
        table: bytes,
        storage: bytes,
        seed: int,
        clock: DevicesClock | None,
    ) -> None:
        self.identity = identity
        self._flash = flash
        self._console: deque[bytes] = deque(maxlen=8)
        _write_flash(flash, partitions, table, storage)
        self._uart, device_end = socket.socketpair()
        self._uart.setblocking(False)
        arguments = device_arguments(flash=flash, reset="power_on", heap=HEAP_BYTES, worker="loop")
        if clock is None:
            arguments = [*arguments, "--seed", str(seed)]
        try:
            self._process = DeviceProcess(executable, arguments, device_end.fileno(), clock, seed)
        except OSError as problem:
            self._uart.close()
            raise BenchError(f"the device {identity} cannot be started: {problem}", "Run fewer devices") from None
        finally:
            device_end.close()
        self._process.link.send("ap", "up", 0, 0)
        for gpio in _INPUTS:
            self._process.link.send("pin", gpio, 0)
        self._process.link.send("go")

    def fileno(self) -> int:
        """Return the descriptor of its console, to wait for output."""
        return self._uart.fileno()

    def read_console(self) -> bytes:
        """Return the output of its console since the last call. If it is never read, the device drops its output."""
        output = b""
        with contextlib.suppress(OSError):
            output = self._uart.recv(_READ)
        if output:
            self._console.append(output[-_KEPT_CONSOLE:])
        return output

    def check(self) -> None:
        """Check that it runs, and drop the edges of its pins, which would fill the link.

        Raises:
            BenchError: the device has ended.
        """
        self._process.link.receive()
        if self._process.link.ended:
            self.read_console()
            tail = b"".join(self._console)[-_KEPT_CONSOLE:].decode(errors="replace")
            raise BenchError(f"the device {self.identity} has ended", f"The end of its console:\n{tail}")

    def close(self) -> None:
        """Cut its power and remove its flash file."""
        self._process.kill_and_wait()
        self._process.close()
        self._uart.close()
        self._flash.unlink(missing_ok=True)


def _write_flash(path: Path, partitions: PartitionTable, table: bytes, storage: bytes) -> None:
    """Write a flash file without applications: the device is started directly, and its file stays small."""
    try:
        with path.open("xb") as file:
            os.truncate(file.fileno(), FLASH_SIZE)
            for partition in partitions:
                if partition.kind == "data":
                    is_storage = partition.subtype in ("littlefs", "spiffs")
                    _write_at(file.fileno(), partition.offset, storage if is_storage else b"\xff" * partition.size)
            _write_at(file.fileno(), TABLE_OFFSET, table)
    except OSError as problem:
        raise unwritable(path.parent, problem) from None


def _write_at(descriptor: int, offset: int, content: bytes) -> None:
    done = 0
    while done < len(content):
        done += os.pwrite(descriptor, content[done:], offset + done)


def check_all(devices: Sequence[FleetDevice]) -> None:
    """Read the consoles of all devices, and check that they run.

    Raises:
        BenchError: a device has ended.
    """
    for device in devices:
        device.read_console()
        device.check()
