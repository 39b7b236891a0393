"""The time server (SNTP) in the network of the virtual board, and its misbehaviour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rig.util.clock import BenchClock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class VirtualTimeServer:
    """`rig.wiring.interfaces.TimeServer` on the virtual board. It answers under every name, with the time of the bench.

    Any thread may change it. A change counts from the next question of the device. All changes persist across reboots.

    Args:
        clock: the bench's clock.
    """

    def __init__(self, clock: BenchClock) -> None:
        self._clock = clock
        self.is_present = True
        """Whether questions are answered, as set by `appear`."""
        self.delay_ms = 0
        """The delay of each answer in milliseconds, as set by `slow_down`."""
        self.offset_s = 0
        """How many seconds the server is ahead, as set by `step`."""

    def appear(self, present: bool) -> None:
        """Answer questions, or with False leave them unanswered."""
        self.is_present = present

    def slow_down(self, milliseconds: int) -> None:
        """Delay each answer. The device does not know the delay, so its clock is behind by that time."""
        self.delay_ms = milliseconds

    def step(self, seconds: int) -> None:
        """Put the server ahead of the bench's time by that many seconds; a negative number puts it behind."""
        self.offset_s = seconds

    def unix_ms(self) -> int:
        """Return the server's time in milliseconds since 1970."""
        return (self._clock.utc() - _EPOCH) // timedelta(milliseconds=1) + 1000 * self.offset_s
