"""Frames that a test sends to a charge point: calls, raw text, bytes, pings."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed

from rig.csms.instrument.observations import Observations
from rig.csms.sendable import validate_sendable
from rig.ocpp.messages import Request
from rig.timeline.events import Event, LinkChange, OcppFrame
from rig.util.checked import Count, Seconds, checked
from rig.util.errors import AuthorError, ExpectationError
from rig.util.loop import submit
from rig.util.redaction import masked, remember_secrets
from rig.util.text import visible

LONGEST_PAYLOAD = 125
"""The bytes that a control frame can hold (RFC 6455 section 5.5)."""


class CallErrorReceived(ExpectationError):  # noqa: N818 - named after the frame CALLERROR
    """The charge point answered a call with a CALLERROR.

    Attributes:
        action: the action of the call.
        code: the error code, e.g. `NotSupported` (OCPP-J 1.6 section 4.2.3).
        description: the description in the CALLERROR.
        details: the details in the CALLERROR.
    """

    def __init__(self, action: str, code: str, description: str, details: Any) -> None:
        self.action = action
        self.code = code
        self.description = description
        self.details = details
        said = " ".join(str(part) for part in (masked(description), masked(details)) if part)
        super().__init__(visible(f"{action} was answered with CALLERROR {masked(code)}{f': {said}' if said else ''}"))


class Calls(Observations):
    """Frames that a test sends through the CSMS."""

    _calling: threading.Lock  # held while a call is unanswered; `Csms` sets it

    @checked
    def call(
        self,
        request: str | Request,
        payload: Mapping[str, Any] | None = None,
        *,
        timeout: Seconds = 10.0,
        check: bool = True,
        charge_point: str | None = None,
    ) -> dict[str, Any]:
        """Call the charge point and wait for its answer.

        A call from another thread waits until the previous call has ended (OCPP-J 1.6 section 4.1.1).

        Args:
            request: an action, e.g. `RemoteStartTransaction`, or a typed request of `rig.ocpp.messages`.
            payload: the payload of an action; None: an empty object.
            timeout: bench seconds.
            check: False also sends a payload that breaks the schema.
            charge_point: the identity of the charge point.

        Returns:
            The payload of its CALLRESULT.

        Raises:
            CallErrorReceived: the charge point answered with a CALLERROR.
            ExpectationError: the answer is invalid or did not come in time, or there is no connection.
            AuthorError: the request is not JSON; or `check` is True, and the request breaks its schema.
        """
        action, fields = (request.action, request.fields) if isinstance(request, Request) else (request, {})
        content = {**fields, **(payload or {})}
        point = self._point(charge_point)
        validate_sendable(action, content, "request", check=check, versions=self._versions(charge_point))
        remember_secrets(content)
        with self._calling:
            since = self.timeline.mark()
            unique_id = self.on_loop(point.call(action, content), f"call {action}")
            found = self.timeline.expect(
                Event,
                lambda event: _ends_call(event, point.identity, unique_id),
                since=since,
                timeout=timeout,
                what=f"the answer of {point.identity} to {action} {masked(content)}",
                consume=False,
                explain=lambda _: self.exchange(point.identity, since),
            )
        if not isinstance(found, OcppFrame):
            raise ExpectationError(
                f"{point.identity} disconnected before it answered {action}\n{self.exchange(point.identity, since)}"
            )
        if found.error:
            raise ExpectationError(f"{point.identity} answered {action} wrongly: {found.error}\n{visible(found.raw)}")
        answer: dict[str, Any] = found.payload
        if found.message_type == "CALLERROR":
            raise CallErrorReceived(action, answer["code"], answer["description"], answer["details"])
        return answer

    @checked
    def send_raw(self, text: str, *, fragments: int = 1, charge_point: str | None = None) -> None:
        """Send any text to the charge point, valid or not.

        Args:
            text: the message.
            fragments: the number of WebSocket frames (RFC 6455 section 5.4). A ping follows each frame except the last.
            charge_point: the identity of the charge point.

        Raises:
            ExpectationError: the charge point is not connected.
            AuthorError: the text has fewer characters than `fragments`.
        """
        if not 1 <= fragments <= max(1, len(text)):
            raise AuthorError(
                f"a text of {len(text)} characters can have 1 to {max(1, len(text))} fragments, not {fragments}"
            )
        self.on_loop(self._point(charge_point).send_raw(text, fragments), "send a raw frame")

    @checked
    def send_binary(self, data: bytes, *, charge_point: str | None = None) -> None:
        """Send a binary message, which OCPP-J does not use.

        Raises:
            ExpectationError: the charge point is not connected.
        """
        self.on_loop(self._connection(charge_point, "send a binary message to").send(data), "send a binary message")

    @checked
    def ping(self, payload: bytes = b"", *, timeout: Seconds = 10.0, charge_point: str | None = None) -> None:
        """Send a WebSocket ping and wait for its pong (RFC 6455 section 5.5.2).

        Args:
            payload: the payload, at most 125 bytes.
            timeout: bench seconds.
            charge_point: the identity of the charge point.

        Raises:
            ExpectationError: no pong came in time, or the connection ended first.
            AuthorError: the payload is too long.
        """
        _validate_payload("ping", payload)
        connection = self._connection(charge_point, "ping")
        deadline = self.timeline.clock.deadline(timeout)

        async def ping_and_wait() -> None:
            await (await connection.ping(payload))

        pong = submit(self._loop, ping_and_wait(), "CSMS: ping")
        try:
            deadline.result(pong)
            return
        except ConnectionClosed as closed:
            problem = f"the connection ended: {closed}"
        except TimeoutError:
            pong.cancel()
            problem = "no pong came"
        who = self._who(charge_point)
        raise ExpectationError(f"expected within {timeout:g} s: a pong of {who}\n{problem}\n{self.exchange(who)}")

    @checked
    def pong(self, payload: bytes = b"", *, times: Count = 1, charge_point: str | None = None) -> None:
        """Send one or more unsolicited WebSocket pongs without a pause (RFC 6455 section 5.5.3).

        Args:
            payload: the payload, at most 125 bytes.
            times: the number of pongs.
            charge_point: the identity of the charge point.

        Raises:
            ExpectationError: the charge point is not connected.
            AuthorError: the payload is too long.
        """
        _validate_payload("pong", payload)
        self.on_loop(self._connection(charge_point, "send a pong to").flood(payload, times), "send pongs")


def _validate_payload(what: str, payload: bytes) -> None:
    if len(payload) > LONGEST_PAYLOAD:
        raise AuthorError(f"the payload of a {what} has at most {LONGEST_PAYLOAD} bytes, not {len(payload)}")


def _ends_call(event: Event, who: str, unique_id: str) -> bool:
    if isinstance(event, LinkChange):
        return event.charge_point == who and not event.connected
    return (
        isinstance(event, OcppFrame)
        and event.charge_point == who
        and event.direction == "received"
        and event.unique_id == unique_id
        and event.message_type in ("CALLRESULT", "CALLERROR")
    )
