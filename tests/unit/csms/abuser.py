"""A client that breaks every rule repeatedly: `python -m tests.unit.csms.abuser URL NAME`.

It prints a line after each round and ends at the end of its standard input.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import sys
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from tests.unit.csms.conftest import LIMIT_S, Peer, handshake

SECRET = "0123456789abcdef"
IDLE_CLIENTS = 70
UNREADING_CLIENTS = 2
"""The number of clients that send pings, and of clients that send calls. None of them reads."""
BIG_MESSAGES = 32
_BIG = "x" * ((1 << 20) - 100)
_TEXT = f'[2,"1","DataTransfer",{{"vendorId":"V","data":"{_BIG[:-100]}"}}]'.encode()
PING = (b"\x89\xfd" + bytes(4) + bytes(125)) * 1000
BIG_CALL = b"\x81\xff" + struct.pack("!Q", len(_TEXT)) + bytes(4) + _TEXT


def main(url: str, name: str) -> None:
    """Send all kinds of traffic until the end of standard input."""
    address = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
    while not select.select([sys.stdin], [], [], 0)[0]:
        for wire in refused(name):
            send(address, wire)
        for wire in failing():
            send(address, handshake(f"/{name}-wire"), wire)
        with contextlib.ExitStack() as stack:
            for _ in range(IDLE_CLIENTS):
                stack.enter_context(socket.create_connection(address, LIMIT_S))
            for number in range(UNREADING_CLIENTS):
                stack.enter_context(unreading_client(address, f"/{name}-pings-{number}", PING))
                stack.enter_context(unreading_client(address, f"/{name}-calls-{number}", BIG_CALL))
            send_bad_frames(url, name)
        print("round", flush=True)


def refused(name: str) -> Iterator[bytes]:
    """Yield opening handshakes that a server must refuse."""
    yield handshake(f"/{name}/")
    yield handshake("/")
    yield handshake(f"/{name}", without="Upgrade")
    yield handshake(f"/{name}", Sec_WebSocket_Version="8")
    yield handshake(f"/{name}", Sec_WebSocket_Version="\x1b[2J")
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)
    yield b"\x00\xff" * 5000


def failing() -> Iterator[bytes]:
    """Yield frames that RFC 6455 forbids."""
    yield b"\x81\x02{}"  # not masked
    yield b"\x83\x80" + bytes(4)  # opcode 3
    yield b"\x81\x82" + bytes(4) + b"\xff\xfe"  # no UTF-8
    yield b"\x81\xff" + struct.pack("!Q", 1 << 40)


def unreading_client(address: tuple[str, int], path: str, frame: bytes) -> socket.socket:
    """Send a frame repeatedly, up to 2 MB or until the buffers are full, without reading."""
    client = socket.create_connection(address, LIMIT_S)
    client.sendall(handshake(path))
    client.recv(65536)
    client.settimeout(0.2)
    with contextlib.suppress(OSError):
        for _ in range(2_000_000 // len(frame)):
            client.sendall(frame)
    return client


def send(address: tuple[str, int], *wires: bytes) -> None:
    """Send bytes on one connection, each item after the answer to the previous one, and read until its end."""
    with socket.create_connection(address, LIMIT_S) as client, contextlib.suppress(OSError):
        for number, wire in enumerate(wires):
            if number > 0:
                client.recv(65536)
            client.sendall(wire)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass


def send_bad_frames(url: str, name: str) -> None:
    """Send big frames, invalid frames, and frames with secrets."""
    peer = Peer(url + quote(f"{name}\x1b[31m"))
    for _ in range(BIG_MESSAGES):
        peer.call("DataTransfer", {"vendorId": "V", "data": _BIG})
    for text in (
        "AuthorizationKey=" + SECRET,
        f'[2,"1","DataTransfer",{{"key":"\\u0041uthorizationKey","value":"{SECRET}',
        f'[2,"1","DataTransfer",{{"vendorId":"V","data":"basicAuthPassword: {SECRET}"',
        '[2,"1"',
        "\x1b]0;x\x07",
        "[" * 5000,
    ):
        peer.send(text)
    peer.call("DataTransfer", {"vendorId": "V", "data": f'{{"key":"AuthorizationKey","VALUE":"{SECRET}"}}'})
    for number in range(20):
        start = {"connectorId": number, "idTag": "T", "meterStart": 0, "timestamp": "2024-01-01T00:00:00Z"}
        peer.call("StartTransaction", start)
        peer.status("Available", connector=number)
    peer.socket.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
