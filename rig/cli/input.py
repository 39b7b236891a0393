"""`rig input`: the inputs of a device."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from rig.cli.attach import attached, print_json
from rig.cli.options import AttachOption, DriveOption, JsonOption, PidOption


class _Action(StrEnum):
    ON = "on"
    OFF = "off"
    PRESS = "press"
    PULSES = "pulses"


def command(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The input; without it all are shown.")] = "",
    action: Annotated[
        _Action | None, typer.Argument(help="press: on and off again; pulses: COUNT pulses.", show_default=False)
    ] = None,
    count: Annotated[int, typer.Argument(metavar="[COUNT]", min=1, help="The number of pulses.")] = 1,
    hz: Annotated[float, typer.Option(min=0, help="Pulses in a second.")] = 10.0,
    seconds: Annotated[float, typer.Option("--for", metavar="SECONDS", min=0, help="The time of a press.")] = 0.1,
    bench: AttachOption = None,
    pid: PidOption = None,
    drive: DriveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Set an input of the device, or show the inputs."""
    by = " ".join(filter(None, ("rig input", name, action)))
    with attached(bench, pid, by, drive=drive) as session:
        if action is not None:
            session.switch_on()
        state = None
        match action:
            case _Action.ON | _Action.OFF:
                state = session.act("input.set", name=name, on=action == _Action.ON)
            case _Action.PRESS:
                state = session.act("input.press", name=name, seconds=seconds)
            case _Action.PULSES:
                state = session.act("input.pulses", name=name, count=count, hz=hz)
            case None:
                pass
        shown = session.wires("inputs", "input", name, state)
        if as_json:
            print_json({"inputs": shown})
        else:
            for key, state in shown.items():
                typer.echo(f"{key:16} {'on' if state['on'] else 'off'}{'' if state['at_rest'] else '  (not at rest)'}")
        if action is not None:
            session.stay("the inputs stay as they are")
