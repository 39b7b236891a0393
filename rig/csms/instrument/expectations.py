"""Expectations of frames from a charge point: one call, several, exactly one, none, a violation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rig.csms.expectation import Expectation, Where, assign
from rig.csms.instrument.observations import Observations, is_violation
from rig.ocpp.messages import Request
from rig.timeline import Mark
from rig.timeline.events import OcppFrame
from rig.util.checked import Seconds, checked
from rig.util.clock import Deadline
from rig.util.errors import AuthorError, ExpectationError


class Expectations(Observations):
    """Expectations of frames from charge points. A matched frame is consumed and never matches again."""

    @checked
    def expect(
        self,
        call: str | Request,
        where: Where | None = None,
        *,
        timeout: Seconds = 10.0,
        since: Mark | None = None,
        charge_point: str | None = None,
        **fields: Any,
    ) -> OcppFrame:
        """Wait for the next unmatched valid CALL. A CALL since the mark counts too.

        Args:
            call: an action, e.g. `StatusNotification`, or a typed request of `rig.ocpp.messages`.
            where: a predicate that the frame must fulfil too.
            timeout: bench seconds.
            since: ignore frames before this mark; None: the test's start.
            charge_point: the identity of the charge point.
            fields: the required fields of the payload (see `rig.ocpp.matching.differences`): nested objects as
                subsets, callables as predicates.

        Returns:
            The frame; its `payload` is the decoded JSON.

        Raises:
            ExpectationError: no such frame came in time. The message shows the nearest miss and the exchange.
            AuthorError: a charge point has no such call in its version of OCPP, or the call has no such fields.
        """
        expected = self._expectation(charge_point, call, fields, where)
        return self._expect(expected, since or self.timeline.default_mark, timeout)

    @checked
    def expect_status(
        self,
        status: str,
        connector: int = 1,
        *,
        timeout: Seconds = 10.0,
        since: Mark | None = None,
        charge_point: str | None = None,
        **fields: Any,
    ) -> OcppFrame:
        """Wait for the next StatusNotification of a connector with this status. See `expect` for the other arguments.

        Args:
            status: the status; `connectorStatus` in OCPP 2.x.
            connector: the connectorId. In OCPP 2.x give `evseId` too if the EVSE matters.
            timeout: bench seconds.
            since: ignore frames before this mark; None: the test's start.
            charge_point: the identity of the charge point.
            fields: more required fields.
        """
        is_16 = self._versions(charge_point)[0].is_16
        wanted = {"connectorId": connector, "status" if is_16 else "connectorStatus": status, **fields}
        return self.expect("StatusNotification", timeout=timeout, since=since, charge_point=charge_point, **wanted)

    @checked
    def expect_all(
        self,
        *calls: str | Request,
        timeout: Seconds = 10.0,
        in_order: bool = False,
        since: Mark | None = None,
        charge_point: str | None = None,
    ) -> list[OcppFrame]:
        """Wait for all of these CALLs. Each CALL is matched by a different frame.

        Args:
            calls: actions, or typed requests of `rig.ocpp.messages`.
            timeout: bench seconds for all calls together.
            in_order: True: in this order, with any other frames between them; False: in any order.
            since: ignore events before this mark; None: the test's start.
            charge_point: the identity of the charge point.

        Returns:
            The frames, in the order of `calls`.

        Raises:
            ExpectationError: a call did not come in time. The message lists those that came, and the nearest miss.
            AuthorError: no calls are given, a charge point has no such call in its version of OCPP, or the call has no
                such fields.
        """
        if not calls:
            raise AuthorError("expect_all needs at least one call: without one it checks nothing")
        who = self._who(charge_point)
        wanted = [self._expectation(who, call, {}) for call in calls]
        since = since or self.timeline.default_mark
        deadline = self.timeline.clock.deadline(timeout)
        if not in_order:
            return self._expect_in_any_order(wanted, since, deadline)
        found: list[OcppFrame] = []
        for expected in wanted:
            after = Mark(found[-1].id + 1) if found else since
            which = f" ({len(found) + 1} of {len(wanted)} in order, {timeout:g} s for all)"
            found.append(self._expect(expected, after, deadline, which, shown=since))
        return found

    @checked
    def expect_once(
        self,
        call: str | Request,
        where: Where | None = None,
        *,
        within: Seconds,
        since: Mark | None = None,
        charge_point: str | None = None,
        **fields: Any,
    ) -> OcppFrame:
        """Check that exactly one such CALL comes between the mark and `within` bench seconds from now.

        Raises:
            ExpectationError: no such call came, or two did. The message shows the exchange.
        """
        expected = self._expectation(charge_point, call, fields, where)
        since = since or self.timeline.default_mark
        end = self.timeline.clock.deadline(within)
        first = self._expect(expected, since, within)
        second = self._see(expected, since, end)
        if second is not None:
            shown = self.exchange(expected.charge_point, since, (first.id, second.id))
            raise ExpectationError(f"expected exactly once, but it came again: {expected}\n{shown}")
        return first

    @checked
    def expect_none(
        self,
        call: str | Request,
        where: Where | None = None,
        *,
        within: Seconds,
        since: Mark | None = None,
        charge_point: str | None = None,
        **fields: Any,
    ) -> None:
        """Check that no such unmatched CALL comes between the mark and `within` bench seconds from now.

        Raises:
            ExpectationError: such a call came. The message shows the exchange.
        """
        expected = self._expectation(charge_point, call, fields, where)
        since = since or self.timeline.default_mark
        found = self._see(expected, since, within)
        if found is not None:
            shown = self.exchange(expected.charge_point, since, (found.id,))
            raise ExpectationError(f"forbidden, but it came: {expected}\n{shown}")

    @checked
    def expect_violation(
        self,
        error: str = "",
        *,
        timeout: Seconds = 10.0,
        since: Mark | None = None,
        charge_point: str | None = None,
    ) -> OcppFrame:
        """Wait for a frame that breaks OCPP. A violation that a device test does not expect fails the test.

        Args:
            error: a part of the frame's `error`; empty: any error.
            timeout: bench seconds.
            since: ignore events before this mark; None: the test's start.
            charge_point: the identity of the charge point.
        """
        who = self._who(charge_point)
        since = since or self.timeline.default_mark
        return self.timeline.expect(
            OcppFrame,
            lambda frame: is_violation(frame, who) and error in frame.error,
            since=since,
            timeout=timeout,
            what=f"a frame of {who} that breaks OCPP{f' ({error})' if error else ''}",
            explain=lambda _: self.exchange(who, since),
        )

    def _expectation(
        self, charge_point: str | None, call: str | Request, fields: Mapping[str, Any], where: Where | None = None
    ) -> Expectation:
        return Expectation.of(self._who(charge_point), call, fields, where, self._versions(charge_point))

    def _expect(
        self, expected: Expectation, since: Mark, timeout: float | Deadline, which: str = "", shown: Mark | None = None
    ) -> OcppFrame:
        return self.timeline.expect(
            OcppFrame,
            expected.matches,
            since=since,
            timeout=timeout,
            what=f"{expected}{which}",
            explain=lambda misses: self._explain(misses, expected, shown or since),
        )

    def _see(self, expected: Expectation, since: Mark, within: float | Deadline) -> OcppFrame | None:
        """Wait for an unmatched CALL without consuming it. Return None if no such call comes."""
        try:
            return self.timeline.expect(OcppFrame, expected.matches, since=since, timeout=within, consume=False)
        except ExpectationError:
            return None

    def _expect_in_any_order(self, wanted: list[Expectation], since: Mark, deadline: Deadline) -> list[OcppFrame]:
        frames: list[OcppFrame] = []
        found: dict[int, OcppFrame] = {}

        def is_new(frame: OcppFrame) -> bool:
            return all(frame.id != other.id for other in frames) and any(expected.matches(frame) for expected in wanted)

        def explain(misses: list[OcppFrame]) -> str:
            lines = [f"  {'came' if number in found else 'missing'}: {each}" for number, each in enumerate(wanted)]
            missing = next(each for number, each in enumerate(wanted) if number not in found)
            taken = {frame.id for frame in found.values()}
            others = [frame for frame in (*frames, *misses) if frame.id not in taken]
            return "\n".join((*lines, self._explain(others, missing, since)))

        while len(found) < len(wanted):
            what = f"all of these, in any order ({deadline.timeout:g} s for all)"
            frames.append(
                self.timeline.expect(
                    OcppFrame, is_new, since=since, timeout=deadline, what=what, consume=False, explain=explain
                )
            )
            found = assign(wanted, frames)
        taken = {frame.id for frame in found.values()}
        for _ in taken:  # consume the frames
            self.timeline.expect(OcppFrame, lambda frame: frame.id in taken, since=since, timeout=0)
        return [found[number] for number in range(len(wanted))]

    def _explain(self, misses: list[OcppFrame], expected: Expectation, since: Mark) -> str:
        nearest = expected.nearest(misses)
        if nearest is None:
            what = f"no unmatched {expected.action} came"
            return f"{what}\n{self.exchange(expected.charge_point, since)}"
        marked = (nearest.frame.id,)
        return f"{nearest}\n{self.exchange(expected.charge_point, since, marked, nearest.difference)}"
