"""The layout of an event's type: its fields, their JSON types, and whether they may hold a secret.

A field that can hold text must declare that with `MayHoldSecret[...]` or `NoSecret[...]` around its type. A field of
another type, such as a list, a path or an enum, is written as JSON or text. It is masked unless it is `NoSecret`.
"""

from __future__ import annotations

import enum
import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from operator import attrgetter
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from rig.timeline.masked_field import stored_name

T = TypeVar("T")


class _Secrecy(enum.Enum):
    MAY_HOLD_SECRET = "may hold a secret"
    NO_SECRET = "no secret"


MayHoldSecret = Annotated[T, _Secrecy.MAY_HOLD_SECRET]
"""A field with external data, for example from the device or a test: it is masked in all output."""
NoSecret = Annotated[T, _Secrecy.NO_SECRET]
"""A field of text that only the rig fills, with its own names: it is never masked."""

_JSON_TYPES: Mapping[Any, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int,),
    float: (int, float),
    types.NoneType: (types.NoneType,),
    tuple: (list,),
    Mapping: (dict,),
}
_HOLD_TEXT = (str, tuple, Mapping, Any)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The JSON that a record may have in a field.

    Attributes:
        types: the accepted types.
        values: the accepted texts of a fixed set.
    """

    types: tuple[type, ...]
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a type of event.

    Attributes:
        name: the type's name in records: `OcppFrame` is `ocpp_frame`.
        fields: the names of all its fields.
        stored: the attributes that hold the complete values of the fields that are not in `Event`.
        masked: the names of the fields that may hold a secret.
        figures: the names of the fields that cannot hold free text, each with its fixed set of texts.
        tuples: the names of the fields that are tuples in the event and lists in JSON.
        foreign: the names of the fields of an unchecked type: they are written as JSON or as text.
        accepted: the JSON that each field may have; no entry if it may have any.
        elements: the JSON types of the elements of a list or the values of an object; no entry for any type.
        numbers: the names of the fields with floats, which may be NaN or infinite, unlike in JSON.
        values: returns all fields of an event at once.
    """

    name: str
    fields: tuple[str, ...]
    stored: tuple[str, ...]
    masked: tuple[str, ...]
    figures: Mapping[str, tuple[Any, ...]]
    tuples: tuple[str, ...]
    foreign: tuple[str, ...]
    accepted: Mapping[str, Accepted]
    elements: Mapping[str, tuple[type, ...]]
    numbers: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]

    def record(self, event: Any) -> dict[str, Any]:
        """Return `type` and all fields of an event, with the secrets that the event holds."""
        record: dict[str, Any] = {"type": self.name}
        record.update(zip(self.fields, self.values(event)))  # noqa: B905 - `strict` costs as much as the update
        return record


_LAYOUTS: dict[type, Layout] = {}


def layout_of(event_type: type) -> Layout:
    """Return the layout of a type of event. The layout is derived from the declaration once.

    Args:
        event_type: a dataclass.

    Raises:
        TypeError: a field can hold text but does not declare whether it may hold a secret, or its type is undefined.
    """
    layout = _LAYOUTS.get(event_type)
    if layout is None:
        layout = _LAYOUTS[event_type] = _read(event_type)
    return layout


def _read(event_type: type) -> Layout:
    names = tuple(f.name for f in fields(event_type))
    base = [cls for cls in event_type.__mro__ if is_dataclass(cls)][-1]
    own = names[len(fields(base)) :]  # the fields of the base come first
    hints = _hints(event_type)
    masked, tuples, foreign, accepted, figures = [], [], [], {}, {}
    for name in names:
        found = list(_plain_types(hints[name]))
        if any(secrecy is None and kind in _HOLD_TEXT for kind, secrecy in found):
            raise TypeError(
                f"{event_type.__name__}.{name} can hold text: declare it MayHoldSecret[...] or NoSecret[...]"
            )
        kinds = [kind for kind, _secrecy in found]
        choices = tuple(kind for kind in kinds if isinstance(kind, str))
        unknown = [kind for kind in kinds if kind is not Any and kind not in choices and kind not in _JSON_TYPES]
        if any(mark is _Secrecy.MAY_HOLD_SECRET or (mark is None and kind in unknown) for kind, mark in found):
            masked.append(name)
        elif name in own and all(mark is None for _kind, mark in found):
            figures[name] = choices
        if tuple in kinds:
            tuples.append(name)
        if unknown:
            foreign.append(name)
        elif Any not in kinds:
            json = tuple(json for kind in kinds if kind in _JSON_TYPES for json in _JSON_TYPES[kind])
            accepted[name] = Accepted(json, choices)
    elements = {name: types for name in names if name in accepted and (types := _element_types(hints[name]))}
    numbers = [name for name in accepted if float in (*accepted[name].types, *elements.get(name, ()))]
    return Layout(
        type_name(event_type),
        names,
        tuple(stored_name(event_type, name) for name in own),
        tuple(masked),
        figures,
        tuple(tuples),
        tuple(foreign),
        accepted,
        elements,
        tuple(numbers),
        attrgetter(*names),
    )


def _element_types(hint: Any) -> tuple[type, ...]:
    """Return the JSON types of a tuple's elements or a mapping's values; empty if they are not declared."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _element_types(arguments[0])
    if origin in (Union, types.UnionType):
        return next(filter(None, map(_element_types, arguments)), ())
    inner = arguments[0] if origin is tuple and arguments else arguments[-1] if _is_mapping(origin) else None
    return _JSON_TYPES.get(inner, ()) if inner is not None else ()


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _hints(event_type: type) -> dict[str, Any]:
    try:
        return get_type_hints(event_type, include_extras=True)
    except NameError as error:
        spelled = {f.name: str(f.type) for f in fields(event_type)}
        name = next((name for name in spelled if re.search(rf"\b{error.name}\b", spelled[name])), "?")
        raise TypeError(
            f"{event_type.__name__}.{name}: {error.name!r} of its type {spelled.get(name, '')!r} is not defined when "
            "events are recorded: import it outside `if TYPE_CHECKING`, or define it in the module, not in a function"
        ) from None


def _plain_types(hint: Any, secrecy: _Secrecy | None = None) -> Iterator[tuple[Any, _Secrecy | None]]:
    """Yield an annotation's types without parameters, or a Literal's texts, each with its secrecy."""
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *marks = get_args(hint)
        yield from _plain_types(inner, next((mark for mark in marks if isinstance(mark, _Secrecy)), secrecy))
    elif origin in (Union, types.UnionType):
        for member in get_args(hint):
            yield from _plain_types(member, secrecy)
    elif origin is Literal:
        yield from ((value if isinstance(value, str) else type(value), secrecy) for value in get_args(hint))
    elif isinstance(hint, NewType):
        yield from _plain_types(hint.__supertype__, secrecy)
    else:
        yield hint if origin is None else origin, secrecy


def type_name(event_type: type) -> str:
    """Return the event's name in records: `OcppFrame` is `ocpp_frame`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event_type.__name__).lower()
