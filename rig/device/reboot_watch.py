"""Find unexpected boots of a device by the time stamps of switches and boot banners."""

from __future__ import annotations

from dataclasses import dataclass

from rig.timeline.events import Boot, Event, FaultInjected, FaultLifted, Panic, PinEdge, PowerChange

_LATEST_NS = 2_000_000_000
"""The longest delay in ns between a console line and its reading on a busy computer.

A line's stamp is the time of the read, and its uncertainty is that of the port. Neither contains the time in which the
line was buffered. Stamp plus uncertainty is the upper bound of the line's time; the lower bound subtracts both the
uncertainty and this delay.
"""
_BROWN_OUT_NS = 300_000_000
"""The pause in ns between a brown-out and the boot (docs/virtual-board.md)."""


@dataclass(slots=True)
class _Run:
    """A period in which the bench lets the chip run, from power or EN to the change that stops it.

    Attributes:
        began: the earliest possible stamp of its start.
        by_power: power started it, not EN.
        ended: the latest possible stamp of its end; None while it lasts.
    """

    began: int
    by_power: bool
    ended: int | None = None

    def can_print(self, banner: Boot) -> bool:
        """Return whether this run can have printed the boot banner."""
        if banner.t + banner.uncertainty < self.began or (self.by_power and banner.reset == "external"):
            return False
        if self.ended is None:
            return True
        # The run had ended when its banner was read, so the only banner that it can have printed is that of its start.
        begins = banner.reset in ("power_on", "external")
        return begins and banner.t - banner.uncertainty - _LATEST_NS <= self.ended


class RebootWatch:
    """Matches boot banners with the runs that the bench, or a panic, started, and finds banners without a run.

    Each run prints one boot banner. A banner belongs to the latest run that can have printed it. A banner without a run
    means an unexpected reboot, except brown-outs while a fault lowers the supply.
    """

    def __init__(self) -> None:
        self._powered = False  # a bench opens with the power off
        self._held = False
        self._by_power = False
        self._silent: list[_Run] = []
        """Runs without a banner yet, in order; all but the last have ended."""
        self._early: list[Boot] = []
        """Banners read while EN held the chip: an edge of EN is published after it was driven."""
        self._low_supplies: set[int] = set()
        """The injected faults that lower the supply."""
        self._supply_restored = -_BROWN_OUT_NS - _LATEST_NS
        """The stamp at which the last of them was lifted."""

    def switched(self, change: PowerChange | PinEdge) -> list[Boot]:
        """Record that power was switched or EN driven.

        Args:
            change: a change of the switch (not of the rail) or of `control.en`.

        Returns:
            Earlier banners that this change shows to be unexpected.
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
        """Record a panic and expect one boot after it."""
        self._end(panic)
        self._silent.append(_Run(panic.t - panic.uncertainty, by_power=False))

    def supply_lowered(self, fault: FaultInjected) -> None:
        """Expect any number of brown-outs until the fault is lifted: each boot can cause the next."""
        self._low_supplies.add(fault.id)

    def lifted(self, fault: FaultLifted) -> None:
        """Record the end of a fault. The boot after the last brown-out can follow later."""
        if fault.injected in self._low_supplies:
            self._low_supplies.remove(fault.injected)
            self._supply_restored = fault.t

    def _is_of_low_supply(self, banner: Boot) -> bool:
        is_low = bool(self._low_supplies) or banner.t <= self._supply_restored + _BROWN_OUT_NS + _LATEST_NS
        return banner.reset == "brownout" and is_low

    def _end(self, change: Event) -> None:
        for run in self._silent:
            if run.ended is None:
                run.ended = change.t + change.uncertainty
        self._silent = [run for run in self._silent if run.ended is None or run.ended + 2 * _LATEST_NS > change.t]

    def is_unexpected(self, banner: Boot) -> bool:
        """Return whether a boot is unexpected; once for each boot. `switched` decides about boots while EN is low."""
        for run in reversed(self._silent):
            if run.can_print(banner):
                self._silent.remove(run)
                return False
        if self._is_of_low_supply(banner):
            return False
        if self._powered and self._held:
            self._early.append(banner)
            return False
        return True
