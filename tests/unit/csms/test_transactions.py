"""Transactions derived from frames, and their errors."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from rig.ocpp.samples import read_time
from rig.ocpp.transactions import Transaction, read_transactions
from rig.timeline.events import OcppFrame
from rig.util.errors import ExpectationError

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


def test_a_valid_transaction_has_no_errors() -> None:
    transaction = only(start(), started(), meter(10, 20), meter(20, 0.05, unit="kWh"), stop())
    transaction.check()
    transaction.check_gapless(10)
    assert transaction.transaction_id == 7
    assert transaction.energy_wh == 100
    assert not transaction.running


def test_resent_messages_count_once() -> None:
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
def test_each_error_is_named(frames: list[OcppFrame], wrong: str) -> None:
    transaction = only(*frames)
    with pytest.raises(ExpectationError, match=wrong):
        transaction.check()


Sampled = tuple[int, dict[str, str]]


def charge(*samples: Sampled) -> Transaction:
    """Make a transaction with one MeterValues for each sample. A sample is a second and fields."""
    frames = [start(), started()]
    for second, fields in samples:
        meter_value = {"timestamp": at(second), "sampledValue": [fields]}
        frames.append(
            frame("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [meter_value]}, f"m{second}")
        )
    return only(*frames, stop())


@pytest.mark.parametrize("value", ["nan", "inf", "1_0", "abc", "", "50,5", " 5", "0x10", "1e3", "٣", "9" * 400])
def test_a_value_that_is_not_a_decimal_number_is_named(value: str) -> None:
    transaction = charge((10, {"value": value}))
    with pytest.raises(
        ExpectationError, match=r"transaction 7 of CP: MeterValues \[m10\]: the sampled value '.* is no dec"
    ):
        transaction.check()
    with pytest.raises(ExpectationError, match="is no decimal number"):
        transaction.samples()


@pytest.mark.parametrize(
    "timestamp",
    [
        "2024-01-01T00:00:61Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:10",
        "20240101T000010Z",
        "",
        "9999-12-31T23:59:60Z",
    ],
)
def test_an_invalid_time_is_named(timestamp: str) -> None:
    transaction = charge((10, {"value": "5"}))
    transaction.meters[0].payload["meterValue"][0]["timestamp"] = timestamp
    with pytest.raises(ExpectationError, match=r"MeterValues \[m10\]: the timestamp '.* is no time with a zone"):
        transaction.check()


def test_a_leap_second_is_a_time() -> None:
    assert read_time("2016-12-31T23:59:60Z") == read_time("2017-01-01T00:00:00Z")
    assert read_time("2017-01-01T00:59:60.5+01:00") == read_time("2017-01-01T00:00:00.5Z")


def test_locations_are_not_compared_with_each_other() -> None:
    energies = {"Outlet": 1, "Inlet": 500, "Body": 3, "Cable": 2, "EV": 1}
    transaction = charge(
        *(
            (second, {"value": f"{energy + second}", "location": place})
            for second in (10, 20)
            for place, energy in energies.items()
        )
    )
    transaction.check()
    assert [sample.value for sample in transaction.samples()] == [11, 21]
    assert [sample.value for sample in transaction.samples(location="Inlet")] == [510, 520]
    transaction.check_gapless(10, location="EV")


@pytest.mark.parametrize(
    ("fields", "values", "wrong"),
    [
        ({"location": "Inlet"}, ("9", "8"), r"the energy register \(Inlet\) goes back from 9 Wh to 8 Wh"),
        ({"phase": "L1"}, ("9", "8"), r"the energy register \(L1\) goes back from 9 Wh to 8 Wh"),
        ({"location": "Outlet"}, ("9", "101"), "the energy register goes back from 101 Wh to 100 Wh"),
        ({"unit": "W"}, ("9", "9"), "has the unit 'W': Wh and kWh are units of energy"),
    ],
)
def test_each_register_is_checked_separately(fields: dict[str, str], values: tuple[str, str], wrong: str) -> None:
    first, second = values
    with pytest.raises(ExpectationError, match=wrong):
        charge((10, {"value": first, **fields}), (20, {"value": second, **fields})).check()


def test_a_start_with_the_same_content_after_the_stop_is_another_transaction() -> None:
    first, second = read_transactions(
        [start("a"), started(7, "a"), stop(50, 0), start("b"), started(8, "b"), stop(51, 0, number=8)]
    )
    assert (first.transaction_id, second.transaction_id) == (7, 8)
    first.check()
    second.check()


def test_a_start_with_the_same_content_that_gets_another_id_is_another_transaction() -> None:
    first, second = read_transactions(
        [start("a"), started(7, "a"), start("b"), started(8, "b"), meter(10, 1, number=8)]
    )
    assert (first.transaction_id, len(first.starts), len(first.meters)) == (7, 1, 0)
    assert (second.transaction_id, len(second.starts), len(second.meters)) == (8, 1, 1)


def test_a_gap_is_named() -> None:
    transaction = only(start(), started(), meter(10, 1), meter(20, 2), meter(40, 3))
    with pytest.raises(ExpectationError, match="20 s without a sample after 2024-01-01T00:00:20"):
        transaction.check_gapless(10)
    with pytest.raises(ExpectationError, match="0 samples of Voltage"):
        transaction.check_gapless(10, measurand="Voltage")


def test_a_missing_stop_is_reported() -> None:
    transaction = only(start())
    assert transaction.running
    assert transaction.transaction_id is None
    with pytest.raises(ExpectationError, match="was not stopped"):
        _ = transaction.stop
