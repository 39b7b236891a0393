"""Transactions as the CSMS saw them, read from the timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from rig.ocpp.rising import wrong_energy, wrong_time
from rig.ocpp.samples import ENERGY, OUTLET, Sample, read_samples
from rig.timeline.events import OcppFrame
from rig.util.errors import ExpectationError


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction: the frames that belong to it, in order of arrival.

    Attributes:
        transaction_id: the id that the CSMS assigned; None until the CSMS has answered the start.
        starts: StartTransaction calls; more than one if the charge point resent the call.
        meters: MeterValues calls.
        stops: StopTransaction calls; more than one if the charge point resent the call.
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
        """Whether the transaction is started and not stopped."""
        return bool(self.starts) and not self.stops

    @property
    def energy_wh(self) -> int:
        """The energy of the transaction in Wh: `meterStop` minus `meterStart`."""
        return int(self.stop["meterStop"]) - int(self.start["meterStart"])

    def samples(self, measurand: str = ENERGY, phase: str = "", location: str = OUTLET) -> list[Sample]:
        """Return the samples of a measurand from MeterValues, in order of arrival. Resent messages count once.

        Args:
            measurand: the measurand of the samples (OCPP 1.6 section 7.31).
            phase: the phase of the samples; empty: samples without a phase.
            location: the location of the samples: `Outlet`, `Inlet`, `Body`, `Cable` or `EV` (section 7.30).

        Raises:
            ExpectationError: a sample is invalid; the message quotes it.
        """
        return [
            sample
            for sample in self._every_sample()
            if (sample.measurand, sample.phase, sample.location) == (measurand, phase, location)
        ]

    def _every_sample(self) -> list[Sample]:
        found: list[Sample] = []
        for frame in _distinct(self.meters):
            try:
                found += read_samples(frame.payload)
            except ValueError as error:
                raise ExpectationError(f"{self._name}: MeterValues [{frame.unique_id}]: {error}") from None
        return found

    @property
    def _name(self) -> str:
        return f"transaction {self.transaction_id} of {self.charge_point}"

    def check(self) -> None:
        """Verify that start, meter values and stop are in order, and that neither time nor energy falls.

        Energy is compared within a location and a phase. `meterStart` and `meterStop` belong to the outlet.

        Raises:
            ExpectationError: the message names the first violation.
        """
        wrong = self._first_wrong()
        if wrong:
            raise ExpectationError(f"{self._name}: {wrong}")

    def check_gapless(
        self, interval_s: float, tolerance_s: float = 1.0, measurand: str = ENERGY, location: str = OUTLET
    ) -> None:
        """Verify that no sample is missing between the first and the last sample.

        Args:
            interval_s: the sample interval, in seconds of the charge point's clock.
            tolerance_s: the permitted delay of a sample, in seconds.
            measurand: the measurand of the samples.
            location: the location of the samples.

        Raises:
            ExpectationError: fewer than two samples, a gap between two, or an invalid one.
        """
        samples = self.samples(measurand, location=location)
        if len(samples) < 2:
            raise ExpectationError(
                f"{self._name}: {len(samples)} samples of {measurand}, at least 2 are needed to find gaps"
            )
        for earlier, later in pairwise(samples):
            gap = (later.timestamp - earlier.timestamp).total_seconds()
            if gap > interval_s + tolerance_s:
                raise ExpectationError(
                    f"{self._name}: {gap:g} s without a sample after {earlier.timestamp.isoformat()}, where one is due "
                    f"every {interval_s:g} s"
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
        return self._wrong_time() or self._wrong_energy()

    def _wrong_time(self) -> str:
        stamps = [
            (self.starts[0], self.start["timestamp"]),
            *((frame, value["timestamp"]) for frame in _distinct(self.meters) for value in frame.payload["meterValue"]),
            *((frame, frame.payload["timestamp"]) for frame in self.stops[:1]),
        ]
        return wrong_time((f"{frame.action} [{frame.unique_id}]", stamp) for frame, stamp in stamps)

    def _wrong_energy(self) -> str:
        stop = [float(frame.payload["meterStop"]) for frame in self.stops[:1]]
        return wrong_energy(self._every_sample(), [float(self.start["meterStart"])], stop)


@dataclass(slots=True, eq=False)
class _Growing:
    charge_point: str
    transaction_id: int | None
    starts: list[OcppFrame] = field(default_factory=list)
    meters: list[OcppFrame] = field(default_factory=list)
    stops: list[OcppFrame] = field(default_factory=list)


def read_transactions(frames: Iterable[OcppFrame]) -> list[Transaction]:
    """Return the transactions in the frames of one charge point, in the order of their first frame.

    Frames that the CSMS found invalid are ignored. A start without an answer is a transaction without id; when a resent
    start is answered, the transaction gets its id. The same start after the stop begins another transaction.
    """
    reader = _Reader()
    for frame in frames:
        if not frame.error:
            reader.read(frame)
    return [
        Transaction(g.charge_point, g.transaction_id, tuple(g.starts), tuple(g.meters), tuple(g.stops))
        for g in reader.found
    ]


class _Reader:
    """Assigns frames to transactions, one by one."""

    def __init__(self) -> None:
        self.found: list[_Growing] = []
        self._by_id: dict[int, _Growing] = {}
        self._by_start: dict[str, _Growing] = {}
        self._asked: dict[str, tuple[_Growing, OcppFrame]] = {}

    def read(self, frame: OcppFrame) -> None:
        if frame.direction == "sent":
            if frame.message_type == "CALLRESULT" and frame.action == "StartTransaction":
                asked = self._asked.pop(frame.unique_id, None)
                if asked is not None:
                    self._number(*asked, int(frame.payload["transactionId"]))
        elif frame.message_type != "CALL":
            return
        elif frame.action == "StartTransaction":
            growing = self._by_start.get(_content(frame))
            if growing is None or growing.stops:
                growing = self._begin(frame)
            growing.starts.append(frame)
            self._asked[frame.unique_id] = growing, frame
        elif frame.action == "MeterValues" and "transactionId" in frame.payload:
            self._known(frame).meters.append(frame)
        elif frame.action == "StopTransaction":
            self._known(frame).stops.append(frame)

    def _begin(self, start: OcppFrame) -> _Growing:
        growing = _Growing(start.charge_point, None)
        self._by_start[_content(start)] = growing
        self.found.append(growing)
        return growing

    def _known(self, frame: OcppFrame) -> _Growing:
        number: int = frame.payload["transactionId"]
        if number not in self._by_id:
            self._by_id[number] = _Growing(frame.charge_point, number)
            self.found.append(self._by_id[number])
        return self._by_id[number]

    def _number(self, growing: _Growing, start: OcppFrame, number: int) -> None:
        """Record the transactionId that answered a start."""
        if growing.transaction_id not in (None, number):  # the CSMS treated an equal start as a new transaction
            growing.starts.remove(start)
            growing = self._begin(start)
            growing.starts.append(start)
        growing.transaction_id = number
        early = self._by_id.get(number)
        if early is not None and early is not growing and not early.starts:  # frames of `early` came before the start
            self.found.remove(early)
            growing.meters[:0], growing.stops[:0] = early.meters, early.stops
        self._by_id[number] = growing


def _content(frame: OcppFrame) -> str:
    return repr(sorted(frame.payload.items()))


def _distinct(frames: Iterable[OcppFrame]) -> list[OcppFrame]:
    """Drop frames that resend an earlier message."""
    first: dict[tuple[str, str], OcppFrame] = {}
    for frame in frames:
        first.setdefault((frame.unique_id, _content(frame)), frame)
    return list(first.values())
