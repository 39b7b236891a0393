"""The record's codec: every type of event, written and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.timeline import events as ev
from rig.timeline.codec import EVENT_TYPES, UnreadableLineError, decode, encode
from rig.timeline.layout import MayHoldSecret, NoSecret, layout_of

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
    """Events of a type, with whatever its fields can hold."""
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
def test_every_event_comes_back_as_it_was(event: ev.Event) -> None:
    line = encode(event)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert encode(decode(line)) == line
    if "*" * 8 not in line.decode():
        assert decode(line) == event


@pytest.mark.parametrize("event_type", EVENT_TYPES.values(), ids=EVENT_TYPES)
def test_every_field_that_may_hold_a_secret_is_masked(event_type: type[ev.Event]) -> None:
    spoken = {
        name for name, field in event_type.__dataclass_fields__.items() if str(field.type).startswith("MayHoldSecret[")
    }
    assert set(layout_of(event_type).masked) == spoken


def test_a_field_of_text_must_declare_itself() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Said(ev.Event):
        words: str

    with pytest.raises(TypeError, match=r"Said\.words can hold text: declare it MayHoldSecret"):
        Said(words="x").record()


def test_an_event_of_another_kind_masks_what_it_declares() -> None:
    url = "ws://user:hunter2@host/CP-1"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Heard(ev.Event):
        words: MayHoldSecret[str]
        name: NoSecret[str]
        times: int = 0

    record = Heard(words=url, name=url).record()
    assert record["words"] == "ws://user:********@host/CP-1"
    assert record["name"] == url


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{broken", "not JSON"),
        (b"[]", "no event: its `type` is missing"),
        (b'{"type": 1}', "no event: its `type` is missing"),
        (b'{"type": "from_the_future"}', "unknown type 'from_the_future'"),
        (b'{"type": "note"}', "fields that 'note' does not have, or lacks"),
        (b'{"type": "note", "text": "x", "more": 1}', "fields that 'note' does not have, or lacks"),
        (b'{"type": "note", "text": null}', "'note' with text = 'None', which is of the wrong type"),
        (b'{"type": "led_pattern", "led": "x", "pattern": "glow"}', "'led_pattern' with pattern = 'glow'"),
        (b'{"type": "log_line", "text": "x", "level": ["E"]}', "'log_line' with level"),
        (b'{"type": "panic", "cause": "x", "backtrace": "0x1"}', "'panic' with backtrace = '0x1'"),
    ],
)
def test_a_line_that_holds_no_event_says_why(line: bytes, why: str) -> None:
    with pytest.raises(UnreadableLineError) as error:
        decode(line)
    assert str(error.value).startswith(why)
