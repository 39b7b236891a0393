"""`rig report list`: the page that lists all runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rig.report import write_runs


def command(
    reports: Annotated[Path, typer.Argument(metavar="DIR", help="The folder with the runs in `runs`.")] = Path(
        "reports"
    ),
) -> None:
    """List the runs in DIR/index.html, with links to the other reports in DIR."""
    typer.echo(str(write_runs(reports, reports / "runs")))
