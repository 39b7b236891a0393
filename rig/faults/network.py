"""Faults between the device and the CSMS."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from rig.faults.fault import Bench, Fault, hooks
from rig.util.checked import Limits, Seed

_LONGEST_MS = 120_000
"""TCP's maximum segment lifetime, two minutes (RFC 9293 section 3.4.2): use a black hole for more."""


@dataclass(frozen=True, slots=True)
class AccessPointGone(Fault):
    """The access point is off the air until the end."""

    name: ClassVar[str] = "access-point-gone"
    summary: ClassVar[str] = "the access point is off the air until the fault is lifted"
    needs: ClassVar[frozenset[str]] = frozenset({"access_point"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Switch the access point off. At the end, switch it on if it was on."""
        if bench.network.on_air:
            restore.callback(bench.network.up)
        bench.network.down()


@dataclass(frozen=True, slots=True)
class WifiRejected(Fault):
    """The access point ends the association and rejects every attempt until the fault is lifted.

    Args:
        reason: a number of ESP-IDF's `wifi_err_reason_t`: 2 is authentication expired, 4 idle too long, 15 a wrong key,
            200 an access point that is no longer heard, 201 no such access point.
    """

    reason: Annotated[int, Limits(least=1, most=255)] = 2
    name: ClassVar[str] = "wifi-rejected"
    summary: ClassVar[str] = "the access point ends the association and rejects attempts with a reason"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Reject attempts and end the association, then admit again as before."""
        radio = hooks(bench).radio
        restore.callback(radio.refuse, radio.refusal)
        radio.refuse(self.reason)
        radio.kick(self.reason)
        bench.timeline.clock.settle()


@dataclass(frozen=True, slots=True)
class WifiKick(Fault):
    """The access point ends the association once.

    Args:
        reason: a number of ESP-IDF's `wifi_err_reason_t`, as for `WifiRejected`.
    """

    reason: Annotated[int, Limits(least=1, most=255)] = 4
    name: ClassVar[str] = "wifi-kick"
    summary: ClassVar[str] = "the access point ends the association with a reason, once"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:  # noqa: ARG002 - over as soon as it has happened
        """End the association."""
        hooks(bench).radio.kick(self.reason)
        bench.timeline.clock.settle()


@dataclass(frozen=True, slots=True)
class WifiEvents(Fault):
    """The device's Wi-Fi driver loses, repeats or delays the events of lost and failed associations.

    Args:
        kind: `lost`, `twice`, or `normal` (only delayed).
        delay_ms: the delay of each event in ms, at most 120,000.
    """

    kind: Literal["normal", "lost", "twice"] = "lost"
    delay_ms: Annotated[int, Limits(least=0, most=_LONGEST_MS)] = 0
    name: ClassVar[str] = "wifi-events"
    summary: ClassVar[str] = "the Wi-Fi driver loses, repeats or delays the events of lost links"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Lose, repeat or delay the events; at the end, report them as before."""
        radio = hooks(bench).radio
        restore.callback(radio.report, *radio.events)
        radio.report(self.kind, self.delay_ms)


@dataclass(frozen=True, slots=True)
class LeaseLost(Fault):
    """The device loses its IP address and gets no other until the end. It stays associated."""

    name: ClassVar[str] = "lease-lost"
    summary: ClassVar[str] = "the device loses its address, but the association stays"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Withdraw the address. At the end, give the station an address if it had one."""
        radio = hooks(bench).radio
        restore.callback(radio.give_leases, radio.gives_leases)
        radio.give_leases(False)
        bench.timeline.clock.settle()


@dataclass(frozen=True, slots=True)
class WifiSilence(Fault):
    """The access point ends the association. It rejects attempts until the device was silent for a time.

    Args:
        seconds: the required time in seconds without an attempt.
    """

    seconds: Annotated[int, Limits(least=1, most=3600)] = 90
    name: ClassVar[str] = "wifi-silence"
    summary: ClassVar[str] = (
        "the access point ends the association and rejects attempts until the device was silent for that time"
    )
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Require the silence and end the association. At the end, restore the previous requirement."""
        radio = hooks(bench).radio
        restore.callback(radio.require_silence, radio.silence_ms)
        radio.require_silence(self.seconds * 1000)
        radio.kick(200)
        bench.timeline.clock.settle()


@dataclass(frozen=True, slots=True)
class BlackHole(Fault):
    """All traffic is held back. Open connections become half-open, and new connections get no answer."""

    name: ClassVar[str] = "black-hole"
    summary: ClassVar[str] = "connections stay open but nothing gets through (half-open link)"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Hold back all traffic, then restore the previous state."""
        restore.callback(bench.network.black_hole, bench.network.is_black_hole)
        bench.network.black_hole(True)


@dataclass(frozen=True, slots=True)
class SynIgnored(Fault):
    """Open connections are reset, and new SYNs get no answer, as with a firewall that drops packets."""

    name: ClassVar[str] = "syn-ignored"
    summary: ClassVar[str] = "connections are reset and attempts to connect are never answered"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Ignore SYNs, then handle them as before."""
        restore.callback(bench.network.admit, bench.network.admission)
        bench.network.admit("ignore")
        bench.network.drop_connections()


@dataclass(frozen=True, slots=True)
class Latency(Fault):
    """A slow network.

    Args:
        ms: the delay each way in milliseconds of bench time, at most two minutes.
        jitter_ms: the largest random addition for each chunk of data, at most two minutes. The order stays.
        seed: seeds the jitter.
    """

    ms: Annotated[float, Limits(least=0, most=_LONGEST_MS)] = 500
    jitter_ms: Annotated[float, Limits(least=0, most=_LONGEST_MS)] = 0
    seed: Seed = 0
    name: ClassVar[str] = "latency"
    summary: ClassVar[str] = "all data arrives that many milliseconds later, in both directions"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Delay the traffic, then restore the previous delay."""
        restore.callback(bench.network.latency, *bench.network.delay)
        bench.network.latency(self.ms, self.jitter_ms, self.seed)


@dataclass(frozen=True, slots=True)
class ConnectionDrop(Fault):
    """All TCP connections are reset once. New connections are accepted immediately."""

    name: ClassVar[str] = "connection-drop"
    summary: ClassVar[str] = "all TCP connections are reset, once"

    def apply(self, bench: Bench, restore: ExitStack) -> None:  # noqa: ARG002 - over as soon as it has happened
        """Reset all connections."""
        bench.network.drop_connections()


FAULTS: tuple[type[Fault], ...] = (
    AccessPointGone,
    WifiRejected,
    WifiKick,
    WifiEvents,
    LeaseLost,
    WifiSilence,
    BlackHole,
    SynIgnored,
    Latency,
    ConnectionDrop,
)
"""In the order of the catalogue."""
