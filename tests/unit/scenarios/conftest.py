"""A scenario as text, and a charge point on a plain WebSocket that a scenario is played against."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from rig.csms import Csms
from rig.files import Files
from rig.scenarios import Scenario, Stage, load, play
from rig.timeline import Timeline
from tests.unit.csms.conftest import IDENTITY, Peer

Load = Callable[[str], Scenario]
Perform = Callable[[str], None]


class Person:
    """A person whose answer to every question is the same; keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.answer = True
        self.on_request: Callable[[str], None] = lambda _: None

    def do(self, request: str) -> None:
        self.requests.append(request)
        self.on_request(request)

    def confirm(self, question: str) -> bool:
        self.requests.append(question)
        return self.answer


@pytest.fixture
def read(tmp_path: Path) -> Load:
    """Return a function that writes a scenario file `s.yaml` and loads it."""

    def loaded(text: str) -> Scenario:
        file = tmp_path / "s.yaml"
        file.write_text(dedent(text))
        return load(file, tmp_path)

    return loaded


@pytest.fixture
def csms(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[Csms]:
    csms = Csms(timeline, loop, identity=IDENTITY)
    csms.start()
    yield csms
    csms.shut_down()


@pytest.fixture
def files(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[Files]:
    files = Files(timeline, loop)
    files.start()
    yield files
    files.shut_down()


@pytest.fixture
def peer(csms: Csms) -> Iterator[Peer]:
    peer = Peer(csms.url())
    peer.boot()
    yield peer
    peer.socket.close()


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def perform(read: Load, csms: Csms, peer: Peer, person: Person) -> Perform:
    """Return a function that plays steps, given as text, with a person in place of a bench."""

    def perform_steps(steps: str) -> None:
        scenario = read("scenario: a test\nsteps:\n" + dedent(steps))
        play(scenario, Stage(csms, csms.timeline, person=person))

    return perform_steps
