"""Losses of CSMS, access point or connection: the device recovers by itself and loses no data."""

from __future__ import annotations

import pytest

from fixtures.measure import Measure
from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import AccessPointGone, BlackHole, CsmsGone
from rig.timeline.events import LinkChange
from tests.hil.samples import check_no_sample_lost

pytestmark = pytest.mark.needs("inputs", "stepped_time")

PING_INTERVAL_S = 10
"""The device's default `ws_ping_interval_s`."""


@pytest.mark.smoke
def test_csms_gone_in_a_transaction_loses_nothing(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """Five minutes without CSMS while charging: all samples arrive afterwards in order, then the stop."""
    driver.start_charge(csms)
    with bench.inject(CsmsGone()):
        device.let_time_pass(300)
    drawn = driver.draw(20, hz=2).wait()
    driver.present_tag()
    csms.expect("StopTransaction", timeout=200)
    (transaction,) = csms.transactions
    transaction.check()
    check_no_sample_lost(transaction, 60)
    assert len(transaction.samples()) >= 5
    assert transaction.energy_wh == drawn


def test_a_charge_that_begins_and_ends_offline_is_reported_later(
    hasty_device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Start and stop without CSMS arrive afterwards in order, with the transactionId that the CSMS assigned."""
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        driver.plug_in()
        driver.present_tag()
        hasty_device.wait_status(state="Charging", timeout=60)
        drawn = driver.draw(10, hz=2).wait()
        driver.present_tag()
        hasty_device.wait_status(state="Finishing", timeout=60)
    csms.expect("StartTransaction", timeout=200)
    csms.expect("StopTransaction", timeout=200)
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == drawn


@pytest.mark.smoke
@pytest.mark.needs("access_point")
def test_access_point_gone_and_back(hasty_device: Device, bench: Bench, csms: Csms) -> None:
    """The access point is off for a minute without notice; the device reconnects by itself without a reboot."""
    with bench.inject(AccessPointGone()):
        csms.expect_disconnected(timeout=60)
        hasty_device.let_time_pass(60)
    csms.expect_connected(timeout=150)
    csms.expect_none("BootNotification", within=5)
    assert hasty_device.status()["connected"] is True


def test_a_half_open_link_is_detected(device: Device, bench: Bench, csms: Csms, measure: Measure) -> None:
    """A link that is silent without a close is detected within two ping intervals, and replaced."""
    device.configure(backoff_initial_ms=100, backoff_max_ms=1000)
    mark = bench.mark()
    with bench.inject(BlackHole()) as injected:
        device.wait_status(connected=False, timeout=3 * PING_INTERVAL_S)
        noticed = bench.clock.now()
    waited = bench.clock.between(injected.t, noticed)
    measure("half-open link noticed", waited, "s", high=2 * PING_INTERVAL_S, start=injected, end=noticed)
    bench.timeline.expect(LinkChange, lambda change: change.connected, since=mark, timeout=150)
