"""The emulated board: power, reset and download mode by wires, and the console."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, Self

from rig.wiring.emulator.qemu import Qemu, QemuRun
from rig.wiring.emulator.qtest import input_command
from rig.wiring.virtual.flash import Flash
from rig.wiring.virtual.pins import Wire, Wires
from rig.wiring.virtual.rom import Rom
from rig.wiring.virtual.serial_port import PtyPort

_READ_BYTES = 4096

_LOOK_S = 1.0
"""The longest time in real seconds between two checks of the emulator's process."""


class DescribedEnd(Protocol):
    """The Pi's end of a described wire."""

    @property
    def pin(self) -> int:
        """A BCM number."""

    @property
    def active_low(self) -> bool:
        """Whether it is low while the wire is active."""


@dataclass(frozen=True, slots=True)
class BoardWires:
    """The board's ends of its wires.

    Attributes:
        wires: all wires.
        switch: high powers the board.
        en: low holds the chip in reset.
        boot: low at the end of a reset means download mode.
        rail: high while the board has power.
        inputs: the wires that the Pi drives, with the GPIO of the chip as key; empty without pins.
        outputs: the wires that the chip drives, with its GPIO as key; empty without pins.
    """

    wires: Wires
    switch: Wire
    en: Wire
    boot: Wire
    rail: Wire
    inputs: Mapping[int, Wire] = field(default_factory=dict)
    outputs: Mapping[int, Wire] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        wires: Wires,
        switch: DescribedEnd,
        en: DescribedEnd,
        boot: DescribedEnd,
        rail: DescribedEnd | None,
        inputs: Mapping[int, DescribedEnd],
        outputs: Mapping[int, DescribedEnd],
    ) -> Self:
        """Join the board's ends to the Pi's pins, by an inverter if the two ends have opposite levels.

        Args:
            wires: the wires of the Pi's pins.
            switch, en, boot, rail: the described wires.
            inputs, outputs: the described wires, with the GPIO of the chip as key.
        """
        pins = [(wire, False) for wire in (*inputs.values(), *outputs.values())]
        for described, active_low in ((switch, False), (en, True), (boot, True), (rail, False), *pins):
            if described is not None and described.active_low != active_low:
                wires.change(wires[described.pin], inverting=True)
        end = wires[rail.pin] if rail is not None else Wire()
        return cls(
            wires,
            wires[switch.pin],
            wires[en.pin],
            wires[boot.pin],
            end,
            {gpio: wires[wire.pin] for gpio, wire in inputs.items()},
            {gpio: wires[wire.pin] for gpio, wire in outputs.items()},
        )


class EmulatorBoard:
    """A board whose chip is a process of QEMU while it has power and is not held in reset.

    In download mode the ROM of the virtual board takes its place: QEMU's ROM answers esptool, but the emulated UART
    loses bytes of esptool's stub.

    A power cut or a reset kills the process. A restart by the chip itself stays inside the emulator. Any thread may
    change the wires; a thread of the board's own carries bytes between the emulator and the serial port.

    Args:
        ends: the board's wires.
        qemu: the emulator.
        flash: the flash file.
        log: where the emulator's own messages are appended.
        page_port: the port of this machine's loopback interface that leads to the chip's page; None for none.
    """

    def __init__(self, ends: BoardWires, qemu: Qemu, flash: Path, log: Path, page_port: int | None = None) -> None:
        self.port = PtyPort()
        self._ends = ends
        self._qemu = qemu
        self._flash = flash
        self._log = log
        self._page_port = page_port
        self._run: QemuRun | None = None
        self._wanted: bool | None = None
        """The wanted state of the chip: True: download mode; False: it runs; None: it is off."""
        self._is_stale = False
        """Whether the chip was off since the emulator or ROM started, even for a moment. Then these must be stopped."""
        self._change = threading.Lock()
        self._closing = False
        self._to_chip = b""
        self._rom: Rom | None = None
        self._flash_map: Flash | None = None
        self._woken, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._work, name="emulated-board", daemon=True)
        ends.wires.watch_board_end(ends.en, lambda _level, _stamp: self._look())
        ends.wires.watch_board_end(ends.switch, lambda _level, _stamp: self._look())
        for gpio, wire in ends.inputs.items():
            ends.wires.watch_board_end(wire, partial(self._drive, gpio))
        self._thread.start()
        self._look()

    def close(self) -> None:
        """Switch the power off and release all resources. Called once."""
        for wire in (self._ends.en, self._ends.switch, *self._ends.inputs.values()):
            self._ends.wires.watch_board_end(wire, None)
        self._closing = True
        self._nudge()
        self._thread.join()
        os.close(self._woken)
        os.close(self._wake)
        self.port.close()

    @property
    def is_running(self) -> bool:
        """Whether the chip runs, or waits in download mode."""
        run = self._run
        return run is not None and run.is_alive

    def _look(self) -> None:
        """React to an edge in the thread that causes it: sample BOOT, and stop the chip if power or EN is low."""
        # EN floats, and so reads low, until the board's thread pulls it up.
        is_released = self._ends.switch.level and self._ends.en.level
        with self._change:
            if not is_released:
                self._wanted = None
                self._is_stale = True
                if self._run is not None:
                    self._run.kill()
                if self._rom is not None:
                    self._rom.mute()
            elif self._wanted is None:
                self._wanted = not self._ends.boot.level
                self.port.drop_input()
                self._to_chip = b""
        self._nudge()

    def _drive(self, gpio: int, level: bool, _stamp: int = 0) -> None:
        """Pass an input's level on to the chip, in the thread that changes it."""
        with self._change:
            if self._run is not None and self._run.pins is not None:
                self._run.pins.send(input_command(gpio, level))

    def _output_changed(self, gpio: int, level: bool) -> None:
        if (wire := self._ends.outputs.get(gpio)) is not None:
            self._ends.wires.change(wire, board_drive=level)

    def _nudge(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._wake, b"x")

    # -- the board's thread -------------------------------------------------------------------------------------

    def _work(self) -> None:
        powered = False
        while not self._closing:
            if powered != self._ends.switch.level:
                powered = not powered
                self._power(powered)
            self._follow()
            self._carry()
        self._stop()

    def _power(self, on: bool) -> None:
        pull = True if on else None
        self._ends.wires.change(self._ends.boot, board_pull=pull)
        self._ends.wires.change(self._ends.en, board_pull=pull)
        self._ends.wires.change(self._ends.rail, board_drive=True if on else None)

    def _follow(self) -> None:
        """Stop or start the emulator or the ROM, as the levels of the wires require."""
        with self._change:
            run, rom, wanted = self._run, self._rom, self._wanted
            is_stale, self._is_stale = self._is_stale, False
        if wanted is None or is_stale or (run is not None and not run.is_alive):
            self._stop()
            run = rom = None
        if wanted is True and rom is None:
            self._flash_map = Flash(self._flash)
            rom = Rom(self.port, self._flash_map, self._qemu.machine.machine)
            with self._change:
                self._rom = rom
        elif wanted is False and run is None:
            self._start()

    def _start(self) -> None:
        try:
            has_pins = bool(self._ends.inputs or self._ends.outputs)
            changed = self._output_changed if has_pins else None
            run = QemuRun(self._qemu, self._flash, self._log, changed, self._page_port)
        except OSError as problem:
            self.port.print(f"the emulator cannot be started: {problem}")
            with self._change:
                self._wanted = None
            return
        with self._change:
            self._run = run
            if self._wanted is None or self._is_stale:
                run.kill()
        # The chip starts with low inputs. An edge that comes now waits for the lock of the wires, and is applied after
        # this.
        with self._ends.wires.lock:
            for gpio, wire in self._ends.inputs.items():
                self._drive(gpio, wire.level)

    def _stop(self) -> None:
        with self._change:
            run, self._run = self._run, None
            rom, self._rom = self._rom, None
        if run is not None:
            run.close()
            for wire in self._ends.outputs.values():
                self._ends.wires.change(wire, board_drive=None)
        if rom is not None:
            rom.stop()
        if self._flash_map is not None:
            self._flash_map.close()
            self._flash_map = None

    def _carry(self) -> None:
        """Wait for bytes of either side or for a change of the wires, and pass them on."""
        run = self._run
        if run is None:
            self._to_chip = b""
            select.select([self._woken], [], [])
            os.read(self._woken, _READ_BYTES)
            return
        # The emulated UART takes bytes as fast as the chip reads them. The next bytes wait here, and later ones in the
        # pseudo-terminal.
        uart = run.uart.fileno()
        pins = [run.pins.end.fileno()] if run.pins is not None else []
        reading = [self._woken, uart, *pins, *([] if self._to_chip else [self.port.master])]
        ready, writable, _ = select.select(reading, [uart] if self._to_chip else [], [], _LOOK_S)
        if self._woken in ready:
            os.read(self._woken, _READ_BYTES)
        if run.pins is not None and pins[0] in ready and not run.pins.read():
            run.kill()
        with contextlib.suppress(OSError):
            if uart in ready and not self._pass_on(run):
                run.kill()
            if self.port.master in ready:
                self._to_chip = os.read(self.port.master, _READ_BYTES)
            if writable:
                self._to_chip = self._to_chip[run.uart.send(self._to_chip) :]

    def _pass_on(self, run: QemuRun) -> bool:
        """Pass on the output of the chip, and drop bytes that do not fit. Return whether the emulator still runs."""
        data = run.uart.recv(_READ_BYTES)
        with self._change:
            # The flasher may have the port by now, and would read the last bytes of the chip as answers to esptool.
            if not run.is_killed:
                with contextlib.suppress(BlockingIOError):
                    os.write(self.port.master, data)
        return bool(data)
