"""The virtual bench: a board, its chip and its surroundings around the host build of the firmware.

`rig.wiring` opens it for a bench description of `kind = "virtual"`; the command `rig device run` runs its board alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from rig.config.signal import BOOT, EN, LOOP_DRIVE, LOOP_WATCH, POWER_SWITCH, RAIL_SENSE, Signal
from rig.util.clock import BenchClock
from rig.util.errors import BenchError
from rig.util.folders import unwritable
from rig.util.processor import ProcessorWait
from rig.wiring.interfaces import Wiring
from rig.wiring.virtual.access_point import VirtualAccessPoint
from rig.wiring.virtual.board import Board, BoardPins
from rig.wiring.virtual.current_sensor import VirtualCurrentSensor
from rig.wiring.virtual.flash import Flash
from rig.wiring.virtual.hooks import VirtualTestHooks
from rig.wiring.virtual.page_socket import PageSocket
from rig.wiring.virtual.pins import VirtualPinFactory, Wires
from rig.wiring.virtual.run_directory import RunDirectory
from rig.wiring.virtual.supply import LOADS_MA

_AT_THE_BOARD = {POWER_SWITCH: False, RAIL_SENSE: False, EN: True, BOOT: True}
"""By signal: whether the board's end of the wire is low while the signal is active.

If the description has another level for the Pi's end (`active_low`), an inverter connects the two ends. The wires of
inputs, outputs and LEDs are never inverted, because the firmware defines the active levels of their GPIOs.
"""

_PTY_UNCERTAINTY_NS = 1_000_000  # the host's scheduling; a pty has no latency timer


class DescribedWire(Protocol):
    """A wire of a bench description."""

    @property
    def pin(self) -> int:
        """The BCM number of the Pi's pin."""

    @property
    def gpio(self) -> int | None:
        """The GPIO of the ESP32; None if the wire does not lead to a GPIO."""

    @property
    def active_low(self) -> bool:
        """Whether the Pi's end is low while the wire is active."""


class DescribedNetwork(Protocol):
    """The network of a bench description."""

    @property
    def profile(self) -> str:
        """The timing of the access point: a name of `rig.wiring.virtual.access_point.PROFILES`."""


class DescribedDevice(Protocol):
    """The device of a bench description."""

    @property
    def worker(self) -> str:
        """The place where the device runs its jobs: `loop` or `thread`."""

    @property
    def page(self) -> bool:
        """Whether the device serves its page."""


class VirtualDescription(Protocol):
    """The part of `rig.config.description.Description` that the virtual bench uses."""

    @property
    def network(self) -> DescribedNetwork:
        """The network that the device joins."""

    @property
    def device(self) -> DescribedDevice:
        """The device under test."""

    def wires(self) -> Iterable[tuple[Signal, DescribedWire]]:
        """Yield every wire with its signal."""


def open_wiring(description: VirtualDescription, clock: BenchClock, root: Path) -> Wiring:
    """Create a virtual board, wired as described. The board is off, and its flash is erased.

    Args:
        description: the wires between the Pi's pins and the board.
        clock: the bench's clock; the board shares it.
        root: the project's folder; the run folder is created below it.

    Raises:
        BenchError: a wire of the device lacks its GPIO, the network profile is unknown, or `root` is not writable.
    """
    pins = board_pins(description)
    run = RunDirectory(root)
    try:
        flash = Flash(run.path / "flash.bin")
    except OSError as problem:
        run.close()
        raise unwritable(run.path, problem) from None
    factory = VirtualPinFactory(Wires(clock.now))
    wires = dict(description.wires())
    if LOOP_DRIVE in wires:
        factory.wires.join(wires[LOOP_DRIVE].pin, wires[LOOP_WATCH].pin)
    page = PageSocket() if description.device.page else None
    board = Board(factory.wires, pins, flash, clock, description.device.worker, page)
    waits = ProcessorWait()

    def close() -> None:
        board.close()
        factory.close()
        run.close()

    try:
        return Wiring(
            pin_factory=factory,
            serial_url=board.port.url,
            serial_uncertainty=0 if clock.steps else _PTY_UNCERTAINTY_NS,
            clock=clock,
            access_point=VirtualAccessPoint(board, description.network.profile),
            current_sensor=VirtualCurrentSensor(board),
            hooks=VirtualTestHooks(board),
            capabilities=_capabilities(description) | ({"stepped_time"} if clock.steps else {"real_time"}),
            flash_file=flash.path,
            page_url=page.url if page is not None else "",
            dns_address=page.dns_address if page is not None else None,
            device_waits=None if clock.steps else lambda: waits.latest(board.device_pid),
            close=close,
        )
    except BaseException:
        close()
        raise


def board_pins(description: VirtualDescription) -> BoardPins:
    """Sort the wires of a description by their use on the board.

    Raises:
        BenchError: a wire of the device lacks its GPIO.
    """
    wires = dict(description.wires())

    def by_gpio(*sections: str) -> dict[int, int]:
        found = {}
        for signal, wire in wires.items():
            if signal.section in sections:
                if wire.gpio is None:
                    raise BenchError(
                        f"{signal} has no gpio", "A virtual bench needs both ends of each wire: pin and gpio"
                    )
                found[wire.gpio] = wire.pin
        return found

    def pin(signal: Signal) -> int | None:
        return wires[signal].pin if signal in wires else None

    return BoardPins(
        power_switch=wires[POWER_SWITCH].pin,
        rail_sense=pin(RAIL_SENSE),
        en=pin(EN),
        boot=pin(BOOT),
        inputs=by_gpio("inputs"),
        outputs=by_gpio("leds", "outputs"),
        inverted=frozenset(
            wires[signal].pin
            for signal, active_low in _AT_THE_BOARD.items()
            if signal in wires and wires[signal].active_low != active_low
        ),
        loads={
            wire.gpio: LOADS_MA[str(signal)]
            for signal, wire in wires.items()
            if str(signal) in LOADS_MA and wire.gpio is not None
        },
    )


def _capabilities(description: VirtualDescription) -> frozenset[str]:
    sections = {signal.section for signal, _ in description.wires()}
    page = {"page"} if description.device.page else set()
    return frozenset(sections | page | {"access_point", "external_reset", "flash_file", "test_hooks"})
