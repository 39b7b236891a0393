"""What several files of device tests share."""

from __future__ import annotations

import pytest

from rig.device import Device


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
