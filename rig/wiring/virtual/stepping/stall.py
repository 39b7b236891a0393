"""Detects that stepped time is stuck, and names the cause."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rig.util.errors import BenchError, DeviceError, PlugbenchError
from rig.wiring.virtual.stepping.device_clock import DeviceClock

if TYPE_CHECKING:
    from rig.wiring.virtual.stepping.event_loop import SteppedEventLoop

LIMIT_S = 30.0
"""The limit of real seconds without progress. Work takes milliseconds, or tenths of a second on a busy computer."""

_SHORT = 0.1
"""The share of the limit in which the state of the device is not read."""

_PAUSE_S = 2.0
"""A pause longer than this restarts the detection: a wait polls every second (`SIGNAL_LATENCY_S`)."""

_STATES = {"R": "running", "S": "sleeping", "D": "waiting for the disk", "T": "stopped", "t": "traced", "Z": "dead"}


class Stall:
    """The time since the last progress."""

    def __init__(self) -> None:
        self._since: float | None = None  # the start of the lack of progress, in real time
        self._used: float | None = None  # processor time of the device after some time without progress
        self._seen: tuple[object, ...] = ()
        self._looked = 0.0

    def clear(self) -> None:
        """Record progress."""
        self._since = None

    def look(
        self, progress: int, device: DeviceClock | None, busy: Sequence[SteppedEventLoop]
    ) -> PlugbenchError | None:
        """Return an error if there was no progress for too long; otherwise None.

        Call it repeatedly while a thread waits. After a pause, the detection restarts.

        Args:
            progress: a count that increases with any progress.
            device: the device's end, if any.
            busy: the event loops that work.
        """
        now = time.monotonic()
        paused = now - self._looked > _PAUSE_S
        self._looked = now
        if self._since is None or paused or self._seen != (progress, device):
            self._since, self._used, self._seen = now, None, (progress, device)
            return None
        # Nearly all calls return here: reading /proc each time would take longer than the clock's other work.
        if now - self._since < LIMIT_S * _SHORT:
            return None
        used = _cpu_s(device.pid) if device else 0.0
        if self._used is None:
            self._used = used
        # The limit of a running device applies to its processor time, because a busy computer may give it little.
        runs = device is not None and not busy and _state(device.pid) == _STATES["R"]
        if (used - self._used if runs else now - self._since) < LIMIT_S:
            return None
        self._since = None
        if busy:
            return BenchError(
                f"bench time stands still: the event loop of the {_described(busy)} has worked "
                f"for {LIMIT_S:g} s of real time",
                "A call on an event loop must not block: await there instead, or block in another thread",
            )
        if device is None:
            return BenchError(f"bench time stands still for {LIMIT_S:g} s of real time", "Reopen the bench")
        return DeviceError(
            f"bench time stands still: the device (process {device.pid}, {_state(device.pid)}) has not reported idle "
            f"for {LIMIT_S:g} s {'of processor time' if runs else 'of real time'}"
        )


def holdup(device: DeviceClock | None, busy: Sequence[SteppedEventLoop]) -> str:
    """Describe which participant is not idle; empty if all are.

    Args:
        device: the device's end, if any.
        busy: the event loops that work.
    """
    if busy:
        return f"bench time stands still: the event loop of the {_described(busy)} works"
    if device is not None and device.idle is None:
        return f"bench time stands still: the device (process {device.pid}, {_state(device.pid)}) has not reported idle"
    return ""


def _described(loops: Sequence[SteppedEventLoop]) -> str:
    return " and of the ".join(loop.described() for loop in loops)


def stopped(device: DeviceClock | None) -> str:
    """Return the end of a sentence about a device whose process a signal has stopped; empty for any other device."""
    if device is None or _state(device.pid) != _STATES["T"]:
        return ""
    return f", and the device (process {device.pid}) is {_STATES['T']}"


def _cpu_s(pid: int) -> float:
    """Return the processor time of a process, in seconds; 0 if it has ended."""
    return sum(map(int, _stat(pid)[11:13])) / os.sysconf("SC_CLK_TCK")


def _state(pid: int) -> str:
    stat = _stat(pid)
    return _STATES.get(stat[0], stat[0]) if stat else "gone"


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
