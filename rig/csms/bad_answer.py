"""Answers as broken CSMSs and proxies give them (OCPP-J 1.6 section 4.2)."""

from __future__ import annotations

from typing import Literal

import orjson

from rig.ocpp.ocppj import CallError, CallResult

BadAnswer = Literal["half", "garbage", "wrong-id", "no-payload"]
"""How the answer to a CALL goes wrong:

- `half`: the first half of its text;
- `garbage`: a text that is no JSON;
- `wrong-id`: a sound answer under a unique id that no CALL has;
- `no-payload`: `[3, unique_id]` and no more.
"""


def bad_answer(kind: BadAnswer, answer: CallResult | CallError) -> str:
    """The text that goes out instead of an answer."""
    if kind == "half":
        text = answer.text()
        return text[: len(text) // 2]
    if kind == "garbage":
        return "<html><body>502 Bad Gateway</body></html>"
    if kind == "no-payload":
        return orjson.dumps([3, answer.unique_id]).decode()
    return CallResult(f"no-{answer.unique_id}"[:36], {}).text()
