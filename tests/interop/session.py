"""A typical session between a charge point and its CSMS."""

from __future__ import annotations

import re

from tests.interop.central_system import CentralSystem
from tests.interop.device import ID_TAG, Device

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


async def boot(csms: CentralSystem) -> None:
    """The device sends BootNotification, the status of both connectors, and Heartbeats."""
    await csms.inbox.take("BootNotification", chargePointVendor=str, chargePointModel=str)
    await csms.inbox.take("StatusNotification", connectorId=0, status="Available")
    await csms.inbox.take("StatusNotification", connectorId=1, status="Available")
    await csms.inbox.take("Heartbeat")


async def configuration(csms: CentralSystem) -> None:
    """Read all keys, read one, change one; a read-only key is rejected and an unknown one not supported."""
    everything = await csms.call("GetConfiguration")
    keys = {entry["key"]: entry for entry in everything["configurationKey"]}
    assert {"HeartbeatInterval", "MeterValueSampleInterval", "NumberOfConnectors"} <= set(keys)
    some = await csms.call("GetConfiguration", {"key": ["NumberOfConnectors", "NoSuchKey"]})
    assert [entry["key"] for entry in some["configurationKey"]] == ["NumberOfConnectors"]
    assert some["unknownKey"] == ["NoSuchKey"]

    changed = await csms.call("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "1"})
    assert changed == {"status": "Accepted"}
    (entry,) = (await csms.call("GetConfiguration", {"key": ["MeterValueSampleInterval"]}))["configurationKey"]
    assert entry["value"] == "1"
    for key, status in (("NumberOfConnectors", "Rejected"), ("NoSuchKey", "NotSupported")):
        assert await csms.call("ChangeConfiguration", {"key": key, "value": "2"}) == {"status": status}


async def local_charge(csms: CentralSystem, device: Device) -> None:
    """A driver charges 25 Wh with a card."""
    assert await device.console(f"set local_id_tag {ID_TAG}") == "ok"
    await device.plug_in()
    await csms.inbox.take("StatusNotification", connectorId=1, status="Preparing")
    await device.present_tag()
    await csms.inbox.take("Authorize", idTag=ID_TAG)
    start = await csms.inbox.take("StartTransaction", connectorId=1, idTag=ID_TAG, timestamp=DATE_TIME)
    await csms.inbox.take("StatusNotification", connectorId=1, status="Charging")
    await device.board("pulses 25")
    await csms.inbox.take("MeterValues", connectorId=1, transactionId=int)
    await device.present_tag()
    stop = await csms.inbox.take("StopTransaction", reason="Local", idTag=ID_TAG, timestamp=DATE_TIME)
    assert stop["meterStop"] - start["meterStart"] == 25
    await csms.inbox.take("StatusNotification", connectorId=1, status="Finishing")
    await device.unplug()
    await csms.inbox.take("StatusNotification", connectorId=1, status="Available")


async def remote_charge(csms: CentralSystem, device: Device, transaction_id: int) -> None:
    """The CSMS starts a charge and stops it.

    Args:
        csms: the CSMS.
        device: the charge point.
        transaction_id: the id that the CSMS assigns to this transaction.
    """
    await device.plug_in()
    await csms.inbox.take("StatusNotification", connectorId=1, status="Preparing")
    started = await csms.call("RemoteStartTransaction", {"idTag": "REMOTE-TAG", "connectorId": 1})
    assert started == {"status": "Accepted"}
    await csms.inbox.take("StartTransaction", connectorId=1, idTag="REMOTE-TAG")
    await csms.inbox.take("StatusNotification", connectorId=1, status="Charging")
    other = await csms.call("RemoteStopTransaction", {"transactionId": transaction_id + 1000})
    assert other == {"status": "Rejected"}
    stopped = await csms.call("RemoteStopTransaction", {"transactionId": transaction_id})
    assert stopped == {"status": "Accepted"}
    await csms.inbox.take("StopTransaction", reason="Remote", transactionId=transaction_id)
    await device.unplug()
    await csms.inbox.take("StatusNotification", connectorId=1, status="Available")


async def reset(csms: CentralSystem, device: Device) -> None:
    """After a soft and after a hard reset the device boots and reports its status."""
    for kind in ("Soft", "Hard"):
        assert await csms.call("Reset", {"type": kind}) == {"status": "Accepted"}
        await device.wait_for("app: ready")
        await csms.inbox.take("BootNotification")
        await csms.inbox.take("StatusNotification", connectorId=1, status="Available")


async def whole_session(csms: CentralSystem, device: Device) -> None:
    """Run all parts in order. The CSMS numbers transactions from 1."""
    await boot(csms)
    await configuration(csms)
    await local_charge(csms, device)
    await remote_charge(csms, device, transaction_id=2)
    await reset(csms, device)
