"""A blocking client of a live socket, for the commands of `rig`."""

from __future__ import annotations

import contextlib
import json
import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rig.live.folder import bench_hash, connections, named
from rig.util.errors import BenchError, DeviceError

_GREETING_S = 5.0
"""Real seconds to wait for the greeting. A process that is stopped, as in a debugger, sends none."""
_CHUNK = 1 << 16
_PROTOCOL = 1


class Client:
    """A connection to an open bench. Not for several threads.

    Args:
        connected: the socket.

    Attributes:
        hello: the greeting (docs/live.md#greeting).
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._bytes = b""
        self._lines: deque[bytes] = deque()
        self._pushed: deque[dict[str, Any]] = deque()
        self._number = 0
        self._end = ""
        connected.settimeout(_GREETING_S)
        first = self._read()
        if first is None or "hello" not in first:
            self.close()
            error = (first or {}).get("error")
            raise _error(error) if error else BenchError("the bench ended before its greeting")
        self.hello: dict[str, Any] = first["hello"]
        connected.settimeout(None)
        if self.hello["protocol"] != _PROTOCOL:
            self.close()
            raise RejectedError(
                "request",
                f"{self.holder} speaks version {self.hello['protocol']} of the live socket, this command version "
                f"{_PROTOCOL}. Use the command of the same installation",
            )

    @property
    def holder(self) -> str:
        """The program that has opened the bench, in words."""
        return f"{self.hello['program']}, process {self.hello['pid']}"

    # -- requests -------------------------------------------------------------------------------------------------

    def request(self, do: str, *, progress: Callable[[dict[str, Any]], None] | None = None, **fields: Any) -> Any:
        """Send a request and wait for its result. Events that come meanwhile are kept for `pushed`.

        Args:
            do: the request's name.
            progress: called with each progress report.
            fields: the other fields of the request.

        Raises:
            DeviceError: the call failed because of the device.
            BenchError: the request was rejected, the call failed, or the bench ended meanwhile.
        """
        self._number += 1
        number = self._number
        line = _line({"id": number, "do": do, **fields})
        with contextlib.suppress(OSError):  # the bench has closed the connection; its last messages have the reason
            self._socket.sendall(line)
        while (message := self._read()) is not None:
            if "error" in message and message.get("id") is None:  # the bench could not read the request
                raise _error(message["error"])
            if message.get("id") != number:
                self._pushed.append(message)
            elif "progress" in message:
                if progress is not None:
                    progress(message["progress"])
            elif "error" in message:
                raise _error(message["error"])
            else:
                return message["result"]
        raise self._ended()

    def call(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        by: str = "",
        drive: bool = False,
        progress: Callable[[dict[str, Any]], None] | None = None,
        state: bool = False,
    ) -> Any:
        """Make a call of the bench, and wait for its result. Raises as `request`.

        Args:
            name: the call.
            arguments: the arguments of the call.
            by: the command, for the timeline.
            drive: whether to act even during a session of pytest that is not paused.
            progress: called with each progress report.
            state: True returns `result` and `state`, the state directly after the call. A further request for the state
                may come after the bench has ended.
        """
        fields = {"call": name, "arguments": dict(arguments or {}), "by": by, "drive": drive, "state": state}
        return self.request("call", progress=progress, **fields)

    def pushed(self, seconds: float | None = None) -> Iterator[dict[str, Any]]:
        """Yield events, losses and the end of the bench as they come.

        Args:
            seconds: after this many real seconds without a message it returns; None: it waits without a limit.
        """
        while True:
            while self._pushed:
                yield self._pushed.popleft()
            self._socket.settimeout(seconds)
            try:
                message = self._read()
            except TimeoutError:
                return
            finally:
                with contextlib.suppress(OSError):
                    self._socket.settimeout(None)
            if message is None:
                return
            yield message

    @property
    def end(self) -> str:
        """Why the bench has ended; empty while it is open."""
        return self._end

    def close(self) -> None:
        """Close the connection. Acts that last only while a client is connected are undone."""
        self._socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ended(self) -> BenchError:
        return BenchError(
            f"the bench ended meanwhile ({self.holder}){f': {self._end}' if self._end else ''}",
            "Start it again, or name a bench with --bench",
        )

    def _read(self) -> dict[str, Any] | None:
        """Return the next message; None at the end.

        Raises:
            TimeoutError: no message came in the socket's timeout.
        """
        while not self._lines:
            try:
                data = self._socket.recv(_CHUNK)
            except TimeoutError:
                raise
            except OSError:
                data = b""
            if not data:
                self._end = self._end or "its process has ended"
                return None
            *lines, self._bytes = (self._bytes + data).split(b"\n")
            self._lines.extend(lines)
        message: dict[str, Any] = json.loads(self._lines.popleft())
        if "end" in message:
            self._end = message["end"]
        return message


class RejectedError(BenchError):
    """A request was rejected, or its call failed, for another reason than the device.

    Attributes:
        kind: the kind of the error (docs/live.md#requests).
    """

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


def _line(request: Mapping[str, Any]) -> bytes:
    """Encode a request as a line.

    Raises:
        BenchError: JSON cannot represent a value of the request.
    """
    try:
        return json.dumps(request, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except (ValueError, RecursionError) as error:
        raise BenchError(
            f"the request cannot be written as JSON: {error}",
            "Give finite numbers and text in UTF-8, without deep nesting",
        ) from None


def _error(error: Mapping[str, str]) -> BenchError | DeviceError:
    kind, message = error.get("kind", ""), error.get("message", "")
    return DeviceError(message) if kind == "device" else RejectedError(kind, message)


def clients(path: Path | None = None, pid: int | None = None, folder: str | None = None) -> list[Client]:
    """Connect to the open benches of this user.

    Args:
        path: only benches of this description; None for all.
        pid: only the bench of this process; None for all.
        folder: only benches of programs in this folder; None for all.

    Raises:
        BenchError: each matching bench rejects the connection, or does not answer.
    """
    found: list[Client] = []
    problems: list[BenchError] = []
    wanted = str(path.resolve()) if path is not None else None
    for connected in connections():
        bench, holder = named(connected)
        try:
            client = Client(connected)
        except (BenchError, DeviceError, TimeoutError) as error:
            connected.close()
            is_wanted = (path is None or bench == bench_hash(path)) and pid in (None, holder)
            if is_wanted and folder in (None, _folder_of(holder)) and (problem := _problem(error, holder)) is not None:
                problems.append(problem)
            continue
        if (
            wanted in (None, client.hello["path"])
            and pid in (None, client.hello["pid"])
            and folder in (None, client.hello["folder"])
        ):
            found.append(client)
        else:
            client.close()
    if problems and not found:
        raise problems[0]
    return found


def _problem(error: Exception, holder: int) -> BenchError | None:
    """Return why an open bench has no client of this process; None if the bench has just been closed."""
    if isinstance(error, TimeoutError):
        return BenchError(
            f"process {holder} has opened a bench, but does not answer",
            "If it is stopped, continue it with `fg`, or end it",
        )
    return error if isinstance(error, RejectedError) else None


def _folder_of(process: int) -> str:
    """Return the working directory of a process; empty if it has ended."""
    with contextlib.suppress(OSError):
        return str(Path(f"/proc/{process}/cwd").readlink())
    return ""
