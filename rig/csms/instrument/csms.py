"""The whole instrument: start, stop, reset. The other files of this folder hold the methods for tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from rig.csms.behaviour import Behaviour
from rig.csms.close_frame import CloseCode, CloseReason, validate_close_reason
from rig.csms.instrument.calls import Calls
from rig.csms.instrument.connections import Connections
from rig.csms.instrument.expectations import Expectations
from rig.csms.instrument.misbehaviour import Misbehaviour
from rig.csms.instrument.replies import Replies
from rig.csms.instrument.secured_access import SecuredAccess
from rig.csms.security import Security
from rig.csms.server import OPEN, CsmsServer, url_of
from rig.ocpp.versions import VERSIONS
from rig.timeline import Timeline
from rig.util.checked import checked


class Csms(Connections, Expectations, Calls, Replies, Misbehaviour, SecuredAccess):
    """A fake CSMS for OCPP 1.6J, 2.0.1 and 2.1 on the bench's loop. It behaves normally until a test changes that.

    All methods may be called from any thread except the loop's. They block at most until their timeout, and
    `charge_point=None` means the bench's own charge point. Timeouts are in bench seconds.

    Args:
        timeline: the bench's timeline. It gets every frame as `OcppFrame`, validated against the schemas.
        loop: the bench's event loop, running in its own thread.
        host: the address to listen on.
        port: 0 takes a free port. The port stays the same until `shut_down`.
        identity: the bench's own charge point; empty: the first one that connects.
        heartbeat_interval_s: the interval of BootNotification.conf, in seconds.
        security: the login that charge points need.
        protocols: the accepted sub-protocols: `ocpp1.6`, `ocpp2.0.1`, `ocpp2.1`. Among these, the CSMS takes the charge
            point's first choice.
        strict: whether deviations that real CSMSs tolerate are violations (docs/csms.md#two-grades).

    Attributes:
        behaviour: the normal answers: `registration`, `tags`, `unlisted_tag`, `heartbeat_interval_s`, `strict`.

    Raises:
        BenchError: the port is taken.
    """

    def __init__(
        self,
        timeline: Timeline,
        loop: asyncio.AbstractEventLoop,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        identity: str = "",
        heartbeat_interval_s: int = 300,
        security: Security = OPEN,
        protocols: Sequence[str] = tuple(VERSIONS),
        strict: bool = True,
    ) -> None:
        self.timeline = timeline
        self.behaviour = Behaviour(timeline.clock, heartbeat_interval_s, strict=strict)
        self._loop = loop
        self._identity = identity
        self._calling = threading.Lock()
        self._server = CsmsServer(timeline, self.behaviour, host, port, security, protocols)

    def start(self) -> None:
        """Start to listen. This does nothing if the CSMS listens already.

        Raises:
            BenchError: another program listens on the port.
        """
        self.on_loop(self._server.start(), "start the CSMS")

    @checked
    def stop(self, code: CloseCode | None = None, reason: CloseReason = "") -> None:
        """End all connections and refuse new ones until `start`.

        Args:
            code: close the connections with this code (RFC 6455 section 7.4), e.g. 1012 for a restart; None: reset
                them, as a crash would.
            reason: the close reason.

        Raises:
            AuthorError: a close frame cannot hold the code or the reason.
        """
        validate_close_reason("stop", reason)
        self.on_loop(self._server.stop(code, reason), "stop the CSMS")

    def shut_down(self) -> None:
        """Stop permanently and release the port."""
        self.on_loop(self._server.close(), "shut down the CSMS")

    def reset(self) -> None:
        """Restore a normal CSMS: it listens and answers, and no answer is replaced or held."""

        async def back_to_normal() -> None:
            await self._server.reset()
            await self._server.start()

        self.on_loop(back_to_normal(), "reset the CSMS")

    @property
    def is_listening(self) -> bool:
        """Whether the CSMS was started and not stopped since."""
        return self._server.is_listening

    @property
    def port(self) -> int:
        """The TCP port of the CSMS."""
        return self._server.port

    @property
    def speaks_tls(self) -> bool:
        """Whether new connections must begin with TLS."""
        return self._server.speaks_tls

    @checked
    def url(self, identity: str = "") -> str:
        """Return the URL for a charge point that connects directly, without the bench's proxy."""
        return url_of(self._server.host, self.port, identity or self._who(None), tls=self.speaks_tls)
