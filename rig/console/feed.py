"""The relay of a bench's events to one page. It keeps no events, and reads only as fast as the page does."""

from __future__ import annotations

import asyncio

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from rig.console.link import Link, Wanted, connected
from rig.util.errors import BenchError

_BACKLOG = 10_000
"""The number of earlier events that a new page gets."""
_AGAIN_S = 0.5
"""Real seconds between two looks for a bench."""
_CHUNK = 1 << 18


async def relay(page: WebSocket, wanted: Wanted) -> None:
    """Send the messages of a bench to a page until the page disconnects, even if the bench is reopened meanwhile.

    The first message of the page is `{"since": …, "pid": …}`: the first event that it lacks, and the process that had
    the bench.

    Args:
        page: the page's connection, which is not accepted yet.
        wanted: the bench.
    """
    await page.accept()
    try:
        first = orjson.loads(await page.receive_text())
        since, pid = int(first["since"]), int(first["pid"])
    except (WebSocketDisconnect, ValueError, KeyError, TypeError):
        return
    sending = asyncio.create_task(_send(page, wanted, since, pid))
    leaving = asyncio.create_task(_until_left(page))
    await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    for task in (sending, leaving):
        task.cancel()
    await asyncio.gather(sending, leaving, return_exceptions=True)


async def _until_left(page: WebSocket) -> None:
    while (await page.receive())["type"] != "websocket.disconnect":
        pass


async def _send(page: WebSocket, wanted: Wanted, since: int, pid: int) -> None:
    waits = ""
    while True:
        why = f"No bench of {wanted} is open. The page continues when a program opens it, such as pytest."
        try:
            async with connected(wanted) as link:
                if link is not None:
                    waits = ""
                    await _follow(page, link, since if link.hello["pid"] == pid else 1)
                    pid = 0  # another bench has a timeline of its own
                    continue
        except BenchError as error:
            why = str(error)
        if waits != why:
            waits = why
            await page.send_text(_line({"waiting": why}))
        await asyncio.sleep(_AGAIN_S)


async def _follow(page: WebSocket, link: Link, since: int) -> None:
    """Relay until the bench closes.

    Args:
        page: the page.
        link: the bench.
        since: the id of the first event that the page lacks; 1 if it has no events of this bench.
    """
    await page.send_text(_line({"hello": dict(link.hello), "continues": since > 1}))
    number = link.send(do="state")
    while line := await link.reader.readline():
        await page.send_text(line.decode())
        message = orjson.loads(line)
        if message.get("id") == number:
            events = message.get("result", {}).get("live", {}).get("events", 0)
            since = max(since, events - _BACKLOG, 1)
            link.send(do="subscribe", since=since)
            break
    rest = b""
    while data := await link.reader.read(_CHUNK):
        whole, newline, rest = (rest + data).rpartition(b"\n")
        if newline:
            await page.send_text(whole.decode())


def _line(message: dict[str, object]) -> str:
    return orjson.dumps(message).decode() + "\n"
