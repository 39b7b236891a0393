"""The steps of a hand session, and the files made of them."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from rig.recording import Step, pytest_file, scenario_file, steps_of
from rig.scenarios import load


class Session:
    """The events of a session, with an id and a stamp each."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._ids = itertools.count(1)

    def add(self, kind: str, after_s: float = 0.1, **fields: Any) -> int:
        """Append an event some seconds after the one before. Return its id."""
        before = self.events[-1]["t"] if self.events else 1_000_000_000
        number = next(self._ids)
        self.events.append({"type": kind, "id": number, "t": before + int(after_s * 1e9), **fields})
        return number

    def act(self, call: str, after_s: float = 0.1, **arguments: Any) -> int:
        """Append an act. Return its id."""
        return self.add("hand_act", after_s, call=call, arguments=arguments)

    def frame(self, action: str, payload: Any, message_type: str = "CALL", error: str = "") -> None:
        """Append a frame of the charge point."""
        self.add(
            "ocpp_frame", direction="received", message_type=message_type, action=action, payload=payload, error=error
        )

    def steps(self) -> list[Step]:
        """Return the steps."""
        return steps_of(self.events)[0]


@pytest.fixture
def session() -> Session:
    return Session()


def test_act_is_followed_by_what_the_device_did(session: Session) -> None:
    """An act becomes a step, the device's calls and outputs after it become expectations."""
    session.act("input.set", name="cable", on=True)
    session.frame("StatusNotification", {"connectorId": 1, "status": "Preparing", "timestamp": "2026-01-01T00:00:00Z"})
    session.add("pin_edge", signal="outputs.contactor", level=False, driven=False)
    session.add("pin_edge", signal="outputs.contactor", level=True, driven=False)
    session.add("pin_edge", signal="inputs.cable", level=True, driven=True)
    assert session.steps() == [
        Step("inputs", {"cable": True}),
        Step("expect", "StatusNotification", {"with": {"connectorId": 1, "status": "Preparing"}}),
        Step("output", "contactor", {"is": True}),
    ]


def test_messages_by_the_clock_and_before_the_first_act_are_left_out(session: Session) -> None:
    """Heartbeat, MeterValues, invalid frames and messages before the first act are not expected."""
    session.frame("StatusNotification", {"status": "Available"})
    session.act("input.set", name="cable", on=True)
    session.frame("Heartbeat", {})
    session.frame("MeterValues", {"connectorId": 1})
    session.frame("StatusNotification", {"status": 7}, error="status is a text")
    assert session.steps() == [Step("inputs", {"cable": True})]


def test_pause_that_nothing_fills_becomes_a_wait(session: Session) -> None:
    """A person's pause is kept if the device did nothing in it."""
    session.act("input.set", name="auth_button", on=True)
    session.act("input.set", after_s=2, name="auth_button", on=False)
    session.frame("Authorize", {"idTag": "TAG"})
    session.act("input.set", after_s=5, name="cable", on=True)
    assert [step.name for step in session.steps()] == ["inputs", "wait", "inputs", "expect", "inputs"]
    assert session.steps()[1].value == "2.0 s"


def test_fault_holds_the_steps_until_it_was_lifted(session: Session) -> None:
    """The steps between injection and lift are within the fault; a fault that reboots is announced."""
    session.act("fault.inject", name="latency", arguments={"ms": 50})
    injected = session.add("fault_injected", fault="latency", arguments={"ms": 50})
    session.act("input.set", name="cable", on=True)
    session.act("fault.lift")
    session.add("fault_lifted", fault="latency", injected=injected)
    session.act("input.set", name="cable", on=False)
    session.add("fault_injected", fault="power-cut", arguments={})
    latency, unplug, reboot = session.steps()
    assert latency == Step("fault", "latency", {"with": {"ms": 50}}, [Step("inputs", {"cable": True})])
    assert unplug == Step("inputs", {"cable": False})
    assert reboot == Step("reboot", during=[Step("fault", "power-cut", during=[])])


def test_fault_without_steps_is_a_valid_scenario(session: Session, tmp_path: Path) -> None:
    injected = session.add("fault_injected", fault="latency", arguments={"ms": 50})
    session.add("fault_lifted", fault="latency", injected=injected)
    session.add("fault_injected", fault="power-cut", arguments={})
    file = tmp_path / "by_hand.yaml"
    file.write_text(scenario_file("A session.", session.steps()))
    load(file)


def test_fault_that_outlasts_the_one_around_it_is_named(session: Session) -> None:
    """Faults that overlap cannot be nested: the inner one ends with the outer one, and the files name it."""
    outer = session.add("fault_injected", fault="latency", arguments={"ms": 50})
    inner = session.add("fault_injected", fault="black-hole", arguments={})
    session.add("fault_lifted", fault="latency", injected=outer)
    session.act("input.set", name="cable", on=True)
    session.add("fault_lifted", fault="black-hole", injected=inner)
    steps, skipped = steps_of(session.events)
    assert [step.name for step in steps] == ["fault", "inputs"]
    assert skipped == ["black-hole after the end of latency"]


def test_call_expects_the_status_of_its_answer(session: Session) -> None:
    """A call by hand becomes a call whose answer has the recorded status."""
    session.act("csms.call", action="ChangeAvailability", payload={"connectorId": 1, "type": "Inoperative"})
    session.frame("ChangeAvailability", {"status": "Accepted"}, "CALLRESULT")
    (call,) = session.steps()
    assert call.options == {"with": {"connectorId": 1, "type": "Inoperative"}, "result": {"status": "Accepted"}}
    assert 'assert answer["status"] == "Accepted"' in pytest_file("A call.", [call])


def test_answer_for_good_has_no_count(session: Session) -> None:
    """An answer without a number of times becomes a step without `times`, which the schema wants as an integer."""
    session.act("csms.answer", action="Heartbeat", answer={}, times=None)
    (answer,) = session.steps()
    assert answer == Step("answer", "Heartbeat", {"with": {}})
    assert "times" not in scenario_file("An answer.", [answer])
    assert 'csms.answer("Heartbeat", {})\n' in pytest_file("An answer.", [answer])


def test_unchecked_payload_stays_unchecked(session: Session) -> None:
    """A call and an answer that were sent without a check are written so."""
    session.act("csms.call", action="Reset", payload={"type": 1}, check=False)
    session.act("csms.answer", action="Heartbeat", answer={"x": 1}, times=2, check=False)
    steps = session.steps()
    assert steps == [
        Step("call", "Reset", {"with": {"type": 1}, "unchecked": True}),
        Step("answer", "Heartbeat", {"times": 2, "with": {"x": 1}, "unchecked": True}),
    ]
    assert scenario_file("Two acts.", steps).count("unchecked: true") == 2
    code = pytest_file("Two acts.", steps)
    assert 'csms.call("Reset", {"type": 1}, check=False)' in code
    assert 'csms.answer("Heartbeat", {"x": 1}, 2, check=False)' in code


def test_act_that_failed_is_no_step(session: Session) -> None:
    """A misspelt input would fail in the test as well."""
    session.act("input.set", name="cable", on=True)
    wrong = session.act("input.set", name="cabel", on=True)
    session.add("hand_act_failed", call="input.set", act=wrong, why="this bench has no input 'cabel'")
    steps, skipped = steps_of(session.events)
    assert steps == [Step("inputs", {"cable": True})]
    assert skipped == ["input.set (failed)"]


def test_name_of_a_bench_stays_within_the_docstring() -> None:
    title = 'A session at """ of C:\\new.'
    code = pytest_file(title, [Step("inputs", {"cable": True})])
    assert ast.get_docstring(ast.parse(code)) == title


@pytest.mark.parametrize("tag", ["-5", "_1", "on", "TAG-1", "", "0x1F"])
def test_text_stays_text_in_a_scenario(tag: str) -> None:
    content = YAML(typ="safe").load(scenario_file("Tags.", [Step("expect", "Authorize", {"with": tag})]))
    assert content["steps"][0]["with"] == tag


def test_act_without_a_step_is_named(session: Session) -> None:
    """An act that no step describes is named in both files."""
    session.act("input.set", name="cable", on=True)
    session.act("console.send", text="help")
    steps, skipped = steps_of(session.events)
    assert skipped == ["console.send"]
    assert "console.send" in pytest_file("A session.", steps, skipped)
    assert "console.send" in scenario_file("A session.", steps, skipped)


def test_lost_events_are_named(session: Session) -> None:
    """Both files note that the recording has a gap."""
    session.act("input.set", name="cable", on=True)
    steps, skipped = steps_of(session.events, lost=120)
    assert skipped == ["up to 120 events that were lost"]
    assert "# Not recorded: up to 120 events that were lost" in pytest_file("A session.", steps, skipped)
    assert "# Not recorded: up to 120 events that were lost" in scenario_file("A session.", steps, skipped)


def test_written_test_is_python(session: Session) -> None:
    """Texts of the session cannot break out of their quotes, and the file compiles."""
    session.act("csms.call", action="DataTransfer", payload={"vendorId": 'a"b\\\n', "data": "${x}"})
    session.add("fault_injected", fault="power-cut", arguments={})
    code = pytest_file("A session.", session.steps())
    compile(code, "test_by_hand.py", "exec")
    assert "with device.expecting_reboot():" in code
