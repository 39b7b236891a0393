"""Attaches a command to an open bench, or opens one for it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import typer

from rig.cli.options import DEFAULT_BENCH
from rig.live.client import Client, clients
from rig.util.errors import BenchError

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Session:
    """A command at a bench.

    Attributes:
        client: its connection.
        by: the command, for the timeline.
        drive: whether to act even during a session of pytest that is not paused.
        is_own: whether this command has opened the bench. Such a bench closes when the command ends.
    """

    client: Client
    by: str
    drive: bool = False
    is_own: bool = False

    def call(self, call: str, /, *, progress: Progress | None = None, **arguments: Any) -> Any:
        """Make a call of the bench. Raises as `Client.request`.

        Args:
            call: the name of the call.
            progress: called with each progress report.
            arguments: the arguments of the call.
        """
        return self.client.call(call, arguments, by=self.by, drive=self.drive, progress=progress)

    def act(self, call: str, /, **arguments: Any) -> dict[str, Any]:
        """Make a call of the bench, and return the state directly after it. Raises as `Client.request`.

        Args:
            call: the name of the call.
            arguments: the arguments of the call.
        """
        done = self.client.call(call, arguments, by=self.by, drive=self.drive, state=True)
        state: dict[str, Any] = done["state"]
        return state

    def bring_up(self) -> None:
        """Bring the device to idle if this command has opened the bench. Any other bench stays as it is."""
        if self.is_own:
            typer.echo("bringing the device up …", err=True)
            self.call("device.up")

    def switch_on(self) -> None:
        """Switch on the board if this command has opened the bench. A virtual board is blank, so it is flashed, too."""
        if self.is_own and self.client.request("state")["bench"]["kind"] == "virtual":
            self.bring_up()
        elif self.is_own:
            self.call("power.on")

    def wires(self, section: str, noun: str, name: str, state: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the state of the wires of a section by name.

        Args:
            section: the section of the bench's state, such as `inputs`.
            noun: the word for one wire of the section, for messages.
            name: the wanted wire; empty: all.
            state: the bench's state; None: the current state.

        Raises:
            BenchError: the section has no wires, or no wire of that name.
        """
        found: dict[str, Any] = (state or self.client.request("state")).get(section, {})
        if not found:
            raise BenchError(f"{self.client.holder} offers no {noun}s", "Choose another bench with --bench or --pid")
        if name and name not in found:
            raise BenchError(f"this bench has no {noun} {name!r}", f"It has: {', '.join(found)}")
        return {name: found[name]} if name else found

    def stay(self, what: str) -> None:
        """Wait for Ctrl-C if this command has opened the bench, because closing the bench would undo the act.

        Args:
            what: the effect that lasts as long as the bench is open.
        """
        if not self.is_own:
            return
        typer.echo(f"{what} until Ctrl-C closes the bench; other commands can attach meanwhile", err=True)
        with contextlib.suppress(KeyboardInterrupt):
            for _message in self.client.pushed():
                pass


@contextlib.contextmanager
def attached(
    bench: Path | None, pid: int | None, by: str, *, drive: bool = False, may_open: bool = True
) -> Iterator[Session]:
    """Attach to an open bench for the block. If no bench is open, open one.

    Args:
        bench: the bench description; None: the bench that a program in this folder has opened; if there is none, the
            default bench.
        pid: the process that has opened the bench; None: any.
        by: the command, for the timeline.
        drive: whether to act even during a session of pytest that is not paused.
        may_open: whether to open a bench if none is open.

    Raises:
        BenchError: several benches are open; or the open bench rejects the connection, or does not answer; or no bench
            is open, and none can be opened.
    """
    found = open_benches(bench, pid)
    try:
        if len(found) > 1:
            listed = "\n".join(f"  --pid {client.hello['pid']}: {described(client)}" for client in found)
            raise BenchError(f"several open benches match:\n{listed}", "Choose one with --pid")
        if found:
            yield Session(found[0], by, drive)
            return
    finally:
        for client in found:
            client.close()
    if pid is not None or not may_open:
        where = f" of {bench}" if bench is not None else " in this folder" if pid is None else ""
        raise BenchError(
            f"no bench{where} is open{f' by process {pid}' if pid is not None else ''}",
            "`rig status --all` lists the open benches",
        )
    from rig.cli.own_bench import own_bench  # slow: the whole bench

    with own_bench(bench or DEFAULT_BENCH, by):
        (client,) = clients(pid=os.getpid())
        with client:
            yield Session(client, by, drive, is_own=True)


def open_benches(bench: Path | None, pid: int | None, *, everywhere: bool = False) -> list[Client]:
    """Connect to the open benches that a command means.

    Args:
        bench: the bench description; None: the benches of programs in this folder.
        pid: the process that has opened the bench; None: any.
        everywhere: without `bench` and `pid`, connect also to the benches of other folders.

    Raises:
        BenchError: every matching bench rejects the connection or does not answer.
    """
    here = None if everywhere or bench is not None or pid is not None else str(Path.cwd())
    return clients(bench, pid, here)


def described(client: Client) -> str:
    """Return an open bench in words."""
    return f"bench {client.hello['bench']} of {client.hello['path']}, opened by {client.holder}"


def print_json(value: Any, *, for_people: bool = False) -> None:
    """Print a result for programs, on one line.

    Args:
        value: the result.
        for_people: whether to indent the result, on several lines.
    """
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2 if for_people else None))


def parsed_object(text: str, what: str) -> dict[str, Any]:
    """Read a JSON object of the command line.

    Args:
        text: the JSON; empty: an empty object.
        what: the name of the text in messages.

    Raises:
        BenchError: the text is not a JSON object.
    """
    try:
        value = orjson.loads(text or "{}")  # as the bench does: NaN, bytes outside UTF-8 and deep nesting are errors
    except orjson.JSONDecodeError as error:
        raise BenchError(
            f"{what} is not JSON: {error}", 'Quote it for the shell, as \'{"key": ["HeartbeatInterval"]}\''
        ) from None
    if not isinstance(value, dict):
        raise BenchError(f"{what} is JSON, but not an object", "Write it as '{…}'")
    return value
