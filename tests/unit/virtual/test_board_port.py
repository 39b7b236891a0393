"""The serial port of stepped time behaves like one of pyserial, and drops bytes that do not fit."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import serial
from serial.serialutil import PortNotOpenError

from rig.wiring.virtual.stream_port import StreamPort

HANG_S = 30.0


@pytest.fixture
def board() -> Iterator[StreamPort]:
    made = StreamPort()
    yield made
    made.close()


@pytest.fixture
def port(board: StreamPort) -> Iterator[Any]:
    opened = serial.serial_for_url(board.url, baudrate=115_200, timeout=HANG_S)
    yield opened
    opened.close()


def test_bytes_come_and_go_within_the_call_that_writes(board: StreamPort, port: Any) -> None:
    assert port.in_waiting == 0
    board.print("hello")
    assert port.in_waiting
    assert port.readline() == b"hello\r\n"
    assert port.write(b"status\n") == 7
    port.flush()
    assert os.read(board.master, 100) == b"status\n"


def test_a_read_waits_for_all_bytes_up_to_its_timeout(board: StreamPort, port: Any) -> None:
    os.write(board.master, b"ab")
    port.timeout = 0
    assert port.read(10) == b"ab", "the available bytes, at once"
    assert port.read(10) == b""
    os.write(board.master, b"cd")
    port.timeout = 0.05
    began = time.monotonic()
    assert port.read(3) == b"cd"
    assert time.monotonic() - began >= 0.05
    port.timeout = None
    late = threading.Timer(0.02, os.write, (board.master, b"ef"))
    late.start()
    assert port.read(2) == b"ef"
    late.join()


def test_a_write_waits_for_room_by_default(board: StreamPort, port: Any) -> None:
    data = b"x" * 1_000_000
    port.write_timeout = 0
    fitted = port.write(data)
    assert 0 < fitted < len(data)
    port.write_timeout = None
    writer = threading.Thread(target=port.write, args=(data,))
    writer.start()
    left = fitted + len(data)
    while left:
        try:
            left -= len(os.read(board.master, 65536))
        except BlockingIOError:
            os.sched_yield()
    writer.join(HANG_S)
    assert not writer.is_alive()


def test_received_bytes_can_be_dropped(board: StreamPort, port: Any) -> None:
    os.write(board.master, b"x" * 10_000)
    port.reset_input_buffer()
    assert port.in_waiting == 0
    port.reset_output_buffer()
    board.print("after")
    assert port.readline() == b"after\r\n"


def test_a_board_that_is_unplugged_fails_reads_and_writes(board: StreamPort, port: Any) -> None:
    os.write(board.master, b"last")
    board.close()
    assert port.read(4) == b"last"
    with pytest.raises(serial.SerialException, match="unplugged"):
        port.read(1)
    with pytest.raises(serial.SerialException, match="write failed"):
        port.write(b"x")
    port.reset_input_buffer()
    with pytest.raises(serial.SerialException, match=r"could not open port board://\d+: no board of this process"):
        serial.serial_for_url(board.url)


def test_a_closed_port_or_an_unknown_name_is_an_error(board: StreamPort, port: Any) -> None:
    port.close()
    port.close()
    with pytest.raises(PortNotOpenError):
        port.read(1)
    with pytest.raises(serial.SerialException, match="board://none: no board of this process has a serial port named"):
        serial.serial_for_url("board://none")
    port.open()
    board.print("again")
    assert port.readline() == b"again\r\n"


def test_settings_and_modem_lines_are_accepted_without_effect(port: Any) -> None:
    port.baudrate = 921_600
    port.dtr = port.rts = True
    port.break_condition = False
    assert (port.cts, port.dsr, port.cd, port.ri) == (True, True, True, False)


def test_output_of_a_board_that_is_not_read_is_dropped(board: StreamPort, port: Any) -> None:
    lines = 20_000
    for number in range(lines):
        board.print(f"line {number}")
    received = b""
    while port.in_waiting:
        received += port.read(1)
    kept = received.splitlines()
    assert kept[0] == b"line 0"
    assert 10 < len(kept) < lines
    board.print("after")
    assert port.readline().endswith(b"after\r\n")


def test_input_for_a_chip_in_reset_is_lost(board: StreamPort, port: Any) -> None:
    port.write(b"unheard\n")
    board.drop_input()
    port.write(b"received\n")
    assert os.read(board.master, 100) == b"received\n"
    board.close()
    board.close()
    board.drop_input()
    board.print("to nobody")


def test_boards_have_ports_of_their_own() -> None:
    one, other = StreamPort(), StreamPort()
    assert one.url != other.url
    with serial.serial_for_url(other.url, timeout=0) as port:
        one.print("one")
        assert port.read(10) == b""
        other.print("other")
        assert port.read(10) == b"other\r\n"
    one.close()
    other.close()
