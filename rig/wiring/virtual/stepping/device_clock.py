"""The clock of one run of the device: a page that it reads the time from, and a link on which it reports idleness."""

from __future__ import annotations

import ctypes
import mmap
import os
import select
import socket
from dataclasses import dataclass

_PAGE = mmap.PAGESIZE
_LONGEST_MESSAGE = 128
_NEVER = "never"


class ClockPage:
    """Bench time in shared memory, for programs that may read it at any moment (docs/virtual-board.md).

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
        """Set the time, in ns. An aligned store of 8 bytes: a reader sees the old time or the new one."""
        self._time.value = now

    def close(self) -> None:
        """Give the memory back."""
        del self._time
        self._memory.close()
        os.close(self.fd)


@dataclass(frozen=True, slots=True)
class Idle:
    """A report that the device has nothing to do.

    Attributes:
        ask: the number of the question that it answers.
        due: the bench time, in ns, at which it has something to do by itself; None: never.
        connecting: how many of its connections wait for the answer to their SYN.
        unacknowledged: whether it has sent bytes by TCP that the bench's kernel has not acknowledged.
    """

    ask: int
    due: int | None
    connecting: int
    unacknowledged: bool

    def is_at_rest(self, *, ignores_syn: bool) -> bool:
        """Say whether nothing of the device is under way.

        Args:
            ignores_syn: whether nobody answers its attempts to connect.
        """
        return not self.unacknowledged and (not self.connecting or ignores_syn)


class DeviceClock:
    """The bench's end of the clock link to one run of the device. Used by the conductor, but for `started`, `close`.

    Attributes:
        device_end: for the device's process.
        ended: whether the device's end is closed: it has died.
        idle: the latest report; None while it works.
        asked: the clock's count of activity when it was asked last.
        settled: the count that `idle` takes into account.
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
        """The device's process has its end: give ours of that end up, so that its death is seen as end of file."""
        self.pid = pid
        self.device_end.close()

    def ask(self) -> None:
        """Ask for a report as soon as the device is idle."""
        self._questions += 1
        self.idle = None
        self._send(f"ask {self._questions}")

    def wake(self) -> None:
        """The time that it waits for has come."""
        self.forget()
        self._send("wake")

    def forget(self) -> None:
        """Discard the latest report: it does not count any more."""
        self.idle = None
        self.asked = self.settled = -1

    def _send(self, message: str) -> None:
        try:
            self._socket.send(message.encode())
        except OSError:
            self.ended = True

    def receive(self, seconds: float) -> bool:
        """Take reports. Returns whether the latest question is answered.

        Args:
            seconds: how long to wait for one, in real time.
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
        """Give both ends back."""
        self._socket.close()
        self.device_end.close()


def _read(message: str) -> Idle | None:
    """A report; None where the message is none."""
    match message.split(" "):
        case ["idle", ask, due, connecting, *more] if ask.isdecimal() and connecting.isdecimal():
            if due == _NEVER or due.isdecimal():
                due_ns = None if due == _NEVER else int(due)
                return Idle(int(ask), due_ns, int(connecting), more == ["unacknowledged"])
    return None
