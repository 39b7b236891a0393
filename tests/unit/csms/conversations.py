"""Conversations of charge points that keep to no rule, as hypothesis strategies: opening handshakes, frames, noise."""

from __future__ import annotations

import itertools
import json
import struct
from dataclasses import dataclass
from typing import Any, Literal

from hypothesis import strategies as st

from rig.ocpp import schemas
from rig.ocpp.versions import VERSIONS
from tests.unit.csms.conftest import handshake

End = Literal["close", "reset", "half-close"]

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
_FIELDS = ("idTag", "status", "connectorId", "transactionId", "meterValue", "timestamp", "vendorId", "data", "key")
_VALUES: st.SearchStrategy[Any] = (
    st.sampled_from(["", "Accepted", "2026-01-01T00:00:00Z", 0, 1, -1, None, [], {}]) | _JSON
)
_PAYLOADS = st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=5) | _JSON
_ACTIONS = st.sampled_from(sorted(schemas.actions_of_any())) | st.text(max_size=12)
_IDS = st.sampled_from(["1", "csms-1", "-1", ""]) | st.text(max_size=40)
_MESSAGES = st.one_of(
    st.tuples(st.sampled_from([2, 6]), _IDS, _ACTIONS, _PAYLOADS),
    st.tuples(st.just(3), _IDS, _PAYLOADS),
    st.tuples(st.sampled_from([4, 5]), _IDS, st.text(max_size=30), st.text(max_size=30), _PAYLOADS),
    st.lists(_JSON, max_size=6),
)


def _text(message: Any) -> bytes:
    """Return the JSON of a message. Python also writes NaN and lone surrogates, which JSON forbids."""
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")


_WHOLE = st.builds(_text, _MESSAGES)
_TEXTS = st.one_of(_WHOLE, _WHOLE, _WHOLE, st.builds(lambda text, cut: text[:cut], _WHOLE, st.integers(0)))
_CLOSES = st.builds(
    lambda code, reason: struct.pack("!H", code) + reason, st.integers(0, 65535), st.binary(max_size=20)
)
_CONTENTS = st.one_of(_TEXTS, _TEXTS, _CLOSES, st.binary(max_size=130), st.builds(bytes, st.integers(126, 70_000)))


def _frame(content: bytes, opcode: int, flags: int, length_form: int, claimed: int, mask: bytes) -> bytes:
    """Return a frame (RFC 6455 section 5.2).

    Args:
        content: its payload.
        opcode: from 0 to 15.
        flags: FIN, RSV1, RSV2 and RSV3 as bits 7 to 4.
        length_form: the least number of bytes of the length: 0, 2 or 8.
        claimed: added to the payload's length.
        mask: four bytes, or none for an unmasked frame.
    """
    length = max(0, len(content) + claimed)
    bit = 0x80 if mask else 0
    if length_form == 8 or length > 0xFFFF:
        head = struct.pack("!BBQ", flags | opcode, bit | 127, length)
    elif length_form == 2 or length > 125:
        head = struct.pack("!BBH", flags | opcode, bit | 126, length)
    else:
        head = struct.pack("!BB", flags | opcode, bit | length)
    repeated = (mask * (len(content) // 4 + 1))[: len(content)] if mask else bytes(len(content))
    masked = (int.from_bytes(content, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(content), "big")
    return head + mask + masked


_MASKS = st.binary(min_size=4, max_size=4)
_LEGAL = st.builds(_frame, _TEXTS, st.just(1), st.just(0x80), st.just(0), st.just(0), _MASKS)
_ANY = st.builds(
    _frame,
    _CONTENTS,
    st.sampled_from([0, 1, 1, 2, 8, 9, 10]) | st.integers(0, 15),
    st.sampled_from([0x80, 0x80, 0x00, 0xC0, 0x90]),
    st.sampled_from([0, 0, 2, 8]),
    st.sampled_from([0, 0, 0, -1, 1, 1 << 40]),
    _MASKS | st.just(b""),
)
_HANDSHAKES = st.builds(
    handshake,
    st.just("/CP-STRANGE") | st.text(max_size=20),
    without=st.sampled_from(["", "", "", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol"]),
    Sec_WebSocket_Protocol=st.sampled_from([*VERSIONS, "ocpp1.6, ocpp2.0.1", "mqtt"]),
)


@dataclass(frozen=True, slots=True)
class Conversation:
    """The bytes that one strange charge point sends, and its end.

    Attributes:
        opening: the bytes of its opening handshake.
        waits: whether it waits for the answer to it.
        pieces: the bytes after the opening handshake; each is one write.
        reads: whether it reads what has come from the CSMS, before it ends.
        end: how it ends: it closes the TCP connection, resets it, or closes only its own half.
    """

    opening: bytes
    waits: bool
    pieces: tuple[bytes, ...]
    reads: bool
    end: End


def _split(frames: list[bytes], noise: bytes, places: set[int]) -> tuple[bytes, ...]:
    data = b"".join([*frames, noise])
    cuts = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return tuple(data[start:end] for start, end in itertools.pairwise(cuts))


CONVERSATIONS = st.builds(
    Conversation,
    opening=st.just(handshake("/CP-STRANGE")) | _HANDSHAKES,
    waits=st.sampled_from([True, True, True, False]),
    pieces=st.builds(
        _split,
        st.lists(st.one_of(_LEGAL, _LEGAL, _LEGAL, _ANY), min_size=1, max_size=8),
        st.just(b"") | st.binary(max_size=20),
        st.sets(st.integers(0, 1 << 20), max_size=4),
    ),
    reads=st.booleans(),
    end=st.sampled_from(["close", "reset", "half-close"]),
)
