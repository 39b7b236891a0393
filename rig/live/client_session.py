"""One client of a live socket: its requests, its events, and the acts that end with it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import copy_context
from functools import partial
from typing import Any, Protocol

from rig.live.calls import Call, Caller
from rig.live.driver import Driver
from rig.live.feed import Feed
from rig.live.messages import PROTOCOL, RequestError, decode, encode, error_of
from rig.live.offer import Offer
from rig.live.peer import peer_of
from rig.timeline.codec import EVENT_TYPES
from rig.timeline.events import CLIENT_LEFT, BenchTrouble, HandAct, HandActFailed
from rig.util.redaction import remember_secrets
from rig.util.text import one_line
from rig.util.waits import SCOPES, WaitScope

_MOST_REQUESTS = 8
"""The number of requests of a client that may be unanswered."""
_MOST_WAITING = 1000
"""The number of progress reports that may wait for a slow client; later ones are dropped."""
_MOST_UNSENT = 64
"""While more messages than this wait for a slow client, its next request is not read."""
_LONGEST_NAME = 80
_LAST_REPLIES_S = 2.0
"""Real seconds at the end of the bench for the replies of calls that have just acted: an act may end the bench."""
_LAST_EVENTS_S = 1.0
"""Real seconds at the end of the bench for a client to read the rest of its messages."""


class Server(Protocol):
    """The part of `rig.live.server.LiveServer` that a session uses. The server imports this module."""

    offer: Offer
    driver: Driver

    def state(self) -> dict[str, Any]:
        """Return the state of the bench."""

    def call_soon(self, function: Callable[[], None]) -> None:
        """Run a function on the server's loop, from any thread."""


class ClientSession:
    """A connected client.

    Args:
        server: its server.
        reader, writer: the connection.
    """

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._offer = server.offer
        self._reader = reader
        self._writer = writer
        self._pid = peer_of(writer)[0]
        self._feed: Feed | None = None
        self._outbox: deque[bytes] = deque()
        self._requests: set[asyncio.Task[None]] = set()
        self._to_send = asyncio.Event()
        self._has_sent = asyncio.Event()
        self._is_ending = False
        self._caller = Caller(f"process {self._pid}")
        self._writing: asyncio.Task[None] | None = None
        self._waits = WaitScope()

    @property
    def is_following(self) -> bool:
        """Whether it follows the events."""
        return self._feed is not None

    # -- sending --------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Look for events to send."""
        if self._feed is not None:
            self._to_send.set()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message after the messages that are already waiting."""
        self._outbox.append(encode(message))
        self._to_send.set()

    async def end(self, why: str) -> None:
        """Send the replies of calls that end soon, announce the end of the bench, and close the connection."""
        if self._requests:
            await asyncio.wait(self._requests, timeout=_LAST_REPLIES_S)
        self.send({"end": why})
        self._is_ending = True
        self._to_send.set()
        if self._writing is not None:
            await asyncio.wait((self._writing,), timeout=_LAST_EVENTS_S)
            if not self._writing.done():
                self._writer.transport.abort()

    async def _write(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            while True:
                lines = list(self._outbox)
                self._outbox.clear()
                self._has_sent.set()
                if self._feed is not None and not self._is_ending:
                    lines += self._feed.take()
                if not lines:
                    break
                self._writer.write(b"".join(lines))
                await self._writer.drain()
            if self._is_ending:
                return

    # -- requests -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve the client until either side ends the connection."""
        self.send({"hello": self._offer.greeting(PROTOCOL)})
        writing = self._writing = asyncio.create_task(self._write())
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait((writing, reading), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, reading):
                task.cancel()
            self._waits.end()
            await asyncio.gather(writing, reading, *self._requests, return_exceptions=True)
            await asyncio.to_thread(self._clean_up)
            self._writer.close()

    async def _read(self) -> None:
        while True:
            while len(self._outbox) > _MOST_UNSENT:  # the client does not read its replies
                self._has_sent.clear()
                await self._has_sent.wait()
            try:
                line = await self._reader.readuntil(b"\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            except asyncio.LimitOverrunError:
                too_long = RequestError("request", "the line is longer than 1 MiB. Send shorter requests")
                self.send({"error": error_of(too_long)})
                self._is_ending = True
                return
            try:
                request = decode(line)
                if len(self._requests) >= _MOST_REQUESTS:
                    raise RequestError("busy", f"{_MOST_REQUESTS} requests are unanswered. Wait for their replies")
            except RequestError as error:
                self.send({"id": None, "error": error_of(error)})
                continue
            task = asyncio.create_task(self._answer(request))
            self._requests.add(task)
            task.add_done_callback(self._requests.discard)

    async def _answer(self, request: Mapping[str, Any]) -> None:
        number = request.get("id")
        try:
            result = await self._do(request)
        except Exception as error:  # report anything that a call raises to its client
            self.send({"id": number, "error": error_of(error)})
        else:
            self.send({"id": number, "result": result})

    async def _do(self, request: Mapping[str, Any]) -> Any:
        match request.get("do"):
            case "subscribe":
                return self._subscribe(request)
            case "unsubscribe":
                self._feed = None
                return None
            case "state":
                return await asyncio.to_thread(self._server.state)
            case "calls":
                return {name: call.described() for name, call in self._offer.calls.items()}
            case "call":
                return await asyncio.to_thread(self._call_and_look, request)
            case "pause":
                return self._pause(True)
            case "resume":
                return self._pause(False)
            case other:
                raise RequestError(
                    "request",
                    f"there is no request {other!r}. These exist: subscribe, unsubscribe, state, calls, call, pause, "
                    "resume",
                )

    def _subscribe(self, request: Mapping[str, Any]) -> Any:
        kinds, since = request.get("kinds") or [], request.get("since")
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            raise RequestError("request", "kinds is a list of types of events, such as ['log_line']")
        if unknown := [kind for kind in kinds if kind not in EVENT_TYPES]:
            raise RequestError(
                "request", f"there is no type of event {unknown[0]!r}. These exist: {', '.join(sorted(EVENT_TYPES))}"
            )
        if since is not None and (isinstance(since, bool) or not isinstance(since, int) or not 0 <= since < 1 << 62):
            raise RequestError("request", f"since is the id of an event, not {since!r}")
        self._feed = Feed(self._offer.timeline, [EVENT_TYPES[kind] for kind in kinds], since)
        self._to_send.set()
        return {"events": self._offer.timeline.mark().after - 1}

    def _pause(self, wanted: bool) -> Any:
        hold = self._offer.hold
        if hold is None:
            raise RequestError(
                "request",
                f"{self._offer.holder} runs no tests, so there is nothing to {'pause' if wanted else 'resume'}. Only a "
                "session of pytest can be held",
            )
        if wanted:
            hold.request()
        elif not hold.is_holding and not hold.is_requested:
            raise RequestError("request", f"{self._offer.holder} is not paused. `rig pause` holds it between tests")
        else:
            hold.resume()
        return {"paused": hold.is_holding, "pause_requested": hold.is_requested, "test": self._offer.running()}

    # -- calls, in threads of their own -----------------------------------------------------------------------------

    def _call_and_look(self, request: Mapping[str, Any]) -> Any:
        result = self._call(request)
        return {"result": result, "state": self._server.state()} if request.get("state") is True else result

    def _call(self, request: Mapping[str, Any]) -> Any:
        name, arguments = request.get("call"), request.get("arguments") or {}
        call = self._offer.calls.get(name) if isinstance(name, str) else None
        if call is None or not isinstance(name, str):
            raise RequestError(
                "request",
                f"{self._offer.holder} has no call {name!r}. It offers: {', '.join(self._offer.calls) or 'none'}",
            )
        if not isinstance(arguments, dict):
            raise RequestError("request", f"{name}: arguments is a JSON object, not {arguments!r}")
        call.validate(name, arguments)
        by = one_line(str(request.get("by") or ""))[:_LONGEST_NAME]
        by = f"{by} (process {self._pid})" if by else f"process {self._pid}"
        caller = Caller(by, partial(self._report, request.get("id")), self._caller.cleanups)
        if not call.acts:
            return call(caller, arguments)
        self._running_test(name, request)
        with self._server.driver.acting(by, name):
            test = self._running_test(name, request)  # checked again: a pause may just have ended
            remember_secrets(arguments)
            timeline = self._offer.timeline
            act = timeline.append(HandAct(source="live", call=name, arguments=arguments, by=by, test=test))
            try:
                return self._until_left(call, caller, arguments)
            except Exception as error:
                timeline.append(HandActFailed(source="live", call=name, act=act.id, why=str(error)))
                raise

    def _until_left(self, call: Call, caller: Caller, arguments: Mapping[str, Any]) -> Any:
        """Make a call. A wait in it ends when the client leaves, because other clients cannot act during the wait."""
        context = copy_context()
        if call.waits:
            context.run(SCOPES.set, (*SCOPES.get(), self._waits))
        return context.run(call, caller, arguments)

    def _running_test(self, name: str, request: Mapping[str, Any]) -> str:
        """Return the running test, or `its tests` between two tests of a session; empty if every client may act.

        Raises:
            RequestError: a session of pytest is not paused, and the request does not ask to act during it.
        """
        test = self._offer.running()
        if test and request.get("drive") is not True:
            raise RequestError(
                "test",
                f"{name} is rejected: {self._offer.holder}, runs {test}. Add --drive to act nevertheless, or hold the "
                "session with `rig pause` first",
            )
        return test

    def _report(self, number: Any, progress: Mapping[str, Any]) -> None:
        """Send the progress of a call, from its thread."""

        def send() -> None:
            if len(self._outbox) < _MOST_WAITING:
                self.send({"id": number, "progress": progress})

        self._server.call_soon(send)

    def _clean_up(self) -> None:
        """Undo the acts that last only while their client is connected, the latest first."""
        cleanups = self._caller.cleanups
        if cleanups:
            by, test = self._caller.by, self._offer.running()
            self._offer.timeline.append(HandAct(source="live", call=CLIENT_LEFT, by=by, test=test))
        while cleanups:
            _, undo = cleanups.popitem()
            try:
                undo()
            except Exception as error:  # the others must be undone as well
                what = f"an act of {self._caller.by} could not be undone: {error}"
                self._offer.timeline.append(BenchTrouble(source="live", what=what))
