"""`rig pause`: holds a session of pytest between two tests."""

from __future__ import annotations

import typer

from rig.cli.attach import attached, print_json
from rig.cli.options import AttachOption, JsonOption, PidOption


def command(bench: AttachOption = None, pid: PidOption = None, as_json: JsonOption = False) -> None:
    """Hold a session of pytest before its next test, until `rig resume`."""
    with attached(bench, pid, "rig pause", may_open=False) as session:
        result = session.client.request("pause")
        if as_json:
            print_json(result)
        else:
            typer.echo("paused" if result["paused"] else f"{session.client.holder} pauses after {result['test']}")
