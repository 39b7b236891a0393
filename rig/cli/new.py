"""`rig new`: creates a project that tests your own firmware."""

from __future__ import annotations

import shlex
import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from rig.util.errors import BenchError
from rig.util.folders import make_writable, unwritable

_TEMPLATE = "rig.cli.new_project"
_FILES = ("pytest.ini", "bench.toml", "board.toml", "adapter.py", "test_first.py", "README.md")


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make; it may exist if it is empty.")],
) -> None:
    """Write a bench description, an adapter and a first test for your own firmware."""
    if folder.exists() and not folder.is_dir():
        raise BenchError(f"{folder} is not a folder", "Name a folder that does not exist yet")
    make_writable(folder)
    if any(folder.iterdir()):
        raise BenchError(f"{folder} is not empty", "Name a folder that does not exist yet, so that no file is replaced")
    for name in _FILES:
        text = files(_TEMPLATE).joinpath(name).read_text(encoding="utf-8")
        try:
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as problem:
            raise unwritable(folder, problem) from None
        typer.echo(str(folder / name))
    pytest = Path(sys.executable).with_name("pytest")
    typer.echo(f"Run the tests: cd {shlex.quote(str(folder))} && {shlex.quote(str(pytest))}")
