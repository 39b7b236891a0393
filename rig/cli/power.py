"""`rig power`: the supply of a board."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from rig.cli.attach import attached, print_json
from rig.cli.options import AttachOption, DriveOption, JsonOption, PidOption


class _Action(StrEnum):
    ON = "on"
    OFF = "off"
    CYCLE = "cycle"
    RESET = "reset"


def command(
    action: Annotated[_Action, typer.Argument(help="cycle: off and on again; reset: press the reset button.")],
    bench: AttachOption = None,
    pid: PidOption = None,
    drive: DriveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Switch the board's supply, or reset the board."""
    with attached(bench, pid, f"rig power {action}", drive=drive) as session:
        if action != _Action.OFF:
            session.switch_on()
        state = session.act(f"power.{action}")
        if as_json:
            print_json({"power": state["power"]})
        else:
            typer.echo({"on": "power on", "off": "power off", "cycle": "power off and on", "reset": "reset"}[action])
        if action != _Action.OFF:
            session.stay("the power stays on")
