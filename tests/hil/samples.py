"""Whether a charge lost any of its samples."""

from __future__ import annotations

from datetime import datetime, timedelta

from rig.ocpp.transactions import Transaction


def check_no_sample_lost(transaction: Transaction, interval_s: float) -> None:
    """Make sure that all samples of a stopped transaction have arrived, each once and from the time it was due.

    Args:
        transaction: started and stopped, in stepped time.
        interval_s: MeterValueSampleInterval, 1 s or more.
    """
    start, stop = (datetime.fromisoformat(told["timestamp"]) for told in (transaction.start, transaction.stop))
    interval = timedelta(seconds=interval_s)
    due = [start + number * interval for number in range(1, (stop - start) // interval + 1)]
    assert [sample.timestamp for sample in transaction.samples()] == due
