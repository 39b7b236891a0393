"""Faults of single frames between CSMS and charge point: which frames they change, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rig.csms.frame_effects import Effect
from rig.ocpp import schemas
from rig.ocpp.ocppj import Call, CallError, CallResult, Message
from rig.util.arguments import validate_one_of
from rig.util.occasions import OccasionCounter

Direction = Literal["sent", "received", "both"]
"""`sent`: from the CSMS to the charge point; `received`: from the charge point to the CSMS."""
FrameKind = Literal["any", "call", "answer", "result", "error"]
"""The kind of a frame; `answer` is a CALLRESULT or a CALLERROR."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The frames that a fault changes.

    Attributes:
        direction: the direction of the frames.
        action: the action of the CALL, or of the CALL that a frame answers; empty: any.
        kind: the kind of the frames.
        first: the number of the first frame to change, among those that match since the fault began.
        times: the number of frames to change, from the first one on; 0: all.
        chance: the probability in percent that each of these frames changes.
        seed: seeds the chance, and everything that is random in a change. The same frames give the same changes.
    """

    direction: Direction = "sent"
    action: str = ""
    kind: FrameKind = "any"
    first: int = 1
    times: int = 0
    chance: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the action.

        Raises:
            AuthorError: no version of OCPP has such an action.
        """
        if self.action:
            validate_one_of("the action of a frame", self.action, schemas.actions_of_any())

    def matches(self, direction: Literal["sent", "received"], action: str, message: Message) -> bool:
        """Return whether the selection counts a frame."""
        if self.direction not in ("both", direction) or (self.action and self.action != action):
            return False
        match self.kind:
            case "any":
                return True
            case "call":
                return isinstance(message, Call)
            case "result":
                return isinstance(message, CallResult)
            case "error":
                return isinstance(message, CallError)
            case _:
                return isinstance(message, CallResult | CallError)


class FrameFault(OccasionCounter):
    """An effect on the selected frames, while it is active.

    Args:
        name: the fault's name on the timeline.
        effect: the change.
        selection: the frames.
    """

    def __init__(self, name: str, effect: Effect, selection: Selection) -> None:
        super().__init__(selection)
        self.name = name
        self.effect = effect
        self._selection = selection

    def takes(self, direction: Literal["sent", "received"], action: str, message: Message) -> bool:
        """Count a frame, and return whether the fault changes it."""
        chosen = self._selection
        if not chosen.matches(direction, action, message) or not self.effect.is_possible(direction, action, message):
            return False
        return self.take()


class Wire:
    """The faults of frames that are active at a CSMS. All methods run on the bench's loop."""

    def __init__(self) -> None:
        self._faults: list[FrameFault] = []

    @property
    def is_faulty(self) -> bool:
        """Whether any fault is active. A cheap check that is made for each frame."""
        return bool(self._faults)

    @property
    def faults(self) -> tuple[FrameFault, ...]:
        """The active faults, the latest last."""
        return tuple(self._faults)

    def add(self, fault: FrameFault) -> None:
        """Begin a fault. If several faults take a frame, the latest changes it."""
        self._faults.append(fault)

    def remove(self, fault: FrameFault) -> None:
        """End a fault. A second call has no effect."""
        if fault in self._faults:
            self._faults.remove(fault)

    def clear(self) -> None:
        """End all faults."""
        self._faults.clear()

    def choose(self, direction: Literal["sent", "received"], action: str, message: Message) -> FrameFault | None:
        """Let every active fault count a frame, and return the latest one that takes it."""
        return next(reversed(list(self._taking(direction, action, message))), None)

    def _taking(self, direction: Literal["sent", "received"], action: str, message: Message) -> Iterator[FrameFault]:
        for fault in self._faults:
            if fault.takes(direction, action, message):
                yield fault
