"""A loop lists its TCP connections, so that only those are checked for bytes in flight."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from rig.wiring.virtual.stepping.clock import SteppedClock
from rig.wiring.virtual.stepping.event_loop import SteppedEventLoop


@pytest.fixture
def still(clock: SteppedClock) -> Iterator[SteppedEventLoop]:
    """Return a loop that is not running."""
    loop = clock.event_loop("still")
    yield loop
    loop.close()


def connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        return near, listener.accept()[0]


def test_a_tcp_connection_is_known_until_nothing_waits_for_it(still: SteppedEventLoop) -> None:
    near, far = connected()
    with near, far:
        still.add_reader(near, print)
        still.add_writer(far, print)
        assert still.connections() == {near.fileno(), far.fileno()}
        still.remove_reader(near)
        assert still.connections() == {far.fileno()}
        still.remove_writer(far)


def test_a_reused_descriptor_is_checked_again(still: SteppedEventLoop) -> None:
    near, far = connected()
    still.add_reader(near, print)
    still.remove_reader(near)
    number = near.fileno()
    local, other = socket.socketpair()
    os.dup2(local.fileno(), number)
    still.add_reader(number, print)
    assert still.connections() == frozenset()
    still.remove_reader(number)
    for end in (near, far, local, other):
        end.close()


@pytest.mark.parametrize("family", ["local", "listener", "datagrams"])
def test_other_sockets_have_no_bytes_in_flight(still: SteppedEventLoop, family: str) -> None:
    made = {
        "local": lambda: socket.socketpair()[0],
        "listener": lambda: socket.create_server(("127.0.0.1", 0)),
        "datagrams": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    }[family]()
    with made:
        still.add_reader(made, print)
        assert still.connections() == frozenset()
        still.remove_reader(made)
