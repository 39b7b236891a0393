"""`rig log fetch`: the stored log of a device, from an image of its flash."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rig.adapters.stored_log import read_log
from rig.cli.storage_image import read_flash
from rig.util.terminal import Terminal
from rig.util.text import visible


def command(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="The whole flash, or its storage partition.")],
    crash: Annotated[bool, typer.Option("--crash", help="Print the last crash with the log before it.")] = False,
) -> None:
    """Print the log that a device has stored in its flash, the oldest line first (docs/log-format.md)."""
    log = read_log(read_flash(image))
    lines = log.crash if crash else log.lines
    terminal = Terminal()
    for line in lines:
        terminal.print(visible(line), markup=False)
    if log.gaps and not crash:
        gaps = ", ".join(map(str, log.gaps))
        typer.echo(f"rig: files that are damaged, or were given up for space: {gaps}", err=True)
    if not lines:
        typer.echo(f"rig: the image has no {'crash' if crash else 'log'}", err=True)
