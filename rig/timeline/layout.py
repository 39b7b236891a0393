"""The layout of an event's type: its fields, the JSON they may be, and whether they may hold a secret.

A field of text declares that itself, by `MayHoldSecret[...]` or `NoSecret[...]` around its type.
"""

from __future__ import annotations

import enum
import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from operator import attrgetter
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson

T = TypeVar("T")


class _Secrecy(enum.Enum):
    MAY_HOLD_SECRET = "may hold a secret"
    NO_SECRET = "no secret"


MayHoldSecret = Annotated[T, _Secrecy.MAY_HOLD_SECRET]
"""A field that comes from outside, such as from the device or a test: it is masked in the record and in words."""
NoSecret = Annotated[T, _Secrecy.NO_SECRET]
"""A field of text that only the rig itself fills, with names of its own: it is written as it is."""

_JSON_TYPES: Mapping[Any, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int,),
    float: (int, float),
    types.NoneType: (types.NoneType,),
    tuple: (list,),
    Mapping: (dict,),
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The JSON that a field may be in a record.

    Attributes:
        types: of the values.
        values: of a fixed set.
    """

    types: tuple[type, ...]
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a type of event.

    Attributes:
        name: the type's name in records: `OcppFrame` is `ocpp_frame`.
        fields: the names of all its fields.
        own: the names of those that not every event has.
        masked: the names of those that may hold a secret.
        tuples: the names of those that are lists in JSON, and tuples in the event.
        accepted: the JSON that each field may be; a field that may be any has no entry.
        values: reads all fields of an event at once.
    """

    name: str
    fields: tuple[str, ...]
    own: tuple[str, ...]
    masked: tuple[str, ...]
    tuples: tuple[str, ...]
    accepted: Mapping[str, Accepted]
    values: Callable[[Any], tuple[Any, ...]]


_LAYOUTS: dict[type, Layout] = {}


def layout_of(event_type: type) -> Layout:
    """Return the layout of a type of event, read once from its declaration.

    Args:
        event_type: a dataclass.

    Raises:
        TypeError: a field can hold text and does not declare whether it may hold a secret.
    """
    layout = _LAYOUTS.get(event_type)
    if layout is None:
        layout = _LAYOUTS[event_type] = _read(event_type)
    return layout


def _read(event_type: type) -> Layout:
    names = tuple(f.name for f in fields(event_type))
    base = [cls for cls in event_type.__mro__ if is_dataclass(cls)][-1]
    own = names[len(fields(base)) :]  # the base's come first
    hints = get_type_hints(event_type, include_extras=True)
    masked, tuples, accepted = [], [], {}
    for name in names:
        secrecy = next((mark for mark in getattr(hints[name], "__metadata__", ()) if isinstance(mark, _Secrecy)), None)
        found = list(_plain_types(hints[name]))
        if secrecy is None and any(kind in (str, tuple, Mapping, Any) for kind in found):
            raise TypeError(
                f"{event_type.__name__}.{name} can hold text: declare it MayHoldSecret[...] or NoSecret[...]"
            )
        if secrecy is _Secrecy.MAY_HOLD_SECRET:
            masked.append(name)
        if tuple in found:
            tuples.append(name)
        if Any not in found:
            choices = tuple(kind for kind in found if isinstance(kind, str))
            kinds = tuple(json for kind in found if not isinstance(kind, str) for json in _JSON_TYPES[kind])
            accepted[name] = Accepted(kinds, choices)
    return Layout(type_name(event_type), names, own, tuple(masked), tuple(tuples), accepted, attrgetter(*names))


def _plain_types(hint: Any) -> Iterator[Any]:
    """The types that an annotation allows, without their parameters; of a Literal its texts."""
    origin = get_origin(hint)
    if origin is Annotated:
        yield from _plain_types(get_args(hint)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(hint):
            yield from _plain_types(member)
    elif origin is Literal:
        yield from get_args(hint)
    else:
        yield hint if origin is None else origin


def type_name(event_type: type) -> str:
    """Return the event's name in records: `OcppFrame` is `ocpp_frame`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event_type.__name__).lower()


def to_json(content: Any) -> bytes:
    """Write JSON as the record has it: mappings and sets as it can hold them, any other object as its `str`.

    Raises:
        TypeError: it has no place in JSON.
    """
    return orjson.dumps(content, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
