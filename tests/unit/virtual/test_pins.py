"""The virtual Pi's pins behave as gpiozero's devices expect, and as wires do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
from gpiozero import DigitalInputDevice, InputDevice, OutputDevice
from gpiozero.exc import GPIOPinInUse, PinInvalidPin, PinPWMUnsupported, PinSetInput

from rig.util.errors import BenchError
from rig.wiring.pins import open_factory, watch_edges
from rig.wiring.virtual.pins import VirtualPinFactory, Wires


@pytest.fixture
def factory():
    opened = VirtualPinFactory()
    yield opened
    opened.close()


def test_an_output_drives_and_a_closed_one_floats(factory):
    wire = factory.wires[5]
    device = OutputDevice(5, initial_value=True, pin_factory=factory)
    assert wire.level
    device.off()
    assert not wire.level
    device.on()
    device.close()
    assert wire.pi_drive is None
    assert not wire.level


@pytest.mark.parametrize(
    ("pi_pull", "board_pull", "board_drive", "level"),
    [
        (None, None, None, False),
        (None, True, None, True),
        (None, False, None, False),
        (True, None, None, True),
        (False, True, None, True),
        (True, False, None, False),
        (True, True, False, False),
        (False, False, True, True),
    ],
)
def test_a_floating_pin_reads_the_level_of_the_board(factory, pi_pull, board_pull, board_drive, level):
    device = InputDevice(5, pull_up=pi_pull, active_state=True if pi_pull is None else None, pin_factory=factory)
    factory.wires.change(factory.wires[5], board_pull=board_pull, board_drive=board_drive)
    assert device.pin.state is level


def test_an_inverter_inverts_the_level_of_the_other_end(factory):
    wire = factory.wires[5]
    factory.wires.change(wire, inverting=True)
    seen: list[bool] = []
    device = OutputDevice(5, initial_value=True, pin_factory=factory)
    assert (wire.level, device.pin.state) == (False, True)
    device.off()
    assert (wire.level, device.pin.state) == (True, False)
    device.close()
    factory.wires.change(wire, board_pull=True)
    assert wire.level, "the board's pull is at the board's end"
    device = InputDevice(5, pull_up=True, pin_factory=factory)
    stop = watch_edges(device.pin, lambda level, _: seen.append(level))
    factory.wires.change(wire, board_drive=False)
    factory.wires.change(wire, board_drive=True)
    stop()
    assert seen == [True, False]


def test_edges_carry_the_stamp_of_the_edge(factory):
    device = InputDevice(5, pull_up=False, pin_factory=factory)
    edges: list[tuple[bool, int]] = []
    stop = watch_edges(device.pin, lambda level, stamp: edges.append((level, stamp)))
    factory.wires.change(factory.wires[5], board_drive=True, stamp=1_234_567_890_123)
    before = time.monotonic_ns()
    factory.wires.change(factory.wires[5], board_drive=False)
    stop()
    factory.wires.change(factory.wires[5], board_drive=True)
    assert edges[0] == (True, 1_234_567_890_123)
    assert edges[1][0] is False
    assert before <= edges[1][1] <= time.monotonic_ns()
    assert len(edges) == 2


def test_edges_of_many_threads_alternate(factory):
    device = InputDevice(5, pull_up=False, pin_factory=factory)
    levels: list[bool] = []
    stop = watch_edges(device.pin, lambda level, _: levels.append(level))
    wire = factory.wires[5]

    def toggle() -> None:
        for _ in range(500):
            factory.wires.change(wire, board_drive=True)
            factory.wires.change(wire, board_drive=False)

    threads = [threading.Thread(target=toggle) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop()
    assert len(levels) >= 1000
    assert all(now != after for now, after in pairwise(levels))
    assert levels[-1] is False


def test_a_watcher_may_drive_another_pin(factory):
    first = InputDevice(5, pull_up=False, pin_factory=factory)
    second = OutputDevice(6, pin_factory=factory)
    stop = watch_edges(first.pin, lambda level, _: second.on() if level else second.off())
    factory.wires.change(factory.wires[5], board_drive=True)
    assert second.pin.state
    stop()


def test_gpiozero_events_work(factory):
    device = DigitalInputDevice(5, pull_up=False, pin_factory=factory)
    pressed = threading.Event()
    device.when_activated = pressed.set
    factory.wires.change(factory.wires[5], board_drive=True)
    assert pressed.wait(1)


def test_an_unsupported_use_of_a_pin_is_rejected(factory):
    device = InputDevice(5, pull_up=False, pin_factory=factory)
    with pytest.raises(PinSetInput):
        device.pin.state = True
    with pytest.raises(PinPWMUnsupported):
        device.pin.frequency = 100
    with pytest.raises(GPIOPinInUse, match="GPIO5"):
        OutputDevice(5, pin_factory=factory)
    with pytest.raises(PinInvalidPin):
        factory.pin(99)


def test_a_factory_is_opened_by_its_name():
    assert isinstance(open_factory("virtual"), VirtualPinFactory)
    with pytest.raises(BenchError, match=r"'rpigpio' is unknown.*lgpio, virtual"):
        open_factory("rpigpio")


@pytest.mark.skipif(find_spec("lgpio") is None, reason="lgpio is not installed")
def test_loading_lgpio_leaves_no_file_and_keeps_the_folder(tmp_path: Path) -> None:
    program = (
        "import os, sys; from rig.util.errors import BenchError; from rig.wiring.pins import open_factory\n"
        "try: open_factory('lgpio').close()\n"
        "except BenchError: pass\n"  # this machine is no Pi
        "print('lgpio' in sys.modules, os.getcwd(), os.listdir(), os.environ.get('LG_WD'))"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"True {tmp_path} [] None\n"


def test_wires_are_made_once():
    wires = Wires()
    assert wires[5] is wires[5]
