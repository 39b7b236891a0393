"""A CSMS that we did not write, as the session sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from rig.ocpp.matching import differences

CALL_TIMEOUT_S = 20.0
"""How long a call may take to come; real seconds on a machine that may be busy."""


class CentralSystem(Protocol):
    """The session's view of it. It validates every call of the charge point and answers as a normal CSMS."""

    @property
    def url(self) -> str:
        """Where it listens: `ws://HOST:PORT`."""

    @property
    def inbox(self) -> Inbox:
        """The calls that it took, found valid and answered."""

    async def call(self, action: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call the charge point; return the payload of its CALLRESULT."""

    def problems(self) -> list[str]:
        """Everything that its strict checks found, and every CALLERROR of either side."""


class Inbox:
    """Calls of the device, in the order in which they came."""

    def __init__(self) -> None:
        self._calls: list[tuple[str, dict[str, Any]]] = []
        self._changed = asyncio.Condition()

    async def put(self, action: str, payload: dict[str, Any]) -> None:
        """One came."""
        async with self._changed:
            self._calls.append((action, payload))
            self._changed.notify_all()

    async def take(self, action: str, **fields: Any) -> dict[str, Any]:
        """The first such call, there already or still to come; it and all before it are done with.

        Raises:
            AssertionError: none came in time.
        """

        def found() -> int | None:
            for number, (name, payload) in enumerate(self._calls):
                if name == action and not differences(fields, payload):
                    return number
            return None

        async with self._changed:
            try:
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    await self._changed.wait_for(lambda: found() is not None)
            except TimeoutError:
                came = "\n".join(f"  {name} {payload}" for name, payload in self._calls)
                raise AssertionError(
                    f"no {action} with {fields} within {CALL_TIMEOUT_S:g} s; there is:\n{came or '  nothing'}"
                ) from None
            number = found()
            assert number is not None
            payload = self._calls[number][1]
            del self._calls[: number + 1]
            return payload
