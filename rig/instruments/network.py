"""The network between the charge point and the CSMS: an access point, and a proxy that can be a bad network."""

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
    """All methods may be called from any thread but the loop's. Durations are in bench time.

    An access point that can be switched is on the air from the beginning: the proxy's address may be one that this
    machine has only while it is up.

    Args:
        timeline: the bench's timeline.
        loop: the bench's event loop, running in its own thread.
        host: the address that the charge point reaches the bench at.
        port: the port that the charge point is given; 0 takes a free one.
        upstream_port: the port of the CSMS behind the proxy.
        access_point: None where nobody can switch it.
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

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Let charge points through to the CSMS."""
        self._do(self._proxy.admit("accept"), "start the proxy")

    def close(self) -> None:
        """End all connections and give the port back."""
        self._do(self._proxy.close(), "close the proxy")

    def reset(self) -> None:
        """Restore a good network. The access point is left as it is."""

        async def back_to_normal() -> None:
            await self._proxy.black_hole(False)
            await self._proxy.slow_down(Delay())
            await self._proxy.admit("accept")

        self._do(back_to_normal(), "reset the proxy")

    # -- TCP ----------------------------------------------------------------------------------------------------

    @property
    def csms_port(self) -> int:
        """The port at which the charge point reaches the CSMS through the proxy; constant over the bench's life."""
        return self._proxy.port

    @checked
    def csms_url(self, identity: Text) -> str:
        """The URL that the charge point is configured with."""
        return url_of(self._proxy.host, self.csms_port, identity)

    @property
    def connections(self) -> int:
        """How many TCP connections are open through the proxy."""
        return self._proxy.connections

    def drop_connections(self) -> int:
        """Reset all TCP connections now (RST to both sides). Returns how many there were."""
        return self._do(self._proxy.drop(), "drop the connections")

    @checked
    def black_hole(self, on: bool = True) -> None:
        """Let nothing through either way, keep connections, accept new ones and never answer them; or end that.

        What was sent meanwhile arrives when it ends, where the connection still lives: TCP repeats.
        """
        self._do(self._proxy.black_hole(on), "switch the black hole")

    @checked
    def latency(self, ms: Milliseconds, jitter_ms: Milliseconds = 0.0, seed: Seed = 0) -> None:
        """Delay everything each way from now on; 0 ends that.

        Args:
            ms: milliseconds each way.
            jitter_ms: up to this much more, drawn for each piece; the order is kept.
            seed: the same seed draws the same.

        Raises:
            AuthorError: a delay or jitter that is no number of 0 or more.
        """
        self._do(self._proxy.slow_down(Delay(ms / 1000, jitter_ms / 1000, seed)), "delay the traffic")

    @property
    def delay(self) -> tuple[float, float, int]:
        """The latest arguments of `latency`: milliseconds, jitter in milliseconds, seed."""
        latency_s, jitter_s, seed = self._proxy.delay
        return latency_s * 1000, jitter_s * 1000, seed

    @property
    def is_black_hole(self) -> bool:
        """Whether nothing gets through at present."""
        return self._proxy.is_black_hole

    @checked
    def admit(self, admission: Admission) -> None:
        """Accept, refuse or ignore attempts to connect to the CSMS from now on. Open connections stay.

        Args:
            admission: `accept`; `refuse`, as if nobody listened; `ignore`, as a firewall that drops SYNs.
        """
        self.timeline.clock.ignores_syn = admission == "ignore"
        self._do(self._proxy.admit(admission), f"{admission} attempts to connect")

    @property
    def admission(self) -> Admission:
        """Whether attempts to connect are accepted, refused or ignored at present."""
        return self._proxy.admission

    # -- radio --------------------------------------------------------------------------------------------------

    @property
    def on_air(self) -> bool:
        """Whether the access point is on the air; one that nobody can switch always is."""
        change = self.timeline.last(AccessPointChange)
        return change is None or change.up

    def up(self) -> None:
        """Put the access point on the air.

        Raises:
            BenchError: this bench has none to switch.
        """
        self._switch(True)

    def down(self) -> None:
        """Take the access point off the air: stations lose it without a word.

        Raises:
            BenchError: this bench has none to switch.
        """
        self._switch(False)

    def _switch(self, up: bool) -> None:
        access_point = self._switchable()
        begun = self.timeline.clock.now()  # what follows from it must not seem to come before it
        if up:
            access_point.up()
        else:
            access_point.down()
        self.timeline.append(AccessPointChange(source="network", up=up, t=begun))
        self.timeline.clock.settle()

    def _switchable(self) -> AccessPoint:
        if self._access_point is None:
            raise BenchError(
                "This bench lacks the capability access_point: nobody can switch its access point",
                "Describe one in the bench file, or mark the test with needs('access_point')",
            )
        return self._access_point

    def _do(self, work: Coroutine[Any, Any, T], what: str) -> T:
        result = run_on(self._loop, work, f"network: {what}")
        self.timeline.clock.settle()
        return result
