"""The server of a live socket, in a thread and loop of its own: a slow client never delays the bench."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rig.live import folder
from rig.live.client_session import ClientSession
from rig.live.driver import Driver
from rig.live.messages import LONGEST_LINE, RequestError, encode, error_of
from rig.live.offer import Offer
from rig.live.peer import peer_of
from rig.timeline.events import Event, Note
from rig.util.errors import BenchError

MOST_CLIENTS = 16
_CLOSE_S = 10.0
"""Real seconds for the end of the server; a call that hangs does not prevent the end of the program."""

_numbers: list[int] = []
_numbering = threading.Lock()


class LiveServer:
    """Offers a bench on its live socket until `close`.

    Args:
        offer: the bench.

    Raises:
        BenchError: there is no folder for the socket, or it cannot be opened.
    """

    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self.driver = Driver()
        self._sessions: set[ClientSession] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_woken = False
        self._is_closed = False
        folder.remove_stale()
        home = folder.own_folder()
        self.path = home / folder.socket_name(offer.path, _next_number())
        listener = _listen(self.path)
        self._loop = asyncio.new_event_loop()
        self._has_begun = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listener,), name="live", daemon=True)
        self._thread.start()
        self._has_begun.wait()  # a loop that has not begun could not be stopped
        self._stop_listening = offer.timeline.listen(_ignore, self._wake)

    @property
    def has_clients(self) -> bool:
        """Whether a client is connected."""
        return bool(self._sessions)

    @property
    def has_followers(self) -> bool:
        """Whether a client follows the events."""
        return any(session.is_following for session in tuple(self._sessions))

    def state(self) -> dict[str, Any]:
        """Return the state of the bench, and of this server, as JSON."""
        offer = self.offer
        hold = offer.hold
        live = {
            "program": offer.program,
            "pid": os.getpid(),
            "bench": offer.name,
            "path": str(offer.path.resolve()),
            "clients": len(self._sessions),
            "driver": self.driver.name,
            "test": offer.running(),
            "can_pause": hold is not None,
            "paused": hold is not None and hold.is_holding,
            "pause_requested": hold is not None and hold.is_requested,
            "why_paused": hold.why if hold is not None else "",
            "t": offer.timeline.clock.now(),
            "clock": "stepped" if offer.timeline.clock.steps else "real",
            "events": offer.timeline.mark().after - 1,
        }
        return {"live": live, **offer.state()}

    # -- the loop -------------------------------------------------------------------------------------------------

    def _run(self, listener: socket.socket) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_unix_server(self._serve, sock=listener, limit=LONGEST_LINE)
        )
        self._loop.call_soon(self._has_begun.set)
        try:
            self._loop.run_forever()
        finally:
            server.close()
            self._loop.run_until_complete(self._end())
            self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if refusal := self._refusal(writer):
            writer.write(encode({"error": error_of(refusal)}))
            writer.close()
            return
        session = ClientSession(self, reader, writer)
        self._sessions.add(session)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)
            self._tasks.discard(task)

    def _refusal(self, writer: asyncio.StreamWriter) -> RequestError | None:
        peer = peer_of(writer)
        if peer[1] not in (os.getuid(), 0):
            return RequestError("request", "another user has opened this bench. Ask that user to run the command")
        if len(self._sessions) >= MOST_CLIENTS:
            return RequestError(
                "busy", f"{self.offer.holder} already has {MOST_CLIENTS} clients, the most it accepts. End one of them"
            )
        return None

    def _wake(self) -> None:
        """Wake the clients after a batch of events. Runs in the appending thread, under the timeline's lock."""
        if self._sessions and not self._is_woken and not self._is_closed:
            self._is_woken = True
            self.call_soon(self._look)

    def _look(self) -> None:
        self._is_woken = False
        for session in self._sessions:
            session.wake()

    def call_soon(self, function: Callable[[], None]) -> None:
        """Run a function on the server's loop, from any thread. The function is dropped if the server has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    async def _end(self) -> None:
        await asyncio.gather(*(session.end("the bench was closed") for session in self._sessions))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CLOSE_S / 2)
        for task in asyncio.all_tasks(self._loop) - {asyncio.current_task()}:
            task.cancel()
        await asyncio.gather(*(asyncio.all_tasks(self._loop) - {asyncio.current_task()}), return_exceptions=True)

    def close(self) -> None:
        """End all clients, undo their lasting acts, and remove the socket."""
        if self._is_closed:
            return
        self._is_closed = True
        self._stop_listening()
        with contextlib.suppress(OSError):
            self.path.unlink()
        self.call_soon(self._loop.stop)
        self._thread.join(_CLOSE_S)


@contextlib.contextmanager
def offered(offer: Offer) -> Iterator[LiveServer | None]:
    """Offer a bench within the block. Without a usable folder the program goes on, with a note on the timeline."""
    server = try_to_offer(offer)
    try:
        yield server
    finally:
        if server is not None:
            server.close()


def try_to_offer(offer: Offer) -> LiveServer | None:
    """Offer a bench until `close`. Returns None, with a note on the timeline, if it cannot be offered."""
    try:
        return LiveServer(offer)
    except BenchError as error:
        offer.timeline.append(Note(source="live", text=f"no other program can attach to this bench: {error}"))
        return None


def _listen(path: Path) -> socket.socket:
    """Return a listening socket. It gets its name only when it listens, so that no program treats it as stale."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    early = path.with_name(f"{path.name}.new")
    try:
        with contextlib.suppress(FileNotFoundError):
            early.unlink()
        listener.bind(os.fspath(early))
        early.chmod(0o600)
        listener.listen(MOST_CLIENTS)
        early.rename(path)
    except OSError as error:
        listener.close()
        raise BenchError(
            f"the live socket {path} cannot be opened: {error.strerror}", "Free space in its folder, or remove it"
        ) from None
    return listener


def _next_number() -> int:
    with _numbering:
        _numbers.append(len(_numbers) + 1)
        return _numbers[-1]


def _ignore(_event: Event) -> None:
    """Take no event: the clients read them from the timeline."""
