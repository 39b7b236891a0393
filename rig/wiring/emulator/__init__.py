"""The emulator bench: the board's real image in Espressif's QEMU.

`rig.wiring` opens it for a bench description of `kind = "emulator"`. It has power, reset, download mode, a console,
flash that persists across power cuts, and Ethernet. It has the pins that both the description and QEMU have. It has no
access point, no test hooks and no stepped time.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from rig.config.signal import BOOT, EN, POWER_SWITCH, RAIL_SENSE, Signal
from rig.util.clock import BenchClock
from rig.wiring.emulator.board import BoardWires, EmulatorBoard
from rig.wiring.emulator.qemu import GATEWAY, find_qemu
from rig.wiring.interfaces import Wiring
from rig.wiring.virtual.flash import Flash
from rig.wiring.virtual.pins import VirtualPinFactory, Wires
from rig.wiring.virtual.run_directory import RunDirectory

_UNCERTAINTY_NS = 1_000_000  # the host's scheduling, as with every pty


class DescribedWire(Protocol):
    """A wire of a bench description."""

    @property
    def pin(self) -> int:
        """The BCM number of the Pi's pin."""

    @property
    def active_low(self) -> bool:
        """Whether the Pi's end is low while the wire is active."""

    @property
    def gpio(self) -> int | None:
        """The number of the chip's pin; None for a wire that has none."""


class DescribedEmulator(Protocol):
    """The emulator of a bench description."""

    @property
    def qemu(self) -> str:
        """The program; empty for the program on PATH."""


class DescribedDevice(Protocol):
    """The device of a bench description."""

    @property
    def board(self) -> str:
        """The board's name."""

    @property
    def page(self) -> bool:
        """Whether the bench reaches the page of the device."""


class EmulatorDescription(Protocol):
    """The part of `rig.config.description.Description` that the emulator bench uses."""

    @property
    def device(self) -> DescribedDevice:
        """The device under test."""

    @property
    def emulator(self) -> DescribedEmulator:
        """The emulator."""

    def wires(self) -> Iterable[tuple[Signal, DescribedWire]]:
        """Yield every wire with its signal."""


def open_wiring(description: EmulatorDescription, clock: BenchClock, root: Path) -> Wiring:
    """Create an emulated board, without power and with erased flash.

    Args:
        description: the bench.
        clock: the bench's clock, in real time.
        root: the project's folder, for the run folder.

    Raises:
        BenchError: there is no emulator for the board, or `root` is not writable.
    """
    wires = dict(description.wires())
    inputs = _by_gpio(wires, "inputs")
    outputs = _by_gpio(wires, "leds", "outputs")
    has_pins = bool(inputs or outputs)
    qemu = find_qemu(description.emulator.qemu, description.device.board, with_pins=has_pins)
    run = RunDirectory(root)
    factory = VirtualPinFactory(Wires(clock.now))
    page_port = _free_port() if description.device.page else None
    try:
        flash = run.path / "flash.bin"
        Flash(flash).close()  # creates an erased flash, which QEMU opens by its path
        board = EmulatorBoard(
            BoardWires.of(
                factory.wires, wires[POWER_SWITCH], wires[EN], wires[BOOT], wires.get(RAIL_SENSE), inputs, outputs
            ),
            qemu,
            flash,
            run.path / "qemu.log",
            page_port,
        )
    except BaseException:
        factory.close()
        run.close()
        raise

    def close() -> None:
        board.close()
        factory.close()
        run.close()

    return Wiring(
        pin_factory=factory,
        serial_url=board.port.url,
        serial_uncertainty=_UNCERTAINTY_NS,
        clock=clock,
        capabilities=frozenset({"real_time", "flash_file"} | ({"page"} if page_port is not None else set())),
        flash_file=flash,
        page_url=f"http://127.0.0.1:{page_port}/" if page_port is not None else "",
        csms_host=GATEWAY,
        close=close,
    )


def _free_port() -> int:
    """Return a free port. QEMU listens on it from its start; another program may take the port before."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _by_gpio(wires: Mapping[Signal, DescribedWire], *sections: str) -> dict[int, DescribedWire]:
    return {wire.gpio: wire for signal, wire in wires.items() if signal.section in sections and wire.gpio is not None}
