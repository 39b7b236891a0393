"""Records the acts at the bench, and offers them as a test and as a scenario."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
from nicegui import ui

from rig.console.link import Wanted, connected
from rig.console.panel import Panel, Tab
from rig.recording import pytest_file, scenario_file, steps_of, title_of
from rig.recording.steps import HAND_ACT, KINDS

_MOST_EVENTS = 100_000
"""A recording ends after this number of events."""


class RecordPanel(Panel):
    """Records from the button "record" until the button "save".

    Args:
        tab: the page.
        wanted: the bench.
    """

    title = "Recording"

    def __init__(self, tab: Tab, wanted: Wanted) -> None:
        super().__init__(tab)
        self._wanted = wanted
        self._events: list[dict[str, Any]] = []
        self._lost = 0
        self._recording: asyncio.Task[None] | None = None

    def fill(self) -> None:
        """Build the buttons."""
        with ui.element("div").classes("pb-row-of"):
            self._start = ui.button("record", on_click=self._on_start)
            self._test = ui.button("save test", on_click=lambda: self._save(pytest_file, "test_by_hand.py"))
            self._scenario = ui.button("save scenario", on_click=lambda: self._save(scenario_file, "by_hand.yaml"))
        for button in (self._start, self._test, self._scenario):
            button.props("outline dense padding='2px 10px'")
        self._words = ui.label("Records your acts and their effects.").classes("pb-soft").props("role=status")

    def show(self) -> None:
        """Show the number of recorded acts."""
        self._start.set_enabled(bool(self._tab.state))
        self._test.set_enabled(bool(self._events))
        self._scenario.set_enabled(bool(self._events))
        if self._recording is not None:
            acts = sum(event["type"] == HAND_ACT for event in self._events)
            ended = " The bench was closed, or the recording is full." if self._recording.done() else ""
            self._words.set_text(f"{acts} acts recorded.{ended}")

    def stop(self) -> None:
        """End the recording."""
        if self._recording is not None:
            self._recording.cancel()

    def _on_start(self) -> None:
        self.stop()
        self._events, self._lost = [], 0
        self._recording = asyncio.create_task(self._record(self._events))
        self._start.set_text("record again")

    async def _record(self, events: list[dict[str, Any]]) -> None:
        async with connected(self._wanted) as link:
            if link is None:
                return
            link.send(do="subscribe", kinds=KINDS)
            while len(events) < _MOST_EVENTS and (line := await link.reader.readline()):
                message = orjson.loads(line)
                if (event := message.get("event")) is not None:
                    events.append(event)
                self._lost += message.get("lost", 0)

    def _save(self, write: Callable[..., str], name: str) -> None:
        steps, skipped = steps_of(self._events, self._lost)
        ui.download.content(write(title_of(self._wanted.path.stem), steps, skipped), name)
