"""`rig storage show`: the files of a device, from an image of its flash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from rig.adapters.stored_content import decode
from rig.adapters.stored_file import read_stored_file
from rig.cli.storage_image import read_image
from rig.firmware.filesystem import read_filesystem
from rig.util.redaction import masked, remember_secrets
from rig.util.terminal import Terminal
from rig.util.text import visible


def command(
    image: Annotated[
        Path, typer.Argument(metavar="IMAGE", help="The whole flash, or its storage partition; also a .gz of one.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object with all files.")] = False,
) -> None:
    """Show each file of a device's storage: version, state and content, without secrets (firmware/FORMAT.md)."""
    shown = {name: _described(name, file) for name, file in sorted(read_filesystem(read_image(image)).items())}
    for each in shown.values():
        remember_secrets(each["content"])
    if as_json:
        typer.echo(json.dumps(masked(shown), ensure_ascii=False))
        return
    terminal = Terminal()
    for name, each in shown.items():
        version = "no header" if each["version"] is None else f"version {each['version']}"
        terminal.print(f"{name:20} {each['bytes']:5} bytes  {version:10} {each['state']}", markup=False)
        if each["content"] is not None:
            text = json.dumps(masked(each["content"]), ensure_ascii=False)
            terminal.print(visible(f"    {text}"), markup=False)


def _described(name: str, file: bytes) -> dict[str, Any]:
    stored = read_stored_file(file)
    state, content = stored.state, None
    if state == "sound":
        try:
            content = decode(name, stored.content)
        except ValueError as problem:
            state = f"unreadable: {problem}"
    return {"bytes": len(file), "version": stored.version, "state": state, "content": content}
