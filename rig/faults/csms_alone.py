"""Faults of a CSMS without a bench."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rig.csms import Csms
from rig.faults.fault import Fault
from rig.faults.injection import inject
from rig.files import Files
from rig.timeline import Timeline
from rig.timeline.events import FaultInjected
from rig.util.errors import BenchError

FILES = "files"
"""The capability of a program that has a file server."""


@contextmanager
def inject_at_csms(csms: Csms, fault: Fault, files: Files | None = None) -> Iterator[FaultInjected]:
    """Inject a fault into a CSMS that has no bench, within the block. Charge points connect to it without a proxy.

    Args:
        csms: the CSMS.
        fault: the fault.
        files: the file server beside it; None: there is none.

    Raises:
        BenchError: the fault needs a bench, or a file server.
    """
    if not fault.on_csms:
        raise BenchError(f"The fault {fault.name} needs a bench: this program has only a CSMS", "Open a bench")
    if FILES in fault.needs and files is None:
        raise BenchError(f"The fault {fault.name} needs a file server", "Start this program with --files FOLDER")
    with inject(_CsmsAlone(csms, files), fault) as injected:  # type: ignore[arg-type]  # it has all that they use
        yield injected


class _CsmsAlone:
    """The part of a bench that a CSMS alone has."""

    def __init__(self, csms: Csms, files: Files | None) -> None:
        self.csms = csms
        self.files = files
        self.network = _Direct(csms)
        self.capabilities = frozenset([FILES] if files is not None else [])

    @property
    def timeline(self) -> Timeline:
        """The timeline of the CSMS."""
        return self.csms.timeline


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
