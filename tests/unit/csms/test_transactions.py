"""Transactions read off frames, and what is wrong with them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from rig.ocpp.transactions import Transaction, read_transactions
from rig.util.errors import ExpectationError
from rig.timeline.events import OcppFrame

_ids = itertools.count(1)


def frame(action: str, payload: Any, unique_id: str = "", answer: bool = False) -> OcppFrame:
    number = next(_ids)
    return OcppFrame(
        id=number,
        charge_point="CP",
        direction="sent" if answer else "received",
        message_type="CALLRESULT" if answer else "CALL",
        unique_id=unique_id or f"u{number}",
        action=action,
        payload=payload,
    )


def at(second: int) -> str:
    return f"2024-01-01T00:00:{second:02}Z"


def start(unique_id: str = "s", meter: int = 0) -> OcppFrame:
    payload = {"connectorId": 1, "idTag": "T", "meterStart": meter, "timestamp": at(0)}
    return frame("StartTransaction", payload, unique_id)


def started(number: int = 7, unique_id: str = "s") -> OcppFrame:
    payload = {"transactionId": number, "idTagInfo": {"status": "Accepted"}}
    return frame("StartTransaction", payload, unique_id, answer=True)


def meter(second: int, value: float, number: int = 7, unit: str = "Wh", unique_id: str = "") -> OcppFrame:
    sampled = {"value": str(value), "unit": unit}
    payload = {
        "connectorId": 1,
        "transactionId": number,
        "meterValue": [{"timestamp": at(second), "sampledValue": [sampled]}],
    }
    return frame("MeterValues", payload, unique_id)


def stop(second: int = 50, value: int = 100, number: int = 7) -> OcppFrame:
    return frame("StopTransaction", {"transactionId": number, "meterStop": value, "timestamp": at(second)})


def only(*frames: OcppFrame) -> Transaction:
    (transaction,) = read_transactions(frames)
    return transaction


def test_a_good_transaction_is_good() -> None:
    transaction = only(start(), started(), meter(10, 20), meter(20, 0.05, unit="kWh"), stop())
    transaction.check()
    transaction.check_gapless(10)
    assert transaction.transaction_id == 7
    assert transaction.energy_wh == 100
    assert not transaction.running


def test_messages_sent_again_count_once() -> None:
    transaction = only(
        start(), start(), started(), meter(10, 20, unique_id="m"), meter(10, 20, unique_id="m"), meter(20, 30), stop()
    )
    transaction.check()
    assert [sample.value for sample in transaction.samples()] == [20, 30]
    assert len(transaction.starts) == 2


@pytest.mark.parametrize(
    ("frames", "wrong"),
    [
        ([meter(10, 5), stop()], "never started"),
        ([meter(10, 5), start(), started()], "MeterValues came before its StartTransaction"),
        ([start(), started(), stop(), meter(10, 5)], "MeterValues came after its StopTransaction"),
        ([start(), started(), meter(20, 5), meter(10, 6)], "time goes back"),
        ([start(), started(), meter(10, 6), meter(20, 5)], "the energy register goes back from 6 Wh to 5 Wh"),
        ([start(meter=101), started(), stop()], "the energy register goes back from 101 Wh to 100 Wh"),
        ([start(), started(), stop(50, 100), stop(51, 101)], "stopped twice, with different contents"),
    ],
)
def test_what_is_wrong_is_named(frames: list[OcppFrame], wrong: str) -> None:
    transaction = only(*frames)
    with pytest.raises(ExpectationError, match=wrong):
        transaction.check()


def test_a_gap_is_named() -> None:
    transaction = only(start(), started(), meter(10, 1), meter(20, 2), meter(40, 3))
    with pytest.raises(ExpectationError, match="20 s without a sample after 2024-01-01T00:00:20"):
        transaction.check_gapless(10)
    with pytest.raises(ExpectationError, match="0 samples of Voltage"):
        transaction.check_gapless(10, measurand="Voltage")


def test_what_is_not_there_yet_says_so() -> None:
    transaction = only(start())
    assert transaction.running
    assert transaction.transaction_id is None
    with pytest.raises(ExpectationError, match="was not stopped"):
        _ = transaction.stop
