"""Fixtures that several files of device tests share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from rig.bench import Bench
from rig.csms import ConfigurationKeys, Csms
from rig.device import Device
from rig.device.secured import Secured
from rig.timeline.events import OcppFrame

_NEEDED_FOR = {"csms": "ocpp", "driver": "ocpp", "console": "commands", "telemetry": "commands"}
"""The features of the firmware that a test with such a fixture needs."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Apply the needs of each test's fixtures to the test: `make hil` skips it on firmware without them."""
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
"""The table of OCPP 1.6 (edition 2) section 4.9: the allowed next states of each connector state."""


@pytest.fixture
def hasty_device(device: Device) -> Device:
    """Configure short backoffs, so that the device reconnects at once after each loss of the connection."""
    device.configure(backoff_initial_ms=100, backoff_max_ms=100)
    return device


@pytest.fixture
def keys(device: Device, csms: Csms) -> Iterator[ConfigurationKeys]:
    """Give access to the device's configuration keys; changes are restored at the end of the test."""
    keys = ConfigurationKeys(csms)
    yield keys
    device.wait_status(accepted=True, connected=True)
    keys.restore()


@pytest.fixture
def operative(device: Device, csms: Csms) -> Iterator[None]:
    """Make the whole device operative at the end of the test."""
    yield
    device.wait_status(accepted=True, connected=True)
    assert csms.call("ChangeAvailability", {"connectorId": 0, "type": "Operative"}) == {"status": "Accepted"}


@pytest.fixture
def table_of_states(device: Device, bench: Bench) -> Iterator[None]:
    """Check at the end of the test that connector 1 reported only transitions in the specification's table."""
    mark = bench.mark()
    yield
    reported = bench.timeline.events(
        OcppFrame,
        mark,
        lambda f: f.action == "StatusNotification" and f.message_type == "CALL" and f.payload.get("connectorId") == 1,
    )
    states = ["Available", *(str(frame.payload["status"]) for frame in reported)]
    for before, after in pairwise(states):
        assert before == after or after in TRANSITIONS[before], f"{before} to {after} is no transition: {states}"


@pytest.fixture
def secured(bench: Bench, device: Device) -> Iterator[Secured]:
    """Give an authority for the test; afterwards the device has neither its secrets nor a security profile."""
    secured = Secured(bench, device)
    yield secured
    bench.csms.reset()
    secured.forget()
    device.configure()


@pytest.fixture
def borrowed_device(device: Device) -> Iterator[Device]:
    """Give a device whose storage the test changes; at the end its own storage is restored."""
    yield device
    device.flash()
