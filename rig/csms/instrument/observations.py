"""Observations of charge points: state, transactions, violations, and the exchange as text."""

from __future__ import annotations

from rig.csms.instrument.part import CsmsPart
from rig.csms.state import State
from rig.csms.station import Station
from rig.ocpp.exchange import exchange
from rig.ocpp.matching import Difference
from rig.ocpp.transaction_events import StationTransaction, read_station_transactions
from rig.ocpp.transactions import Transaction, read_transactions
from rig.ocpp.versions import Version
from rig.timeline import Mark
from rig.timeline.events import Event, LinkChange, OcppFrame
from rig.timeline.log_tail import whole_log
from rig.util.checked import checked


class Observations(CsmsPart):
    """Observations of the CSMS. They consume no event."""

    @property
    def state(self) -> State:
        """The state of the bench's charge point: boot, connectors, configuration, transactions, open calls."""
        return self.state_of()

    @checked
    def state_of(self, charge_point: str | None = None) -> State:
        """Return the current state of a charge point. Neither a new test nor `reset` clears it."""
        point = self._point(charge_point)

        async def look() -> State:
            return point.snapshot()

        return self.on_loop(look(), f"read the state of {point.identity}")

    @property
    def station(self) -> Station:
        """The state of the bench's charging station of OCPP 2.x: boot, connectors, variables, transactions."""
        return self.station_of()

    @checked
    def station_of(self, charge_point: str | None = None) -> Station:
        """Return the current state of a charging station of OCPP 2.x. A new test does not clear it."""
        point = self._point(charge_point)

        async def look() -> Station:
            return point.station_snapshot()

        return self.on_loop(look(), f"read the state of {point.identity}")

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions of OCPP that the CSMS accepts."""
        return self._server.versions

    @checked
    def version_of(self, charge_point: str | None = None) -> Version | None:
        """Return the version of a charge point's latest connection; None before the first."""
        return self._point(charge_point).version

    @property
    def station_transactions(self) -> list[StationTransaction]:
        """The transactions of the bench's charging station of OCPP 2.x since the test's start."""
        return self.station_transactions_of()

    @checked
    def station_transactions_of(
        self, charge_point: str | None = None, since: Mark | None = None
    ) -> list[StationTransaction]:
        """Return the transactions in the TransactionEvents since the mark (None: the test's start)."""
        who = self._who(charge_point)
        frames = self.timeline.events(OcppFrame, since or self.timeline.default_mark, lambda f: f.charge_point == who)
        return read_station_transactions(frames)

    @property
    def transactions(self) -> list[Transaction]:
        """The transactions of the bench's charge point since the test's start."""
        return self.transactions_of()

    @checked
    def transactions_of(self, charge_point: str | None = None, since: Mark | None = None) -> list[Transaction]:
        """Return the transactions in the frames of a charge point since the mark (None: the test's start)."""
        who = self._who(charge_point)
        frames = self.timeline.events(OcppFrame, since or self.timeline.default_mark, lambda f: f.charge_point == who)
        return read_transactions(frames)

    @checked
    def violations(
        self, since: Mark | None = None, charge_point: str | None = None, *, unexpected: bool = False
    ) -> list[OcppFrame]:
        """Return the frames since the mark (None: the test's start) that break OCPP; `error` has the reason.

        The `grade` of a frame is `tolerated` for a deviation that real CSMSs accept, else `specification`. While
        `behaviour.strict` is False, tolerated deviations are no violations; `deviations` returns them.

        Args:
            since: ignore events before this mark.
            charge_point: the identity of the charge point.
            unexpected: leave out frames that `expect_violation` has matched.
        """
        who = self._who(charge_point)
        return self.timeline.events(
            OcppFrame,
            since or self.timeline.default_mark,
            lambda frame: is_violation(frame, who),
            unmatched=unexpected,
        )

    @checked
    def deviations(self, since: Mark | None = None, charge_point: str | None = None) -> list[OcppFrame]:
        """Return the frames since the mark (None: the test's start) that have a tolerated `deviation`.

        Args:
            since: ignore events before this mark.
            charge_point: the identity of the charge point.
        """
        who = self._who(charge_point)
        return self.timeline.events(
            OcppFrame,
            since or self.timeline.default_mark,
            lambda frame: frame.charge_point == who and frame.deviation != "" and not frame.fault,
        )

    @checked
    def exchange(
        self,
        charge_point: str | None = None,
        since: Mark | None = None,
        marked: tuple[int, ...] = (),
        difference: Difference | None = None,
    ) -> str:
        """Return the last frames and link changes since the mark as text (None: the test's start).

        Args:
            charge_point: the identity of the charge point.
            since: ignore events before this mark.
            marked: ids of the events to mark.
            difference: the difference to mark in the payload of the marked frame.
        """
        who = self._who(charge_point)
        since = since or self.timeline.default_mark

        def concerns(event: Event) -> bool:
            return isinstance(event, OcppFrame | LinkChange) and event.charge_point == who

        events = self.timeline.events(Event, since, concerns)
        every = [event for event in events if isinstance(event, OcppFrame | LinkChange)]
        shown = exchange(every, every[0].t if every else 0, marked, difference)
        return "\n".join([shown, *(whole_log(self.timeline, "ocpp") if every else ())])


def is_violation(frame: OcppFrame, who: str) -> bool:
    """Return whether a frame is of this charge point and breaks OCPP."""
    return frame.charge_point == who and frame.direction == "received" and frame.error != "" and not frame.fault
