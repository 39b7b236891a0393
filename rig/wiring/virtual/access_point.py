"""The virtual access point: the device's radio asks the board for it."""

from __future__ import annotations

from dataclasses import dataclass

from rig.util.errors import BenchError
from rig.wiring.virtual.board import Board


@dataclass(frozen=True, slots=True)
class Profile:
    """How long a station takes, in milliseconds of device time."""

    associate_ms: int
    dhcp_ms: int


PROFILES = {"fast": Profile(0, 0), "realistic": Profile(900, 600)}


class VirtualAccessPoint:
    """An access point in reach of the board's antenna, on the air from the start.

    Args:
        board: whose radio hears it.
        profile: a name of `PROFILES`.

    Raises:
        BenchError: an unknown profile.
    """

    def __init__(self, board: Board, profile: str) -> None:
        if profile not in PROFILES:
            raise BenchError(f"network profile {profile!r} is unknown", f"Allowed: {', '.join(PROFILES)}")
        self._board = board
        self._profile = PROFILES[profile]
        self.up()

    def up(self) -> None:
        """Start it; returns when it is on the air."""
        self._tell("up")

    def down(self) -> None:
        """Take it off the air: stations lose it without a word."""
        self._tell("down")

    def _tell(self, state: str) -> None:
        self._board.set("ap", state, self._profile.associate_ms, self._profile.dhcp_ms)
