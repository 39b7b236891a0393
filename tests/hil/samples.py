"""Whether a charge lost any of its samples, judged so that a busy computer is not taken for a bad device."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from math import ceil, floor

from rig.bench import Bench
from rig.ocpp.transactions import Transaction
from rig.timeline.events import TelemetrySample
from rig.timeline import Mark

LATE = 1.05
"""A telemetry record that comes by more than this many of its intervals after the one before is late."""
AT_THE_END = 0.2
"""A sample that was due less than this part of an interval before the transaction's end may have been too late."""


def check_no_sample_lost(bench: Bench, transaction: Transaction, interval_s: float, since: Mark) -> None:
    """Make sure that all samples of a stopped transaction have arrived, each once.

    In fast time a busy computer may stop the device for longer than an interval; then the device takes one sample for
    all that were due. Its telemetry, one record a second, is late by the same time, so what may be missing is known.

    Args:
        bench: the bench.
        transaction: started and stopped.
        interval_s: MeterValueSampleInterval, 1 s or more.
        since: a moment before its start.
    """
    times = [sample.timestamp for sample in transaction.samples()]
    assert len(set(times)) == len(times), "a sample was told twice"
    start, stop = (datetime.fromisoformat(told["timestamp"]) for told in (transaction.start, transaction.stop))
    due = floor((stop - start).total_seconds() / interval_s - AT_THE_END)
    uptimes = [record.values["uptime_ms"] / 1000 for record in bench.timeline.events(TelemetrySample, since)]
    waits = [(later - sooner) / interval_s for sooner, later in pairwise(uptimes) if later > sooner]
    never_taken = sum(ceil(wait) - 1 for wait in waits if wait > LATE)
    assert len(times) >= due - never_taken, (
        f"{len(times)} samples of {due} arrived, and a device that stood still can have missed {never_taken} at most"
    )
