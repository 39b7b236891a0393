"""What a test can ask of a virtual board and of no real one."""

from __future__ import annotations

from rig.wiring.virtual.board import Board

TEAR_EFFECTS = ("none", "half", "random")


class VirtualTestHooks:
    """`rig.wiring.interfaces.TestHooks` on the virtual board. All but a tear survive the device's reboots."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.erase_ms = 0
        """What `slow_erase` was told last; 0: erases are instant."""
        self.flash_is_full = False
        """What `fill_flash` was told last."""
        self.leaking = 0
        """What `leak` was told last, in bytes a connection; 0: nothing leaks."""

    def tear_flash(self, operation: int, effect: str, seed: int) -> None:
        """Tear the n-th flash operation from now, then cut the power.

        Where the device does not run, the count begins with its next boot.

        Args:
            operation: 1 is the next one.
            effect: `none`, `half` or `random`: how much of the operation still happens.
            seed: of `random`.

        Raises:
            ValueError: an unknown effect, or an operation below 1.
        """
        if effect not in TEAR_EFFECTS or operation < 1:
            raise ValueError(
                f"cannot tear flash operation {operation} by {effect!r}: operations count from 1, "
                f"effects are {', '.join(TEAR_EFFECTS)}"
            )
        self._board.tear(operation, effect, seed)

    def disarm_tear(self) -> None:
        """Forget a tear that waits for the next boot. One that a running device was told of ends with its power."""
        self._board.disarm_tear()

    def slow_erase(self, milliseconds: int) -> None:
        """Make each sector erase take that long in device time; 0: instant."""
        self.erase_ms = milliseconds
        self._board.set("flash erase_ms", milliseconds)

    def brown_out(self) -> None:
        """Make the supply sag once: the chip resets and boots with reset reason `brownout`. Nothing where it is off."""
        self._board.brown_out()

    def unplug(self) -> None:
        """Pull the USB cable, which feeds the board as well. Only opening the bench anew plugs it in again."""
        self._board.unplug()

    def fill_flash(self, full: bool) -> None:
        """Make the device's storage answer that it is out of space."""
        self.flash_is_full = full
        self._board.set("flash full", int(full))

    def leak(self, bytes_per_connection: int) -> None:
        """Make each TCP connection leak device heap; 0: none."""
        self.leaking = bytes_per_connection
        self._board.set("leak", bytes_per_connection)
