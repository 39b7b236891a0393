"""How charge points must log in: the security profile, and the clients that were refused."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rig.csms.instrument.part import CsmsPart
from rig.csms.security import Security
from rig.timeline import Mark
from rig.timeline.events import ClientRefused


class SecuredAccess(CsmsPart):
    """Security profiles, and the refusals that follow from them."""

    @contextlib.contextmanager
    def secured(self, security: Security) -> Iterator[None]:
        """Within the block new connections are held to a security profile; open connections stay.

        Args:
            security: the profile, with what it needs.

        Raises:
            BenchError: a certificate cannot be used.
        """

        async def secure(wanted: Security) -> Security:
            return self._server.secure(wanted)

        before = self.on_loop(secure(security), "change the security profile")
        try:
            yield
        finally:
            self.on_loop(secure(before), "restore the security profile")

    def expect_refused(
        self,
        reason: str = "",
        *,
        where: Callable[[ClientRefused], bool] | None = None,
        timeout: float = 10.0,
        since: Mark | None = None,
    ) -> ClientRefused:
        """The next client that the CSMS refuses: already there, or still to come.

        Args:
            reason: what its reason contains.
            where: what else must hold.
            timeout: bench seconds.
            since: only what came after this mark; None: since the test's start.

        Raises:
            ExpectationError: none was refused in time.
        """
        return self.timeline.expect(
            ClientRefused,
            lambda refused: reason in refused.reason and (where is None or where(refused)),
            since=since or self.timeline.default_mark,
            timeout=timeout,
            what=f"a client is refused{f' because {reason!r}' if reason else ''}",
        )
