"""The generator of the device's schema tables."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest

from firmware.tools.schema_tables import PROTOCOLS, Message, SchemaError, compile_pack, compile_tables, load

LIMITS = {"ocpp1.6": 8 * 1024, "ocpp2.0.1": 18 * 1024, "ocpp2.1": 32 * 1024}


def tables_of(*payloads: dict[str, Any]) -> bytes:
    """Compile requests of the actions A, B, ... with these schemas."""
    return compile_tables([Message(chr(ord("A") + i), payload, None) for i, payload in enumerate(payloads)])


def with_property(node: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"p": node}}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_tables_are_small_and_reproducible(protocol: str) -> None:
    source = load(protocol)
    assert len(compile_tables(source.messages)) <= LIMITS[protocol]
    assert compile_pack(source) == compile_pack(load(protocol))


def test_a_pack_has_a_header_with_its_crc() -> None:
    source = load("ocpp2.0.1")
    pack = compile_pack(source)
    magic, version, length, protocol, tables = struct.unpack_from("<4sHH12sI", pack)
    assert (magic, version, length, protocol.rstrip(b"\0")) == (b"PBSP", 1, 64, b"ocpp2.0.1")
    assert tables == len(pack) - 64
    assert pack[24:56] == source.digest
    assert struct.unpack_from("<I", pack, 60)[0] == zlib.crc32(pack[:60] + pack[64:])


def test_equal_nodes_and_texts_are_stored_once() -> None:
    one = with_property({"type": "string", "enum": ["Accepted", "Rejected"]})
    assert len(tables_of(one, one)) == len(tables_of(one)) + len("B") + 6


def test_a_text_may_end_inside_a_longer_one() -> None:
    longer = {"type": "object", "properties": {"parentIdTag": {"type": "boolean"}, "Tag": {"type": "boolean"}}}
    assert tables_of(longer).count(b"Ta\xe7") == 1


@pytest.mark.parametrize(
    ("node", "named"),
    [
        ({"type": "string", "pattern": "^a"}, "pattern"),
        ({"type": "string", "minLength": 1}, "minLength"),
        ({"type": "string", "format": "email"}, "email"),
        ({"type": "string", "maxLength": 70000}, "maxLength"),
        ({"type": "string", "enum": ["a"], "maxLength": 5}, "maxLength"),
        ({"type": "string", "enum": ["ä"]}, "ä"),
        ({"type": "string", "enum": []}, "0 values"),
        ({"type": "number", "multipleOf": 0.25}, "multipleOf"),
        ({"type": "number", "minimum": 0.5}, "minimum"),
        ({"type": "number", "exclusiveMinimum": 0}, "exclusiveMinimum"),
        ({"type": ["string", "null"]}, "type"),
        ({"oneOf": []}, "type"),
        ({"type": "array", "items": [{"type": "string"}]}, "items"),
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"type": "object", "patternProperties": {}}, "patternProperties"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "additionalProperties"),
        ({"type": "object", "required": ["absent"]}, "absent"),
        ({"$ref": "#/definitions/Absent"}, "Absent"),
        ({"$ref": "#/definitions/A", "maxLength": 5}, "maxLength"),
    ],
)
def test_a_keyword_that_the_validator_does_not_implement_is_rejected(node: dict[str, Any], named: str) -> None:
    with pytest.raises(SchemaError, match=named) as raised:
        tables_of(with_property(node))
    assert str(raised.value).startswith("A.p")


def test_a_definition_that_contains_itself_is_rejected() -> None:
    schema = with_property({"$ref": "#/definitions/A"})
    schema["definitions"] = {"A": with_property({"$ref": "#/definitions/A"})}
    with pytest.raises(SchemaError, match="contains itself"):
        tables_of(schema)


def test_deep_schemas_are_rejected() -> None:
    node: dict[str, Any] = {"type": "string"}
    for _ in range(17):
        node = with_property(node)
    with pytest.raises(SchemaError, match="deeper than 16"):
        tables_of(node)
