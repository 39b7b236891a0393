"""The pins of the emulated chip, by QEMU's protocol for tests.

QEMU, "QTest Device Emulation Testing Framework": the emulator drives no pin by itself; the protocol sets the inputs of
its GPIO, and reports the outputs.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

GPIO = "/machine/gpio"
INPUTS = "esp32_gpios_in"
OUTPUTS = "esp32_gpios"
WATCH_OUTPUTS = f"irq_intercept_out {GPIO} {OUTPUTS}"

_READ_BYTES = 4096


def input_command(gpio: int, level: bool) -> str:
    """Return the command that drives an input of the chip.

    Args:
        gpio: the number of the pin.
        level: the level.
    """
    return f"set_irq_in {GPIO} {INPUTS} {gpio} {int(level)}"


class Qtest:
    """A connection to an emulator that runs.

    Args:
        end: our end of the socket, which the emulator opens with `-qtest`.
        changed: called with the number of an output and its new level, by `read`.
    """

    def __init__(self, end: socket.socket, changed: Callable[[int, bool], None]) -> None:
        self.end = end
        self._changed = changed
        self._received = b""
        end.setblocking(False)
        self.send(WATCH_OUTPUTS)

    def send(self, command: str) -> None:
        """Send a command. If the emulator has ended, the command is dropped.

        Commands are a few bytes each, and the emulator reads them at once: the socket never fills.
        """
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.end.send(command.encode() + b"\n")

    def read(self) -> bool:
        """Read the received bytes, and report the outputs. Return False when the emulator has ended."""
        try:
            data = self.end.recv(_READ_BYTES)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            match line.split():
                case [b"IRQ", edge, number]:
                    self._changed(int(number), edge == b"raise")
        return bool(data)
