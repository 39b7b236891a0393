"""The device under test: boot, flash, status, idle, and the watch for reboots and panics."""

from rig.device.device import Device
from rig.device.ev_driver import EvDriver

__all__ = ["Device", "EvDriver"]
