"""Answers of a test that replace the answers of the normal CSMS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rig.ocpp.ocppj import CallError

Reply = Mapping[str, Any] | CallError
Answer = Reply | Callable[[dict[str, Any]], Reply]


class Replacement:
    """An answer that replaces the normal one. As a context manager it ends with the block.

    Attributes:
        used: the number of calls that it has answered.
    """

    def __init__(
        self, answer: Answer, times: int | None, undo: Callable[[Replacement], None], check: bool = True
    ) -> None:
        self.answer = answer
        self.times = times
        self.check = check
        self.used = 0
        self._undo = undo

    def undo(self) -> None:
        """Restore the previous answer. A second call has no effect."""
        self._undo(self)

    def __enter__(self) -> Replacement:
        return self

    def __exit__(self, *_: object) -> None:
        self.undo()
