"""The device under test, on a bench: flashed, booted, idle, and watched."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from rig.bench import Bench
from rig.errors import DeviceError, ExpectationError, PlugbenchError
from rig.events import AccessPointChange, Boot, Event, LogLine, OcppFrame, Panic, PinEdge, PowerChange
from rig.firmware.build import Firmware, firmware
from rig.firmware.filesystem import provision
from rig.timeline import Mark

IDLE = {
    "state": "Available",
    "accepted": True,
    "connected": True,
    "transaction": None,
    "contactor": False,
    "queue": 0,
}
"""What the console command `status` says of a device that waits for a vehicle."""


class Reboot:
    """A reboot that a test announced: `boot` is its event as soon as it happened."""

    boot: Boot | None = None


class Device:
    """The device on a bench.

    From the moment it is made it watches the timeline: a panic, or a boot that nobody announced, interrupts the test.

    Args:
        bench: open or still to be opened.
    """

    BOOT_TIMEOUT_S = 10.0
    ACCEPTED_TIMEOUT_S = 15.0
    SETTLE_TIMEOUT_S = 3.0

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._firmware: Firmware | None = None
        self._announced: list[Reboot] = []
        self._boots_to_come = 0
        self._building = threading.Lock()
        self._stop_watching = bench.timeline.listen(self._watch)

    def close(self) -> None:
        """Stop watching."""
        self._stop_watching()

    # -- what it runs ---------------------------------------------------------------------------------------------

    @property
    def firmware(self) -> Firmware:
        """The firmware of the bench description; built when first asked for.

        Raises:
            BenchError: it does not build, or is not there.
        """
        with self._building:
            if self._firmware is None:
                self._firmware = firmware(self.bench.description.device.firmware, self.bench.root)
            return self._firmware

    def flash(self, *, fresh: bool = False, **settings: str | int) -> None:
        """Put firmware and configuration on the board; the firmware only where it is not there already. It boots.

        Args:
            fresh: erase the whole flash first.
            settings: keys of the configuration (docs/design.md, section 6) that differ from the defaults.

        Raises:
            BenchError: it cannot be flashed.
        """
        manifest = self.firmware.manifest
        network = self.bench.description.network
        filesystem = provision(
            self.bench.csms_url,
            self.bench.description.device.identity,
            network.ssid,
            network.psk,
            partition=manifest.storage(),
            **settings,
        )
        self.bench.power.on()
        self.bench.flasher.flash(manifest, filesystem=filesystem, erase=fresh)

    # -- booting --------------------------------------------------------------------------------------------------

    def boot(self) -> Boot:
        """Power cycle it (or switch it on) and wait until every feature runs. Returns the boot's event.

        Raises:
            DeviceError: it does not boot; the message shows the last lines of its console.
        """
        since = self.bench.mark()
        if self.bench.power.is_on:
            self.bench.power.cycle()
        else:
            self.bench.power.on()
        return self.wait_ready(since)

    def wait_ready(self, since: Mark) -> Boot:
        """Wait until it has booted since the mark and every feature runs.

        Raises:
            DeviceError: it does not.
        """
        timeline = self.bench.timeline
        try:
            boot = timeline.expect(
                Boot, since=since, timeout=self.BOOT_TIMEOUT_S, what="the boot banner", consume=False
            )
            timeline.expect(
                LogLine,
                lambda line: line.tag == "app" and line.text.endswith("ready"),
                since=Mark(boot.id),
                timeout=self.BOOT_TIMEOUT_S,
                what="`app: ready` on the console",
                consume=False,
            )
        except ExpectationError as error:
            raise DeviceError(f"the device does not boot: {error}\n{self.bench.console.tail()}") from None
        return boot

    def wait_accepted(self, since: Mark | None = None) -> OcppFrame:
        """Wait until the CSMS has accepted its BootNotification. Returns the frame of the answer.

        Args:
            since: after this mark; None: since the latest boot.

        Raises:
            DeviceError: it is not accepted in time.
        """
        last = self.bench.timeline.last(Boot)
        start = since or Mark(last.id if last else 1)
        identity = self.bench.description.device.identity
        try:
            return self.bench.timeline.expect(
                OcppFrame,
                lambda frame: frame.charge_point == identity and _accepts(frame),
                since=start,
                timeout=self.ACCEPTED_TIMEOUT_S,
                what=f"BootNotification.conf Accepted for {identity}",
                consume=False,
            )
        except ExpectationError as error:
            raise DeviceError(f"the device is not accepted by the CSMS: {error}\n{self.bench.console.tail()}") from None

    @contextlib.contextmanager
    def expecting_reboot(self) -> Iterator[Reboot]:
        """Announce a reboot (Reset.req, a crash on command). It must come before the block is left, or soon after.

        Raises:
            DeviceError: it does not come.
        """
        reboot = Reboot()
        since = self.bench.mark()
        self._announced.append(reboot)
        try:
            yield reboot
            reboot.boot = self.wait_ready(since)
        finally:
            self._announced.remove(reboot)

    # -- idle -----------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """What the console command `status` says.

        Raises:
            DeviceError: the answer is no JSON object.
            ExpectationError: no answer came.
        """
        answer = self.bench.console.command("status")
        try:
            status = orjson.loads(answer)
        except orjson.JSONDecodeError:
            status = None
        if not isinstance(status, dict):
            raise DeviceError(f"the answer to the console command `status` is no JSON object: {answer!r}")
        return status

    def verify_idle(self) -> None:
        """Make sure that the device waits for a vehicle, accepted by the CSMS, with every input at rest.

        Raises:
            DeviceError: it does not; the message names each difference.
        """
        problems = self._not_idle()
        if problems:
            raise DeviceError(f"the device is not idle: {', '.join(problems)}")

    def _not_idle(self) -> list[str]:
        if not self.bench.power.is_on:
            return ["it is switched off"]
        problems = [f"inputs.{i.name} is not at rest" for i in self.bench.inputs if not i.at_rest]
        status = self.status()
        problems += [
            f"{key} is {status.get(key)!r} instead of {wanted!r}"
            for key, wanted in IDLE.items()
            if status.get(key) != wanted
        ]
        return problems

    def make_idle(self) -> None:
        """Bring it to idle, whatever its state: let it settle, else restart it, else flash it anew.

        Raises:
            DeviceError: nothing helps; the message says what each step found.
            BenchError: the bench is broken.
        """
        if isinstance(self.bench.timeline.trouble, DeviceError):
            self.bench.timeline.clear_trouble()
        self.bench.check()
        self.bench.network.reset()
        self.bench.csms.reset()
        steps: tuple[tuple[str, Callable[[], None]], ...] = (
            ("settling", self._settle),
            ("restarting", self._restart),
            ("flashing anew", self._renew),
        )
        found = []
        for name, step in steps:
            try:
                step()
            except (DeviceError, ExpectationError) as error:
                found.append(f"{name}: {error}")
                self.bench.check()
                self.bench.timeline.clear_trouble()
            else:
                return
        raise DeviceError("the device cannot be brought to idle\n" + "\n".join(found))

    def _settle(self) -> None:
        self.bench.inputs.to_rest()
        problems = self._not_idle()
        if not problems:
            return
        if not self.bench.power.is_on:
            raise DeviceError(problems[0])
        self._wait_idle()

    def _restart(self) -> None:
        self.bench.inputs.to_rest()
        change = self.bench.timeline.last(AccessPointChange)
        if change is not None and not change.up:
            self.bench.network.up()
        if self.bench.flasher.has(self.firmware.manifest):
            self.boot()
        else:
            since = self.bench.mark()
            self.flash()
            self.wait_ready(since)
        self.wait_accepted()
        self._wait_idle()

    def _renew(self) -> None:
        since = self.bench.mark()
        self.flash(fresh=True)
        self.wait_ready(since)
        self.wait_accepted()
        self._wait_idle()

    def _wait_idle(self) -> None:
        """Look again whenever the device says or sends something."""
        timeline = self.bench.timeline
        began = timeline.clock.now()
        while True:
            since = timeline.mark()
            problems = self._not_idle()
            if not problems:
                return
            left = self.SETTLE_TIMEOUT_S - timeline.clock.between(began, timeline.clock.now())
            try:
                timeline.expect(Event, _is_news, since=since, timeout=max(left, 0), consume=False)
            except ExpectationError:
                raise DeviceError(f"the device is not idle: {', '.join(problems)}") from None

    # -- the watch ------------------------------------------------------------------------------------------------

    def _watch(self, event: Event) -> None:
        """Called for every event, in the thread that appends it."""
        if isinstance(event, PowerChange):
            if not event.rail:
                self._boots_to_come = int(event.on)
        elif isinstance(event, PinEdge):
            if event.signal == "control.en":
                self._boots_to_come = int(not event.level)
        elif isinstance(event, Boot):
            if self._boots_to_come:
                self._boots_to_come = 0
            elif not self._announced:
                self._interrupt(f"the device rebooted unexpectedly (reset={event.reset})")
        elif isinstance(event, Panic) and not self._announced:
            trace = f"\nbacktrace: {' '.join(event.backtrace)}" if event.backtrace else ""
            self._interrupt(f"the device panicked: {event.cause}{trace}")

    def _interrupt(self, what: str) -> None:
        trouble: PlugbenchError = DeviceError(f"{what}\n{self.bench.console.tail()}")
        self.bench.timeline.interrupt(trouble)


def _accepts(frame: OcppFrame) -> bool:
    return (
        frame.direction == "sent"
        and frame.message_type == "CALLRESULT"
        and frame.action == "BootNotification"
        and isinstance(frame.payload, dict)
        and frame.payload.get("status") == "Accepted"
    )


def _is_news(event: Event) -> bool:
    if isinstance(event, LogLine):
        return not event.text.startswith("= ")
    return isinstance(event, OcppFrame)
