"""The base of all parts of the instrument: the server on the bench's loop, and the choice of a charge point."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from rig.csms.connection import Connection
from rig.csms.server import CsmsServer
from rig.csms.session import ChargePoint
from rig.ocpp.versions import Version
from rig.timeline import Timeline
from rig.util.errors import BenchError, ExpectationError
from rig.util.loop import run_on

T = TypeVar("T")


class CsmsPart:
    """The attributes that the parts of `Csms` share. `Csms` sets them.

    Attributes:
        timeline: the bench's timeline. It gets every frame as `OcppFrame`.
    """

    timeline: Timeline
    _loop: asyncio.AbstractEventLoop
    _server: CsmsServer
    _identity: str

    def on_loop(self, work: Coroutine[Any, Any, T], what: str) -> T:
        """Run a coroutine on the bench's loop and wait for it."""
        result = run_on(self._loop, work, f"CSMS: {what}")
        self.timeline.clock.settle()
        return result

    def _who(self, charge_point: str | None) -> str:
        if charge_point or self._identity:
            return charge_point or self._identity
        known = self._server.charge_points
        if not known:
            raise BenchError("CSMS: no charge point has connected yet", "Name one: charge_point=...")
        return known[0]

    def _point(self, charge_point: str | None) -> ChargePoint:
        return self._server.charge_point(self._who(charge_point))

    def _versions(self, charge_point: str | None) -> tuple[Version, ...]:
        """Return the version of a charge point; before its first connection, all versions that the CSMS accepts."""
        version = self._point(charge_point).version
        return self._server.versions if version is None else (version,)

    def _connection(self, charge_point: str | None, what: str) -> Connection:
        connection = self._point(charge_point).connection
        if connection is None:
            raise ExpectationError(f"cannot {what} {self._who(charge_point)}: it is not connected")
        return connection
