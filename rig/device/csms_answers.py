"""The time and the interval that a device has from the CSMS (OCPP 1.6 sections 4.2 and 4.6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rig.timeline.events import OcppFrame
from rig.timeline.timeline import Timeline

_TOLERANCE = timedelta(seconds=1)


def left_by_another_test(timeline: Timeline, identity: str, heartbeat_interval_s: int) -> str | None:
    """Name a value that the device still has from an abnormal answer of the CSMS; None if there is none.

    A test may answer with any time and any interval. The device keeps the time until the next Heartbeat, so its clock
    would change in the middle of a later test. The device keeps the interval until it restarts.

    Args:
        timeline: the bench's timeline.
        identity: the identity of the charge point; empty for any.
        heartbeat_interval_s: the `interval` of BootNotification.conf of the normal CSMS, in seconds.
    """
    timed = _last_answer(timeline, identity, "currentTime")
    if timed is not None and not _is_right(timed, timeline):
        return f"the time {timed.payload['currentTime']}"
    accepted = _last_answer(timeline, identity, "interval")
    if accepted is not None and accepted.payload["interval"] != heartbeat_interval_s:
        return f"the heartbeat interval {accepted.payload['interval']}"
    return None


def _last_answer(timeline: Timeline, identity: str, field: str) -> OcppFrame | None:
    """Return the last answer of the CSMS that has a field."""
    return timeline.last(
        OcppFrame,
        lambda frame: (
            identity in ("", frame.charge_point)
            and frame.direction == "sent"
            and frame.message_type == "CALLRESULT"
            and isinstance(frame.payload, dict)
            and field in frame.payload
        ),
    )


def _is_right(frame: OcppFrame, timeline: Timeline) -> bool:
    clock = timeline.clock
    try:
        sent = datetime.fromisoformat(str(frame.payload["currentTime"]))
    except ValueError:
        return False
    if sent.tzinfo is None:
        sent = sent.replace(tzinfo=UTC)
    return abs(sent - clock.utc() + timedelta(seconds=clock.between(frame.t, clock.now()))) <= _TOLERANCE
