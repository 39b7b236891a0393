"""A connection of the page to an open bench, in asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from rig.live.folder import connections
from rig.util.errors import BenchError

_GREETING_S = 2.0
_LONGEST_LINE = 1 << 24
"""In bytes: an event that holds the largest frame, with its payload and its text."""
PROTOCOL = 1
BY = "rig console"
"""The name of the page on the timeline."""


class RejectedError(Exception):
    """The bench rejected a request, or failed; the text is the bench's message for a person."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bench that a page shows.

    Attributes:
        path: the bench description.
        pid: the process that has opened it; None: any.
    """

    path: Path
    pid: int | None = None

    def __str__(self) -> str:
        return f"{self.path}{f' by process {self.pid}' if self.pid is not None else ''}"

    def matches(self, hello: Mapping[str, Any]) -> bool:
        """Return whether a greeting comes from this bench."""
        return bool(hello["path"] == str(self.path.resolve())) and self.pid in (None, hello["pid"])


class Link:
    """An open connection. Use `connected` to make one.

    Attributes:
        hello: the greeting (docs/live.md#greeting).
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: Mapping[str, Any]) -> None:
        self.hello = hello
        self.reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reading: asyncio.Task[None] | None = None

    def send(self, **fields: Any) -> int:
        """Send a request without waiting for its reply. Return its number."""
        number = next(self._numbers)
        self._writer.write(orjson.dumps({"id": number, **fields}) + b"\n")
        return number

    async def request(self, do: str, **fields: Any) -> Any:
        """Send a request and return its result.

        Args:
            do: the request's name.
            fields: the other fields of the request.

        Raises:
            RejectedError: the bench rejected the request, or has closed meanwhile.
        """
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        if self._reading.done():
            raise RejectedError("the bench has closed")
        number = self.send(do=do, **fields)
        reply = self._waiting[number] = asyncio.get_running_loop().create_future()
        return await reply

    async def call(self, name: str, /, **arguments: Any) -> Any:
        """Make a call of the bench and return its result. Raises as `request`.

        Args:
            name: the call.
            arguments: the arguments of the call.
        """
        return await self.request("call", call=name, arguments=arguments, by=BY)

    async def _read(self) -> None:
        try:
            while line := await self.reader.readline():
                message = orjson.loads(line)
                if "progress" in message or (reply := self._waiting.pop(message.get("id"), None)) is None:
                    continue
                if reply.done():  # the caller no longer waits
                    continue
                if "error" in message:
                    reply.set_exception(RejectedError(message["error"]["message"]))
                else:
                    reply.set_result(message["result"])
        except (OSError, ValueError):
            pass  # the same as the end of the connection
        finally:
            for reply in self._waiting.values():
                if not reply.done():
                    reply.set_exception(RejectedError("the bench closed during the request"))

    @property
    def is_open(self) -> bool:
        """Whether the connection is open: the bench has not closed it."""
        return not (self._reading is not None and self._reading.done()) and not self._writer.is_closing()

    def close(self) -> None:
        """Close the connection. The bench then undoes the acts that last as long as their connection."""
        if self._reading is not None:
            self._reading.cancel()
        self._writer.close()


async def find(wanted: Wanted) -> Link | None:
    """Connect to a bench; None if it is not open.

    Args:
        wanted: the bench.

    Raises:
        BenchError: the bench has another version of the live socket.
    """
    for connected in await asyncio.to_thread(lambda: list(connections())):
        reader, writer = await asyncio.open_unix_connection(sock=connected, limit=_LONGEST_LINE)
        hello: Mapping[str, Any] = {}
        with contextlib.suppress(TimeoutError, OSError, ValueError):
            async with asyncio.timeout(_GREETING_S):
                hello = orjson.loads(await reader.readline()).get("hello") or {}
        if not hello or not wanted.matches(hello):
            writer.close()
            continue
        if hello["protocol"] != PROTOCOL:
            writer.close()
            raise BenchError(
                f"{hello['program']}, process {hello['pid']}, speaks version {hello['protocol']} of the live socket, "
                f"this page version {PROTOCOL}",
                "Use `rig console` of the same installation",
            )
        return Link(reader, writer, hello)
    return None


@contextlib.asynccontextmanager
async def connected(wanted: Wanted) -> AsyncIterator[Link | None]:
    """Connect to a bench within the block; None if it is not open. Raises as `find`."""
    link = await find(wanted)
    try:
        yield link
    finally:
        if link is not None:
            link.close()
