"""The device under test on a bench: flash, boot, wait for idle, and watch for reboots and panics."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from rig.adapters import registry
from rig.adapters.profile import Settings
from rig.bench import Bench
from rig.device.csms_answers import left_by_another_test
from rig.device.device_watch import DeviceWatch, Reboot
from rig.firmware.build import Firmware, firmware
from rig.firmware.core_dump import CoreDump, read_core_dump
from rig.timeline import Mark
from rig.timeline.events import Boot, Event, LogLine, OcppFrame, Panic
from rig.util.arguments import validate_one_of
from rig.util.checked import Seconds, checked
from rig.util.errors import DeviceError, ExpectationError

E = TypeVar("E", bound=Event)

_NO_SETTINGS: Settings = {}


class Device:
    """The device on a bench.

    It watches the timeline from its creation on: a panic, or a boot that was not announced, interrupts the test.

    Args:
        bench: may still be closed.
    """

    BOOT_TIMEOUT_S = 10.0
    ACCEPTED_TIMEOUT_S = 15.0

    _POLL_INTERVAL_S = 0.002
    _MOST_WRITES = 200
    _STOPPED_AFTER_S = 0.1
    _ERASED_AFTER_S = 3.0

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.profile = registry.profile(bench.description)
        self._firmware: Firmware | None = None
        self._settings = _NO_SETTINGS
        self._deferred_trouble: DeviceError | None = None
        self._building = threading.Lock()
        self._watch = DeviceWatch(bench.timeline)

    def close(self) -> None:
        """Stop watching the timeline."""
        self._watch.close()

    # -- firmware and settings ----------------------------------------------------------------------------------------

    @property
    def firmware(self) -> Firmware:
        """The firmware of the bench description, built at first use.

        Raises:
            BenchError: it does not build, or does not exist.
        """
        with self._building:
            if self._firmware is None:
                source = self.bench.description.device.firmware
                self._firmware = firmware(source, self.bench.root)
                self.bench.backtraces.executable = self._firmware.symbols
                self.bench.backtraces.unavailable = f"{source} has no ELF file with the hash of its image"
            return self._firmware

    @checked
    def flash(self, *, fresh: bool = False, settings: Settings = _NO_SETTINGS) -> None:
        """Flash the configuration, and also the firmware if the board does not have it. The device then boots.

        Args:
            fresh: erase the whole flash first.
            settings: keys of docs/settings.md, with the values that differ from the defaults.

        Raises:
            BenchError: flashing failed.
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
        """Flash a configuration for the running test, and wait until the device is idle.

        The file system is rewritten. The next `make_idle` restores the default settings.

        Args:
            settings: keys of docs/settings.md, with the values that differ from the defaults.

        Raises:
            AuthorError: a key is unknown, or a value breaks the limits of docs/settings.md.
            BenchError: flashing failed.
            DeviceError: the device does not become idle.
        """
        since = self.bench.mark()
        self.flash(settings=settings)
        self.wait_ready(since)
        self._wait_accepted_and_idle()

    def core_dump(self) -> CoreDump | None:
        """Read the core dump of the last crash from the board's flash. A wired board reboots afterwards.

        Returns:
            The dump; None if the device has written none.

        Raises:
            BenchError: the flash cannot be read, has no partition for core dumps, or the dump is damaged.
        """
        with self._reading() as read:
            return read_core_dump(read)

    def read_storage(self) -> bytes:
        """Read the partition `storage` from the board's flash. A wired board reboots afterwards.

        Raises:
            BenchError: the flash cannot be read, or has no partition `storage`.
        """
        partition = self.firmware.manifest.storage()
        with self._reading() as read:
            return read(partition.offset, partition.size)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Callable[[int, int], bytes]]:
        """Let a `with` block read the flash: `read(offset, length)`."""
        file = self.bench.wiring.flash_file
        if file is None:
            with self.bench.flasher.reading(self.firmware.manifest.chip) as read:
                yield read
        else:
            with file.open("rb") as flash:
                yield lambda offset, length: os.pread(flash.fileno(), length, offset)

    # -- booting --------------------------------------------------------------------------------------------------

    def boot(self) -> Boot:
        """Power-cycle the device, or switch it on, and wait until every feature runs. Return the boot event.

        Raises:
            DeviceError: the device does not boot; the message shows the last lines of its console.
        """
        since = self.bench.mark()
        if self.bench.power.is_on:
            self.bench.power.cycle()
        else:
            self.bench.power.on()
        return self.wait_ready(since)

    @checked
    def wait_ready(self, since: Mark) -> Boot:
        """Wait until the device has booted since the mark and every feature runs. Return the boot event.

        Raises:
            DeviceError: the device did not boot in time.
        """
        try:
            reader = self.bench.description.device.log_format
            banner = f"the boot banner, as the log format {reader!r} recognizes it"
            boot = self._see(Boot, lambda _: True, since, self.BOOT_TIMEOUT_S, banner)
            self._see(Event, self.profile.is_ready, Mark(boot.id), self.BOOT_TIMEOUT_S, self.profile.ready)
        except ExpectationError as error:
            raise DeviceError(f"the device does not boot: {error}") from None
        return boot

    @checked
    def wait_accepted(self, since: Mark | None = None) -> OcppFrame:
        """Wait until the CSMS has accepted the BootNotification. Return the frame of the response.

        Args:
            since: only later frames count. None: frames since the last switch, reset or announced reboot of the device.
                The boot banner is not the start, because the console can be read later than the socket.

        Raises:
            DeviceError: the device was not accepted in time.
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

    def _see(self, kind: type[E], where: Callable[[E], bool], since: Mark, timeout: Seconds, what: str) -> E:
        """Return the first such event since the mark, even a consumed one, without consuming it."""
        timeline = self.bench.timeline
        there = timeline.events(kind, since, where)
        if there:
            return there[0]
        return timeline.expect(kind, where, since=since, timeout=timeout, what=what, consume=False)

    @contextlib.contextmanager
    def expecting_reboot(self) -> Iterator[Reboot]:
        """Announce a reboot in the block, e.g. by Reset.req. The end of the block waits for the boot.

        The announcement covers one boot, and a panic before the boot. Any later panic or boot interrupts the test.

        Raises:
            DeviceError: the device does not reboot, or reboots twice.
        """
        with self._watch.announced() as reboot:
            since = self._watch.last_down
            yield reboot
            reboot.boot = self.wait_ready(since)

    # -- idle -----------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """Return the device's status. The profile of our firmware reads it by the console command `status`.

        Raises:
            DeviceError: the answer cannot be parsed.
            ExpectationError: no answer came.
        """
        return self.profile.status(self.bench.console)

    def telemetry(self) -> dict[str, Any]:
        """Return all numbers that the device measures, including those that the telemetry records omit.

        Raises:
            DeviceError: the answer cannot be parsed.
            ExpectationError: no answer came.
        """
        return self.profile.telemetry(self.bench.console)

    def telemetry_units(self) -> dict[str, str]:
        """Return the unit of each number in `telemetry`, by its name, from the device's own table.

        Raises:
            DeviceError: the answer cannot be parsed.
            ExpectationError: no answer came.
        """
        return self.profile.telemetry_units(self.bench.console)

    @checked
    def wait_status(self, *, timeout: Seconds = 10.0, **fields: Any) -> dict[str, Any]:
        """Wait until `status` has these values. The rig reads the status after each event of the device.

        Args:
            timeout: the timeout in bench seconds.
            fields: expected values by key, like `state="Charging"`.

        Returns:
            The whole status.

        Raises:
            ExpectationError: the status differs after the timeout; the message names each difference.
            AuthorError: the device's status has no such key.
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

    @checked
    def let_time_pass(self, seconds: Seconds) -> None:
        """Let bench seconds pass and watch the device. Use it only in a test of a duration.

        Raises:
            DeviceError: the device panicked or rebooted.
            BenchError: the bench failed.
        """
        timeline = self.bench.timeline
        timeline.expect_none(Panic, since=timeline.mark(), within=seconds)

    @contextlib.contextmanager
    def erasing(self) -> Iterator[None]:
        """Write flash until an erase blocks the device's loop, and run the `with` block during this time.

        Needs the fault `SlowErase`. After the `with` block, wait until the device answers again.

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

    @checked
    def wait_idle(self, timeout: Seconds) -> None:
        """Wait until the device is idle, see `verify_idle`.

        Args:
            timeout: the timeout in bench seconds.

        Raises:
            DeviceError: the device is not idle in time.
        """
        try:
            self._wait_until_none(self._not_idle, timeout)
        except ExpectationError as error:
            raise DeviceError(f"the device is not idle: {error}") from None

    def verify_idle(self) -> None:
        """Verify that the device is powered, that its profile finds it idle, and that all inputs are at rest.

        Our firmware is idle when it waits for a vehicle, is accepted by the CSMS, and has an empty queue.

        Raises:
            DeviceError: the device is not; the message names each difference.
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
        """Make the device idle from any state: wait, else restart it, else erase and flash it.

        Raises:
            DeviceError: no step helped; the message has the error of each. Or the device panicked or rebooted during
                this call: then it is idle, and the error reports the panic or reboot.
            BenchError: the bench failed.
        """
        self._reset_bench()
        steps: tuple[tuple[str, Callable[[], None]], ...] = (
            ("settling", self._settle),
            ("restarting", self._restart),
            ("erasing and flashing", self._renew),
        )
        found = []
        for name, step in steps:
            try:
                step()
            except (DeviceError, ExpectationError) as error:
                found.append(f"{name}: {error}")
                self.bench.check()
                self._defer_trouble()
            else:
                self._raise_trouble()
                return
        self._deferred_trouble = None
        raise DeviceError("the device cannot be brought to idle\n" + "\n".join(found))

    def renew(self) -> None:
        """Erase and flash the whole device, boot it cold, and wait until it is idle.

        The default mark moves to the cold boot, so expectations of the running test start there.

        Raises:
            DeviceError: the device does not boot, is not accepted, is not idle, panics, or reboots in this call.
            BenchError: the bench failed.
        """
        self._reset_bench()
        self._renew()
        self._raise_trouble()

    def _reset_bench(self) -> None:
        """Check the bench, and reset network and CSMS to normal."""
        self._deferred_trouble = None
        self._defer_trouble()
        self.bench.check()
        try:
            self._reset_network_and_csms()
        except DeviceError:  # a device that hangs stops bench time
            self.bench.power.off()
            self._reset_network_and_csms()

    def _reset_network_and_csms(self) -> None:
        self.bench.network.reset()
        self.bench.csms.reset()

    def _defer_trouble(self) -> None:
        """Clear a panic or reboot so that recovery can go on; `_raise_trouble` raises it afterwards."""
        trouble = self.bench.timeline.trouble
        if isinstance(trouble, DeviceError):
            self._deferred_trouble = self._deferred_trouble or trouble
            self.bench.timeline.clear_trouble()

    def _raise_trouble(self) -> None:
        trouble, self._deferred_trouble = self._deferred_trouble, None
        if trouble is not None:
            raise trouble

    def _settle(self) -> None:
        self._reset_inputs_and_network()
        if self._settings:
            raise DeviceError("it has the configuration of another test")
        identity, interval_s = self.bench.description.device.identity, self.bench.csms.behaviour.heartbeat_interval_s
        left = left_by_another_test(self.bench.timeline, identity, interval_s)
        if left is not None:
            raise DeviceError(f"it has {left} of another test")
        problems = self._not_idle()
        if not problems:
            return
        if not self.bench.power.is_on:
            raise DeviceError(problems[0])
        self.wait_idle(self.profile.settle_s)

    def _reset_inputs_and_network(self) -> None:
        self.bench.inputs.to_rest()
        if not self.bench.network.on_air:
            self.bench.network.up()

    def _restart(self) -> None:
        self._reset_inputs_and_network()
        if self.bench.flasher.has(self.firmware.manifest) and not self._settings:
            self.boot()
        else:
            since = self.bench.mark()
            self.flash()
            self.wait_ready(since)
        self._wait_accepted_and_idle()

    def _renew(self) -> None:
        self._reset_inputs_and_network()
        self.flash(fresh=True)
        self.bench.power.off()
        self.bench.timeline.set_default_mark(self.bench.mark())
        self.boot()
        self._wait_accepted_and_idle()

    def _wait_accepted_and_idle(self) -> None:
        if self.profile.ocpp:
            self.wait_accepted()
        self.wait_idle(self.profile.settle_s)

    def _wait_until_none(self, differences: Callable[[], list[str]], timeout: Seconds) -> None:
        """Poll until there are no differences: after each event of the device, and at growing intervals."""
        timeline = self.bench.timeline
        deadline = timeline.clock.deadline(timeout)
        again = self._POLL_INTERVAL_S
        while True:
            since = timeline.mark()
            found = differences()
            if not found:
                return
            if deadline.passed:
                raise ExpectationError(f"still after {timeout:g} s: {', '.join(found)}\n{self.bench.console.tail()}")
            # A change of state after a response of the CSMS causes no event, so poll by time, too.
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
