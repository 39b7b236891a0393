"""An independent charge point, that of the `ocpp` package, with our CSMS and through our proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result

from rig.csms import Csms
from rig.faults import BlackHole, CsmsGone, inject
from rig.instruments.network import Network
from rig.timeline import Timeline
from tests.unit.csms.conftest import LIMIT_S, Peer


class Device(ChargePoint):
    """A charge point that accepts a remote start."""

    @on("RemoteStartTransaction")
    def remote_start(self, **_: Any) -> call_result.RemoteStartTransaction:
        """Accept it."""
        return call_result.RemoteStartTransaction(status="Accepted")


@pytest.fixture
def network(timeline: Timeline, loop: asyncio.AbstractEventLoop, csms: Csms) -> Iterator[Network]:
    network = Network(timeline, loop, "127.0.0.1", 0, csms.port)
    network.start()
    yield network
    network.close()


async def session(url: str, over: asyncio.Event) -> int:
    async with websockets.connect(url, subprotocols=[websockets.Subprotocol("ocpp1.6")]) as socket:
        device = Device("CP-1", socket)
        listening = asyncio.create_task(device.start())
        boot = await device.call(call.BootNotification(charge_point_model="M", charge_point_vendor="V"))
        assert boot.status == "Accepted"
        await device.call(call.StatusNotification(connector_id=1, error_code="NoError", status="Available"))
        started = await device.call(
            call.StartTransaction(connector_id=1, id_tag="TAG", meter_start=0, timestamp="2024-01-01T00:00:00Z")
        )
        await device.call(
            call.StopTransaction(meter_stop=10, timestamp="2024-01-01T00:01:00Z", transaction_id=started.transaction_id)
        )
        await over.wait()  # until then it answers calls of the CSMS
        listening.cancel()
        return int(started.transaction_id)


@pytest.mark.asyncio
async def test_a_session_through_the_proxy(csms: Csms, network: Network) -> None:
    over = asyncio.Event()
    running = asyncio.create_task(session(network.csms_url("CP-1"), over))
    await asyncio.to_thread(csms.expect, "StopTransaction")
    answer = await asyncio.to_thread(csms.call, "RemoteStartTransaction", {"idTag": "TAG"})
    over.set()
    assert answer == {"status": "Accepted"}
    number = await running
    assert csms.violations() == []
    (transaction,) = csms.transactions
    assert (transaction.transaction_id, transaction.energy_wh) == (number, 10)
    transaction.check()


class Wired:
    """The parts of a bench that the faults of the network need."""

    capabilities: frozenset[str] = frozenset()
    power: Any = None
    wiring: Any = None

    def __init__(self, timeline: Timeline, network: Network, csms: Csms) -> None:
        self.timeline, self.network, self.csms = timeline, network, csms


def test_a_stopped_csms_refuses_at_the_proxy_until_it_restarts(
    csms: Csms, network: Network, timeline: Timeline
) -> None:
    peer = Peer(network.csms_url("CP-1"))
    csms.expect_connected()
    assert network.connections == 1
    with inject(Wired(timeline, network, csms), CsmsGone()):
        csms.expect_disconnected()
        with pytest.raises(ConnectionRefusedError):
            Peer(network.csms_url("CP-1"))
    peer.socket.close()
    again = Peer(network.csms_url("CP-1"))
    assert again.boot()["status"] == "Accepted"
    again.socket.close()


def test_a_black_hole_makes_the_link_half_open(csms: Csms, network: Network, timeline: Timeline) -> None:
    peer = Peer(network.csms_url("CP-1"))
    peer.boot()
    with inject(Wired(timeline, network, csms), BlackHole()):
        assert not peer.socket.ping().wait(0.05)
        with pytest.raises(TimeoutError):
            Peer(network.csms_url("CP-1"), open_timeout=0.05)
        assert csms.connected
    assert peer.socket.ping().wait(LIMIT_S)
    peer.socket.close()
