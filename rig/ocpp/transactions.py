"""Transactions as the CSMS saw them, read off the timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from rig.timeline.events import OcppFrame
from rig.util.errors import ExpectationError

ENERGY = "Energy.Active.Import.Register"
"""The default measurand of a sampled value (OCPP 1.6 section 7.43)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One sampled value of a transaction (OCPP 1.6 section 7.43)."""

    timestamp: datetime
    value: float
    unit: str
    measurand: str
    context: str
    phase: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction: the frames that told of it, in the order in which they came.

    Attributes:
        transaction_id: what the CSMS gave it; None where it has not answered the start.
        starts: StartTransaction calls; more than one where the charge point sent it again.
        meters: MeterValues calls.
        stops: StopTransaction calls; more than one where the charge point sent it again.
    """

    charge_point: str
    transaction_id: int | None
    starts: tuple[OcppFrame, ...] = ()
    meters: tuple[OcppFrame, ...] = ()
    stops: tuple[OcppFrame, ...] = ()

    @property
    def start(self) -> dict[str, Any]:
        """The StartTransaction payload: connectorId, idTag, meterStart, timestamp."""
        if not self.starts:
            raise ExpectationError(f"transaction {self.transaction_id} was never started")
        payload: dict[str, Any] = self.starts[0].payload
        return payload

    @property
    def stop(self) -> dict[str, Any]:
        """The StopTransaction payload: meterStop, timestamp, reason ..."""
        if not self.stops:
            raise ExpectationError(f"transaction {self.transaction_id} was not stopped")
        payload: dict[str, Any] = self.stops[0].payload
        return payload

    @property
    def running(self) -> bool:
        """Started and not stopped."""
        return bool(self.starts) and not self.stops

    @property
    def energy_wh(self) -> int:
        """What it drew by its own meter, in Wh."""
        return int(self.stop["meterStop"]) - int(self.start["meterStart"])

    def samples(self, measurand: str = ENERGY, phase: str = "") -> list[Sample]:
        """Its samples of a measurand from MeterValues, in the order in which they came. Same messages count once."""
        found: list[Sample] = []
        for frame in _distinct(self.meters):
            for meter_value in frame.payload["meterValue"]:
                for sampled in meter_value["sampledValue"]:
                    if sampled.get("format") == "SignedData":
                        continue
                    sample = _sample(meter_value["timestamp"], sampled)
                    if sample.measurand == measurand and sample.phase == phase:
                        found.append(sample)
        return found

    def check(self) -> None:
        """Make sure that it came as OCPP 1.6 section 3.7 wants it: start, meter values, stop, times and energy rising.

        Raises:
            ExpectationError: names the first thing that is wrong.
        """
        wrong = self._first_wrong()
        if wrong:
            raise ExpectationError(f"transaction {self.transaction_id} of {self.charge_point}: {wrong}")

    def check_gapless(self, interval_s: float, tolerance_s: float = 1.0, measurand: str = ENERGY) -> None:
        """Make sure that no sample is missing between the first and the last.

        Args:
            interval_s: the sample interval, in seconds by the charge point's clock.
            tolerance_s: how much later a sample may be.
            measurand: which samples.

        Raises:
            ExpectationError: fewer than two samples, or two that are too far apart.
        """
        samples = self.samples(measurand)
        who = f"transaction {self.transaction_id} of {self.charge_point}"
        if len(samples) < 2:
            raise ExpectationError(f"{who}: {len(samples)} samples of {measurand} say nothing about gaps")
        for earlier, later in pairwise(samples):
            gap = (later.timestamp - earlier.timestamp).total_seconds()
            if gap > interval_s + tolerance_s:
                raise ExpectationError(
                    f"{who}: {gap:g} s without a sample after {earlier.timestamp.isoformat()}, where one is due every "
                    f"{interval_s:g} s"
                )

    def _first_wrong(self) -> str:
        if not self.starts:
            return "it was never started"
        if len({_content(frame) for frame in self.starts}) > 1:
            return "it was started twice, with different contents"
        if len({_content(frame) for frame in self.stops}) > 1:
            return "it was stopped twice, with different contents"
        first = self.starts[0].id
        early = next((frame for frame in (*self.meters, *self.stops) if frame.id < first), None)
        if early is not None:
            return f"{early.action} came before its StartTransaction"
        if self.stops:
            late = next((f for f in _distinct(self.meters) if f.id > self.stops[0].id), None)
            if late is not None:
                return "MeterValues came after its StopTransaction"
        times = [
            _time(self.start["timestamp"]),
            *(_time(value["timestamp"]) for frame in _distinct(self.meters) for value in frame.payload["meterValue"]),
            *(_time(frame.payload["timestamp"]) for frame in self.stops[:1]),
        ]
        for before, after in pairwise(times):
            if after < before:
                return f"time goes back from {before.isoformat()} to {after.isoformat()}"
        energies = [
            float(self.start["meterStart"]),
            *(sample.value * (1000 if sample.unit == "kWh" else 1) for sample in self.samples()),
            *(float(frame.payload["meterStop"]) for frame in self.stops[:1]),
        ]
        for less, more in pairwise(energies):
            if more < less:
                return f"the energy register goes back from {less:g} Wh to {more:g} Wh"
        return ""


@dataclass(slots=True, eq=False)
class _Growing:
    charge_point: str
    transaction_id: int | None
    starts: list[OcppFrame] = field(default_factory=list)
    meters: list[OcppFrame] = field(default_factory=list)
    stops: list[OcppFrame] = field(default_factory=list)


def read_transactions(frames: Iterable[OcppFrame]) -> list[Transaction]:
    """The transactions that the frames of one charge point tell of, in the order of their first frame.

    Frames that the CSMS found invalid are left out. A start that was not answered yet is a transaction without id;
    once a repetition of it is answered, it is that transaction.
    """
    found: list[_Growing] = []
    by_id: dict[int, _Growing] = {}
    by_start: dict[str, _Growing] = {}
    asked: dict[str, _Growing] = {}

    def known(frame: OcppFrame, transaction_id: int) -> _Growing:
        if transaction_id not in by_id:
            by_id[transaction_id] = _Growing(frame.charge_point, transaction_id)
            found.append(by_id[transaction_id])
        return by_id[transaction_id]

    for frame in frames:
        if frame.error:
            continue
        if frame.direction == "sent":
            if frame.message_type == "CALLRESULT" and frame.action == "StartTransaction" and frame.unique_id in asked:
                growing = asked.pop(frame.unique_id)
                growing.transaction_id = int(frame.payload["transactionId"])
                early = by_id.get(growing.transaction_id)
                if early is not None and early is not growing:  # told of before its start
                    found.remove(early)
                    growing.meters[:0], growing.stops[:0] = early.meters, early.stops
                by_id[growing.transaction_id] = growing
        elif frame.message_type != "CALL":
            continue
        elif frame.action == "StartTransaction":
            content = _content(frame)
            if content not in by_start:
                by_start[content] = _Growing(frame.charge_point, None)
                found.append(by_start[content])
            by_start[content].starts.append(frame)
            asked[frame.unique_id] = by_start[content]
        elif frame.action == "MeterValues" and "transactionId" in frame.payload:
            known(frame, frame.payload["transactionId"]).meters.append(frame)
        elif frame.action == "StopTransaction":
            known(frame, frame.payload["transactionId"]).stops.append(frame)
    return [
        Transaction(g.charge_point, g.transaction_id, tuple(g.starts), tuple(g.meters), tuple(g.stops)) for g in found
    ]


def _content(frame: OcppFrame) -> str:
    return repr(sorted(frame.payload.items()))


def _distinct(frames: Iterable[OcppFrame]) -> list[OcppFrame]:
    """Without those that are the same message sent again."""
    first: dict[tuple[str, str], OcppFrame] = {}
    for frame in frames:
        first.setdefault((frame.unique_id, _content(frame)), frame)
    return list(first.values())


def _sample(timestamp: str, sampled: dict[str, Any]) -> Sample:
    return Sample(
        timestamp=_time(timestamp),
        value=float(sampled["value"]),
        unit=sampled.get("unit", "Wh"),
        measurand=sampled.get("measurand", ENERGY),
        context=sampled.get("context", "Sample.Periodic"),
        phase=sampled.get("phase", ""),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
