"""The HTTP client of the model."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit


async def transfer(method: str, url: str, data: bytes = b"") -> bytes | None:
    """Send one request, and return the body of its answer.

    Args:
        method: GET or PUT.
        url: with HTTP.
        data: the body of the request.

    Returns:
        None if the server refuses the request, or nothing answers.
    """
    place = urlsplit(url)
    head = f"{method} {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: {len(data)}\r\nConnection: close"
    try:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(f"{head}\r\n\r\n".encode() + data)
        status, _, rest = (await reader.read()).partition(b"\r\n")
        writer.close()
        await writer.wait_closed()
    except OSError:
        return None
    return rest.partition(b"\r\n\r\n")[2] if status.split()[1].startswith(b"2") else None
