"""The base of a panel of controls, and the part of the page that panels use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

from nicegui import ui


class Tab(Protocol):
    """The part of `rig.console.page.Page` that panels use. It imports the panels, so they cannot import it."""

    state: Mapping[str, Any]

    @property
    def may_act(self) -> bool: ...
    async def call(self, name: str, /, **arguments: Any) -> Any: ...


class Panel(ABC):
    """A card of controls.

    Args:
        tab: the page.
    """

    title = ""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab

    def build(self) -> None:
        """Build the card, within the element that is open."""
        with ui.element("section").classes("pb-card").props(f'aria-label="{self.title}"'):
            ui.html(f"<h2>{self.title}</h2>", sanitize=False)
            self.fill()

    @abstractmethod
    def fill(self) -> None:
        """Build the controls."""

    @abstractmethod
    def show(self) -> None:
        """Show the state of the page."""
