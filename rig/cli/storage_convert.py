"""`rig storage convert`: the files of a device in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rig.adapters.stored_formats import Format, convert
from rig.cli.storage_image import read_image
from rig.firmware.filesystem import make_filesystem, read_filesystem
from rig.util.errors import BenchError


def command(
    image: Annotated[
        Path, typer.Argument(metavar="IMAGE", help="The whole flash, or its storage partition; also a .gz of one.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write the partition to. It must not exist.")],
    to: Annotated[
        Format,
        typer.Option("--to", help="The version of the format; `none` is that of early builds of firmware 0.1.0."),
    ],
) -> None:
    """Write the storage of a device in another format, and list the lost data (firmware/FORMAT.md)."""
    storage = read_image(image)
    converted = convert(read_filesystem(storage), to)
    written = make_filesystem(converted.files, len(storage))
    try:
        with out.open("xb") as file:
            file.write(written)
    except OSError as problem:
        raise BenchError(f"{out} cannot be written: {problem.strerror}", "Name a new file") from None
    for note in converted.notes:
        typer.echo(note)
    typer.echo(f"{out}: {len(converted.files)} files")
