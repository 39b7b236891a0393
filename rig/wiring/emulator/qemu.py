"""Espressif's QEMU: where it is, how it is started, and one run of it."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rig.util.errors import BenchError

GATEWAY = "10.0.2.2"
"""This machine's loopback interface, as the emulated device sees it (QEMU, "Network emulation", user mode)."""

_LIST_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Machine:
    """A board that QEMU can be.

    Attributes:
        program: the name of QEMU's program for its processor.
        machine: QEMU's name of its chip.
    """

    program: str
    machine: str


MACHINES: Mapping[str, Machine] = {
    "esp32c3-devkitm": Machine("qemu-system-riscv32", "esp32c3"),
}
"""By the board's name in a bench description."""


@dataclass(frozen=True, slots=True)
class Qemu:
    """A QEMU that has the machine of a board.

    Attributes:
        program: the executable.
        machine: the board.
    """

    program: Path
    machine: Machine

    def command(self, flash: Path, uart: int) -> list[str]:
        """Return the command line of a run.

        Args:
            flash: the flash file.
            uart: the descriptor of a stream socket, inherited: the other end of UART0.
        """
        return [
            str(self.program),
            *("-M", self.machine.machine, "-display", "none", "-monitor", "none", "-nodefaults"),
            *("-drive", f"file={flash},if=mtd,format=raw"),
            *("-chardev", f"socket,id=uart0,fd={uart}", "-serial", "chardev:uart0"),
            *("-nic", "user,model=open_eth"),
        ]


def find_qemu(program: str, board: str) -> Qemu:
    """Find the emulator of a board.

    Args:
        program: an executable; empty: the usual one on PATH.
        board: the board's name.

    Raises:
        BenchError: the board cannot be emulated, or there is no QEMU that can.
    """
    machine = MACHINES.get(board)
    if machine is None:
        raise BenchError(
            f"device.board: the board {board!r} cannot be emulated", f"Use one of: {', '.join(sorted(MACHINES))}"
        )
    fix = "Install Espressif's QEMU and name its program in emulator.qemu; docs/emulator.md says how"
    found = shutil.which(program or machine.program)
    if found is None:
        raise BenchError(f"emulator.qemu: {program or machine.program} is not there", fix)
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
        log: where the emulator's own messages are appended.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, qemu: Qemu, flash: Path, log: Path) -> None:
        self.uart, far = socket.socketpair()
        """This end of UART0."""
        self.uart.setblocking(False)
        self.is_struck = False
        """Whether its power was taken away."""
        try:
            with far, log.open("ab") as messages:
                self._process = subprocess.Popen(
                    [*_ends_with_us(), *qemu.command(flash, far.fileno())],
                    pass_fds=(far.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=messages,
                    stderr=messages,
                    # A Ctrl-C on the terminal is for the bench, which then takes the emulator down itself.
                    process_group=0,
                )
        except BaseException:
            self.uart.close()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether the emulator still runs and has power; a killed process takes a moment to end."""
        return not self.is_struck and self._process.poll() is None

    def strike(self) -> None:
        """Take the power away: SIGKILL."""
        self.is_struck = True
        self._process.kill()

    def bury(self) -> None:
        """Strike it, wait until it is gone, and give its descriptors back."""
        self.strike()
        self._process.wait()
        self.uart.close()


def _ends_with_us() -> list[str]:
    """The command that makes the kernel kill the emulator when the bench's process dies, where there is one."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
