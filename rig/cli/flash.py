"""`rig flash`: writes a firmware to the board."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from rig.cli.attach import attached, print_json
from rig.cli.options import AttachOption, DriveOption, JsonOption, PidOption


def command(
    image: Annotated[
        str,
        typer.Argument(
            metavar="[FOLDER|host]",
            help="A build folder with flasher_args.json, or `host`; without it the bench's firmware.",
        ),
    ] = "",
    bench: AttachOption = None,
    pid: PidOption = None,
    drive: DriveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write those files of a firmware that differ from the flash, verify them, and boot the device."""
    with attached(bench, pid, f"rig flash {image}".rstrip(), drive=drive) as session:
        progress = _Progress(quiet=as_json)
        result = session.call("flash", progress=progress.show, image=image, folder=str(Path.cwd()))
        progress.end()
    if as_json:
        print_json(result)
        return
    for part in result["parts"]:
        done = "written and verified" if part["written"] else "unchanged"
        typer.echo(f"{part['offset']:#010x} {part['file']:28} {part['size']:9} bytes  {done}")


class _Progress:
    """One line on a terminal for the file that is being written; nothing elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._shows = not quiet and sys.stderr.isatty()
        self._width = 0

    def show(self, report: dict[str, Any]) -> None:
        """Show a progress report of the call `flash`."""
        words = report["doing"] if "doing" in report else f"{report['file']} {report['done']:4.0%}"
        if self._shows:
            typer.echo(f"\r{words:{self._width}}", nl=False, err=True)
            self._width = len(words)

    def end(self) -> None:
        """Clear the line."""
        if self._width:
            typer.echo(f"\r{'':{self._width}}\r", nl=False, err=True)
