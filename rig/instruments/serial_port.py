"""The bench's end of a serial port, on its event loop."""

from __future__ import annotations

import asyncio
import fcntl
import io
import termios
from collections.abc import Callable
from typing import Any

import serial
import serial_asyncio
from serial.threaded import ReaderThread
from serial.tools import list_ports

from rig.util.errors import BenchError

_READ_BYTES = 4096
"""Bytes per read: a pty holds no more. pyserial-asyncio reads 1,024 and has no setting for it."""


class SerialPort(asyncio.Protocol):
    """An open port, exclusive to this process: pyserial locks its device (flock), and TIOCEXCL is set.

    Args:
        received: called on the loop with received bytes.
        lost: called on the loop when the port is closed or has vanished, with the cause if there is one.
    """

    def __init__(self, received: Callable[[bytes], None], lost: Callable[[Exception | None], None]) -> None:
        self._received = received
        self._lost = lost
        self._closed = asyncio.get_running_loop().create_future()
        self._transport: Any = None

    async def open(self, url: str, baud: int, key: str) -> SerialPort:
        """Open the port and return this object.

        Args:
            url: the port or URL that pyserial opens.
            baud: the baud rate.
            key: the key of the bench description to name in the error.

        Raises:
            BenchError: the port cannot be opened; the message names the existing ports.
        """
        try:
            # Opened in a thread, because opening some ports is slow (rfc2217 negotiates).
            port = await asyncio.to_thread(_open_exclusively, url, baud)
        except (serial.SerialException, ValueError, OSError) as error:
            there = ", ".join(found.device for found in list_ports.comports()) or "none"
            raise BenchError(
                f"{key}: the serial port {url} cannot be opened: {error}",
                "Plug the board in, end the program that has the port open, or name another port in the bench "
                f"description. Serial ports here: {there}",
            ) from None
        loop = asyncio.get_running_loop()
        if _descriptor(port) is None:
            port.timeout = port.write_timeout = None
            self._transport = _ThreadedTransport(port, self, loop)
        else:
            self._transport = serial_asyncio.SerialTransport(loop, self, port)
            self._transport._max_read_size = _READ_BYTES
        return self

    def write(self, data: bytes) -> None:
        """Send bytes, on the loop."""
        self._transport.write(data)

    async def close(self) -> None:
        """Close it, and wait until it is closed."""
        # A child that another thread has just forked has the descriptor, with its lock, until the child executes its
        # program. Until then the flasher could not lock the port.
        descriptor = _descriptor(self._transport.serial)
        if descriptor is not None:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        self._transport.close()
        await self._closed

    def data_received(self, data: bytes) -> None:
        """Pass on bytes from the transport."""
        self._received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end of the port from the transport."""
        if not self._closed.done():
            self._closed.set_result(None)
        self._lost(exc)


def _open_exclusively(url: str, baud: int) -> Any:
    port = serial.serial_for_url(url, baudrate=baud, timeout=0, write_timeout=0, do_not_open=True)
    # Only a device supports `exclusive`, even behind `spy://`, `alt://` or `hwgrep://`. Other ports reject it.
    is_device = isinstance(port, serial.Serial)
    if is_device:
        port.exclusive = True
    port.open()
    if is_device:
        # TIOCEXCL also keeps out programs that ignore the lock, except those of root.
        fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
    return port


def _descriptor(port: Any) -> int | None:
    try:
        number: int = port.fileno()
    except (io.UnsupportedOperation, AttributeError):
        return None
    return number


class _ThreadedTransport:
    """A port without a file descriptor (`rfc2217://`, `loop://`), read by a thread of pyserial."""

    def __init__(self, port: Any, protocol: SerialPort, loop: asyncio.AbstractEventLoop) -> None:
        self.serial = port
        self._loop = loop
        self._protocol = protocol
        self._reader = ReaderThread(port, lambda: self)
        self._reader.start()

    def connection_made(self, _transport: Any) -> None:
        """Do nothing when the thread starts."""

    def data_received(self, data: bytes) -> None:
        """Pass on received bytes to the loop, called by the thread."""
        self._loop.call_soon_threadsafe(self._protocol.data_received, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end of the port to the loop, called by the thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._protocol.connection_lost, exc)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._reader.write(data)

    def close(self) -> None:
        """Stop the thread and close the port."""
        self._reader.close()
