"""The command `rig`: one file per command, imported only for its command or its help."""

from __future__ import annotations

import os
import sys
from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer._completion_classes import completion_init
from typer.core import TyperGroup

from rig.cli.commands import COMMANDS, COMPLETE_VARIABLE, PROGRAM, Command, Group
from rig.cli.exit_codes import EXIT_BENCH_ERROR, EXIT_FAILURE
from rig.util.errors import BenchError, PlugbenchError
from rig.util.redaction import without_url_passwords
from rig.util.signals import end_as_by_ctrl_c


class _Commands(UserDict[str, Any]):
    """The commands of a group by name: groups, and modules with a function `command`."""

    def __getitem__(self, name: str) -> Any:
        command = super().__getitem__(name)
        if isinstance(command, str):
            single = typer.Typer(add_completion=False)
            single.command(name)(import_module(command).command)
            self[name] = command = typer.main.get_command(single)
        return command


class _Root(TyperGroup):
    """The root group. It masks passwords in messages about an invalid command line, and drops a prefix of Pydantic."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command on the rest of the line."""
        try:
            return super().invoke(ctx)
        except typer.TyperException as error:
            error.message = without_url_passwords(error.message.replace(": Value error, ", ": "))
            raise


class _LogGroup(TyperGroup):
    """`rig log` without the name of a command is `rig log show`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command in front of its options."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["show", *args]
        return super().parse_args(ctx, args)


def _group(
    name: str,
    text: str,
    commands: Mapping[str, str | TyperGroup],
    cls: type[TyperGroup] = TyperGroup,
    **attributes: Any,
) -> TyperGroup:
    # Typer keeps the mapping, and takes from it only the command of the line; the help of the group needs all.
    return cls(name=name, help=text, commands=_Commands(commands), no_args_is_help=True, **attributes)  # type: ignore[arg-type]


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"rig {version('plugbench')}")
        raise typer.Exit


def _root_options() -> list[Any]:
    """Make the options of `rig` itself, as Typer makes them for a callback."""
    options = typer.Typer(add_completion=False)

    @options.callback()
    def root(
        version: Annotated[
            bool,
            typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit."),
        ] = False,
    ) -> None:
        """Accept the options."""

    return typer.main.get_group(options).params


def _of(commands: Mapping[str, Command | Group]) -> dict[str, str | TyperGroup]:
    return {
        name: command.module
        if isinstance(command, Command)
        else _group(name, command.summary, _of(command.commands), _LogGroup if name == "log" else TyperGroup)
        for name, command in commands.items()
    }


app = _group("rig", PROGRAM, _of(COMMANDS), _Root, params=_root_options())


def _require_a_folder() -> None:
    """Reject a working directory that was removed: every command would fail at its first path.

    Raises:
        BenchError: there is no working directory.
    """
    try:
        Path.cwd()
    except OSError as error:
        raise BenchError(f"the working directory cannot be used: {error.strerror}", "Use another folder") from None


def run() -> NoReturn:
    """Run a command. The exit code is 1 if the command found an error, 2 if it could not run, and otherwise 0."""
    if COMPLETE_VARIABLE in os.environ:
        completion_init()
    stop = end_as_by_ctrl_c()
    try:
        _require_a_folder()
        app(prog_name="rig", complete_var=COMPLETE_VARIABLE)
    except PlugbenchError as error:
        typer.secho(f"rig: {error}", fg="red", err=True)
        sys.exit(EXIT_FAILURE if isinstance(error, AssertionError) else EXIT_BENCH_ERROR)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        stop()
    sys.exit(0)
