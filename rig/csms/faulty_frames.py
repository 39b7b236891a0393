"""The frames of one charge point that a fault takes: dropped, delayed, repeated, reordered or altered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from rig.csms.connection import Connection
from rig.csms.frame_effects import CloseInstead, Delay, DisconnectInstead, Drop, Duplicate, Reorder, Way
from rig.csms.wire import FrameFault
from rig.ocpp.ocppj import Call, CallError, CallResult, Message
from rig.timeline import Timeline
from rig.timeline.events import Note

Deliver = Callable[[str | bytes, str], Awaitable[bool]]
"""Delivers a message; the text is the name of the fault that changed or repeated it, empty for none."""

MOST_HELD = 256
"""The maximum number of frames that faults hold back for one charge point. A further frame is delivered at once."""


@dataclass(eq=False, slots=True)
class _Held:
    """A frame that is held back.

    Attributes:
        fault: the fault that holds it.
        way: its direction.
        until_next: whether the next frame of the direction releases it; otherwise the timer does.
        deliver: delivers it.
        timer: the timer that releases it.
    """

    fault: FrameFault
    way: Way
    until_next: bool
    deliver: Callable[[], Awaitable[bool]]
    timer: asyncio.Task[None] | None = field(default=None)


class FaultyFrames:
    """The frames of one charge point that faults take. All methods run on the bench's loop.

    Args:
        identity: the identity of the charge point.
        timeline: gets a note for each frame that does not arrive, or arrives later.
    """

    def __init__(self, identity: str, timeline: Timeline) -> None:
        self._identity = identity
        self._timeline = timeline
        self._held: list[_Held] = []

    @property
    def are_held(self) -> bool:
        """Whether any frame is held back."""
        return bool(self._held)

    async def pass_on(
        self,
        fault: FrameFault,
        way: Way,
        action: str,
        message: Message,
        text: str | bytes,
        deliver: Deliver,
        connection: Connection | None,
    ) -> bool:
        """Apply a fault to a frame.

        Args:
            fault: the fault that takes the frame.
            way: the direction of the frame.
            action: the action of the CALL, or of the CALL that the frame answers.
            message: the decoded frame.
            text: the frame as on the wire.
            deliver: delivers a message in the frame's place.
            connection: the connection of the charge point.

        Returns:
            Whether a message was delivered now.
        """
        what = _words(way, action, message)
        match fault.effect:
            case Drop():
                self._note(fault, what, "was dropped")
                return False
            case Delay(seconds=seconds):
                held = _Held(fault, way, until_next=False, deliver=lambda: deliver(text, ""))
                if await self._hold(held, what, f"is {seconds:g} s late"):
                    held.timer = asyncio.create_task(self._later(held, seconds))
                return False
            case Reorder():
                held = _Held(fault, way, until_next=True, deliver=lambda: deliver(text, ""))
                await self._hold(held, what, "waits for the next frame")
                return False
            case CloseInstead(code=code, reason=reason):
                self._note(fault, what, f"did not arrive: the connection was closed with {code}")
                if connection is not None:
                    await connection.close_with(code, reason)
                return False
            case DisconnectInstead(end=end):
                self._note(fault, what, f"did not arrive: the connection was {'reset' if end == 'reset' else 'closed'}")
                if connection is not None:
                    connection.reset() if end == "reset" else connection.hang_up()
                return False
            case Duplicate(copies=copies):
                delivered = await deliver(text, "")
                for _ in range(copies):
                    delivered = await deliver(text, fault.name) and delivered
            case effect:
                delivered = await deliver(effect.altered(text, action, message, fault.rng), fault.name)
        await self.let_go(way)
        return delivered

    async def let_go(self, way: Way) -> None:
        """Deliver the frames of a direction that waited for the next one."""
        await self._release([held for held in self._held if held.until_next and held.way == way])

    async def end(self, fault: FrameFault) -> None:
        """Deliver the frames that a fault holds back."""
        await self._release([held for held in self._held if held.fault is fault])

    def forget(self) -> None:
        """Drop all frames that are held back, because their connection has ended."""
        for held in self._held:
            if held.timer is not None:
                held.timer.cancel()
        self._held.clear()

    async def _hold(self, held: _Held, what: str, happens: str) -> bool:
        if len(self._held) >= MOST_HELD:
            self._note(held.fault, what, f"is not held: {MOST_HELD} others are")
            await held.deliver()
            return False
        self._note(held.fault, what, happens)
        self._held.append(held)
        return True

    async def _later(self, held: _Held, seconds: float) -> None:
        await asyncio.sleep(seconds)
        held.timer = None  # the delivery must not cancel this task
        await self._release([held])

    async def _release(self, released: list[_Held]) -> None:
        for held in released:
            if held in self._held:
                self._held.remove(held)
                if held.timer is not None:
                    held.timer.cancel()
                await held.deliver()

    def _note(self, fault: FrameFault, what: str, happened: str) -> None:
        self._timeline.append(Note(source="csms", text=f"{fault.name}: {what} {self._identity} {happened}"))


def _words(way: Way, action: str, message: Message) -> str:
    """Return a frame in words, with its direction."""
    kind = {Call: "", CallResult: " result", CallError: " ERROR"}.get(type(message), "")
    name = f"{action or 'a frame'}{kind}" + (f" [{message.unique_id}]" if message.unique_id else "")
    return f"{name} {'to' if way == 'sent' else 'of'}"
