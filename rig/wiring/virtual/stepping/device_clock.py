"""The clock of one run of the device: a page with the time, and a link for its reports of idleness."""

from __future__ import annotations

import ctypes
import mmap
import os
import select
import socket
from dataclasses import dataclass
from typing import Protocol

_PAGE = mmap.PAGESIZE
_LONGEST_MESSAGE = 128
_NEVER = "never"


class ClockPage:
    """Bench time in shared memory, which the device may read at any moment (docs/virtual-board.md).

    Attributes:
        fd: the memory file's descriptor, for the device.
    """

    def __init__(self, now: int) -> None:
        self.fd = os.memfd_create("plugbench-clock", os.MFD_CLOEXEC)
        os.ftruncate(self.fd, _PAGE)
        self._memory = mmap.mmap(self.fd, _PAGE)
        self._time = ctypes.c_int64.from_buffer(self._memory)
        self.set(now)

    def set(self, now: int) -> None:
        """Set the time, in ns. The aligned store of 8 bytes is atomic for a reader."""
        self._time.value = now

    def close(self) -> None:
        """Release the memory."""
        del self._time
        self._memory.close()
        os.close(self.fd)


@dataclass(frozen=True, slots=True)
class Idle:
    """A report that the device is idle.

    Attributes:
        ask: the number of the query that it answers.
        due: the bench time of its next timer, in ns; None if it has none.
        connecting: the number of its connections that wait for the answer to their SYN.
        unacknowledged: whether it has sent bytes by TCP that the bench's kernel has not acknowledged.
    """

    ask: int
    due: int | None
    connecting: int
    unacknowledged: bool

    def is_at_rest(self, *, ignores_syn: bool) -> bool:
        """Return whether the device has nothing in flight.

        Args:
            ignores_syn: whether the bench ignores the device's attempts to connect.
        """
        return not self.unacknowledged and (not self.connecting or ignores_syn)


class DeviceClock:
    """The bench's end of the clock link to one run of the device.

    Only the conductor uses it, except for `started` and `close`.

    Attributes:
        device_end: the end for the device's process.
        ended: whether the device has closed its end, because it has ended.
        idle: the latest report; None while it works.
        asked: the clock's activity count at the latest query.
        settled: the activity count that `idle` covers.
    """

    def __init__(self, pid: int = 0) -> None:
        self._socket, self.device_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        self.pid = pid
        self.ended = False
        self.idle: Idle | None = None
        self.asked = -1
        self.settled = -1
        self._questions = 0

    def started(self, pid: int) -> None:
        """Close our copy of the device's end, so that we read the end of file when the device ends."""
        self.pid = pid
        self.device_end.close()

    def ask(self) -> None:
        """Request a report for when the device is idle."""
        self._questions += 1
        self.idle = None
        self._send(f"ask {self._questions}")

    def wake(self) -> None:
        """Notify the device that its timer is due."""
        self.forget()
        self._send("wake")

    def forget(self) -> None:
        """Discard the latest report, which is outdated."""
        self.idle = None
        self.asked = self.settled = -1

    def _send(self, message: str) -> None:
        try:
            self._socket.send(message.encode())
        except OSError:
            self.ended = True

    def receive(self, seconds: float) -> bool:
        """Receive reports. Returns whether the latest query is answered.

        Args:
            seconds: the longest wait for a report, in real time.
        """
        waited = False
        while not self.ended:
            try:
                packet = self._socket.recv(_LONGEST_MESSAGE)
            except BlockingIOError:
                if self.idle is not None or waited:
                    break
                waited = True
                poller = select.poll()
                poller.register(self._socket, select.POLLIN)
                poller.poll(seconds * 1000)
                continue
            except OSError:
                packet = b""
            if not packet:
                self.ended = True
                break
            report = _read(packet.decode("ascii", "replace"))
            if report is not None and report.ask == self._questions:
                self.idle = report
        return self.idle is not None

    def close(self) -> None:
        """Close both ends."""
        self._socket.close()
        self.device_end.close()


def _read(message: str) -> Idle | None:
    """Parse a report; None if the message is not a report."""
    match message.split(" "):
        case ["idle", ask, due, connecting, *more] if ask.isdecimal() and connecting.isdecimal():
            if due == _NEVER or due.isdecimal():
                due_ns = None if due == _NEVER else int(due)
                return Idle(int(ask), due_ns, int(connecting), more == ["unacknowledged"])
    return None


class DevicesClock(Protocol):
    """The part of a clock that a device's process uses."""

    @property
    def page(self) -> ClockPage:
        """The time in shared memory."""

    def attach(self, device: DeviceClock) -> None:
        """Add a device."""

    def detach(self, device: DeviceClock) -> None:
        """Remove a device that has ended."""
