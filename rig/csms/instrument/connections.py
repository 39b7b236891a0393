"""The WebSocket connections of charge points: their state, waiting for a change, closing."""

from __future__ import annotations

from rig.csms.close_frame import CloseCode, CloseReason, validate_close_reason
from rig.csms.instrument.observations import Observations
from rig.timeline import Mark
from rig.timeline.events import LinkChange
from rig.util.checked import Seconds, checked


class Connections(Observations):
    """The connections of charge points."""

    @property
    def connected(self) -> bool:
        """Whether the bench's charge point is connected."""
        return self.is_connected()

    @checked
    def is_connected(self, charge_point: str | None = None) -> bool:
        """Return whether a charge point is connected."""
        if charge_point is None and not self._identity and not self._server.charge_points:
            return False
        return self._point(charge_point).connection is not None

    @property
    def charge_points(self) -> tuple[str, ...]:
        """The identities of the known charge points."""
        return self._server.charge_points

    @checked
    def expect_connected(
        self, timeout: Seconds = 10.0, *, since: Mark | None = None, charge_point: str | None = None
    ) -> LinkChange:
        """Wait for a charge point to open its connection. A connection since the mark counts too."""
        return self._expect_link(True, timeout, since, charge_point)

    @checked
    def expect_disconnected(
        self, timeout: Seconds = 10.0, *, since: Mark | None = None, charge_point: str | None = None
    ) -> LinkChange:
        """Wait for a charge point's connection to close. An end since the mark counts too."""
        return self._expect_link(False, timeout, since, charge_point)

    @checked
    def close(self, code: CloseCode = 1000, reason: CloseReason = "", *, charge_point: str | None = None) -> None:
        """Close the charge point's connection with any close code (RFC 6455 section 7.4).

        The charge point can reconnect at once.

        Raises:
            ExpectationError: the charge point is not connected.
            AuthorError: a close frame cannot hold the code or the reason.
        """
        validate_close_reason("close", reason)
        self.on_loop(
            self._connection(charge_point, "close the connection of").close_with(code, reason), f"close with {code}"
        )

    def _expect_link(self, connected: bool, timeout: float, since: Mark | None, charge_point: str | None) -> LinkChange:
        who = self._who(charge_point)
        since = since or self.timeline.default_mark
        return self.timeline.expect(
            LinkChange,
            lambda change: change.charge_point == who and change.connected is connected,
            since=since,
            timeout=timeout,
            what=f"{who} {'connects' if connected else 'disconnects'}",
            explain=lambda _: self.exchange(who, since),
        )
