"""The instrument as a whole: start, stop, reset. Its parts have the methods for tests, by file."""

from __future__ import annotations

import asyncio
import threading

from rig.csms.behaviour import Behaviour
from rig.csms.instrument.calls import Calls
from rig.csms.instrument.connections import Connections
from rig.csms.instrument.expectations import Expectations
from rig.csms.instrument.misbehaviour import Misbehaviour
from rig.csms.instrument.replies import Replies
from rig.csms.instrument.secured_access import SecuredAccess
from rig.csms.server import CsmsServer, url_of
from rig.timeline import Timeline


class Csms(Connections, Expectations, Calls, Replies, Misbehaviour, SecuredAccess):
    """A fake CSMS for OCPP 1.6J on the bench's loop. It behaves normally until a test changes that.

    All methods may be called from any thread but the loop's, block at most for their time limit, and take
    `charge_point=None` for the bench's own charge point. Time limits are in bench seconds.

    Args:
        timeline: the bench's timeline; every frame in and out stands there as `OcppFrame`, judged against the schemas.
        loop: the bench's event loop, running in its own thread.
        host: the address to listen on.
        port: 0 takes a free one. It stays the same over the instrument's life.
        identity: the bench's own charge point; empty: the first that connects.
        heartbeat_interval_s: the interval of BootNotification.conf, in seconds.

    Attributes:
        behaviour: what a normal answer is: `registration`, `tags`, `unlisted_tag`, `heartbeat_interval_s`.

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
    ) -> None:
        self.timeline = timeline
        self.behaviour = Behaviour(timeline.clock, heartbeat_interval_s)
        self._loop = loop
        self._identity = identity
        self._calling = threading.Lock()
        self._server = CsmsServer(timeline, self.behaviour, host, port)

    def start(self) -> None:
        """Listen, unless it listens already.

        Raises:
            BenchError: somebody else listens on the port.
        """
        self.on_loop(self._server.start(), "start the CSMS")

    def stop(self, code: int | None = None, reason: str = "") -> None:
        """End all connections and refuse new ones until `start`.

        Args:
            code: say goodbye with this close code (RFC 6455 section 7.4), e.g. 1012 for a restart; None: reset the
                connections, as a crash would.
            reason: the close reason.
        """
        self.on_loop(self._server.stop(code, reason), "stop the CSMS")

    def shut_down(self) -> None:
        """Stop for good and give the port back."""
        self.on_loop(self._server.close(), "shut down the CSMS")

    def reset(self) -> None:
        """Restore a normal CSMS: it listens and answers, and no answer is replaced or held."""

        async def back_to_normal() -> None:
            await self._server.reset()
            await self._server.start()

        self.on_loop(back_to_normal(), "reset the CSMS")

    @property
    def is_listening(self) -> bool:
        """Whether it was started and not stopped since."""
        return self._server.is_listening

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return self._server.port

    def url(self, identity: str = "") -> str:
        """The URL at which a charge point reaches it directly, without the bench's proxy."""
        return url_of(self._server.host, self.port, identity or self._who(None), tls=self._server.speaks_tls)
