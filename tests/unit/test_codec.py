"""The record's codec writes and reads every type of event."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NewType

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.timeline import events as ev
from rig.timeline.codec import EVENT_TYPES, UnreadableLineError, decode, encode, encode_all
from rig.timeline.layout import MayHoldSecret, NoSecret, layout_of
from rig.util.known_secrets import remember_secret

if TYPE_CHECKING:
    from decimal import Decimal

text = st.text(st.characters(codec="utf-8"), max_size=20)
integer = st.integers(-(1 << 63), (1 << 63) - 1)
number = st.floats(allow_nan=False, allow_infinity=False)
json = st.recursive(
    st.none() | st.booleans() | integer | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
BY_ANNOTATION: Mapping[str, st.SearchStrategy[object]] = {
    "str": text,
    "bool": st.booleans(),
    "int": integer,
    "float": number,
    "int | None": st.none() | integer,
    "float | None": st.none() | number,
    "Any": json,
    "Mapping[str, float]": st.dictionaries(text, number),
    "Mapping[str, Any]": st.dictionaries(text, json, max_size=2),
    "tuple[str, ...]": st.lists(text, max_size=3).map(tuple),
}


def any_of(event_type: type[ev.Event]) -> st.SearchStrategy[ev.Event]:
    """Generate events of a type with any values of its fields."""
    strategies: dict[str, st.SearchStrategy[object]] = {}
    for name, field in event_type.__dataclass_fields__.items():
        spelled = str(field.type).removeprefix("MayHoldSecret[").removeprefix("NoSecret[")
        if spelled != field.type:
            spelled = spelled.removesuffix("]")
        accepted = layout_of(event_type).accepted.get(name)
        choices = accepted.values if accepted is not None else ()
        strategies[name] = st.sampled_from(choices) if choices else BY_ANNOTATION[spelled]
    return st.builds(event_type, **strategies)


@given(st.one_of([any_of(event_type) for event_type in EVENT_TYPES.values()]))
def test_every_event_is_read_as_written(event: ev.Event) -> None:
    line = encode(event)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert encode(decode(line)) == line
    if "*" * 8 not in line.decode():
        assert decode(line) == event


PIECES = (
    *("I (1) app: ", "wifi_psk", "password", "Token", "pass", "p-s-k", "k e y", "basic ", "Bearer ", "dTpodW50ZXIy"),
    *(
        "=",
        ": ",
        " ",
        "\n",
        '"',
        "{",
        "[",
        "}",
        "ws:",
        "/",
        "/u:hunter2@h",
        "hunter2",
        "known-value",
        "known-",
        "value",
    ),
    *("%70", "&quot;", "\\u0070", "\\", "\0", "\ud800", "é", "7"),
)
SAID = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
LINES = st.builds(
    ev.LogLine,
    id=integer,
    text=SAID,
    tag=SAID,
    level=st.sampled_from(["", "I", "password=hunter2", None]),
    uptime_ms=st.sampled_from([None, 7, 1 << 70, 2.5, "password=hunter2"]),
)


@given(st.lists(LINES | st.builds(ev.Note, text=SAID), max_size=4), st.sampled_from([0, 5]))
def test_events_encoded_together_are_those_encoded_one_by_one(events: list[ev.Event], wall: int) -> None:
    remember_secret("known-value")
    assert encode_all(events, wall) == b"".join(encode(event, wall) for event in events)


@pytest.mark.parametrize("event_type", EVENT_TYPES.values(), ids=EVENT_TYPES)
def test_every_field_that_may_hold_a_secret_is_masked(event_type: type[ev.Event]) -> None:
    spoken = {
        name for name, field in event_type.__dataclass_fields__.items() if str(field.type).startswith("MayHoldSecret[")
    }
    assert set(layout_of(event_type).masked) == spoken


def test_a_field_of_text_must_declare_its_secrecy() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Said(ev.Event):
        words: str

    with pytest.raises(TypeError, match=r"Said\.words can hold text: declare it MayHoldSecret"):
        Said(words="x").record()


def test_an_unknown_event_masks_its_declared_fields() -> None:
    url = "ws://user:hunter2@host/CP-1"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Heard(ev.Event):
        words: MayHoldSecret[str]
        name: NoSecret[str]
        times: int = 0

    record = Heard(words=url, name=url).record()
    assert record["words"] == "ws://user:********@host/CP-1"
    assert record["name"] == url


MAY: Any = MayHoldSecret
URL = "ws://user:hunter2@host/CP-1"
HIDDEN = "ws://user:********@host/CP-1"
PAIR = {"key": "AuthorizationKey", "value": "hunter2"}
HIDDEN_PAIR = {"key": "AuthorizationKey", "value": "********"}


class Place(enum.Enum):
    """An enum with a secret in its values."""

    CSMS = URL


@dataclass
class Setting:
    """An object of a type that the codec does not know."""

    password: str


def event_with(annotation: Any, value: object) -> ev.Event:
    """Return an event of an unknown type with one field."""
    event_type = make_dataclass(
        "Own", [("held", annotation)], bases=(ev.Event,), frozen=True, slots=True, kw_only=True, repr=False
    )
    event: ev.Event = event_type(held=value)
    return event


@pytest.mark.parametrize("mark", ["none", "may hold a secret"])
@pytest.mark.parametrize(
    ("annotation", "value", "written"),
    [
        (list[str], [URL], [HIDDEN]),
        (Sequence[str], (URL,), [HIDDEN]),
        (dict[str, Any], PAIR, HIDDEN_PAIR),
        (dict[int, str], {1: URL}, {"1": HIDDEN}),
        (object, URL, HIDDEN),
        (list[int], [1 << 64], "[18446744073709551616]"),
        (Place, Place.CSMS, HIDDEN),
        (Path, Path("/run/ws:/user:hunter2@host"), "/run/ws:/user:********@host"),
        (bytes, URL.encode(), f"b'{HIDDEN}'"),
        (frozenset[str], frozenset([URL]), [HIDDEN]),
        (frozenset[object], frozenset([URL, 1]), [1, HIDDEN]),
        (Setting, Setting("hunter2"), {"password": "********"}),
        (list[Setting] | None, [Setting("hunter2")], [{"password": "********"}]),
    ],
)
def test_a_field_of_any_type_is_written_and_masked(mark: str, annotation: Any, value: object, written: object) -> None:
    event = event_with(annotation if mark == "none" else MAY[annotation], value)
    event.validate_recordable()
    assert orjson.loads(encode(event))["held"] == written
    assert orjson.loads(encode(event.without_secrets()))["held"] == written
    assert "hunter2" not in repr(event)


def test_an_object_without_secrets_is_unchanged() -> None:
    event = event_with(Path, Path("/run/one"))
    assert event.without_secrets() is event
    assert orjson.loads(encode(event))["held"] == "/run/one"


def test_a_field_without_a_secret_is_written_unchanged() -> None:
    assert orjson.loads(encode(event_with(NoSecret[list[str]], [URL])))["held"] == [URL]


def test_objects_in_a_field_of_json_are_masked_too() -> None:
    event = event_with(MayHoldSecret[tuple[Any, ...]], (Place.CSMS, [Setting("hunter2")]))
    assert orjson.loads(encode(event))["held"] == [HIDDEN, [{"password": "********"}]]


@pytest.mark.parametrize("annotation", [MAY[str] | None, MAY[str | None]], ids=["in", "around"])
def test_an_optional_field_may_declare_its_secrecy_inside_or_outside(annotation: Any) -> None:
    assert event_with(annotation, URL).record()["held"] == HIDDEN
    assert layout_of(type(event_with(annotation, None))).accepted["held"].types == (str, type(None))


@pytest.mark.parametrize("annotation", [MayHoldSecret[list[str]] | str, NewType("Name", str)], ids=["one", "named"])
def test_an_undeclared_text_in_a_union_is_rejected(annotation: Any) -> None:
    with pytest.raises(TypeError, match=r"Own\.held can hold text"):
        event_with(annotation, URL).record()


def test_numbers_and_fixed_values_need_no_declaration() -> None:
    layout = layout_of(type(event_with(Literal[1, "a", None], 1)))
    assert layout.masked == ()
    assert layout.accepted["held"].values == ("a",)
    assert layout.accepted["held"].types == (int, type(None))


def test_a_type_imported_for_type_checkers_only_is_rejected() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True, repr=False)
    class Paid(ev.Event):
        amount: Decimal | None = None

    with pytest.raises(
        TypeError, match=r"Paid\.amount: 'Decimal' of its type 'Decimal \| None' is not defined .* import"
    ):
        Paid().record()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{broken", "not JSON"),
        (b"[]", "not an event: its `type` is missing"),
        (b'{"type": 1}', "not an event: its `type` is missing"),
        (b'{"type": "from_the_future"}', "unknown type 'from_the_future'"),
        (b'{"type": "note"}', "fields that 'note' does not have, or lacks"),
        (b'{"type": "note", "text": "x", "more": 1}', "fields that 'note' does not have, or lacks"),
        (b'{"type": "note", "text": null}', "'note' with text = 'None', which is of the wrong type"),
        (b'{"type": "led_pattern", "led": "x", "pattern": "glow"}', "'led_pattern' with pattern = 'glow'"),
        (b'{"type": "log_line", "text": "x", "level": ["E"]}', "'log_line' with level"),
        (b'{"type": "panic", "cause": "x", "backtrace": "0x1"}', "'panic' with backtrace = '0x1'"),
        (b'{"type": "panic", "cause": "x", "backtrace": ["0x1", 1]}', "'panic' with '1' in backtrace"),
        (b'{"type": "panic", "cause": "x", "backtrace": [null]}', "'panic' with 'None' in backtrace"),
        (b'{"type": "telemetry_sample", "values": {"loops": "many"}}', "'telemetry_sample' with 'many' in values"),
        (b'{"type": "flashed", "seconds": ' + b'{"a":' * 900 + b"1" + b"}" * 901, "nested too deep"),
        (b'{"type": "ocpp_frame", "payload": ' + b"[" * 400 + b"]" * 400 + b"}", "nested too deep"),
        (b'{"type": "telemetry_sample", "values": {"loops": []}}', "'telemetry_sample' with '[]' in values"),
    ],
)
def test_a_line_without_an_event_raises_with_the_reason(line: bytes, why: str) -> None:
    with pytest.raises(UnreadableLineError) as error:
        decode(line)
    assert str(error.value).startswith(why)
