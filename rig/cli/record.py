"""`rig record`: records the acts of a person at an open bench as a test and as a scenario."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from rig.cli.attach import attached
from rig.cli.options import AttachOption, PidOption
from rig.util.errors import BenchError
from rig.util.new_file import new_file

_WHAT = "recording"


def command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="A test, NAME.py, or a scenario, NAME.yaml.")],
    bench: AttachOption = None,
    pid: PidOption = None,
) -> None:
    """Record the acts at a bench and their effects until Ctrl-C, and write them as a test or as a scenario."""
    from rig.recording.steps import KINDS  # slow: the faults

    writers = [(file, _writer(file)) for file in files]
    events: list[dict[str, Any]] = []
    lost = 0
    with attached(bench, pid, "rig record") as session:
        session.switch_on()
        session.client.request("subscribe", kinds=KINDS)
        typer.echo("recording; Ctrl-C ends it", err=True)
        try:
            for message in session.client.pushed():
                if "event" in message:
                    events.append(message["event"])
                lost += message.get("lost", 0)
            typer.secho(f"the bench ended: {session.client.end}", fg="yellow", err=True)
        except KeyboardInterrupt:
            pass
        name = session.client.hello["bench"]
    _write(writers, events, lost, name)


def _writer(file: Path) -> Callable[..., str]:
    """Return the function that writes the form of a file.

    Raises:
        BenchError: the file exists or cannot be created, or its name has another ending.
    """
    from rig.recording import pytest_file, scenario_file

    with new_file(file, _WHAT):  # now, because an unwritable file would lose the whole recording at its end
        pass
    file.unlink()
    writers: dict[str, Callable[..., str]] = {".py": pytest_file, ".yaml": scenario_file}
    if file.suffix not in writers:
        raise BenchError(f"{file} is neither a test nor a scenario", "Name it NAME.py or NAME.yaml")
    return writers[file.suffix]


def _write(writers: list[tuple[Path, Callable[..., str]]], events: list[dict[str, Any]], lost: int, bench: str) -> None:
    from rig.recording import steps_of, title_of

    steps, skipped = steps_of(events, lost)
    if not steps:
        raise BenchError("nothing was recorded: nobody acted on the bench", "Act on it with `rig console`, for example")
    for file, write in writers:
        with new_file(file, _WHAT) as opened:
            opened.write(write(title_of(bench), steps, skipped).encode())
        typer.echo(f"wrote {file}: {len(steps)} steps")
    if skipped:
        typer.secho(f"not recorded: {', '.join(skipped)}", fg="yellow", err=True)
