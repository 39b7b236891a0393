"""Misbehaviour of the CSMS: silence, missing pongs, malformed handshakes and answers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import get_args

from rig.csms.bad_answer import BadAnswer
from rig.csms.bad_handshake import BadHandshake
from rig.csms.connection import Mute
from rig.csms.instrument.part import CsmsPart
from rig.csms.refusals import REFUSALS
from rig.util.arguments import validate_one_of
from rig.util.errors import AuthorError


class Misbehaviour(CsmsPart):
    """Misbehaviour towards all charge points, as context managers that restore the previous behaviour."""

    @contextlib.contextmanager
    def silence(self) -> Iterator[None]:
        """Read everything and send nothing within the block: no answer, pong, close or handshake."""
        with self._muted("all"):
            yield

    @contextlib.contextmanager
    def no_pong(self) -> Iterator[None]:
        """Answer everything except pings within the block."""
        with self._muted("pong"):
            yield

    @contextlib.contextmanager
    def refuse(self, status: int = 503, retry_after_s: int = 0) -> Iterator[None]:
        """Refuse opening handshakes with an HTTP status of `REFUSALS` within the block. Open connections stay.

        Args:
            status: the HTTP status.
            retry_after_s: the seconds in the header Retry-After (RFC 9110 section 10.2.3); 0 for no such header.
        """
        if status not in REFUSALS:
            raise AuthorError(
                f"the HTTP status of a refusal must be one of {', '.join(map(str, REFUSALS))}, not {status}"
            )
        before = self._server.refuse_with, self._server.retry_after_s
        self._server.refuse_with, self._server.retry_after_s = status, retry_after_s
        try:
            yield
        finally:
            self._server.refuse_with, self._server.retry_after_s = before

    @contextlib.contextmanager
    def malform_handshakes(self, kind: BadHandshake) -> Iterator[None]:
        """Send malformed answers to opening handshakes within the block. Open connections stay."""
        validate_one_of("the kind of a malformed handshake", kind, get_args(BadHandshake))
        before, self._server.bad_handshake = self._server.bad_handshake, kind
        try:
            yield
        finally:
            self._server.bad_handshake = before

    @contextlib.contextmanager
    def malform_answers(self, kind: BadAnswer) -> Iterator[None]:
        """Send a malformed answer to every CALL within the block."""
        validate_one_of("the kind of a malformed answer", kind, get_args(BadAnswer))
        before = self.on_loop(self._server.malform_answers(kind), "malform answers")
        try:
            yield
        finally:
            self.on_loop(self._server.malform_answers(before), "restore the answers")

    @contextlib.contextmanager
    def _muted(self, mute: Mute) -> Iterator[None]:
        before = self.on_loop(self._server.mute(mute), "mute the CSMS")
        try:
            yield
        finally:
            self.on_loop(self._server.mute(before), "unmute the CSMS")
