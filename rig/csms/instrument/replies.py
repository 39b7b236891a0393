"""Answers of the CSMS that a test replaces or defers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from rig.csms.expectation import Expectation, validate_call_of_charge_point
from rig.csms.instrument.observations import Observations
from rig.csms.replacement import Answer, Replacement, Reply
from rig.csms.sendable import validate_answer
from rig.csms.session import ChargePoint
from rig.timeline.events import OcppFrame
from rig.util.checked import Seconds, checked
from rig.util.errors import AuthorError


class Held:
    """Calls of one action whose answers a test defers with `Csms.hold`."""

    def __init__(self, csms: Replies, point: ChargePoint, action: str) -> None:
        self._csms = csms
        self._point = point
        self._action = action
        self._expected = Expectation(point.identity, action, versions=csms._versions(point.identity))
        self._since = csms.timeline.mark()
        self._returned: set[int] = set()

    @checked
    def wait(self, timeout: Seconds = 10.0) -> OcppFrame:
        """Wait for the next held call. The call stays unconsumed, so that `Csms.expect` can match it too.

        Args:
            timeout: bench seconds.

        Raises:
            ExpectationError: no call came in time.
        """
        frame = self._csms.timeline.expect(
            OcppFrame,
            lambda frame: self._expected.matches(frame) and frame.id not in self._returned,
            since=self._since,
            timeout=timeout,
            what=f"{self._action} of {self._point.identity}, to hold its answer",
            consume=False,
            explain=lambda _: self._csms.exchange(self._point.identity, self._since),
        )
        self._returned.add(frame.id)
        return frame

    @checked
    def release(self, answer: Reply | None = None, *, check: bool = True) -> int:
        """Answer all held calls. Later calls are still held.

        Args:
            answer: the answer to each; None: the answer that the CSMS would have given without the hold. A charge point
                that has reconnected in the meantime gets it on its new connection.
            check: False also sends a payload that breaks the schema.

        Returns:
            The number of sent answers; fewer than the held calls if the charge point is not connected.

        Raises:
            AuthorError: the payload is not JSON; or `check` is True, and the payload breaks its schema.
        """
        if answer is not None:
            validate_answer(self._action, answer, check=check, versions=self._expected.versions)
        return self._csms.on_loop(self._release(answer), f"release {self._action}")

    async def _release(self, answer: Reply | None) -> int:
        frames = self._point.held.get(self._action, [])
        held, frames[:] = list(frames), []
        return sum([await self._point.answer(frame, answer) for frame in held])


class Replies(Observations):
    """Answers to calls of charge points, replaced or deferred."""

    @checked
    def answer(
        self,
        action: str,
        answer: Answer,
        times: int | None = None,
        *,
        check: bool = True,
        charge_point: str | None = None,
    ) -> Replacement:
        """Replace the answer to an action from now on.

        Args:
            action: a call of the charge point, e.g. `Authorize`.
            answer: a payload, a `CallError`, or a function that gets the request's payload and returns either.
                The function runs on the bench's loop and must not block. If it raises or returns an invalid answer, the
                charge point gets a CALLERROR InternalError. The test gets an `AuthorError` at its next wait or at its
                end.
            times: the number of calls that get this answer; None: all, until the returned replacement is undone.
            check: False also sends a payload that breaks the schema.
            charge_point: the identity of the charge point.

        Returns:
            The replacement: call `undo()`, or use it as a context manager.

        Raises:
            AuthorError: the payload is not JSON; or `check` is True, and the payload breaks its schema; or `times` is
                below 1.
        """
        versions = self._versions(charge_point)
        validate_call_of_charge_point(action, versions)
        if times is not None and times < 1:
            raise AuthorError(f"times must be at least 1, not {times}")
        if isinstance(answer, Mapping):
            answer = dict(answer)
        if not callable(answer):  # the answer of a function is validated when it is known
            validate_answer(action, answer, check=check, versions=versions)
        point = self._point(charge_point)

        async def replace_it() -> Replacement:
            return point.replace_answer(action, answer, times, check)

        return self.on_loop(replace_it(), f"replace the answer to {action}")

    @contextlib.contextmanager
    @checked
    def hold(self, action: str, *, charge_point: str | None = None) -> Iterator[Held]:
        """Defer the answers to an action within the block. The end of the block answers the held calls.

        Args:
            action: a call of the charge point, e.g. `StartTransaction`.
            charge_point: the identity of the charge point.
        """
        validate_call_of_charge_point(action, self._versions(charge_point))
        point = self._point(charge_point)
        if action in point.held:
            raise AuthorError(f"answers to {action} are already held")
        held = Held(self, point, action)

        async def begin() -> None:
            point.held[action] = []

        async def end() -> None:
            frames = point.held.pop(action, [])
            for frame in frames:
                await point.answer(frame)

        self.on_loop(begin(), f"hold {action}")
        try:
            yield held
        finally:
            self.on_loop(end(), f"release {action}")
