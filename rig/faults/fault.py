"""The base of all faults, and the part of the bench that they work on."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from contextlib import ExitStack
from dataclasses import fields
from typing import Any, ClassVar, Protocol, get_type_hints

from rig.csms import Csms
from rig.files import Files
from rig.instruments.network import Network
from rig.instruments.power import Power
from rig.timeline import Timeline
from rig.timeline.events import FaultInjected, FaultLifted
from rig.util.checked import validate_arguments
from rig.util.errors import AuthorError, BenchError
from rig.wiring.interfaces import TestHooks, Wiring


class Bench(Protocol):
    """The part of `rig.bench.Bench` that faults use. The bench imports the faults, so they cannot import the bench."""

    @property
    def timeline(self) -> Timeline: ...
    @property
    def power(self) -> Power: ...
    @property
    def network(self) -> Network: ...
    @property
    def csms(self) -> Csms: ...
    @property
    def files(self) -> Files: ...
    @property
    def wiring(self) -> Wiring: ...
    @property
    def capabilities(self) -> frozenset[str]: ...


class Fault(ABC):
    """A fault of the catalogue: a frozen dataclass whose fields are its arguments.

    Attributes:
        name: the fault's name on the command line and the timeline, e.g. `power-cut`.
        summary: the fault's effect in one line.
        needs: the capabilities that a bench must have for the fault.
        reboots: whether it reboots the device once, at the latest when it is lifted (docs/faults.md#reboots).
        on_csms: whether a CSMS without a bench (`rig csms serve`) can inject the fault, if it has the capabilities in
            `needs`.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    needs: ClassVar[frozenset[str]] = frozenset()
    reboots: ClassVar[bool] = False
    on_csms: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check the arguments.

        Raises:
            AuthorError: an argument has the wrong type, or is outside its limits.
        """
        validate_arguments(self.name, _hints(type(self)), self.arguments())
        self.validate_limits()

    def validate_limits(self) -> None:  # noqa: B027 - most faults have none
        """Reject arguments that the annotations accept but this fault does not.

        Raises:
            AuthorError: an argument is invalid.
        """

    def validate_possible(self, bench: Bench) -> None:  # noqa: B027 - most faults are always possible
        """Check that the bench's state allows the fault. Only `inject` calls this, before any change.

        Raises:
            BenchError: the fault conflicts with another fault or with a change that the test made.
        """

    @abstractmethod
    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Apply the fault. Only `inject` calls this.

        Args:
            bench: the bench.
            restore: *before* each step, give it the callback that undoes the step. The callbacks run in reverse order.
                Restore the previous state, not the default: another fault may have changed the state already.
        """

    def arguments(self) -> dict[str, Any]:
        """Return the fields of the fault by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]


def hooks(bench: Bench) -> TestHooks:
    """Return the test hooks of the virtual board.

    Raises:
        BenchError: the bench has a real board.
    """
    found = bench.wiring.hooks
    if found is None:
        raise BenchError("This bench lacks the capability test_hooks", "Only a virtual board has it")
    return found


def injected_now(bench: Bench) -> set[str]:
    """Return the names of the faults that are injected and not lifted yet."""
    lifted = {event.injected for event in bench.timeline.events(FaultLifted)}
    return {event.fault for event in bench.timeline.events(FaultInjected) if event.id not in lifted}


@functools.cache
def _hints(kind: type[Fault]) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def one_of(fault: Fault, key: str, allowed: tuple[object, ...]) -> None:
    """Raise AuthorError if a field is not one of the allowed values."""
    value = getattr(fault, key)
    if value not in allowed:
        raise AuthorError(f"{fault.name}: {key} is one of {', '.join(map(str, allowed))}, not {value!r}")
