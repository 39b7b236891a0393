"""Resets by the CSMS (OCPP 1.6 section 5.14), soft and hard, and by the reset line, idle and during a charge."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import CallErrorReceived, Csms
from rig.device import Device, EvDriver
from rig.faults import CsmsSilent, Reset
from rig.instruments.console import Console
from rig.instruments.outputs import Outputs
from rig.timeline.events import Boot, OcppFrame, PinEdge
from tests.hil.exact import moment

KINDS = pytest.mark.parametrize("kind", ["Soft", "Hard"])


@pytest.mark.smoke
@KINDS
def test_a_reset_while_idle_reboots(device: Device, bench: Bench, csms: Csms, kind: str) -> None:
    """Reset is Accepted; a reboot, a BootNotification and the connectors' status follow."""
    with device.expecting_reboot():
        assert csms.call("Reset", {"type": kind}) == {"status": "Accepted"}
        assert csms.expect_disconnected().code == 1001
        assert bench.timeline.expect(Boot).reset == "software"
        csms.expect("BootNotification")
    csms.expect_status("Available", connector=0)
    csms.expect_status("Available", connector=1)
    device.wait_status(accepted=True, queue=0)


@KINDS
@pytest.mark.needs("inputs", "outputs")
def test_a_reset_in_a_charge_stops_it_first(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, outputs: Outputs, kind: str
) -> None:
    """The contactor opens and the transaction is stopped with the reset's reason before the reboot."""
    transaction_id = driver.start_charge(csms)
    before = int(device.status()["energy_wh"])
    driver.draw(7).wait()
    device.wait_status(energy_wh=before + 7)  # pulses and the Reset arrive by different channels
    with device.expecting_reboot() as reboot:
        assert csms.call("Reset", {"type": kind}) == {"status": "Accepted"}
        stop = csms.expect("StopTransaction", transactionId=transaction_id, reason=f"{kind}Reset")
        outputs["contactor"].expect(False)
        csms.expect("BootNotification")
    assert reboot.boot is not None
    opened = bench.timeline.last(PinEdge, lambda edge: edge.signal == "outputs.contactor" and not edge.level)
    assert opened is not None
    assert moment(opened) < moment(reboot.boot)
    assert moment(stop) < moment(reboot.boot)
    assert stop.id < reboot.boot.id
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == 7
    assert len(transaction.stops) == 1
    csms.expect_none("StartTransaction", since=bench.mark(), within=0.3)


@KINDS
@pytest.mark.needs("inputs", "stepped_time")
def test_a_reset_does_not_wait_for_ever_for_an_answer(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, kind: str
) -> None:
    """Without an answer to StopTransaction the device resets after a timeout, and resends the stop after the boot."""
    transaction_id = driver.start_charge(csms)
    with device.expecting_reboot(), csms.hold("StopTransaction") as held:
        assert csms.call("Reset", {"type": kind}) == {"status": "Accepted"}
        first = held.wait()
        bench.timeline.expect(Boot, timeout=30)
        again = held.wait(timeout=30)
        held.release()
    assert first.payload == again.payload
    assert first.unique_id == again.unique_id
    assert first.payload["transactionId"] == transaction_id
    device.wait_status(queue=0)


@pytest.mark.needs("stepped_time")
def test_a_reset_does_not_wait_for_ever_for_the_close_handshake(device: Device, bench: Bench, csms: Csms) -> None:
    """The CSMS is silent after its Reset: the device reboots without the close handshake."""
    with device.expecting_reboot():
        assert csms.call("Reset", {"type": "Hard"}) == {"status": "Accepted"}
        with bench.inject(CsmsSilent()):
            bench.timeline.expect(Boot, timeout=30)
    device.wait_accepted()


@pytest.mark.needs("inputs", "test_hooks")
@pytest.mark.parametrize("how", ["reboot", "crash abort"])
def test_a_restart_by_the_device_stops_the_charge_afterwards(
    device: Device, console: Console, driver: EvDriver, csms: Csms, how: str
) -> None:
    """After a restart from the console, or by a panic, StopTransaction with Reboot follows the acceptance."""
    transaction_id = driver.start_charge(csms)
    with device.expecting_reboot():
        console.send(how)
        csms.expect("BootNotification")
        csms.expect("StopTransaction", transactionId=transaction_id, reason="Reboot")
    csms.transactions[-1].check()


@pytest.mark.smoke
@pytest.mark.needs("inputs")
def test_a_second_reset_changes_nothing(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """A second Reset while the first one waits for the end of the transaction: one reboot, one StopTransaction."""
    driver.start_charge(csms)
    with device.expecting_reboot():
        with csms.hold("StopTransaction") as held:
            assert csms.call("Reset", {"type": "Soft"}) == {"status": "Accepted"}
            held.wait()
            assert csms.call("Reset", {"type": "Hard"})["status"] in ("Accepted", "Rejected")
        bench.timeline.expect(Boot)
    device.wait_status(accepted=True, queue=0)
    assert len(bench.timeline.events(Boot, bench.timeline.default_mark)) == 1
    (transaction,) = csms.transactions
    assert transaction.stop["reason"] == "SoftReset"
    assert len(transaction.stops) == 1


@pytest.mark.needs("inputs", "outputs")
def test_nothing_starts_while_a_reset_is_pending(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, outputs: Outputs
) -> None:
    """A remote start during a pending reset is Rejected; after the boot it is accepted."""
    driver.start_charge(csms)
    with device.expecting_reboot():
        with csms.hold("StopTransaction") as held:
            assert csms.call("Reset", {"type": "Soft"}) == {"status": "Accepted"}
            held.wait()
            assert csms.call("RemoteStartTransaction", {"idTag": "NEXT"}) == {"status": "Rejected"}
            outputs["contactor"].expect(False)
        bench.timeline.expect(Boot)
    device.wait_status(accepted=True, queue=0)
    assert csms.call("RemoteStartTransaction", {"idTag": "NEXT"}) == {"status": "Accepted"}
    csms.expect("StartTransaction", idTag="NEXT")


def test_an_unknown_reset_type_is_rejected(device: Device, bench: Bench, csms: Csms) -> None:
    """A Reset with an unknown type is answered with the right CALLERROR, without a reboot."""
    with pytest.raises(CallErrorReceived) as rejected:
        csms.call("Reset", {"type": "Firm"}, check=False)
    assert rejected.value.code == "PropertyConstraintViolation"
    bench.timeline.expect_none(Boot, within=0.3)
    assert not bench.timeline.events(OcppFrame, bench.timeline.default_mark, lambda frame: frame.error != "")[1:]


# An ESP32 reports a reset by EN as power_on: only the virtual board can distinguish the two.
@pytest.mark.needs("inputs", "outputs", "control.en", "external_reset")
def test_the_reset_line_in_a_charge_opens_the_contactor_at_once(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, outputs: Outputs
) -> None:
    """EN low opens the contactor at once, and the transaction is stopped after the boot."""
    transaction_id = driver.start_charge(csms)
    with device.expecting_reboot() as reboot:
        with bench.inject(Reset()):
            outputs["contactor"].expect(False)
            csms.expect_disconnected()
        csms.expect("StopTransaction", transactionId=transaction_id, reason="Reboot")
    assert reboot.boot is not None
    assert reboot.boot.reset == "external"
    (transaction,) = csms.transactions
    transaction.check()
