"""Espressif's QEMU: finds the program, starts it, and controls one run of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rig.util.errors import BenchError

GATEWAY = "10.0.2.2"
"""This machine's loopback interface, seen from the emulated device (QEMU, user-mode network)."""

_LIST_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Machine:
    """A board that QEMU can emulate.

    Attributes:
        program: the name of QEMU's program for its processor.
        machine: QEMU's name of its chip.
        strap: the driver property with the levels of the strapping pins at the end of a reset.
        boots: the value of `strap` for a boot from flash.
        downloads: the value of `strap` for download mode.
    """

    program: str
    machine: str
    strap: str
    boots: int
    downloads: int


MACHINES: Mapping[str, Machine] = {
    "esp32c3-devkitm": Machine("qemu-system-riscv32", "esp32c3", "driver=esp32c3.gpio,property=strap_mode", 0x08, 0x02),
}
"""The machines by the board's name in a bench description."""


@dataclass(frozen=True, slots=True)
class Qemu:
    """A QEMU that can emulate a board.

    Attributes:
        program: the executable.
        machine: the board.
    """

    program: Path
    machine: Machine

    def command(self, flash: Path, uart: int, *, download: bool) -> list[str]:
        """Return the command line of a run.

        Args:
            flash: the flash file.
            uart: the inherited descriptor of a stream socket for UART0.
            download: True for download mode, False for a boot.
        """
        strap = self.machine.downloads if download else self.machine.boots
        return [
            str(self.program),
            *("-M", self.machine.machine, "-display", "none", "-monitor", "none", "-nodefaults"),
            *("-drive", f"file={flash},if=mtd,format=raw"),
            *("-chardev", f"socket,id=uart0,fd={uart}", "-serial", "chardev:uart0"),
            *("-nic", "user,model=open_eth"),
            *("-global", f"{self.machine.strap},value={strap:#04x}"),
        ]


def find_qemu(program: str, board: str) -> Qemu:
    """Find the emulator of a board.

    Args:
        program: an executable; empty for the usual one on PATH.
        board: the board's name.

    Raises:
        BenchError: the board cannot be emulated, or no suitable QEMU is installed.
    """
    machine = MACHINES.get(board)
    if machine is None:
        raise BenchError(
            f"device.board: the board {board!r} cannot be emulated", f"Use one of: {', '.join(sorted(MACHINES))}"
        )
    fix = "Install Espressif's QEMU and set emulator.qemu to its program, see docs/emulator.md"
    found = shutil.which(program or machine.program)
    if found is None:
        raise BenchError(f"emulator.qemu: {program or machine.program} is not installed", fix)
    try:
        listed = subprocess.run(
            [found, "-M", "help"], capture_output=True, text=True, timeout=_LIST_LIMIT_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as problem:
        raise BenchError(f"emulator.qemu: {found} cannot be run: {problem}", fix) from None
    if machine.machine not in {line.split()[0] for line in listed.splitlines() if line.strip()}:
        raise BenchError(f"emulator.qemu: {found} has no machine {machine.machine}: it is not Espressif's QEMU", fix)
    return Qemu(Path(found), machine)


class QemuRun:
    """One run of the emulated chip, from the end of a reset to the next reset or power cut.

    Args:
        qemu: the emulator.
        flash: the flash file.
        download: True for download mode, False for a boot.
        log: the file to which QEMU's messages are appended.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, qemu: Qemu, flash: Path, log: Path, *, download: bool) -> None:
        self.uart, far = socket.socketpair()
        """This end of UART0."""
        self.uart.setblocking(False)
        try:
            with far, log.open("ab") as messages:
                self._process = subprocess.Popen(
                    [*_ends_with_us(), *qemu.command(flash, far.fileno(), download=download)],
                    pass_fds=(far.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=messages,
                    stderr=messages,
                    # Ctrl-C on the terminal must only reach the bench, which ends QEMU in its cleanup.
                    process_group=0,
                )
        except BaseException:
            self.uart.close()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether QEMU is running."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Cut the chip's power: send SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)

    def kill_and_wait(self) -> None:
        """Kill it, wait until it has ended, and close its descriptors."""
        if self.is_alive:
            self.kill()
        self._process.wait()
        self.uart.close()


def _ends_with_us() -> list[str]:
    """Return a command that makes the kernel kill QEMU when the bench ends; empty if it is not installed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
