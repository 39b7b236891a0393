"""The time that a device has from the CSMS (OCPP 1.6 sections 4.2 and 4.6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rig.timeline.events import OcppFrame
from rig.timeline.timeline import Timeline

_TOLERANCE = timedelta(seconds=1)


def wrong_time(timeline: Timeline, identity: str) -> str | None:
    """Return the last `currentTime` that the CSMS has sent, if the bench's clock differs by more than a second.

    A test may answer with any time. The device keeps it until the next Heartbeat, so its clock would change in the
    middle of a later test.

    Args:
        timeline: of the bench.
        identity: of the charge point; empty for any.
    """
    frame = timeline.last(OcppFrame, lambda frame: identity in ("", frame.charge_point) and _has_time(frame))
    if frame is None:
        return None
    clock = timeline.clock
    right = clock.utc() - timedelta(seconds=clock.between(frame.t, clock.now()))
    text = str(frame.payload["currentTime"])
    try:
        sent = datetime.fromisoformat(text)
    except ValueError:
        return text
    if sent.tzinfo is None:
        sent = sent.replace(tzinfo=UTC)
    return text if abs(sent - right) > _TOLERANCE else None


def _has_time(frame: OcppFrame) -> bool:
    return (
        frame.direction == "sent"
        and frame.message_type == "CALLRESULT"
        and isinstance(frame.payload, dict)
        and "currentTime" in frame.payload
    )
