"""What several files of device tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rig.csms import Csms
from rig.device import Device
from tests.hil.configuration_keys import ConfigurationKeys


@pytest.fixture
def hasty_device(device: Device) -> Device:
    """A device that comes back at once, however often it loses its connection."""
    device.configure(backoff_initial_ms=100, backoff_max_ms=100)
    return device


@pytest.fixture
def patient_device(device: Device) -> Device:
    """A device that waits long for its pongs: in fast time a busy computer must not look like a dead link."""
    device.configure(ws_ping_interval_s=600)
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
