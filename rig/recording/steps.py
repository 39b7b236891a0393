"""The steps of a session by hand: the acts of a person, and the reactions of the device.

They are the steps of a scenario (docs/scenario-steps.md), so that they can be written as a scenario and as a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rig.faults import CATALOGUE
from rig.timeline.events import CLIENT_LEFT, FaultInjected, FaultLifted, HandAct, HandActFailed, OcppFrame, PinEdge
from rig.timeline.layout import type_name

Event = Mapping[str, Any]
"""An event as in `run.jsonl`."""

_TYPES = (HandAct, HandActFailed, OcppFrame, PinEdge, FaultInjected, FaultLifted)
HAND_ACT, ACT_FAILED, FRAME, EDGE, INJECTED, LIFTED = KINDS = list(map(type_name, _TYPES))
"""The types of events that a recording needs."""

_BY_THE_CLOCK = ("Heartbeat", "MeterValues")
"""Messages that the device sends by the clock, independent of a person."""
_REPEATABLE = ("connectorId", "status", "errorCode", "idTag", "reason", "requestedMessage", "type")
"""The fields of a message that are the same when the session is repeated."""
_WITHOUT_STEP = ("device.up", "console.take", CLIENT_LEFT)
_SHORTEST_PAUSE_S = 0.3
_LONGEST_PAUSE_S = 600.0
_OUTPUTS = "outputs."


@dataclass(slots=True)
class Step:
    """One step.

    Attributes:
        name: the name as in a scenario, such as `inputs`.
        value: the value of the step.
        options: the options of the step.
        during: the steps within it, for `fault` and `reboot`; None for others.
    """

    name: str
    value: Any = None
    options: dict[str, Any] = field(default_factory=dict)
    during: list[Step] | None = None


@dataclass(frozen=True, slots=True)
class _Active:
    """A fault that is active. `injected` is the id of its event, `during` the steps of its block."""

    injected: int
    fault: str
    during: list[Step]


@dataclass(slots=True)
class _Recording:
    """The steps so far. `open` has the active faults, the innermost last: the next step belongs to it."""

    steps: list[Step] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    open: list[_Active] = field(default_factory=list)
    acted: int = 0
    has_answered: bool = True

    def add(self, step: Step) -> None:
        """Append a step to the innermost open block."""
        (self.open[-1].during if self.open else self.steps).append(step)

    def close(self, injected: int) -> None:
        """End the block of a fault. The blocks within it end too, because blocks of a scenario cannot overlap."""
        depth = next((depth for depth, active in enumerate(self.open) if active.injected == injected), None)
        if depth is None:
            return
        ended, *within = self.open[depth:]
        del self.open[depth:]
        self.skipped += [f"{active.fault} after the end of {ended.fault}" for active in within]


def title_of(bench: str) -> str:
    """Return the title of a recording that ends now, at the bench of that name."""
    return f"A session by hand at the bench {bench}, {datetime.now().astimezone():%Y-%m-%d %H:%M}."


def steps_of(events: Iterable[Event], lost: int = 0) -> tuple[list[Step], list[str]]:
    """Return the steps of a session, and the omitted parts.

    Args:
        events: the events of the session, in order; events of other types than `KINDS` are ignored.
        lost: the number of events that the recording has lost, of any type.

    Returns:
        The steps, and the omitted parts: the names of calls, and the lost events in words.
    """
    events = list(events)
    failed = {event["act"] for event in events if event["type"] == ACT_FAILED}
    recording = _Recording()
    levels: dict[str, bool] = {}
    for event in events:
        if event["type"] == HAND_ACT:
            _flush(recording, levels)
            _act(recording, event, event["id"] in failed)
        elif event["type"] == INJECTED:
            _inject(recording, event)
        elif event["type"] == LIFTED:
            _flush(recording, levels)
            recording.close(event["injected"])
            recording.acted = event["t"]
        elif event["type"] == EDGE and event["signal"].startswith(_OUTPUTS):
            levels[event["signal"].removeprefix(_OUTPUTS)] = event["level"]
        elif event["type"] == FRAME:
            _frame(recording, event)
    _flush(recording, levels)
    if lost:
        recording.skipped.append(f"up to {lost} events that were lost")
    return recording.steps, recording.skipped


def _flush(recording: _Recording, levels: dict[str, bool]) -> None:
    """Expect the outputs as they were before the next act."""
    for name, level in levels.items():
        recording.add(Step("output", name, {"is": level}))
        recording.has_answered = True
    levels.clear()


def _act(recording: _Recording, event: Event, has_failed: bool) -> None:
    pause = (event["t"] - recording.acted) / 1e9
    if recording.acted and not recording.has_answered and pause >= _SHORTEST_PAUSE_S:
        recording.add(Step("wait", f"{min(pause, _LONGEST_PAUSE_S):.1f} s"))
    call, arguments = event["call"], event["arguments"]
    if call.startswith("fault.") or call in _WITHOUT_STEP:  # faults have events of their own
        return
    recording.acted, recording.has_answered = event["t"], False
    if has_failed:  # it would fail in the test as well
        recording.skipped.append(f"{call} (failed)")
    elif call in _ACTS:
        recording.add(_ACTS[call](arguments))
    else:
        recording.skipped.append(call)


def _inject(recording: _Recording, event: Event) -> None:
    during: list[Step] = []
    options = {"with": dict(event["arguments"])} if event["arguments"] else {}
    step = Step("fault", event["fault"], options, during)
    recording.add(Step("reboot", during=[step]) if CATALOGUE[event["fault"]].reboots else step)
    recording.open.append(_Active(event["id"], event["fault"], during))
    recording.acted, recording.has_answered = event["t"], False


def _frame(recording: _Recording, event: Event) -> None:
    payload = event["payload"] if isinstance(event["payload"], dict) else {}
    if not recording.acted or event["direction"] != "received" or event["error"]:
        return
    if event["message_type"] == "CALL" and event["action"] not in _BY_THE_CLOCK:
        fields = {name: payload[name] for name in _REPEATABLE if isinstance(payload.get(name), (str, int))}
        recording.add(Step("expect", event["action"], {"with": fields} if fields else {}))
        recording.has_answered = True
    elif event["message_type"] == "CALLRESULT" and isinstance(payload.get("status"), str):
        for step in reversed(list(_all(recording.steps))):
            if step.name == "call" and step.value == event["action"] and "result" not in step.options:
                step.options["result"] = {"status": payload["status"]}
                recording.has_answered = True
                return


def _all(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _all(step.during or ())


def _power_on(_: Mapping[str, Any]) -> Step:
    return Step("reboot", during=[Step("power", "on")])


def _call(arguments: Mapping[str, Any]) -> Step:
    payload = arguments.get("payload") or {}
    options: dict[str, Any] = {"with": dict(payload)} if payload else {}
    return Step("call", arguments["action"], options | _unchecked(arguments))


def _answer(arguments: Mapping[str, Any]) -> Step:
    times = arguments.get("times", 1)
    options: dict[str, Any] = {} if times is None else {"times": times}
    if arguments.get("error"):
        options["error"] = arguments["error"]
    else:
        options["with"] = dict(arguments.get("answer") or {})
    return Step("answer", arguments["action"], options | _unchecked(arguments))


def _unchecked(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the option of a step whose payload may break the schema."""
    return {} if arguments.get("check", True) else {"unchecked": True}


_ACTS: Mapping[str, Callable[[Mapping[str, Any]], Step]] = {
    "power.on": _power_on,
    "power.off": lambda _: Step("power", "off"),
    "power.cycle": lambda _: Step("reboot", during=[Step("power", "cycle")]),
    "power.reset": lambda _: Step("reboot", during=[Step("fault", "reset", during=[])]),
    "input.set": lambda given: Step("inputs", {given["name"]: given["on"]}),
    "input.pulses": lambda given: Step("draw", given["count"], {"hz": given.get("hz", 10)}),
    "csms.call": _call,
    "csms.answer": _answer,
    "csms.close": lambda given: Step("close", given.get("code", 1000)),
}
"""The step of each act that has one."""
