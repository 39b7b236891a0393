"""The versions of OCPP: their WebSocket sub-protocols, actions and codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SubprotocolName = Literal["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]

OCPP_J_16_TYPES: Mapping[int, int] = {2: 4, 3: 3, 4: 5}
"""The length of a frame by its message type: CALL, CALLRESULT, CALLERROR (OCPP-J 1.6 section 4.1.3)."""

_CODES_16 = frozenset(
    {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",  # spelled so in the specification
        "TypeConstraintViolation",
        "GenericError",
    }
)
_CODES_2 = (_CODES_16 - {"FormationViolation", "OccurenceConstraintViolation"}) | {
    "FormatViolation",
    "MessageTypeNotSupported",
    "OccurrenceConstraintViolation",
    "RpcFrameworkError",
}


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, which is fast as the key of a cache
class Version:
    """A version of OCPP.

    Attributes:
        subprotocol: the WebSocket sub-protocol, e.g. `ocpp2.0.1`.
        title: the name in messages, e.g. `OCPP 2.0.1`.
        folder: the folder of its schemas in the package `ocpp`.
        from_charge_point: the actions that a charge point may call.
        unconfirmed: the actions that a charge point sends as SEND, which has no answer (OCPP-J 2.1 section 4.2.4).
        error_codes: the codes of a CALLERROR.
        format_code: the code for a payload that is syntactically incorrect.
        occurrence_code: the code for a missing or surplus property.
        frame_lengths: the length of a frame by its message type.
        is_16: whether it is OCPP 1.6. OCPP 2.0.1 and 2.1 share their model: EVSEs, variables, TransactionEvent.
    """

    subprotocol: SubprotocolName
    title: str
    folder: str
    from_charge_point: frozenset[str] = field(repr=False)
    unconfirmed: frozenset[str] = field(default=frozenset(), repr=False)
    error_codes: frozenset[str] = field(default=_CODES_2, repr=False)
    format_code: str = "FormatViolation"
    occurrence_code: str = "OccurrenceConstraintViolation"
    frame_lengths: Mapping[int, int] = field(default_factory=lambda: OCPP_J_16_TYPES, repr=False)
    is_16: bool = False

    def __str__(self) -> str:
        return self.title


V16 = Version(
    "ocpp1.6",
    "OCPP 1.6",
    "v16",
    from_charge_point=frozenset(
        {
            "Authorize",
            "BootNotification",
            "DataTransfer",
            "DiagnosticsStatusNotification",
            "FirmwareStatusNotification",
            "Heartbeat",
            "LogStatusNotification",
            "MeterValues",
            "SecurityEventNotification",
            "SignCertificate",
            "SignedFirmwareStatusNotification",
            "StartTransaction",
            "StatusNotification",
            "StopTransaction",
        }
    ),
    error_codes=_CODES_16,
    format_code="FormationViolation",
    occurrence_code="OccurenceConstraintViolation",
    is_16=True,
)
"""OCPP 1.6 with the security extension (section 4, security whitepaper section 4)."""

V201 = Version(
    "ocpp2.0.1",
    "OCPP 2.0.1",
    "v201",
    from_charge_point=frozenset(
        {
            "Authorize",
            "BootNotification",
            "ClearedChargingLimit",
            "DataTransfer",
            "FirmwareStatusNotification",
            "Get15118EVCertificate",
            "GetCertificateStatus",
            "Heartbeat",
            "LogStatusNotification",
            "MeterValues",
            "NotifyChargingLimit",
            "NotifyCustomerInformation",
            "NotifyDisplayMessages",
            "NotifyEVChargingNeeds",
            "NotifyEVChargingSchedule",
            "NotifyEvent",
            "NotifyMonitoringReport",
            "NotifyReport",
            "PublishFirmwareStatusNotification",
            "ReportChargingProfiles",
            "ReservationStatusUpdate",
            "SecurityEventNotification",
            "SignCertificate",
            "StatusNotification",
            "TransactionEvent",
        }
    ),
)
"""OCPP 2.0.1 (part 2 section 2)."""

V21 = Version(
    "ocpp2.1",
    "OCPP 2.1",
    "v21",
    from_charge_point=V201.from_charge_point
    | {
        "BatterySwap",
        "ClosePeriodicEventStream",
        "GetCertificateChainStatus",
        "NotifyDERAlarm",
        "NotifyDERStartStop",
        "NotifyPriorityCharging",
        "NotifySettlement",
        "OpenPeriodicEventStream",
        "PullDynamicScheduleUpdate",
        "ReportDERControl",
        "VatNumberValidation",
    },
    unconfirmed=frozenset({"NotifyPeriodicEventStream"}),
    frame_lengths={**OCPP_J_16_TYPES, 5: 5, 6: 4},
)
"""OCPP 2.1 (part 2 section 1), with CALLRESULTERROR and SEND (part 4 section 4.1.3)."""

VERSIONS: Mapping[str, Version] = {version.subprotocol: version for version in (V16, V201, V21)}
"""The versions by sub-protocol, oldest first."""
