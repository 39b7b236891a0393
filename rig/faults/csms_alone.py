"""A CSMS without a bench, as the faults that need no more see it."""

from __future__ import annotations

from typing import NoReturn

from rig.csms import Csms
from rig.faults.fault import Fault
from rig.instruments.power import Power
from rig.timeline import Timeline
from rig.util.errors import BenchError
from rig.wiring.interfaces import Wiring


class CsmsAlone:
    """The part of a bench that a CSMS alone has. Charge points connect to it without a proxy.

    Args:
        csms: the CSMS.
    """

    def __init__(self, csms: Csms) -> None:
        self.csms = csms
        self.network = _Direct(csms)
        self.capabilities: frozenset[str] = frozenset()

    @property
    def timeline(self) -> Timeline:
        """The timeline of the CSMS."""
        return self.csms.timeline

    @property
    def power(self) -> Power:
        """Raise BenchError: there is no board."""
        return _lacking("a board")

    @property
    def wiring(self) -> Wiring:
        """Raise BenchError: there is no board."""
        return _lacking("a board")


class _Direct:
    """The network between charge points and a CSMS without a proxy. A CSMS that has stopped refuses connections."""

    admission = "accept"

    def __init__(self, csms: Csms) -> None:
        self._csms = csms

    def admit(self, _admission: str) -> None:
        """Do nothing: the port of the CSMS itself opens and closes."""

    def drop_connections(self) -> int:
        """Reset all connections at the CSMS."""
        return self._csms.drop_connections()


def validate_without_bench(fault: Fault) -> None:
    """Reject a fault that needs a bench.

    Raises:
        BenchError: it does; the remedy is a bench.
    """
    if not fault.on_csms:
        raise BenchError(f"The fault {fault.name} needs a bench: this program has only a CSMS", "Open a bench")


def _lacking(what: str) -> NoReturn:
    raise BenchError(f"this program has only a CSMS, not {what}", "Open a bench")
