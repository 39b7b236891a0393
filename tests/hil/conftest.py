"""What several files of device tests share."""

from __future__ import annotations

import pytest

from rig.device import Device


@pytest.fixture
def hasty_device(device: Device) -> Device:
    """A device that comes back at once, however often it loses its connection."""
    device.configure(backoff_initial_ms=100, backoff_max_ms=100)
    return device
