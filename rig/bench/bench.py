"""The bench: everything between a test and the device, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, TypeVar

from rig.adapters import registry
from rig.bench.held_up import HeldUp
from rig.bench.locks import lock_bench
from rig.config.description import Description
from rig.config.signal import BOOT, EN, Signal
from rig.csms import Csms
from rig.faults import Fault
from rig.faults import inject as inject_fault
from rig.files import Files
from rig.firmware.backtrace import Backtraces
from rig.instruments.console import Console
from rig.instruments.current import CurrentMeter
from rig.instruments.flasher import Flasher
from rig.instruments.inputs import Input, Inputs
from rig.instruments.leds import Led, Leds
from rig.instruments.network import Network
from rig.instruments.outputs import Output, Outputs
from rig.instruments.power import Power
from rig.instruments.telemetry import Telemetry
from rig.instruments.wires import DrivenWire, WatchedWire
from rig.timeline import Mark, Timeline
from rig.timeline.events import BenchTrouble
from rig.util.checked import Seconds, Stamp, checked
from rig.util.clock import BenchClock
from rig.util.errors import BenchError
from rig.util.loop import give_up_if_blocked, loop_in_a_thread, run_on
from rig.util.signals import uninterrupted
from rig.wiring.interfaces import Wiring
from rig.wiring.open import open_clock, open_wiring

T = TypeVar("T")


class Bench:
    """A bench, open or closed. It keeps its timeline when it is closed and reopened.

    All methods are blocking calls for any thread but the bench's own. The instruments exist while the bench is open.

    Args:
        description: the wires and settings of the bench.
        timeline: its timeline; None for a new one.
        root: the project's folder; run directories are kept in its `.plugbench`.
        logs: the folder for the logs of instruments; None for `.plugbench/logs`.

    Attributes:
        description: the wires and settings of the bench.
        timeline: all events of the bench.
        clock: the bench's clock, with stepped or real time.
        wiring: the interfaces to the hardware; on a virtual bench also the board's test hooks and flash file.
    """

    wiring: Wiring
    loop: asyncio.AbstractEventLoop
    power: Power
    inputs: Inputs
    leds: Leds
    outputs: Outputs
    console: Console
    telemetry: Telemetry
    network: Network
    csms: Csms
    files: Files
    flasher: Flasher
    _held_up: HeldUp | None

    def __init__(
        self,
        description: Description,
        timeline: Timeline | None = None,
        root: Path | None = None,
        logs: Path | None = None,
    ) -> None:
        self.description = description
        self.timeline: Timeline = Timeline(open_clock(description)) if timeline is None else timeline
        self.clock: BenchClock = self.timeline.clock
        self.root = root or Path.cwd()
        self.logs = logs or self.root / ".plugbench" / "logs"
        self.backtraces = Backtraces(self.root)
        self._open: ExitStack | None = None

    def __getattr__(self, name: str) -> Any:
        if name in Bench.__annotations__:
            raise BenchError(f"the bench {self.description.name!r} is closed: it has no {name}", "Open it first")
        raise AttributeError(f"a bench has no {name!r}")

    # -- opening and closing --------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether the bench is open."""
        return self._open is not None

    def open(self) -> Bench:
        """Open the wires and the serial port and start the CSMS. The board stays without power.

        Returns the bench itself.

        Raises:
            BenchError: a part cannot be opened; all parts that were opened are closed again.
        """
        if self._open is not None:
            return self
        self.timeline.clear_trouble()
        own = set(self.__dict__)
        stack = ExitStack()
        stack.callback(self._forget, own)
        try:
            self._open_parts(stack)
        except BaseException as error:
            with contextlib.suppress(Exception):
                stack.close()
            if isinstance(error, BenchError) or not isinstance(error, Exception):
                if isinstance(error, BenchError):
                    self.timeline.append(BenchTrouble(source="bench", what=str(error)))
                raise
            trouble = BenchError(
                f"the bench {self.description.name!r} cannot be opened: {type(error).__name__}: {error}",
                f"Check {self.description.path} against the wires; `rig doctor` checks each of them",
            )
            self.timeline.append(BenchTrouble(source="bench", what=str(trouble)))
            raise trouble from error
        self._open = stack
        return self

    def close(self) -> None:
        """Switch the board off and close everything. If a part fails, close the others, then raise its error.

        The first signal that ends the process is deferred until everything is closed.
        """
        with uninterrupted():
            stack, self._open = self._open, None
            if stack is not None:
                give_up_if_blocked(self.loop, self.clock)
                stack.close()

    def reopen(self) -> None:
        """Close and open the bench, to recover from an error of the bench.

        Raises:
            BenchError: the bench cannot be opened.
        """
        # A broken part may fail to close. If that prevents the reopening, `open` raises.
        with contextlib.suppress(Exception):
            self.close()
        self.open()

    def __enter__(self) -> Bench:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _forget(self, own: set[str]) -> None:
        for name in set(self.__dict__) - own - {"_open"}:
            del self.__dict__[name]

    def _open_parts(self, stack: ExitStack) -> None:
        description, timeline = self.description, self.timeline
        stack.enter_context(lock_bench(description))
        self.loop = stack.enter_context(loop_in_a_thread(self.clock, "bench"))
        self.wiring = wiring = open_wiring(description, self.clock, self.root)
        stack.callback(wiring.close)
        self._held_up = None
        if wiring.device_waits is not None:
            self._held_up = HeldUp(self.clock, wiring.device_waits)
            self._held_up.start()
            stack.callback(self._held_up.close)
        self.csms = Csms(
            timeline,
            self.loop,
            identity=description.device.identity,
            protocols=description.csms.protocols,
            strict=description.csms.strict,
        )
        stack.callback(self.csms.shut_down)
        self.csms.start()
        self.network = Network(
            timeline,
            self.loop,
            description.csms.host,
            description.csms.port,
            self.csms.port,
            wiring.access_point,
        )
        stack.callback(self.network.close)
        self.network.start()
        # The address of the host may belong to the access point, which `network.start` has put on the air.
        self.files = Files(timeline, self.loop, description.csms.host, named=wiring.csms_host)
        stack.callback(self.files.shut_down)
        self.files.start()
        factory = wiring.pin_factory
        en = DrivenWire(factory, timeline, EN, description.control.en)
        boot = DrivenWire(factory, timeline, BOOT, description.control.boot)
        driven = {
            name: DrivenWire(factory, timeline, Signal("inputs", name), wire, wire.rest)
            for name, wire in description.inputs.items()
        }
        for driven_wire in (en, boot, *driven.values()):
            stack.callback(driven_wire.close)
        meter = None
        if wiring.current_sensor is not None:
            meter = CurrentMeter(timeline, wiring.current_sensor)
            stack.callback(meter.close)
        self.power = Power(
            factory,
            timeline,
            description.power,
            en,
            [boot, *driven.values()],
            description.rise_s,
            description.fall_s,
            meter,
        )
        stack.callback(self.power.close)

        self.inputs = Inputs(
            {
                name: Input(name, wire, description.inputs[name].rest, timeline, self.loop)
                for name, wire in driven.items()
            }
        )
        watch = {
            signal: WatchedWire(factory, timeline, signal, wire)
            for signal, wire in description.wires()
            if signal.section in ("leds", "outputs")
        }
        for watched_wire in watch.values():
            stack.callback(watched_wire.close)
        self.leds = Leds(
            {
                signal.name: Led(signal.name, wire, timeline, self.loop)
                for signal, wire in watch.items()
                if signal.section == "leds"
            }
        )
        stack.callback(self.leds.close)
        self.outputs = Outputs(
            {
                signal.name: Output(signal.name, wire, timeline)
                for signal, wire in watch.items()
                if signal.section == "outputs"
            }
        )

        self.telemetry = Telemetry(timeline, lambda: registry.profile(description).telemetry_units(self.console))
        self.console = Console(
            timeline,
            self.loop,
            wiring.serial_url,
            description.console.baud,
            wiring.serial_uncertainty,
            registry.log_format(description),
            f"{description.path}: console.port",
            self.backtraces,
        )
        self.console.take()
        stack.callback(self.console.release)
        self.flasher = Flasher(
            timeline,
            wiring.serial_url,
            self.power.hold_reset,
            boot.set,
            release_port=self.console.release,
            take_port=self.console.take,
            log=self.logs / "flasher.log",
        )

    # -- state ----------------------------------------------------------------------------------------------------

    @property
    def capabilities(self) -> frozenset[str]:
        """The capabilities of this bench, for `@pytest.mark.needs(...)`.

        A firmware has `ocpp` if it is a charge point, `settings` if it can be provisioned, and `commands` if its
        console has the commands of docs/console-protocol.md.
        """
        signals = {signal for signal, _ in self.description.wires()}
        profile = registry.profile(self.description)
        firmware = {"ocpp": profile.ocpp, "settings": profile.takes_settings, "commands": profile.has_commands}
        sensor = {"power.current"} if self.wiring.current_sensor is not None else set()
        return (
            self.wiring.capabilities
            | sensor
            | set(map(str, signals))
            | {signal.section for signal in signals}
            | {name for name, has in firmware.items() if has}
            | {"files"}
        )

    @property
    def csms_url(self) -> str:
        """The CSMS's URL for the device's settings: the address of the bench's proxy, without the identity."""
        host = self.wiring.csms_host or self.description.csms.host
        return f"ws://{host}:{self.network.csms_port}/ocpp"

    @property
    def page_url(self) -> str:
        """The address of the device's own page (docs/device-page.md).

        Raises:
            BenchError: the bench does not reach a page, so it has no capability `page`.
        """
        if not self.wiring.page_url:
            raise BenchError(
                f"the bench {self.description.name!r} does not reach a page of the device",
                'A virtual bench with time = "real" offers it: set device.page = true',
            )
        return self.wiring.page_url

    def check(self) -> None:
        """Check that the bench works.

        Raises:
            BenchError: the bench is closed, or does not work.
        """
        if isinstance(self.timeline.trouble, BenchError):
            raise self.timeline.trouble
        if not self.console.is_open:
            raise BenchError("the serial console is not open", "Its adapter has vanished, or the flasher is using it")

    # -- for tests ------------------------------------------------------------------------------------------------

    def run(self, work: Coroutine[Any, Any, T], timeout: Seconds = 10.0) -> T:
        """Run a coroutine on the bench's loop and wait for its result.

        Args:
            work: the coroutine.
            timeout: the timeout in bench seconds.
        """
        deadline = self.clock.deadline(timeout)
        return run_on(self.loop, work, getattr(work, "__name__", "work"), deadline)

    def mark(self) -> Mark:
        """Return the current position on the timeline, for `since=`."""
        return self.timeline.mark()

    @checked
    def held_up(self, start: Stamp, end: Stamp) -> int:
        """Return how long device or bench waited for a processor between two stamps.

        A measurement in real time must not count this wait against the device.

        Args:
            start, end: stamps in ns; the end has passed.

        Returns:
            The time in ns; always 0 on a wired bench, whose device has its own processor, and in stepped time.
        """
        return 0 if self._held_up is None else self._held_up.between(start, end)

    @checked
    def inject(self, fault: Fault) -> AbstractContextManager[Any]:
        """Inject a fault of the catalogue during a `with` block. The end of the block always lifts the fault.

        Raises:
            BenchError: the bench lacks a capability that the fault needs.
        """
        return inject_fault(self, fault)
