"""A request and its answer, as far as they have come: the event on the timeline is made from them."""

from __future__ import annotations

from dataclasses import dataclass

import h11

from rig.files.name import BadNameError, name_of
from rig.timeline.events import FileTransfer
from rig.util.text import visible


@dataclass(slots=True)
class Transfer:
    """A transfer in progress; the attributes are those of `FileTransfer`."""

    address: str
    method: str = ""
    path: str = ""
    wanted: str = ""
    status: int = 0
    sent: int = 0
    received: int = 0
    name: str = ""
    complete: bool = True
    part: str = ""
    error: str = ""
    fault: str = ""
    tls: bool = False
    is_published: bool = False

    def begin(self, request: h11.Request) -> None:
        """Note the request line, without the query."""
        self.method = visible(request.method.decode("ascii")[:20])
        target = request.target.decode("ascii")
        self.path = visible(target.partition("?")[0][:300])
        try:
            self.wanted = name_of(target)
        except BadNameError:
            self.wanted = self.path.removeprefix("/")

    def fail(self, why: str) -> None:
        """Note that the transfer ended early, and why."""
        self.complete = False
        self.error = self.error or why

    def event(self) -> FileTransfer:
        """Return the event."""
        return FileTransfer(
            source="files",
            method=self.method,
            path=self.path,
            wanted=self.wanted,
            address=self.address,
            status=self.status,
            sent=self.sent,
            received=self.received,
            name=self.name,
            complete=self.complete,
            part=self.part,
            error=self.error,
            fault=self.fault,
            tls=self.tls,
        )
