"""The virtual access point, which the board simulates for the device's radio."""

from __future__ import annotations

from dataclasses import dataclass

from rig.util.errors import BenchError
from rig.wiring.virtual.board import Board


@dataclass(frozen=True, slots=True)
class Profile:
    """The time that a station takes to join, in milliseconds of device time."""

    associate_ms: int
    dhcp_ms: int


PROFILES = {"fast": Profile(0, 0), "realistic": Profile(900, 600)}


class VirtualAccessPoint:
    """An access point in range of the board, on the air from the start.

    Args:
        board: the board that receives it.
        profile: a name of `PROFILES`.

    Raises:
        BenchError: the profile is unknown.
    """

    def __init__(self, board: Board, profile: str) -> None:
        if profile not in PROFILES:
            raise BenchError(f"network profile {profile!r} is unknown", f"Allowed: {', '.join(PROFILES)}")
        self._board = board
        self._profile = PROFILES[profile]
        self.up()

    def up(self) -> None:
        """Switch it on."""
        self._set("up")

    def down(self) -> None:
        """Switch it off; stations get no deauthentication frame."""
        self._set("down")

    def _set(self, state: str) -> None:
        self._board.set("ap", state, self._profile.associate_ms, self._profile.dhcp_ms)
