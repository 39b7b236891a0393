"""`rig fault inject`: injects a fault on a bench and prints the timeline."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from rig.bench import Bench
from rig.bench.project import load_for
from rig.cli.attach import Session, attached, open_benches
from rig.cli.options import DEFAULT_BENCH, AttachOption, DriveOption, JsonOption, PidOption
from rig.cli.own_bench import in_real_time, opened
from rig.config.description import Description
from rig.faults import Fault, TornWrite, by_name
from rig.live.bench_offer import offer_of
from rig.live.server import offered
from rig.timeline import Mark
from rig.timeline.codec import encode, event_of
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
_LAST_EVENT_S = 5.0
"""Real seconds to wait for the event `FaultLifted` after the fault has been lifted."""


def _at_most_a_day(seconds: float) -> float:
    if not 0 <= seconds <= _DAY_S:  # also rejects NaN
        raise typer.BadParameter(f"{seconds:g} is not in the range from 0 to {_DAY_S}.")
    return seconds


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The fault; see `rig fault list`.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Its arguments.")] = None,
    seconds: Annotated[
        float,
        typer.Option("--for", metavar="SECONDS", help="The duration, at most a day.", callback=_at_most_a_day),
    ] = 5.0,
    bench: AttachOption = None,
    pid: PidOption = None,
    drive: DriveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Inject a fault, remove it, and print the events. If no bench is open, open one and start the device."""
    pairs = [argument.partition("=") for argument in arguments or ()]
    for key, equals, _ in pairs:
        if not equals:
            raise BenchError(f"{key!r} is not an argument of a fault", "Write KEY=VALUE")
        if [other for other, _, _ in pairs].count(key) > 1:
            raise BenchError(f"the argument {key!r} is given twice", "Give it once")
    fault = by_name(name, **{key: value for key, _, value in pairs})
    found = open_benches(bench, pid)
    for client in found:
        client.close()
    if found or pid is not None:
        with attached(bench, pid, f"rig fault inject {fault.name}", drive=drive, may_open=False) as session:
            _inject_attached(session, fault, seconds, _Output(as_json))
    else:
        show_fault(in_real_time(load_for(Path.cwd(), bench or DEFAULT_BENCH)), fault, seconds, as_json=as_json)


class _Output:
    """Prints events and remarks for a person, or only the events, as JSON.

    Args:
        as_json: whether a program reads the output.
    """

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._terminal = Terminal()

    def remark(self, text: str) -> None:
        """Print a line for a person."""
        if not self._as_json:
            self._terminal.print(text)

    def event(self, event: Event, seconds: float) -> None:
        """Print an event, `seconds` after the start."""
        if self._as_json:
            self._terminal.print(encode(event).decode().rstrip(), markup=False)
        elif (line := _line(event)) is not None:
            self._terminal.print(Text.assemble((f"{seconds:8.3f} ", "dim"), line))


def _inject_attached(session: Session, fault: Fault, seconds: float, output: _Output) -> None:
    """Inject a fault on a bench of another program, and lift it after real seconds or when this command ends."""
    session.client.request("subscribe")
    injected = session.call("fault.inject", name=fault.name, arguments=fault.arguments())["injected"]
    end = time.monotonic() + seconds
    start: int | None = None

    def show(message: dict[str, Any]) -> bool:
        """Print an event. Return whether the fault has been lifted, by this or another program."""
        nonlocal start
        if "event" not in message:
            return False
        event = event_of(message["event"])
        start = event.t if start is None else start
        output.event(event, (event.t - start) / 1e9)
        return isinstance(event, FaultLifted) and event.injected == injected

    while (left := end - time.monotonic()) > 0:
        for message in session.client.pushed(left):
            if show(message):
                return
            if time.monotonic() >= end:
                break
        if session.client.end:
            raise BenchError(f"the bench ended meanwhile: {session.client.end}", "The fault ended with it")
    session.call("fault.lift", injected=injected)
    end = time.monotonic() + _LAST_EVENT_S
    for message in session.client.pushed(_LAST_EVENT_S):
        if show(message) or time.monotonic() >= end:
            return


def show_fault(description: Description, fault: Fault, seconds: float, *, as_json: bool = False) -> None:
    """Wait until the device is idle, inject a fault, remove it, and wait until the device is idle again.

    Args:
        description: the bench.
        fault: the fault.
        seconds: the fault's duration in bench seconds.
        as_json: whether a program reads the output.

    Raises:
        BenchError: the bench cannot inject the fault.
        DeviceError: the device does not become idle in time, before or after the fault.
        ExpectationError: the device has panicked.
    """
    output = _Output(as_json)
    with (
        opened(description) as (bench, device),
        offered(offer_of(bench, device, "rig fault inject")),
    ):
        output.remark(f"bench {description.name}: bringing the device up")
        device.make_idle()
        start, since = bench.clock.now(), bench.mark()

        def show(event: Event) -> None:
            output.event(event, bench.clock.between(start, event.t))

        stop = bench.timeline.listen(show)
        try:
            rebooting = device.expecting_reboot() if fault.reboots else contextlib.nullcontext()
            with rebooting, bench.inject(fault):
                device.let_time_pass(seconds)
                happened = not isinstance(fault, TornWrite) or _lost_its_rail(bench, since)
            if not happened:
                output.remark("no flash operation came: nothing was torn")
            device.wait_idle(_AFTERMATH_TIMEOUT_S)
            # The watch ignores a panic while a reboot is expected.
            bench.timeline.expect_none(Panic, since=since, within=0, what="a panic of the device")
            output.remark("the device is idle again")
        finally:
            stop()


def _lost_its_rail(bench: Bench, since: Mark) -> bool:
    """Return whether the rail has failed, or may have failed because the bench has no rail sense."""
    changes = bench.timeline.events(PowerChange, since)
    return bench.description.power.rail_sense is None or any(change.rail and not change.on for change in changes)


def _line(event: Event) -> Text | None:
    """Return an event as a line of the terminal; None if it is not shown."""
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
