"""Faults between the device and the CSMS."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, ClassVar

from rig.faults.fault import Bench, Fault
from rig.util.checked import Limits, Seed

_LONGEST_MS = 120_000
"""TCP's maximum segment lifetime, two minutes (RFC 9293 section 3.4.2): use a black hole for more."""


@dataclass(frozen=True, slots=True)
class AccessPointGone(Fault):
    """The access point is off the air; it comes back at the end."""

    name: ClassVar[str] = "access-point-gone"
    summary: ClassVar[str] = "the access point is off the air until the fault is lifted"
    needs: ClassVar[frozenset[str]] = frozenset({"access_point"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Take it down, then up again if it was up."""
        if bench.network.on_air:
            restore.callback(bench.network.up)
        bench.network.down()


@dataclass(frozen=True, slots=True)
class BlackHole(Fault):
    """All traffic is silently held back: connections become half-open, new ones are never answered."""

    name: ClassVar[str] = "black-hole"
    summary: ClassVar[str] = "connections stay open but nothing gets through (half-open link)"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Hold back all traffic, then restore the previous state."""
        restore.callback(bench.network.black_hole, bench.network.is_black_hole)
        bench.network.black_hole(True)


@dataclass(frozen=True, slots=True)
class SynIgnored(Fault):
    """Connections are reset and new SYNs never answered, as by a firewall that drops packets."""

    name: ClassVar[str] = "syn-ignored"
    summary: ClassVar[str] = "connections are reset and attempts to connect are never answered"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Ignore SYNs, then restore the previous admission."""
        restore.callback(bench.network.admit, bench.network.admission)
        bench.network.admit("ignore")
        bench.network.drop_connections()


@dataclass(frozen=True, slots=True)
class Latency(Fault):
    """A slow network.

    Args:
        ms: the delay each way in milliseconds of bench time, at most two minutes.
        jitter_ms: the largest random addition for each chunk of data, at most two minutes; the order is kept.
        seed: seeds the jitter.
    """

    ms: Annotated[float, Limits(least=0, most=_LONGEST_MS)] = 500
    jitter_ms: Annotated[float, Limits(least=0, most=_LONGEST_MS)] = 0
    seed: Seed = 0
    name: ClassVar[str] = "latency"
    summary: ClassVar[str] = "everything takes that many milliseconds longer each way"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Delay the traffic, then restore the previous delay."""
        restore.callback(bench.network.latency, *bench.network.delay)
        bench.network.latency(self.ms, self.jitter_ms, self.seed)


@dataclass(frozen=True, slots=True)
class ConnectionDrop(Fault):
    """All TCP connections are reset once; new ones are accepted at once."""

    name: ClassVar[str] = "connection-drop"
    summary: ClassVar[str] = "all TCP connections are reset, once"

    def apply(self, bench: Bench, restore: ExitStack) -> None:  # noqa: ARG002 - over as soon as it has happened
        """Reset all connections."""
        bench.network.drop_connections()
