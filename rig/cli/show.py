"""The timeline on a terminal, as it happens: `rig fault inject`."""

from __future__ import annotations

import contextlib
from pathlib import Path

from rich.text import Text

from rig.bench import Bench
from rig.config.description import Description
from rig.device import Device
from rig.faults import Fault, TornWrite
from rig.firmware.build import host_project
from rig.timeline import Mark
from rig.timeline.events import (
    AccessPointChange,
    BenchTrouble,
    Event,
    FaultInjected,
    FaultLifted,
    LinkChange,
    LogLine,
    OcppFrame,
    Panic,
    PowerChange,
)
from rig.timeline.words import terminal_line
from rig.util.terminal import Terminal

_AFTERMATH_TIMEOUT_S = 30.0


def show_fault(description: Description, fault: Fault, seconds: float) -> None:
    """Bring a bench's device to idle, make a fault happen, take it back, wait until the device is idle again.

    Args:
        description: the bench.
        fault: what happens.
        seconds: how long it lasts, in bench time.

    Raises:
        BenchError: the bench cannot do it.
        DeviceError: the device does not come to idle, before or after.
        ExpectationError: it is not idle again in time, or has panicked.
    """
    terminal = Terminal()
    if description.device.firmware == "host":
        host_project(Path.cwd())  # before the bench leaves its traces in a wrong folder
    with Bench(description, root=Path.cwd()) as bench, contextlib.closing(Device(bench)) as device:
        terminal.print(f"bench {description.name}: bringing the device up")
        device.make_idle()
        start, since = bench.clock.now(), bench.mark()

        def show(event: Event) -> None:
            line = _line(event)
            if line is not None:
                terminal.print(Text.assemble((f"{bench.clock.between(start, event.t):8.3f} ", "dim"), line))

        stop = bench.timeline.listen(show)
        try:
            rebooting = device.expecting_reboot() if fault.reboots else contextlib.nullcontext()
            with rebooting, bench.inject(fault):
                device.let_time_pass(seconds)
                happened = not isinstance(fault, TornWrite) or _lost_its_rail(bench, since)
            if not happened:
                terminal.print("no flash operation came: nothing was torn")
            device.wait_idle(_AFTERMATH_TIMEOUT_S)
            # The watch lets a panic pass while a reboot is expected.
            bench.timeline.expect_none(Panic, since=since, within=0, what="a panic of the device")
            terminal.print("the device is idle again")
        finally:
            stop()


def _lost_its_rail(bench: Bench, since: Mark) -> bool:
    """Whether the supply has failed. Where nothing senses the rail nobody can say that it has not."""
    changes = bench.timeline.events(PowerChange, since)
    return bench.description.power.rail_sense is None or any(change.rail and not change.on for change in changes)


def _line(event: Event) -> Text | None:
    """An event as a line of the terminal; None for an event that a person need not see."""
    line = terminal_line(event)
    return None if line is None else Text(line, style=_style(event))


def _style(event: Event) -> str:
    match event:
        case LogLine():
            return {"E": "red", "W": "yellow"}.get(event.level, "")
        case OcppFrame():
            return "bold red" if event.error else "cyan"
        case LinkChange() | PowerChange() | AccessPointChange():
            return "bold"
        case FaultInjected() | FaultLifted():
            return "bold magenta"
        case Panic() | BenchTrouble():
            return "bold red"
        case _:
            return ""
