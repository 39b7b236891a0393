"""The board's current and its brown-out detector, with a device that sends the reports of the test."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from rig.wiring.interfaces import Current
from rig.wiring.virtual.supply import ChipPower, Supply

LIMIT_S = 10.0
CONTACTOR = 22


@dataclass
class Readings:
    """Takes the readings of the board's sensor."""

    news: threading.Condition = field(default_factory=threading.Condition)
    last: Current | None = None

    def on_current(self, reading: Current, _stamp: int) -> None:
        with self.news:
            self.last = reading
            self.news.notify_all()

    def on_trouble(self, trouble: Exception) -> None:
        raise trouble

    def wait_for(self, milliamperes: float) -> None:
        with self.news:
            found = self.news.wait_for(
                lambda: self.last is not None and self.last.milliamperes == pytest.approx(milliamperes), LIMIT_S
            )
        assert found, f"the last reading is {self.last}, not {milliamperes} mA"


@pytest.fixture
def readings(flashed: Any) -> Readings:
    made = Readings()
    flashed.wiring.current_sensor.start(made)
    return made


def boot(desk: Any) -> None:
    desk.power.on()
    desk.port.expect("board: go")


def say(desk: Any, command: str) -> None:
    desk.port.send(command)
    desk.port.expect(f"= {command}")


def test_a_board_without_power_draws_nothing(readings: Readings, flashed: Any) -> None:
    assert readings.last == Current(0.0, 0.0)
    boot(flashed)
    readings.wait_for(32)
    assert readings.last == Current(32.0, 3.3)
    flashed.power.off()
    readings.wait_for(0)


def test_the_reported_state_and_the_outputs_make_the_current(readings: Readings, flashed: Any) -> None:
    boot(flashed)
    for command, milliamperes in (
        ("power 160 on 0 2700", 100),
        ("power 80 sleep 0 2700", 28),
        (f"drive {CONTACTOR} 1", 98),
        (f"drive {CONTACTOR} 0", 28),
        ("power 80 sleep 1 2700", 6.8),
        ("power 80 on 1 2700", 90),
    ):
        say(flashed, command)
        readings.wait_for(milliamperes)


def test_a_chip_in_reset_and_one_in_download_mode_have_their_own_current(readings: Readings, flashed: Any) -> None:
    boot(flashed)
    say(flashed, f"drive {CONTACTOR} 1")
    readings.wait_for(102)
    flashed.reset.on()
    readings.wait_for(1)
    flashed.reset.off()
    readings.wait_for(32)
    flashed.enter_download()
    readings.wait_for(30)


def test_a_supply_below_the_reported_level_resets_the_chip(readings: Readings, flashed: Any) -> None:
    boot(flashed)
    say(flashed, "power 80 sleep 0 2700")
    flashed.wiring.hooks.set_supply(2_600)
    assert flashed.port.expect("boot:").endswith("reset=brownout")
    assert readings.last is not None
    assert readings.last.volts == 2.6


def test_a_level_below_the_supply_leaves_the_chip_alone(flashed: Any) -> None:
    boot(flashed)
    say(flashed, "power 80 sleep 0 2580")
    flashed.wiring.hooks.set_supply(2_600)
    say(flashed, "still here")


def test_a_level_above_a_low_supply_resets_the_chip_when_it_is_set(flashed: Any) -> None:
    boot(flashed)
    flashed.wiring.hooks.set_supply(2_600)
    flashed.port.send("power 80 sleep 0 2700")
    assert flashed.port.expect("boot:").endswith("reset=brownout")


def test_below_every_level_the_chip_waits_in_reset_for_its_supply(readings: Readings, flashed: Any) -> None:
    boot(flashed)
    flashed.wiring.hooks.set_supply(2_000)
    readings.wait_for(1)
    flashed.wiring.hooks.set_supply(3_300)
    assert flashed.port.expect("boot:").endswith("reset=brownout")


def test_a_board_that_is_switched_on_with_too_low_a_supply_does_not_boot(readings: Readings, flashed: Any) -> None:
    flashed.wiring.hooks.set_supply(2_000)
    flashed.power.on()
    readings.wait_for(1)
    flashed.wiring.hooks.set_supply(3_300)
    assert flashed.port.expect("boot:").endswith("reset=power_on")


@pytest.mark.parametrize("millivolts", [1_999, 3_301])
def test_a_voltage_outside_of_the_model_is_rejected(flashed: Any, millivolts: int) -> None:
    with pytest.raises(ValueError, match=f"the supply cannot be {millivolts} mV; allowed are 2000 to 3300 mV"):
        flashed.wiring.hooks.set_supply(millivolts)


@pytest.mark.parametrize("words", [("81", "on", "0", "0"), ("80", "loud", "0", "0"), ("80", "on", "2", "0")])
def test_a_report_of_an_unknown_state_is_an_error(words: tuple[str, str, str, str]) -> None:
    with pytest.raises(ValueError, match=f"'power {' '.join(words)}' is invalid"):
        ChipPower.of(*words)


def test_a_load_that_is_switched_on_twice_counts_once() -> None:
    on = Supply(powered=True).with_load(CONTACTOR, 70, True).with_load(CONTACTOR, 70, True)
    assert on.milliamperes == 71
    assert on.with_load(CONTACTOR, 70, False).milliamperes == 1
