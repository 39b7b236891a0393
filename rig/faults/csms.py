"""Faults of the CSMS."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, ClassVar

from rig.csms.bad_answer import BadAnswer
from rig.csms.bad_handshake import BadHandshake as HandshakeKind
from rig.csms.close_frame import CloseCode, CloseReason, validate_close_reason
from rig.csms.refusals import REFUSALS
from rig.faults.fault import Bench, Fault, one_of
from rig.util.arguments import validate_url_header
from rig.util.checked import Limits, RetryAfter
from rig.util.errors import AuthorError, BenchError

_ERRORS_FROM = 400
_TEN_YEARS_S = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class CsmsGone(Fault):
    """The CSMS is down: open connections are reset, new ones are refused. At the end, the CSMS restarts."""

    name: ClassVar[str] = "csms-gone"
    summary: ClassVar[str] = "connections are reset and new ones refused until the fault is lifted"
    on_csms: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Stop the CSMS. Refuse connections at the proxy too: its port stays open without the CSMS."""
        restore.callback(bench.network.admit, bench.network.admission)
        bench.network.admit("refuse")
        if bench.csms.is_listening:
            restore.callback(bench.csms.start)
        bench.csms.stop()
        bench.network.drop_connections()


@dataclass(frozen=True, slots=True)
class CsmsRestart(Fault):
    """The CSMS restarts cleanly: it closes with 1012 (service restart) and listens again at once."""

    name: ClassVar[str] = "csms-restart"
    summary: ClassVar[str] = "the CSMS closes all connections with 1012 and is back at once"
    on_csms: ClassVar[bool] = True

    def validate_possible(self, bench: Bench) -> None:
        """Reject a restart while the CSMS is down: the fault would start the CSMS too early."""
        if not bench.csms.is_listening:
            raise BenchError(f"The fault {self.name} needs a CSMS that listens: it is gone", "Lift csms-gone first")

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Stop with close code 1012, then start."""
        restore.callback(bench.csms.start)
        bench.csms.stop(1012, "service restart")
        bench.csms.start()


@dataclass(frozen=True, slots=True)
class CsmsSilent(Fault):
    """The CSMS reads everything and answers nothing, neither calls nor pings nor handshakes."""

    name: ClassVar[str] = "csms-silent"
    summary: ClassVar[str] = "the CSMS reads but answers nothing: no result, no pong, no opening handshake"
    on_csms: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Suppress all answers, then send them again."""
        restore.enter_context(bench.csms.silence())


@dataclass(frozen=True, slots=True)
class NoPong(Fault):
    """The CSMS answers everything except pings."""

    name: ClassVar[str] = "no-pong"
    summary: ClassVar[str] = "the CSMS answers everything except WebSocket pings"
    on_csms: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Suppress pongs, then send them again."""
        restore.enter_context(bench.csms.no_pong())


@dataclass(frozen=True, slots=True)
class PingFlood(Fault):
    """The CSMS sends pings without waiting for their pongs.

    Args:
        hz: pings for each bench second, at most 10,000.
    """

    hz: Annotated[float, Limits(above=0, most=10_000)] = 100.0
    name: ClassVar[str] = "ping-flood"
    summary: ClassVar[str] = "the CSMS sends that many WebSocket pings each second"
    on_csms: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Send pings, then stop."""
        restore.enter_context(bench.csms.ping_flood(self.hz))


@dataclass(frozen=True, slots=True)
class Trickle(Fault):
    """Everything that the CSMS sends arrives slowly, including opening handshakes.

    Args:
        bytes_per_s: the rate in bytes for each bench second.
    """

    bytes_per_s: Annotated[float, Limits(least=0.01, most=1_000_000)] = 20.0
    name: ClassVar[str] = "trickle"
    summary: ClassVar[str] = "the CSMS sends everything at that many bytes each second"
    on_csms: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Slow down. At the end, send all waiting data at once."""
        restore.enter_context(bench.csms.trickle(self.bytes_per_s))


@dataclass(frozen=True, slots=True)
class WebSocketClose(Fault):
    """The CSMS closes all connections once, with any close code.

    Args:
        code: the close code, from 0 to 65535. RFC 6455 section 7.4 does not allow all of them.
        reason: the close reason.
    """

    code: CloseCode = 1001
    reason: CloseReason = ""
    name: ClassVar[str] = "websocket-close"
    summary: ClassVar[str] = "the CSMS closes all connections once, with a close code"
    on_csms: ClassVar[bool] = True

    def validate_limits(self) -> None:
        """Check the length of the reason."""
        validate_close_reason(self.name, self.reason)

    def apply(self, bench: Bench, restore: ExitStack) -> None:  # noqa: ARG002 - over as soon as it has happened
        """Close the connections."""
        bench.csms.close_all(self.code, self.reason)


@dataclass(frozen=True, slots=True)
class HttpRefusal(Fault):
    """The CSMS resets existing connections, and refuses or redirects opening handshakes.

    Args:
        status: an HTTP error or redirection, e.g. 301, 401, 404, 503.
        retry_after_s: the seconds in the header Retry-After; 0 for no such header.
        location: the URL in the header Location of a redirection. If it is empty, the redirection leads to the
            requested URL.
    """

    status: int = 503
    retry_after_s: RetryAfter = 0
    location: str = ""
    name: ClassVar[str] = "http-refusal"
    summary: ClassVar[str] = "connections are reset and opening handshakes refused or redirected with an HTTP status"
    on_csms: ClassVar[bool] = True

    def validate_limits(self) -> None:
        """Check that the status is an HTTP error or a redirection."""
        one_of(self, "status", REFUSALS)
        validate_url_header(f"{self.name}: location", self.location)
        if self.location and self.status >= _ERRORS_FROM:
            raise AuthorError(f"{self.name}: only a redirection (status below 400) has a location")

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Refuse handshakes, then accept them again."""
        restore.enter_context(bench.csms.refuse(self.status, self.retry_after_s, self.location))
        bench.network.drop_connections()


@dataclass(frozen=True, slots=True)
class BadHandshake(Fault):
    """The CSMS resets existing connections, and answers opening handshakes with malformed responses.

    Args:
        kind: the malformed response (docs/faults.md#kinds-of-malformed-answers).
    """

    kind: HandshakeKind = "half"
    name: ClassVar[str] = "bad-handshake"
    summary: ClassVar[str] = "connections are reset and opening handshakes receive malformed answers"
    on_csms: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Malform handshakes. At the end, reset all connections: some wait for the rest of a response."""
        restore.callback(bench.network.drop_connections)
        restore.enter_context(bench.csms.malform_handshakes(self.kind))
        bench.network.drop_connections()


@dataclass(frozen=True, slots=True)
class BadAnswers(Fault):
    """The CSMS reads every CALL and sends a malformed answer.

    Args:
        kind: the malformed answer (docs/faults.md#kinds-of-malformed-answers).
    """

    kind: BadAnswer = "half"
    name: ClassVar[str] = "bad-answers"
    summary: ClassVar[str] = "the CSMS answers every call with a malformed message"
    on_csms: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Malform answers, then stop."""
        restore.enter_context(bench.csms.malform_answers(self.kind))


@dataclass(frozen=True, slots=True)
class ClockJump(Fault):
    """The clock of the CSMS is wrong until the end.

    Args:
        seconds: the seconds by which the clock is ahead, at most ten years either way.
    """

    seconds: Annotated[float, Limits(least=-_TEN_YEARS_S, most=_TEN_YEARS_S)] = 3600
    name: ClassVar[str] = "clock-jump"
    summary: ClassVar[str] = "the CSMS' clock is that many seconds ahead"
    on_csms: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Offset the clock, then restore it."""
        behaviour = bench.csms.behaviour
        restore.callback(setattr, behaviour, "clock_offset_s", behaviour.clock_offset_s)
        behaviour.clock_offset_s += self.seconds


FAULTS: tuple[type[Fault], ...] = (
    CsmsGone,
    CsmsRestart,
    CsmsSilent,
    NoPong,
    PingFlood,
    Trickle,
    WebSocketClose,
    HttpRefusal,
    BadHandshake,
    BadAnswers,
    ClockJump,
)
"""In the order of the catalogue."""
