"""Watch a device: a panic or an unannounced boot interrupts all waits of the test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rig.config.signal import EN
from rig.device.reboot_watch import RebootWatch
from rig.faults import LowSupply
from rig.timeline import Mark, Timeline
from rig.timeline.events import Boot, Event, FaultInjected, FaultLifted, Panic, PinEdge, PowerChange
from rig.timeline.log_tail import console_tail
from rig.timeline.words import panic_words
from rig.util.errors import DeviceError

_EN = str(EN)

_RESETS = {
    "power_on": ": it lost power, but the bench did not switch it off",
    "brownout": ": its supply voltage dropped; check the power supply and its cable first",
    "external": ": EN was pulled low, but not by the bench",
    "watchdog": ": its main loop hung",
    "software": ": the firmware restarted itself",
}
"""The meaning of each reset reason of an unannounced reboot."""


class Reboot:
    """An announced reboot. The announcement covers one boot; `boot` is the event of that boot."""

    boot: Boot | None = None
    begun = False
    """True if, since the announcement, the device has panicked, or the bench has switched it or lowered its supply."""


class DeviceWatch:
    """Watches the timeline for panics and reboots of the device, from its creation on.

    Args:
        timeline: the bench's timeline.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._announced: list[Reboot] = []
        self._reboots = RebootWatch()
        self.last_down = Mark(1)
        """When the device was last switched, reset, or announced to reboot."""
        self._stop = timeline.listen(self._see, kinds=(PowerChange, PinEdge, Boot, FaultInjected, FaultLifted, Panic))

    def close(self) -> None:
        """Stop watching."""
        self._stop()

    @contextlib.contextmanager
    def announced(self) -> Iterator[Reboot]:
        """Announce that the device reboots once in the block."""
        reboot = Reboot()
        self.last_down = self._timeline.mark()
        self._announced.append(reboot)
        try:
            yield reboot
        finally:
            self._announced.remove(reboot)

    def _see(self, event: Event) -> None:
        """Handle one event. Runs in the thread that appends it."""
        if isinstance(event, PowerChange):
            if not event.rail:
                self._switched(event)
        elif isinstance(event, PinEdge):
            if event.signal == _EN:
                self._switched(event)
        elif isinstance(event, Boot):
            if self._reboots.is_unexpected(event):
                self._rebooted(event)
            else:
                self._booted(event)
        elif isinstance(event, FaultInjected):
            if event.fault == LowSupply.name:
                self._reboots.supply_lowered(event)
                self._begin_announced()
        elif isinstance(event, FaultLifted):
            self._reboots.lifted(event)
        elif isinstance(event, Panic):
            self._reboots.panicked(event)
            if not self._begin_announced():
                trace = "".join(f"\n  {frame}" for frame in event.backtrace)
                self._interrupt(f"the device panicked: {panic_words(event)}{trace}")

    def _switched(self, event: PowerChange | PinEdge) -> None:
        for boot in self._reboots.switched(event):
            self._rebooted(boot)
        self._begin_announced()
        self.last_down = Mark(event.id)

    def _awaited(self) -> Reboot | None:
        """Return the announced reboot that has not booted yet, if any."""
        return next((reboot for reboot in self._announced if reboot.boot is None), None)

    def _begin_announced(self) -> bool:
        """Mark the announced reboot as begun. Return false if none is pending."""
        reboot = self._awaited()
        if reboot is None:
            return False
        reboot.begun = True
        return True

    def _booted(self, boot: Boot) -> None:
        """Record a boot that followed a power cycle, a reset or a panic."""
        reboot = self._awaited()
        if reboot is not None and reboot.begun:
            reboot.boot = boot

    def _rebooted(self, boot: Boot) -> None:
        """Record any other boot. Interrupt the test if the boot was not announced."""
        reboot = self._awaited()
        if reboot is not None:
            reboot.boot = boot
        else:
            self._interrupt(f"the device rebooted unexpectedly (reset={boot.reset}{_RESETS.get(boot.reset, '')})")

    def _interrupt(self, what: str) -> None:
        self._timeline.interrupt(DeviceError(f"{what}\n{console_tail(self._timeline)}"))
