"""Our verdict on payloads is that of two other validators, apart from a list of differences.

`make verdicts` compares 100,000 payloads, and prints the number of each difference.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import fastjsonschema
import orjson

from rig.ocpp import schemas
from rig.ocpp.versions import VERSIONS, Version
from tests.interop.node_csms import MODULES, needs_node
from tools.schema_differential import Document, documents

_LEAP_SECOND = r":60"
_EMPTY_PATH = r'"[a-z][a-z0-9+.-]*:([?#][^"]*)?"'
_LARGE_OR_WITH_A_POINT = r"[0-9]{19}|[0-9]\.0|[0-9][eE]"
DIFFERENCES: Mapping[str, tuple[str, str]] = {
    "ajv rejects: format date-time": (_LEAP_SECOND, "ajv-formats wants a leap second at 23:59:60 local time, not UTC"),
    "ajv accepts: format date-time": (r"\d[tT ]\d", "ajv-formats takes a time without a zone, a blank, and any offset"),
    "ajv rejects: format uri": (_EMPTY_PATH, "ajv-formats wants a path, which may be empty (RFC 3986 section 3.3)"),
    "ajv accepts: format uri": (":", "the pattern of ajv-formats takes any group of an IPv6 address"),
    "ajv accepts: type": (
        _LARGE_OR_WITH_A_POINT,
        "ajv takes 1.0 for an integer; the draft 4 of OCPP 1.6 does not",
    ),
    "ajv accepts: JSON": (r"\\u[dD]|[eE][0-9]", "JavaScript reads a lone surrogate, and 1e400 as infinity"),
    "fastjsonschema accepts: format date-time": (r"\d[tT]\d", "its pattern takes any leap second, offset and digit"),
    "fastjsonschema rejects: format uri": (_EMPTY_PATH, "its pattern wants a path"),
    "fastjsonschema accepts: format uri": (":", "its pattern takes any text without a blank"),
    "fastjsonschema accepts: type": (_LARGE_OR_WITH_A_POINT, "as for ajv; and Python's integers have any size"),
    "fastjsonschema accepts: JSON": (r"\\u[dD]|[eE][0-9]", "Python reads a lone surrogate, and 1e400 as infinity"),
}
"""The known differences: a pattern that the payload then matches, and the reason.

The key names the other validator, its verdict, and the violated keyword. We read an integer of more than 64
bits as a number with a point, and reject it: an integer of OCPP has 32.
"""

SCRIPT = Path(__file__).with_name("ajv_verdicts.mjs")
NO_JSON = "JSON"
"""The verdict on a text that is no JSON."""

Verdicts = Callable[[Sequence[Document]], Sequence[str]]
"""Returns for each document the first violated keyword, with the name of a format; empty for a valid document."""


def ours(version: Version) -> Verdicts:
    """Return the verdicts of the fake CSMS."""

    def of(document: Document) -> str:
        try:
            payload = orjson.loads(document.text)
        except orjson.JSONDecodeError:
            return NO_JSON
        kind: schemas.Kind = "request" if document.kind == "request" else "response"
        if schemas.check(document.action, payload, kind, version) is None:
            return ""
        found = schemas.breaks(document.action, payload, kind, version)[0]
        if found.keyword != "format":
            return found.keyword
        return f"format {_part(document.schema, found.path)['format']}"

    return lambda asked: list(map(of, asked))


def of_ajv(asked: Sequence[Document]) -> Sequence[str]:
    """Return the verdicts of the npm package ajv."""
    every = {id(document.schema): document.schema for document in asked}
    numbers = {name: number for number, name in enumerate(every)}
    # A text that is no UTF-8 is no JSON; node gets an empty text instead.
    texts = [(numbers[id(document.schema)], _utf8(document.text)) for document in asked]
    lines = [json.dumps(list(every.values())), *map(json.dumps, texts)]
    command = ["node", SCRIPT, MODULES]
    done = subprocess.run(command, input="\n".join(lines), stdout=subprocess.PIPE, text=True, check=True)
    return str(done.stdout).split("\n")[:-1]


def of_fastjsonschema(asked: Sequence[Document]) -> Sequence[str]:
    """Return the verdicts of the package fastjsonschema."""
    validators: dict[int, Any] = {}

    def of(document: Document) -> str:
        validate = validators.get(id(document.schema))
        if validate is None:
            validate = validators[id(document.schema)] = fastjsonschema.compile(dict(document.schema))
        try:
            validate(json.loads(document.text))
        except fastjsonschema.JsonSchemaValueException as error:
            return f"format {error.rule_definition}" if error.rule == "format" else str(error.rule)
        except ValueError:
            return NO_JSON
        except OverflowError:  # of 1e400 and `multipleOf`
            return "multipleOf"
        return ""

    return list(map(of, asked))


OTHERS: Mapping[str, Verdicts] = {"ajv": of_ajv, "fastjsonschema": of_fastjsonschema}


def compare(version: Version, count: int, seed: int) -> Iterator[tuple[str, Document]]:
    """Yield the name of each difference, with the document, and an empty name for each agreement."""
    asked = documents(version.subprotocol, count, seed)
    mine = ours(version)(asked)
    for name, verdicts in OTHERS.items():
        for document, we, they in zip(asked, mine, verdicts(asked), strict=True):
            if bool(we) == bool(they):
                yield "", document
                continue
            difference = f"{name} rejects: {they}" if they else f"{name} accepts: {we}"
            yield difference if _is_known(difference, document) else f"unknown: {difference}", document


def _is_known(difference: str, document: Document) -> bool:
    pattern, _ = DIFFERENCES.get(difference, ("$^", ""))
    return any(re.search(pattern, form) for form in _forms(document.text))


def _forms(text: bytes) -> Iterator[str]:
    """Yield a text as it is, and without escapes of letters if it is JSON."""
    yield text.decode(errors="replace")
    with contextlib.suppress(ValueError):
        yield json.dumps(json.loads(text))


def _utf8(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return ""


def _part(schema: Mapping[str, Any], path: Sequence[str | int]) -> Mapping[str, Any]:
    """Return the part of a schema that is for a place in a document."""
    node = schemas.resolved(schema, schema)
    for step in path:
        node = schemas.resolved(schema, node["items"] if isinstance(step, int) else node["properties"][step])
    return node


@needs_node
def test_other_validators_agree_apart_from_known_differences() -> None:
    found = [each for version in VERSIONS.values() for each in compare(version, 400, seed=1)]
    assert [(name, document) for name, document in found if name.startswith("unknown")] == []
    assert {name for name, _ in found} >= {"", "ajv rejects: format date-time", "fastjsonschema accepts: type"}


def main(count: int) -> int:
    """Compare so many payloads, and print the number of each difference. Return 1 with an unknown one."""
    results: Counter[str] = Counter()
    for version in VERSIONS.values():
        for name, document in compare(version, count // len(VERSIONS), seed=2):
            results[name] += 1
            if name.startswith("unknown") and results[name] <= 5:
                print(f"{name}: {version.subprotocol} {document.action} {document.kind} {document.text!r}")
    for name, times in results.most_common():
        print(f"{times} {name or 'agree'}")
    return int(any(name.startswith("unknown") for name in results))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
