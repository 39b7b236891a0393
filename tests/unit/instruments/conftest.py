"""Fakes for the instruments: virtual pins without a board, in stepped time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from gpiozero import Factory

from rig.util.clock import BenchClock
from rig.wiring.virtual.pins import VirtualPinFactory, Wires
from rig.wiring.virtual.stepping.clock import SteppedClock


@dataclass
class FarEnd:
    """The board's ends of the wires."""

    factory: Any

    def drive(self, pin: int, level: bool | None) -> None:
        """Drive a wire from the board's side; None releases it."""
        wires = self.factory.wires
        wires.change(wires[pin], board_drive=level)

    def level(self, pin: int) -> bool:
        """Return the level at the board."""
        return bool(self.factory.wires[pin].level)

    def driven(self, pin: int) -> bool | None:
        """Return the level that the Pi drives; None where its pin floats."""
        level: bool | None = self.factory.wires[pin].pi_drive
        return level

    def watch(self, pin: int, callback: Any) -> None:
        """Watch a wire from the board's side."""
        self.factory.wires.watch_board_end(self.factory.wires[pin], callback)


@pytest.fixture
def clock() -> BenchClock:
    return SteppedClock()


@pytest.fixture
def factory(clock: BenchClock) -> Iterator[Factory]:
    made = VirtualPinFactory(Wires(clock.now))
    yield made
    made.close()


@pytest.fixture
def far_end(factory: Factory) -> FarEnd:
    return FarEnd(factory)
