"""The connections of the virtual bench, and descriptions that it rejects."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rig.config.signal import Signal
from rig.firmware.partitions import TABLE_OFFSET, to_binary
from rig.util.clock import BenchClock
from rig.util.errors import BenchError
from rig.wiring.virtual import board_pins, open_wiring

from .conftest import ROOT, Description, Desk, Network, Wire, reaches


class UnconnectedWire(Description):
    """A description with a wire that has one end."""

    def wires(self) -> Iterator[tuple[Signal, Wire]]:
        yield Signal("power", "switch"), Wire(17)
        yield Signal("inputs", "cable"), Wire(5)


def test_the_default_bench_can_be_wired():
    sections = tomllib.loads((ROOT / "benches" / "virtual.toml").read_text())

    class Default(Description):
        def wires(self) -> Iterator[tuple[Signal, Wire]]:
            for section in ("power", "control", "inputs", "leds", "outputs"):
                for name, wire in sections[section].items():
                    yield Signal(section, name), Wire(wire["pin"], wire.get("gpio"), wire.get("active_low", False))

    pins = board_pins(Default())
    assert (pins.power_switch, pins.rail_sense, pins.en, pins.boot) == (17, 27, 22, 23)
    assert pins.inputs == {32: 5, 33: 6, 25: 13, 26: 19, 27: 26, 34: 12, 35: 16}
    assert pins.outputs == {18: 20, 19: 21, 21: 24, 22: 25, 23: 18}
    assert pins.inverted == frozenset()


class Inverted(Description):
    """A description with all levels inverted: EN and BOOT behind transistors, inverted switch and sense."""

    def wires(self) -> Iterator[tuple[Signal, Wire]]:
        for signal, wire in super().wires():
            yield signal, replace(wire, active_low=not wire.active_low)


def test_inverted_levels_of_the_description_apply_to_the_board():
    pins = board_pins(Inverted())
    assert pins.inverted == {17, 27, 22, 23}
    assert pins.inputs == {32: 5, 25: 13}


def test_a_board_behind_inverters_is_powered_reset_and_flashed(tmp_path, app, table):
    desk = Desk(open_wiring(Inverted(), BenchClock(), tmp_path), inverted=True)
    assert not desk.rail.is_active
    desk.write_flash((TABLE_OFFSET, to_binary(table)), (table["ota_0"].offset, app))
    desk.power.on()
    assert desk.port.expect("boot:").endswith("reset=power_on")
    desk.port.expect("board: go")
    assert desk.rail.is_active
    desk.press_reset()
    assert desk.port.expect("boot:").endswith("reset=external")
    desk.enter_download()
    desk.power.off()
    assert reaches(desk.rail, True), "the sense pin is high without a rail"
    desk.close()


def test_a_wire_without_a_far_end_is_rejected_by_name():
    with pytest.raises(BenchError, match=r"inputs\.cable has no gpio"):
        board_pins(UnconnectedWire())


def test_an_unknown_profile_is_rejected_without_leftovers(tmp_path):
    with pytest.raises(BenchError, match=r"profile 'slow' is unknown\. Allowed: fast, realistic"):
        open_wiring(Description(Network("slow")), BenchClock(), tmp_path)
    assert [path.name for path in (tmp_path / ".plugbench" / "run").iterdir()] == ["lock"]


def test_the_realistic_access_point_delays_joining(tmp_path, flashed):
    desk = Desk(open_wiring(Description(Network("realistic")), BenchClock(), tmp_path))
    desk.write_flash((0, flashed.read_flash(0, 4 << 20)))
    desk.power.on()
    desk.port.expect("board: ap up 900 600")
    desk.close()


def test_the_hooks_reach_the_device(running):
    hooks = running.wiring.hooks
    hooks.tear_flash(5, "random", 99)
    running.port.expect("board: flash tear 5 random 99")
    hooks.slow_erase(400)
    running.port.expect("board: flash erase_ms 400")
    hooks.fill_flash(True)
    running.port.expect("board: flash full 1")
    hooks.leak(64)
    running.port.expect("board: leak 64")


@pytest.mark.parametrize(("operation", "effect"), [(0, "half"), (1, "some")])
def test_an_impossible_tear_is_rejected(running, operation, effect):
    with pytest.raises(ValueError, match="effects are none, half, random"):
        running.wiring.hooks.tear_flash(operation, effect, 1)
