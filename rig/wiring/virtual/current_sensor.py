"""The current sensor of the virtual board: it reads the model, and has a reading for each change."""

from __future__ import annotations

from rig.wiring.interfaces import Current, CurrentListener
from rig.wiring.virtual.board import Board
from rig.wiring.virtual.supply import Supply


class VirtualCurrentSensor:
    """`rig.wiring.interfaces.CurrentSensor` on the virtual board."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def start(self, listener: CurrentListener) -> None:
        """Report the present current, and each change."""

        def changed(supply: Supply, stamp: int) -> None:
            listener.on_current(Current(supply.milliamperes, supply.volts), stamp)

        self._board.watch_supply(changed)

    def close(self) -> None:
        """Stop reporting changes."""
        self._board.watch_supply(None)
