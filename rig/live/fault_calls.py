"""The calls of the catalogue of faults, by name: of a bench, or of a CSMS alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import fields
from typing import Any, get_type_hints

from rig.csms import Csms
from rig.faults import CATALOGUE, Fault, by_name
from rig.faults.csms_alone import FILES, inject_at_csms
from rig.files import Files
from rig.live.calls import Call, Caller, described_argument
from rig.live.messages import RequestError
from rig.timeline.events import FaultInjected
from rig.util.checked import Stamp, Text
from rig.util.errors import BenchError


class FaultCalls:
    """The calls that inject and lift faults by hand.

    Args:
        inject: injects a fault during a block, like `rig.bench.Bench.inject`.
        possible: returns whether a fault of this kind can be injected here.
        lacks: returns the capabilities that a fault of this kind needs and that are missing here.
    """

    def __init__(
        self,
        inject: Callable[[Fault], AbstractContextManager[FaultInjected]],
        *,
        possible: Callable[[type[Fault]], bool],
        lacks: Callable[[type[Fault]], list[str]],
    ) -> None:
        self._inject = inject
        self._possible = possible
        self._lacks = lacks
        self._faults: dict[int, tuple[FaultInjected, ExitStack, str]] = {}
        self._lock = threading.Lock()

    def table(self) -> dict[str, Call]:
        """Return the calls by name."""
        return {
            "fault.inject": Call(self.inject),
            "fault.lift": Call(self.lift),
            "fault.list": Call(self.catalogue, acts=False),
        }

    def inject(self, caller: Caller, name: Text, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        """Inject a fault of the catalogue until it is lifted, or until this client disconnects."""
        try:
            fault = by_name(name, **(arguments or {}))
        except BenchError as error:
            raise RequestError("request", str(error)) from None
        with ExitStack() as stack:
            injected = stack.enter_context(self._inject(fault))
            lift = stack.pop_all()
        with self._lock:
            self._faults[injected.id] = (injected, lift, caller.by)
        caller.cleanups[injected.id] = lambda: self._lift(injected.id)
        return {"injected": injected.id, "fault": injected.fault}

    def lift(self, caller: Caller, name: str = "", injected: Stamp = 0) -> dict[str, Any]:
        """Lift faults that were injected by hand: all of them, those with this name, or the one with this id."""
        active = self._active()
        wanted = name.replace("_", "-").lower()
        chosen = [
            number
            for number, (event, _, _) in active.items()
            if wanted in ("", event.fault) and injected in (0, number)
        ]
        if not chosen:
            there = ", ".join(sorted({event.fault for event, _, _ in active.values()})) or "none"
            which = f"fault {name!r}" if name else "such fault"
            raise RequestError(
                "request", f"no {which} was injected by hand. Active ones: {there}. A test lifts its own faults"
            )
        for number in reversed(chosen):
            caller.cleanups.pop(number, None)
            self._lift(number)
        return {"lifted": [active[number][0].fault for number in chosen]}

    def catalogue(self, _caller: Caller) -> dict[str, Any]:
        """List the faults that are active, and those that can be injected here."""
        return {
            "active": self.active(),
            "catalogue": {
                name: {
                    "summary": kind.summary,
                    "possible": self._possible(kind),
                    "lacks": self._lacks(kind),
                    "arguments": arguments_of(kind),
                }
                for name, kind in CATALOGUE.items()
            },
        }

    def active(self) -> list[dict[str, Any]]:
        """Return the faults that a person has injected and that are not lifted yet, as JSON."""
        return [
            {"id": number, "fault": injected.fault, "arguments": dict(injected.arguments), "by": by}
            for number, (injected, _, by) in self._active().items()
        ]

    def lift_all(self) -> None:
        """Lift the faults of all clients, the latest first."""
        for number in reversed(tuple(self._active())):
            self._lift(number)

    def _active(self) -> Mapping[int, tuple[FaultInjected, ExitStack, str]]:
        with self._lock:
            return dict(self._faults)

    def _lift(self, number: int) -> None:
        """Lift a fault, unless that is done already."""
        with self._lock:
            _, stack, _ = self._faults.pop(number, (None, None, ""))
        if stack is not None:
            stack.close()


def faults_of_csms(csms: Callable[[], Csms], files: Files | None = None) -> FaultCalls:
    """Return the calls for the faults that a CSMS without a bench can inject.

    Args:
        csms: returns the CSMS.
        files: the file server beside it; None: there is none.
    """

    def lacks(kind: type[Fault]) -> list[str]:
        if not kind.on_csms:
            return ["bench"]
        return [FILES] if FILES in kind.needs and files is None else []

    return FaultCalls(
        lambda fault: inject_at_csms(csms(), fault, files), possible=lambda kind: not lacks(kind), lacks=lacks
    )


def arguments_of(kind: type[Fault]) -> dict[str, Any]:
    """Describe the arguments of a fault in JSON, as `Call.described` describes the arguments of a call."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        field.name: described_argument(hints[field.name], field.default)
        for field in fields(kind)  # type: ignore[arg-type]
    }
