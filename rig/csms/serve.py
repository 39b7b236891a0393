"""`rig csms serve`: the fake CSMS alone, printing the traffic."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import IO

import orjson
from rich.console import Console
from rich.text import Text

from rig.csms.behaviour import Behaviour
from rig.csms.exchange import link_line, one_line
from rig.csms.server import CsmsServer, url_of
from rig.errors import BenchError
from rig.events import BenchTrouble, Event, LinkChange, Note, OcppFrame
from rig.timeline import Timeline

_KEPT_EVENTS = 1000  # nobody looks back: the record has it all, and a server may run for months


def serve(host: str = "127.0.0.1", port: int = 9000, record: Path | None = None) -> int:
    """Run a normal CSMS until Ctrl-C (or SIGTERM), one line on the terminal for each frame.

    Args:
        host: the address to listen on.
        port: 0 takes a free one.
        record: a file that gets every event as a line of JSON, as in `run.jsonl`; it must not exist.

    Returns:
        The exit code: 0 after Ctrl-C, 2 where it could not start (one line on stderr says why).
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(record.open("xb")) if record else None
        except OSError as error:
            print(f"rig csms serve: cannot record to {record}: {error.strerror}", file=sys.stderr)
            return 2
        try:
            asyncio.run(_serve(host, port, file))
        except BenchError as error:
            print(f"rig csms serve: {error}", file=sys.stderr)
            if record:
                record.unlink()
            return 2
    return 0


async def _serve(host: str, port: int, file: IO[bytes] | None) -> None:
    timeline = Timeline(keep=_KEPT_EVENTS)
    console = Console(highlight=False, soft_wrap=True)
    server = CsmsServer(timeline, Behaviour(timeline.clock), host, port)
    try:
        await server.start()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)

        def show(event: Event) -> None:
            if file is not None:
                file.write(orjson.dumps(event.record()) + b"\n")
                file.flush()
            line = _line(event)
            if line is not None:
                console.print(line)

        timeline.listen(show)
        example = url_of(host, server.port, "CP-1")
        console.print(f"OCPP 1.6J CSMS at {example} (the path is the charge point's identity); Ctrl-C ends it")
        await ended.wait()
        console.print("ended")
    finally:
        await server.close()


def _line(event: Event) -> Text | None:
    """What the terminal shows of an event; None: nothing."""
    stamp = datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]
    match event:
        case OcppFrame():
            text, style = one_line(event, width=1000), _style(event)
        case LinkChange():
            text, style = link_line(event), "bold"
        case Note():
            return Text(f"{stamp} {event.text}", style="bold")
        case BenchTrouble():
            return Text(f"{stamp} {event.what}", style="bold red")
        case _:
            return None
    return Text.assemble((f"{stamp} ", "dim"), (f"{event.charge_point} ", "cyan"), (text, style))


def _style(frame: OcppFrame) -> str:
    if frame.error:
        return "bold red"
    if frame.message_type == "CALLERROR":
        return "yellow"
    return "green" if frame.direction == "sent" else ""
