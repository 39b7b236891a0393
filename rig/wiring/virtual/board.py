"""The virtual board: power rail, reset and boot pins, and the chip, which runs the image in flash."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from rig.firmware.image import ImageError
from rig.util.clock import BenchClock
from rig.wiring.virtual.bootloader import load
from rig.wiring.virtual.flash import Flash
from rig.wiring.virtual.page_socket import PageSocket
from rig.wiring.virtual.pins import Wire, Wires
from rig.wiring.virtual.process import DeviceProcess, device_arguments
from rig.wiring.virtual.retained_memory import RetainedMemory
from rig.wiring.virtual.rom import Rom
from rig.wiring.virtual.serial_port import PtyPort
from rig.wiring.virtual.stepping.clock import SteppedClock
from rig.wiring.virtual.stream_port import StreamPort
from rig.wiring.virtual.supply import NOMINAL_MV, ChipPower, Supply
from rig.wiring.virtual.time_server import VirtualTimeServer

R = TypeVar("R")

HEAP_BYTES = 300 * 1024
"""The size of the device's heap, about as large as the chip's. firmware/src/main/posix/arguments.h has the same
default."""

PULLED_UP = frozenset({0, 25})
"""GPIOs with a pull-up on the board (BOOT, emergency stop); every other input has a pull-down."""

_INVALID_IMAGE_RETRY_S = 1.0  # about the period at which the ROM's watchdog resets a chip without a bootable image
_CRASH_LOOP_S = 0.1
_CRASH_LOOP_PAUSE_S = 0.3
_SYNC_LIMIT_S = 10.0  # after this time without an answer, the board continues without the device


@dataclass(frozen=True, slots=True)
class BoardPins:
    """The Pi pins (BCM numbers) that are wired to the board. Levels are those at the board.

    Attributes:
        power_switch: high powers the board.
        rail_sense: high while the rail is up; None if not wired.
        en: low holds the chip in reset; None if not wired.
        boot: low at the end of a reset selects download mode; None if not wired.
        inputs: a mapping from the device's input GPIO to the Pi pin that drives it.
        outputs: a mapping from the device's output GPIO to the Pi pin that watches it.
        inverted: Pi pins with an inverter between them and the board.
        loads: the current in mA of each output that draws some while it is on, by its GPIO.
    """

    power_switch: int
    rail_sense: int | None = None
    en: int | None = None
    boot: int | None = None
    inputs: Mapping[int, int] = field(default_factory=dict)
    outputs: Mapping[int, int] = field(default_factory=dict)
    inverted: frozenset[int] = frozenset()
    loads: Mapping[int, float] = field(default_factory=dict)


class _Chip(Enum):
    OFF = "off"
    RESET = "held in reset"
    DOWNLOAD = "in download mode"
    RUNNING = "running"
    WAITING = "about to boot"


class Board:
    """A board with an ESP32 at the other ends of `wires`. It has its own thread; any thread may call it.

    Args:
        wires: the wires of the Pi's pins.
        pins: the wires that are connected to the board.
        flash: the board's flash; closed with the board.
        clock: bench time, for the device's clock and for the pauses between boots. The device participates in stepped
            time.
        worker: the place where the device runs its jobs: `loop` or `thread`.
        page: the port of the device's page, closed with the board; None: it has no page. Only in real time.
    """

    def __init__(
        self,
        wires: Wires,
        pins: BoardPins,
        flash: Flash,
        clock: BenchClock,
        worker: str = "loop",
        page: PageSocket | None = None,
    ) -> None:
        self.port = StreamPort() if clock.steps else PtyPort()
        self.flash = flash
        self.time_server = VirtualTimeServer(clock)
        """The time server in the board's network."""
        self._wires = wires
        self._clock = clock
        self._worker = worker
        self._page = page
        self._retained = RetainedMemory()
        for pin in pins.inverted:
            wires.change(wires[pin], inverting=True)
        self._en = wires[pins.en] if pins.en is not None else Wire()
        self._boot = wires[pins.boot] if pins.boot is not None else Wire()
        self._switch = wires[pins.power_switch]
        self._rail = wires[pins.rail_sense] if pins.rail_sense is not None else Wire()
        self._inputs = {gpio: wires[pin] for gpio, pin in pins.inputs.items()}
        self._outputs = {gpio: wires[pin] for gpio, pin in pins.outputs.items()}
        self._loads = pins.loads

        # Only accessed by the board's thread.
        self._chip = _Chip.OFF
        self._powered = False
        self._en_high = False
        self._power_ups = 0
        self._reset_reason = "power_on"
        self._boots = 0
        self._started_at = 0
        self._retry: asyncio.TimerHandle | None = None
        self._settings: dict[str, tuple[object, ...]] = {}
        self._tear: tuple[object, ...] | None = None
        self._sync_numbers = itertools.count(1)
        self._syncs: dict[int, threading.Event] = {}
        self._supply = Supply()
        self._supply_watcher: Callable[[Supply, int], None] | None = None
        # Changed under the wires' lock, because edges reach the chip from the thread that causes them.
        self._process: DeviceProcess | None = None
        self._rom: Rom | None = None

        self._loop = clock.event_loop("virtual board")
        self._thread = threading.Thread(target=self._run, name="virtual-board", daemon=True)
        self._thread.start()
        self._call(self._connect)

    # -- for other threads --------------------------------------------------------------------------------------

    def set(self, name: str, *values: object) -> None:
        """Send a setting of docs/virtual-board.md to the device, now and at each boot."""
        self._await_device(self._call(lambda: self._set(name, values)))

    def send_once(self, name: str, *values: object) -> None:
        """Send a message of docs/virtual-board.md to the device if it is running. Later boots do not get it."""
        self._await_device(self._call(lambda: self._send(name, *values)))

    def tear(self, operation: int, effect: str, seed: int) -> None:
        """Tear the n-th flash operation from now, or from the next boot if the device is not running."""
        self._await_device(self._call(lambda: self._set_tear((operation, effect, seed))))

    def disarm_tear(self) -> None:
        """Discard a tear that is pending for the next boot. A running device keeps its tear until its process ends."""

        def discard() -> None:
            self._tear = None

        self._call(discard)

    def brown_out(self) -> None:
        """Make the rail sag once, so that the brown-out detector resets the chip. Has no effect if the chip is off."""

        def sag() -> None:
            if self._chip in (_Chip.OFF, _Chip.RESET):
                return
            self._brown_out()

        self._call(sag)

    def set_supply(self, millivolts: int) -> None:
        """Set the voltage of the supply. Below the level of the brown-out detector, the chip resets."""
        self._call(lambda: self._set_supply(millivolts))

    @property
    def supply_mv(self) -> int:
        """The voltage of the supply in mV, as set by `set_supply`."""
        return self._supply.millivolts

    def watch_supply(self, watcher: Callable[[Supply, int], None] | None) -> None:
        """Call `watcher` with the supply and the stamp in ns, now and after each change; None ends that."""

        def watch() -> None:
            self._supply_watcher = watcher
            if watcher is not None:
                watcher(self._supply, self._clock.now())

        self._call(watch)

    @property
    def state(self) -> str:
        """The chip's state: `off`, `held in reset`, `in download mode`, `running` or `about to boot`."""
        return self._chip.value

    @property
    def device_pid(self) -> int | None:
        """The device's process id; None if it is not running."""
        process = self._process
        return process.pid if process else None

    def unplug(self) -> None:
        """Unplug the USB cable, which also powers the board. The port is closed for good."""

        def pull() -> None:
            self._disconnect()
            self.port.close()

        self._call(pull)

    def close(self) -> None:
        """Switch the power off and close everything. Called once."""
        self._call(self._disconnect)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.port.close()
        self.flash.close()
        self._retained.close()
        if self._page is not None:
            self._page.close()

    # -- the board's thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _call(self, action: Callable[[], R]) -> R:
        if threading.current_thread() is self._thread:
            return action()

        async def act() -> R:
            return action()

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result()

    def _post(self, action: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the board is closed
            self._loop.call_soon_threadsafe(action)

    # -- power and reset ----------------------------------------------------------------------------------------

    def _connect(self) -> None:
        for gpio, wire in self._inputs.items():
            self._wires.watch_board_end(wire, self._input_watcher(gpio))
        self._wires.watch_board_end(self._en, self._en_changed)
        self._switched(self._wires.watch_board_end(self._switch, self._switch_changed))

    def _disconnect(self) -> None:
        for wire in (self._switch, self._en, *self._inputs.values()):
            self._wires.watch_board_end(wire, None)
        self._power_down()

    def _switch_changed(self, on: bool, _stamp: int) -> None:
        self._allow_to_run(on)
        self._post(lambda: self._switched(on))

    def _allow_to_run(self, allowed: bool) -> None:
        """Stop the chip or drop old input at the edge of power or reset, under the wires' lock.

        The board's thread would be too late. A chip in reset must not send any more. Bytes that are sent to the chip
        after the release must not be dropped.
        """
        if allowed:
            self.port.drop_input()
            return
        if self._process is not None:
            self._process.kill()
        if self._rom is not None:
            self._rom.mute()

    def _switched(self, on: bool) -> None:
        if on and not self._powered:
            self._power_up()
        elif not on:
            self._power_down()

    def _power_up(self) -> None:
        self._powered = True
        self._reset_reason = "power_on"
        for gpio, wire in self._inputs.items():
            self._wires.change(wire, board_pull=gpio in PULLED_UP)
        self._wires.change(self._boot, board_pull=True)
        self._wires.change(self._rail, board_drive=True)
        self._chip = _Chip.RESET
        self._change_supply(powered=True)
        # Ignore the edges of EN up to now, including the edge of the pull-up: the thread handles them too late.
        self._wires.change(self._en, board_pull=True, then=self._rail_is_up)
        if self._en_high:
            self._leave_reset(self._boot.level)

    def _rail_is_up(self) -> None:
        self._power_ups += 1
        self._en_high = self._en.level

    def _power_down(self) -> None:
        if not self._powered:
            return
        self._powered = False
        self._halt()
        self._retained.lose_power()
        self._chip = _Chip.OFF
        self._change_supply(powered=False)
        self._wires.change(self._rail, board_drive=None)
        for wire in (*self._inputs.values(), self._boot, self._en):
            self._wires.change(wire, board_pull=None)

    def _en_changed(self, high: bool, _stamp: int) -> None:
        self._allow_to_run(high)
        # BOOT is sampled at the edge itself: the Pi may release it before the board's thread runs.
        boot_high, power_ups = self._boot.level, self._power_ups
        self._post(lambda: self._en_settled(high, boot_high, power_ups))

    def _en_settled(self, high: bool, boot_high: bool, power_ups: int) -> None:
        if not self._powered or power_ups != self._power_ups or high == self._en_high:
            return
        self._en_high = high
        if high:
            self._leave_reset(boot_high)
        else:
            if self._chip is not _Chip.RESET:
                self._reset_reason = "external"
            self._halt()
            self._retained.lose_power()
            self._chip = _Chip.RESET

    def _leave_reset(self, boot_high: bool) -> None:
        if self._chip is not _Chip.RESET or self._supply.is_too_low:
            return
        if boot_high:
            self._start()
        else:
            self._chip = _Chip.DOWNLOAD
            self._change_supply(in_rom=True)
            with self._wires.lock:
                self._rom = Rom(self.port, self.flash)

    def _halt(self) -> None:
        """Stop the chip at once."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        with self._wires.lock:
            rom, self._rom = self._rom, None
        if rom is not None:
            rom.stop()
        self._change_supply(in_rom=False)
        if self._process is not None:
            self._process.kill_and_wait()
            self._remove_process()

    # -- supply ---------------------------------------------------------------------------------------------------

    def _change_supply(self, **changes: Any) -> None:
        before, self._supply = self._supply, replace(self._supply, **changes)
        changed = (before.milliamperes, before.volts) != (self._supply.milliamperes, self._supply.volts)
        if changed and self._supply_watcher is not None:
            self._supply_watcher(self._supply, self._clock.now())

    def _set_supply(self, millivolts: int) -> None:
        self._change_supply(millivolts=millivolts)
        if self._chip is _Chip.RESET and self._en_high:
            self._leave_reset(self._boot.level)
        self._detect_brown_out()

    def _take_power(self, process: DeviceProcess, reported: ChipPower) -> None:
        if self._process is process:
            self._change_supply(chip=reported)
            self._detect_brown_out()

    def _switch_load(self, gpio: int, on: bool) -> None:
        if gpio in self._loads:
            self._change_supply(loads=self._supply.with_load(gpio, self._loads[gpio], on).loads)

    def _detect_brown_out(self) -> None:
        if self._supply.is_too_low and self._chip in (_Chip.RUNNING, _Chip.DOWNLOAD, _Chip.WAITING):
            self._brown_out()

    def _brown_out(self) -> None:
        self._halt()
        self._retained.lose_power()
        self._reset_reason = "brownout"
        self._chip = _Chip.RESET
        if self._supply.millivolts == NOMINAL_MV:
            self._leave_reset(self._boot.level)
        elif not self._supply.is_too_low:  # otherwise the detector holds the chip in reset
            self._start_after(_CRASH_LOOP_PAUSE_S)

    # -- booting ------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._retry = None
        try:
            boot = load(self.flash.read, self.flash.replace)
            arguments = device_arguments(
                flash=self.flash.path,
                reset=self._reset_reason,
                heap=HEAP_BYTES,
                worker=self._worker,
                slot=boot.slot if self._page is not None else None,
            )
            self._boots += 1
            clock = self._clock if isinstance(self._clock, SteppedClock) else None
            process = DeviceProcess(
                boot.image.executable,
                arguments,
                self.port.master,
                clock,
                seed=self._boots,
                retained=self._retained.fd,
                page=self._page,
            )
        except (ImageError, OSError) as problem:
            self.port.print(str(problem))
            self._start_after(_INVALID_IMAGE_RETRY_S)
            return
        self._chip = _Chip.RUNNING
        self._change_supply(chip=ChipPower(), in_rom=False)
        self._started_at = self._clock.now()
        with self._wires.lock:
            for name, values in self._settings.items():
                process.link.send(name, *values)
            for gpio, wire in self._inputs.items():
                process.link.send("pin", gpio, int(wire.level))
            if self._tear is not None:
                process.link.send("flash tear", *self._tear)
                self._tear = None
            self._process = process
            process.link.send("go")
        self._loop.add_reader(process.link.fileno(), self._device_sent)
        self._loop.add_reader(process.pidfd, self._device_died)

    def _start_after(self, seconds: float) -> None:
        self._chip = _Chip.WAITING
        self._change_supply(in_rom=True)
        self._retry = self._loop.call_later(seconds, self._start)

    def _device_died(self) -> None:
        process = self._process
        if process is None or process.killed:
            return
        self._reset_reason = process.reset_reason()
        lived = self._clock.between(self._started_at, self._clock.now())
        torn = self._remove_process()
        self.port.drop_input()
        if torn:
            self._power_down()
        elif lived < _CRASH_LOOP_S:
            self._start_after(_CRASH_LOOP_PAUSE_S)
        else:
            self._start()

    def _remove_process(self) -> bool:
        """Remove an ended process and let its outputs float. Returns whether it reported a torn write."""
        process = self._process
        assert process is not None
        self._loop.remove_reader(process.link.fileno())
        self._loop.remove_reader(process.pidfd)
        torn = self._handle_messages(process)
        with self._wires.lock:
            self._process = None
        process.close()
        for taken in self._syncs.values():
            taken.set()
        self._syncs.clear()
        for wire in self._outputs.values():
            self._wires.change(wire, board_drive=None)
        self._change_supply(chip=None, loads=())
        return torn

    # -- messages to and from the device ------------------------------------------------------------------------

    def _set(self, name: str, values: tuple[object, ...]) -> threading.Event | None:
        self._settings[name] = values
        return self._send(name, *values)

    def _set_tear(self, tear: tuple[object, ...]) -> threading.Event | None:
        if self._process is None:
            self._tear = tear
        return self._send("flash tear", *tear)

    def _send(self, *words: object) -> threading.Event | None:
        """Send a message to the device, if it is running.

        Returns:
            An event that is set when the message has taken effect, or the device has ended; None if it is not running.
        """
        if self._process is None:
            return None
        number = next(self._sync_numbers)
        taken = self._syncs[number] = threading.Event()
        self._process.link.send(*words)
        self._process.link.send("sync", number)
        return taken

    def _await_device(self, taken: threading.Event | None) -> None:
        # A change of the flash, for example, must take effect before the device gets input on another channel.
        if taken is not None and threading.current_thread() is not self._thread:
            taken.wait(_SYNC_LIMIT_S)

    def _input_watcher(self, gpio: int) -> Callable[[bool, int], None]:
        def changed(level: bool, _stamp: int) -> None:
            # A chip in reset gets no input, even if the board's thread has not halted it yet.
            if self._process is not None and self._en.level:
                self._process.link.send("pin", gpio, int(level))

        return changed

    def _answer_later(self, process: DeviceProcess, delay_ms: int, unix_ms: int) -> None:
        """Send the answer of the time server after its delay, unless the device has ended by then."""

        def answer() -> None:
            if self._process is process:
                process.link.send("sntp", unix_ms)

        self._loop.call_later(delay_ms / 1000, answer)

    def _device_sent(self) -> None:
        process = self._process
        if process is None:
            return
        if self._handle_messages(process):
            self._power_down()
        elif process.link.ended:
            self._loop.remove_reader(process.link.fileno())

    def _handle_messages(self, process: DeviceProcess) -> bool:
        """Handle messages of the device. Returns whether it reported a torn flash operation."""
        torn = False
        for message in process.link.receive():
            match message:
                case ["pin", gpio, level, stamp] if int(gpio) in self._outputs:
                    self._wires.change(self._outputs[int(gpio)], stamp=int(stamp), board_drive=level == "1")
                    self._switch_load(int(gpio), level == "1")
                case ["power", cpu_mhz, radio, light_sleep, brownout_mv]:
                    # A brown-out would remove the process whose messages are being read.
                    self._post(
                        partial(self._take_power, process, ChipPower.of(cpu_mhz, radio, light_sleep, brownout_mv))
                    )
                case ["sntp", _server] if self.time_server.is_present:
                    self._answer_later(process, self.time_server.delay_ms, self.time_server.unix_ms())
                case ["sync", number] if number.isdecimal() and int(number) in self._syncs:
                    self._syncs.pop(int(number)).set()
                case ["torn", *_]:
                    torn = True
        return torn
