"""The comparison of the device's validator with jsonschema-rs."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema_rs
import pytest

from tools.schema_differential import Document, compare
from tools.schema_documents import Documents

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-06/schema#",
    "type": "object",
    "properties": {"n": {"type": "number", "minimum": 0.0}, "t": {"type": "string", "maxLength": 2}},
    "required": ["t"],
    "additionalProperties": False,
}


def result_of(text: str | bytes, keyword: str, pointer: str = "") -> str:
    document = Document("A", "request", SCHEMA, text.encode() if isinstance(text, str) else text)
    return compare(jsonschema_rs.validator_for(SCHEMA, validate_formats=True), document, keyword, pointer)[0]


@pytest.mark.parametrize(
    ("text", "keyword", "pointer", "result"),
    [
        ('{"t":""}', "ok", "", "agree"),
        ('{"t":""}', "required", "", "DIFFER"),
        ("{}", "required", "", "agree"),
        ("{}", "ok", "", "DIFFER"),
        ("{}", "type", "", "DIFFER"),
        ('{"t":"abc"}', "maxLength", "/t", "agree"),
        ('{"t":"abc"}', "maxLength", "", "DIFFER"),
        ('{"t":""', "JSON", "", "agree"),
        ('{"t":""', "ok", "", "DIFFER"),
        (b'{"t":"\xff"}', "ok", "", "DIFFER"),
        ('{"t":""}', "JSON", "", "DIFFER"),
        ('{"t":"","t":""}', "duplicate", "/t", "property twice"),
        ('{"t":"","t":""}', "ok", "", "agree"),
        ('{"t":""}', "duplicate", "/t", "DIFFER"),
        ('{"t":"\\ud800"}', "JSON", "", "lone surrogate"),
        ('{"t":"\\ud800"}', "ok", "", "DIFFER"),
        ('{"t":"","n":-1e-400}', "minimum", "/n", "rounded bound"),
        ('{"t":"","n":5}', "minimum", "/n", "DIFFER"),
    ],
)
def test_only_listed_differences_are_accepted(text: str | bytes, keyword: str, pointer: str, result: str) -> None:
    assert result_of(text, keyword, pointer) == result


def test_documents_are_of_their_kind() -> None:
    documents = Documents(SCHEMA, random.Random(1))
    validator = jsonschema_rs.validator_for(SCHEMA)
    assert all(validator.is_valid(json.loads(documents.valid())) for _ in range(50))
    invalid = [validator.is_valid(json.loads(documents.invalid())) for _ in range(200)]
    assert invalid.count(False) > 20
    assert len({documents.mutated() for _ in range(50)}) > 30


def test_the_same_seed_gives_the_same_documents() -> None:
    one, other = (Documents(SCHEMA, random.Random(5)) for _ in range(2))
    assert [one.invalid() for _ in range(20)] == [other.invalid() for _ in range(20)]
