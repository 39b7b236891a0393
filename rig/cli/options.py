"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

BenchOption = Annotated[Path, typer.Option("--bench", metavar="FILE", help="The bench description.")]
DEFAULT_BENCH = Path("benches/virtual.toml")

AttachOption = Annotated[
    Path | None,
    typer.Option(
        "--bench",
        metavar="FILE",
        help="The bench description. Without it: the bench that is open in this folder, else benches/virtual.toml.",
    ),
]
PidOption = Annotated[
    int | None, typer.Option("--pid", metavar="N", help="The process that has opened the bench, if several are open.")
]
DriveOption = Annotated[bool, typer.Option("--drive", help="Act even during a session of pytest that is not paused.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
