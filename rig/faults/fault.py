"""The base of all faults, and the part of the bench that they work on."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from contextlib import ExitStack
from dataclasses import fields
from typing import Any, ClassVar, Protocol, get_type_hints

from rig.csms import Csms
from rig.instruments.network import Network
from rig.instruments.power import Power
from rig.timeline import Timeline
from rig.timeline.events import FaultInjected, FaultLifted
from rig.util.checked import validate_arguments
from rig.util.errors import AuthorError, BenchError
from rig.wiring.interfaces import TestHooks, Wiring


class Bench(Protocol):
    """The part of `rig.bench.Bench` that faults work on. The bench injects them, so they cannot import it."""

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
        reboots: whether the device reboots by it, once, at the latest when it is taken back. Who injects it announces
            that (`Device.expecting_reboot`).
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    needs: ClassVar[frozenset[str]] = frozenset()
    reboots: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check the arguments.

        Raises:
            AuthorError: one is of another type than its field, or beyond its limits.
        """
        validate_arguments(self.name, _hints(type(self)), self.arguments())
        self.validate_limits()

    def validate_limits(self) -> None:  # noqa: B027 - most faults have none
        """Refuse arguments beyond limits of their own.

        Raises:
            AuthorError: one is.
        """

    def validate_possible(self, bench: Bench) -> None:  # noqa: B027 - most faults are always possible
        """Refuse, before anything is changed, what does not go with the bench's present state. `inject` calls this.

        Raises:
            BenchError: another fault or the test itself has brought the bench into such a state.
        """

    @abstractmethod
    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Make it happen. Only `inject` calls this.

        Args:
            bench: where.
            restore: takes what undoes each step, *before* the step is done; it runs in reverse order. What was there
                before comes back, not what is normal: another fault may have changed it already.
        """

    def arguments(self) -> dict[str, Any]:
        """Its fields by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]


def hooks(bench: Bench) -> TestHooks:
    """Return the actions that only a virtual board has.

    Raises:
        BenchError: the bench has a real one.
    """
    found = bench.wiring.hooks
    if found is None:
        raise BenchError("This bench lacks the capability test_hooks", "Only a virtual board has it")
    return found


def injected_now(bench: Bench) -> set[str]:
    """The names of the faults that are injected and not lifted yet."""
    lifted = {event.injected for event in bench.timeline.events(FaultLifted)}
    return {event.fault for event in bench.timeline.events(FaultInjected) if event.id not in lifted}


@functools.cache
def _hints(kind: type[Fault]) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def one_of(fault: Fault, key: str, allowed: tuple[object, ...]) -> None:
    """Raise an AuthorError where a field is none of the allowed values."""
    value = getattr(fault, key)
    if value not in allowed:
        raise AuthorError(f"{fault.name}: {key} is one of {', '.join(map(str, allowed))}, not {value!r}")
