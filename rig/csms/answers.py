"""Answers of a CSMS, typed, for `Csms.answer` and `Held.release`.

    csms.answer("Authorize", answers.authorize("Blocked"), times=1)

Each function is named after the request that it answers. There is no function for Heartbeat: `csms.behaviour` puts the
current time into its answer. There is none for MeterValues and StatusNotification, whose answers are empty.
"""

from __future__ import annotations

from typing import Any, Literal

from rig.ocpp.messages import AuthorizationStatus, given

RegistrationStatus = Literal["Accepted", "Pending", "Rejected"]
DataTransferStatus = Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]


def id_tag_info(
    status: AuthorizationStatus, *, expiry_date: str | None = None, parent_id_tag: str | None = None
) -> dict[str, Any]:
    """Make the IdTagInfo of an idTag (OCPP 1.6 section 7.27). `expiry_date` as RFC 3339."""
    return given(status=status, expiry_date=expiry_date, parent_id_tag=parent_id_tag)


def authorize(
    status: AuthorizationStatus, *, expiry_date: str | None = None, parent_id_tag: str | None = None
) -> dict[str, Any]:
    """Make Authorize.conf (section 6.2)."""
    return {"idTagInfo": id_tag_info(status, expiry_date=expiry_date, parent_id_tag=parent_id_tag)}


def boot_notification(status: RegistrationStatus, *, current_time: str, interval: int) -> dict[str, Any]:
    """Make BootNotification.conf (section 6.4).

    Args:
        status: the registration status.
        current_time: RFC 3339; `csms.behaviour.current_time()` returns the time of the bench.
        interval: seconds between heartbeats; if `status` is not Accepted, seconds until the next BootNotification.
    """
    return given(status=status, current_time=current_time, interval=interval)


def data_transfer(status: DataTransferStatus, data: str | None = None) -> dict[str, Any]:
    """Make DataTransfer.conf (section 6.16)."""
    return given(status=status, data=data)


def start_transaction(
    transaction_id: int,
    status: AuthorizationStatus = "Accepted",
    *,
    expiry_date: str | None = None,
    parent_id_tag: str | None = None,
) -> dict[str, Any]:
    """Make StartTransaction.conf (section 6.46)."""
    known = id_tag_info(status, expiry_date=expiry_date, parent_id_tag=parent_id_tag)
    return {"transactionId": transaction_id, "idTagInfo": known}


def stop_transaction(
    status: AuthorizationStatus | None = None, *, expiry_date: str | None = None, parent_id_tag: str | None = None
) -> dict[str, Any]:
    """Make StopTransaction.conf (section 6.50). `status` is that of the idTag; None omits it."""
    if status is None:
        return {}
    return authorize(status, expiry_date=expiry_date, parent_id_tag=parent_id_tag)
