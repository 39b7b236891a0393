"""Inputs by name, pulse trains, outputs as levels and as edges."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import pytest
from gpiozero import Factory

from rig.config.description import InputWire, Wire
from rig.config.signal import Signal
from rig.instruments.inputs import Input, Inputs
from rig.instruments.outputs import Output, Outputs
from rig.instruments.wires import DrivenWire, WatchedWire
from rig.timeline import Timeline
from rig.timeline.events import PinEdge
from rig.util.errors import AuthorError, ExpectationError, WaitEndedError
from rig.util.waits import SCOPES, WaitScope

from .conftest import FarEnd

CABLE, METER, CONTACTOR = 5, 26, 25


@pytest.fixture
def inputs(factory: Factory, timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[Inputs]:
    wires = {
        name: DrivenWire(factory, timeline, Signal("inputs", name), InputWire(pin=pin))
        for name, pin in (("cable", CABLE), ("meter_pulse", METER))
    }
    for wire in wires.values():
        wire.drive()
    yield Inputs({name: Input(name, wire, False, timeline, loop) for name, wire in wires.items()})
    for wire in wires.values():
        wire.close()


@pytest.fixture
def outputs(factory: Factory, timeline: Timeline) -> Iterator[Outputs]:
    wire = WatchedWire(factory, timeline, Signal("outputs", "contactor"), Wire(pin=CONTACTOR))
    yield Outputs({"contactor": Output("contactor", wire, timeline)})
    wire.close()


def test_an_input_by_attribute_and_by_name(inputs: Inputs, far_end: FarEnd) -> None:
    inputs.cable.on()
    assert far_end.level(CABLE)
    inputs["cable"].off()
    assert not far_end.level(CABLE)


def test_an_unknown_input_is_an_error_with_the_known_ones(inputs: Inputs) -> None:
    with pytest.raises(AuthorError, match=r"named 'cabel'\. Did you mean 'cable'\? It has: cable, meter_pulse"):
        inputs["cabel"].on()
    assert not hasattr(inputs, "cabel")


def test_a_press_ends_by_itself(inputs: Inputs, timeline: Timeline) -> None:
    mark = timeline.mark()
    inputs.cable.press(0.02)
    down, up = timeline.events(PinEdge, mark)
    assert (down.level, up.level) == (True, False)
    assert up.t - down.t == 20_000_000


def test_two_presses_with_a_rest_between_them(inputs: Inputs, timeline: Timeline) -> None:
    mark = timeline.mark()
    inputs.cable.press(0.02, rest=0.03)
    inputs.cable.press(0.02)
    edges = timeline.events(PinEdge, mark)
    assert [edge.t - edges[0].t for edge in edges] == [0, 20_000_000, 50_000_000, 70_000_000]


def test_a_press_ends_with_its_wait(inputs: Inputs, timeline: Timeline) -> None:
    """The thread that waited for its end has gone, such as a client of the live socket."""
    scope, mark = WaitScope(), timeline.mark()
    stop = timeline.listen(lambda _event: scope.end())
    context = copy_context()
    context.run(SCOPES.set, (scope,))
    with pytest.raises(WaitEndedError):
        context.run(inputs.cable.press, 1_000_000)
    stop()
    timeline.expect(PinEdge, lambda edge: not edge.level, since=mark, timeout=1)


@pytest.mark.parametrize("hz", [50, 500])
def test_a_train_has_the_requested_number_of_pulses(
    inputs: Inputs, far_end: FarEnd, timeline: Timeline, hz: int
) -> None:
    rises: list[int] = []
    far_end.watch(METER, lambda level, t: rises.append(t) if level else None)
    train = inputs.meter_pulse.train(50, hz=hz)
    assert train.wait() == 50
    assert len(rises) == 50
    assert timeline.clock.between(rises[0], rises[-1]) == pytest.approx(49 / hz, abs=1e-6)
    assert not inputs.meter_pulse.state


def test_a_train_does_not_block_and_can_be_stopped(inputs: Inputs, timeline: Timeline) -> None:
    train = inputs.meter_pulse.train(1_000_000, hz=100)
    assert not inputs.at_rest()
    with pytest.raises(AuthorError, match="already has a running pulse train"):
        inputs.meter_pulse.train(1, hz=1)
    timeline.clock.deadline(0.092).wait_out()
    inputs.to_rest()
    assert train.done
    assert train.sent == 10, "the pulse under way was the tenth"
    assert inputs.at_rest()


def test_an_invalid_pulse_train_is_rejected(inputs: Inputs) -> None:
    with pytest.raises(AuthorError, match="at least 1 and at most 1000000, not 0"):
        inputs.meter_pulse.train(0, hz=1)
    with pytest.raises(AuthorError, match=r"hz is .* above 0 and at most 1000000, not 0"):
        inputs.meter_pulse.train(1, hz=0)


def test_an_output_that_has_the_level_already(outputs: Outputs, far_end: FarEnd) -> None:
    far_end.drive(CONTACTOR, True)
    assert outputs.contactor.expect(True, timeout=0).level
    assert outputs.contactor.level


def test_an_edge_since_a_mark_is_found_even_when_it_is_over(
    outputs: Outputs, far_end: FarEnd, timeline: Timeline
) -> None:
    far_end.drive(CONTACTOR, True)
    mark = timeline.mark()
    far_end.drive(CONTACTOR, False)
    far_end.drive(CONTACTOR, True)
    assert not outputs.contactor.expect(False, since=mark, timeout=0).level
    with pytest.raises(ExpectationError):
        outputs.contactor.expect(False, since=mark, timeout=0)


def test_a_level_that_does_not_come(outputs: Outputs) -> None:
    with pytest.raises(ExpectationError, match=r"outputs\.contactor on\nnearest miss: it is off, and has been for"):
        outputs.contactor.expect(True, timeout=0.01)


def test_a_level_that_changes_right_after_the_check_is_not_steady(
    outputs: Outputs, far_end: FarEnd, timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def last(*arguments: Any) -> Any:
        found = look(*arguments)
        far_end.drive(CONTACTOR, True)
        return found

    look = timeline.last
    monkeypatch.setattr(timeline, "last", last)
    with pytest.raises(ExpectationError, match="forbidden, but it came"):
        outputs.contactor.expect_steady(False, within=0)


def test_a_level_that_must_stay(
    outputs: Outputs,
    far_end: FarEnd,
    timeline: Timeline,
    loop: asyncio.AbstractEventLoop,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def expect_none(*arguments: Any, **named: Any) -> None:
        loop.call_soon_threadsafe(loop.call_later, 0.02, far_end.drive, CONTACTOR, True)
        watch(*arguments, **named)

    outputs.contactor.expect_steady(False, within=0.01)
    watch = timeline.expect_none
    monkeypatch.setattr(timeline, "expect_none", expect_none)  # after the check of the level, which still passes
    with pytest.raises(ExpectationError, match="forbidden, but it came"):
        outputs.contactor.expect_steady(False, within=30)
