"""The watch over a device: a panic, or a boot that nobody announced, interrupts whoever waits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rig.config.signal import EN
from rig.device.reboot_watch import RebootWatch
from rig.timeline import Mark, Timeline
from rig.timeline.events import Boot, Event, Panic, PinEdge, PowerChange
from rig.timeline.log_tail import console_tail
from rig.util.errors import DeviceError

_EN = str(EN)

_RESETS = {
    "power_on": ": it lost its supply, and the bench did not switch it off",
    "brownout": ": its supply sagged; look at the supply and its cable before the firmware",
    "external": ": EN was pulled low, and not by the bench",
    "watchdog": ": its loop stood still",
    "software": ": the firmware restarted itself",
}
"""What a reset reason means where nobody has announced the reboot."""


class Reboot:
    """A reboot that a test announced: `boot` is its event as soon as it happened. It stands for that one boot."""

    boot: Boot | None = None
    begun = False
    """The bench has switched the device, or it has panicked, since the reboot was announced."""


class DeviceWatch:
    """Watches the timeline for what a device does by itself, from the moment it is made.

    Args:
        timeline: the bench's.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._announced: list[Reboot] = []
        self._reboots = RebootWatch()
        self.last_down = Mark(1)
        """When the device was last switched, reset, or announced to reboot."""
        self._stop = timeline.listen(self._see)

    def close(self) -> None:
        """Stop watching."""
        self._stop()

    @contextlib.contextmanager
    def announced(self) -> Iterator[Reboot]:
        """A reboot is announced for as long as the block runs."""
        reboot = Reboot()
        self.last_down = self._timeline.mark()
        self._announced.append(reboot)
        try:
            yield reboot
        finally:
            self._announced.remove(reboot)

    def _see(self, event: Event) -> None:
        """Called for every event, in the thread that appends it."""
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
        elif isinstance(event, Panic):
            self._reboots.panicked(event)
            if not self._begin_announced():
                trace = "".join(f"\n  {frame}" for frame in event.backtrace)
                self._interrupt(f"the device panicked: {event.cause}{trace}")

    def _switched(self, event: PowerChange | PinEdge) -> None:
        for boot in self._reboots.switched(event):
            self._rebooted(boot)
        self._begin_announced()
        self.last_down = Mark(event.id)

    def _awaited(self) -> Reboot | None:
        """The reboot that was announced and has not come yet."""
        return next((reboot for reboot in self._announced if reboot.boot is None), None)

    def _begin_announced(self) -> bool:
        """Whether an announced reboot is still to come: this is how it begins."""
        reboot = self._awaited()
        if reboot is None:
            return False
        reboot.begun = True
        return True

    def _booted(self, boot: Boot) -> None:
        """A boot that the bench, or a panic, began."""
        reboot = self._awaited()
        if reboot is not None and reboot.begun:
            reboot.boot = boot

    def _rebooted(self, boot: Boot) -> None:
        """A boot by itself."""
        reboot = self._awaited()
        if reboot is not None:
            reboot.boot = boot
        else:
            self._interrupt(f"the device rebooted unexpectedly (reset={boot.reset}{_RESETS.get(boot.reset, '')})")

    def _interrupt(self, what: str) -> None:
        self._timeline.interrupt(DeviceError(f"{what}\n{console_tail(self._timeline)}"))
