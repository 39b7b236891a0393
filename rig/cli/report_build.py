"""`rig report build`: the pages of a run, or of any record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rig.report import build, write_runs
from rig.report.page import INDEX

_REPORTS = Path("reports")


def command(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="The folder of a run, such as reports/runs/ID, or a record of `rig csms serve --record`.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where index.html goes (default: the run's folder; RECORD-report beside a record)."
        ),
    ] = None,
) -> None:
    """Make the pages of a run, or of any record."""
    if out is None and (run.is_file() or not run.exists()):
        out = run.with_name(f"{run.stem}-report")
    home = run.resolve().parent
    is_listed = out is None and home.parent == _REPORTS.resolve()
    page = build(run, out or run, runs_page=_REPORTS / INDEX if is_listed else None)
    if is_listed:
        write_runs(_REPORTS, home)
    typer.echo(str(page))
