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
        """Within the block the CSMS reads and sends nothing: no answer, no pong, no close, no handshake."""
        with self._muted("all"):
            yield

    @contextlib.contextmanager
    def no_pong(self) -> Iterator[None]:
        """Within the block the CSMS answers everything except pings."""
        with self._muted("pong"):
            yield

    @contextlib.contextmanager
    def refuse(self, status: int = 503) -> Iterator[None]:
        """Within the block opening handshakes are refused with an HTTP status of `REFUSALS`; open connections stay."""
        if status not in REFUSALS:
            raise AuthorError(
                f"a refusal has an HTTP status that is one of {', '.join(map(str, REFUSALS))}, not {status}"
            )
        before, self._server.refuse_with = self._server.refuse_with, status
        try:
            yield
        finally:
            self._server.refuse_with = before

    @contextlib.contextmanager
    def malform_handshakes(self, kind: BadHandshake) -> Iterator[None]:
        """Within the block opening handshakes get a malformed answer; open connections stay."""
        validate_one_of("how an opening handshake goes wrong", kind, get_args(BadHandshake))
        before, self._server.bad_handshake = self._server.bad_handshake, kind
        try:
            yield
        finally:
            self._server.bad_handshake = before

    @contextlib.contextmanager
    def malform_answers(self, kind: BadAnswer) -> Iterator[None]:
        """Within the block every CALL gets a malformed answer."""
        validate_one_of("how an answer goes wrong", kind, get_args(BadAnswer))
        before = self.on_loop(self._server.malform_answers(kind), "spoil answers")
        try:
            yield
        finally:
            self.on_loop(self._server.malform_answers(before), "answer as before")

    @contextlib.contextmanager
    def _muted(self, mute: Mute) -> Iterator[None]:
        before = self.on_loop(self._server.mute(mute), "fall silent")
        try:
            yield
        finally:
            self.on_loop(self._server.mute(before), "speak again")
