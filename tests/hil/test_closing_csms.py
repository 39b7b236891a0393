"""A CSMS that ends the connection instead of answering a transaction message (OCPP 1.6 section 9.1)."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import FrameClose, FrameReset
from rig.faults.frames import FrameFault
from rig.instruments.console import Console
from rig.instruments.outputs import Outputs
from rig.instruments.telemetry import Telemetry
from rig.timeline import Mark
from rig.timeline.events import LinkChange, OcppFrame

pytestmark = pytest.mark.needs("inputs", "stepped_time")

ATTEMPTS = 3
"""The device's default of `TransactionMessageAttempts` (OCPP 1.6 section 9.1)."""
INTERVAL_S = 20
"""Much longer than the pause before a new connection: it shows whether the device counts a failed attempt."""
NS = 1_000_000_000
ILLEGAL_CODE = 999

both_actions = pytest.mark.parametrize("action", ["StartTransaction", "StopTransaction"])


@pytest.fixture
def quick_device(device: Device) -> Device:
    """Configure a short pause before a new connection, a long one between attempts, and no samples."""
    device.configure(
        backoff_initial_ms=100,
        backoff_max_ms=100,
        transaction_message_retry_interval_s=INTERVAL_S,
        meter_value_sample_interval_s=0,
    )
    return device


def charge_until(action: str, driver: EvDriver, csms: Csms) -> None:
    """Charge until the message is the next one that the driver causes."""
    if action == "StopTransaction":
        driver.start_charge(csms)
        driver.draw(5, hz=20).wait()
    else:
        driver.plug_in()
        csms.expect_status("Preparing")


def sendings(bench: Bench, action: str, since: Mark) -> list[OcppFrame]:
    """Return the messages of an action that the CSMS has received."""
    return bench.timeline.events(
        OcppFrame, since, lambda frame: frame.direction == "received" and frame.action == action
    )


def ends_of_connections(bench: Bench, since: Mark) -> list[LinkChange]:
    """Return the ends of connections."""
    return bench.timeline.events(LinkChange, since, lambda change: not change.connected)


def check_next_charge(driver: EvDriver, csms: Csms, device: Device) -> None:
    """Charge once more: the queue is not blocked, and the transaction is reported."""
    driver.unplug()
    csms.expect_status("Available")
    driver.start_charge(csms)
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=csms.transactions[-1].transaction_id)
    device.wait_status(queue=0)
    csms.transactions[-1].check()


@both_actions
@pytest.mark.parametrize("code", [1000, 1011, 4000, ILLEGAL_CODE])
def test_a_message_for_which_the_csms_closes_is_given_up(
    quick_device: Device,
    bench: Bench,
    driver: EvDriver,
    csms: Csms,
    console: Console,
    telemetry: Telemetry,
    outputs: Outputs,
    action: str,
    code: int,
) -> None:
    """Each Close frame is a failed attempt. After the last one the message is dropped, and the queue continues."""
    charge_until(action, driver, csms)
    (before,) = telemetry.expect(1)
    mark = bench.mark()
    with bench.inject(FrameClose(action=action, message="answer", code=code)):
        driver.present_tag()
        dropped = f"{action} [0-9]+ is dropped: the connection was closed instead of an answer"
        console.expect(dropped, since=mark, timeout=120)
        quick_device.wait_status(queue=0, transaction=None, accepted=True, timeout=30)
        csms.expect_none(action, since=bench.mark(), within=3 * INTERVAL_S)
    frames = sendings(bench, action, mark)
    assert len(frames) == ATTEMPTS
    assert len({(frame.unique_id, frame.raw) for frame in frames}) == 1
    ends = ends_of_connections(bench, mark)
    assert len(ends) == ATTEMPTS
    if code != ILLEGAL_CODE:
        assert {end.code for end in ends} == {code}
    for failures, (sent, resent) in enumerate(pairwise(frames), start=1):
        assert resent.t - sent.t >= failures * INTERVAL_S * NS
    (after,) = telemetry.expect(1)
    assert after.values["tx_dropped"] == before.values["tx_dropped"] + (2 if action == "StartTransaction" else 1)
    outputs["contactor"].expect_steady(False, within=0.2)
    check_next_charge(driver, csms, quick_device)


@both_actions
@pytest.mark.parametrize(
    "ending",
    [FrameClose(code=1001), FrameClose(code=1012), FrameClose(code=1013), FrameReset(), FrameReset(end="close")],
    ids=["1001", "1012", "1013", "reset", "closed"],
)
def test_a_connection_that_ends_for_another_reason_is_no_failed_attempt(
    quick_device: Device,
    bench: Bench,
    driver: EvDriver,
    csms: Csms,
    telemetry: Telemetry,
    action: str,
    ending: FrameFault,
) -> None:
    """The message is resent on each new connection, at once and as often as necessary, and is answered in the end."""
    charge_until(action, driver, csms)
    (before,) = telemetry.expect(1)
    mark = bench.mark()
    with bench.inject(replace(ending, action=action, message="answer", times=2 * ATTEMPTS)):
        driver.present_tag()
        state = "Finishing" if action == "StopTransaction" else "Charging"
        quick_device.wait_status(queue=0, accepted=True, state=state)
    frames = sendings(bench, action, mark)
    assert len(frames) == 2 * ATTEMPTS + 1
    assert len({(frame.unique_id, frame.raw) for frame in frames}) == 1
    assert all(resent.t - sent.t < INTERVAL_S * NS for sent, resent in pairwise(frames))
    if action == "StartTransaction":
        driver.present_tag()
        csms.expect("StopTransaction")
    (transaction,) = csms.transactions
    transaction.check()
    (after,) = telemetry.expect(1)
    assert after.values["tx_dropped"] == before.values["tx_dropped"]
