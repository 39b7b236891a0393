"""The OCPP-J session of the model: calls, answers, and the connection that carries them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Coroutine
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from rig.util.clock import BenchClock

Payload = dict[str, Any]

BOOT_S = 3.0
"""Bench seconds from a reset to the new connection."""


class Session:
    """A client that answers each call by its method `on_…`, such as `on_reserve_now`.

    An action without such a method is answered with NotImplemented. A method that does not find a property in its
    payload is answered with OccurenceConstraintViolation.

    Args:
        url: the URL of the CSMS.
        clock: the clock of the event loop.
    """

    def __init__(self, url: str, clock: BenchClock) -> None:
        self.url = url
        self.clock = clock
        self.registered = asyncio.Event()
        self._has_booted = False
        self._socket: ClientConnection
        self._one_call = asyncio.Lock()
        self._answer: asyncio.Future[Payload]
        self._last = 0
        self._tasks: asyncio.TaskGroup
        self._running: asyncio.Task[None]

    async def start_up(self) -> None:
        """Connect, and return when the CSMS has answered BootNotification."""
        self._running = asyncio.create_task(self._run())
        await self.registered.wait()

    async def _run(self) -> None:
        """Connect, and connect again after the end of each connection. An error of a handler ends it."""
        async with asyncio.TaskGroup() as self._tasks:
            while True:
                try:
                    async with self._connect() as self._socket:
                        await self._serve()
                except ssl.SSLCertVerificationError:
                    await self.certificate_failed()
                except (OSError, InvalidHandshake):
                    pass  # the CSMS refuses the connection: try again
                await asyncio.sleep(BOOT_S)

    def _connect(self) -> connect:
        return connect(
            self.url,
            subprotocols=[Subprotocol("ocpp1.6")],
            additional_headers=self.headers(),
            ssl=self.tls(),
            ping_interval=None,
            compression=None,
        )

    async def boot(self) -> None:
        """Announce the charge point to the CSMS."""
        raise NotImplementedError

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS context of a connection; None without TLS."""
        return None

    def headers(self) -> dict[str, str]:
        """Return headers of the opening handshake."""
        return {}

    async def certificate_failed(self) -> None:
        """Act on an invalid certificate of the CSMS, without a connection."""

    def connected(self) -> None:
        """Act on a new connection."""
        if not self._has_booted:
            self.spawn(self._boot())

    async def restart(self) -> None:
        """Lose the connection, boot, and return when the CSMS has answered BootNotification."""
        self.registered.clear()
        self._has_booted = False
        await self._socket.close(1001)
        await self.registered.wait()

    async def stop(self) -> None:
        """End all work and the connection. Raise the error that has ended them before, if there was one."""
        self._running.cancel()
        await asyncio.wait([self._running])
        if not self._running.cancelled():
            self._running.result()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something beside the answers, and after the present one."""
        self._tasks.create_task(work)

    def send(self, action: str, payload: Payload) -> None:
        """Call the CSMS after the calls that were made before; the answer does not matter."""
        self.spawn(self.call(action, payload))

    async def call(self, action: str, payload: Payload) -> Payload:
        """Call the CSMS and return its answer. One call is in flight at a time (OCPP-J 1.6 section 4.1.1)."""
        async with self._one_call:
            self._last += 1
            self._answer = asyncio.get_running_loop().create_future()
            await self._socket.send(orjson.dumps([2, str(self._last), action, payload]).decode())
            return await self._answer

    def now(self) -> str:
        """Return the time as messages have it."""
        return self.clock.utc().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    async def _boot(self) -> None:
        self._has_booted = True
        await self.boot()
        self.registered.set()

    async def _serve(self) -> None:
        self.connected()
        with contextlib.suppress(ConnectionClosed):
            async for text in self._socket:
                kind, unique_id, *rest = orjson.loads(text)
                if kind == 2:
                    await self._socket.send(orjson.dumps(self._answered(unique_id, *rest)).decode())
                else:
                    self._answer.set_result(rest[0])

    def _answered(self, unique_id: str, action: str, payload: Payload) -> list[Any]:
        handler = getattr(self, "on" + re.sub("[A-Z]", lambda found: "_" + found[0].lower(), action), None)
        if handler is None:
            return [4, unique_id, "NotImplemented", "", {}]
        try:
            return [3, unique_id, handler(payload)]
        except KeyError as error:
            return [4, unique_id, "OccurenceConstraintViolation", f"{error} is missing", {}]
