"""The board's end of the channel to the device's process: one ASCII message per packet."""

from __future__ import annotations

import select
import socket

_LONGEST_MESSAGE = 256
_SEND_BUFFER = 1 << 20
_FULL_LIMIT_S = 1.0


class Link:
    """An AF_UNIX SOCK_SEQPACKET pair (docs/virtual-board.md); `device_end` is for the device's process."""

    def __init__(self) -> None:
        self._socket, self.device_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        self.ended = False
        """True once `receive` has read the end of file: the device's end is closed."""
        # A burst of S0 pulses must fit in while the device's interrupt thread is not scheduled.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def fileno(self) -> int:
        """Return the board's descriptor, to wait for messages."""
        return self._socket.fileno()

    def started(self) -> None:
        """Close our copy of the device's end, so that we read the end of file when the device ends."""
        self.device_end.close()

    def send(self, *words: object) -> bool:
        """Send a message of words, joined by spaces. Returns False if the device has ended or does not read."""
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
        """Return the received messages, each as its words."""
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
        """Close both ends. The device treats that as a loss of power."""
        self._socket.close()
        self.device_end.close()
