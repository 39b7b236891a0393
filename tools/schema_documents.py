"""Generate documents for a JSON schema of OCPP: valid ones, invalid ones and mutated ones."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

from rig.ocpp.schemas import resolved

_CHARACTERS = 'abcXYZ019 -_./:~%é€😀\u0000\u001f"\\'
_TIMES = (
    "2024-02-29T12:34:56Z",
    "2024-02-29t12:34:56.123456789z",
    "2023-02-28T00:00:00+05:30",
    "2016-12-31T23:59:60Z",
    "2016-12-31T18:59:60-05:00",
    "0000-01-01T00:00:00-00:00",
    "9999-12-31T23:59:59.9+23:59",
)
_WRONG_TIMES = (
    "",
    "2023-02-29T12:34:56Z",
    "2024-02-30T12:34:56Z",
    "2024-13-01T00:00:00Z",
    "2024-00-01T00:00:00Z",
    "2024-01-00T00:00:00Z",
    "2024-04-31T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T23:60:00Z",
    "2024-01-01T23:59:61Z",
    "2016-12-31T22:59:60Z",
    "2024-01-01 00:00:00Z",
    "2024-01-01T00:00:00",
    "2024-01-01T00:00Z",
    "2024-01-01T00:00:00.Z",
    "2024-01-01T00:00:00.5.5Z",
    "2024-01-01T00:00:00,5Z",
    "2024-01-01T00:00:00+24:00",
    "2024-01-01T00:00:00+00:60",
    "2024-01-01T00:00:00+0000",
    "2024-01-01T00:00:00+00:000",
    "2024-01-01T00:00:00ZZ",
    "２024-01-01T00:00:00Z",
    "24-01-01T00:00:00Z",
    "20240-01-01T00:00:00Z",
    "2024-W01-1T00:00:00Z",
)
_URIS = (
    "ftp://user:pass@host.example:21/folder/file.bin?a=b#c",
    "http://[::1]:8080/",
    "http://[1:2:3:4:5:6:7:8]",
    "http://[1:2:3:4:5:6:7::]/",
    "http://[::ffff:192.0.2.1]/",
    "http://[1:2:3:4:5:6:192.0.2.1]",
    "http://[v1.a:b]/",
    "mailto:a@b",
    "urn:x",
    "a:",
    "file:///etc",
    "a+b-.1:?q#f",
    "http://h:/%41%7e",
    "http://@h",
    "http://u:p:q@h",
    "http://h?q/?:@",
)
_WRONG_URIS = (
    "",
    "host/path",
    "1a:b",
    ":a",
    "http://h:x/",
    "http://a:b:c/",
    "http://a@b@c",
    "http://[::1]x/",
    "http://[1::2::3]/",
    "http://[1:2:3:4:5:6:7:8:9]/",
    "http://[:1::]",
    "http://[::1:]",
    "http://[:]",
    "http://[]",
    "http://[1:2:3:4::5:6:7:8]",
    "http://[::1.2.3.256]/",
    "http://[::1.2.3]/",
    "http://[::1.2.3.4.5]/",
    "http://[::1.2.3.04]/",
    "http://[1.2.3.4]/",
    "http://[12345::]/",
    "http://[fe80::1%25en0]/",
    "http://[v.x]",
    "http://[v1.]",
    "http://[v1]",
    "http://h[::1]/",
    "http://[::1",
    "http://h/%4",
    "http://h/%zz",
    "http://h/a b",
    "http://h/é",
    "http://h/[",
    "a:##",
    "a:^",
    "a:\\",
)
_INTEGERS = ("0", "-0", "1", "-1", "100", "2147483647", "-2147483648", "123456789012345678901234567890")
_NUMBERS = ("0.1", "21.4", "-0.5", "1e1", "12E-1", "10e-2", "0.0", "1.50", "99.9", "123456789012345678901234.5", "1e20")
_ODD_NUMBERS = (
    "0.25",
    "1e-2",
    "0.10000000000000000001",
    "1.0",
    "1e3",
    "1e400",
    "-1e-400",
    "100.00000000000000000000001",
    "99.99999999999999999999999",
    "3.0000001",
    "-0.0",
    "10.000000000000000000000000000",
    "0e999999999999",
    "1e-999",
)
_SCRAPS = ('{"x":1}', "[]", "[[1]]", "{}", "null", "true", "false", '"x"', "1", "0.5", '""')


class Documents:
    """Generates texts for one schema.

    Args:
        schema: the JSON schema of a payload.
        rng: the source of all choices.
    """

    def __init__(self, schema: Mapping[str, Any], rng: random.Random) -> None:
        self._root = schema
        self._rng = rng
        # One place of the next document gets a violation; None for a valid document.
        self._faults = 0

    def valid(self) -> bytes:
        """Return a document that the schema accepts, apart from odd numbers."""
        self._faults = 0
        return self._value(self._root, 0).encode()

    def invalid(self) -> bytes:
        """Return a document that usually has violations at one or more places."""
        self._faults = self._rng.choice((1, 1, 1, 2, 4))
        return self._value(self._root, 0).encode()

    def mutated(self) -> bytes:
        """Return a document whose text was changed at a few bytes, so that it may be no JSON."""
        text = bytearray(self.valid() if self._rng.random() < 0.7 else self.invalid())
        for _ in range(self._rng.choice((1, 1, 2, 3))):
            at = self._rng.randrange(len(text) + 1)
            match self._rng.randrange(5):
                case 0:
                    del text[at:]
                case 1:
                    del text[at : at + self._rng.randint(1, 8)]
                case 2:
                    text[at:at] = self._rng.choice(
                        (b"\\u0041", b"\\ud83d\\ude00", b"\\ud800", b"\xff", b" ", b"}", b"]")
                    )
                case 3:
                    start = self._rng.randrange(len(text) + 1)
                    text[at:at] = text[start : start + self._rng.randint(1, 60)]
                case _:
                    text[at : at + 1] = bytes([self._rng.randrange(256)])
        return bytes(text)

    def _fault(self, chance: float = 0.12) -> bool:
        if self._faults and self._rng.random() < chance:
            self._faults -= 1
            return True
        return False

    def _value(self, node: Mapping[str, Any], depth: int) -> str:
        node = resolved(self._root, node)
        if self._fault(0.06):
            return self._rng.choice(_SCRAPS)
        kind = node.get("type")
        if kind == "object":
            return self._object(node, depth)
        if kind == "array":
            return self._array(node, depth)
        if kind == "string":
            return self._text(self._string(node))
        if kind == "boolean":
            return self._rng.choice(("true", "false"))
        if kind in ("integer", "number"):
            return self._number(node)
        return self._rng.choice((*_SCRAPS, '{"a":{"b":[1,{"a":2}]}}'))

    def _object(self, node: Mapping[str, Any], depth: int) -> str:
        required = set(node.get("required", ()))
        chance = 0.5 if depth < 3 else 0.2
        names = [name for name in node.get("properties", {}) if name in required or self._rng.random() < chance]
        self._rng.shuffle(names)
        if names and self._fault():
            names.remove(self._rng.choice(names))
        members = [(name, self._value(node["properties"][name], depth + 1)) for name in names]
        if members and self._fault(0.03):
            members.append(self._rng.choice(members))
        # The schemas of 2.x allow more properties in customData only.
        if self._fault() or (node.get("additionalProperties", True) and self._rng.random() < 0.3):
            name = self._rng.choice(("extra", "", "é", "id", "idTa", "idTags", "a\nb", *node.get("properties", {})))
            if name not in names:
                members.append((name, self._rng.choice(_SCRAPS)))
        space = self._rng.choice(("", "", "", " ", "\r\n\t"))
        return "{" + ",".join(f"{space}{self._text(name)}{space}:{space}{text}{space}" for name, text in members) + "}"

    def _array(self, node: Mapping[str, Any], depth: int) -> str:
        least, most = node.get("minItems", 0), node.get("maxItems", 1000)
        count = min(most, least + self._rng.choice((0, 0, 1, 1, 2, 3) if depth < 4 else (0, 0, 0, 1)))
        if self._fault():
            count = self._rng.choice((0, max(0, least - 1), most + 1 if most <= 24 else least))
        return "[" + ",".join(self._value(node.get("items", {}), depth + 1) for _ in range(count)) + "]"

    def _string(self, node: Mapping[str, Any]) -> str:
        if "enum" in node:
            value: str = self._rng.choice(node["enum"])
            if not self._fault():
                return value
            return self._rng.choice((value + "x", value[:-1], value.lower(), "", value + value, value[:-1] + "é"))
        if node.get("format") == "date-time":
            return self._rng.choice(_WRONG_TIMES if self._fault() else _TIMES)
        if node.get("format") == "uri":
            return self._rng.choice(_WRONG_URIS if self._fault() else _URIS)
        most = node.get("maxLength", 60)
        length = self._rng.choice((0, 1, self._rng.randint(0, min(most, 40)), most if most <= 600 else 1))
        if self._fault():
            length = most + self._rng.choice((1, 1, 2, 30))
        return "".join(self._rng.choices(_CHARACTERS, k=length))

    def _text(self, text: str) -> str:
        style = self._rng.random()
        if style < 0.75:
            return json.dumps(text, ensure_ascii=False)
        if style < 0.9:
            return json.dumps(text)
        units = text.encode("utf-16-be")
        return '"' + "".join(f"\\u{units[i]:02X}{units[i + 1]:02x}" for i in range(0, len(units), 2)) + '"'

    def _number(self, node: Mapping[str, Any]) -> str:
        if self._fault():
            return self._rng.choice((*_NUMBERS, *_ODD_NUMBERS, *_INTEGERS))
        if "minimum" in node or "maximum" in node:
            least, most = int(node.get("minimum", -100)), int(node.get("maximum", 100))
            return str(self._rng.randint(least, max(least, most)))
        return self._rng.choice(_INTEGERS if node["type"] == "integer" else (*_INTEGERS, *_NUMBERS))
