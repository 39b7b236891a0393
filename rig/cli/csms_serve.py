"""`rig csms serve`: the fake CSMS alone, printing the traffic."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from rig.csms import Csms
from rig.csms.authority import Authority
from rig.csms.certificate import Certificate, read_pem
from rig.csms.security import Security, read_passwords
from rig.live.bench_state import csms_state
from rig.live.csms_calls import CsmsCalls
from rig.live.offer import Offer
from rig.live.server import LiveServer, try_to_offer
from rig.timeline import Timeline
from rig.timeline.codec import encode
from rig.timeline.events import BenchTrouble, ClientRefused, Event, HandAct, LinkChange, Note, OcppFrame
from rig.timeline.frame_words import frame_line
from rig.timeline.words import act_words, link_line, refusal_words
from rig.util.aio import in_thread
from rig.util.errors import BenchError
from rig.util.redaction import masked_text
from rig.util.signals import handled_signals
from rig.util.terminal import Terminal
from rig.util.text import visible

# The timeline keeps few events: the record has all of them, a server may run for months, and a frame may have 1 MB.
_KEPT_EVENTS = 16


def command(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The TCP port; 0: any free one.")] = 9000,
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every event to a new file.")] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="Use TLS. Without --cert the server makes a certificate and prints its root.")
    ] = False,
    cert: Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate chain for TLS, in PEM.")] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its private key, in PEM.")] = None,
    basic_auth_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Require passwords: lines of identity:password, or identity:hex:0123…"),
    ] = None,
    client_root: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Require client certificates of this root, in PEM."),
    ] = None,
) -> None:
    """Run the fake CSMS alone and print the traffic; Ctrl-C ends it."""
    serve(host, port, record, Access(tls, cert, key, basic_auth_file, client_root))


@dataclass(frozen=True, slots=True)
class Access:
    """The options for the login of charge points; see `rig csms serve --help`."""

    tls: bool = False
    cert: Path | None = None
    key: Path | None = None
    basic_auth_file: Path | None = None
    client_root: Path | None = None

    def security(self, host: str) -> tuple[Security, str]:
        """Make the security profile of the options.

        Args:
            host: the address for a new certificate, if no certificate is given.

        Returns:
            The security profile, and the root of the new certificate; empty if none was made.

        Raises:
            BenchError: options contradict each other, or a file cannot be used.
        """
        if (self.cert is None) != (self.key is None):
            raise BenchError("--cert and --key belong together", "Give both, or only --tls for a new certificate")
        if self.basic_auth_file is not None and self.client_root is not None:
            raise BenchError(
                "--basic-auth-file and --client-root exclude each other",
                "Give the first for security profile 1 or 2, the second for 3",
            )
        certificate, root = None, ""
        if self.cert is not None and self.key is not None:
            certificate = Certificate.read(self.cert, self.key)
        elif self.tls or self.client_root is not None:
            authority = Authority()
            certificate, root = authority.server(*dict.fromkeys((host, "localhost", "127.0.0.1"))), authority.root
        if self.client_root is not None:
            return Security(3, certificate=certificate, client_root=read_pem(self.client_root)), root
        if self.basic_auth_file is not None:
            passwords = read_passwords(self.basic_auth_file)
            return Security(1 if certificate is None else 2, passwords, certificate), root
        return Security(0, certificate=certificate), root


_EVERYBODY = Access()


def serve(host: str = "127.0.0.1", port: int = 9000, record: Path | None = None, access: Access = _EVERYBODY) -> None:
    """Run a normal CSMS until Ctrl-C, SIGTERM or SIGHUP, one line on the terminal for each frame.

    It also ends when its output is closed.

    Args:
        host: the address to listen on.
        port: 0 takes a free port.
        record: a new file that gets every event as a line of JSON, as in `run.jsonl`.
        access: the login of charge points.

    Raises:
        BenchError: the server could not start, or the record can no longer be written.
    """
    security, root = access.security(host)
    with contextlib.ExitStack() as stack:
        try:
            # Unbuffered: each event is in the file at once, and a failed write is not repeated on close.
            file = stack.enter_context(record.open("xb", buffering=0)) if record else None
        except FileExistsError:
            raise BenchError(f"cannot record to {record}: the file already exists", "Name a new file") from None
        except OSError as error:
            raise BenchError(
                f"cannot record to {record}: {error.strerror}", "Name a file in a folder that can be written to"
            ) from None
        try:
            asyncio.run(_serve(host, port, record, file, security, root))
        finally:
            if record and not record.stat().st_size:
                record.unlink()


async def _serve(host: str, port: int, record: Path | None, file: FileIO | None, security: Security, root: str) -> None:
    timeline = Timeline(keep=_KEPT_EVENTS)
    loop = asyncio.get_running_loop()
    csms = Csms(timeline, loop, host, port, security=security)
    live: LiveServer | None = None
    try:
        await in_thread(csms.start)
        ended = asyncio.Event()
        full: OSError | None = None
        terminal = Terminal(on_gone=ended.set)
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
            line = _line(event)
            if line is not None:
                terminal.print(line)

        timeline.listen(show)
        if root:
            terminal.print(f"Root of the new certificate for this run:\n{root}")
        live = try_to_offer(_offer_of(csms))
        terminal.print(
            f"OCPP 1.6J CSMS at {csms.url('CP-1')} (the path is the charge point's identity); Ctrl-C ends it"
        )
        await ended.wait()
        if full is not None:
            raise BenchError(
                f"cannot record to {record}: {full.strerror}", "Free some space, or record to another disk"
            )
        terminal.print("ended")
    finally:
        if live is not None:
            await in_thread(live.close)
        await in_thread(csms.shut_down)


def _offer_of(csms: Csms) -> Offer:
    """Return what this command offers on its live socket: only a CSMS."""
    calls = CsmsCalls(lambda: csms).table()
    return Offer(
        "rig csms serve", f"port {csms.port}", Path.cwd(), csms.timeline, lambda: {"csms": csms_state(csms)}, calls
    )


def _write(file: FileIO, data: bytes) -> None:
    while data:
        data = data[file.write(data) :]


def _line(event: Event) -> Text | None:
    """Return the terminal's line for an event; None if it is not shown."""
    stamp = datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]
    match event:
        case OcppFrame():
            text, style = frame_line(event, width=1000), _style(event)
        case LinkChange():
            text, style = link_line(event), "bold"
        case ClientRefused():
            return Text(f"{stamp} {visible(refusal_words(event))}", style="bold")
        case Note():
            return Text(f"{stamp} {visible(masked_text(event.text))}", style="bold")
        case HandAct():
            return Text(f"{stamp} by hand: {visible(act_words(event))}", style="bold magenta")
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
