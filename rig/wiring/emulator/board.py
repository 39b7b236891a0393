"""The emulated board: power, reset and download mode by wires, and the console."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from rig.wiring.emulator.qemu import Qemu, QemuRun
from rig.wiring.virtual.pins import Wire, Wires
from rig.wiring.virtual.serial_port import PtyPort

_READ_BYTES = 4096


class DescribedEnd(Protocol):
    """The Pi's end of a described wire."""

    @property
    def pin(self) -> int:
        """The BCM number of the Pi's pin."""

    @property
    def active_low(self) -> bool:
        """Whether it is low while the wire is active."""


@dataclass(frozen=True, slots=True)
class BoardWires:
    """The board's ends of its wires. Levels are those at the board.

    Attributes:
        wires: all wires.
        switch: high powers the board.
        en: low holds the chip in reset.
        boot: low at the end of a reset selects download mode.
        rail: high while the board has power.
    """

    wires: Wires
    switch: Wire
    en: Wire
    boot: Wire
    rail: Wire

    @classmethod
    def of(
        cls, wires: Wires, switch: DescribedEnd, en: DescribedEnd, boot: DescribedEnd, rail: DescribedEnd | None
    ) -> Self:
        """Connect the board to the Pi's pins, with an inverter if the Pi's active level differs.

        Args:
            wires: the wires of the Pi's pins.
            switch, en, boot, rail: the described wires.
        """
        for described, active_low in ((switch, False), (en, True), (boot, True), (rail, False)):
            if described is not None and described.active_low != active_low:
                wires.change(wires[described.pin], inverting=True)
        end = wires[rail.pin] if rail is not None else Wire()
        return cls(wires, wires[switch.pin], wires[en.pin], wires[boot.pin], end)


class EmulatorBoard:
    """A board whose chip is a process of QEMU while it has power and is not held in reset.

    A power cut and a reset send SIGKILL. QEMU handles a restart by the chip itself. Any thread may change the wires;
    the board's thread forwards bytes between QEMU and the serial port.

    Args:
        ends: its wires.
        qemu: the emulator.
        flash: the flash file.
        log: the file to which QEMU's messages are appended.
    """

    def __init__(self, ends: BoardWires, qemu: Qemu, flash: Path, log: Path) -> None:
        self.port = PtyPort()
        self._ends = ends
        self._qemu = qemu
        self._flash = flash
        self._log = log
        self._run: QemuRun | None = None
        self._wanted: bool | None = None
        """The requested mode: True for download mode, False for a boot, None for off."""
        self._change = threading.Lock()
        self._closing = False
        self._woken, self._wake = os.pipe()
        ends.wires.watch_board_end(ends.en, lambda _level, _stamp: self._wires_changed())
        ends.wires.watch_board_end(ends.switch, lambda _level, _stamp: self._wires_changed())
        self._thread = threading.Thread(target=self._work, name="emulated-board", daemon=True)
        self._thread.start()
        self._wires_changed()

    def close(self) -> None:
        """Switch the power off and close everything. Called once."""
        for wire in (self._ends.en, self._ends.switch):
            self._ends.wires.watch_board_end(wire, None)
        self._closing = True
        self._wake_thread()
        self._thread.join()
        os.close(self._woken)
        os.close(self._wake)
        self.port.close()

    @property
    def is_running(self) -> bool:
        """Whether the chip is running or in download mode."""
        run = self._run
        return run is not None and run.is_alive

    def _wires_changed(self) -> None:
        """Set the requested mode at the edge itself: sample BOOT, and stop the chip without a delay."""
        # EN floats, which reads low, until the board's thread has pulled it up.
        is_released = self._ends.switch.level and self._ends.en.level
        with self._change:
            if not is_released:
                self._wanted = None
                if self._run is not None:
                    self._run.kill()
            elif self._wanted is None:
                self._wanted = not self._ends.boot.level
                self.port.drop_input()
        self._wake_thread()

    def _wake_thread(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._wake, b"x")

    # -- the board's thread -------------------------------------------------------------------------------------

    def _work(self) -> None:
        powered = False
        while not self._closing:
            if powered != self._ends.switch.level:
                powered = not powered
                self._power(powered)
            self._start_or_stop()
            self._forward()
        self._stop()

    def _power(self, on: bool) -> None:
        pull = True if on else None
        self._ends.wires.change(self._ends.boot, board_pull=pull)
        self._ends.wires.change(self._ends.en, board_pull=pull)
        self._ends.wires.change(self._ends.rail, board_drive=True if on else None)

    def _start_or_stop(self) -> None:
        """Start or stop QEMU for the requested mode."""
        with self._change:
            run, wanted = self._run, self._wanted
        if run is not None and (wanted is None or not run.is_alive):
            self._stop()
            run = None
        if run is None and wanted is not None:
            try:
                run = QemuRun(self._qemu, self._flash, self._log, download=wanted)
            except OSError as problem:
                self.port.print(f"the emulator cannot be started: {problem}")
                with self._change:
                    self._wanted = None
                return
            with self._change:
                self._run = run
                if self._wanted is None:
                    run.kill()

    def _stop(self) -> None:
        with self._change:
            run, self._run = self._run, None
        if run is not None:
            run.kill_and_wait()

    def _forward(self) -> None:
        """Wait for bytes or a change of the wires, and forward the bytes in both directions."""
        run = self._run
        ends: list[int] = [self._woken]
        if run is not None:
            ends += [run.uart.fileno(), self.port.master]
        ready, _, _ = select.select(ends, [], [], None if run is None else 1.0)
        if self._woken in ready:
            os.read(self._woken, _READ_BYTES)
        if run is None:
            return
        with contextlib.suppress(OSError):
            if run.uart.fileno() in ready and not self._forward_output(run):
                run.kill()
            if self.port.master in ready:
                run.uart.sendall(os.read(self.port.master, _READ_BYTES))

    def _forward_output(self, run: QemuRun) -> bool:
        """Forward the chip's output, or drop it if the port is full. Returns whether QEMU is running."""
        data = run.uart.recv(_READ_BYTES)
        with contextlib.suppress(BlockingIOError):
            os.write(self.port.master, data)
        return bool(data)
