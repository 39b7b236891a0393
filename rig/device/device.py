"""The device under test, on a bench: flashed, booted, idle, and watched."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from rig.adapters import registry
from rig.adapters.profile import Settings
from rig.bench import Bench
from rig.device.device_watch import DeviceWatch, Reboot
from rig.firmware.build import Firmware, firmware
from rig.timeline import Mark
from rig.timeline.events import Boot, Event, LogLine, OcppFrame, Panic
from rig.util.arguments import validate_one_of
from rig.util.errors import DeviceError, ExpectationError

E = TypeVar("E", bound=Event)

_NO_SETTINGS: Settings = {}


class Device:
    """The device on a bench.

    From the moment it is made it watches the timeline: a panic, or a boot that nobody announced, interrupts the test.

    Args:
        bench: open or still to be opened.
    """

    BOOT_TIMEOUT_S = 10.0
    ACCEPTED_TIMEOUT_S = 15.0

    _LOOK_AGAIN_S = 0.002
    _MOST_WRITES = 200
    _STOPPED_AFTER_S = 0.1
    _ERASED_AFTER_S = 3.0

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.profile = registry.profile(bench.description)
        self._firmware: Firmware | None = None
        self._settings = _NO_SETTINGS
        self._aside: DeviceError | None = None
        self._building = threading.Lock()
        self._watch = DeviceWatch(bench.timeline)

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()

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
                self.bench.backtraces.executable = self._firmware.symbols
            return self._firmware

    def flash(self, *, fresh: bool = False, settings: Settings = _NO_SETTINGS) -> None:
        """Put firmware and configuration on the board; the firmware only where it is not there already. It boots.

        Args:
            fresh: erase the whole flash first.
            settings: keys of firmware/src/features/config/README.md that differ from the defaults.

        Raises:
            BenchError: it cannot be flashed.
        """
        manifest = self.firmware.manifest
        filesystem = self.profile.provision(self.bench.description, self.bench.csms_url, manifest, settings)
        self.bench.power.on()
        if filesystem is None and not fresh and self.bench.flasher.has(manifest):
            self.bench.power.cycle()
        else:
            self.bench.flasher.flash(manifest, filesystem=filesystem, erase=fresh)
        self._settings = settings

    def configure(self, **settings: str | int) -> None:
        """Give the device a configuration of its own for the running test, and bring it to idle with it.

        Its file system is written anew. The next `make_idle` takes the settings back.

        Args:
            settings: keys of firmware/src/features/config/README.md that differ from the defaults.

        Raises:
            AuthorError: an unknown key, or a value of a wrong type.
            BenchError: it cannot be flashed.
            DeviceError: it does not come to idle.
        """
        since = self.bench.mark()
        self.flash(settings=settings)
        self.wait_ready(since)
        self._come_to_idle()

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
        try:
            reader = self.bench.description.device.log_format
            banner = f"the boot banner, as the log format {reader!r} knows it"
            boot = self._see(Boot, lambda _: True, since, self.BOOT_TIMEOUT_S, banner)
            self._see(Event, self.profile.is_ready, Mark(boot.id), self.BOOT_TIMEOUT_S, self.profile.ready)
        except ExpectationError as error:
            raise DeviceError(f"the device does not boot: {error}") from None
        return boot

    def wait_accepted(self, since: Mark | None = None) -> OcppFrame:
        """Wait until the CSMS has accepted its BootNotification. Returns the frame of the answer.

        Args:
            since: after this mark; None: since it was last switched, reset, or announced to reboot. (Not since its boot
                banner: the console may be read later than the socket.)

        Raises:
            DeviceError: it is not accepted in time.
        """
        identity = self.bench.description.device.identity
        try:
            return self._see(
                OcppFrame,
                lambda frame: identity in ("", frame.charge_point) and _accepts(frame),
                since or self._watch.last_down,
                self.ACCEPTED_TIMEOUT_S,
                f"BootNotification.conf Accepted for {identity or 'the charge point'}",
            )
        except ExpectationError as error:
            raise DeviceError(f"the device is not accepted by the CSMS: {error}") from None

    def _see(self, kind: type[E], where: Callable[[E], bool], since: Mark, timeout: float, what: str) -> E:
        """The first such event since the mark, whoever has consumed it, and without consuming it."""
        timeline = self.bench.timeline
        there = timeline.events(kind, since, where)
        if there:
            return there[0]
        return timeline.expect(kind, where, since=since, timeout=timeout, what=what, consume=False)

    @contextlib.contextmanager
    def expecting_reboot(self) -> Iterator[Reboot]:
        """Announce a reboot (Reset.req, a crash on command). It must come before the block is left, or soon after.

        It stands for one boot, and for a panic before that: what the device does after the boot is watched as ever.

        Raises:
            DeviceError: it does not come, or another one follows.
        """
        with self._watch.announced() as reboot:
            since = self._watch.last_down
            yield reboot
            reboot.boot = self.wait_ready(since)

    # -- idle -----------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """What the device says of itself, as its profile asks for it: ours answers the console command `status`.

        Raises:
            DeviceError: the answer makes no sense.
            ExpectationError: no answer came.
        """
        return self.profile.status(self.bench.console)

    def wait_status(self, *, timeout: float = 10.0, **fields: Any) -> dict[str, Any]:
        """Wait until `status` says all of that; looks again whenever the device is heard of.

        Args:
            timeout: in bench seconds.
            fields: what must stand there, like `state="Charging"`.

        Returns:
            The whole status.

        Raises:
            ExpectationError: it does not in time; the message names each difference.
            AuthorError: a key that the device's status does not have.
        """
        if (known := self.profile.status_keys) is not None:
            for key in fields:
                validate_one_of("a key of the device's status", key, sorted(known))
        status: dict[str, Any] = {}

        def differences() -> list[str]:
            status.clear()
            status.update(self.status())
            return _differences(status, fields)

        self._wait_until_none(differences, timeout)
        return status

    def let_time_pass(self, seconds: float) -> None:
        """Let the device live for that many bench seconds, watched. For spans that are themselves what is tested.

        Raises:
            DeviceError: it panicked or rebooted.
            BenchError: the bench broke.
        """
        timeline = self.bench.timeline
        timeline.expect_none(Panic, since=timeline.mark(), within=seconds)

    @contextlib.contextmanager
    def erasing(self) -> Iterator[None]:
        """Make the device write until a flash erase stops its loop, for a block in which it is stopped.

        Takes a fault that makes erases slow (`SlowErase`). Leaves the block when the device answers again.

        Raises:
            DeviceError: no erase came.
        """
        for number in range(self._MOST_WRITES):
            since = self.bench.mark()
            self.bench.console.send(self.profile.write_command(number))
            try:
                self._see(LogLine, self._is_answer, since, self._STOPPED_AFTER_S, "an answer")
            except ExpectationError:
                yield
                self._see(LogLine, self._is_answer, since, self._ERASED_AFTER_S, "the end of the flash erase")
                return
        raise DeviceError(f"{self._MOST_WRITES} writes made the device erase no flash")

    def wait_idle(self, timeout: float) -> None:
        """Wait until the device is idle, see `verify_idle`.

        Args:
            timeout: in bench seconds.

        Raises:
            DeviceError: it is not idle by then.
        """
        try:
            self._wait_until_none(self._not_idle, timeout)
        except ExpectationError as error:
            raise DeviceError(f"the device is not idle: {error}") from None

    def verify_idle(self) -> None:
        """Make sure that the device is switched on, idle by its profile, and every input at rest.

        Ours is idle when it waits for a vehicle, accepted by the CSMS, with nothing left to send.

        Raises:
            DeviceError: it does not; the message names each difference.
        """
        problems = self._not_idle()
        if problems:
            raise DeviceError(f"the device is not idle: {', '.join(problems)}")

    def _not_idle(self) -> list[str]:
        if not self.bench.power.is_on:
            return ["it is switched off"]
        problems = [f"{i.signal} is not at rest" for i in self.bench.inputs if not i.at_rest]
        return problems + _differences(self.status(), self.profile.idle)

    def make_idle(self) -> None:
        """Bring it to idle, whatever its state: let it settle, else restart it, else flash it anew.

        Raises:
            DeviceError: nothing helps; the message says what each step found. Or it panicked or rebooted on the way: it
                is idle then, and whoever asked is told all the same.
            BenchError: the bench is broken.
        """
        self._normal_surroundings()
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
                self._set_trouble_aside()
            else:
                self._tell_trouble()
                return
        self._aside = None
        raise DeviceError("the device cannot be brought to idle\n" + "\n".join(found))

    def renew(self) -> None:
        """Erase the whole flash, write it anew, boot cold from it, and wait until the device is idle.

        The running test's expectations look from the cold boot on.

        Raises:
            DeviceError: it does not boot, is not accepted or not idle then; or it panicked or rebooted on the way.
            BenchError: the bench is broken.
        """
        self._normal_surroundings()
        self._renew()
        self._tell_trouble()

    def _normal_surroundings(self) -> None:
        """A sound bench, a good network and a normal CSMS, whatever the last test did to them."""
        self._aside = None
        self._set_trouble_aside()
        self.bench.check()
        self.bench.network.reset()
        self.bench.csms.reset()

    def _set_trouble_aside(self) -> None:
        """What the device did by itself must not keep it from being put right; `_tell_trouble` tells it afterwards."""
        trouble = self.bench.timeline.trouble
        if isinstance(trouble, DeviceError):
            self._aside = self._aside or trouble
            self.bench.timeline.clear_trouble()

    def _tell_trouble(self) -> None:
        trouble, self._aside = self._aside, None
        if trouble is not None:
            raise trouble

    def _settle(self) -> None:
        self._quiet_surroundings()
        if self._settings:
            raise DeviceError("its configuration is that of another test")
        problems = self._not_idle()
        if not problems:
            return
        if not self.bench.power.is_on:
            raise DeviceError(problems[0])
        self.wait_idle(self.profile.settle_s)

    def _quiet_surroundings(self) -> None:
        self.bench.inputs.to_rest()
        if not self.bench.network.on_air:
            self.bench.network.up()

    def _restart(self) -> None:
        self._quiet_surroundings()
        if self.bench.flasher.has(self.firmware.manifest) and not self._settings:
            self.boot()
        else:
            since = self.bench.mark()
            self.flash()
            self.wait_ready(since)
        self._come_to_idle()

    def _renew(self) -> None:
        self._quiet_surroundings()
        self.flash(fresh=True)
        self.bench.power.off()
        self.bench.timeline.set_default_mark(self.bench.mark())
        self.boot()
        self._come_to_idle()

    def _come_to_idle(self) -> None:
        if self.profile.ocpp:
            self.wait_accepted()
        self.wait_idle(self.profile.settle_s)

    def _wait_until_none(self, differences: Callable[[], list[str]], timeout: float) -> None:
        """Look again whenever the device says or sends something, until there are no differences."""
        timeline = self.bench.timeline
        deadline = timeline.clock.deadline(timeout)
        again = self._LOOK_AGAIN_S
        while True:
            since = timeline.mark()
            found = differences()
            if not found:
                return
            if deadline.passed:
                raise ExpectationError(f"still after {timeout:g} s: {', '.join(found)}\n{self.bench.console.tail()}")
            # What the device does with an answer that it got a moment ago, it tells nobody: so look again, too.
            with contextlib.suppress(ExpectationError):
                soon = timeline.clock.deadline(again, before=deadline)
                timeline.expect(Event, self._is_news, since=since, timeout=soon, consume=False)
            again *= 2

    def _is_news(self, event: Event) -> bool:
        return isinstance(event, OcppFrame) or (isinstance(event, LogLine) and not self._is_answer(event))

    def _is_answer(self, line: LogLine) -> bool:
        return line.text.startswith(self.bench.console.answer_prefix)


def _accepts(frame: OcppFrame) -> bool:
    return (
        frame.direction == "sent"
        and frame.message_type == "CALLRESULT"
        and frame.action == "BootNotification"
        and isinstance(frame.payload, dict)
        and frame.payload.get("status") == "Accepted"
    )


def _differences(status: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    return [f"{key} is {status.get(key)!r}, not {value!r}" for key, value in wanted.items() if status.get(key) != value]
