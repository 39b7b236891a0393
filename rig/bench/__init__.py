"""The bench: everything between a test and the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rig.bench.bench import Bench

__all__ = ["Bench"]


def __getattr__(name: str) -> Any:
    """Import the bench on first use: a command that only reads a bench description does not need it."""
    if name == "Bench":
        from rig.bench.bench import Bench

        return Bench
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
