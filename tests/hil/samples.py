"""Check that a charge has lost no samples."""

from __future__ import annotations

from datetime import datetime, timedelta

from rig.ocpp.transactions import Transaction


def check_no_sample_lost(transaction: Transaction, interval_s: float) -> None:
    """Verify that all samples of a stopped transaction have arrived, once each and with the due timestamps.

    Args:
        transaction: a stopped one, from a bench with stepped time.
        interval_s: MeterValueSampleInterval, 1 s or more.
    """
    start, stop = (datetime.fromisoformat(payload["timestamp"]) for payload in (transaction.start, transaction.stop))
    interval = timedelta(seconds=interval_s)
    due = [start + number * interval for number in range(1, (stop - start) // interval + 1)]
    found = [sample.timestamp for sample in transaction.samples()]
    assert found == due, f"samples of {', '.join(map(str, found))}, due at {', '.join(map(str, due))}"
