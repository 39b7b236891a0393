"""`rig new`: creates a project that tests your own firmware."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from rig.scenarios.schema import schema_text
from rig.util.errors import BenchError
from rig.util.folders import make_writable, unwritable

_TEMPLATE = "rig.cli.new_project"
_COPIED = ("pytest.ini", "bench.toml", "board.toml", "adapter.py", "test_first.py", "README.md")


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make; it may exist if it is empty.")],
) -> None:
    """Write bench descriptions, an adapter, first tests and a first scenario for your own firmware."""
    if folder.exists() and not folder.is_dir():
        raise BenchError(f"{folder} is not a folder", "Name a folder that does not exist yet")
    make_writable(folder)
    if any(folder.iterdir()):
        raise BenchError(f"{folder} is not empty", "Name a folder that does not exist yet, so that no file is replaced")
    make_writable(folder / "scenarios")
    for name, text in _contents():
        try:
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as problem:
            raise unwritable(folder, problem) from None
        typer.echo(str(folder / name))
    pytest = Path(sys.executable).with_name("pytest")
    typer.echo(f"Run the tests: cd {shlex.quote(str(folder))} && {shlex.quote(str(pytest))}")


def _contents() -> Iterator[tuple[str, str]]:
    """Yield the path of each file in the project, and its text."""
    for name in _COPIED:
        yield name, _template(name)
    yield "scenarios/first.yaml", _template("first.yaml")
    yield "scenarios/scenario.schema.json", schema_text()


def _template(name: str) -> str:
    return files(_TEMPLATE).joinpath(name).read_text(encoding="utf-8")
