"""A virtual board with a small test device in its flash, and a console."""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from gpiozero import InputDevice, OutputDevice

from rig.config.signal import Signal
from rig.firmware.image import make_image
from rig.firmware.partitions import TABLE_OFFSET, PartitionTable, read_csv, to_binary
from rig.util.clock import BenchClock
from rig.wiring.interfaces import Wiring
from rig.wiring.pins import watch_edges
from rig.wiring.virtual import open_wiring
from rig.wiring.virtual.flash import Flash
from rig.wiring.virtual.stream_port import far_end

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Wire:
    pin: int
    gpio: int | None = None
    active_low: bool = False


@dataclass(frozen=True)
class Network:
    profile: str = "fast"


@dataclass(frozen=True)
class Device:
    worker: str = "loop"
    page: bool = False


@dataclass(frozen=True)
class Description:
    """The wires of benches/virtual.toml that these tests use."""

    network: Network = Network()
    device: Device = Device()

    def wires(self) -> Iterator[tuple[Signal, Wire]]:
        yield Signal("power", "switch"), Wire(17)
        yield Signal("power", "rail_sense"), Wire(27)
        yield Signal("control", "en"), Wire(22, active_low=True)
        yield Signal("control", "boot"), Wire(23, 0, active_low=True)
        yield Signal("inputs", "cable"), Wire(5, 32)
        yield Signal("inputs", "emergency_stop"), Wire(13, 25)
        yield Signal("leds", "status"), Wire(20, 18)
        yield Signal("outputs", "contactor"), Wire(25, 22)


class Port:
    """The host's end of the board's serial port."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.seen = ""
        self._taken = 0
        scheme, _, name = path.partition("://")
        self._fd = (
            far_end(name).detach() if scheme == "board" else os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        )

    def expect(self, text: str, timeout: float = 5.0) -> str:
        """Return the next line that contains `text`; else fail with the lines so far."""
        deadline = time.monotonic() + timeout
        while True:
            while "\n" in self.seen[self._taken :]:
                line, _, _ = self.seen[self._taken :].partition("\n")
                self._taken += len(line) + 1
                if text in line:
                    return line.rstrip("\r")
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._fd], [], [], left)[0]:
                pytest.fail(f"no line with {text!r} within {timeout} s; the console said:\n{self.seen}")
            self.seen += os.read(self._fd, 4096).decode()

    def read(self) -> str:
        """Return all output so far."""
        while select.select([self._fd], [], [], 0)[0]:
            self.seen += os.read(self._fd, 4096).decode()
        return self.seen

    def send(self, line: str) -> None:
        os.write(self._fd, line.encode() + b"\n")

    def close(self) -> None:
        os.close(self._fd)


def reaches(device: InputDevice, level: bool, timeout: float = 5.0) -> bool:
    """Return whether a pin has the level within `timeout` real seconds."""
    reached = threading.Event()
    stop = watch_edges(device.pin, lambda now, _: reached.set() if now == level else None)
    try:
        return bool(device.pin.state) == level or reached.wait(timeout)
    finally:
        stop()


class Desk:
    """A virtual Pi wired to a virtual board."""

    def __init__(self, wiring: Wiring, inverted: bool = False) -> None:
        self.wiring = wiring
        self.port = Port(wiring.serial_url)
        factory = wiring.pin_factory
        self.power = OutputDevice(17, active_high=not inverted, pin_factory=factory)
        self.reset = OutputDevice(22, active_high=inverted, pin_factory=factory)
        self.download = OutputDevice(23, active_high=inverted, pin_factory=factory)
        self.rail = InputDevice(27, pull_up=inverted, pin_factory=factory)

    def write_flash(self, *parts: tuple[int, bytes]) -> None:
        assert self.wiring.flash_file is not None
        flash = Flash(self.wiring.flash_file)
        for offset, content in parts:
            flash.erase(offset, len(content))
            flash.program(offset, content)
        flash.close()

    def read_flash(self, offset: int, length: int) -> bytes:
        assert self.wiring.flash_file is not None
        return self.wiring.flash_file.read_bytes()[offset : offset + length]

    def enter_download(self) -> None:
        self.power.on()
        self.download.on()
        self.reset.on()
        self.reset.off()
        self.port.expect("waiting for download")

    def press_reset(self) -> None:
        self.reset.on()
        self.reset.off()

    def close(self) -> None:
        self.port.close()
        for device in (self.power, self.reset, self.download, self.rail):
            device.close()
        self.wiring.close()


@pytest.fixture(scope="session")
def table() -> PartitionTable:
    return read_csv(ROOT / "firmware" / "partitions.csv")


@pytest.fixture(scope="session")
def device_executable(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("device") / "device"
    source = Path(__file__).with_name("device.c")
    subprocess.run(["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o", path, source], check=True)
    return path.read_bytes()


@pytest.fixture(scope="session")
def app(device_executable: bytes) -> bytes:
    return make_image(device_executable, project="test-device", version="1", elf_sha256=bytes(32))


@pytest.fixture
def desk(tmp_path: Path, clock: BenchClock) -> Iterator[Desk]:
    """A board with empty flash and without power."""
    opened = Desk(open_wiring(Description(), clock, tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def flashed(desk: Desk, table: PartitionTable, app: bytes) -> Desk:
    """A board with the test device in its flash, without power."""
    desk.write_flash((TABLE_OFFSET, to_binary(table)), (table["ota_0"].offset, app))
    return desk


@pytest.fixture
def running(flashed: Desk) -> Desk:
    """A board that runs the test device."""
    flashed.power.on()
    flashed.port.expect("board: go")
    return flashed
