"""Compare the verdicts of the device's schema validator with those of jsonschema-rs.

`python -m tools.schema_differential --program build/firmware/schema-check` generates valid, invalid and mutated
documents for each message of OCPP 1.6, 2.0.1 and 2.1. For an invalid document, jsonschema-rs must report the same
keyword as the device, at the same place. A difference is accepted only if it belongs to a class of CLASSES.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import jsonschema_rs

from firmware.tools.schema_tables import PROTOCOLS, compile_pack, load
from tools.schema_documents import Documents

MAX_DEPTH = 16
CLASSES = {
    "property twice": "the device rejects a property that occurs twice; jsonschema-rs sees the last one only",
    "lone surrogate": "the device rejects text that is no Unicode (RFC 8259, section 8.2); Python's reader accepts it",
    "depth": f"the device rejects more than {MAX_DEPTH} levels; jsonschema-rs has no such limit",
    "huge exponent": "the device judges numbers of any exponent; those of Python's decimal module have 18 digits",
    "rounded bound": "the device compares decimal digits with minimum and maximum; jsonschema-rs compares doubles",
}
"""The accepted differences, each with its reason."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document and its schema.

    Attributes:
        action: e.g. `BootNotification`.
        kind: `request` or `response`.
        schema: the JSON schema.
        text: the bytes of the document, which may be no JSON.
    """

    action: str
    kind: str
    schema: Mapping[str, Any]
    text: bytes


class NotJsonError(Exception):
    """A text is no JSON."""


@dataclass(slots=True)
class _Reading:
    """The properties of a text that its value does not show."""

    has_duplicates: bool = False


def documents(protocol: str, count: int, seed: int) -> list[Document]:
    """Return documents of all messages of a protocol: a third valid, a third invalid, a third mutated.

    Args:
        protocol: e.g. `ocpp1.6`.
        count: number of documents.
        seed: of the random choices.
    """
    rng = random.Random(f"{protocol} {seed}")
    schemas = [
        (message.action, kind, schema)
        for message in load(protocol).messages
        for kind, schema in (("request", message.request), ("response", message.response))
        if schema is not None
    ]
    generators = [Documents(schema, rng) for _, _, schema in schemas]
    found = []
    for i in range(count):
        generator = generators[i % len(schemas)]
        text = (generator.valid, generator.invalid, generator.mutated)[i // len(schemas) % 3]()
        found.append(Document(*schemas[i % len(schemas)], text))
    return found


def device_verdicts(program: Path, protocol: str, asked: Sequence[Document]) -> list[tuple[str, str]]:
    """Return keyword and JSON pointer of the device for each document, `("ok", "")` for a valid one.

    Args:
        program: the host program `schema-check`.
        protocol: e.g. `ocpp1.6`, whose pack is made for the program.
        asked: the documents.
    """
    stream = b"".join(
        f"{document.action} {document.kind} {len(document.text)}\n".encode() + document.text for document in asked
    )
    with tempfile.TemporaryDirectory() as folder:
        pack = Path(folder, "schemas.pack")
        pack.write_bytes(compile_pack(load(protocol)))
        done = subprocess.run([program, "--pack", pack], input=stream, stdout=subprocess.PIPE, check=True)
    lines = done.stdout.decode().splitlines()
    return [(*line.split("\t"), "")[:2] for line in lines]  # type: ignore[misc]


def differences(program: Path, protocol: str, count: int, seed: int) -> Iterator[tuple[str, Document, str]]:
    """Yield for each document its result, the document and a message.

    The result is `agree`, one of CLASSES, or `DIFFER` for a difference that no class covers.
    """
    asked = documents(protocol, count, seed)
    validators: dict[int, Any] = {}
    for document, (keyword, pointer) in zip(asked, device_verdicts(program, protocol, asked), strict=True):
        validator = validators.get(id(document.schema))
        if validator is None:
            validator = jsonschema_rs.validator_for(dict(document.schema), validate_formats=True)
            validators[id(document.schema)] = validator
        yield compare(validator, document, keyword, pointer)


def compare(validator: Any, document: Document, keyword: str, pointer: str) -> tuple[str, Document, str]:
    reading = _Reading()
    try:
        value = _read(document.text, reading)
    except InvalidOperation:
        return "huge exponent", document, f"device: {keyword}"
    except NotJsonError as error:
        # The device may stop at a violation before the end of the JSON text.
        return ("agree" if keyword != "ok" else "DIFFER"), document, f"no JSON ({error}), device: {keyword} {pointer}"
    if keyword == "duplicate" or (reading.has_duplicates and keyword != "ok"):
        return ("property twice" if reading.has_duplicates else "DIFFER"), document, "device: duplicate"
    if _has_surrogate(value):
        # The device may stop at a violation before the surrogate.
        return ("lone surrogate" if keyword != "ok" else "DIFFER"), document, f"device: {keyword}"
    if keyword == "JSON":
        return ("depth" if _depth(value) > MAX_DEPTH else "DIFFER"), document, f"device: JSON at {pointer}"
    errors = [] if validator.is_valid(value) else list(validator.iter_errors(value))
    places = {(str(error.schema_path[-1]), "".join(f"/{step}" for step in error.instance_path)) for error in errors}
    if (keyword, pointer) in places or (keyword == "ok" and not places):
        return "agree", document, ""
    bounds = {"minimum", "maximum"}
    if (keyword in bounds or {name for name, _ in places} <= bounds) and _has_long_number(document.text):
        return "rounded bound", document, ""
    return "DIFFER", document, f"jsonschema-rs: {sorted(places) or 'ok'}, device: {keyword} {pointer}"


def _read(text: bytes, reading: _Reading) -> Any:
    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(members)
        reading.has_duplicates = reading.has_duplicates or len(value) < len(members)
        return value

    def constant(name: str) -> Any:
        raise NotJsonError(name)

    try:
        return json.loads(text.decode(), parse_float=Decimal, object_pairs_hook=pairs, parse_constant=constant)
    except ValueError as error:
        raise NotJsonError(str(error)) from None


def _has_surrogate(value: Any) -> bool:
    if isinstance(value, str):
        return any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return any(_has_surrogate(inner) for member in value.items() for inner in member)
    return isinstance(value, list) and any(map(_has_surrogate, value))


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _has_long_number(text: bytes) -> bool:
    """Return whether some number of the text has more digits, or a larger exponent, than a double distinguishes."""
    found: list[str] = []

    def keep(number: str) -> float:
        found.append(number)
        return 0.0

    json.loads(text.decode(), parse_float=keep)
    return any(Decimal(number) != Decimal(repr(float(number))) for number in found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, and print the figures. Return the exit code: 1 with a difference that no class covers."""
    parser = argparse.ArgumentParser(prog="python -m tools.schema_differential", description=__doc__)
    parser.add_argument("--program", type=Path, default=Path("build/firmware/schema-check"))
    parser.add_argument("--documents", type=int, default=2000, help="number of documents of each protocol")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    failed = False
    for protocol in PROTOCOLS:
        results: Counter[str] = Counter()
        for result, document, message in differences(chosen.program, protocol, chosen.documents, chosen.seed):
            results[result] += 1
            if result == "DIFFER" and results[result] <= 10:
                print(f"{protocol} {document.action} {document.kind}: {message}\n  {document.text!r}")
        failed = failed or results["DIFFER"] > 0
        print(f"{protocol}: {chosen.documents} documents, " + ", ".join(f"{n} {r}" for r, n in results.most_common()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
