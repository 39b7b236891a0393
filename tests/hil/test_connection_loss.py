"""The connection to the CSMS ends, in every way that the field knows: the device is back by itself."""

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
    """The CSMS says goodbye with a close code: the device connects again, and does not boot for it."""
    csms.close(code, "see you")
    assert csms.expect_disconnected().code == code
    csms.expect_connected()
    hasty_device.wait_status(connected=True, accepted=True)
    csms.expect_none("BootNotification", within=0.3)


@pytest.mark.smoke
def test_a_reset_connection_is_followed_by_a_new_one(hasty_device: Device, bench: Bench, csms: Csms) -> None:
    """The TCP connection is reset: the device connects again, and does not boot for it."""
    with bench.inject(ConnectionDrop()):
        csms.expect_disconnected()
    csms.expect_connected()
    hasty_device.wait_status(connected=True, accepted=True)
    csms.expect_none("BootNotification", within=0.3)


def test_twenty_connections_in_a_row_end_at_once(hasty_device: Device, bench: Bench, csms: Csms) -> None:
    """Each connection is closed the moment it is there: no BootNotification loop, and the last one is as good."""
    for _ in range(20):
        mark = bench.mark()
        csms.close(1001, "not now")
        csms.expect_connected(since=mark)
    hasty_device.wait_status(connected=True, accepted=True, queue=0)
    csms.expect_none("BootNotification", within=0.3)
    csms.ping()


def test_a_csms_that_answers_no_ping_is_left_and_tried_again(hasty_device: Device, bench: Bench, csms: Csms) -> None:
    """Pings without pongs: the device leaves within two ping intervals, and always comes back."""
    with bench.inject(NoPong()):
        for _ in range(2):
            lost = csms.expect_disconnected(timeout=2 * PING_INTERVAL_S)
            csms.expect_connected()
            assert lost.code == 1006
    # The ping that was under way when the pongs came back may cost one more connection, but no second one.
    hasty_device.let_time_pass(2 * PING_INTERVAL_S)
    mark = bench.mark()
    bench.timeline.expect_none(LinkChange, since=mark, within=3 * PING_INTERVAL_S)
    csms.ping()


def test_a_csms_that_says_nothing_is_left_and_tried_again(
    hasty_device: Device, bench: Bench, csms: Csms, console: Console
) -> None:
    """The CSMS reads and says nothing, in a connection and in handshakes: both end in time, and it comes back."""
    with bench.inject(CsmsSilent()):
        console.expect("no answer to a ping", timeout=2 * PING_INTERVAL_S)
        console.expect("no answer to the WebSocket handshake in time", timeout=60)
    hasty_device.wait_status(timeout=60, connected=True, accepted=True)
    csms.ping()


@pytest.mark.smoke
@pytest.mark.needs("inputs")
def test_a_half_open_link_in_a_charge_loses_nothing(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """Nothing gets through either way for a minute of a charge: it goes on, and all is told afterwards."""
    device.configure(meter_value_sample_interval_s=10, backoff_initial_ms=100, backoff_max_ms=100)
    transaction_id = driver.start_charge(csms)
    with bench.inject(BlackHole()):
        drawn = driver.draw(50, hz=2).wait()
        device.wait_status(connected=False, state="Charging", timeout=60)
        device.let_time_pass(20)  # a whole interval of MeterValues, however soon the loss was noticed
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
    """Available, then Preparing, which the CSMS hears and cannot answer; unplugged offline: Available again."""
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
def test_a_status_without_an_answer_is_told_again_on_the_same_connection(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """A StatusNotification gets no answer, and the link stays: the state is told again, and nobody reconnects."""
    device.configure(connection_timeout_s=3600)
    mark = bench.mark()
    with csms.hold("StatusNotification") as held:
        driver.plug_in()
        told = held.wait()
        again = held.wait(timeout=200)  # the device waits 30 s for an answer, and up to a minute more
    device.wait_status(queue=0)
    assert told.payload["status"] == again.payload["status"] == "Preparing"
    assert told.unique_id != again.unique_id
    assert bench.timeline.events(LinkChange, mark) == []


@pytest.mark.needs("inputs")
def test_what_became_wrong_offline_is_told(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """The status is the one that the CSMS knows, the reason is another: it is told as well."""
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
    """The CSMS restarts in a transaction: the same transaction goes on and is stopped under its id."""
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
    """Half a second each way, with jitter: a charge is told in order and completely, over one connection."""
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
