"""Calls of the live socket that act on the fake CSMS."""

from __future__ import annotations

from typing import Any

import pytest

from rig.csms import Csms
from rig.live.calls import Caller
from rig.live.csms_calls import CsmsCalls
from rig.util.errors import AuthorError
from tests.unit.csms.conftest import Peer


def test_a_rejected_answer_keeps_the_earlier_one(csms: Csms, peer: Peer) -> None:
    calls, caller = CsmsCalls(lambda: csms), Caller("a test")
    expired: dict[str, Any] = {"idTagInfo": {"status": "Expired"}}
    calls.answer(caller, "Authorize", expired)
    with pytest.raises(AuthorError, match="Expird"):
        calls.answer(caller, "Authorize", {"idTagInfo": {"status": "Expird"}})
    peer.boot()
    assert peer.call("Authorize", {"idTag": "A"}) == expired
