"""Which boots of a device nobody asked for, judged by stamps."""

from __future__ import annotations

from dataclasses import dataclass

from rig.timeline.events import Boot, Event, Panic, PinEdge, PowerChange

_LATEST_NS = 2_000_000_000
"""How late a console may be read on a busy computer.

A line's stamp is the moment at which it was read, and its uncertainty that of the port: neither knows for how long the
line lay there. So a stamp bounds the moment of the word from above by the uncertainty, and from below only by this.
"""


@dataclass(slots=True)
class _Run:
    """A time for which the bench lets the chip run: from power or EN that let it go to the next that stops it.

    Attributes:
        began: the earliest stamp at which it may have begun.
        by_power: the supply began it, not EN.
        ended: the latest stamp at which it may have ended; None while it lasts.
    """

    began: int
    by_power: bool
    ended: int | None = None

    def can_say(self, banner: Boot) -> bool:
        """Whether a boot banner can be the first word of this run."""
        if banner.t + banner.uncertainty < self.began or (self.by_power and banner.reset == "external"):
            return False
        if self.ended is None:
            return True
        # It ended before anybody read of it: then it came no further than to the reset that began it.
        begins = banner.reset in ("power_on", "external")
        return begins and banner.t - banner.uncertainty - _LATEST_NS <= self.ended


class RebootWatch:
    """Knows the runs that the bench, or a panic, began, and tells the boots that belong to none.

    The rule: each run says one boot banner; a banner belongs to the latest run that can still have said it, and one
    that belongs to none is a reboot that nobody asked for.
    """

    def __init__(self) -> None:
        self._powered = False  # as a bench is when it opens
        self._held = False
        self._by_power = False
        self._silent: list[_Run] = []
        """The runs that have said nothing yet, in order; but for the last all have ended."""
        self._early: list[Boot] = []
        """Banners that were read while EN held the chip: its edge is told after it was made."""

    def switched(self, change: PowerChange | PinEdge) -> list[Boot]:
        """Power was switched, or EN driven.

        Args:
            change: of the switch, not of the rail; or of `control.en`.

        Returns:
            The boots read before that turn out to be unexpected now.
        """
        if isinstance(change, PowerChange):
            self._powered = change.on
            self._by_power = change.on
        else:
            self._held = change.level
        self._end(change)
        if self._powered and not self._held:
            self._silent.append(_Run(change.t - change.uncertainty, self._by_power))
            self._by_power = False
        early, self._early = self._early, []
        return [banner for banner in early if self.is_unexpected(banner)]

    def panicked(self, panic: Panic) -> None:
        """The device panicked. What it boots then is no news: the panic was."""
        self._end(panic)
        self._silent.append(_Run(panic.t - panic.uncertainty, by_power=False))

    def _end(self, change: Event) -> None:
        for run in self._silent:
            if run.ended is None:
                run.ended = change.t + change.uncertainty
        self._silent = [run for run in self._silent if run.ended is None or run.ended + 2 * _LATEST_NS > change.t]

    def is_unexpected(self, banner: Boot) -> bool:
        """Whether nobody asked for this boot. Call it once for each; what EN's next edge decides, `switched` tells."""
        for run in reversed(self._silent):
            if run.can_say(banner):
                self._silent.remove(run)
                return False
        if self._powered and self._held:
            self._early.append(banner)
            return False
        return True
