"""Finds out that stepped time is stuck, and who holds it up."""

from __future__ import annotations

import os
import time
from pathlib import Path

from rig.util.errors import BenchError, DeviceError, PlugbenchError
from rig.wiring.virtual.stepping.device_clock import DeviceClock

LIMIT_S = 30.0
"""Real seconds without any progress. Work takes milliseconds, on a slow and busy computer tenths of a second."""

_SHORT = 0.1
"""The share of the limit in which nobody asks what the device does."""

_PAUSE_S = 2.0
"""A wait looks round once a second (`SIGNAL_LATENCY_S`), and begins again at once."""

_STATES = {"R": "running", "S": "sleeping", "D": "waiting for the disk", "T": "stopped", "t": "traced", "Z": "dead"}


class Stall:
    """Notes since when nothing has got on."""

    def __init__(self) -> None:
        self._since: float | None = None  # real time
        self._used: float | None = None  # processor time of the device, from when the silence was long
        self._seen: tuple[object, ...] = ()
        self._looked = 0.0

    def clear(self) -> None:
        """Something has got on."""
        self._since = None

    def look(self, progress: int, device: DeviceClock | None, busy: list[str]) -> PlugbenchError | None:
        """Say what is wrong where nothing has got on for too long; None where it has, or may still.

        Call it again and again while somebody waits. After a pause, in which nobody did, it begins anew.

        Args:
            progress: a count that every progress raises.
            device: the device's end, if any.
            busy: the event loops that work, by name.
        """
        now = time.monotonic()
        paused = now - self._looked > _PAUSE_S
        self._looked = now
        if self._since is None or paused or self._seen != (progress, device):
            self._since, self._used, self._seen = now, None, (progress, device)
            return None
        # Nearly all looks end here: to ask the kernel each time would take longer than all else that the clock does.
        if now - self._since < LIMIT_S * _SHORT:
            return None
        used = _cpu_s(device.pid) if device else 0.0
        if self._used is None:
            self._used = used
        # A device that runs is judged by the processor time it has got: a busy computer may give it little.
        runs = device is not None and not busy and _state(device.pid) == _STATES["R"]
        if (used - self._used if runs else now - self._since) < LIMIT_S:
            return None
        self._since = None
        if busy:
            return BenchError(
                f"bench time stands still: the event loop of the {' and of the '.join(busy)} has worked "
                f"for {LIMIT_S:g} s of real time",
                "Something blocks it: look at its thread with faulthandler",
            )
        if device is None:
            return BenchError(f"bench time stands still for {LIMIT_S:g} s of real time", "Open the bench anew")
        return DeviceError(
            f"bench time stands still: the device (process {device.pid}, {_state(device.pid)}) has not reported idle "
            f"for {LIMIT_S:g} s {'of processor time' if runs else 'of real time'}"
        )


def holdup(device: DeviceClock | None, busy: list[str]) -> str:
    """Say who is not idle at present; empty where all are.

    Args:
        device: the device's end, if any.
        busy: the event loops that work, by name.
    """
    if busy:
        return f"bench time stands still: the event loop of the {' and of the '.join(busy)} works"
    if device is not None and device.idle is None:
        return f"bench time stands still: the device (process {device.pid}, {_state(device.pid)}) has not reported idle"
    return ""


def _cpu_s(pid: int) -> float:
    """The processor time that a process has used, in seconds; 0 where it is gone."""
    return sum(map(int, _stat(pid)[11:13])) / os.sysconf("SC_CLK_TCK")


def _state(pid: int) -> str:
    stat = _stat(pid)
    return _STATES.get(stat[0], stat[0]) if stat else "gone"


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
