"""Power switching is safe: no pin feeds the chip without power."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero import Factory
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.config.description import InputWire, PowerSection, Wire
from rig.config.signal import Signal
from rig.instruments.power import Power
from rig.instruments.wires import DrivenWire, WatchedWire
from rig.timeline import Timeline
from rig.timeline.events import PinEdge, PowerChange
from rig.util.errors import BenchError
from rig.wiring.pins import open_factory, watch_edges

from .conftest import FarEnd

SWITCH, RAIL, CABLE, STOP, EN = 17, 27, 5, 13, 22


@pytest.fixture
def wires(factory: Factory, timeline: Timeline) -> list[DrivenWire]:
    return [
        DrivenWire(factory, timeline, Signal("inputs", "cable"), InputWire(pin=CABLE)),
        DrivenWire(factory, timeline, Signal("inputs", "emergency_stop"), InputWire(pin=STOP)),
        DrivenWire(factory, timeline, Signal("control", "en"), Wire(pin=EN, active_low=True)),
    ]


@pytest.fixture
def power(factory: Factory, timeline: Timeline, wires: list[DrivenWire], far_end: FarEnd) -> Iterator[Power]:
    """Return the power of a board whose rail follows the switch."""
    far_end.watch(SWITCH, lambda level, _: far_end.drive(RAIL, level))
    section = PowerSection(switch=Wire(pin=SWITCH), rail_sense=Wire(pin=RAIL))
    made = Power(factory, timeline, section, wires[-1], wires[:-1])
    yield made
    made.close()


@pytest.mark.usefixtures("wires")
def test_nothing_is_driven_before_power(far_end: FarEnd) -> None:
    assert [far_end.driven(pin) for pin in (CABLE, STOP, EN)] == [None, None, None]


def test_low_wires_are_driven_before_the_switch_and_high_ones_after(power: Power, far_end: FarEnd) -> None:
    seen: list[tuple[bool | None, ...]] = []
    far_end.watch(SWITCH, lambda _level, _t: seen.append(tuple(far_end.driven(pin) for pin in (CABLE, STOP, EN))))
    Power.RAIL_TIMEOUT_S, kept = 0.01, Power.RAIL_TIMEOUT_S
    try:
        with pytest.raises(BenchError, match="rail is still down"):
            power.on()
    finally:
        Power.RAIL_TIMEOUT_S = kept
    assert seen == [(False, False, False), (None, None, False)], "closed, and opened again"
    assert not power.is_on
    assert [far_end.driven(pin) for pin in (CABLE, STOP, EN)] == [None, None, None]


def test_high_wires_follow_the_rail_and_the_reset_ends_last(
    power: Power, wires: list[DrivenWire], far_end: FarEnd
) -> None:
    wires[0].set(True)
    seen: list[tuple[bool | None, ...]] = []
    far_end.watch(RAIL, lambda _level, _t: seen.append(tuple(far_end.driven(pin) for pin in (CABLE, STOP, EN))))
    far_end.watch(EN, lambda _level, _t: seen.append(tuple(far_end.driven(pin) for pin in (CABLE, STOP, EN))))
    power.on()
    assert seen == [(None, False, False), (True, False, True)]


ACTIONS = st.sampled_from(["on", "off", "cycle", "plug", "unplug", "press", "release", "reset", "end reset"])


@settings(max_examples=100)
@given(actions=st.lists(ACTIONS, max_size=12), active_low=st.booleans())
def test_nothing_is_ever_driven_high_into_an_unpowered_board(actions: list[str], active_low: bool) -> None:
    """In any order of actions a wire is high only while the rail is up."""
    timeline, factory = Timeline(), open_factory("virtual")
    far_end = FarEnd(factory)
    cable = DrivenWire(factory, timeline, Signal("inputs", "cable"), InputWire(pin=CABLE, active_low=active_low))
    stop = DrivenWire(factory, timeline, Signal("inputs", "emergency_stop"), InputWire(pin=STOP))
    en = DrivenWire(factory, timeline, Signal("control", "en"), Wire(pin=EN, active_low=True))
    section = PowerSection(switch=Wire(pin=SWITCH), rail_sense=Wire(pin=RAIL))
    fed: list[int] = []
    far_end.watch(SWITCH, lambda level, _: far_end.drive(RAIL, level))

    def watch(pin: int) -> None:
        def changed(_level: bool, _t: int) -> None:
            if far_end.driven(pin) and not far_end.level(RAIL):
                fed.append(pin)

        far_end.watch(pin, changed)

    for pin in (CABLE, STOP, EN):
        watch(pin)
    power = Power(factory, timeline, section, en, [cable, stop])
    do = {
        "on": power.on,
        "off": power.off,
        "cycle": power.cycle,
        "plug": lambda: cable.set(True),
        "unplug": lambda: cable.set(False),
        "press": lambda: stop.set(True),
        "release": lambda: stop.set(False),
        "reset": lambda: en.set(True),
        "end reset": lambda: en.set(False),
    }
    for action in actions:
        do[action]()
        if not far_end.level(RAIL):
            fed += [pin for pin in (CABLE, STOP, EN) if far_end.driven(pin)]
    power.close()
    factory.close()
    assert fed == []


def test_off_resets_the_chip_then_floats_every_wire_then_opens_the_switch(
    power: Power, wires: list[DrivenWire], far_end: FarEnd
) -> None:
    power.on()
    wires[0].set(True)
    seen: list[tuple[bool | None, ...]] = []
    reset_sees: list[bool | None] = []
    far_end.watch(EN, lambda _level, _t: reset_sees.append(far_end.driven(CABLE)))

    def switched(level: bool, _t: int) -> None:
        seen.append(tuple(far_end.driven(pin) for pin in (CABLE, STOP, EN)))
        far_end.drive(RAIL, level)

    far_end.watch(SWITCH, switched)
    power.off()
    assert reset_sees == [True]
    assert seen == [(None, None, False)]
    assert [far_end.driven(pin) for pin in (CABLE, STOP, EN)] == [None, None, None]
    assert power.rail is False


def test_wires_keep_their_state_over_a_power_cycle(power: Power, wires: list[DrivenWire], far_end: FarEnd) -> None:
    power.on()
    wires[0].set(True)
    power.off()
    wires[1].set(True)
    assert far_end.driven(STOP) is None
    power.on()
    assert [far_end.level(pin) for pin in (CABLE, STOP)] == [True, True]


def test_switch_and_rail_are_on_the_timeline(power: Power, timeline: Timeline) -> None:
    mark = timeline.mark()
    power.cycle()
    power.off()
    changes = [(change.on, change.rail) for change in timeline.events(PowerChange, mark)]
    assert changes == [(True, False), (True, True), (False, False), (False, True)]


def test_a_stuck_load_switch_is_an_error_of_the_bench(
    power: Power, far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    power.on()
    far_end.watch(SWITCH, lambda _level, _t: None)
    monkeypatch.setattr(Power, "RAIL_TIMEOUT_S", 0.01)
    with pytest.raises(BenchError, match=r"rail is still up .* stuck load switch"):
        power.off()
    far_end.drive(RAIL, False)


def test_an_inverted_en_is_driven_at_the_same_moments(factory: Factory, timeline: Timeline, far_end: FarEnd) -> None:
    """The Pi's high level is the chip's low one; where the Pi's pin floats, EN has its pull-up."""
    cable = DrivenWire(factory, timeline, Signal("inputs", "cable"), InputWire(pin=CABLE))
    en = DrivenWire(factory, timeline, Signal("control", "en"), Wire(pin=EN))
    section = PowerSection(switch=Wire(pin=SWITCH), rail_sense=Wire(pin=RAIL))
    seen: list[tuple[bool, bool | None]] = []

    def switched(level: bool, _t: int) -> None:
        seen.append((level, far_end.driven(EN)))
        far_end.drive(RAIL, level)

    far_end.watch(SWITCH, switched)
    far_end.watch(CABLE, lambda level, _: seen.append((level, far_end.driven(EN))))
    power = Power(factory, timeline, section, en, [cable])
    cable.set(True)
    power.on()
    assert far_end.driven(EN) is False, "the chip runs"
    power.hold_reset(True)
    assert far_end.driven(EN) is True
    power.hold_reset(False)
    power.off()
    assert seen == [(True, True), (True, True), (False, True), (False, True)], "switch, cable, cable, switch"
    assert far_end.driven(EN) is None
    power.close()


def test_without_rail_sense_a_board_is_off_until_it_is_discharged(
    factory: Factory, timeline: Timeline, wires: list[DrivenWire], far_end: FarEnd
) -> None:
    """The board stays in reset until its capacitors are empty; otherwise it would boot from their charge."""
    seen: list[tuple[str, bool, int]] = []
    far_end.watch(SWITCH, lambda level, t: seen.append(("switch", level, t)))
    far_end.watch(EN, lambda level, t: seen.append(("EN", level, t)))
    far_end.factory.wires.change(far_end.factory.wires[EN], board_pull=True)
    power = Power(factory, timeline, PowerSection(switch=Wire(pin=SWITCH)), wires[-1], [], fall_s=0.05)
    power.on()
    assert power.rail is None
    seen.clear()
    power.cycle()
    assert [(name, level) for name, level, _ in seen] == [
        ("EN", False),
        ("switch", False),
        ("EN", True),
        ("EN", False),
        ("switch", True),
        ("EN", True),
    ]
    opened, let_go = seen[1][2], seen[2][2]
    assert let_go - opened == 50_000_000
    power.close()


def test_without_rail_sense_the_chip_is_in_reset_until_the_rail_is_up(
    factory: Factory, timeline: Timeline, wires: list[DrivenWire], far_end: FarEnd
) -> None:
    """Otherwise the chip would start, and its inputs would be fed, while its supply is still rising."""
    seen: list[tuple[str, bool, int]] = []
    wires[0].set(True)
    for name, pin in (("switch", SWITCH), ("cable", CABLE), ("EN", EN)):
        far_end.watch(pin, lambda level, t, name=name: seen.append((name, level, t)))
    section = PowerSection(switch=Wire(pin=SWITCH))
    power = Power(factory, timeline, section, wires[-1], wires[:-1], rise_s=0.05)
    power.on()
    assert [(name, level) for name, level, _ in seen] == [("switch", True), ("cable", True), ("EN", True)]
    (_, _, closed), (_, _, fed), _ = seen
    assert fed - closed == 50_000_000
    power.close()


def test_a_board_that_is_closed_is_in_reset_until_its_rail_is_down(
    factory: Factory,
    timeline: Timeline,
    wires: list[DrivenWire],
    far_end: FarEnd,
    loop: asyncio.AbstractEventLoop,
) -> None:
    far_end.watch(SWITCH, lambda level, _: far_end.drive(RAIL, level))
    section = PowerSection(switch=Wire(pin=SWITCH), rail_sense=Wire(pin=RAIL))
    power = Power(factory, timeline, section, wires[-1], wires[:-1])
    power.on()
    seen: list[bool | None] = []

    def fall() -> None:
        seen.append(far_end.driven(EN))
        far_end.drive(RAIL, False)

    far_end.watch(SWITCH, lambda _level, _t: loop.call_soon_threadsafe(loop.call_later, 0.05, fall))
    power.close()
    assert seen == [False]
    assert far_end.driven(EN) is None


def test_an_edge_is_stamped_around_the_write(wires: list[DrivenWire], power: Power, timeline: Timeline) -> None:
    power.on()
    before = timeline.clock.now()
    wires[0].set(True)
    after = timeline.clock.now()
    edge = timeline.last(PinEdge)
    assert edge is not None
    assert (edge.signal, edge.level, edge.driven) == ("inputs.cable", True, True)
    assert before <= edge.t <= edge.t + edge.uncertainty <= after


def test_setting_the_same_state_is_no_edge(wires: list[DrivenWire], timeline: Timeline) -> None:
    mark = timeline.mark()
    wires[0].set(False)
    assert timeline.events(PinEdge, mark) == []


def test_an_edge_while_the_watch_begins_is_not_missed(
    factory: Factory, timeline: Timeline, far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watch_late(*arguments: Any) -> Any:
        far_end.drive(18, True)
        return watch_edges(*arguments)

    monkeypatch.setattr("rig.instruments.wires.watch_edges", watch_late)
    wire = WatchedWire(factory, timeline, Signal("outputs", "lock"), Wire(pin=18))
    assert wire.state is True
    assert timeline.events(PinEdge)[-1].level is True
    wire.close()


@pytest.mark.parametrize("active_low", [False, True])
def test_a_watched_wire_reports_states_not_levels(
    factory: Factory, timeline: Timeline, far_end: FarEnd, active_low: bool
) -> None:
    wire = WatchedWire(factory, timeline, Signal("outputs", "lock"), Wire(pin=18, active_low=active_low))
    assert wire.state is False
    far_end.drive(18, not active_low)
    assert wire.state is True
    assert wire.wait(True, 0)
    assert [edge.level for edge in timeline.events(PinEdge)] == [False, True]
    wire.close()
