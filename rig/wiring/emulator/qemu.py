"""Espressif's QEMU: finds the program, starts it, and represents one run of it."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rig.util.errors import BenchError
from rig.wiring.emulator.qtest import WATCH_OUTPUTS, Qtest, input_command

GATEWAY = "10.0.2.2"
"""This machine's loopback interface, as the emulated device sees it (QEMU, "Network emulation", user mode)."""

_PAGE_PORT = 80
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

    def command(self, flash: Path, uart: int, pins: int | None = None, page_port: int | None = None) -> list[str]:
        """Return the command line of a run.

        Args:
            flash: the flash file.
            uart: the descriptor of a stream socket, inherited: the other end of UART0.
            pins: the descriptor of a stream socket, inherited: the other end of the pins' link; None without pins.
            page_port: the port of this machine's loopback interface that leads to the page; None for none.
        """
        page = f",hostfwd=tcp:127.0.0.1:{page_port}-:{_PAGE_PORT}" if page_port is not None else ""
        qtest = ("-chardev", f"socket,id=pins,fd={pins}", "-qtest", "chardev:pins", "-qtest-log", "none")
        return [
            str(self.program),
            *("-M", self.machine.machine, "-display", "none", "-monitor", "none", "-nodefaults"),
            *("-drive", f"file={flash},if=mtd,format=raw"),
            *("-chardev", f"socket,id=uart0,fd={uart}", "-serial", "chardev:uart0"),
            *("-nic", f"user,model=open_eth{page}"),
            *(qtest if pins is not None else ()),
        ]


def find_qemu(program: str, board: str, *, with_pins: bool = False) -> Qemu:
    """Find the emulator of a board.

    Args:
        program: an executable; empty: the usual one on PATH.
        board: the board's name.
        with_pins: whether the bench drives and watches pins of the chip.

    Raises:
        BenchError: the board cannot be emulated, or no QEMU on this machine can emulate it.
    """
    machine = MACHINES.get(board)
    if machine is None:
        raise BenchError(
            f"device.board: the board {board!r} cannot be emulated", f"Use one of: {', '.join(sorted(MACHINES))}"
        )
    fix = "Install Espressif's QEMU and name its program in emulator.qemu; docs/emulator.md says how"
    found = shutil.which(program or machine.program)
    if found is None:
        raise BenchError(f"emulator.qemu: {program or machine.program} was not found", fix)
    try:
        listed = subprocess.run(
            [found, "-M", "help"], capture_output=True, text=True, timeout=_LIST_LIMIT_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as problem:
        raise BenchError(f"emulator.qemu: {found} cannot be run: {problem}", fix) from None
    if machine.machine not in {line.split()[0] for line in listed.splitlines() if line.strip()}:
        raise BenchError(f"emulator.qemu: {found} has no machine {machine.machine}: it is not Espressif's QEMU", fix)
    qemu = Qemu(Path(found), machine)
    if with_pins and not _has_pins(qemu):
        raise BenchError(
            f"emulator.qemu: the GPIO of {found} has no inputs and outputs",
            "Use a QEMU that has them, or a description without [inputs], [leds] and [outputs]; docs/emulator.md",
        )
    return qemu


def _has_pins(qemu: Qemu) -> bool:
    """Query a stopped machine; QEMU exits at the query if the machine has no such inputs."""
    arguments = ["-M", qemu.machine.machine, "-S", "-display", "none", "-monitor", "none", "-nodefaults"]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs_fd = theirs.fileno()
        pins = ["-chardev", f"socket,id=pins,fd={theirs_fd}", "-qtest", "chardev:pins", "-qtest-log", "none"]
        process = subprocess.Popen(
            [*_ends_with_us(), str(qemu.program), *arguments, *pins],
            pass_fds=(theirs_fd,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        try:
            ours.settimeout(_LIST_LIMIT_S)
            ours.sendall(f"{WATCH_OUTPUTS}\n{input_command(0, False)}\n".encode())
            with ours.makefile("rb") as answers:
                return answers.readline() == b"OK\n" and answers.readline() == b"OK\n"
        except OSError:
            return False
        finally:
            process.kill()
            process.wait()


class QemuRun:
    """One run of the emulated chip, from the end of a reset to the next reset or power cut.

    Args:
        qemu: the emulator.
        flash: the flash file.
        log: where the emulator's own messages are appended.
        changed: called with the number of an output of the chip and its new level, by `pins.read`; None without pins.
        page_port: the port of this machine's loopback interface that leads to the page; None for none.

    Raises:
        OSError: QEMU cannot be started.
    """

    def __init__(
        self,
        qemu: Qemu,
        flash: Path,
        log: Path,
        changed: Callable[[int, bool], None] | None = None,
        page_port: int | None = None,
    ) -> None:
        self.uart, far = socket.socketpair()
        """This end of UART0."""
        self.uart.setblocking(False)
        pins, far_pins = socket.socketpair()
        self.pins = Qtest(pins, changed) if changed is not None else None
        """The pins."""
        self.is_killed = False
        """Whether `kill` was called."""
        try:
            with far, far_pins, log.open("ab") as messages:
                pins_fd = far_pins.fileno() if self.pins is not None else None
                self._process = subprocess.Popen(
                    [*_ends_with_us(), *qemu.command(flash, far.fileno(), pins_fd, page_port)],
                    pass_fds=(far.fileno(),) if pins_fd is None else (far.fileno(), pins_fd),
                    stdin=subprocess.DEVNULL,
                    stdout=messages,
                    stderr=messages,
                    # A Ctrl-C on the terminal is for the bench, which then ends the emulator itself.
                    process_group=0,
                )
        except BaseException:
            self.uart.close()
            pins.close()
            raise
        if self.pins is None:
            pins.close()

    @property
    def is_alive(self) -> bool:
        """Whether the emulator still runs and has power; a killed process takes a moment to end."""
        return not self.is_killed and self._process.poll() is None

    def kill(self) -> None:
        """Kill the emulator, as a power cut does."""
        self.is_killed = True
        self._process.kill()

    def close(self) -> None:
        """Kill the emulator, wait for its end, and close its descriptors."""
        self.kill()
        self._process.wait()
        self.uart.close()
        if self.pins is not None:
            self.pins.end.close()


def _ends_with_us() -> list[str]:
    """Return the command by which the kernel kills the emulator when the bench dies; empty without one."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
