"""Faults inside the board. Only a virtual board can inject them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from rig.faults.fault import Bench, Fault, hooks, injected_now
from rig.util.checked import Count, Limits, Seed
from rig.util.errors import BenchError

_LONGEST_ERASE_MS = 60_000
"""About the chip erase time of a large flash, so longer than a sector erase of any part."""
_RAM_BYTES = 520 * 1024
"""The ESP32's internal SRAM (its datasheet, section 1.4)."""

TearEffect = Literal["none", "half", "random"]


@dataclass(frozen=True, slots=True)
class BrownOut(Fault):
    """The supply voltage drops once, briefly. The chip resets with the reason brown-out."""

    name: ClassVar[str] = "brown-out"
    summary: ClassVar[str] = "the supply voltage drops once, and the brown-out detector resets the chip"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})
    reboots: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:  # noqa: ARG002 - over as soon as it has happened
        """Inject one brown-out."""
        hooks(bench).brown_out()


@dataclass(frozen=True, slots=True)
class LowSupply(Fault):
    """The supply voltage is low. Below the level of the brown-out detector, the chip resets repeatedly.

    The bench expects these brown-outs, so a test need not announce them.

    Args:
        millivolts: the voltage of the chip's supply, from 2,000 to 3,300. Normal is 3,300. The default is above the
            level that this project's firmware sets.
    """

    millivolts: Annotated[int, Limits(least=2_000, most=3_300)] = 2_800
    name: ClassVar[str] = "low-supply"
    summary: ClassVar[str] = "the chip's supply has only that many millivolts"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Lower the supply, then restore its voltage."""
        restore.callback(hooks(bench).set_supply, hooks(bench).supply_mv)
        hooks(bench).set_supply(self.millivolts)


@dataclass(frozen=True, slots=True)
class TornWrite(Fault):
    """The supply fails in the middle of a flash operation. At the end, the board is powered again.

    Args:
        operation: the number of the flash operation to tear; 1 is the next. Writes and erases count.
        effect: the part that reaches the flash: nothing (`none`), the first `half`, or `random` bits.
        seed: seeds the `random` bits.
    """

    operation: Count = 1
    effect: TearEffect = "half"
    seed: Seed = 0
    name: ClassVar[str] = "torn-write"
    summary: ClassVar[str] = "the power fails in the middle of the n-th flash operation from now"
    needs: ClassVar[frozenset[str]] = frozenset({"power", "test_hooks"})
    reboots: ClassVar[bool] = True

    def validate_possible(self, bench: Bench) -> None:
        """Reject a second tear: the board can have only one armed tear."""
        if self.name in injected_now(bench):
            raise BenchError(
                f"The fault {self.name} is injected already: only one torn write can be pending", "Lift it first"
            )

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Arm the tear. At the end, disarm a tear that is still pending, and cycle the power."""
        if bench.power.is_on:
            restore.callback(bench.power.on)
        restore.callback(bench.power.off)
        restore.callback(hooks(bench).disarm_tear)
        hooks(bench).tear_flash(self.operation, self.effect, self.seed)


@dataclass(frozen=True, slots=True)
class SlowErase(Fault):
    """Flash erases are slow.

    Args:
        ms: the time of each sector erase in ms of bench time, from 1 to 60,000. Usual parts need at most 400.
    """

    ms: Annotated[int, Limits(least=1, most=_LONGEST_ERASE_MS)] = 400
    name: ClassVar[str] = "slow-erase"
    summary: ClassVar[str] = "each flash sector erase takes that long and stops the chip's loop"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Slow down erases, then restore their previous time."""
        restore.callback(hooks(bench).slow_erase, hooks(bench).erase_ms)
        hooks(bench).slow_erase(self.ms)


@dataclass(frozen=True, slots=True)
class FlashFull(Fault):
    """The device's storage reports that it is out of space."""

    name: ClassVar[str] = "flash-full"
    summary: ClassVar[str] = "the device's storage is out of space"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Fill the flash, then restore its state."""
        restore.callback(hooks(bench).fill_flash, hooks(bench).flash_is_full)
        hooks(bench).fill_flash(True)


@dataclass(frozen=True, slots=True)
class HeapLeak(Fault):
    """Each TCP connection leaks a part of the device's heap. Only a reboot frees the leaked memory.

    Args:
        bytes_per_connection: the leak in bytes, at most the RAM of the chip (520 KiB).
    """

    bytes_per_connection: Annotated[int, Limits(least=1, most=_RAM_BYTES)] = 64
    name: ClassVar[str] = "heap-leak"
    summary: ClassVar[str] = "each TCP connection of the device leaks that many bytes of its heap"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Start the leak, then restore its previous rate."""
        restore.callback(hooks(bench).leak, hooks(bench).leaking)
        hooks(bench).leak(self.bytes_per_connection)


FAULTS: tuple[type[Fault], ...] = (
    BrownOut,
    LowSupply,
    TornWrite,
    SlowErase,
    FlashFull,
    HeapLeak,
)
"""In the order of the catalogue."""
