"""DataTransfer (OCPP 1.6 sections 4.3 and 5.6), in both directions."""

from __future__ import annotations

import pytest

from rig.csms import CallError, Csms
from rig.device import Device
from rig.instruments.console import Console


@pytest.mark.parametrize("data", ["hello", "", 'ä€𝄞 " \\ \n', "x" * 2000], ids=["word", "nothing", "unicode", "long"])
def test_our_vendor_echoes_its_data(device: Device, csms: Csms, data: str) -> None:
    """vendorId Plugbench, messageId Echo: the answer has the same data, character by character."""
    answer = csms.call("DataTransfer", {"vendorId": "Plugbench", "messageId": "Echo", "data": data})
    assert answer == {"status": "Accepted", "data": data}


@pytest.mark.smoke
def test_an_unknown_vendor_or_message(device: Device, csms: Csms) -> None:
    """An unknown vendorId gets UnknownVendorId; an unknown messageId of our vendor gets UnknownMessageId."""
    assert csms.call("DataTransfer", {"vendorId": "org.example", "data": "x"}) == {"status": "UnknownVendorId"}
    unknown = {"status": "UnknownMessageId"}
    assert csms.call("DataTransfer", {"vendorId": "Plugbench", "messageId": "Dance"}) == unknown
    assert csms.call("DataTransfer", {"vendorId": "Plugbench"}) == unknown


@pytest.mark.smoke
def test_the_device_sends_a_data_transfer(device: Device, console: Console, csms: Csms) -> None:
    """The console command `transfer` sends a DataTransfer, and shows the CSMS's answer."""
    csms.answer("DataTransfer", {"status": "Accepted", "data": "pong"}, times=1)
    assert console.command("transfer org.example Ping 1 2 3") == '{"status":"Accepted","data":"pong"}'
    csms.expect("DataTransfer", vendorId="org.example", messageId="Ping", data="1 2 3")


@pytest.mark.parametrize("status", ["Rejected", "UnknownVendorId", "UnknownMessageId"])
def test_a_rejection_by_the_csms_is_shown(device: Device, console: Console, csms: Csms, status: str) -> None:
    """A rejection by the CSMS is shown unchanged on the console, and the next transfer works."""
    csms.answer("DataTransfer", {"status": status}, times=1)
    assert console.command("transfer org.example") == f'{{"status":"{status}"}}'
    assert device.status()["queue"] == 0


def test_the_csms_answers_a_data_transfer_with_an_error(device: Device, console: Console, csms: Csms) -> None:
    """A CALLERROR of the CSMS is shown on the console, and the next transfer works."""
    csms.answer("DataTransfer", CallError("NotSupported", "no such thing"), times=1)
    assert console.command("transfer org.example") == "error: rejected by the CSMS"
    csms.answer("DataTransfer", {"status": "Accepted"}, times=1)
    assert console.command("transfer org.example") == '{"status":"Accepted"}'
