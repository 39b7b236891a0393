"""The pins of a real Pi, on a fake lgpio without a chip."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from gpiozero import DigitalInputDevice, Factory, InputDevice
from gpiozero.pins.mock import MockFactory

from rig.config.description import Wire
from rig.config.signal import Signal
from rig.instruments.wires import WatchedWire
from rig.timeline import Timeline
from rig.timeline.events import PinEdge
from rig.util.errors import BenchError
from rig.wiring.pins import open_factory, watch_edges

CONTACTOR = 25
STAMP = 1_752_345_678_901_234_567
"""A stamp in ns that a float of seconds cannot represent."""

_LOAD_LGPIO = ("gpiozero.pins.lgpio", "rig.wiring.lgpio_pins")
_PI_3B = 0xA02082
_IS_ALERT = 1 << 10


class FakeLgpio(ModuleType):
    """The part of lgpio that gpiozero needs for inputs. `alert` delivers alerts in the thread of the test."""

    RISING_EDGE, FALLING_EDGE, BOTH_EDGES = 1, 2, 3
    SET_PULL_UP, SET_PULL_DOWN, SET_PULL_NONE = 1 << 5, 1 << 6, 1 << 7

    def __init__(self) -> None:
        super().__init__("lgpio")
        self.modes: dict[int, int] = {}
        self.callbacks: list[FakeCallback] = []
        self.open_chips: list[int] = []

    def gpiochip_open(self, chip: int) -> int:
        self.open_chips.append(chip)
        return 7

    def gpiochip_close(self, _handle: int) -> None:
        self.open_chips.pop()

    def gpio_claim_input(self, _handle: int, gpio: int, flags: int = 0) -> None:
        self.modes[gpio] = flags

    def gpio_claim_output(self, _handle: int, gpio: int) -> None:
        raise AssertionError(f"GPIO{gpio} was driven")

    def gpio_claim_alert(self, _handle: int, gpio: int, _edges: int, flags: int = 0) -> None:
        self.modes[gpio] = flags | _IS_ALERT

    def gpio_get_mode(self, _handle: int, gpio: int) -> int:
        return self.modes[gpio]

    def gpio_free(self, _handle: int, gpio: int) -> None:
        del self.modes[gpio]

    def gpio_set_debounce_micros(self, _handle: int, _gpio: int, micros: int) -> None:
        assert micros == 0

    def gpio_read(self, _handle: int, _gpio: int) -> int:
        return 0

    def callback(self, _handle: int, gpio: int, edges: int, function: Callable[..., None]) -> FakeCallback:
        assert edges == self.BOTH_EDGES
        made = FakeCallback(self, gpio, function)
        self.callbacks.append(made)
        return made

    def alert(self, gpio: int, level: int, stamp: int) -> None:
        """Deliver an alert to its callbacks."""
        for callback in list(self.callbacks):
            if callback.gpio == gpio:
                callback.function(0, gpio, level, stamp)


class FakeCallback:
    def __init__(self, lgpio: FakeLgpio, gpio: int, function: Callable[..., None]) -> None:
        self._lgpio = lgpio
        self.gpio = gpio
        self.function = function

    def cancel(self) -> None:
        self._lgpio.callbacks.remove(self)


@pytest.fixture
def lgpio(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLgpio]:
    """Replace lgpio, and reload the modules that have imported it."""
    fake = FakeLgpio()
    monkeypatch.setitem(sys.modules, "lgpio", fake)
    for name in _LOAD_LGPIO:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: _PI_3B)
    yield fake
    for name in _LOAD_LGPIO:
        sys.modules.pop(name, None)


@pytest.fixture
def factory(lgpio: FakeLgpio) -> Iterator[Factory]:
    made = open_factory("lgpio")
    yield made
    made.close()


@pytest.fixture
def contactor(factory: Factory) -> Iterator[InputDevice]:
    with InputDevice(CONTACTOR, pull_up=False, pin_factory=factory) as device:
        yield device


def test_an_edge_keeps_every_nanosecond_of_its_stamp(contactor: InputDevice, lgpio: FakeLgpio) -> None:
    edges: list[tuple[bool, int]] = []
    stop = watch_edges(contactor.pin, lambda level, stamp: edges.append((level, stamp)))
    lgpio.alert(CONTACTOR, 1, STAMP)
    lgpio.alert(CONTACTOR, 0, STAMP + 1)
    lgpio.alert(CONTACTOR + 1, 1, STAMP + 2)
    stop()
    assert edges == [(True, STAMP), (False, STAMP + 1)]


def test_a_watched_wire_reports_the_kernels_stamp(factory: Factory, lgpio: FakeLgpio) -> None:
    timeline = Timeline()
    wire = WatchedWire(factory, timeline, Signal("outputs", "contactor"), Wire(pin=CONTACTOR))
    lgpio.alert(CONTACTOR, 1, STAMP)
    edge = timeline.last(PinEdge)
    assert edge is not None
    assert (edge.signal, edge.level, edge.t) == ("outputs.contactor", True, STAMP)
    wire.close()
    assert lgpio.callbacks == []


@pytest.mark.parametrize(("pull_up", "pull"), [(True, FakeLgpio.SET_PULL_UP), (False, FakeLgpio.SET_PULL_DOWN)])
def test_the_pull_remains_after_the_watch_ends(factory: Factory, lgpio: FakeLgpio, pull_up: bool, pull: int) -> None:
    with InputDevice(CONTACTOR, pull_up=pull_up, pin_factory=factory) as device:
        stop = watch_edges(device.pin, lambda _level, _stamp: None)
        assert lgpio.modes[CONTACTOR] == pull | _IS_ALERT
        stop()
        assert lgpio.modes[CONTACTOR] == pull
    assert lgpio.callbacks == []


def test_an_alert_of_the_watchdog_is_not_an_edge(contactor: InputDevice, lgpio: FakeLgpio) -> None:
    edges: list[Any] = []
    watch_edges(contactor.pin, lambda *edge: edges.append(edge))
    lgpio.alert(CONTACTOR, 2, STAMP)
    assert edges == []


def test_an_edge_in_flight_when_the_watch_ends_is_dropped(contactor: InputDevice, lgpio: FakeLgpio) -> None:
    edges: list[Any] = []
    stop = watch_edges(contactor.pin, lambda *edge: edges.append(edge))
    late = lgpio.callbacks[0].function
    stop()
    late(0, CONTACTOR, 1, STAMP)
    assert edges == []


def test_a_pin_can_be_watched_again(contactor: InputDevice, lgpio: FakeLgpio) -> None:
    first: list[int] = []
    second: list[int] = []
    watch_edges(contactor.pin, lambda _, stamp: first.append(stamp))()
    watch_edges(contactor.pin, lambda _, stamp: second.append(stamp))
    lgpio.alert(CONTACTOR, 1, STAMP)
    assert (first, second) == ([], [STAMP])


def test_gpiozero_events_work(factory: Factory, lgpio: FakeLgpio) -> None:
    pressed = threading.Event()
    with DigitalInputDevice(CONTACTOR, pull_up=False, pin_factory=factory) as device:
        device.when_activated = pressed.set
        lgpio.alert(CONTACTOR, 1, STAMP)
    assert pressed.is_set()


@pytest.mark.parametrize(("asked", "opened"), [(None, 0), (4, 4)])
def test_the_chip_is_the_headers_unless_another_is_named(lgpio: FakeLgpio, asked: int | None, opened: int) -> None:
    factory = open_factory("lgpio", asked)
    assert lgpio.open_chips == [opened]
    factory.close()
    assert lgpio.open_chips == []


def test_a_pin_without_exact_stamps_is_rejected() -> None:
    factory = MockFactory()
    with pytest.raises(
        BenchError, match=r"GPIO25 has no exact time stamps of edges\. Use one of the pin factories lgpio, virt"
    ):
        watch_edges(factory.pin(CONTACTOR), lambda _level, _stamp: None)
    factory.close()
