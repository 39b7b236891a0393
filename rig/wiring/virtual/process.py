"""The device's process: runs the host executable from memory, and never outlives the board."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rig.wiring.virtual.link import Link
from rig.wiring.virtual.page_socket import PageSocket
from rig.wiring.virtual.stepping.device_clock import DeviceClock, DevicesClock

_EXIT_RESET = 0x40
_RESET_REASONS = {1: "power_on", 2: "software", 3: "panic", 4: "watchdog", 5: "brownout", 6: "external"}


class DeviceProcess:
    """One run of the device, from the end of a reset to the end of its process.

    Args:
        executable: the host executable's bytes.
        arguments: the arguments of docs/virtual-board.md, without the descriptors.
        uart: the serial port's master descriptor.
        clock: the stepped clock; None for real time.
        seed: seeds its random numbers in stepped time, so that each run of the bench is the same.
        retained: the descriptor of the memory that survives warm resets; None: the device has none.
        page: the sockets of its page; None: it has no page.

    Raises:
        OSError: the executable cannot be run on this machine.
    """

    def __init__(
        self,
        executable: bytes,
        arguments: Sequence[str],
        uart: int,
        clock: DevicesClock | None = None,
        seed: int = 0,
        retained: int | None = None,
        page: PageSocket | None = None,
    ) -> None:
        self.link = Link()
        self._clock = clock
        self._time = DeviceClock() if clock is not None else None
        inherited = [uart]
        if clock is not None and self._time is not None:
            link = self._time.device_end.fileno()
            inherited += [link, clock.page.fd]
            arguments = [*arguments, "--clock-page", str(clock.page.fd), "--clock-link", str(link), "--seed", str(seed)]
        if retained is not None:
            inherited.append(retained)
            arguments = [*arguments, "--retained-fd", str(retained)]
        if page is not None:
            inherited += [page.fd, page.dns_fd]
            arguments = [*arguments, "--web-fd", str(page.fd), "--udp-fd", str(page.dns_fd)]
        board_end = self.link.device_end.fileno()
        memory = os.memfd_create("plugbench-device", os.MFD_CLOEXEC)
        try:
            with open(memory, "wb", closefd=False) as file:
                file.write(executable)
            # The path is in our /proc entry, so that the device does not inherit the memory file's descriptor.
            self._process = subprocess.Popen(
                ["plugbench-device", "--board-fd", str(board_end), "--uart-fd", str(uart), *arguments],
                executable=f"/proc/{os.getpid()}/fd/{memory}",
                pass_fds=(board_end, *inherited),
                stdin=subprocess.DEVNULL,
                stdout=uart,
                stderr=uart,
                # Ctrl-C on the terminal must reach only the bench, which ends the device in its cleanup.
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
        self.killed = False
        """Whether the bench killed it; False if it ended by itself."""

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def kill(self) -> None:
        """Cut its power: send SIGKILL. Any thread may call it; the board's thread then calls `kill_and_wait`."""
        self.killed = True
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def kill_and_wait(self) -> None:
        """Kill it, and wait until it has ended. Messages that it has sent can still be received."""
        if self._process.poll() is None:
            self.kill()
            self._process.wait()

    def reset_reason(self) -> str:
        """Wait for its end and return the reset reason of its exit code; `panic` for a signal or another code."""
        code = self._process.wait()
        return _RESET_REASONS.get(code - _EXIT_RESET, "panic")

    def close(self) -> None:
        """Close the descriptors of an ended process."""
        os.close(self.pidfd)
        self.link.close()
        if self._clock is not None and self._time is not None:
            self._clock.detach(self._time)
            self._time.close()


def device_arguments(*, flash: Path, reset: str, heap: int, worker: str, slot: int | None = None) -> list[str]:
    """Return the arguments of the device, without the descriptors.

    Args:
        flash: the flash file.
        reset: the reset reason's name.
        heap: the chip's heap in bytes.
        worker: the place where jobs run, `loop` or `thread`. Left out for `loop`: other firmware lacks the option.
        slot: the index of the application slot whose image runs, for a device that takes updates by its page.
    """
    arguments = ["--flash", str(flash), "--reset", reset, "--heap", str(heap)]
    if worker != "loop":
        arguments += ["--worker", worker]
    return arguments if slot is None else [*arguments, "--slot", str(slot)]
