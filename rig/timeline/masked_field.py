"""Fields of events that hold a complete text and mask its secrets when they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from rig.util.redaction import masked_text

T = TypeVar("T")


def masks_when_read(name: str) -> Callable[[type[T]], type[T]]:
    """Return a decorator for a type of event: a field's text is masked each time that it is read.

    Masking a frame takes longer than validating it, and most frames of a busy CSMS are never read. The attribute that
    `stored_name` returns holds the complete text. Copies of the dataclass, its pickle and its record contain the masked
    text, because they read the field.

    Args:
        name: the name of the field. The class is a dataclass with slots.
    """

    def decorate(event_type: type[T]) -> type[T]:
        slot: Any = getattr(event_type, name)
        setattr(event_type, f"_{name}", slot)
        setattr(event_type, name, property(lambda event: masked_text(slot.__get__(event)), slot.__set__))
        return event_type

    return decorate


def stored_name(event_type: type, name: str) -> str:
    """Return the attribute that holds the complete value of a field.

    Args:
        event_type: the type of event.
        name: the name of the field.
    """
    return f"_{name}" if isinstance(getattr(event_type, name, None), property) else name
