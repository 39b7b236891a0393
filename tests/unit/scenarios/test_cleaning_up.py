"""The end of a scenario: its cleanup, and the configuration keys that it has changed."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pytest

from rig.cli import csms_play
from rig.csms import Csms
from rig.scenarios import Stage, play
from rig.util.errors import DeviceError, ExpectationError
from rig.util.terminal import Terminal
from tests.unit.csms.conftest import Peer
from tests.unit.scenarios.conftest import Load, Perform, Person

KEY = [3, {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]}]
ACCEPTED = [3, {"status": "Accepted"}]
REJECTED = [3, {"status": "Rejected"}]


class FakeDevice:
    """A device that keeps which of its methods were called."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def wait_status(self, **_: object) -> None:
        self.calls.append("wait_status")

    def renew(self) -> None:
        self.calls.append("renew")


def answering(peer: Peer, *answers: list[Any]) -> tuple[threading.Thread, list[Any]]:
    """Answer the next calls of the CSMS in a thread. Return it, and the list that gets the payloads of the calls."""
    received: list[Any] = []

    def serve() -> None:
        for answer in answers:
            _, unique_id, _, payload = peer.receive()
            received.append(payload)
            peer.send(orjson.dumps([answer[0], unique_id, *answer[1:]]).decode())

    thread = threading.Thread(target=serve)
    thread.start()
    return thread, received


def test_a_changed_key_is_restored_at_the_end(perform: Perform, peer: Peer) -> None:
    thread, received = answering(peer, KEY, ACCEPTED, ACCEPTED)
    perform('  - configuration: {HeartbeatInterval: "60"}\n')
    thread.join()
    assert received[1:] == [{"key": "HeartbeatInterval", "value": "60"}, {"key": "HeartbeatInterval", "value": "300"}]


def test_a_changed_key_is_restored_after_a_failure(perform: Perform, peer: Peer) -> None:
    thread, received = answering(peer, KEY, ACCEPTED, ACCEPTED)
    with pytest.raises(ExpectationError, match="Heartbeat"):
        perform('  - configuration: {HeartbeatInterval: "60"}\n  - expect: Heartbeat\n    timeout: 1 ms\n')
    thread.join()
    assert received[-1] == {"key": "HeartbeatInterval", "value": "300"}


def test_a_key_that_the_charge_point_does_not_have_fails(perform: Perform, peer: Peer) -> None:
    thread, _ = answering(peer, [3, {"unknownKey": ["Colour"]}])
    with pytest.raises(ExpectationError, match="the charge point has no configuration key Colour"):
        perform('  - configuration: {Colour: "red"}\n')
    thread.join()


def test_a_key_that_it_does_not_have_is_left_out_where_that_is_allowed(perform: Perform, peer: Peer) -> None:
    thread, received = answering(peer, [3, {"unknownKey": ["Colour"]}])
    perform('  - configuration: {Colour: "red"}\n    if_known: true\n')
    thread.join()
    assert len(received) == 1


def test_a_device_that_rejects_the_former_value_is_renewed(read: Load, csms: Csms, peer: Peer, person: Person) -> None:
    device: Any = FakeDevice()
    thread, _ = answering(peer, KEY, ACCEPTED, REJECTED)
    scenario = read('scenario: a test\nconfiguration: {HeartbeatInterval: "60"}\nsteps:\n  - note: go\n')
    with pytest.raises(DeviceError, match="the configuration keys cannot be restored"):
        play(scenario, Stage(csms, csms.timeline, device=device, person=person))
    thread.join()
    assert device.calls == ["wait_status", "renew"]


def test_a_key_that_cannot_be_restored_fails_its_scenario_only(
    read: Load, csms: Csms, peer: Peer, person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    thread, _ = answering(peer, KEY, ACCEPTED, REJECTED)
    scenario = read('scenario: a test\nconfiguration: {HeartbeatInterval: "60"}\nsteps:\n  - note: go\n')
    assert not csms_play._passes(scenario, Stage(csms, csms.timeline, person=person), Terminal(), {})
    thread.join()
    assert "the configuration keys cannot be restored" in capsys.readouterr().out.replace("\n", " ")


def test_the_cleanup_is_played_after_a_failure(read: Load, csms: Csms, peer: Peer, person: Person) -> None:
    scenario = read(
        "scenario: a test\nsteps:\n  - expect: Heartbeat\n    timeout: 1 ms\ncleanup:\n  - note: clean up\n"
    )
    with pytest.raises(ExpectationError):
        play(scenario, Stage(csms, csms.timeline, person=person))
    assert person.requests == ["clean up"]
