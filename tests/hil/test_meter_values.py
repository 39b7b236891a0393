"""Meter values: measurands, times and contexts of samples, and no lost samples."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import CsmsGone
from tests.hil.samples import check_no_sample_lost

pytestmark = pytest.mark.needs("inputs", "stepped_time")

ENERGY = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
CURRENT = "Current.Import"
VOLTAGE = "Voltage"
ALL = ",".join((ENERGY, POWER, CURRENT, VOLTAGE))


def contexts(meter_values: list[dict[str, Any]]) -> list[str]:
    """Return the context of each meter value, in order."""
    return [value["sampledValue"][0]["context"] for value in meter_values]


@pytest.mark.smoke
def test_all_measurands_are_reported_and_consistent(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """MeterValuesSampledData with all four measurands: power follows from pulses, current from power and voltage."""
    device.configure(
        meter_values_sampled_data=ALL,
        nominal_voltage_v=240,
        meter_value_sample_interval_s=25,
    )
    driver.start_charge(csms)
    energy = driver.draw(200, hz=2)
    for _ in range(2):
        csms.expect("MeterValues", timeout=120)
    energy.stop()
    (transaction,) = csms.transactions
    transaction.check()
    power, current, voltage = (transaction.samples(measurand)[-1] for measurand in (POWER, CURRENT, VOLTAGE))
    assert (power.unit, current.unit, voltage.unit) == ("W", "A", "V")
    assert voltage.value == 240
    assert power.value == 7200  # two pulses a second
    assert current.value == power.value / voltage.value
    assert len(transaction.samples(ENERGY)) == len(transaction.samples(POWER))


def test_only_configured_measurands_are_reported(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """MeterValuesSampledData with only the power yields only power samples."""
    device.configure(meter_values_sampled_data=POWER, meter_value_sample_interval_s=5)
    driver.start_charge(csms)
    reported = csms.expect("MeterValues", timeout=30)
    (value,) = reported.payload["meterValue"]
    assert [sampled["measurand"] for sampled in value["sampledValue"]] == [POWER]


@pytest.mark.parametrize("setting", [{"meter_value_sample_interval_s": 0}, {"meter_values_sampled_data": ""}])
def test_no_samples_where_none_are_configured(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, setting: dict[str, Any]
) -> None:
    """MeterValueSampleInterval 0, or no measurands: a charge sends no MeterValues."""
    device.configure(**{"meter_value_sample_interval_s": 5} | setting)
    driver.start_charge(csms)
    csms.expect_none("MeterValues", within=30)


@pytest.mark.smoke
def test_clock_aligned_values_lie_on_the_boundaries_of_the_clock(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """ClockAlignedDataInterval 30: one sample each half minute of the clock, never early, also in a transaction."""
    device.configure(clock_aligned_data_interval_s=30, meter_value_sample_interval_s=0)
    transaction_id = driver.start_charge(csms)
    reported = [csms.expect("MeterValues", connectorId=1, transactionId=transaction_id, timeout=120) for _ in range(3)]
    times = [datetime.fromisoformat(frame.payload["meterValue"][0]["timestamp"]).timestamp() for frame in reported]
    assert {context for frame in reported for context in contexts(frame.payload["meterValue"])} == {"Sample.Clock"}
    assert times[0] % 30 == 0
    assert [later - earlier for earlier, later in pairwise(times)] == [30, 30]


def test_clock_aligned_values_come_without_a_transaction_too(device: Device, bench: Bench, csms: Csms) -> None:
    """Without a charge the register is reported at the clock's boundary, without transactionId."""
    device.configure(clock_aligned_data_interval_s=30)
    reported = csms.expect("MeterValues", connectorId=1, timeout=90)
    assert "transactionId" not in reported.payload
    assert contexts(reported.payload["meterValue"]) == ["Sample.Clock"]


def test_periodic_and_clock_aligned_values_side_by_side(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Periodic and clock-aligned samples in one transaction have different contexts, each with its own measurands."""
    device.configure(
        meter_value_sample_interval_s=20,
        clock_aligned_data_interval_s=30,
        meter_values_aligned_data=VOLTAGE,
    )
    driver.start_charge(csms)
    for context, measurand in (("Sample.Periodic", ENERGY), ("Sample.Clock", VOLTAGE)):
        csms.expect(
            "MeterValues", meterValue=[{"sampledValue": [{"context": context, "measurand": measurand}]}], timeout=90
        )
    driver.present_tag()
    csms.expect("StopTransaction")
    csms.transactions[-1].check()


def test_the_stop_has_the_samples_of_its_transaction(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """StopTxnSampledData: transactionData has Transaction.Begin, the samples, and Transaction.End."""
    device.configure(stop_txn_sampled_data=ENERGY, meter_value_sample_interval_s=10)
    driver.start_charge(csms)
    driver.draw(30, hz=10).wait()
    for _ in range(3):
        csms.expect("MeterValues", timeout=60)
    driver.present_tag()
    stop = csms.expect("StopTransaction").payload
    reported = contexts(stop["transactionData"])
    assert reported[0] == "Transaction.Begin"
    assert reported[-1] == "Transaction.End"
    assert set(reported[1:-1]) == {"Sample.Periodic"}
    assert len(reported) >= 5
    energies = [int(value["sampledValue"][0]["value"]) for value in stop["transactionData"]]
    assert energies == sorted(energies)
    assert energies[-1] == stop["meterStop"]
    assert energies[0] == csms.transactions[-1].start["meterStart"]


def test_the_stop_has_no_samples_by_default(device: Device, driver: EvDriver, csms: Csms) -> None:
    """With StopTxnSampledData and StopTxnAlignedData empty there is no transactionData."""
    driver.start_charge(csms)
    driver.present_tag()
    assert "transactionData" not in csms.expect("StopTransaction").payload


def test_the_samples_of_a_long_transaction_are_thinned_out(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Of more samples than one message holds, transactionData has begin, end, and an even selection between."""
    device.configure(stop_txn_sampled_data=ALL, meter_value_sample_interval_s=1)
    driver.start_charge(csms)
    device.let_time_pass(70)
    driver.present_tag()
    stop = csms.expect("StopTransaction", timeout=120).payload
    reported = contexts(stop["transactionData"])
    assert reported[0] == "Transaction.Begin"
    assert reported[-1] == "Transaction.End"
    assert 4 <= len(reported) < 30


def test_hundreds_of_samples_without_csms_all_arrive(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """One sample a second for minutes without CSMS: all arrive afterwards, once each and in order."""
    device.configure(
        meter_value_sample_interval_s=1,
        stop_txn_sampled_data=ENERGY,
        backoff_initial_ms=100,
        backoff_max_ms=1000,
    )
    driver.start_charge(csms)
    with bench.inject(CsmsGone()):
        device.let_time_pass(200)
        driver.present_tag()
        device.wait_status(state="Finishing")
    csms.expect("StopTransaction", timeout=60)
    (transaction,) = csms.transactions
    transaction.check()
    check_no_sample_lost(transaction, 1)
    # transactionData was sampled at the same times but stored separately: compare each batch of samples with it.
    reported = {value["timestamp"] for frame in transaction.meters for value in frame.payload["meterValue"]}
    between = [value["timestamp"] for value in transaction.stop["transactionData"][1:-1]]
    assert len(between) >= 10
    assert set(between) <= reported
    assert bench.telemetry.latest is not None
    assert bench.telemetry.latest.values["tx_dropped"] == 0
