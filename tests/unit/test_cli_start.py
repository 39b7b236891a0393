"""The start of `rig`: its help and completion are quick, and agree with the commands."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from rig.cli.commands import COMMANDS, Command

RIG = Path(sys.executable).parent / "rig"


def every_command() -> Iterator[Command]:
    for entry in COMMANDS.values():
        if isinstance(entry, Command):
            yield entry
        else:
            yield from entry.commands.values()


@pytest.mark.parametrize("command", list(every_command()), ids=lambda command: command.module)
def test_the_summary_is_that_of_the_command(command: Command) -> None:
    documented = inspect.getdoc(import_module(command.module).command)
    assert documented is not None
    assert command.summary == documented.split("\n")[0]


def test_help_imports_no_command() -> None:
    """The help takes little longer than the start of Python. Typer and the rig take many times as long."""
    code = "import sys; sys.argv = ['rig', '--help']\nfrom rig.cli.start import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += "print(sorted(name for name in sys.modules if name.startswith(('typer', 'rich', 'rig.'))), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "['rig.cli', 'rig.cli.commands', 'rig.cli.start']\n"


@pytest.mark.parametrize(
    ("line", "number", "words"),
    [
        ("rig po", 1, ["power"]),
        ("rig power cy", 2, ["cycle"]),
        ("rig csms ", 2, ["serve", "call", "answer", "api", "load", "play"]),
    ],
)
def test_a_shell_completes_words(line: str, number: int, words: list[str]) -> None:
    asked = {"_RIG_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(number)}
    done = subprocess.run([RIG], env=os.environ | asked, capture_output=True, text=True, check=True)
    assert done.stdout.split() == words
