"""Compile OCPP's JSON schemas into the tables of the device's validator.

`python -m firmware.tools.schema_tables built-in` writes the tables of OCPP 1.6 that the firmware contains,
`python -m firmware.tools.schema_tables pack ocpp2.0.1 FILE` writes a pack for a schema slot. The schemas are those of
the installed package `ocpp`. firmware/FORMAT.md describes the tables and the pack byte by byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rig.util.errors import BenchError

ROOT = Path(__file__).resolve().parents[2]
BUILT_IN = ROOT / "firmware/src/features/schema/ocpp16_tables.cpp"
PROTOCOLS = {"ocpp1.6": "v16", "ocpp2.0.1": "v201", "ocpp2.1": "v21"}
"""The WebSocket subprotocols, with the folder of their schemas in the package `ocpp`."""

PACK_MAGIC = b"PBSP"
PACK_VERSION = 1
PACK_HEADER = struct.Struct("<4sHH12sI32sI")
MAX_TABLES = 0xFFFF
MAX_DEPTH = 16
MAX_PROPERTIES = 64
MAX_VALUES = 255
MAX_TEXT = 255
NO_LIMIT = 0xFFFF

ANY, OBJECT, ARRAY, STRING, ENUM, INTEGER, INTEGER_4, NUMBER, BOOLEAN = range(9)
CLOSED = 1
HAS_MINIMUM, HAS_MAXIMUM, HAS_MULTIPLE = 1, 2, 4
_FORMATS = {"date-time": 1, "uri": 2}
_ANNOTATIONS = frozenset(
    {"$schema", "$id", "id", "title", "description", "comment", "$comment", "javaType", "default", "definitions"}
)
_NUMERIC = frozenset({"minimum", "maximum", "multipleOf"})
# The keywords that a node of each type may have besides `type`. For other types the specification gives them no effect;
# `additionalProperties` stands beside strings in the schemas of OCPP.
_KEYWORDS: Mapping[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems", "additionalItems"}),
    "string": frozenset({"maxLength", "enum", "format", "additionalProperties"}),
    "integer": _NUMERIC,
    "number": _NUMERIC,
    "boolean": frozenset(),
}


class SchemaError(Exception):
    """A schema needs something that the validator of the device does not implement."""


@dataclass(frozen=True)
class Message:
    """The schemas of one action.

    Attributes:
        action: e.g. `BootNotification`.
        request: the JSON schema of the request.
        response: the JSON schema of the response; None if the action has none.
    """

    action: str
    request: Mapping[str, Any]
    response: Mapping[str, Any] | None


@dataclass(frozen=True)
class Source:
    """The schemas of a protocol.

    Attributes:
        protocol: a key of PROTOCOLS.
        messages: sorted by action.
        digest: SHA-256 of the files' names and contents, 32 bytes.
    """

    protocol: str
    messages: Sequence[Message]
    digest: bytes


def load(protocol: str) -> Source:
    """Read the schemas of a protocol from the installed package `ocpp`.

    Args:
        protocol: a key of PROTOCOLS.

    Raises:
        BenchError: the package is not installed.
    """
    # `find_spec` instead of an import: importing `ocpp` takes 0.2 s.
    spec = find_spec("ocpp")
    folders = [
        Path(place, PROTOCOLS[protocol], "schemas") for place in (spec and spec.submodule_search_locations) or ()
    ]
    folder = next(filter(Path.is_dir, folders), None)
    if folder is None:
        raise BenchError(
            f"The schemas of {protocol} are missing: the package ocpp is not installed", "Run `make setup`"
        )
    files = sorted(folder.glob("*.json"))
    digest = hashlib.sha256()
    schemas: dict[str, Any] = {}
    for file in files:
        content = file.read_bytes()
        digest.update(file.name.encode() + b"\0" + struct.pack("<I", len(content)) + content)
        schemas[file.stem] = json.loads(content.decode("utf-8-sig"))
    return Source(protocol, list(_messages(schemas)), digest.digest())


def _messages(schemas: Mapping[str, Any]) -> Iterator[Message]:
    """Pair the schemas of 1.6 (`Reset`, `ResetResponse`) or of 2.x (`ResetRequest`, `ResetResponse`) by action."""
    for name, schema in sorted(schemas.items()):
        if name.endswith("Response"):
            continue
        action = name.removesuffix("Request")
        yield Message(action, schema, schemas.get(f"{action}Response"))


def compile_tables(messages: Sequence[Message]) -> bytes:
    """Return the tables of the messages: equal nodes and strings are stored once.

    Raises:
        SchemaError: a schema has a keyword or a size that the validator does not implement.
    """
    return _Compiler().compile(messages)


def compile_pack(source: Source) -> bytes:
    """Return a pack for a schema slot: the header, its CRC-32 over all the rest, and the tables.

    Raises:
        SchemaError: as compile_tables().
    """
    tables = compile_tables(source.messages)
    head = PACK_HEADER.pack(
        PACK_MAGIC, PACK_VERSION, PACK_HEADER.size + 4, source.protocol.encode(), len(tables), source.digest, 0
    )
    return head + struct.pack("<I", zlib.crc32(tables, zlib.crc32(head))) + tables


@dataclass
class _Compiler:
    """Places nodes and strings; an offset counts bytes from the start of the tables.

    A node is encoded with placeholders first: equal nodes have equal bytes, because children are placed before parents.
    """

    nodes: dict[tuple[Any, ...], int] = field(default_factory=dict)
    encoded: list[tuple[Any, ...]] = field(default_factory=list)
    strings: set[str] = field(default_factory=set)

    def compile(self, messages: Sequence[Message]) -> bytes:
        rows = []
        for message in sorted(messages, key=lambda message: message.action.encode()):
            self._text(message.action, message.action)
            request = self._root(message.request, message.action)
            response = self._root(message.response, message.action) if message.response is not None else None
            rows.append((message.action, request, response))
        # The node for any value is at 0. As a request or response, it means that the action has no such message.
        head = struct.pack("<HH", ANY, len(rows))
        at = len(head) + 6 * len(rows)
        places = []
        for node in self.encoded:
            places.append(at)
            at += len(self._pack(node, {}, places))
        pool, texts = self._pool(at)

        def place(index: int | None) -> int:
            return 0 if index is None else places[index]

        body = b"".join(struct.pack("<HHH", texts[action], place(one), place(two)) for action, one, two in rows)
        body += b"".join(self._pack(node, texts, places) for node in self.encoded)
        tables = head + body + pool
        if len(tables) > MAX_TABLES:
            raise SchemaError(f"the tables have {len(tables)} bytes; their offsets reach {MAX_TABLES}")
        return tables

    def _root(self, schema: Mapping[str, Any], place: str) -> int:
        if schema.get("type") != "object":
            raise SchemaError(f"{place}: the payload of a message is an object, not {schema.get('type')!r}")
        index = self._node(schema, schema, place, ())
        assert index is not None
        return index

    def _node(
        self, node: Mapping[str, Any], root: Mapping[str, Any], place: str, outer: tuple[str, ...], depth: int = 1
    ) -> int | None:
        """Return the index of the encoded node, None for one that accepts any value."""
        if depth > MAX_DEPTH + 1:
            raise SchemaError(f"{place}: nested deeper than {MAX_DEPTH} levels")
        if "$ref" in node:
            if extra := node.keys() - _ANNOTATIONS - {"$ref"}:
                raise SchemaError(f"{place}: {', '.join(sorted(extra))} beside $ref has no effect")
            target = node["$ref"]
            name = target.removeprefix("#/definitions/")
            if name == target or name not in root.get("definitions", {}):
                raise SchemaError(f"{place}: $ref {target!r} names no definition of the file")
            if name in outer:
                raise SchemaError(f"{place}: the definition {name} contains itself")
            return self._node(root["definitions"][name], root, place, (*outer, name), depth)
        kind = node.get("type")
        if kind is None and node.keys() <= _ANNOTATIONS:
            return None
        if not isinstance(kind, str) or kind not in _KEYWORDS:
            raise SchemaError(f"{place}: the type {kind!r} is not implemented")
        if unknown := node.keys() - _ANNOTATIONS - _KEYWORDS[kind] - {"type"}:
            raise SchemaError(f"{place}: the keyword {', '.join(sorted(unknown))} is not implemented for {kind}")
        encode = {"object": self._object, "array": self._array, "string": self._string}.get(kind)
        if encode is not None:
            return self._add(encode(node, root, place, outer, depth))
        return self._add((BOOLEAN,) if kind == "boolean" else _numeric(node, root, place))

    def _object(
        self, node: Mapping[str, Any], root: Mapping[str, Any], place: str, outer: tuple[str, ...], depth: int
    ) -> tuple[Any, ...]:
        properties = node.get("properties", {})
        required = set(node.get("required", ()))
        if len(properties) > MAX_PROPERTIES:
            raise SchemaError(f"{place}: {len(properties)} properties; {MAX_PROPERTIES} are implemented")
        if absent := required - properties.keys():
            raise SchemaError(f"{place}: requires {', '.join(sorted(absent))}, which is none of its properties")
        more = node.get("additionalProperties", True)
        if not isinstance(more, bool):
            raise SchemaError(f"{place}: additionalProperties is a schema, which is not implemented")
        names = sorted(properties, key=str.encode)
        rows = []
        for name in names:
            self._text(name, f"{place}.{name}")
            rows.append((name, self._node(properties[name], root, f"{place}.{name}", outer, depth + 1)))
        mask = sum(1 << i for i, name in enumerate(names) if name in required)
        return OBJECT, 0 if more else CLOSED, mask, tuple(rows)

    def _array(
        self, node: Mapping[str, Any], root: Mapping[str, Any], place: str, outer: tuple[str, ...], depth: int
    ) -> tuple[Any, ...]:
        items = node.get("items", {})
        # With one schema for all items, additionalItems has no effect (draft 6, section 6.10).
        if not isinstance(items, Mapping):
            raise SchemaError(f"{place}: items is a list of schemas, which is not implemented")
        least, most = node.get("minItems", 0), node.get("maxItems", NO_LIMIT)
        _require_range(place, "minItems", least, 0, NO_LIMIT - 1)
        _require_range(place, "maxItems", most, 0, NO_LIMIT)
        return ARRAY, least, most, self._node(items, root, f"{place}[]", outer, depth + 1)

    def _string(
        self, node: Mapping[str, Any], _root: object, place: str, _outer: object, _depth: int
    ) -> tuple[Any, ...]:
        if "enum" in node:
            if beside := node.keys() & {"maxLength", "format"}:
                raise SchemaError(f"{place}: {', '.join(sorted(beside))} beside enum is not implemented")
            values = sorted(set(node["enum"]), key=str.encode)
            if not 0 < len(values) <= MAX_VALUES:
                raise SchemaError(f"{place}: {len(values)} values of an enum; 1 to {MAX_VALUES} are implemented")
            for value in values:
                self._text(value, place)
            return ENUM, tuple(values)
        name = node.get("format")
        if name is not None and name not in _FORMATS:
            raise SchemaError(f"{place}: the format {name!r} is not implemented")
        most = node.get("maxLength", NO_LIMIT)
        _require_range(place, "maxLength", most, 0, NO_LIMIT)
        return STRING, _FORMATS.get(name, 0) if name else 0, most

    def _text(self, text: object, place: str) -> None:
        if not isinstance(text, str) or not text.isascii() or not 0 < len(text) <= MAX_TEXT:
            raise SchemaError(f"{place}: {text!r} is no text of 1 to {MAX_TEXT} ASCII characters")
        self.strings.add(text)

    def _add(self, node: tuple[Any, ...]) -> int:
        if node not in self.nodes:
            self.nodes[node] = len(self.encoded)
            self.encoded.append(node)
        return self.nodes[node]

    def _pool(self, start: int) -> tuple[bytes, dict[str, int]]:
        """Place the strings. The last byte of each has its highest bit set, so a string may end inside a longer one."""
        pool = bytearray()
        texts: dict[str, int] = {}
        for text in sorted(self.strings, key=lambda text: (-len(text), text)):
            stored = text[:-1].encode() + bytes([ord(text[-1]) | 0x80])
            at = pool.find(stored)
            if at < 0:
                at = len(pool)
                pool += stored
            texts[text] = start + at
        return bytes(pool), texts

    @staticmethod
    def _pack(node: tuple[Any, ...], texts: Mapping[str, int], places: Sequence[int]) -> bytes:
        def place(index: int | None) -> int:
            return 0 if index is None else places[index]

        match node:
            case (int(kind), flags, int(mask), rows) if kind == OBJECT:
                head = struct.pack("<BBB", kind, flags, len(rows)) + mask.to_bytes((len(rows) + 7) // 8, "little")
                return head + b"".join(struct.pack("<HH", texts.get(name, 0), place(child)) for name, child in rows)
            case (kind, least, most, child) if kind == ARRAY:
                return struct.pack("<BHHH", kind, least, most, place(child))
            case (kind, values) if kind == ENUM:
                head = struct.pack("<BB", kind, len(values))
                return head + b"".join(struct.pack("<H", texts.get(value, 0)) for value in values)
            case (kind, form, most) if kind == STRING:
                return struct.pack("<BBH", kind, form, most)
            case (kind, flags, least, most, power) if kind in (INTEGER, INTEGER_4, NUMBER):
                return struct.pack("<BBhhb", kind, flags, least, most, power)
        return struct.pack("<B", node[0])


def _numeric(node: Mapping[str, Any], root: Mapping[str, Any], place: str) -> tuple[Any, ...]:
    kind = NUMBER
    if node["type"] == "integer":
        # Draft 4 (core, section 3.5) excludes a fraction and an exponent from integers, draft 6 only a value with one.
        kind = INTEGER_4 if "draft-04" in root.get("$schema", "") else INTEGER
    flags = power = 0
    bounds = {"minimum": 0, "maximum": 0}
    for flag, key in ((HAS_MINIMUM, "minimum"), (HAS_MAXIMUM, "maximum")):
        if key in node:
            _require_range(place, key, node[key], -0x8000, 0x7FFF)
            bounds[key] = int(node[key])
            flags |= flag
    if "multipleOf" in node:
        flags |= HAS_MULTIPLE
        power = next((each for each in range(-18, 19) if node["multipleOf"] == float(f"1e{each}")), -128)
        if power == -128:
            raise SchemaError(f"{place}: multipleOf {node['multipleOf']!r} is no power of ten, 1e-18 to 1e18")
    return kind, flags, bounds["minimum"], bounds["maximum"], power


def _require_range(place: str, keyword: str, value: object, least: int, most: int) -> None:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or value != int(value)
        or not least <= value <= most
    ):
        raise SchemaError(f"{place}: {keyword} {value!r} is no integer from {least} to {most}")


def built_in() -> str:
    """Return the text of the C++ file with the tables that the firmware contains."""
    source = load("ocpp1.6")
    tables = compile_tables(source.messages)
    lines = "\n".join(
        "    " + " ".join(f"{byte:#04x}," for byte in tables[at : at + 19]) for at in range(0, len(tables), 19)
    )
    digest = ", ".join(f"{byte:#04x}" for byte in source.digest)
    return f"""// Generated by firmware/tools/schema_tables.py from the schemas of OCPP 1.6 and its security extension.
#include "features/schema/ocpp16_tables.h"

namespace pb {{

// clang-format off
const uint8_t kOcpp16Digest[32] = {{{digest}}};

const uint8_t kOcpp16Tables[{len(tables)}] = {{
{lines}
}};
// clang-format on

Bytes ocpp16_tables() {{ return {{kOcpp16Tables, sizeof kOcpp16Tables}}; }}

}}  // namespace pb
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the built-in tables or a pack. Return the exit code: 1 if a schema cannot be compiled."""
    parser = argparse.ArgumentParser(prog="python -m firmware.tools.schema_tables", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("built-in", help=f"write {BUILT_IN.relative_to(ROOT)}")
    pack = commands.add_parser("pack", help="write a pack for a schema slot")
    pack.add_argument("protocol", choices=PROTOCOLS)
    pack.add_argument("file", type=Path)
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "built-in":
            BUILT_IN.write_text(built_in(), encoding="utf-8")
        else:
            content = compile_pack(load(chosen.protocol))
            chosen.file.write_bytes(content)
            print(f"{chosen.file}: {chosen.protocol}, {len(content)} bytes")
    except (SchemaError, BenchError, OSError) as error:
        print(f"schema_tables: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
