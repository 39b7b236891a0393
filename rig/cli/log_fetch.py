"""`rig log fetch`: the stored log of a board, or of an image of its flash."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rig.adapters.stored_log import StoredLog, read_log
from rig.cli.attach import attached
from rig.cli.options import AttachOption, DriveOption, PidOption
from rig.cli.storage_image import read_flash
from rig.util.terminal import Terminal
from rig.util.text import visible


def command(
    image: Annotated[
        Path | None,
        typer.Argument(
            metavar="[IMAGE]",
            help="An image of the whole flash or of its storage partition; without it the board of an open bench.",
        ),
    ] = None,
    crash: Annotated[bool, typer.Option("--crash", help="Print the last crash with the log before it.")] = False,
    bench: AttachOption = None,
    pid: PidOption = None,
    drive: DriveOption = False,
) -> None:
    """Print the log that a device has stored in its flash, the oldest line first (docs/log-format.md)."""
    if image is not None:
        log = read_log(read_flash(image))
    else:
        with attached(bench, pid, "rig log fetch", drive=drive, may_open=False) as session:
            log = StoredLog(**session.call("stored_log"))
    lines = log.crash if crash else log.lines
    terminal = Terminal()
    for line in lines:
        terminal.print(visible(line), markup=False)
    if log.gaps and not crash:
        gaps = ", ".join(log.gaps)
        typer.echo(f"rig: files that are damaged, or were given up for space: {gaps}", err=True)
    if log.damaged_crash and crash:
        typer.echo(f"rig: files that are damaged: {', '.join(log.damaged_crash)}", err=True)
    elif not lines:
        typer.echo(f"rig: the flash has no {'crash' if crash else 'log'}", err=True)
