"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

BenchOption = Annotated[Path, typer.Option("--bench", metavar="FILE", help="The bench description.")]
DEFAULT_BENCH = Path("benches/virtual.toml")
