"""The state of a bench at a moment, from its events."""

from __future__ import annotations

from dataclasses import dataclass, field

from rig.timeline.events import (
    AccessPointChange,
    CurrentSample,
    Event,
    FaultInjected,
    FaultLifted,
    LedPattern,
    LinkChange,
    LogLine,
    OcppFrame,
    PinEdge,
    PowerChange,
    TelemetrySample,
)


@dataclass(slots=True)
class State:
    """The state of a bench at a moment. None, or a missing entry: not known yet."""

    power: bool | None = None
    rail: bool | None = None
    access_point: bool | None = None
    pins: dict[str, bool] = field(default_factory=dict)
    leds: dict[str, LedPattern] = field(default_factory=dict)
    links: dict[str, bool] = field(default_factory=dict)
    faults: dict[int, FaultInjected] = field(default_factory=dict)
    calls: dict[tuple[str, str, str], OcppFrame] = field(default_factory=dict)
    """CALLs without an answer yet, by charge point, direction and unique id."""
    current: CurrentSample | None = None

    def apply(self, event: Event) -> None:
        """Update the state with an event."""
        match event:
            case LogLine() | TelemetrySample():  # nearly all events
                pass
            case PowerChange():
                if event.rail:
                    self.rail = event.on
                else:
                    self.power = event.on
            case CurrentSample():
                self.current = event
            case AccessPointChange():
                self.access_point = event.up
            case PinEdge():
                self.pins[event.signal] = event.level
            case LedPattern():
                self.leds[event.led.removeprefix("leds.")] = event
            case LinkChange():
                self.links[event.charge_point] = event.connected
                if not event.connected:  # an answer cannot come on another connection (OCPP-J 1.6 section 4.1)
                    self.calls = {key: call for key, call in self.calls.items() if key[0] != event.charge_point}
            case FaultInjected():
                self.faults[event.id] = event
            case FaultLifted():
                self.faults.pop(event.injected, None)
            case OcppFrame():
                if event.message_type == "CALL":
                    self.calls[(event.charge_point, event.direction, event.unique_id)] = event
                elif event.message_type in ("CALLRESULT", "CALLERROR"):
                    self.calls.pop(call_key(event), None)
            case _:
                pass

    def copy(self) -> State:
        """Return a copy that later events do not change."""
        return State(
            self.power,
            self.rail,
            self.access_point,
            dict(self.pins),
            dict(self.leds),
            dict(self.links),
            dict(self.faults),
            dict(self.calls),
            self.current,
        )


def call_key(answer: OcppFrame) -> tuple[str, str, str]:
    """Return the key in `State.calls` of the CALL that an answer belongs to."""
    return (answer.charge_point, "sent" if answer.direction == "received" else "received", answer.unique_id)
