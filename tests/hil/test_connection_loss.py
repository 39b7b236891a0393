"""Losses of the connection to the CSMS, by each cause known from the field: the device reconnects by itself."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import BlackHole, ConnectionDrop, CsmsGone, CsmsRestart, CsmsSilent, Latency, NoPong
from rig.instruments.console import Console
from rig.timeline.events import LinkChange
from tests.hil.samples import check_no_sample_lost

pytestmark = pytest.mark.needs("stepped_time")

PING_INTERVAL_S = 10
"""The device's default `ws_ping_interval_s`."""


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012])
def test_a_clean_close_is_followed_by_a_new_connection(hasty_device: Device, csms: Csms, code: int) -> None:
    """After a close frame with any code the device reconnects without a reboot or a BootNotification."""
    csms.close(code, "see you")
    assert csms.expect_disconnected().code == code
    csms.expect_connected()
    hasty_device.wait_status(connected=True, accepted=True)
    csms.expect_none("BootNotification", within=0.3)


@pytest.mark.smoke
def test_a_reset_connection_is_followed_by_a_new_one(hasty_device: Device, bench: Bench, csms: Csms) -> None:
    """After a TCP reset the device reconnects without a reboot or a BootNotification."""
    with bench.inject(ConnectionDrop()):
        csms.expect_disconnected()
    csms.expect_connected()
    hasty_device.wait_status(connected=True, accepted=True)
    csms.expect_none("BootNotification", within=0.3)


def test_twenty_connections_in_a_row_end_at_once(hasty_device: Device, bench: Bench, csms: Csms) -> None:
    """Twenty connections are closed as soon as they are open: there is no BootNotification loop, and the last works."""
    for _ in range(20):
        mark = bench.mark()
        csms.close(1001, "not now")
        csms.expect_connected(since=mark)
    hasty_device.wait_status(connected=True, accepted=True, queue=0)
    csms.expect_none("BootNotification", within=0.3)
    csms.ping()


def test_a_csms_without_pongs_is_disconnected_and_retried(hasty_device: Device, bench: Bench, csms: Csms) -> None:
    """Pings without pongs: the device disconnects within two ping intervals, and reconnects every time."""
    with bench.inject(NoPong()):
        for _ in range(2):
            lost = csms.expect_disconnected(timeout=2 * PING_INTERVAL_S)
            csms.expect_connected()
            assert lost.code == 1006
    # A ping in flight when the pongs resume may end one more connection, but not two.
    hasty_device.let_time_pass(2 * PING_INTERVAL_S)
    mark = bench.mark()
    bench.timeline.expect_none(LinkChange, since=mark, within=3 * PING_INTERVAL_S)
    csms.ping()


def test_a_silent_csms_is_disconnected_and_retried(
    hasty_device: Device, bench: Bench, csms: Csms, console: Console
) -> None:
    """A CSMS that is silent in a connection and in handshakes runs into a timeout each time; the device reconnects."""
    with bench.inject(CsmsSilent()):
        console.expect("no answer to a ping", timeout=2 * PING_INTERVAL_S)
        console.expect("no answer to the WebSocket handshake in time", timeout=60)
    hasty_device.wait_status(timeout=60, connected=True, accepted=True)
    csms.ping()


@pytest.mark.smoke
@pytest.mark.needs("inputs")
def test_a_half_open_link_in_a_charge_loses_nothing(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """A minute without traffic in either direction: the charge goes on, and is reported completely afterwards."""
    device.configure(meter_value_sample_interval_s=10, backoff_initial_ms=100, backoff_max_ms=100)
    transaction_id = driver.start_charge(csms)
    with bench.inject(BlackHole()):
        drawn = driver.draw(50, hz=2).wait()
        device.wait_status(connected=False, state="Charging", timeout=60)
        device.let_time_pass(20)  # a whole interval of MeterValues, even if the loss was detected at once
    csms.expect_connected(timeout=150)
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=transaction_id, timeout=150)
    (transaction,) = csms.transactions
    transaction.check()
    check_no_sample_lost(transaction, 10)
    assert transaction.energy_wh == drawn


@pytest.mark.needs("inputs")
def test_a_status_whose_answer_was_lost_is_corrected(
    hasty_device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Preparing reaches the CSMS but its answer is lost; after an offline unplug the device reports Available."""
    with csms.hold("StatusNotification") as held:
        driver.plug_in()
        assert held.wait().payload["status"] == "Preparing"
        with bench.inject(CsmsGone()):
            csms.expect_disconnected()
            driver.unplug()
            hasty_device.wait_status(state="Available")
    mark = bench.mark()
    csms.expect_connected(timeout=30)
    csms.expect_status("Available", since=mark)


@pytest.mark.needs("inputs")
def test_a_status_without_an_answer_is_resent_on_the_same_connection(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """A StatusNotification without an answer is resent on the same connection."""
    device.configure(connection_timeout_s=3600)
    mark = bench.mark()
    with csms.hold("StatusNotification") as held:
        driver.plug_in()
        reported = held.wait()
        again = held.wait(timeout=200)  # the device waits 30 s for an answer, then up to a minute before it resends
    device.wait_status(queue=0)
    assert reported.payload["status"] == again.payload["status"] == "Preparing"
    assert reported.unique_id != again.unique_id
    assert bench.timeline.events(LinkChange, mark) == []


@pytest.mark.needs("inputs")
def test_a_status_info_changed_offline_is_reported(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """A status that is unchanged but has another error code since the connection was lost is reported."""
    device.configure(stop_transaction_on_ev_side_disconnect=False, backoff_initial_ms=100, backoff_max_ms=100)
    driver.start_charge(csms, draws=False)
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        driver.unplug()
        device.wait_status(state="SuspendedEV")
    mark = bench.mark()
    csms.expect_connected(timeout=30)
    csms.expect_status("SuspendedEV", since=mark, info="EV side disconnected")


@pytest.mark.needs("inputs")
def test_a_restart_of_the_csms_does_not_end_the_charge(
    hasty_device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """The CSMS restarts during a transaction: the transaction goes on and is stopped under its id."""
    transaction_id = driver.start_charge(csms)
    with bench.inject(CsmsRestart()):
        assert csms.expect_disconnected().code == 1012
        csms.expect_connected()
    assert hasty_device.wait_status(connected=True)["transaction"] == transaction_id
    drawn = driver.draw(20).wait()
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=transaction_id, reason="Local")
    csms.expect_none("BootNotification", within=0.1)
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == drawn


@pytest.mark.smoke
@pytest.mark.needs("inputs")
def test_a_charge_over_a_slow_network(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """With half a second of delay each way, and jitter, a charge is reported completely, over one connection."""
    with bench.inject(Latency(ms=500, jitter_ms=200, seed=3)):
        driver.start_charge(csms)
        drawn = driver.draw(30, hz=20).wait()
        driver.present_tag()
        csms.expect("StopTransaction", reason="Local", timeout=20)
        csms.expect_status("Finishing", timeout=20)
        device.wait_status(queue=0, timeout=20)
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == drawn
    assert bench.timeline.events(LinkChange, bench.timeline.default_mark) == []
