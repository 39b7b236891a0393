"""TLS below any protocol: a handshake that reports why it failed, then a transport as for TCP.

asyncio's TLS does not report a failed handshake, and does not send the alert that gives the client the reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any, cast

from rig.util import tcp
from rig.util.read_buffer import BufferedReads

_CHUNK = 1 << 16
_CERTIFICATE_ALERTS = {
    "UNKNOWN_CA": "its root is unknown to the client",
    "DECRYPT_ERROR": "its signature is not that of its root",
    "CERTIFICATE_EXPIRED": "it has expired, or is not valid yet",
    "CERTIFICATE_REVOKED": "it is revoked",
    "BAD_CERTIFICATE": "it is bad, e.g. for another host",
    "CERTIFICATE_UNKNOWN": "the client gives no reason",
    "UNSUPPORTED_CERTIFICATE": "it is of an unsupported kind",
}
"""The TLS alerts that reject the server's certificate (RFC 5246 section 7.2.2)."""


class TlsServer(BufferedReads):
    """The server's end of TLS on one TCP connection.

    Args:
        above: gets the connection after the handshake.
        context: the TLS context of the server.
        made: called when the TCP connection is established.
        opened: called when the handshake is complete.
        refused: called with the reason when the handshake has failed.
        lost: called when the TCP connection is closed.

    Attributes:
        transport: the transport of TCP.
    """

    transport: asyncio.Transport

    def __init__(
        self,
        above: asyncio.Protocol,
        context: ssl.SSLContext,
        *,
        made: Callable[[TlsServer], None],
        opened: Callable[[TlsServer], None],
        refused: Callable[[TlsServer, str], None],
        lost: Callable[[TlsServer], None],
    ) -> None:
        self._above = above
        self._made = made
        self._opened = opened
        self._refused = refused
        self._lost = lost
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._is_open = False
        self._has_failed = False

    @property
    def is_shaking_hands(self) -> bool:
        """Whether the handshake is pending."""
        return not (self._is_open or self._has_failed)

    def silence(self) -> None:
        """Stop reading, and thus answering, until `speak`."""
        self.transport.pause_reading()

    def speak(self) -> None:
        """Continue the handshake."""
        self.transport.resume_reading()

    def hang_up(self) -> None:
        """End the TCP connection with FIN, without a TLS alert."""
        self._has_failed = True  # as for `reset`
        self.transport.close()

    def reset(self) -> None:
        """End the TCP connection with RST."""
        self._has_failed = True  # the CSMS ends the connection: do not report a refusal
        tcp.reset(self.transport)

    # -- callbacks of TCP -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport of a new TCP connection."""
        self.transport = cast(asyncio.Transport, transport)
        self._made(self)

    def data_received(self, data: bytes) -> None:
        """Process received bytes: the handshake first, then data."""
        tcp.acknowledge(self.transport)
        self._incoming.write(data)
        if self._has_failed:
            return
        if self._is_open or self._shake_hands():
            self._hand_up()

    def eof_received(self) -> bool:
        """Close both directions after the client has closed its direction."""
        if self._is_open:
            self._above.eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end of the TCP connection."""
        if self.is_shaking_hands:
            self._fail("the client closed the connection during the TLS handshake")
        self._lost(self)
        if self._is_open:
            self._above.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pause writing: the buffer of TCP is full."""
        if self._is_open:
            self._above.pause_writing()

    def resume_writing(self) -> None:
        """Resume writing: the buffer of TCP has room again."""
        if self._is_open:
            self._above.resume_writing()

    # -- TLS ----------------------------------------------------------------------------------------------------

    def _shake_hands(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        except ssl.SSLError as error:
            self._flush()  # sends the alert
            self._fail(reason_of(error))
            self.transport.close()
            return False
        self._flush()
        self._is_open = True
        self._opened(self)
        self._above.connection_made(TlsTransport(self.transport, self._tls, self._outgoing))
        return True

    def _hand_up(self) -> None:
        """Pass on the data of all complete records at once, as TCP would."""
        received = bytearray()
        has_ended = is_broken = False
        try:
            while data := self._tls.read(_CHUNK):
                received += data
            has_ended = True  # the client has sent close_notify
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:  # a broken record, or an alert: the connection cannot go on
            is_broken = True
        self._flush()
        if is_broken:
            self.transport.close()  # first: an answer to the data could not be encrypted any more
        if received:
            self._above.data_received(bytes(received))
        if has_ended:
            self._above.eof_received()
            self.transport.close()

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data and not self.transport.is_closing():
            self.transport.write(data)

    def _fail(self, reason: str) -> None:
        self._has_failed = True
        self._refused(self, reason)


class TlsTransport(asyncio.Transport):
    """The transport of the protocol above TLS.

    Args:
        below: the transport of TCP.
        tls: the TLS object, after its handshake.
        outgoing: the buffer that `tls` writes to.
    """

    def __init__(self, below: asyncio.Transport, tls: ssl.SSLObject, outgoing: ssl.MemoryBIO) -> None:
        super().__init__()
        self._below = below
        self._tls = tls
        self._outgoing = outgoing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return information of TLS (`ssl_object`) or of TCP."""
        return self._tls if name == "ssl_object" else self._below.get_extra_info(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        if data and not self._below.is_closing():
            self._tls.write(data)
            self._below.write(self._outgoing.read())

    def can_write_eof(self) -> bool:
        """Return False: TLS ends both directions at once."""
        return False

    def close(self) -> None:
        """Send close_notify and close."""
        if self._below.is_closing():
            return
        with contextlib.suppress(ssl.SSLError):  # `unwrap` raises because the client's close_notify is still to come
            self._tls.unwrap()
        self._below.write(self._outgoing.read())
        self._below.close()

    def abort(self) -> None:
        """Close without close_notify."""
        self._below.abort()

    def is_closing(self) -> bool:
        """Return whether it is closing or closed."""
        return self._below.is_closing()

    def is_reading(self) -> bool:
        """Return whether it reads."""
        return self._below.is_reading()

    def pause_reading(self) -> None:
        """Stop reading."""
        self._below.pause_reading()

    def resume_reading(self) -> None:
        """Resume reading."""
        self._below.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set the limits of flow control."""
        self._below.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """Return the number of bytes not sent yet."""
        return self._below.get_write_buffer_size()


def reason_of(error: ssl.SSLError) -> str:
    """Return why a TLS handshake failed, as seen by the server.

    Args:
        error: the error of OpenSSL.
    """
    code = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the client's certificate is rejected: {error.verify_message}"
    if code == "HTTP_REQUEST":
        return "the client uses HTTP without TLS, and this port needs TLS: its URL must begin with wss:// or https://"
    if code == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return "the client sent no certificate, and security profile 3 needs one"
    _, is_alert, alert = code.partition("_ALERT_")
    if is_alert:
        why = _CERTIFICATE_ALERTS.get(alert)
        if why is not None:
            return f"the client rejected the server's certificate: {why}"
        return f"the client ended the TLS handshake with the alert {_in_words(alert)}"
    return f"the TLS handshake failed: {_in_words(code) or error}"


def _in_words(code: str) -> str:
    return code.lower().replace("_", " ")
