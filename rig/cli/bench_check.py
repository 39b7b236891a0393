"""`rig bench check`: whether a bench description can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rig.bench.bench_file import load


def command(file: Annotated[Path, typer.Argument(metavar="FILE", help="The bench description.")]) -> None:
    """Say whether a bench description can be used."""
    description = load(file)
    typer.echo(f"{file}: a {description.kind} bench named {description.name}, {len(list(description.wires()))} wires")
