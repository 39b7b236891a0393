"""The command `rig`: one file per command, imported only for its command or its help."""

from __future__ import annotations

import sys
from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from rig.cli.exit_codes import EXIT_BENCH_ERROR, EXIT_FAILURE
from rig.util.errors import PlugbenchError
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
    """The root group. It masks passwords in messages about an invalid command line."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command on the rest of the line."""
        try:
            return super().invoke(ctx)
        except typer.TyperException as error:
            error.message = without_url_passwords(error.message)
            raise


def _group(
    name: str,
    text: str,
    commands: Mapping[str, str | TyperGroup],
    cls: type[TyperGroup] = TyperGroup,
    **attributes: Any,
) -> TyperGroup:
    # Typer keeps the mapping and looks up a single command, except for the help of the group.
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


_GROUPS = (
    _group("bench", "Bench descriptions.", {"check": "rig.cli.bench_check"}),
    _group(
        "fault",
        "The catalogue of faults.",
        {"list": "rig.cli.fault_list", "inject": "rig.cli.fault_inject", "lift": "rig.cli.fault_lift"},
    ),
    _group(
        "csms",
        "The fake CSMS.",
        {"serve": "rig.cli.csms_serve", "call": "rig.cli.csms_call", "answer": "rig.cli.csms_answer"},
    ),
    _group("device", "The virtual charge point.", {"run": "rig.cli.device_run"}),
    _group("log", "The log of a device.", {"fetch": "rig.cli.log_fetch"}),
    _group("report", "Reports.", {"build": "rig.cli.report_build", "list": "rig.cli.report_list"}),
)

_SINGLE = ("doctor", "new", "status", "console", "record", "log", "power", "input", "led", "flash", "pause", "resume")

app = _group(
    "rig",
    "Plugbench: a bench that tests the firmware of OCPP charge points.",
    {**{name: f"rig.cli.{name}" for name in _SINGLE}, **{str(group.name): group for group in _GROUPS}},
    _Root,
    params=_root_options(),
)


def main() -> NoReturn:
    """Run a command. The exit code is 0, 1 if it found an error, 2 if it could not run."""
    stop = end_as_by_ctrl_c()
    try:
        app()
    except PlugbenchError as error:
        typer.secho(f"rig: {error}", fg="red", err=True)
        sys.exit(EXIT_FAILURE if isinstance(error, AssertionError) else EXIT_BENCH_ERROR)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        stop()
    sys.exit(0)
