"""Judges the messages of one charge point: their errors, and the error responses to them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import orjson

from rig.csms.deviations import as_read, deviation_of_payload
from rig.csms.registration import Registration
from rig.ocpp import schemas
from rig.ocpp.ocppj import (
    MAX_DESCRIPTION,
    UNREADABLE_ID,
    Call,
    CallError,
    CallResult,
    CallResultError,
    Malformed,
    Message,
    Send,
)
from rig.ocpp.versions import V16, VERSIONS, Version
from rig.timeline.events import OcppFrame
from rig.util.clock import BenchClock

_REMEMBERED_CALLS = 256  # CALLs whose content is remembered, to find a unique id that is used twice
_REMEMBERED_WHOLE = 1024  # characters of a frame; a longer one is remembered as a hash
_CALLRESULTERROR = 5  # the message type (OCPP-J 2.1 section 4.1.3)
_ALL_CODES = frozenset().union(*(version.error_codes for version in VERSIONS.values()))

GIVEN_UP_AFTER_S = 10.0
"""After this many bench seconds without an answer, a charge point is allowed to drop its CALL and send another."""


class Verdict(NamedTuple):
    """The verdict about one message.

    Attributes:
        message: the message as the CSMS reads it: a tolerated payload is repaired (`as_read`).
        action: the action of the message, or of the CALL that it answers; empty if unknown.
        error: the error; empty for a message that the CSMS accepts.
        deviation: the tolerated deviation: its name and a description; empty if there is none. If the CSMS tolerates
            nothing, `error` is set too.
        error_response: the error response of the CSMS, instead of the normal answer.
    """

    message: Message
    action: str
    error: str = ""
    deviation: str = ""
    error_response: CallError | CallResultError | None = None


@dataclass(frozen=True, slots=True)
class _Finding:
    what: str
    deviation: str = ""  # the name in `DEVIATIONS`; empty: not tolerated
    code: str = ""  # the code of the error response; empty: the normal answer


class Judge:
    """The rules for the messages of one charge point. All methods run on the bench's loop.

    Args:
        clock: the bench's clock.

    Attributes:
        version: the version of the charge point's latest connection.
        registration: the registration of the charge point.
        our_calls: unanswered CALLs of the CSMS by unique id.
        its_calls: unanswered CALLs of the charge point by unique id.
    """

    def __init__(self, clock: BenchClock) -> None:
        self.version = V16
        self.registration = Registration()
        self.our_calls: dict[str, OcppFrame] = {}
        self.its_calls: dict[str, OcppFrame] = {}
        self._clock = clock
        self._seen: OrderedDict[str, tuple[int, str, Any]] = OrderedDict()
        self._results: OrderedDict[str, str] = OrderedDict()  # actions by the unique ids of our CALLRESULTs
        self._connections = 0
        self._sent_invalid = False

    def connected(self, version: Version) -> None:
        """Begin a new connection."""
        self.version = version
        self._connections += 1
        self._sent_invalid = False
        self._results.clear()
        if version.is_16:
            self._seen.clear()  # a unique id is unique within one connection (OCPP-J 1.6 section 4.1.4)

    def disconnected(self) -> None:
        """Forget the unanswered CALLs of a connection that has ended."""
        self.our_calls.clear()
        self.its_calls.clear()

    def sent_result(self, unique_id: str, action: str) -> None:
        """Remember a CALLRESULT of the CSMS, which a CALLRESULTERROR may answer."""
        self._results[unique_id] = action
        if len(self._results) > _REMEMBERED_CALLS:
            self._results.popitem(last=False)

    def sent_invalid(self) -> None:
        """Remember that the CSMS has sent a message whose unique id the charge point may be unable to read."""
        self._sent_invalid = True

    def judge(self, message: Message, raw: str | bytes, *, strict: bool = True) -> Verdict:
        """Judge a message of the charge point.

        Args:
            message: the decoded message.
            raw: the message as on the wire.
            strict: whether a tolerated deviation is an error too.
        """
        action = self._action_of(message)
        tolerated = ""
        for found in self._findings(message, raw, action):
            deviation = f"{found.deviation}: {found.what}" if found.deviation else ""
            if strict or not deviation:
                return Verdict(message, action, found.what, deviation, self._refusal(message, found))
            tolerated = tolerated or deviation
        return Verdict(self._as_read(message, action) if tolerated else message, action, deviation=tolerated)

    def _as_read(self, message: Message, action: str) -> Message:
        match message:
            case Call() | Send():
                return replace(message, payload=as_read(action, message.payload, "request", self.version))
            case CallResult():
                return replace(message, payload=as_read(action, message.payload, "response", self.version))
            case _:
                return message

    def wrong_answer(self, action: str, message: CallResult | CallError) -> str:
        """Return the error of an answer to `action`; empty for a valid answer."""
        found = self._wrong_answer(action, message)
        return found.what if found is not None else ""

    def _action_of(self, message: Message) -> str:
        match message:
            case Call(action=action) | Send(action=action):
                return action
            case CallResultError():
                return self._results.get(message.unique_id, "")
            case Malformed():
                return ""
            case _:
                asked = self.our_calls.get(message.unique_id)
                return asked.action if asked is not None else ""

    def _findings(self, message: Message, raw: str | bytes, action: str) -> Iterable[_Finding]:
        match message:
            case Call():
                return self._wrong_call(message, raw)
            case Send():
                return self._wrong_send(message, raw)
            case CallResultError() if message.unique_id not in self._results:
                return [_Finding(f"answers {message.unique_id!r}, which is no CALLRESULT of the CSMS")]
            case CallResultError():
                return _any(self._wrong_code("CALLRESULTERROR", message.code))
            case Malformed(why=why):
                # In OCPP-J 2.0.1 (section 4.2.3), a message without a readable unique id is answered too; in 1.6 it is
                # not.
                is_answered = (message.call and message.unique_id) or self._is_corrupt_call(message)
                code = self.version.format_code if self.version.is_16 else "RpcFrameworkError"
                return [_Finding(why, code=code if is_answered else "")]
            case CallError(unique_id="-1") if not self.version.is_16 and self._sent_invalid:
                return _any(self._wrong_code("CALLERROR", message.code))
            case _ if message.unique_id in self.our_calls:
                why = self.registration.forbidden_answer(self.our_calls[message.unique_id], self.version)
                return _any(self._wrong_answer(action, message), _Finding(why) if why else None)
            case _:
                return [_Finding(f"answers {message.unique_id!r}, which is no open call of the CSMS")]

    def _is_corrupt_call(self, message: Malformed) -> bool:
        return not self.version.is_16 and not message.unique_id and (message.call or message.corrupt)

    def _wrong_call(self, message: Call, raw: str | bytes) -> Iterator[_Finding]:
        version, action = self.version, message.action
        if action in version.unconfirmed:
            yield _Finding(f"{action} is sent as SEND, not as CALL ({version} part 4)", code="RpcFrameworkError")
        elif action in schemas.actions(version) and action not in version.from_charge_point:
            yield _Finding(f"{action} is a call of the CSMS, not of a charge point", code="NotSupported")
        elif found := self._wrong_payload(action, message.payload, "request"):
            yield found
        if self.registration.restricts:
            # The caller stops at a finding that is not tolerated. So here the payload has the types of its schema.
            payload = as_read(action, message.payload, "request", version)
            if why := self.registration.forbidden_call(action, payload, version):
                is_tolerated = self.registration.status == "Pending"
                # FR.04 of OCPP 2.0.1 part 2 section 3; OCPP 1.6 has no such rule.
                code = "" if version.is_16 else "SecurityError"
                yield _Finding(why, "early-message" if is_tolerated else "", code)
        if found := self._reused(message, raw):
            yield found
        if self.its_calls and (found := self._early()):
            yield found

    def _wrong_send(self, message: Send, raw: str | bytes) -> Iterator[_Finding]:
        if message.action not in self.version.unconfirmed:
            yield _Finding(f"{message.action} is not sent as SEND ({self.version} part 4)")
        elif found := self._wrong_payload(message.action, message.payload, "request"):
            yield found
        if found := self._reused(message, raw):
            yield found

    def _wrong_payload(self, action: str, payload: Any, kind: schemas.Kind) -> _Finding | None:
        violation = schemas.check(action, payload, kind, self.version)
        if violation is None:
            return None
        return _Finding(violation.what, deviation_of_payload(action, payload, kind, self.version), code=violation.code)

    def _wrong_answer(self, action: str, message: CallResult | CallError) -> _Finding | None:
        if isinstance(message, CallError):
            return self._wrong_code("CALLERROR", message.code)
        if not action:
            return _Finding("a result for a call that could not be read")
        return self._wrong_payload(action, message.payload, "response")

    def _wrong_code(self, name: str, code: str) -> _Finding | None:
        if code in self.version.error_codes:
            return None
        deviation = "error-code" if code in _ALL_CODES else ""
        source = "OCPP-J 1.6 section 4.2.3" if self.version.is_16 else f"{self.version} part 4 section 4.3"
        return _Finding(f"{code!r} is not a {name} code of {source}", deviation)

    def _reused(self, message: Call | Send, raw: str | bytes) -> _Finding | None:
        """Find a reused unique id. Resending the same message is allowed (OCPP-J 1.6 section 4.1.4)."""
        payload = message.payload
        if len(raw) > _REMEMBERED_WHOLE:
            payload = hash(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS))
        content = (self._connections, message.action, payload)
        earlier = self._seen.setdefault(message.unique_id, content)
        if earlier is content:
            if len(self._seen) > _REMEMBERED_CALLS:
                self._seen.popitem(last=False)
            return None
        if earlier[1:] == content[1:]:
            return None
        is_older = earlier[0] != self._connections
        self._seen[message.unique_id] = content if is_older else earlier
        where = "on an earlier connection" if is_older else "before"
        return _Finding(
            f"unique id {message.unique_id!r} was used for another {earlier[1]} {where}",
            "reused-id" if is_older else "",
        )

    def _early(self) -> _Finding | None:
        """Find a CALL sent while the previous one is unanswered (OCPP-J 1.6 section 4.1.1)."""
        for waiting in tuple(self.its_calls.values()):
            waits = self._clock.between(waiting.t, self._clock.now())
            if waits >= GIVEN_UP_AFTER_S:
                del self.its_calls[waiting.unique_id]
            else:
                return _Finding(
                    f"sent while {waiting.action} [{waiting.unique_id}] is unanswered, {waits:.1f} s after it: "
                    f"only one CALL may be in flight ({self._part_4} section 4.1.1)",
                    "early-call",
                )
        return None

    @property
    def _part_4(self) -> str:
        return "OCPP-J 1.6" if self.version.is_16 else f"{self.version} part 4"

    def _refusal(self, message: Message, found: _Finding) -> CallError | CallResultError | None:
        """Return the error response to a message; None if it is answered normally or not at all."""
        description = found.what[:MAX_DESCRIPTION]
        match message:
            case Call() | Malformed() if found.code:
                return CallError(found.code, description, unique_id=message.unique_id or UNREADABLE_ID)
            case CallResult() if found.code and _CALLRESULTERROR in self.version.frame_lengths:
                return CallResultError(found.code, description, unique_id=message.unique_id)
            case _:
                return None


def _any(*findings: _Finding | None) -> list[_Finding]:
    """Return the findings that exist."""
    return [found for found in findings if found is not None]
