"""A stepped clock with a loop, and a device that the test plays."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from rig.wiring.virtual.stepping.clock import SteppedClock
from rig.wiring.virtual.stepping.device_clock import DeviceClock


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


class PlayedDevice:
    """The device's end of a clock link. A thread answers each message with the result of `plan`.

    Attributes:
        received: the received messages.
    """

    def __init__(self, clock: SteppedClock, plan: Callable[[str], str | None]) -> None:
        self.bench_end = DeviceClock()
        self._socket: socket.socket = self.bench_end.device_end
        self._plan = plan
        self.received: list[str] = []
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()
        self._clock = clock
        clock.attach(self.bench_end)

    def _answer(self) -> None:
        while packet := self._socket.recv(100):
            self.received.append(packet.decode())
            said = self._plan(self.received[-1])
            if said is not None:
                self._socket.send(said.encode())

    def close(self) -> None:
        self._clock.detach(self.bench_end)
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.bench_end.close()
