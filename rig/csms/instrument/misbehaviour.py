"""Misbehaviour of the CSMS: silence, missing pongs, malformed handshakes and answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from rig.csms.bad_answer import BadAnswer
from rig.csms.bad_handshake import BadHandshake
from rig.csms.close_frame import CloseCode, CloseReason, validate_close_reason
from rig.csms.connection import Mute
from rig.csms.frame_effects import Effect, MalformAnswer
from rig.csms.instrument.part import CsmsPart
from rig.csms.refusals import REFUSALS
from rig.csms.wire import FrameFault, Selection
from rig.util.arguments import validate_url_header
from rig.util.checked import RetryAfter, checked
from rig.util.errors import AuthorError

_FASTEST_TRICKLE = 1e6
_FASTEST_PINGS_HZ = 1e4


class Misbehaviour(CsmsPart):
    """Misbehaviour towards all charge points, as context managers that restore the previous behaviour."""

    @contextlib.contextmanager
    def silence(self) -> Iterator[None]:
        """Read everything and send nothing within the block: no answer, pong, Close frame or handshake."""
        with self._muted("all"):
            yield

    @contextlib.contextmanager
    def no_pong(self) -> Iterator[None]:
        """Leave pings unanswered within the block, and answer everything else."""
        with self._muted("pong"):
            yield

    @contextlib.contextmanager
    @checked
    def refuse(self, status: int = 503, retry_after_s: RetryAfter = 0, location: str = "") -> Iterator[None]:
        """Refuse or redirect opening handshakes within the block. Open connections stay.

        Args:
            status: the HTTP status, one of `REFUSALS`.
            retry_after_s: the seconds in the header Retry-After (RFC 9110 section 10.2.3); 0 for no such header.
            location: the URL in the header Location of a redirection (RFC 9110 section 10.2.2); empty: the URL that
                the client asked for.
        """
        if status not in REFUSALS:
            raise AuthorError(
                f"the HTTP status of a refusal must be one of {', '.join(map(str, REFUSALS))}, not {status}"
            )
        validate_url_header("refuse: location", location)
        server = self._server
        before = server.refuse_with, server.retry_after_s, server.redirect_to
        server.refuse_with, server.retry_after_s, server.redirect_to = status, retry_after_s, location
        try:
            yield
        finally:
            server.refuse_with, server.retry_after_s, server.redirect_to = before

    @contextlib.contextmanager
    @checked
    def malform_handshakes(self, kind: BadHandshake) -> Iterator[None]:
        """Send malformed answers to opening handshakes within the block. Open connections stay."""
        before, self._server.bad_handshake = self._server.bad_handshake, kind
        try:
            yield
        finally:
            self._server.bad_handshake = before

    @contextlib.contextmanager
    @checked
    def malform_answers(self, kind: BadAnswer) -> Iterator[None]:
        """Send a malformed answer to every CALL within the block."""
        with self.tamper(MalformAnswer(kind), Selection(), name="bad-answers"):
            yield

    @contextlib.contextmanager
    @checked
    def tamper(
        self, effect: Effect, selection: Selection | None = None, *, name: str = "frame fault"
    ) -> Iterator[FrameFault]:
        """Change the delivery or the content of single frames within the block.

        Frames that are held back at the end of the block are delivered then.

        Args:
            effect: the change (`rig.csms.frame_effects`).
            selection: the frames; None: every frame that the CSMS sends.
            name: the name of the fault on the timeline.

        Yields:
            The fault, which counts the matching and the changed frames.
        """
        fault = FrameFault(name, effect, selection or Selection())
        self.on_loop(self._server.add_frame_fault(fault), f"begin {name}")
        try:
            yield fault
        finally:
            self.on_loop(self._server.remove_frame_fault(fault), f"end {name}")

    @contextlib.contextmanager
    @checked
    def trickle(self, bytes_per_s: float) -> Iterator[None]:
        """Limit the rate of everything that the CSMS sends within the block, including handshakes.

        Args:
            bytes_per_s: bytes for each bench second and connection.
        """
        if not 0 < bytes_per_s <= _FASTEST_TRICKLE:
            raise AuthorError(f"the rate must be above 0 and at most {_FASTEST_TRICKLE:g} bytes/s, not {bytes_per_s}")
        before = self.on_loop(self._server.slow_down(bytes_per_s), "slow down the CSMS")
        try:
            yield
        finally:
            self.on_loop(self._server.slow_down(before), "restore the speed of the CSMS")

    @contextlib.contextmanager
    @checked
    def ping_flood(self, hz: float) -> Iterator[None]:
        """Send pings on each connection within the block.

        Args:
            hz: pings for each bench second and connection.
        """
        if not 0 < hz <= _FASTEST_PINGS_HZ:
            raise AuthorError(f"the rate of pings must be above 0 and at most {_FASTEST_PINGS_HZ:g} Hz, not {hz}")

        async def flood() -> None:
            while True:
                await self._server.ping_all()
                await asyncio.sleep(1 / hz)

        async def begin() -> asyncio.Task[None]:
            return asyncio.create_task(flood())

        async def end(task: asyncio.Task[None]) -> None:
            task.cancel()

        flooding = self.on_loop(begin(), "begin to flood with pings")
        try:
            yield
        finally:
            self.on_loop(end(flooding), "end the flood of pings")

    def drop_connections(self) -> int:
        """Reset the TCP connections of all charge points at the CSMS. Return their number."""
        return self.on_loop(self._server.drop_connections(), "reset the connections")

    @checked
    def close_all(self, code: CloseCode, reason: CloseReason = "") -> None:
        """Close the connections of all charge points with any close code.

        Args:
            code: the code, from 0 to 65535; also a code that RFC 6455 section 7.4 forbids on the wire.
            reason: the close reason, at most 123 bytes of UTF-8.
        """
        validate_close_reason("close_all", reason)
        self.on_loop(self._server.close_connections(code, reason), f"close with {code}")

    @contextlib.contextmanager
    def _muted(self, mute: Mute) -> Iterator[None]:
        before = self.on_loop(self._server.mute(mute), "mute the CSMS")
        try:
            yield
        finally:
            self.on_loop(self._server.mute(before), "unmute the CSMS")
