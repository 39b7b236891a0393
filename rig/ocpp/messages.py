"""Typed requests of OCPP 1.6: a test expects them from a charge point, or sends them to it.

    csms.expect(messages.start_transaction(connector_id=1, id_tag="TAG"))
    csms.call(messages.remote_start_transaction("TAG", connector_id=1))

A request of a charge point is expected by some of its fields, so all are optional; a field may also be a predicate or a
compiled pattern (`rig.ocpp.matching`). A request of the CSMS has the arguments that the schema requires.
The types come from the schemas; a test compares this file with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

T = TypeVar("T")
Predicate = Callable[[Any], bool]
Want: TypeAlias = T | Predicate | re.Pattern[str] | None
"""An expected field: a value, a predicate, or a pattern that matches the whole string. None: any value."""

AuthorizationStatus = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]
AvailabilityType = Literal["Inoperative", "Operative"]
ChargePointErrorCode = Literal[
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "NoError",
    "OtherError",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "WeakSignal",
]
ChargePointStatus = Literal[
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEVSE",
    "SuspendedEV",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
]
DiagnosticsStatus = Literal["Idle", "Uploaded", "UploadFailed", "Uploading"]
FirmwareStatus = Literal[
    "Downloaded", "DownloadFailed", "Downloading", "Idle", "InstallationFailed", "Installing", "Installed"
]
Location = Literal["Cable", "EV", "Inlet", "Outlet", "Body"]
Measurand = Literal[
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval",
    "Energy.Active.Import.Interval",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "Power.Factor",
    "Current.Import",
    "Current.Export",
    "Current.Offered",
    "Voltage",
    "Frequency",
    "Temperature",
    "SoC",
    "RPM",
]
MessageTrigger = Literal[
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
]
Phase = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]
ReadingContext = Literal[
    "Interruption.Begin",
    "Interruption.End",
    "Sample.Clock",
    "Sample.Periodic",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
    "Other",
]
Reason = Literal[
    "DeAuthorized",
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "Local",
    "Other",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
]
ResetType = Literal["Hard", "Soft"]
Unit = Literal[
    "Wh",
    "kWh",
    "varh",
    "kvarh",
    "W",
    "kW",
    "VA",
    "kVA",
    "var",
    "kvar",
    "A",
    "V",
    "K",
    "Celcius",  # the specification's first spelling
    "Celsius",
    "Fahrenheit",
    "Percent",
]
ValueFormat = Literal["Raw", "SignedData"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request: its action, and its fields, spelled as on the wire."""

    action: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.action}({', '.join(f'{name}={value!r}' for name, value in self.fields.items())})"


def given(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not None, spelled as on the wire: `id_tag` becomes `idTag`."""
    return {
        re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name): value
        for name, value in fields.items()
        if value is not None
    }


# -- by the charge point (OCPP 1.6 section 4) -----------------------------------------------------------------------


def authorize(id_tag: Want[str] = None) -> Request:
    """Ask whether an idTag may charge (section 4.1)."""
    return Request("Authorize", given(id_tag=id_tag))


def boot_notification(
    charge_point_vendor: Want[str] = None,
    charge_point_model: Want[str] = None,
    *,
    charge_point_serial_number: Want[str] = None,
    charge_box_serial_number: Want[str] = None,
    firmware_version: Want[str] = None,
    iccid: Want[str] = None,
    imsi: Want[str] = None,
    meter_type: Want[str] = None,
    meter_serial_number: Want[str] = None,
) -> Request:
    """Report a boot and ask to be accepted (section 4.2)."""
    return Request(
        "BootNotification",
        given(
            charge_point_vendor=charge_point_vendor,
            charge_point_model=charge_point_model,
            charge_point_serial_number=charge_point_serial_number,
            charge_box_serial_number=charge_box_serial_number,
            firmware_version=firmware_version,
            iccid=iccid,
            imsi=imsi,
            meter_type=meter_type,
            meter_serial_number=meter_serial_number,
        ),
    )


def data_transfer(
    vendor_id: Want[str] = None, message_id: Want[str] = None, data: Want[str | Predicate] = None
) -> Request:
    """Transfer vendor-specific data, either way (sections 4.3, 5.6). To send it, give a `vendor_id`."""
    return Request("DataTransfer", given(vendor_id=vendor_id, message_id=message_id, data=data))


def diagnostics_status_notification(status: Want[DiagnosticsStatus] = None) -> Request:
    """Report the state of a diagnostics upload (section 4.4)."""
    return Request("DiagnosticsStatusNotification", given(status=status))


def firmware_status_notification(status: Want[FirmwareStatus] = None) -> Request:
    """Report the state of a firmware update (section 4.5)."""
    return Request("FirmwareStatusNotification", given(status=status))


def heartbeat() -> Request:
    """Show that the charge point is alive, and ask for the time (section 4.6)."""
    return Request("Heartbeat")


def meter_values(
    connector_id: Want[int] = None,
    *,
    transaction_id: Want[int] = None,
    meter_value: Want[Sequence[Mapping[str, Any]]] = None,
) -> Request:
    """Report meter samples (section 4.7); see the builders `meter_value` and `sampled_value`."""
    return Request(
        "MeterValues", given(connector_id=connector_id, transaction_id=transaction_id, meter_value=meter_value)
    )


def meter_value(
    sampled_value: Want[Sequence[Mapping[str, Any]]] = None, *, timestamp: Want[str] = None
) -> dict[str, Any]:
    """Build the samples of one moment, for MeterValues and StopTransaction (section 7.33)."""
    return given(timestamp=timestamp, sampled_value=sampled_value)


def sampled_value(
    value: Want[str] = None,
    *,
    measurand: Want[Measurand] = None,
    unit: Want[Unit] = None,
    context: Want[ReadingContext] = None,
    phase: Want[Phase] = None,
    location: Want[Location] = None,
    value_format: Want[ValueFormat] = None,
) -> dict[str, Any]:
    """Build one sample, for a meter value (section 7.43)."""
    return given(
        value=value,
        measurand=measurand,
        unit=unit,
        context=context,
        phase=phase,
        location=location,
        format=value_format,
    )


def start_transaction(
    connector_id: Want[int] = None,
    id_tag: Want[str] = None,
    *,
    meter_start: Want[int] = None,
    reservation_id: Want[int] = None,
    timestamp: Want[str] = None,
) -> Request:
    """Report the start of a transaction (section 4.8). `meter_start` is in Wh."""
    return Request(
        "StartTransaction",
        given(
            connector_id=connector_id,
            id_tag=id_tag,
            meter_start=meter_start,
            reservation_id=reservation_id,
            timestamp=timestamp,
        ),
    )


def status_notification(
    status: Want[ChargePointStatus] = None,
    connector_id: Want[int] = None,
    *,
    error_code: Want[ChargePointErrorCode] = None,
    info: Want[str] = None,
    timestamp: Want[str] = None,
    vendor_id: Want[str] = None,
    vendor_error_code: Want[str] = None,
) -> Request:
    """Report a connector's state or error (section 4.9). Connector 0 is the charge point itself."""
    return Request(
        "StatusNotification",
        given(
            status=status,
            connector_id=connector_id,
            error_code=error_code,
            info=info,
            timestamp=timestamp,
            vendor_id=vendor_id,
            vendor_error_code=vendor_error_code,
        ),
    )


def stop_transaction(
    reason: Want[Reason] = None,
    *,
    transaction_id: Want[int] = None,
    id_tag: Want[str] = None,
    meter_stop: Want[int] = None,
    timestamp: Want[str] = None,
    transaction_data: Want[Sequence[Mapping[str, Any]]] = None,
) -> Request:
    """Report the end of a transaction (section 4.10). `meter_stop` is in Wh; a missing reason means `Local`."""
    return Request(
        "StopTransaction",
        given(
            reason=reason,
            transaction_id=transaction_id,
            id_tag=id_tag,
            meter_stop=meter_stop,
            timestamp=timestamp,
            transaction_data=transaction_data,
        ),
    )


# -- by the CSMS (OCPP 1.6 section 5) -------------------------------------------------------------------------------


def change_availability(connector_id: int, availability: AvailabilityType) -> Request:
    """Set the availability of a connector; connector 0 is the whole charge point (section 5.2)."""
    return Request("ChangeAvailability", given(connector_id=connector_id, type=availability))


def change_configuration(key: str, value: str) -> Request:
    """Change a configuration key (section 5.3)."""
    return Request("ChangeConfiguration", given(key=key, value=value))


def clear_cache() -> Request:
    """Clear the authorization cache (section 5.4)."""
    return Request("ClearCache")


def get_configuration(*keys: str) -> Request:
    """Read these configuration keys, or all if none is named (section 5.8)."""
    return Request("GetConfiguration", given(key=list(keys) or None))


def remote_start_transaction(
    id_tag: str, *, connector_id: int | None = None, charging_profile: Mapping[str, Any] | None = None
) -> Request:
    """Start a transaction (section 5.11)."""
    return Request(
        "RemoteStartTransaction", given(id_tag=id_tag, connector_id=connector_id, charging_profile=charging_profile)
    )


def remote_stop_transaction(transaction_id: int) -> Request:
    """Stop a transaction (section 5.12)."""
    return Request("RemoteStopTransaction", given(transaction_id=transaction_id))


def reset(kind: ResetType) -> Request:
    """Restart: `Soft` after a graceful end of transactions, `Hard` at once (section 5.14)."""
    return Request("Reset", given(type=kind))


def trigger_message(requested_message: MessageTrigger, *, connector_id: int | None = None) -> Request:
    """Request a message from the charge point now (section 5.17)."""
    return Request("TriggerMessage", given(requested_message=requested_message, connector_id=connector_id))


def unlock_connector(connector_id: int) -> Request:
    """Unlock a connector (section 5.18)."""
    return Request("UnlockConnector", given(connector_id=connector_id))
