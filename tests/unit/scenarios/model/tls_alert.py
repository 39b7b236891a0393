"""A TLS handshake that ends with the client's alert. asyncio closes the connection without sending it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from urllib.parse import urlsplit


async def reject_certificate(url: str, context: ssl.SSLContext) -> None:
    """Begin a handshake with a server whose certificate is known to be invalid, and send the alert.

    Args:
        url: the URL of the server.
        context: a context that rejects the certificate.
    """
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    handshake = context.wrap_bio(received, to_send, server_hostname=place.hostname)
    with contextlib.suppress(ssl.SSLCertVerificationError):
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                handshake.do_handshake()
                raise AssertionError("the certificate is valid")
            writer.write(to_send.read())
            received.write(await reader.read(1 << 16))
    writer.write(to_send.read())
    writer.close()
    await writer.wait_closed()
