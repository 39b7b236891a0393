"""The radio of the virtual board's surroundings: other access points, and their misbehaviour."""

from __future__ import annotations

from rig.wiring.virtual.board import Board

EVENTS = ("normal", "lost", "twice")
"""How the device's driver reports a lost association or a failed attempt."""

MOST_ACCESS_POINTS = 16


class VirtualRadio:
    """`rig.wiring.interfaces.Radio` on the virtual board. All changes but `kick` persist across reboots."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.refusal = 0
        """The reason with which attempts to join fail, as set by `refuse`; 0 for none."""
        self.events = ("normal", 0)
        """How losses are reported, and after how many milliseconds, as set by `report`."""
        self.gives_leases = True
        """Whether stations get an address, as set by `give_leases`."""
        self.silence_ms = 0
        """The silence that the access point requires in milliseconds, as set by `require_silence`."""

    def put(self, number: int, ssid: str, psk: str = "", rssi: int = -60, channel: int = 6) -> None:
        """Put an access point on the air, or replace the one with the same number.

        If no access point is described, the device can join every name.

        Args:
            number: 0 to 15.
            ssid: the access point's name, of 1 to 32 bytes.
            psk: its passphrase; empty for an open network.
            rssi: its signal in dBm, -128 to 0.
            channel: its channel, 1 to 14.

        Raises:
            ValueError: an argument is outside its limits.
        """
        if not (0 <= number < MOST_ACCESS_POINTS and -128 <= rssi <= 0 and 1 <= channel <= 14):
            raise ValueError(
                f"cannot put access point {number} on channel {channel} with {rssi} dBm: "
                f"numbers are 0 to {MOST_ACCESS_POINTS - 1}, channels 1 to 14, signals -128 to 0 dBm"
            )
        if not 1 <= len(ssid.encode()) <= 32:
            raise ValueError(f"cannot name an access point {ssid!r}: a name has 1 to 32 bytes")
        self._board.set(f"radio ap {number}", "on", _hex(ssid), _hex(psk), rssi, channel)

    def remove(self, number: int) -> None:
        """Take an access point off the air."""
        self._board.set(f"radio ap {number}", "off")

    def refuse(self, reason: int) -> None:
        """Let each attempt to join fail with that reason of ESP-IDF (`wifi_err_reason_t`); 0 ends that."""
        self.refusal = reason
        self._board.set("radio refuse", reason)

    def kick(self, reason: int) -> None:
        """End the present association with that reason."""
        self._board.send_once("radio kick", reason)

    def report(self, kind: str, delay_ms: int = 0) -> None:
        """Report losses and failed attempts as usual (`normal`), never (`lost`) or `twice`, after a delay.

        Raises:
            ValueError: the kind is unknown.
        """
        if kind not in EVENTS:
            raise ValueError(f"cannot report events {kind!r}: kinds are {', '.join(EVENTS)}")
        self.events = (kind, delay_ms)
        self._board.set("radio events", kind, delay_ms)

    def give_leases(self, given: bool) -> None:
        """Withdraw the station's address and give no other one, or give addresses again."""
        self.gives_leases = given
        self._board.set("radio leases", int(given))

    def require_silence(self, milliseconds: int) -> None:
        """Reject attempts until the station has not tried for that time; 0 ends that."""
        self.silence_ms = milliseconds
        self._board.set("radio silence", milliseconds)


def _hex(text: str) -> str:
    return text.encode().hex() or "-"
