"""`rig csms serve`: the fake CSMS alone, printing the traffic."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import Annotated, Any

import typer

from rig.cli.csms_access import (
    Access,
    BasicAuthOption,
    CertOption,
    ClientRootOption,
    FileAccess,
    FilesLoginOption,
    FilesOption,
    FilesPortOption,
    HostOption,
    KeyOption,
    PortOption,
    ProtocolOption,
    TlsOption,
    TolerantOption,
    accepted_protocols,
)
from rig.cli.csms_prompt import PromptedTerminal, begin_prompt
from rig.csms import Csms
from rig.csms.server import MOST_CONNECTIONS, SPARE_FILES, url_of
from rig.files import Files
from rig.live.bench_state import csms_state
from rig.live.csms_calls import CsmsCalls
from rig.live.fault_calls import faults_of_csms
from rig.live.files_calls import FilesCalls
from rig.live.offer import Offer
from rig.live.server import LiveServer, try_to_offer
from rig.ocpp.versions import VERSIONS
from rig.timeline import Timeline
from rig.timeline.codec import encode
from rig.timeline.events import (
    BenchTrouble,
    ClientRefused,
    Event,
    FaultInjected,
    FaultLifted,
    FileTransfer,
    HandAct,
    HandActFailed,
    LinkChange,
    Note,
    OcppFrame,
)
from rig.timeline.frame_words import frame_line
from rig.timeline.words import act_words, failed_act_words, link_line, refusal_words, transfer_words
from rig.util.aio import in_thread
from rig.util.errors import BenchError
from rig.util.open_files import raise_open_files
from rig.util.redaction import masked_text
from rig.util.signals import handled_signals
from rig.util.tcp import reachable_address
from rig.util.text import visible

# The timeline keeps few events, because a server may run for months and a frame may have 1 MB. The record has all
# events.
_KEPT_EVENTS = 16


def command(
    host: HostOption = "127.0.0.1",
    port: PortOption = 9000,
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every event to a new file.")] = None,
    tls: TlsOption = False,
    cert: CertOption = None,
    key: KeyOption = None,
    basic_auth_file: BasicAuthOption = None,
    client_root: ClientRootOption = None,
    protocol: ProtocolOption = None,
    tolerant: TolerantOption = False,
    files: FilesOption = None,
    files_port: FilesPortOption = 9080,
    files_login: FilesLoginOption = None,
) -> None:
    """Run the fake CSMS alone and print the traffic; Ctrl-C ends it."""
    access = Access(tls, cert, key, basic_auth_file, client_root)
    if files is None and files_login is not None:
        raise BenchError("--files-login needs --files", "Name the folder to serve")
    file_access = FileAccess(files, files_port, files_login)
    serve(host, port, record, access, accepted_protocols(protocol), tolerant=tolerant, files=file_access)


_EVERYBODY = Access()
_NO_FILES = FileAccess()


def serve(
    host: str = "127.0.0.1",
    port: int = 9000,
    record: Path | None = None,
    access: Access = _EVERYBODY,
    protocols: Sequence[str] = tuple(VERSIONS),
    *,
    tolerant: bool = False,
    files: FileAccess = _NO_FILES,
) -> None:
    """Run a normal CSMS until Ctrl-C, SIGTERM or SIGHUP, one line on the terminal for each frame.

    The command also ends when its output is closed.

    Args:
        host: the address to listen on.
        port: 0 takes a free port.
        record: a new file that gets every event as a line of JSON, as in `run.jsonl`.
        access: the login of charge points.
        protocols: the accepted sub-protocols.
        tolerant: accept deviations that real CSMSs tolerate.
        files: the options of the file server.

    Raises:
        BenchError: the server could not start, or the record can no longer be written.
    """
    security, root = access.security(host)
    raise_open_files(MOST_CONNECTIONS + SPARE_FILES)
    with contextlib.ExitStack() as stack:
        try:
            # Unbuffered: each event is in the file at once, and `close` does not repeat a failed write.
            file = stack.enter_context(record.open("xb", buffering=0)) if record else None
        except FileExistsError:
            raise BenchError(f"cannot record to {record}: the file already exists", "Name a new file") from None
        except OSError as error:
            raise BenchError(
                f"cannot record to {record}: {error.strerror}", "Name a file in a folder that can be written to"
            ) from None
        try:
            timeline = Timeline(keep=_KEPT_EVENTS)

            def make(loop: asyncio.AbstractEventLoop) -> tuple[Files | None, Csms]:
                served = files.server(timeline, loop, host) if files.folder is not None else None
                return served, Csms(
                    timeline, loop, host, port, security=security, protocols=protocols, strict=not tolerant
                )

            asyncio.run(_serve(make, host, record, file, root))
        finally:
            if record and not record.stat().st_size:
                record.unlink()


async def _serve(
    make: Callable[[asyncio.AbstractEventLoop], tuple[Files | None, Csms]],
    host: str,
    record: Path | None,
    file: FileIO | None,
    root: str,
) -> None:
    loop = asyncio.get_running_loop()
    files, csms = make(loop)
    live: LiveServer | None = None
    try:
        await in_thread(csms.start)
        if files is not None:
            await in_thread(files.start)
        ended = asyncio.Event()
        full: OSError | None = None
        terminal = PromptedTerminal(on_gone=ended.set)
        stamps = _Stamps()
        for number in {signal.SIGINT, *handled_signals()}:
            loop.add_signal_handler(number, ended.set)

        def show(event: Event) -> None:
            nonlocal full
            if file is not None and full is None:
                try:
                    _write(file, encode(event))
                except OSError as error:
                    full = error
                    ended.set()
            if terminal.quiet:  # the reader of the output has ended
                return
            line = _line(event, stamps.now())
            if line:
                # The words of a violation may show a part of the frame without the name of a secret beside it.
                are_masked = isinstance(event, OcppFrame) and not (event.error or event.deviation)
                terminal.print_line(*line, are_masked=are_masked)

        csms.timeline.listen(show)
        if root:
            terminal.print(f"Root of the new certificate for this run:\n{root}")
        live = try_to_offer(offer_of_csms(csms, files))
        url = url_of(reachable_address(host), csms.port, "CP-1", tls=csms.speaks_tls)
        terminal.print(f"CSMS at {url} (the path is the charge point's identity); Ctrl-C ends it")
        if files is not None:
            terminal.print(f"files at {files.url('NAME')} and {files.url('NAME', tls=True)}")
        if live is not None and sys.stdin.isatty():
            begin_prompt(terminal, loop, ended.set)
        await ended.wait()
        if full is not None:
            raise BenchError(
                f"cannot record to {record}: {full.strerror}", "Free some space, or record to another disk"
            )
        terminal.print("ended")
    finally:
        if live is not None:
            await in_thread(live.close)
        if files is not None:
            await in_thread(files.shut_down)
        await in_thread(csms.shut_down)


def offer_of_csms(csms: Csms, files: Files | None = None) -> Offer:
    """Return what this command offers on its live socket: a CSMS, and its file server if there is one."""
    faults = faults_of_csms(lambda: csms, files)
    calls = {**CsmsCalls(lambda: csms).table(), **faults.table()}
    if files is not None:
        calls |= FilesCalls(lambda: files).table()

    def state() -> Mapping[str, Any]:
        return {"csms": csms_state(csms), "faults": faults.active()}

    return Offer("rig csms serve", f"port {csms.port}", Path.cwd(), csms.timeline, state, calls)


def _write(file: FileIO, data: bytes) -> None:
    while data:
        data = data[file.write(data) :]


class _Stamps:
    """Time stamps of lines. The text of a second is made once."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def now(self) -> str:
        """Return the local time of day, to the millisecond."""
        second, rest = divmod(time.time_ns(), 1_000_000_000)
        if second != self._second:
            self._second, self._text = second, time.strftime("%H:%M:%S", time.localtime(second))
        return f"{self._text}.{rest // 1_000_000:03d}"


_Parts = tuple[tuple[str, str], ...]
"""The texts of a line with their styles."""


def _line(event: Event, stamp: str) -> _Parts:
    """Return the terminal's line for an event; empty if it is not shown."""
    match event:
        case OcppFrame():
            text, style = frame_line(event, width=1000), _style(event)
        case LinkChange():
            text, style = link_line(event), "bold"
        case ClientRefused():
            return ((f"{stamp} {visible(refusal_words(event))}", "bold"),)
        case Note():
            return ((f"{stamp} {visible(masked_text(event.text))}", "bold"),)
        case FileTransfer():
            return ((f"{stamp} {visible(transfer_words(event))}", "" if event.status < 400 else "yellow"),)
        case FaultInjected():
            arguments = " ".join(f"{key}={value}" for key, value in event.arguments.items())
            return ((f"{stamp} fault {visible(f'{event.fault} {arguments}')}", "bold magenta"),)
        case FaultLifted():
            return ((f"{stamp} fault {event.fault} lifted", "bold magenta"),)
        case HandAct():
            return ((f"{stamp} by hand: {visible(act_words(event))}", "bold magenta"),)
        case HandActFailed():
            return ((f"{stamp} by hand: {visible(failed_act_words(event))}", "yellow"),)
        case BenchTrouble():
            return ((f"{stamp} {visible(masked_text(event.what))}", "bold red"),)
        case _:
            return ()
    return (f"{stamp} ", "dim"), (f"{visible(masked_text(event.charge_point))} ", "cyan"), (text, style)


def _style(frame: OcppFrame) -> str:
    if frame.error:
        return "bold red"
    if frame.deviation or frame.message_type in ("CALLERROR", "CALLRESULTERROR"):
        return "yellow"
    return "green" if frame.direction == "sent" else ""
