"""Boots of an empty flash and of a flashed board, up to the accepted charge point."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.faults import Reset
from rig.instruments.console import Console
from rig.timeline.events import Boot, PinEdge


@pytest.mark.smoke
def test_a_board_flashed_with_esptool_boots_to_accepted(fresh_device: Device, bench: Bench, csms: Csms) -> None:
    """An erased board that esptool has flashed boots cold and is accepted by the CSMS."""
    boot = bench.timeline.expect(Boot, consume=False)
    assert boot.reset == "power_on"
    notification = csms.expect("BootNotification", chargePointVendor=str, chargePointModel=str)
    assert notification.payload["firmwareVersion"] == boot.version
    csms.expect_status("Available", connector=0, errorCode="NoError")
    csms.expect_status("Available", connector=1, errorCode="NoError")
    assert fresh_device.status()["accepted"] is True


@pytest.mark.needs("outputs", "power", "control.en")
@pytest.mark.parametrize("how", ["power", "reset-line", "Reset-Soft", "Reset-Hard"])
def test_contactor_stays_open_during_a_boot(device: Device, bench: Bench, csms: Csms, how: str) -> None:
    """A power cycle or a reset never closes the contactor, not even for an instant."""
    mark = bench.mark()
    with device.expecting_reboot():
        if how == "power":
            bench.power.cycle()
        elif how == "reset-line":
            with bench.inject(Reset()):
                pass
        else:
            assert csms.call("Reset", {"type": how.removeprefix("Reset-")}) == {"status": "Accepted"}
    device.wait_accepted()
    bench.timeline.expect_none(
        PinEdge,
        lambda edge: edge.signal == "outputs.contactor" and edge.level,
        since=mark,
        within=0.2,
        what="a closed contactor",
    )


@pytest.mark.smoke
def test_a_reset_keeps_the_serial_port(device: Device, console: Console, bench: Bench, csms: Csms) -> None:
    """The console stays open over a reset: the boot banner with the reset reason appears on the same port."""
    with device.expecting_reboot():
        assert csms.call("Reset", {"type": "Hard"}) == {"status": "Accepted"}
        boot = bench.timeline.expect(Boot)
    assert boot.reset == "software"
    csms.expect("BootNotification")
    device.wait_accepted()
    assert "status" in console.command("help")


@pytest.mark.needs("power", "stepped_time")
def test_a_slow_csms_can_accept_the_device(device: Device, bench: Bench, csms: Csms, console: Console) -> None:
    """A device is accepted although each BootNotification is answered after 32 s, later than its timeout."""
    with csms.hold("BootNotification") as held, device.expecting_reboot():
        bench.power.cycle()
        held.wait()
        device.let_time_pass(32)
        console.expect("BootNotification: no answer in time")
        assert held.release() == 1
        device.wait_status(accepted=True)
    csms.expect_status("Available", connector=1)
    csms.expect_none("BootNotification", since=bench.mark(), within=60)
