"""Immutable mappings of bounded size, for states: a charge point cannot make one grow without a limit."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")

NOTHING: Mapping[Any, Any] = MappingProxyType({})
_MOST_KEPT = 256


def with_entry(kept: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """Return a mapping with an entry added or replaced. Above 256 entries the oldest are dropped."""
    return limited({**kept, key: value}, _MOST_KEPT)


def without_entry(kept: Mapping[K, V], key: K) -> Mapping[K, V]:
    """Return a mapping without an entry."""
    return {each: value for each, value in kept.items() if each != key}


def limited(kept: dict[K, V], most: int) -> dict[K, V]:
    """Drop the oldest entries above a number, and return the mapping."""
    while len(kept) > most:
        del kept[next(iter(kept))]
    return kept
