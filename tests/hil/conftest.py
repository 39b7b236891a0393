"""What several files of device tests share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.timeline.events import OcppFrame
from tests.hil.configuration_keys import ConfigurationKeys

_NEEDED_FOR = {"csms": "ocpp", "driver": "ocpp", "console": "commands", "telemetry": "commands"}
"""What the firmware must be able to do for a test that uses such a fixture."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each test need what its fixtures need: with other firmware `make hil` skips it, with the reason."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            names = getattr(item, "fixturenames", ())
            item.add_marker(pytest.mark.needs(*{_NEEDED_FOR[name] for name in names if name in _NEEDED_FOR}))


TRANSITIONS = {
    "Available": {"Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Reserved", "Unavailable", "Faulted"},
    "Preparing": {"Available", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Faulted"},
    "Charging": {"Available", "SuspendedEV", "SuspendedEVSE", "Finishing", "Unavailable", "Faulted"},
    "SuspendedEV": {"Available", "Charging", "SuspendedEVSE", "Finishing", "Unavailable", "Faulted"},
    "SuspendedEVSE": {"Available", "Charging", "SuspendedEV", "Finishing", "Unavailable", "Faulted"},
    "Finishing": {"Available", "Preparing", "Unavailable", "Faulted"},
    "Reserved": {"Available", "Preparing", "Unavailable", "Faulted"},
    "Unavailable": {"Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Faulted"},
    "Faulted": {
        "Available",
        "Preparing",
        "Charging",
        "SuspendedEV",
        "SuspendedEVSE",
        "Finishing",
        "Reserved",
        "Unavailable",
    },
}
"""The table of OCPP 1.6 (edition 2) section 4.9: where each state of a connector may lead to."""


@pytest.fixture
def hasty_device(device: Device) -> Device:
    """A device that comes back at once, however often it loses its connection."""
    device.configure(backoff_initial_ms=100, backoff_max_ms=100)
    return device


@pytest.fixture
def keys(device: Device, csms: Csms) -> Iterator[ConfigurationKeys]:
    """The device's configuration keys; what a test changes is taken back at its end."""
    keys = ConfigurationKeys(csms)
    yield keys
    device.wait_status(accepted=True, connected=True)
    keys.take_back()


@pytest.fixture
def operative(device: Device, csms: Csms) -> Iterator[None]:
    """At the test's end the whole device is operative again."""
    yield
    device.wait_status(accepted=True, connected=True)
    assert csms.call("ChangeAvailability", {"connectorId": 0, "type": "Operative"}) == {"status": "Accepted"}


@pytest.fixture
def table_of_states(device: Device, bench: Bench) -> Iterator[None]:
    """At the test's end: connector 1 has told no change of state that the table of the specification does not have."""
    mark = bench.mark()
    yield
    told = bench.timeline.events(
        OcppFrame,
        mark,
        lambda f: f.action == "StatusNotification" and f.message_type == "CALL" and f.payload.get("connectorId") == 1,
    )
    states = ["Available", *(str(frame.payload["status"]) for frame in told)]
    for before, after in pairwise(states):
        assert before == after or after in TRANSITIONS[before], f"{before} to {after} is no transition: {states}"
