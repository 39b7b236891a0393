"""`rig csms serve`: the fake CSMS alone, printing the traffic."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from rig.csms.behaviour import Behaviour
from rig.csms.server import CsmsServer, url_of
from rig.timeline import Timeline
from rig.timeline.codec import encode
from rig.timeline.events import BenchTrouble, Event, LinkChange, Note, OcppFrame
from rig.timeline.frame_words import frame_line
from rig.timeline.words import link_line
from rig.util.errors import BenchError
from rig.util.redaction import masked_text
from rig.util.signals import heard
from rig.util.terminal import Terminal
from rig.util.text import visible

# Nobody looks back: the record has it all, a server may run for months, and a frame may have a megabyte.
_KEPT_EVENTS = 16


def command(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The TCP port; 0: any free one.")] = 9000,
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every event to a new file.")] = None,
) -> None:
    """Run the fake CSMS alone and print the traffic; Ctrl-C ends it."""
    serve(host, port, record)


def serve(host: str = "127.0.0.1", port: int = 9000, record: Path | None = None) -> None:
    """Run a normal CSMS until Ctrl-C, SIGTERM or SIGHUP, one line on the terminal for each frame.

    It also ends where nobody reads its lines any more.

    Args:
        host: the address to listen on.
        port: 0 takes a free one.
        record: a file that gets every event as a line of JSON, as in `run.jsonl`; it must not exist.

    Raises:
        BenchError: it could not start, or the record cannot be written any further.
    """
    with contextlib.ExitStack() as stack:
        try:
            # Unbuffered: each event is in the file at once, and what does not fit is not tried again at the end.
            file = stack.enter_context(record.open("xb", buffering=0)) if record else None
        except FileExistsError:
            raise BenchError(f"cannot record to {record}: it is there already", "Name a new file") from None
        except OSError as error:
            raise BenchError(
                f"cannot record to {record}: {error.strerror}", "Name a file in a folder that can be written to"
            ) from None
        try:
            asyncio.run(_serve(host, port, record, file))
        finally:
            if record and not record.stat().st_size:
                record.unlink()


async def _serve(host: str, port: int, record: Path | None, file: FileIO | None) -> None:
    timeline = Timeline(keep=_KEPT_EVENTS)
    server = CsmsServer(timeline, Behaviour(timeline.clock), host, port)
    try:
        await server.start()
        ended = asyncio.Event()
        full: OSError | None = None
        terminal = Terminal(on_gone=ended.set)
        loop = asyncio.get_running_loop()
        for number in {signal.SIGINT, *heard()}:
            loop.add_signal_handler(number, ended.set)

        def show(event: Event) -> None:
            nonlocal full
            if file is not None and full is None:
                try:
                    _write(file, encode(event))
                except OSError as error:
                    full = error
                    ended.set()
            line = _line(event)
            if line is not None:
                terminal.print(line)

        timeline.listen(show)
        example = url_of(host, server.port, "CP-1")
        terminal.print(f"OCPP 1.6J CSMS at {example} (the path is the charge point's identity); Ctrl-C ends it")
        await ended.wait()
        if full is not None:
            raise BenchError(f"cannot record to {record}: {full.strerror}", "Make room, or record elsewhere")
        terminal.print("ended")
    finally:
        await server.close()


def _write(file: FileIO, data: bytes) -> None:
    while data:
        data = data[file.write(data) :]


def _line(event: Event) -> Text | None:
    """What the terminal shows of an event; None: nothing."""
    stamp = datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]
    match event:
        case OcppFrame():
            text, style = frame_line(event, width=1000), _style(event)
        case LinkChange():
            text, style = link_line(event), "bold"
        case Note():
            return Text(f"{stamp} {visible(masked_text(event.text))}", style="bold")
        case BenchTrouble():
            return Text(f"{stamp} {visible(masked_text(event.what))}", style="bold red")
        case _:
            return None
    return Text.assemble((f"{stamp} ", "dim"), (f"{visible(masked_text(event.charge_point))} ", "cyan"), (text, style))


def _style(frame: OcppFrame) -> str:
    if frame.error:
        return "bold red"
    if frame.message_type == "CALLERROR":
        return "yellow"
    return "green" if frame.direction == "sent" else ""
