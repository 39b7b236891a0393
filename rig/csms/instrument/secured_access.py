"""The login of charge points: the security profile, and the refused clients."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rig.csms.instrument.part import CsmsPart
from rig.csms.security import Security
from rig.timeline import Mark
from rig.timeline.events import ClientRefused
from rig.util.checked import Seconds, checked


class SecuredAccess(CsmsPart):
    """The security profile of the CSMS, and the clients that the CSMS refuses."""

    @contextlib.contextmanager
    @checked
    def secured(self, security: Security) -> Iterator[None]:
        """Require a security profile from new connections within the block. Open connections stay.

        Args:
            security: the profile with its certificates and passwords.

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

    @checked
    def expect_refused(
        self,
        reason: str = "",
        *,
        where: Callable[[ClientRefused], bool] | None = None,
        timeout: Seconds = 10.0,
        since: Mark | None = None,
    ) -> ClientRefused:
        """Wait for the next client that the CSMS refuses. A refusal since the mark counts too.

        Args:
            reason: a part of the reason.
            where: a predicate that the event must fulfil too.
            timeout: bench seconds.
            since: ignore events before this mark; None: the test's start.

        Raises:
            ExpectationError: no client was refused in time.
        """
        return self.timeline.expect(
            ClientRefused,
            lambda refused: refused.source == "csms" and reason in refused.reason and (where is None or where(refused)),
            since=since or self.timeline.default_mark,
            timeout=timeout,
            what=f"a client is refused{f' because {reason!r}' if reason else ''}",
        )
