"""The catalogue of faults. A fault is a value; only `inject` makes one happen, and it always takes it back."""

from __future__ import annotations

import contextlib
import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, Protocol, get_args, get_type_hints

from rig.csms.bad_handshake import BadHandshake as HandshakeKind
from rig.errors import BenchError
from rig.events import BenchTrouble, FaultInjected, FaultLifted
from rig.seams import TestHooks
from rig.timeline import Timeline

TearEffect = Literal["none", "half", "random"]


class Power(Protocol):
    """What a fault needs of the power instrument."""

    def off(self) -> None: ...
    def on(self) -> None: ...


class Network(Protocol):
    """What a fault needs of the network instrument."""

    def up(self) -> None: ...
    def down(self) -> None: ...
    def black_hole(self, on: bool = True) -> None: ...
    def refuse(self, on: bool = True) -> None: ...
    def ignore(self, on: bool = True) -> None: ...
    def latency(self, ms: float, jitter_ms: float = 0.0, seed: int = 0) -> None: ...
    def drop_connections(self) -> int: ...


class Csms(Protocol):
    """What a fault needs of the fake CSMS."""

    def start(self) -> None: ...
    def stop(self, code: int | None = None, reason: str = "") -> None: ...
    def silence(self) -> AbstractContextManager[None]: ...
    def no_pong(self) -> AbstractContextManager[None]: ...
    def refuse(self, status: int = 503) -> AbstractContextManager[None]: ...
    def misanswer(self, kind: HandshakeKind) -> AbstractContextManager[None]: ...


class Wiring(Protocol):
    """What a fault needs of the bench's wiring."""

    @property
    def hooks(self) -> TestHooks | None: ...


class Bench(Protocol):
    """The part of the bench that faults work on."""

    @property
    def timeline(self) -> Timeline: ...
    @property
    def power(self) -> Power: ...
    @property
    def network(self) -> Network: ...
    @property
    def csms(self) -> Csms: ...
    @property
    def wiring(self) -> Wiring: ...
    @property
    def capabilities(self) -> frozenset[str]: ...


class Fault(ABC):
    """A fault of the catalogue: a frozen dataclass whose fields are its arguments.

    Attributes:
        name: as the command line and the timeline call it, e.g. `power-cut`.
        summary: one line about what happens.
        needs: the capabilities that a bench must have for it.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    needs: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Make it happen. Only `inject` calls this.

        Args:
            bench: where.
            restore: takes what undoes each step, *before* the step is done; it runs in reverse order.
        """

    def arguments(self) -> dict[str, Any]:
        """Its fields by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]


# -- power and flash --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PowerCut(Fault):
    """The board loses its supply; it gets it back at the end."""

    name: ClassVar[str] = "power-cut"
    summary: ClassVar[str] = "the board loses its supply until the fault is lifted"
    needs: ClassVar[frozenset[str]] = frozenset({"power"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Power off, then on."""
        restore.callback(bench.power.on)
        bench.power.off()


@dataclass(frozen=True, slots=True)
class TornWrite(Fault):
    """The supply fails in the middle of a flash operation; at the end the board is powered again.

    Args:
        operation: which program or erase from now on is torn, 1 for the next.
        effect: what of it reaches the flash: `none`, the first `half`, or `random` bits.
        seed: makes `random` repeatable.
    """

    operation: int = 1
    effect: TearEffect = "half"
    seed: int = 0
    name: ClassVar[str] = "torn-write"
    summary: ClassVar[str] = "the power fails in the middle of the n-th flash operation from now"
    needs: ClassVar[frozenset[str]] = frozenset({"power", "test_hooks"})

    def __post_init__(self) -> None:
        """Check the limits."""
        _at_least(self, "operation", 1)
        _one_of(self, "effect", get_args(TearEffect))

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Arm the tear. A power cycle ends it, whether it happened or is still armed."""
        restore.callback(bench.power.on)
        restore.callback(bench.power.off)
        _hooks(bench).tear_flash(self.operation, self.effect, self.seed)


@dataclass(frozen=True, slots=True)
class SlowErase(Fault):
    """Flash erases are slow.

    Args:
        ms: device milliseconds that each sector erase takes (worst case of usual parts: 400).
    """

    ms: int = 400
    name: ClassVar[str] = "slow-erase"
    summary: ClassVar[str] = "each flash sector erase takes that long and stops the chip's loop"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def __post_init__(self) -> None:
        """Check the limits."""
        _at_least(self, "ms", 1)

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Slow down; back to instant erases at the end."""
        restore.callback(_hooks(bench).slow_erase, 0)
        _hooks(bench).slow_erase(self.ms)


@dataclass(frozen=True, slots=True)
class FlashFull(Fault):
    """The device's storage answers that it is out of space."""

    name: ClassVar[str] = "flash-full"
    summary: ClassVar[str] = "the device's storage is out of space"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Full, then not."""
        restore.callback(_hooks(bench).fill_flash, False)
        _hooks(bench).fill_flash(True)


@dataclass(frozen=True, slots=True)
class HeapLeak(Fault):
    """Each TCP connection leaks device heap. What has leaked stays so until the next reboot.

    Args:
        bytes_per_connection: how much, in bytes.
    """

    bytes_per_connection: int = 64
    name: ClassVar[str] = "heap-leak"
    summary: ClassVar[str] = "each TCP connection of the device leaks that many bytes of its heap"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def __post_init__(self) -> None:
        """Check the limits."""
        _at_least(self, "bytes_per_connection", 1)

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Leak, then no more."""
        restore.callback(_hooks(bench).leak, 0)
        _hooks(bench).leak(self.bytes_per_connection)


# -- network ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccessPointGone(Fault):
    """The access point is off the air; it comes back at the end."""

    name: ClassVar[str] = "access-point-gone"
    summary: ClassVar[str] = "the access point is off the air until the fault is lifted"
    needs: ClassVar[frozenset[str]] = frozenset({"access_point"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Down, then up."""
        restore.callback(bench.network.up)
        bench.network.down()


@dataclass(frozen=True, slots=True)
class BlackHole(Fault):
    """Nothing gets through, and nobody is told: connections go half-open, new ones are never answered."""

    name: ClassVar[str] = "black-hole"
    summary: ClassVar[str] = "connections stay open but nothing gets through (half-open link)"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Hold everything back, then let it go."""
        restore.callback(bench.network.black_hole, False)
        bench.network.black_hole(True)


@dataclass(frozen=True, slots=True)
class SynIgnored(Fault):
    """Connections are reset, and attempts to make new ones are never answered, as behind a firewall that drops."""

    name: ClassVar[str] = "syn-ignored"
    summary: ClassVar[str] = "connections are reset and attempts to connect are never answered"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Ignore, then listen."""
        restore.callback(bench.network.ignore, False)
        bench.network.ignore(True)
        bench.network.drop_connections()


@dataclass(frozen=True, slots=True)
class Latency(Fault):
    """A slow network.

    Args:
        ms: milliseconds of delay each way, in bench time.
        jitter_ms: up to this much more for each piece; the order is kept.
        seed: makes the jitter repeatable.
    """

    ms: float = 500
    jitter_ms: float = 0
    seed: int = 0
    name: ClassVar[str] = "latency"
    summary: ClassVar[str] = "everything takes that many milliseconds longer each way"

    def __post_init__(self) -> None:
        """Check the limits."""
        _at_least(self, "ms", 0)
        _at_least(self, "jitter_ms", 0)

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Delay, then not."""
        restore.callback(bench.network.latency, 0)
        bench.network.latency(self.ms, self.jitter_ms, self.seed)


@dataclass(frozen=True, slots=True)
class ConnectionDrop(Fault):
    """All TCP connections are reset, once; new ones are welcome at once."""

    name: ClassVar[str] = "connection-drop"
    summary: ClassVar[str] = "all TCP connections are reset, once"

    def apply(self, bench: Bench, restore: ExitStack) -> None:  # noqa: ARG002 - over as soon as it has happened
        """Reset them."""
        bench.network.drop_connections()


# -- CSMS -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CsmsGone(Fault):
    """The CSMS has crashed: connections are reset, new ones refused; it is back at the end, on the same port."""

    name: ClassVar[str] = "csms-gone"
    summary: ClassVar[str] = "connections are reset and new ones refused until the fault is lifted"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Refuse at the proxy too: behind it the device would still see an open port."""
        restore.callback(bench.network.refuse, False)
        bench.network.refuse(True)
        restore.callback(bench.csms.start)
        bench.csms.stop()
        bench.network.drop_connections()


@dataclass(frozen=True, slots=True)
class CsmsRestart(Fault):
    """The CSMS restarts politely: closes with 1012 (service restart) and accepts connections again at once."""

    name: ClassVar[str] = "csms-restart"
    summary: ClassVar[str] = "the CSMS closes all connections with 1012 and is back at once"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Stop with a goodbye, start."""
        restore.callback(bench.csms.start)
        bench.csms.stop(1012, "service restart")
        bench.csms.start()


@dataclass(frozen=True, slots=True)
class CsmsSilent(Fault):
    """The CSMS reads everything and answers nothing, not even pings."""

    name: ClassVar[str] = "csms-silent"
    summary: ClassVar[str] = "the CSMS reads but answers nothing: no result, no pong, no opening handshake"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Silence it, then let it speak."""
        restore.enter_context(bench.csms.silence())


@dataclass(frozen=True, slots=True)
class NoPong(Fault):
    """The CSMS answers everything but pings."""

    name: ClassVar[str] = "no-pong"
    summary: ClassVar[str] = "the CSMS answers everything but WebSocket pings"

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Keep pongs back, then not."""
        restore.enter_context(bench.csms.no_pong())


@dataclass(frozen=True, slots=True)
class HttpRefusal(Fault):
    """The CSMS refuses opening handshakes; whoever is connected loses the connection first.

    Args:
        status: the HTTP status, 400 to 599.
    """

    status: int = 503
    name: ClassVar[str] = "http-refusal"
    summary: ClassVar[str] = "connections are reset and opening handshakes refused with an HTTP status"

    def __post_init__(self) -> None:
        """Check the limits."""
        _at_least(self, "status", 400)
        _at_most(self, "status", 599)

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Refuse, then not."""
        restore.enter_context(bench.csms.refuse(self.status))
        bench.network.drop_connections()


@dataclass(frozen=True, slots=True)
class BadHandshake(Fault):
    """The CSMS answers opening handshakes badly; whoever is connected loses the connection first.

    Args:
        kind: `half` an HTTP answer and no more, `garbage`, `close` without an answer, `wrong-key`,
            `other-subprotocol` than the one offered, or `no-subprotocol`.
    """

    kind: HandshakeKind = "half"
    name: ClassVar[str] = "bad-handshake"
    summary: ClassVar[str] = "connections are reset and opening handshakes answered badly"

    def __post_init__(self) -> None:
        """Check the limits."""
        _one_of(self, "kind", get_args(HandshakeKind))

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Answer badly, then well. Who still waits for the other half of an answer gets a reset at the end."""
        restore.callback(bench.network.drop_connections)
        restore.enter_context(bench.csms.misanswer(self.kind))
        bench.network.drop_connections()


CATALOGUE: Mapping[str, type[Fault]] = {cls.name: cls for cls in Fault.__subclasses__()}
"""Every fault there is, by name."""


def by_name(name: str, **arguments: Any) -> Fault:
    """A fault by its name, as the command line gives it.

    Args:
        name: e.g. `power-cut`.
        arguments: its fields; text is turned into the field's type.

    Raises:
        BenchError: there is no such fault or field, or the value is out of its limits; says what there is.
    """
    cls = CATALOGUE.get(name.replace("_", "-").lower())
    if cls is None:
        raise BenchError(
            f"There is no fault {name!r}{_nearest(name, CATALOGUE)}", f"These exist: {', '.join(CATALOGUE)}"
        )
    known = {key: hint for key, hint in get_type_hints(cls).items() if key not in ("name", "summary", "needs")}
    values = {}
    for key, value in arguments.items():
        if key not in known:
            takes = f"It takes {', '.join(known)}" if known else "It takes no arguments"
            raise BenchError(f"The fault {cls.name} has no argument {key!r}{_nearest(key, known)}", takes)
        values[key] = _converted(cls.name, key, value, known[key])
    try:
        return cls(**values)
    except ValueError as error:
        raise BenchError(str(error), "Give a value within its limits") from error


@contextlib.contextmanager
def inject(bench: Bench, fault: Fault) -> Iterator[FaultInjected]:
    """Make a fault happen for as long as the block runs.

    `FaultInjected` is on the timeline before it begins, `FaultLifted` after everything is restored. What undoes it
    always runs, all of it, whether the block raises or one step of restoring fails.

    Args:
        bench: where.
        fault: what, of the catalogue.

    Yields:
        The `FaultInjected` event.

    Raises:
        BenchError: the bench lacks a capability that the fault needs, or cannot be restored.
    """
    lacking = sorted(fault.needs - bench.capabilities)
    if lacking:
        raise BenchError(
            f"The fault {fault.name} needs the capability {', '.join(lacking)}, which this bench lacks",
            "Mark the test with needs(...), or take a bench that has it",
        )
    injected = bench.timeline.append(FaultInjected(source="faults", fault=fault.name, arguments=fault.arguments()))
    restore = ExitStack()
    try:
        fault.apply(bench, restore)
        yield injected
    finally:
        try:
            restore.close()
        except Exception as error:
            what = f"The fault {fault.name} could not be taken back: {error}"
            bench.timeline.append(BenchTrouble(source="faults", what=what))
            raise BenchError(what, "Open the bench anew") from error
        finally:
            bench.timeline.append(FaultLifted(source="faults", fault=fault.name, injected=injected.id))


def _hooks(bench: Bench) -> TestHooks:
    hooks = bench.wiring.hooks
    if hooks is None:
        raise BenchError("This bench lacks the capability test_hooks", "Only a virtual board has it")
    return hooks


def _at_least(fault: Fault, key: str, limit: float) -> None:
    value = getattr(fault, key)
    if value < limit:
        raise ValueError(f"{fault.name}: {key} is {limit:g} or more, not {value}")


def _at_most(fault: Fault, key: str, limit: float) -> None:
    value = getattr(fault, key)
    if value > limit:
        raise ValueError(f"{fault.name}: {key} is {limit:g} or less, not {value}")


def _one_of(fault: Fault, key: str, allowed: tuple[str, ...]) -> None:
    value = getattr(fault, key)
    if value not in allowed:
        raise ValueError(f"{fault.name}: {key} is one of {', '.join(allowed)}, not {value!r}")


def _converted(fault: str, key: str, value: Any, hint: Any) -> Any:
    """A value of the command line as the field's type."""
    if not isinstance(value, str) or hint not in (int, float):
        return value
    try:
        return hint(value)
    except ValueError as error:
        kind = "a whole number" if hint is int else "a number"
        raise BenchError(f"The fault {fault}: {key} is {kind}, not {value!r}", "Give a number") from error


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
