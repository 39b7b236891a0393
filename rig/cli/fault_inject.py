"""`rig fault inject`: a fault on the device of a bench, with the timeline on the terminal as it happens."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from rig.bench import Bench
from rig.bench.bench_file import load
from rig.cli.options import DEFAULT_BENCH, BenchOption
from rig.config.description import Description
from rig.device import Device
from rig.faults import Fault, TornWrite, by_name
from rig.firmware.build import host_project
from rig.timeline import Mark
from rig.timeline.events import (
    AccessPointChange,
    BenchTrouble,
    ClientRefused,
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
from rig.util.errors import BenchError
from rig.util.terminal import Terminal

_AFTERMATH_TIMEOUT_S = 30.0
_DAY_S = 86_400


def _at_most_a_day(seconds: float) -> float:
    if not 0 <= seconds <= _DAY_S:  # NaN is neither
        raise typer.BadParameter(f"{seconds:g} is not in the range from 0 to {_DAY_S}.")
    return seconds


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which one: see `rig fault list`.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Its arguments.")] = None,
    seconds: Annotated[
        float,
        typer.Option("--for", metavar="SECONDS", help="How long it lasts, at most a day.", callback=_at_most_a_day),
    ] = 5.0,
    bench: BenchOption = DEFAULT_BENCH,
) -> None:
    """Bring the device of a bench up, make a fault happen, take it back, and show what comes of it."""
    pairs = [argument.partition("=") for argument in arguments or ()]
    for key, equals, _ in pairs:
        if not equals:
            raise BenchError(f"{key!r} is no argument of a fault", "Write KEY=VALUE")
    fault = by_name(name, **{key: value for key, _, value in pairs})
    description = load(bench)
    if description.kind == "virtual":
        description = description.model_copy(update={"time": "real"})  # a person looks on
    show_fault(description, fault, seconds)


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
        case Panic() | BenchTrouble() | ClientRefused():
            return "bold red"
        case _:
            return ""
