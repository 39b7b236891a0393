"""Faults of the board's supply and of its reset line."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import ClassVar

from rig.config.signal import EN
from rig.faults.fault import Bench, Fault


@dataclass(frozen=True, slots=True)
class PowerCut(Fault):
    """The board loses its supply. At the end, the board is powered again."""

    name: ClassVar[str] = "power-cut"
    summary: ClassVar[str] = "the board loses its supply until the fault is lifted"
    needs: ClassVar[frozenset[str]] = frozenset({"power"})
    reboots: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Switch the power off, then on again if it was on."""
        if bench.power.is_on:
            restore.callback(bench.power.on)
        bench.power.off()


@dataclass(frozen=True, slots=True)
class Reset(Fault):
    """EN holds the chip in reset, like the board's reset button. At the end, the chip boots."""

    name: ClassVar[str] = "reset"
    summary: ClassVar[str] = "the chip is held in reset (EN low) until the fault is lifted"
    needs: ClassVar[frozenset[str]] = frozenset({str(EN)})
    reboots: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Pull EN low, then restore its state."""
        restore.callback(bench.power.hold_reset, bench.power.in_reset)
        bench.power.hold_reset(True)


FAULTS: tuple[type[Fault], ...] = (
    PowerCut,
    Reset,
)
"""In the order of the catalogue."""
