"""The network between charge point and CSMS: an access point, and a proxy that simulates faults."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from rig.csms.server import url_of
from rig.instruments.proxy import Admission, Delay, Proxy
from rig.timeline import Timeline
from rig.timeline.events import AccessPointChange, Carried
from rig.util.checked import Limits, Seed, Text, checked
from rig.util.errors import BenchError
from rig.util.loop import run_on
from rig.wiring.interfaces import AccessPoint

T = TypeVar("T")
Milliseconds = Annotated[float, Limits(least=0, most=3_600_000)]


class Network:
    """The network. Its methods may be called from any thread except the loop's. Durations are in bench time.

    The access point is switched on first: the proxy's address may exist only while the access point is up.

    Args:
        timeline: the bench's timeline.
        loop: the bench's event loop, running in its own thread.
        host: the address at which the charge point reaches the bench.
        port: the port at which the charge point reaches the bench; 0 selects a free one.
        upstream_port: the port of the CSMS behind the proxy.
        access_point: switches the access point; None if it cannot be switched.
        upstream_host: the address of the CSMS behind the proxy.

    Raises:
        BenchError: the access point cannot be switched on, or the port is taken.
    """

    def __init__(
        self,
        timeline: Timeline,
        loop: asyncio.AbstractEventLoop,
        host: str,
        port: int,
        upstream_port: int,
        access_point: AccessPoint | None = None,
        upstream_host: str = "127.0.0.1",
    ) -> None:
        self.timeline = timeline
        self._loop = loop
        self._access_point = access_point
        if access_point is not None:
            self.up()
        self._proxy = Proxy(host, port, (upstream_host, upstream_port), self._held)

    def _held(self, to_device: bool, seconds: float) -> None:
        came = self.timeline.clock.now() - round(seconds * 1e9)
        self.timeline.append(Carried(source="network", to_device=to_device, came=came))

    # -- opening and closing ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Accept connections of charge points and forward them to the CSMS."""
        self._do(self._proxy.admit("accept"), "start the proxy")

    def close(self) -> None:
        """Reset all connections and release the port."""
        self._do(self._proxy.close(), "close the proxy")

    def reset(self) -> None:
        """Remove all simulated faults of the proxy. The access point is not changed."""

        async def back_to_normal() -> None:
            await self._proxy.black_hole(False)
            await self._proxy.slow_down(Delay())
            await self._proxy.admit("accept")

        self._do(back_to_normal(), "reset the proxy")

    # -- TCP ----------------------------------------------------------------------------------------------------

    @property
    def csms_port(self) -> int:
        """The proxy's port, at which the charge point reaches the CSMS; constant while the bench is open."""
        return self._proxy.port

    @checked
    def csms_url(self, identity: Text) -> str:
        """Return the URL to configure in the charge point."""
        return url_of(self._proxy.host, self.csms_port, identity)

    @property
    def connections(self) -> int:
        """The number of open TCP connections through the proxy."""
        return self._proxy.connections

    def drop_connections(self) -> int:
        """Reset all TCP connections now (RST to both sides). Return their number."""
        return self._do(self._proxy.drop(), "drop the connections")

    @checked
    def black_hole(self, on: bool = True) -> None:
        """Hold back all data of open and new connections, both ways. False lets the data through again.

        Held data arrives when the black hole ends, if its connection still exists, as with TCP retransmission.
        """
        self._do(self._proxy.black_hole(on), "switch the black hole")

    @checked
    def latency(self, ms: Milliseconds, jitter_ms: Milliseconds = 0.0, seed: Seed = 0) -> None:
        """Delay all data each way from now on. 0 ends the delay.

        Args:
            ms: the delay each way, in milliseconds.
            jitter_ms: the largest random addition for each chunk of data, in milliseconds; the order is kept.
            seed: seeds the jitter.

        Raises:
            AuthorError: a delay or jitter is not a number of at least 0.
        """
        self._do(self._proxy.slow_down(Delay(ms / 1000, jitter_ms / 1000, seed)), "delay the traffic")

    @property
    def delay(self) -> tuple[float, float, int]:
        """The latest arguments of `latency`: milliseconds, jitter in milliseconds, seed."""
        latency_s, jitter_s, seed = self._proxy.delay
        return latency_s * 1000, jitter_s * 1000, seed

    @property
    def is_black_hole(self) -> bool:
        """Whether all data is held back."""
        return self._proxy.is_black_hole

    @checked
    def admit(self, admission: Admission) -> None:
        """Accept, refuse or ignore attempts to connect to the CSMS from now on. Open connections stay.

        Args:
            admission: `accept`; `refuse`, like a closed port; `ignore`, like a firewall that drops SYNs.
        """
        self.timeline.clock.ignores_syn = admission == "ignore"
        self._do(self._proxy.admit(admission), f"{admission} attempts to connect")

    @property
    def admission(self) -> Admission:
        """Whether attempts to connect are accepted, refused or ignored."""
        return self._proxy.admission

    # -- radio --------------------------------------------------------------------------------------------------

    @property
    def on_air(self) -> bool:
        """Whether the access point is on the air; always True if it cannot be switched."""
        change = self.timeline.last(AccessPointChange)
        return change is None or change.up

    def up(self) -> None:
        """Switch the access point on.

        Raises:
            BenchError: this bench cannot switch its access point.
        """
        self._switch(True)

    def down(self) -> None:
        """Switch the access point off; stations get no deauthentication frame.

        Raises:
            BenchError: this bench cannot switch its access point.
        """
        self._switch(False)

    def _switch(self, up: bool) -> None:
        access_point = self._switchable()
        begun = self.timeline.clock.now()  # before the switch, so that the effects have later stamps
        if up:
            access_point.up()
        else:
            access_point.down()
        self.timeline.append(AccessPointChange(source="network", up=up, t=begun))
        self.timeline.clock.settle()

    def _switchable(self) -> AccessPoint:
        if self._access_point is None:
            raise BenchError(
                "This bench lacks the capability access_point: it cannot switch its access point",
                "Describe one in the bench description, or mark the test with needs('access_point')",
            )
        return self._access_point

    def _do(self, work: Coroutine[Any, Any, T], what: str) -> T:
        result = run_on(self._loop, work, f"network: {what}")
        self.timeline.clock.settle()
        return result
