"""The board's end of the channel to the device's process: one ASCII message a packet, see docs/virtual-board.md."""

from __future__ import annotations

import select
import socket

_LONGEST_MESSAGE = 256
_SEND_BUFFER = 1 << 20
_FULL_LIMIT_S = 1.0


class Link:
    """One end of an AF_UNIX SOCK_SEQPACKET pair; `device_end` is for the device's process."""

    def __init__(self) -> None:
        self._socket, self.device_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        self.ended = False
        """True once `receive` has met the end of file: the device's end is closed."""
        # A burst of S0 pulses must fit while the device's interrupt thread is not scheduled.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def fileno(self) -> int:
        """The board's descriptor, to wait for messages."""
        return self._socket.fileno()

    def started(self) -> None:
        """The device's process has its end: give ours of that end up, so that its death is seen as end of file."""
        self.device_end.close()

    def send(self, *words: object) -> bool:
        """Send one message; its words are joined by spaces. False where the device is gone or takes nothing."""
        message = " ".join(map(str, words)).encode()
        while True:
            try:
                self._socket.send(message)
                return True
            except BlockingIOError:
                if not select.select([], [self._socket], [], _FULL_LIMIT_S)[1]:
                    return False
            except OSError:
                return False

    def receive(self) -> list[list[str]]:
        """The messages that have come, each as its words; empty where there are none."""
        messages: list[list[str]] = []
        while True:
            try:
                packet = self._socket.recv(_LONGEST_MESSAGE)
            except OSError:
                return messages
            if not packet:
                self.ended = True
                return messages
            messages.append(packet.decode(errors="replace").split(" "))

    def close(self) -> None:
        """Give both ends back: the device sees its power go."""
        self._socket.close()
        self.device_end.close()
