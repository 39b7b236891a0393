"""Charge points that keep to no rule: the CSMS never fails, and another charge point gets all its answers.

python -m tests.unit.csms.test_strange_conversations 600     does this for so many seconds
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import sys
import time
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisWarning

from rig.csms import Csms
from rig.timeline import Timeline
from rig.timeline.events import BenchTrouble
from rig.util.clock import BenchClock
from tests.unit.conftest import running
from tests.unit.csms.conftest import LIMIT_S, Peer
from tests.unit.csms.conversations import CONVERSATIONS, Conversation

_KEPT_EVENTS = 1000
_BATCH = 200


class _Errors(logging.Handler):
    """Keeps the errors that the event loop and the WebSocket library log: exceptions that nobody caught."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(self.format(record))


class Server:
    """A CSMS with one charge point that behaves."""

    def __init__(self, csms: Csms, errors: _Errors) -> None:
        self._csms = csms
        self._errors = errors
        self._address = ("127.0.0.1", csms.port)
        self._good = Peer(csms.url("CP-GOOD"))
        assert self._good.boot()["status"] == "Accepted"

    def play(self, conversation: Conversation) -> None:
        """Send a conversation while the good charge point makes two calls, and check that nothing has failed."""
        first = self._good.start_call("Heartbeat", {})
        with socket.create_connection(self._address, LIMIT_S) as strange:
            with contextlib.suppress(OSError):  # the CSMS may have ended the connection
                strange.sendall(conversation.opening)
                if conversation.waits:
                    strange.recv(1 << 16)
                for piece in conversation.pieces:
                    strange.sendall(piece)
                if conversation.end == "half-close":
                    strange.shutdown(socket.SHUT_WR)
            assert self._good.receive()[:2] == [3, first]
            if conversation.reads:
                strange.setblocking(False)
                with contextlib.suppress(OSError):
                    strange.recv(1 << 16)
            if conversation.end == "reset":
                strange.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST, not FIN
        assert "currentTime" in self._good.call("Heartbeat", {})
        failures = [*self._errors.messages, *(event.what for event in self._csms.timeline.events(BenchTrouble))]
        assert not failures, "\n".join(failures)  # `main` runs without pytest, which would show the list


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """Serve within the block."""
    errors, clock = _Errors(), BenchClock()
    logging.getLogger().addHandler(errors)
    try:
        with running(clock, "csms") as loop:
            csms = Csms(Timeline(clock, keep=_KEPT_EVENTS), loop)
            csms.start()
            try:
                yield Server(csms, errors)
            finally:
                csms.shut_down()
    finally:
        logging.getLogger().removeHandler(errors)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
def test_no_conversation_makes_the_csms_fail() -> None:
    with serving() as server:
        _plays(server, number=1, count=100)


def _plays(server: Server, number: int, count: int) -> None:
    @seed(number)
    @settings(max_examples=count, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(CONVERSATIONS)
    def play(conversation: Conversation) -> None:
        server.play(conversation)

    play()


def main(seconds: float) -> None:
    """Play conversations, and print their number. A failure is an exception, which names the conversation."""
    ends, batches = time.monotonic() + seconds, 0
    with serving() as server:
        while time.monotonic() < ends:
            _plays(server, batches, _BATCH)
            batches += 1
    print(f"{batches * _BATCH} conversations: no failure")


if __name__ == "__main__":
    settings.register_profile("long", settings(), deadline=None)
    settings.load_profile("long")
    warnings.simplefilter("ignore", HypothesisWarning)  # the threads of the CSMS use `random`
    main(float(sys.argv[1]))
