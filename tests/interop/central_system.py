"""The interface of a third-party CSMS, as the session uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from rig.ocpp.matching import differences

CALL_TIMEOUT_S = 20.0
"""The timeout for a call to arrive, in real seconds, generous for a busy machine."""


class CentralSystem(Protocol):
    """A third-party CSMS. It validates every call of the charge point and answers as a normal CSMS does."""

    @property
    def url(self) -> str:
        """The URL that it listens on: `ws://HOST:PORT`."""

    @property
    def inbox(self) -> Inbox:
        """The calls that it found valid and answered."""

    async def call(self, action: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call the charge point. Return the payload of its CALLRESULT."""

    def problems(self) -> list[str]:
        """Return every violation that it found, and every CALLERROR of either side."""


class Inbox:
    """The calls of the device, in order of arrival."""

    def __init__(self) -> None:
        self._calls: list[tuple[str, dict[str, Any]]] = []
        self._changed = asyncio.Condition()

    async def put(self, action: str, payload: dict[str, Any]) -> None:
        """Add a call."""
        async with self._changed:
            self._calls.append((action, payload))
            self._changed.notify_all()

    async def take(self, action: str, **fields: Any) -> dict[str, Any]:
        """Wait for the first such call. Remove it and all calls before it.

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
                    f"no {action} with {fields} within {CALL_TIMEOUT_S:g} s; calls so far:\n{came or '  none'}"
                ) from None
            number = found()
            assert number is not None
            payload = self._calls[number][1]
            del self._calls[: number + 1]
            return payload
