"""The test hooks of the virtual board."""

from __future__ import annotations

from rig.wiring.virtual.board import Board
from rig.wiring.virtual.radio import VirtualRadio
from rig.wiring.virtual.supply import LOWEST_MV, NOMINAL_MV

TEAR_EFFECTS = ("none", "half", "random")


class VirtualTestHooks:
    """`rig.wiring.interfaces.TestHooks` on the virtual board. All but a tear persist across reboots."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.radio = VirtualRadio(board)
        """The access points in range, and their misbehaviour."""
        self.time_server = board.time_server
        """The time server in the board's network, and its misbehaviour."""
        self.erase_ms = 0
        """The time of a sector erase in ms, as set by `slow_erase`; 0 for instant erases."""
        self.flash_is_full = False
        """Whether the storage is full, as set by `fill_flash`."""
        self.leaking = 0
        """The leak in bytes per connection, as set by `leak`; 0 for none."""

    def tear_flash(self, operation: int, effect: str, seed: int) -> None:
        """Tear the n-th flash operation from now, then cut the power.

        If the device is not running, the count begins with its next boot.

        Args:
            operation: the number of the operation, counted from 1 for the next.
            effect: the part of the operation that takes effect: `none`, `half` or `random`.
            seed: seeds `random`.

        Raises:
            ValueError: the effect is unknown, or the operation below 1.
        """
        if effect not in TEAR_EFFECTS or operation < 1:
            raise ValueError(
                f"cannot tear flash operation {operation} by {effect!r}: operations count from 1, "
                f"effects are {', '.join(TEAR_EFFECTS)}"
            )
        self._board.tear(operation, effect, seed)

    def disarm_tear(self) -> None:
        """Discard a tear that is pending for the next boot. A running device keeps its tear until its process ends."""
        self._board.disarm_tear()

    def slow_erase(self, milliseconds: int) -> None:
        """Set the device time of each sector erase; 0 for instant erases."""
        self.erase_ms = milliseconds
        self._board.set("flash erase_ms", milliseconds)

    def brown_out(self) -> None:
        """Make the supply sag once: the chip resets with reason `brownout`. Has no effect if the chip is off."""
        self._board.brown_out()

    def set_supply(self, millivolts: int) -> None:
        """Set the voltage of the board's supply. Below the level of its brown-out detector the chip resets.

        Args:
            millivolts: the chip's supply, from 2,000 to 3,300, its normal voltage.

        Raises:
            ValueError: the voltage is outside of that range.
        """
        if not LOWEST_MV <= millivolts <= NOMINAL_MV:
            raise ValueError(f"the supply cannot be {millivolts} mV; allowed are {LOWEST_MV} to {NOMINAL_MV} mV")
        self._board.set_supply(millivolts)

    @property
    def supply_mv(self) -> int:
        """The voltage of the board's supply in mV, as set by `set_supply`."""
        return self._board.supply_mv

    def unplug(self) -> None:
        """Unplug the USB cable, which also powers the board, until the bench is reopened."""
        self._board.unplug()

    def fill_flash(self, full: bool) -> None:
        """Make the device's storage report that it is out of space, or with False that it is not."""
        self.flash_is_full = full
        self._board.set("flash full", int(full))

    def leak(self, bytes_per_connection: int) -> None:
        """Set the bytes of device heap that each TCP connection leaks; 0 for none."""
        self.leaking = bytes_per_connection
        self._board.set("leak", bytes_per_connection)
