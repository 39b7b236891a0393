"""The network instrument: thread-safe calls of the proxy, and the access point."""

from __future__ import annotations

import asyncio
import select
import socket
import time
from collections.abc import Iterator

import pytest

from rig.instruments.network import Network
from rig.timeline import Timeline
from rig.timeline.events import AccessPointChange
from rig.util.clock import BenchClock
from rig.util.errors import AuthorError, BenchError

from .conftest import send


class Radio:
    def __init__(self) -> None:
        self.on_air = True

    def up(self) -> None:
        self.on_air = True

    def down(self) -> None:
        self.on_air = False


@pytest.fixture
def radio() -> Radio:
    return Radio()


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


@pytest.fixture
def network(
    timeline: Timeline, loop: asyncio.AbstractEventLoop, radio: Radio, server: socket.socket
) -> Iterator[Network]:
    network = Network(timeline, loop, "127.0.0.1", 0, server.getsockname()[1], radio)
    network.start()
    yield network
    network.close()


def pair(network: Network, server: socket.socket) -> tuple[socket.socket, socket.socket]:
    """Open a connection through the proxy. Return the device's end and the server's."""
    device = socket.create_connection(("127.0.0.1", network.csms_port), timeout=20)
    behind = server.accept()[0]
    behind.settimeout(20)
    return device, behind


def test_the_access_point_goes_and_comes_back_on_the_timeline(network: Network, radio: Radio) -> None:
    timeline = network.timeline
    network.down()
    assert not radio.on_air
    network.up()
    assert radio.on_air
    assert [change.up for change in timeline.events(AccessPointChange)] == [True, False, True]


def test_without_an_access_point_the_capability_is_named(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> None:
    network = Network(timeline, loop, "127.0.0.1", 0, 1)
    with pytest.raises(BenchError, match="lacks the capability access_point"):
        network.down()
    network.close()


def has_no_bytes(end: socket.socket) -> bool:
    return not select.select([end], [], [], 0)[0]


def test_latency_is_in_milliseconds_of_bench_time(network: Network, server: socket.socket, clock: BenchClock) -> None:
    device, behind = pair(network, server)
    network.latency(25_000)
    send(device, b"x")
    clock.deadline(24.999).wait_out()
    assert has_no_bytes(behind)
    clock.deadline(0.001).wait_out()
    clock.settle()
    assert behind.recv(1) == b"x"
    with pytest.raises(AuthorError, match=r"ms is .* at least 0 and at most 3600000, not -1"):
        network.latency(-1)


def test_ending_latency_does_not_let_bytes_overtake(network: Network, server: socket.socket, clock: BenchClock) -> None:
    device, behind = pair(network, server)
    network.latency(3000)
    send(device, b"1")
    clock.settle()  # the proxy has the first byte and delays it
    network.latency(0)
    send(device, b"2")
    clock.deadline(2.9).wait_out()
    assert has_no_bytes(behind)
    clock.deadline(0.1).wait_out()
    clock.settle()
    assert behind.recv(2, socket.MSG_WAITALL) == b"12"


def test_when_both_sides_have_ended_nothing_is_left(network: Network, server: socket.socket) -> None:
    device, behind = pair(network, server)
    assert network.connections == 1
    device.close()
    assert behind.recv(1) == b""
    behind.close()
    deadline = time.monotonic() + 30
    while network.connections and time.monotonic() < deadline:
        network.reset()  # lets the loop run
    assert network.connections == 0
    assert network.drop_connections() == 0


def test_a_reset_restores_a_good_network(network: Network, server: socket.socket) -> None:
    device, behind = pair(network, server)
    network.black_hole()
    network.latency(60_000)
    network.admit("refuse")
    network.reset()
    device.sendall(b"x")
    assert behind.recv(1) == b"x"
    pair(network, server)


def test_the_url_names_the_proxy(network: Network) -> None:
    assert network.csms_url("CP 1") == f"ws://127.0.0.1:{network.csms_port}/CP%201"
