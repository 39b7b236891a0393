"""The OCPP lanes: the answer to each CALL, and the times of each frame at both ends."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rig.report.lanes import Exchange
from rig.runs.slicer import Test
from rig.runs.state import call_key
from rig.timeline.events import Carried, Event, OcppFrame
from rig.timeline.frame_words import exchange_words, frame_name, stray_words
from rig.util.text import one_line

_MOST_CHARGE_POINTS = 4
"""The maximum number of charge points with a lane of their own. The others share one more lane."""
_SAME_NS = 50_000_000
"""The longest time in ns between a frame's stamps at the CSMS and in the bench's network, even on a slow machine."""


def exchanges_of(test: Test) -> dict[str, list[Exchange]]:
    """Return the exchanges of a test by charge point.

    The time at the CSMS's end is the frame's stamp. The time at the device's end is the same, unless the network
    delayed the frame: then it is the network's stamp.
    """
    device_stamps = stamps_at_the_device(test.events)
    open_calls: dict[tuple[str, str, str], tuple[int, OcppFrame]] = {
        key: (-1, call) for key, call in test.before.calls.items()
    }
    found: list[tuple[str, Exchange]] = []
    for event in test.events:
        if not isinstance(event, OcppFrame):
            continue
        from_device = event.direction == "received"
        csms, device = test.at(event.t), test.at(device_stamps.get(event.id, event.t))
        sent, arrived = (device, csms) if from_device else (csms, device)
        if event.message_type == "CALL":
            open_calls[event.charge_point, event.direction, event.unique_id] = (len(found), event)
            found.append((event.charge_point, _call(event, from_device, sent, arrived)))
        elif event.message_type in ("INVALID", "SEND", "CALLRESULTERROR"):
            wrong = event.message_type != "SEND" or bool(event.error)
            name = frame_name(event)
            stray = Exchange(from_device, sent, arrived, None, None, stray_words(event), name, wrong=wrong)
            found.append((event.charge_point, stray))
        elif (opened := open_calls.pop(call_key(event), None)) is not None:
            index, call = opened
            made = _call(call, not from_device, None, None) if index < 0 else found[index][1]
            exchange = _answered(made, call, event, sent, arrived)
            if index < 0:
                found.append((event.charge_point, exchange))
            else:
                found[index] = (event.charge_point, exchange)
        else:
            words = stray_words(event)
            stray = Exchange(not from_device, None, None, sent, arrived, words, "answer to no call", wrong=True)
            found.append((event.charge_point, stray))
    for index, _ in open_calls.values():
        if index >= 0 and not found[index][1].wrong:
            charge_point, exchange = found[index]
            found[index] = (charge_point, replace(exchange, text=exchange.text + " (no answer)"))
    return _by_charge_point(found)


def stamps_at_the_device(events: Sequence[Event]) -> Mapping[int, int]:
    """Return the device-side time of each frame that the network delayed.

    Args:
        events: the events of a test, in order.

    Returns:
        Stamps in ns by the frame's id, for delayed frames only.
    """
    held = [event for event in events if isinstance(event, Carried)]
    if not held:
        return {}
    to_csms = sorted((piece.t, piece.came) for piece in held if not piece.to_device)
    to_device = sorted((piece.came, piece.t) for piece in held if piece.to_device)
    found: dict[int, int] = {}
    for event in events:
        if not isinstance(event, OcppFrame):
            continue
        if event.direction == "received":
            index = bisect_right(to_csms, (event.t, event.t)) - 1
            if index >= 0 and event.t - to_csms[index][0] <= _SAME_NS:
                found[event.id] = to_csms[index][1]
        else:
            index = bisect_left(to_device, (event.t, 0))
            if index < len(to_device) and to_device[index][0] - event.t <= _SAME_NS:
                found[event.id] = to_device[index][1]
    return found


def _by_charge_point(found: Sequence[tuple[str, Exchange]]) -> dict[str, list[Exchange]]:
    names = sorted({charge_point for charge_point, _ in found})
    others = f"{len(names) - _MOST_CHARGE_POINTS} others"
    lanes: dict[str, list[Exchange]] = {}
    for charge_point, exchange in found:
        shown = charge_point if charge_point in names[:_MOST_CHARGE_POINTS] else others
        lanes.setdefault(shown, []).append(exchange)
    return lanes


def _call(frame: OcppFrame, from_device: bool, sent: float | None, arrived: float | None) -> Exchange:
    action = one_line(frame.action) or "CALL"
    return Exchange(from_device, sent, arrived, None, None, exchange_words(frame), action, wrong=bool(frame.error))


def _answered(made: Exchange, call: OcppFrame, answer: OcppFrame, sent: float, arrived: float) -> Exchange:
    wrong = bool(call.error or answer.error) or answer.message_type == "CALLERROR"
    sent = sent if made.arrived is None else max(made.arrived, sent)
    text = exchange_words(call, answer)
    return replace(made, answered=sent, end=max(sent, arrived), text=text, wrong=wrong)
