"""The effects of faults on single frames: on their content, and on their delivery."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from rig.csms.bad_answer import BadAnswer, bad_answer
from rig.ocpp import schemas
from rig.ocpp.breaking import Keyword, break_payload
from rig.ocpp.ocppj import Call, CallError, CallResult, Malformed, Message

Way = Literal["sent", "received"]
TcpEnd = Literal["reset", "close"]
"""The ends of a TCP connection: RST, or FIN after the bytes that were sent."""
WrongId = Literal["unknown", "empty", "number", "too-long"]
"""The wrong unique ids (OCPP-J 1.6 section 4.1.4): one that belongs to no CALL, an empty text, a number, or 37
characters."""


class Effect:
    """An effect on a frame. The base changes nothing."""

    def is_possible(self, way: Way, action: str, message: Message) -> bool:  # noqa: ARG002 - for the derived ones
        """Return whether the effect can change a frame. Other frames are not counted."""
        return True

    def altered(self, text: str | bytes, action: str, message: Message, rng: random.Random) -> str | bytes:  # noqa: ARG002
        """Return the message that takes the place of a frame.

        Args:
            text: the frame as on the wire.
            action: the action of the CALL, or of the CALL that the frame answers.
            message: the decoded frame.
            rng: the source of everything random.
        """
        return text


# -- delivery -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drop(Effect):
    """The frame never arrives."""


@dataclass(frozen=True, slots=True)
class Delay(Effect):
    """The frame arrives later, and others overtake it. The end of the fault delivers it at once.

    Attributes:
        seconds: bench seconds.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Duplicate(Effect):
    """The frame arrives several times.

    Attributes:
        copies: the number of additional frames.
    """

    copies: int = 1


@dataclass(frozen=True, slots=True)
class Reorder(Effect):
    """The frame arrives after the next one of the same direction. The end of the fault delivers it at once."""


@dataclass(frozen=True, slots=True)
class Fragments(Effect):
    """The frame arrives in several WebSocket frames, with a ping between each two (RFC 6455 section 5.4).

    Attributes:
        count: the number of frames, at most the number of characters.
    """

    count: int

    def is_possible(self, way: Way, action: str, message: Message) -> bool:  # noqa: ARG002
        """Return whether the CSMS sends the frame: the frames of a received message are already joined."""
        return way == "sent"


@dataclass(frozen=True, slots=True)
class CloseInstead(Effect):
    """The CSMS closes the connection instead of delivering the frame.

    Attributes:
        code: the close code, even one that RFC 6455 section 7.4 does not allow on the wire.
        reason: the close reason.
    """

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DisconnectInstead(Effect):
    """The CSMS ends the TCP connection instead of delivering the frame, without a Close frame.

    Attributes:
        end: the end of the connection.
    """

    end: TcpEnd = "reset"


# -- content --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Truncate(Effect):
    """Only the beginning of the text arrives.

    Attributes:
        keep: the number of characters that arrive; -1: a random number, at least one and less than all.
    """

    keep: int = -1

    def altered(self, text: str | bytes, action: str, message: Message, rng: random.Random) -> str | bytes:  # noqa: ARG002
        """Return the beginning of the text."""
        keep = self.keep if self.keep >= 0 else rng.randint(1, max(1, len(text) - 1))
        return text[:keep]


@dataclass(frozen=True, slots=True)
class WrongUniqueId(Effect):
    """The frame has another unique id.

    Attributes:
        kind: the wrong id.
    """

    kind: WrongId = "unknown"

    def is_possible(self, way: Way, action: str, message: Message) -> bool:  # noqa: ARG002
        """Return whether the frame has a unique id."""
        return not isinstance(message, Malformed)

    def altered(self, text: str | bytes, action: str, message: Message, rng: random.Random) -> str | bytes:  # noqa: ARG002
        """Return the frame with the wrong id."""
        wrong: Any = {
            "unknown": f"no-{message.unique_id}"[:36],
            "empty": "",
            "number": rng.randint(1, 1 << 31),
            "too-long": (message.unique_id or "x").ljust(37, "x")[:37],
        }[self.kind]
        return _with_element(text, 1, wrong)


@dataclass(frozen=True, slots=True)
class WrongMessageType(Effect):
    """The frame has another message type.

    Attributes:
        message_type: the number.
    """

    message_type: int = 5

    def is_possible(self, way: Way, action: str, message: Message) -> bool:  # noqa: ARG002
        """Return whether the frame has a message type."""
        return not isinstance(message, Malformed)

    def altered(self, text: str | bytes, action: str, message: Message, rng: random.Random) -> str | bytes:  # noqa: ARG002
        """Return the frame with the wrong message type."""
        return _with_element(text, 0, self.message_type)


@dataclass(frozen=True, slots=True)
class ErrorInstead(Effect):
    """A CALLERROR takes the place of an answer (OCPP-J 1.6 section 4.2.3).

    Attributes:
        code: any text, even one that is no code of OCPP-J.
        description: the description.
    """

    code: str = "InternalError"
    description: str = ""

    def is_possible(self, way: Way, action: str, message: Message) -> bool:  # noqa: ARG002
        """Return whether the frame is an answer."""
        return isinstance(message, CallResult | CallError)

    def altered(self, text: str | bytes, action: str, message: Message, rng: random.Random) -> str | bytes:  # noqa: ARG002
        """Return the CALLERROR."""
        return CallError(self.code, self.description, {}, message.unique_id).text()


@dataclass(frozen=True, slots=True)
class BreakSchema(Effect):
    """The payload breaks one keyword of its JSON schema.

    Attributes:
        keyword: the keyword.
    """

    keyword: Keyword = "required"

    def is_possible(self, way: Way, action: str, message: Message) -> bool:  # noqa: ARG002
        """Return whether the payload has a place where the keyword can be broken."""
        kind = _schema_kind(message)
        if kind is None:
            return False
        assert isinstance(message, Call | CallResult)
        return self._broken(action, kind, message.payload, random.Random(0)) is not None

    def altered(self, text: str | bytes, action: str, message: Message, rng: random.Random) -> str | bytes:
        """Return the frame with the broken payload."""
        kind = _schema_kind(message)
        assert kind is not None
        assert isinstance(message, Call | CallResult)
        broken = self._broken(action, kind, message.payload, rng)
        return _with_element(text, 3 if kind == "request" else 2, broken)

    def _broken(self, action: str, kind: schemas.Kind, payload: Any, rng: random.Random) -> dict[str, Any] | None:
        return break_payload(action, kind, payload, self.keyword, rng, schemas.version_of(action, payload, kind))


@dataclass(frozen=True, slots=True)
class Binary(Effect):
    """The text arrives as a binary message, which OCPP-J does not use."""

    def altered(self, text: str | bytes, action: str, message: Message, rng: random.Random) -> str | bytes:  # noqa: ARG002
        """Return the bytes of the text."""
        return text.encode() if isinstance(text, str) else text


@dataclass(frozen=True, slots=True)
class Huge(Effect):
    """Spaces before its last bracket give the frame this size. So it remains valid JSON.

    Attributes:
        size: the length in bytes.
    """

    size: int

    def altered(self, text: str | bytes, action: str, message: Message, rng: random.Random) -> str | bytes:  # noqa: ARG002
        """Return the padded text."""
        if isinstance(text, bytes):
            return text.ljust(self.size)
        padding = " " * max(0, self.size - len(text.encode()))
        return f"{text[:-1]}{padding}{text[-1:]}"


@dataclass(frozen=True, slots=True)
class MalformAnswer(Effect):
    """An answer is malformed in one of the ways of broken CSMSs and proxies.

    Attributes:
        kind: the kind of malformation.
    """

    kind: BadAnswer

    def is_possible(self, way: Way, action: str, message: Message) -> bool:  # noqa: ARG002
        """Return whether the frame is an answer."""
        return isinstance(message, CallResult | CallError)

    def altered(self, text: str | bytes, action: str, message: Message, rng: random.Random) -> str | bytes:  # noqa: ARG002
        """Return the malformed answer."""
        assert isinstance(message, CallResult | CallError)
        return bad_answer(self.kind, message)


def _schema_kind(message: Message) -> Literal["request", "response"] | None:
    match message:
        case Call():
            return "request"
        case CallResult():
            return "response"
        case _:
            return None


def _with_element(text: str | bytes, place: int, value: Any) -> str:
    """Return a frame with one element replaced."""
    frame = orjson.loads(text)
    frame[place] = value
    return orjson.dumps(frame).decode()
