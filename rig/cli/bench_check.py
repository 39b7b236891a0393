"""`rig bench check`: validates a bench description."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rig.bench.bench_file import load
from rig.firmware.build import check_source


def command(file: Annotated[Path, typer.Argument(metavar="FILE", help="The bench description.")]) -> None:
    """Validate a bench description, and its firmware if that is already built."""
    description = load(file)
    firmware = description.device.firmware
    if firmware != "host" and Path(firmware).exists():
        check_source(firmware, Path.cwd())
    typer.echo(f"{file}: bench {description.name} of kind {description.kind}, {len(list(description.wires()))} wires")
