"""The device's process: the host executable, run from memory, and never outliving the board."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rig.wiring.virtual.link import Link
from rig.wiring.virtual.stepping.clock import SteppedClock
from rig.wiring.virtual.stepping.device_clock import DeviceClock

_EXIT_RESET = 0x40
_RESET_REASONS = {1: "power_on", 2: "software", 3: "panic", 4: "watchdog", 5: "brownout", 6: "external"}


class DeviceProcess:
    """One run of the device, from the end of a reset to its death.

    Args:
        executable: the host executable's bytes.
        arguments: those of docs/virtual-board.md, without the descriptors.
        uart: the serial port's master descriptor.
        clock: the stepped clock that it takes part in; None: its time is real.
        seed: of its randomness, where it takes part in a stepped clock: then each run of the bench is the same.

    Raises:
        OSError: the executable cannot be run here.
    """

    def __init__(
        self, executable: bytes, arguments: Sequence[str], uart: int, clock: SteppedClock | None = None, seed: int = 0
    ) -> None:
        self.link = Link()
        self._clock = clock
        self._time = DeviceClock() if clock is not None else None
        inherited = [uart]
        if clock is not None and self._time is not None:
            link = self._time.device_end.fileno()
            inherited += [link, clock.page.fd]
            arguments = [*arguments, "--clock-page", str(clock.page.fd), "--clock-link", str(link), "--seed", str(seed)]
        board_end = self.link.device_end.fileno()
        memory = os.memfd_create("plugbench-device", os.MFD_CLOEXEC)
        try:
            with open(memory, "wb", closefd=False) as file:
                file.write(executable)
            # Through our own /proc entry the device does not inherit the memory file's descriptor.
            self._process = subprocess.Popen(
                ["plugbench-device", "--board-fd", str(board_end), "--uart-fd", str(uart), *arguments],
                executable=f"/proc/{os.getpid()}/fd/{memory}",
                pass_fds=(board_end, *inherited),
                stdin=subprocess.DEVNULL,
                stdout=uart,
                stderr=uart,
                # A Ctrl-C on the terminal is for the bench, which then takes the device down itself.
                process_group=0,
            )
        except BaseException:
            self.link.close()
            if self._time is not None:
                self._time.close()
            raise
        finally:
            os.close(memory)
        self.link.started()
        if clock is not None and self._time is not None:
            self._time.started(self._process.pid)
            clock.attach(self._time)
        self.pidfd = os.pidfd_open(self._process.pid)
        self.struck = False
        """Whether its end was our doing, not its own."""

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def strike(self) -> None:
        """Take the power away: SIGKILL. Any thread may; the board's own one then comes with `bury`."""
        self.struck = True
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def bury(self) -> None:
        """Strike it, and wait until it is gone. Messages it has sent can still be received."""
        if self._process.poll() is None:
            self.strike()
            self._process.wait()

    def reset_reason(self) -> str:
        """After its death: why the chip restarts by its exit code; a signal or a foreign code is a panic."""
        code = self._process.wait()
        return _RESET_REASONS.get(code - _EXIT_RESET, "panic")

    def close(self) -> None:
        """Give the descriptors of a dead process back."""
        os.close(self.pidfd)
        self.link.close()
        if self._clock is not None and self._time is not None:
            self._clock.detach(self._time)
            self._time.close()


def device_arguments(*, flash: Path, reset: str, heap: int, worker: str) -> list[str]:
    """The command line behind the descriptors.

    Args:
        flash: the flash file.
        reset: the reset reason's name.
        heap: the chip's heap in bytes.
        worker: where jobs run, `loop` or `thread`. Left out for the loop: other firmware has no such option.
    """
    arguments = ["--flash", str(flash), "--reset", reset, "--heap", str(heap)]
    return arguments if worker == "loop" else [*arguments, "--worker", worker]
