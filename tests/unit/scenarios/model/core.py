"""The core profile of the model, as far as the compliance cases of its other features use it."""

from __future__ import annotations

from typing import Any

from tests.unit.scenarios.model.session import Payload, Session


class Core(Session):
    """A charge point with one connector. The person of a scenario calls the methods that have no arguments."""

    profiles: tuple[str, ...] = ("Core", "RemoteTrigger")
    tag = "TAG"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.keys = {"SupportedFeatureProfiles": ",".join(self.profiles)}  # all of them read-only
        self.transaction: int | None = None
        self._is_plugged = self._is_finishing = self._is_faulted = self._is_inoperative = False
        self._reported = ""

    async def boot(self) -> None:
        """Send BootNotification, and the status of both connectors."""
        await self.call("BootNotification", {"chargePointModel": "Model", "chargePointVendor": "Plugbench"})
        self._send_status(0, "Available")
        self._reported = ""
        self.report_status()

    # -- status -------------------------------------------------------------------------------------------------------

    @property
    def status(self) -> str:
        """The status of the connector (OCPP 1.6 section 7.7)."""
        states = {
            "Faulted": self._is_faulted,
            "Unavailable": self._is_inoperative,
            "Charging": self.transaction is not None,
            "Finishing": self._is_finishing,
            "Reserved": self.is_reserved(),
            "Preparing": self._is_plugged,
        }
        return next((status for status, holds in states.items() if holds), "Available")

    def report_status(self) -> None:
        """Send the status of the connector if it has changed."""
        if self.status != self._reported:
            self._reported = self.status
            self._send_status(1, self.status)

    def _send_status(self, connector: int, status: str) -> None:
        self.send("StatusNotification", {"connectorId": connector, "errorCode": "NoError", "status": status})

    # -- the person ---------------------------------------------------------------------------------------------------

    def plug_in(self) -> None:
        """Plug in a vehicle."""
        self._is_plugged = True
        self.report_status()

    def unplug(self) -> None:
        """Unplug the vehicle."""
        self._is_plugged = self._is_finishing = False
        self.report_status()

    def present_tag(self) -> None:
        """Present the card."""
        self.spawn(self._stop() if self.transaction is not None else self._authorize())

    def press_emergency_stop(self) -> None:
        """Press the emergency stop, which is a fault."""
        self._is_faulted = True
        self.report_status()

    # -- transactions -------------------------------------------------------------------------------------------------

    def is_reserved(self) -> bool:
        """Return whether the connector is reserved."""
        return False

    def may_start(self, id_tag: str, parent: str | None = None) -> bool:
        """Return whether an idTag may use the connector."""
        return True

    def start_details(self) -> Payload:
        """Return the members that a feature adds to StartTransaction."""
        return {}

    def transaction_ended(self) -> None:
        """Act on the end of the transaction."""

    async def _authorize(self) -> None:
        info = (await self.call("Authorize", {"idTag": self.tag}))["idTagInfo"]
        if info["status"] == "Accepted" and self.may_start(self.tag, info.get("parentIdTag")):
            await self.start(self.tag)

    async def start(self, id_tag: str) -> None:
        """Start the transaction."""
        begin = {"connectorId": 1, "idTag": id_tag, "meterStart": 0, "timestamp": self.now(), **self.start_details()}
        self.transaction = (await self.call("StartTransaction", begin))["transactionId"]
        self.report_status()

    async def _stop(self) -> None:
        end = {"meterStop": 0, "timestamp": self.now(), "reason": "Local", "idTag": self.tag}
        await self.call("StopTransaction", {"transactionId": self.transaction, **end})
        self.transaction_ended()
        self.transaction, self._is_finishing = None, True
        self.report_status()

    # -- calls of the CSMS --------------------------------------------------------------------------------------------

    def on_get_configuration(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.8."""
        known = [key for key in request["key"] if key in self.keys]
        return {
            "configurationKey": [{"key": key, "readonly": True, "value": self.keys[key]} for key in known],
            "unknownKey": [key for key in request["key"] if key not in self.keys],
        }

    def on_change_configuration(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.3."""
        return {"status": "Rejected" if request["key"] in self.keys else "NotSupported"}

    def on_change_availability(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.2."""
        self._is_inoperative = request["type"] == "Inoperative"
        self.report_status()
        return {"status": "Accepted"}

    def on_remote_start_transaction(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.11."""
        if self.transaction is not None or not self.may_start(request["idTag"]):
            return {"status": "Rejected"}
        self.spawn(self.start(request["idTag"]))
        return {"status": "Accepted"}

    def on_get_local_list_version(self, _: Payload) -> Payload:
        """OCPP 1.6 section 5.10; the model has no list."""
        return {"listVersion": -1}

    def on_send_local_list(self, _: Payload) -> Payload:
        """OCPP 1.6 section 5.15; the model has no list."""
        return {"status": "NotSupported"}

    def on_trigger_message(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.17."""
        messages = self.triggered()
        message = request["requestedMessage"]
        if message not in messages:
            return {"status": "NotImplemented"}
        self.send(message, messages[message])
        return {"status": "Accepted"}

    def triggered(self) -> dict[str, Payload]:
        """Return the messages that TriggerMessage can request."""
        value = {"value": "0", "context": "Trigger"}
        return {
            "BootNotification": {"chargePointModel": "Model", "chargePointVendor": "Plugbench"},
            "Heartbeat": {},
            "MeterValues": {"connectorId": 1, "meterValue": [{"timestamp": self.now(), "sampledValue": [value]}]},
            "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "status": self.status},
        }
