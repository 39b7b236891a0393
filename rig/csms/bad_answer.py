"""Malformed answers, as broken CSMSs and proxies send them (OCPP-J 1.6 section 4.2)."""

from __future__ import annotations

from typing import Literal

import orjson

from rig.ocpp.ocppj import CallError, CallResult

BadAnswer = Literal["half", "garbage", "wrong-id", "no-payload"]
"""The ways to malform the answer to a CALL:

- `half`: the first half of the text;
- `garbage`: a text that is not JSON;
- `wrong-id`: a valid CALLRESULT with a unique id that belongs to no CALL;
- `no-payload`: `[3, unique_id]` only.
"""


def bad_answer(kind: BadAnswer, answer: CallResult | CallError) -> str:
    """Return the text that the CSMS sends instead of an answer."""
    if kind == "half":
        text = answer.text()
        return text[: len(text) // 2]
    if kind == "garbage":
        return "<html><body>502 Bad Gateway</body></html>"
    if kind == "no-payload":
        return orjson.dumps([3, answer.unique_id]).decode()
    return CallResult(f"no-{answer.unique_id}"[:36], {}).text()
