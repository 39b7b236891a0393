"""A charging station of OCPP 2.x on a plain WebSocket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

from rig.csms import Csms
from tests.unit.csms.conftest import LIMIT_S, Peer

BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
STATUS = {"timestamp": "2026-01-01T00:00:00Z", "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
TOKEN = {"idToken": "CARD", "type": "ISO14443"}


def boot(peer: Peer) -> Any:
    """Send BootNotification and return the answer."""
    return peer.call("BootNotification", BOOT)


def transaction_event(kind: str, number: int, wh: float | None = None, **more: Any) -> dict[str, Any]:
    """Make a TransactionEventRequest of transaction T-1, at second `number`."""
    time = f"2026-01-01T00:00:{number:02}Z"
    event = {
        "eventType": kind,
        "timestamp": time,
        "triggerReason": "Authorized",
        "seqNo": number,
        "transactionInfo": {"transactionId": "T-1"},
        **more,
    }
    if wh is not None:
        event["meterValue"] = [{"timestamp": time, "sampledValue": [{"value": wh}]}]
    return event


def answered(csms: Csms, peer: Peer, action: str, payload: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Send a call of the CSMS, and the station's answer. Return the answer as the CSMS received it."""
    with ThreadPoolExecutor() as pool:
        call = pool.submit(csms.call, action, payload, timeout=LIMIT_S)
        peer.send(orjson.dumps([3, peer.receive()[1], answer]).decode())
        return call.result(LIMIT_S)
