"""Faults of single frames between CSMS and charge point: dropped, late, repeated, altered (OCPP-J 1.6 section 4)."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, ClassVar, get_args

from rig.csms import frame_effects
from rig.csms.close_frame import CloseCode, CloseReason, validate_close_reason
from rig.csms.frame_effects import Effect, TcpEnd, WrongId
from rig.csms.wire import Direction, FrameKind, Selection
from rig.faults.fault import Bench, Fault
from rig.ocpp.breaking import Keyword, breakable
from rig.ocpp.schemas import Kind
from rig.ocpp.versions import VERSIONS
from rig.util.checked import Count, Limits, Seed, Text
from rig.util.errors import AuthorError

_LONGEST_DELAY_S = 86_400
_LARGEST_FRAME = 16 << 20


@dataclass(frozen=True, slots=True)
class FrameFault(Fault):
    """A fault of selected frames: the base of the faults `frame-*`.

    Args:
        direction: `sent` by the CSMS, `received` by it, or `both`.
        action: the action of a CALL or of an answer. An answer has the action of its CALL. Empty: any action.
        message: the kind of frame: `any`, `call`, `answer`, `result` or `error`.
        first: the number of the first frame to change, among those that match.
        times: the number of frames to change, from the first one on; 0: all.
        chance: the probability in percent that each of these frames changes.
        seed: the seed of everything random. With the same seed, the same frames change in the same way.
    """

    direction: Direction = "sent"
    action: str = ""
    message: FrameKind = "any"
    first: Count = 1
    times: Annotated[int, Limits(least=0, most=1_000_000)] = 0
    chance: Annotated[int, Limits(least=1, most=100)] = 100
    seed: Seed = 0
    on_csms: ClassVar[bool] = True

    def selection(self) -> Selection:
        """Return the frames that the fault changes."""
        return Selection(self.direction, self.action, self.message, self.first, self.times, self.chance, self.seed)

    def validate_limits(self) -> None:
        """Check the action."""
        self.selection()

    @abstractmethod
    def effect(self) -> Effect:
        """Return the change of a frame."""

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Change frames. At the end, deliver the frames that are held back."""
        restore.enter_context(bench.csms.tamper(self.effect(), self.selection(), name=self.name))


@dataclass(frozen=True, slots=True)
class FrameDrop(FrameFault):
    """Frames never arrive."""

    name: ClassVar[str] = "frame-drop"
    summary: ClassVar[str] = "frames never arrive"

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.Drop()


@dataclass(frozen=True, slots=True)
class FrameDelay(FrameFault):
    """Frames arrive late, and others overtake them.

    Args:
        seconds: the delay in bench seconds, at most a day. The end of the fault delivers the waiting frames.
    """

    seconds: Annotated[float, Limits(least=0, most=_LONGEST_DELAY_S)] = 5.0
    name: ClassVar[str] = "frame-delay"
    summary: ClassVar[str] = "frames arrive late, and others overtake them"

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.Delay(self.seconds)


@dataclass(frozen=True, slots=True)
class FrameDuplicate(FrameFault):
    """Frames arrive several times.

    Args:
        copies: the number of additional frames.
    """

    copies: Annotated[int, Limits(least=1, most=1000)] = 1
    name: ClassVar[str] = "frame-duplicate"
    summary: ClassVar[str] = "frames arrive several times"

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.Duplicate(self.copies)


@dataclass(frozen=True, slots=True)
class FrameReorder(FrameFault):
    """A frame arrives after the next frame in the same direction, at the latest at the end of the fault."""

    name: ClassVar[str] = "frame-reorder"
    summary: ClassVar[str] = "frames arrive after the next frame of the same direction"

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.Reorder()


@dataclass(frozen=True, slots=True)
class FrameTruncate(FrameFault):
    """Only the beginning of frames arrives.

    Args:
        keep: the number of characters that arrive, at most 16,777,216; -1: a random number.
    """

    keep: Annotated[int, Limits(least=-1, most=_LARGEST_FRAME)] = -1
    name: ClassVar[str] = "frame-truncate"
    summary: ClassVar[str] = "only the beginning of frames arrives"

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.Truncate(self.keep)


@dataclass(frozen=True, slots=True)
class FrameWrongId(FrameFault):
    """Frames have another unique id.

    Args:
        kind: the id: `unknown`, `empty`, a JSON `number`, or `too-long`.
    """

    kind: WrongId = "unknown"
    name: ClassVar[str] = "frame-wrong-id"
    summary: ClassVar[str] = "frames have another unique id"

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.WrongUniqueId(self.kind)


@dataclass(frozen=True, slots=True)
class FrameWrongType(FrameFault):
    """Frames have another message type.

    Args:
        message_type: the message type. OCPP-J 1.6 has 2, 3 and 4.
    """

    message_type: Annotated[int, Limits(least=-1_000_000, most=1_000_000)] = 5
    name: ClassVar[str] = "frame-wrong-type"
    summary: ClassVar[str] = "frames have another message type"

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.WrongMessageType(self.message_type)


@dataclass(frozen=True, slots=True)
class FrameCallError(FrameFault):
    """A CALLERROR takes the place of each answer.

    Args:
        code: the error code. It can be a code that OCPP-J does not have.
        description: the error description.
    """

    code: Text = "InternalError"
    description: str = ""
    name: ClassVar[str] = "frame-call-error"
    summary: ClassVar[str] = "a CALLERROR takes the place of answers"

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.ErrorInstead(self.code, self.description)


@dataclass(frozen=True, slots=True)
class FrameBreakSchema(FrameFault):
    """The payload of a frame breaks a keyword of its schema. If the schema lacks the keyword, the frame stays as it is.

    Args:
        keyword: the keyword. The seed chooses the place in the payload.
    """

    keyword: Keyword = "required"
    name: ClassVar[str] = "frame-break-schema"
    summary: ClassVar[str] = "the payload of frames breaks a keyword of its JSON schema"

    def validate_limits(self) -> None:
        """Check that at least one kind of frame of the action can break the keyword."""
        self.selection()
        if self.action and not any(
            breakable(self.action, kind, self.keyword, version)
            for version in VERSIONS.values()
            for kind in get_args(Kind)
        ):
            raise AuthorError(f"{self.name}: the schemas of {self.action} do not use the keyword {self.keyword!r}")

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.BreakSchema(self.keyword)


@dataclass(frozen=True, slots=True)
class FrameBinary(FrameFault):
    """Frames arrive as binary messages."""

    name: ClassVar[str] = "frame-binary"
    summary: ClassVar[str] = "frames arrive as binary messages"

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.Binary()


@dataclass(frozen=True, slots=True)
class FrameFragments(FrameFault):
    """Frames of the CSMS arrive in fragments, with pings between them.

    Args:
        count: the number of fragments, at most the number of characters.
    """

    count: Annotated[int, Limits(least=2, most=10_000)] = 3
    name: ClassVar[str] = "frame-fragments"
    summary: ClassVar[str] = "frames of the CSMS arrive in fragments, with pings between them"

    def validate_limits(self) -> None:
        """Check that the direction is `sent`: the fault can fragment only frames of the CSMS."""
        self.selection()
        if self.direction != "sent":
            raise AuthorError(f"{self.name}: only frames that are sent have fragments, so direction is sent")

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.Fragments(self.count)


@dataclass(frozen=True, slots=True)
class FrameHuge(FrameFault):
    """Frames are padded with spaces. They stay valid.

    Args:
        size: the length in bytes, at most 16 MiB.
    """

    size: Annotated[int, Limits(least=1, most=_LARGEST_FRAME)] = 1 << 20
    name: ClassVar[str] = "frame-huge"
    summary: ClassVar[str] = "frames are padded with spaces to that many bytes"

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.Huge(self.size)


@dataclass(frozen=True, slots=True)
class FrameClose(FrameFault):
    """The CSMS closes the connection instead of delivering frames.

    Args:
        code: the close code, from 0 to 65535.
        reason: the close reason.
    """

    code: CloseCode = 1011
    reason: CloseReason = ""
    name: ClassVar[str] = "frame-close"
    summary: ClassVar[str] = "the CSMS closes the connection with a close code instead of delivering frames"

    def validate_limits(self) -> None:
        """Check the action and the length of the reason."""
        self.selection()
        validate_close_reason(self.name, self.reason)

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.CloseInstead(self.code, self.reason)


@dataclass(frozen=True, slots=True)
class FrameReset(FrameFault):
    """The CSMS ends the TCP connection instead of delivering frames, without a Close frame.

    Args:
        end: `reset` with RST, as a crash does, or `close` with FIN.
    """

    end: TcpEnd = "reset"
    name: ClassVar[str] = "frame-reset"
    summary: ClassVar[str] = "the CSMS resets the TCP connection instead of delivering frames, or closes it"

    def effect(self) -> Effect:
        """Return the change of a frame."""
        return frame_effects.DisconnectInstead(self.end)


FAULTS: tuple[type[Fault], ...] = (
    FrameDrop,
    FrameDelay,
    FrameDuplicate,
    FrameReorder,
    FrameTruncate,
    FrameWrongId,
    FrameWrongType,
    FrameCallError,
    FrameBreakSchema,
    FrameBinary,
    FrameFragments,
    FrameHuge,
    FrameClose,
    FrameReset,
)
"""In the order of the catalogue."""
