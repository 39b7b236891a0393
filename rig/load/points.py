"""Light charge points for a load: they register, then call at planned moments."""

from __future__ import annotations

import asyncio
import base64
import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from rig.load.figures import Figures
from rig.ocpp import schemas
from rig.ocpp.ocppj import Call, CallError, CallResult, Malformed, parse
from rig.ocpp.versions import VERSIONS, SubprotocolName
from rig.util.errors import BenchError
from rig.util.open_files import allow_open_files

LoadAction = Literal["Heartbeat", "MeterValues", "StatusNotification"]

_FIRST_BACKOFF_S = 1.0
_LONGEST_BACKOFF_S = 30.0
_SPARE_FILES = 64
"""File descriptors that the process needs besides its connections."""


@dataclass(frozen=True, slots=True)
class Load:
    """A load on a CSMS.

    Attributes:
        url: the URL of the CSMS without the identity.
        points: the number of charge points.
        rate: the planned calls in each second, of all charge points together.
        seconds: the duration, in real seconds. It begins when all points have tried to connect.
        action: the call.
        prefix: each identity is this text and a number; the first number is 1.
        ramp: new connections in each second.
        timeout_s: the time for the answer to a call, and for connecting.
        seed: seeds the moments of the calls and the times between attempts to connect.
        passwords: the AuthorizationKey by identity, for Basic auth.
        tls: the settings of wss; None: the system's settings.
        protocol: the sub-protocol.
    """

    url: str
    points: int
    rate: float
    seconds: float
    action: LoadAction = "Heartbeat"
    prefix: str = "LOAD-"
    ramp: float = 100.0
    timeout_s: float = 30.0
    seed: int = 0
    passwords: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    tls: ssl.SSLContext | None = None
    protocol: SubprotocolName = "ocpp1.6"


async def run(load: Load, progress: Callable[[Figures], None], every_s: float = 1.0) -> Figures:
    """Put a load on a CSMS.

    Args:
        load: the load.
        progress: called with the figures so far.
        every_s: the interval of `progress` in real seconds.

    Raises:
        BenchError: the system does not allow that many connections, or no charge point could register.
    """
    allow_open_files(load.points + _SPARE_FILES, f"{load.points} connections")
    figures = Figures()
    loop = asyncio.get_running_loop()
    begin = loop.time() + load.points / load.ramp
    tasks = [
        asyncio.create_task(_Point(load, number, begin, figures).run(), name=f"{load.prefix}{number + 1}")
        for number in range(load.points)
    ]

    async def report() -> None:
        while True:
            await asyncio.sleep(every_s)
            figures.elapsed_s = max(0.0, loop.time() - begin)
            progress(figures)

    reporting = asyncio.create_task(report())
    try:
        await asyncio.sleep(begin - loop.time() + load.seconds)
        figures.elapsed_s = load.seconds
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        reporting.cancel()
        for task in tasks:
            task.cancel()
    if not figures.reached:
        reason = next(iter(figures.reasons), "no attempt ended in time")
        raise BenchError(f"no charge point could register at {load.url}: {reason}", "Check the URL and the login")
    return figures


class _Point:
    """One charge point. At any time, at most one of its calls is unanswered (OCPP-J 1.6 section 4.1.1)."""

    def __init__(self, load: Load, number: int, begin: float, figures: Figures) -> None:
        self._load = load
        self._figures = figures
        self._version = VERSIONS[load.protocol]
        self._identity = f"{load.prefix}{number + 1}"
        self._random = random.Random(f"{load.seed} {number}")
        self._loop = asyncio.get_running_loop()
        self._connect_at = self._loop.time() + number / load.ramp
        self._period = load.points / load.rate
        self._next = begin + self._random.random() * self._period
        self._sent = 0
        self._is_counted = False

    async def run(self) -> None:
        """Connect, register and call until it is cancelled."""
        backoff = _FIRST_BACKOFF_S
        await asyncio.sleep(self._connect_at - self._loop.time())
        while True:
            try:
                async with asyncio.timeout(self._load.timeout_s):
                    socket = await self._connect()
            except (OSError, WebSocketException, TimeoutError) as error:
                self._figures.refused += 1
                self._figures.note(_reason(error))
            else:
                try:
                    await self._talk(socket)
                except ConnectionClosed as error:
                    self._figures.lost += 1
                    self._figures.note(_reason(error))
                except TimeoutError:
                    self._figures.timeouts += 1
                    self._figures.note("a call was not answered in time")
                finally:
                    if self._is_counted:
                        backoff = _FIRST_BACKOFF_S
                        self._count(False)
                    socket.transport.abort()
            await asyncio.sleep(backoff * (0.5 + self._random.random()))
            backoff = min(2 * backoff, _LONGEST_BACKOFF_S)

    def _count(self, connected: bool) -> None:
        self._is_counted = connected
        self._figures.connected += 1 if connected else -1
        self._figures.reached = max(self._figures.reached, self._figures.connected)

    async def _connect(self) -> ClientConnection:
        load = self._load
        headers = {}
        if password := load.passwords.get(self._identity):
            login = base64.b64encode(self._identity.encode() + b":" + password).decode()
            headers["Authorization"] = f"Basic {login}"
        return await connect(
            f"{load.url.rstrip('/')}/{quote(self._identity, safe='')}",
            subprotocols=[Subprotocol(load.protocol)],
            additional_headers=headers,
            compression=None,
            ping_interval=None,
            open_timeout=None,
            max_size=1 << 20,
            max_queue=4,
            ssl=load.tls if load.url.startswith("wss:") else None,
        )

    async def _talk(self, socket: ClientConnection) -> None:
        boot: dict[str, Any] = {"chargePointModel": "Load", "chargePointVendor": "Plugbench"}
        if not self._version.is_16:
            boot = {"reason": "PowerUp", "chargingStation": {"model": "Load", "vendorName": "Plugbench"}}
        while True:
            answer = await self._call(socket, "BootNotification", boot)
            if isinstance(answer, CallResult) and answer.payload.get("status") == "Accepted":
                break
            self._figures.refused += 1
            self._figures.note("BootNotification was not accepted")
            interval = answer.payload.get("interval", 0) if isinstance(answer, CallResult) else 0
            again = min(max(interval, _FIRST_BACKOFF_S), _LONGEST_BACKOFF_S)
            await self._answer_until(socket, self._loop.time() + again)
        self._count(True)
        now = self._loop.time()
        while self._next < now:  # skip calls that were due without a connection
            self._next += self._period
        while True:
            await self._answer_until(socket, self._next)
            planned, self._next = self._next, self._next + self._period
            self._figures.started += 1
            answer = await self._call(socket, self._load.action, self._payload())
            self._figures.times.add(self._loop.time() - planned)
            if isinstance(answer, CallError):
                self._figures.call_errors += 1
                self._figures.note(f"CALLERROR {answer.code[:40]}")

    def _payload(self) -> dict[str, Any]:
        if self._load.action == "Heartbeat":
            return {}
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if self._load.action == "StatusNotification":
            if self._version.is_16:
                return {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
            return {"timestamp": now, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
        place = "connectorId" if self._version.is_16 else "evseId"
        samples = [self._sample(measurand, unit) for measurand, unit in _MEASURED]
        return {place: 1, "meterValue": [{"timestamp": now, "sampledValue": samples}]}

    def _sample(self, measurand: str, unit: str) -> dict[str, Any]:
        if self._version.is_16:
            return {"value": str(self._sent), "context": "Sample.Periodic", "measurand": measurand, "unit": unit}
        # OCPP 2.0.1 has no temperature: another measurand of the same length takes its place.
        measured = "Power.Offered" if measurand == "Temperature" else measurand
        return {"value": self._sent, "measurand": measured, "unitOfMeasure": {"unit": unit}}

    async def _call(self, socket: ClientConnection, action: str, payload: Any) -> CallResult | CallError:
        self._sent += 1
        call = Call(str(self._sent), action, payload)
        async with asyncio.timeout(self._load.timeout_s):
            await socket.send(call.text())
            while True:
                answer = await self._receive(socket)
                if answer is not None and answer.unique_id == call.unique_id:
                    break
                if answer is not None:
                    self._figures.invalid += 1
                    self._figures.note("an answer to no call")
        if isinstance(answer, CallResult) and (
            violation := schemas.check(action, answer.payload, "response", self._version)
        ):
            self._figures.invalid += 1
            self._figures.note(f"{action}: {violation.what[:80]}")
            return CallError(self._version.format_code)
        return answer

    async def _answer_until(self, socket: ClientConnection, moment: float) -> None:
        """Answer the calls of the CSMS until a moment."""
        try:
            async with asyncio.timeout_at(moment):
                while True:
                    await self._receive(socket)
        except TimeoutError:
            pass

    async def _receive(self, socket: ClientConnection) -> CallResult | CallError | None:
        """Return the next message if it is an answer. Reject a call of the CSMS: this point has no features."""
        message = parse(await socket.recv(), self._version)
        match message:
            case CallResult() | CallError():
                return message
            case Call():
                answer = CallError("NotSupported", "a charge point of a load", {}, message.unique_id)
                await socket.send(answer.text())
            case Malformed(why=why):
                self._figures.invalid += 1
                self._figures.note(f"not OCPP-J: {why[:80]}")
            case _:
                self._figures.invalid += 1
                self._figures.note(f"an unexpected {type(message).__name__}")
        return None


_MEASURED = (
    ("Energy.Active.Import.Register", "Wh"),
    ("Power.Active.Import", "W"),
    *((f"{measurand}", unit) for measurand, unit in (("Voltage", "V"), ("Current.Import", "A")) for _ in range(3)),
    ("Temperature", "Celsius"),
    ("SoC", "Percent"),
)


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no connection in time"
    return f"{type(error).__name__}: {str(error)[:80]}"
