"""`rig snapshot`: one file for a bug report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from rig.cli.attach import Session, attached, print_json
from rig.cli.options import AttachOption, JsonOption, PidOption
from rig.live.snapshot import write_snapshot
from rig.util.errors import BenchError


def command(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A new file; without it a name with date and time.")
    ] = None,
    bench: AttachOption = None,
    pid: PidOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write timeline, logs, state, settings and versions of an open bench to one file, without secrets."""
    with attached(bench, pid, "rig snapshot", may_open=False) as session:
        state: dict[str, Any] = session.client.request("state")
        if "csms" in state:
            state["configuration"] = session.call("csms.configuration")
            state["variables"] = session.call("csms.variables")
        path = file or Path(f"snapshot-{datetime.now():%Y%m%d-%H%M%S}.zip")
        count = write_snapshot(path, _records(session), state, Path(session.client.hello["path"]))
    if as_json:
        print_json({"file": str(path), "events": count})
    else:
        typer.echo(f"{path}: {count} events, {path.stat().st_size} bytes")


def _records(session: Session) -> Iterator[bytes]:
    """Yield the events so far as lines of a record."""
    session.client.request("subscribe", since=1)
    for message in session.client.pushed():
        if "event" in message:
            yield json.dumps(message["event"]).encode()
        elif "caught_up" in message:
            return
    raise BenchError(f"the bench ended meanwhile: {session.client.end}", "Its record is in the folder of its run")
