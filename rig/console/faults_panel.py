"""The faults: those that are active, and a form for each of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from rig.console.fields import Argument
from rig.console.panel import Panel, Tab


class FaultsPanel(Panel):
    """Injects and lifts faults."""

    title = "Faults"

    def __init__(self, tab: Tab) -> None:
        super().__init__(tab)
        self._catalogue: Mapping[str, Any] = {}
        self._arguments: list[Argument] = []
        self._shown: Any = None
        self._bench: Any = None

    def fill(self) -> None:
        """Build the list of active faults and the form."""
        self._active = ui.element("div").classes("pb-column").props('role=status aria-label="active faults"')
        self._select = ui.select([], label="fault of the catalogue", with_input=True, on_change=self._choose)
        self._select.classes("w-full")
        self._form = ui.element("div").classes("w-full")
        with ui.element("div").classes("pb-row-of"):
            self._inject = ui.button("inject", on_click=self._on_inject).props("color=negative")
            self._restore = ui.button("restore everything", on_click=lambda: self._tab.call("restore"))
            self._restore.props("outline")

    def focus(self) -> None:
        """Put the focus on the choice of a fault."""
        self._select.run_method("focus")

    async def load(self) -> None:
        """Load the catalogue of a bench that was opened after the page."""
        live = self._tab.state.get("live", {})
        bench = (live.get("pid"), live.get("path"), self._tab.state.get("bench", {}).get("is_open"))
        if not live or bench == self._bench:
            return
        self._bench = bench  # before the call: the page refreshes after the call, and loads again
        found = await self._tab.call("fault.list")
        if found is None:
            self._bench = None  # the next refresh repeats the call
            return
        self._catalogue = found["catalogue"]
        self._select.set_options([name for name, fault in self._catalogue.items() if fault["possible"]])

    def _choose(self) -> None:
        fault = self._catalogue.get(self._select.value or "")
        self._form.clear()
        self._arguments = []
        if fault is None:
            return
        with self._form:
            ui.label(fault["summary"]).classes("pb-soft")
            self._arguments = [Argument(name, described) for name, described in fault["arguments"].items()]

    async def _on_inject(self) -> None:
        name = self._select.value
        if not name:
            ui.notify("Choose a fault first.", type="warning")
            return
        given = {field.name: field.value for field in self._arguments if field.value is not None}
        await self._tab.call("fault.inject", name=name, arguments=given)

    def show(self) -> None:
        """Show the active faults."""
        for control in (self._inject, self._restore, self._select):
            control.set_enabled(self._tab.may_act)
        active = self._tab.state.get("faults", [])
        if active == self._shown:
            return
        self._shown = active
        self._active.clear()
        with self._active:
            if not active:
                ui.label("no fault is active").classes("pb-soft")
            for fault in active:
                self._build_active(fault)

    def _build_active(self, fault: Mapping[str, Any]) -> None:
        given = " ".join(f"{key}={value}" for key, value in fault["arguments"].items())
        with ui.element("div").classes("pb-fault"):
            ui.label(f"{fault['fault']} {given}").classes("grow")
            lift = ui.button("lift", on_click=lambda: self._tab.call("fault.lift", injected=fault["id"]))
            lift.props(f'outline dense aria-label="lift {fault["fault"]}"')
