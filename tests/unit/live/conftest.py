"""A live socket in a folder of its own, over a timeline without a bench."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rig.live import folder
from rig.live.calls import Call, Caller
from rig.live.client import Client
from rig.live.hold import Hold
from rig.live.offer import Offer
from rig.live.server import LiveServer
from rig.timeline import Timeline
from rig.util.errors import DeviceError


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test its own folder of live sockets, with a short path."""
    with tempfile.TemporaryDirectory(prefix="live-", dir="/tmp") as path:
        home = Path(path) / "plugbench"
        monkeypatch.setattr(folder, "candidates", lambda: [home])
        yield home


class Lamp:
    """A thing to operate by hand."""

    def __init__(self) -> None:
        self.is_on = False
        self.fuse: Callable[[], None] = lambda: None

    def switch(self, _caller: Caller, on: bool) -> dict[str, bool]:
        """Switch the lamp."""
        self.is_on = on
        return {"on": on}

    def borrow(self, caller: Caller) -> None:
        """Switch the lamp on as long as the client is connected."""
        self.is_on = True
        caller.cleanups["lamp"] = self.put_out

    def put_out(self) -> None:
        """Switch the lamp off."""
        self.is_on = False

    def burn_out(self, _caller: Caller) -> None:
        """Fail because of the device."""
        raise DeviceError("the lamp burned out")

    def blow_the_fuse(self, _caller: Caller) -> None:
        """Switch the lamp on, and call the function of the test."""
        self.is_on = True
        self.fuse()

    def look(self, _caller: Caller) -> dict[str, bool]:
        """Look at the lamp."""
        return {"on": self.is_on}


@pytest.fixture
def lamp() -> Lamp:
    return Lamp()


@pytest.fixture
def running() -> list[str]:
    """The name of the running test, if there is one."""
    return []


@pytest.fixture
def server(timeline: Timeline, lamp: Lamp, running: list[str]) -> Iterator[LiveServer]:
    calls = {
        "lamp.switch": Call(lamp.switch),
        "lamp.borrow": Call(lamp.borrow),
        "lamp.burn_out": Call(lamp.burn_out),
        "lamp.blow_the_fuse": Call(lamp.blow_the_fuse),
        "lamp.look": Call(lamp.look, acts=False),
    }
    state = lambda: {"lamp": {"on": lamp.is_on}}  # noqa: E731 - one line of the offer
    path = Path("benches/lamp.toml")
    offer = Offer("a test", "lamp", path, timeline, state, calls, lambda: next(iter(running), ""), Hold())
    server = LiveServer(offer)
    yield server
    server.close()


@pytest.fixture
def connect(server: LiveServer) -> Iterator[Callable[[], Client]]:
    """Return a function that connects to the server."""
    made: list[Client] = []

    def connected() -> Client:
        (found,) = [Client(one) for one in folder.connections()]
        made.append(found)
        return found

    yield connected
    for client in made:
        client.close()
