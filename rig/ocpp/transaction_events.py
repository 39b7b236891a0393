"""Transactions of OCPP 2.0.1 and 2.1, read from the TransactionEvents on the timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from rig.ocpp.rising import WH, wrong_energy, wrong_time
from rig.ocpp.samples import ENERGY, OUTLET, Sample, read_time
from rig.timeline.events import OcppFrame
from rig.util.errors import ExpectationError


@dataclass(frozen=True, slots=True)
class StationTransaction:
    """One transaction of a charging station: its TransactionEvents in order of arrival.

    Attributes:
        charge_point: the identity.
        transaction_id: the id, which the charging station chose.
        events: the TransactionEventRequest frames.
    """

    charge_point: str
    transaction_id: str
    events: tuple[OcppFrame, ...]

    @property
    def running(self) -> bool:
        """Whether the transaction is started and not ended."""
        kinds = {frame.payload["eventType"] for frame in self.events}
        return "Started" in kinds and "Ended" not in kinds

    @property
    def started(self) -> dict[str, Any]:
        """The payload of the event `Started`."""
        return self._only("Started")

    @property
    def ended(self) -> dict[str, Any]:
        """The payload of the event `Ended`: transactionInfo with stoppedReason, meterValue ..."""
        return self._only("Ended")

    def samples(self, measurand: str = ENERGY, phase: str = "", location: str = OUTLET) -> list[Sample]:
        """Return the samples of a measurand in order of `seqNo`. Resent events count once.

        Args:
            measurand: the measurand of the samples (OCPP 2.0.1 part 2 section 3.56).
            phase: the phase of the samples; empty: samples without a phase.
            location: the location of the samples: `Outlet`, `Inlet`, `Body`, `Cable` or `EV`.

        Raises:
            ExpectationError: a time is invalid; the message quotes it.
        """
        wanted = measurand, phase, location
        return [each for each in self._every_sample() if (each.measurand, each.phase, each.location) == wanted]

    @property
    def energy_wh(self) -> float:
        """The energy between the first and the last sample of the energy register, in Wh."""
        register = self.samples()
        if len(register) < 2:
            raise ExpectationError(f"{self._name}: {len(register)} samples of {ENERGY}, at least 2 are needed")
        first, last = register[0], register[-1]
        return last.value * _unit_wh(last) - first.value * _unit_wh(first)

    def check(self) -> None:
        """Verify that `Started` is first, `Ended` last and no `seqNo` missing, and that time and energy never fall.

        `seqNo` counts the events without a gap; its first value is free (OCPP 2.0.1 part 2, E01.FR.07). Events of a
        time without a connection may arrive late, so `seqNo` gives the order.

        Raises:
            ExpectationError: the message names the first violation.
        """
        wrong = self._first_wrong()
        if wrong:
            raise ExpectationError(f"{self._name}: {wrong}")

    @property
    def _name(self) -> str:
        return f"transaction {self.transaction_id} of {self.charge_point}"

    def _only(self, kind: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = [
            frame.payload for frame in self._in_order() if frame.payload["eventType"] == kind
        ]
        if not found:
            raise ExpectationError(f"{self._name} has no event {kind}")
        return found[0]

    def _in_order(self) -> list[OcppFrame]:
        """Return the events by `seqNo`, without those that resend an earlier one."""
        first: dict[str, OcppFrame] = {}
        for frame in self.events:
            first.setdefault(_content(frame), frame)
        return sorted(first.values(), key=lambda frame: int(frame.payload["seqNo"]))

    def _first_wrong(self) -> str:
        events = self._in_order()
        kinds = [frame.payload["eventType"] for frame in events]
        for kind in ("Started", "Ended"):
            if kinds.count(kind) != 1:
                return f"it has {kinds.count(kind)} events {kind}, not one"
        numbers = [frame.payload["seqNo"] for frame in events]
        for before, after in pairwise(numbers):
            if after == before:
                return f"two different events have seqNo {after}"
        missing = next((after - 1 for before, after in pairwise(numbers) if after != before + 1), None)
        if missing is not None:
            return f"seqNo {missing} is missing among {', '.join(map(str, numbers))}"
        if kinds[0] != "Started" or kinds[-1] != "Ended":
            return f"the events are in the order {', '.join(kinds)}: Started is first and Ended last"
        stamps = ((f"{f.payload['eventType']} [{f.unique_id}]", f.payload["timestamp"]) for f in events)
        return wrong_time(stamps) or wrong_energy(self._every_sample())

    def _every_sample(self) -> list[Sample]:
        found: list[Sample] = []
        for frame in self._in_order():
            for meter_value in frame.payload.get("meterValue", ()):
                try:
                    time = read_time(meter_value["timestamp"])
                except ValueError as error:
                    raise ExpectationError(f"{self._name}: TransactionEvent [{frame.unique_id}]: {error}") from None
                for sampled in meter_value["sampledValue"]:
                    unit = sampled.get("unitOfMeasure", {})
                    found.append(
                        Sample(
                            timestamp=time,
                            value=float(sampled["value"]) * 10.0 ** unit.get("multiplier", 0),
                            unit=unit.get("unit", "Wh"),
                            measurand=sampled.get("measurand", ENERGY),
                            context=sampled.get("context", "Sample.Periodic"),
                            phase=sampled.get("phase", ""),
                            location=sampled.get("location", OUTLET),
                        )
                    )
        return found


@dataclass(slots=True)
class _Growing:
    charge_point: str
    events: list[OcppFrame] = field(default_factory=list)


def read_station_transactions(frames: Iterable[OcppFrame]) -> list[StationTransaction]:
    """Return the transactions in the frames of one charging station, in the order of their first event.

    Frames that the CSMS found invalid are ignored.
    """
    growing: dict[str, _Growing] = {}
    for frame in frames:
        if frame.action == "TransactionEvent" and frame.message_type == "CALL" and not frame.error:
            number = frame.payload["transactionInfo"]["transactionId"]
            growing.setdefault(number, _Growing(frame.charge_point)).events.append(frame)
    return [StationTransaction(each.charge_point, number, tuple(each.events)) for number, each in growing.items()]


def _unit_wh(sample: Sample) -> float:
    return WH.get(sample.unit, 1.0)


def _content(frame: OcppFrame) -> str:
    """Return the content of an event. `offline` may differ when the event is sent again."""
    return repr(sorted((key, value) for key, value in frame.payload.items() if key != "offline"))
