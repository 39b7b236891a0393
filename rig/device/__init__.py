"""The device in a test's hands: boot, flash, status, idle, and a watch over reboots and panics."""

from rig.device.device import Device
from rig.device.ev_driver import EvDriver

__all__ = ["Device", "EvDriver"]
