"""The emulated board starts and ends QEMU according to power, reset and BOOT, and keeps its flash.

QEMU is a program of the test: it prints how it was started, and echoes its input in upper case. Its GPIO 10 follows its
GPIO 0, and it answers at the port that leads to the page.
"""

from __future__ import annotations

import queue
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import serial

from rig.bench.bench_file import load
from rig.config.signal import BOOT, EN, POWER_SWITCH
from rig.util.clock import BenchClock
from rig.util.errors import BenchError
from rig.wiring.emulator import open_wiring
from rig.wiring.emulator.qemu import find_qemu
from rig.wiring.interfaces import Wiring

ROOT = Path(__file__).parents[3]
BOARD = "esp32c3-devkitm"
LIMIT_S = 10.0

QEMU = f"""#!{sys.executable}
import socket, sys, threading
if sys.argv[1:] == ["-M", "help"]:
    print("Supported machines are:\\nesp32c3              Espressif ESP32C3 machine")
    sys.exit()
words = sys.argv
def pins(end):
    level_of_0 = 0
    for line in end.makefile("r"):
        command, *arguments = line.split()
        if command == "set_irq_in":
            gpio, level = arguments[2:]
            if gpio == "0" and int(level) != level_of_0:
                level_of_0 = int(level)
                end.sendall(f"IRQ {{['lower', 'raise'][int(level)]}} 10\\n".encode())
        end.sendall(b"OK\\n")
for word in words:
    if word.startswith("socket,id=pins"):
        end = socket.socket(fileno=int(word.rpartition("=")[2]))
        if "-S" in words:
            pins(end)
            sys.exit()
        threading.Thread(target=pins, args=(end,), daemon=True).start()
uart = socket.socket(fileno=int(next(word for word in words if "fd=" in word).rpartition("=")[2]))
def page(server):
    while True:
        server.accept()[0].sendall(b"page")
if "hostfwd=tcp:127.0.0.1:" in (network := words[words.index("-nic") + 1]):
    port = int(network.rpartition("tcp:127.0.0.1:")[2].removesuffix("-:80"))
    threading.Thread(target=page, args=(socket.create_server(("127.0.0.1", port)),), daemon=True).start()
flash = next(word for word in words if word.startswith("file=")).split(",")[0].removeprefix("file=")
with open(flash, "r+b") as file:
    boots = file.read(1)[0]
    file.seek(0)
    file.write(bytes([boots - 1]))
uart.sendall(f"boot {{255 - boots}}\\n".encode())
while data := uart.recv(100):
    uart.sendall(data.upper())
"""


@pytest.fixture
def qemu(tmp_path: Path) -> Path:
    program = tmp_path / "qemu-system-riscv32"
    program.write_text(QEMU)
    program.chmod(0o755)
    return program


@pytest.fixture
def description(tmp_path: Path, qemu: Path) -> Path:
    file = tmp_path / "emulator.toml"
    file.write_text((ROOT / "benches/emulator.toml").read_text().replace('qemu = ""', f'qemu = "{qemu}"'))
    return file


@pytest.fixture
def wiring(tmp_path: Path, description: Path) -> Iterator[Wiring]:
    opened = open_wiring(load(description), BenchClock(), tmp_path)
    yield opened
    opened.close()


class Board:
    """The Pi's ends of the wires, and the console."""

    def __init__(self, wiring: Wiring, described: Path) -> None:
        wires = dict(load(described).wires())
        self._pins = {signal: wiring.pin_factory.pin(wires[signal].pin) for signal in (POWER_SWITCH, EN, BOOT)}
        self.port = serial.Serial(wiring.serial_url, timeout=LIMIT_S)

    def power(self, on: bool) -> None:
        self._pins[POWER_SWITCH].output_with_state(on)

    def hold(self, signal: object, held: bool) -> None:
        if held:
            self._pins[signal].output_with_state(False)  # type: ignore[index]
        else:
            self._pins[signal].input_with_pull("floating")  # type: ignore[index]

    def line(self) -> str:
        line: bytes = self.port.readline()
        return line.decode().strip()


@pytest.fixture
def board(wiring: Wiring, description: Path) -> Iterator[Board]:
    opened = Board(wiring, description)
    yield opened
    opened.port.close()


def test_chip_boots_with_power_and_its_console_goes_both_ways(board: Board) -> None:
    board.power(True)
    assert board.line() == "boot 0"
    board.port.write(b"status\n")
    assert board.line() == "STATUS"


def test_flash_persists_across_a_power_cut(board: Board) -> None:
    board.power(True)
    assert board.line() == "boot 0"
    board.power(False)
    board.power(True)
    assert board.line() == "boot 1"


def test_reset_with_boot_low_selects_download_mode(board: Board) -> None:
    board.power(True)
    board.line()
    board.hold(EN, True)
    board.hold(BOOT, True)
    board.hold(EN, False)
    assert board.line() == "waiting for download"


def test_a_pulse_of_reset_is_never_too_short_to_change_the_mode(board: Board) -> None:
    """The emulator is stopped before the ROM reads the port, and the other way round."""
    board.power(True)
    assert board.line() == "boot 0"
    for boots in range(1, 20):
        for is_download, line in ((True, "waiting for download"), (False, f"boot {boots}")):
            board.hold(BOOT, is_download)
            board.hold(EN, True)
            board.hold(EN, False)
            assert board.line() == line


def test_the_chip_is_off_while_reset_is_held(board: Board) -> None:
    board.hold(EN, True)
    board.power(True)
    board.port.timeout = 0.3
    assert board.line() == ""
    board.port.timeout = LIMIT_S
    board.hold(EN, False)
    assert board.line() == "boot 0"


def test_closing_leaves_no_process_and_no_thread(tmp_path: Path, description: Path) -> None:
    before = threading.active_count()
    wiring = open_wiring(load(description), BenchClock(), tmp_path)
    opened = Board(wiring, description)
    opened.power(True)
    opened.line()
    wiring.close()
    opened.port.close()
    assert threading.active_count() == before


def test_the_capabilities_of_the_wiring(wiring: Wiring) -> None:
    assert wiring.capabilities == {"real_time", "flash_file", "page"}
    assert (wiring.access_point, wiring.hooks, wiring.csms_host) == (None, None, "10.0.2.2")


def test_the_page_has_the_same_address_after_a_power_cut(board: Board, wiring: Wiring) -> None:
    page = urlsplit(wiring.page_url)
    for boot in ("boot 0", "boot 1"):
        board.power(True)
        assert board.line() == boot
        with socket.create_connection((page.hostname, page.port), timeout=LIMIT_S) as connection:
            assert connection.recv(100) == b"page"
        board.power(False)


def test_without_a_page_no_port_leads_to_the_chip(tmp_path: Path, description: Path) -> None:
    description.write_text(description.read_text().replace("page = true", "page = false"))
    wiring = open_wiring(load(description), BenchClock(), tmp_path)
    try:
        assert ("page" in wiring.capabilities, wiring.page_url) == (False, "")
    finally:
        wiring.close()


PINS = """
[inputs]
cable = { pin = 5, gpio = 0 }

[outputs]
contactor = { pin = 25, gpio = 10 }

[csms]"""


def test_the_pins_of_the_chip_end_at_those_of_the_pi(tmp_path: Path, description: Path) -> None:
    """The chip reads an input that was high before its boot. The Pi gets each edge. An unpowered chip drives no pin."""
    description.write_text(description.read_text().replace("[csms]", PINS, 1))
    wiring = open_wiring(load(description), BenchClock(), tmp_path)
    cable, contactor = wiring.pin_factory.pin(5), wiring.pin_factory.pin(25)
    edges: queue.Queue[bool] = queue.Queue()
    contactor.watch_edges(lambda level, _stamp: edges.put(level))
    cable.output_with_state(True)
    opened = Board(wiring, description)
    try:
        opened.power(True)
        assert opened.line() == "boot 0"
        for level in (True, False, True):
            cable.output_with_state(level)
            assert edges.get(timeout=LIMIT_S) is level
        opened.power(False)
        assert edges.get(timeout=LIMIT_S) is False
    finally:
        opened.port.close()
        wiring.close()


def test_a_qemu_without_pins_is_rejected_for_a_description_with_some(qemu: Path) -> None:
    qemu.write_text(QEMU.replace('b"OK', 'b"FAIL Unknown device'))
    with pytest.raises(BenchError, match="has no inputs and outputs"):
        find_qemu(str(qemu), BOARD, with_pins=True)


@pytest.mark.parametrize(
    ("program", "board_name", "says"),
    [
        ("no-such-qemu", BOARD, "emulator.qemu: no-such-qemu was not found"),
        ("false", BOARD, "cannot be run"),
        ("true", BOARD, "has no machine esp32c3: it is not Espressif's QEMU"),
        ("true", "esp32-devkitc", "device.board: the board 'esp32-devkitc' cannot be emulated"),
    ],
)
def test_an_unsuitable_emulator_is_rejected(program: str, board_name: str, says: str) -> None:
    with pytest.raises(BenchError, match=says):
        find_qemu(program, board_name)
