"""`rig report build`: the report of a run, from its record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rig.report import build


def command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run, like reports/runs/ID.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where index.html goes.")] = Path("reports"),
) -> None:
    """Make the report of a run from its record."""
    typer.echo(str(build(run, out)))
