"""`rig completion`: the script with which a shell completes the commands."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from typer._completion_shared import get_completion_script

from rig.cli.commands import COMPLETE_VARIABLE


class _Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def command(shell: Annotated[_Shell, typer.Argument(help="The shell.")]) -> None:
    """Print the script that completes commands in a shell."""
    typer.echo(get_completion_script(prog_name="rig", complete_var=COMPLETE_VARIABLE, shell=shell))
