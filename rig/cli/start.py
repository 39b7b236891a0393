"""The start of `rig`. Help and completion of the first word need no command, so they import none."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from rig.cli.commands import COMMANDS, COMPLETE_VARIABLE, PROGRAM


def main() -> NoReturn:
    """Run a command. The exit code is 1 if the command found an error, 2 if it could not run, and otherwise 0."""
    if COMPLETE_VARIABLE in os.environ:
        _complete()
    if sys.argv[1:] == ["--help"]:
        _print(_help())
        sys.exit(0)
    from rig.cli.app import run  # slow: Typer

    run()


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "Usage: rig [OPTIONS] COMMAND [ARGS]...",
            "",
            PROGRAM,
            "",
            "Options:",
            "  --version  Print the version and exit.",
            "  --help     Print this text and exit; after a command, its options.",
            "",
            "Commands:",
            *lines,
        ]
    )


def _complete() -> None:
    """Complete the first word of a line in bash. Everything else is completed by Typer."""
    if os.environ[COMPLETE_VARIABLE] != "complete_bash" or os.environ.get("COMP_CWORD") != "1":
        return
    begun = os.environ.get("COMP_WORDS", "").partition(" ")[2].strip()
    _print("\n".join(name for name in COMMANDS if name.startswith(begun)))
    sys.exit(0)


def _print(text: str) -> None:
    """Print a text. The reader of the output may have ended, as in `rig --help | head -1`."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python flushes stdout at its exit, which would fail again
