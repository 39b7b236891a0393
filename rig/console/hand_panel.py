"""The board, and the controls for power, reset, inputs, meter pulses and the console."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from rig.console.panel import Panel, Tab

_METER = "meter_pulse"
_MOST_PULSES = 100_000


class HandPanel(Panel):
    """Power, inputs and console of the board."""

    title = "Board"

    def __init__(self, tab: Tab) -> None:
        super().__init__(tab)
        self._switches: dict[str, ui.switch] = {}
        self._controls: list[Any] = []

    def fill(self) -> None:
        """Build the drawing of the board and its controls."""
        ui.element("pb-board")
        with ui.element("div").classes("pb-row-of"):
            self._power = ui.switch("power", on_change=self._on_power).props('aria-label="power of the board"')
            self._controls = [
                self._power,
                ui.button("cycle", on_click=lambda: self._tab.call("power.cycle")),
                ui.button("reset", on_click=self.reset),
                ui.button("bring up", on_click=lambda: self._tab.call("device.up")),
            ]
        self._inputs = ui.element("div").classes("pb-inputs")
        with ui.element("div").classes("pb-row-of") as self._meter:
            pulses = ui.number("meter pulses (Wh)", value=10, min=1, max=_MOST_PULSES, precision=0).classes("w-32")
            send = ui.button("send", on_click=lambda: self._send_pulses(pulses.value))
            self._controls += [pulses, send]
        self._meter.set_visibility(False)
        with ui.element("div").classes("pb-row-of"):
            line = ui.input("console command").classes("grow")
            line.on("keydown.enter", lambda: self._send_line(line))
            self._controls += [line, ui.button("send", on_click=lambda: self._send_line(line))]
        for control in self._controls:
            if isinstance(control, ui.button):
                control.props("outline dense padding='2px 10px'")

    async def toggle_power(self) -> None:
        """Switch the board's supply on or off."""
        is_on = self._tab.state.get("power", {}).get("is_on", False)
        await self._tab.call("power.off" if is_on else "power.on")

    async def reset(self) -> None:
        """Press the reset button."""
        await self._tab.call("power.reset")

    async def _on_power(self, event: Any) -> None:
        if event.value != self._tab.state.get("power", {}).get("is_on"):
            await self._tab.call("power.on" if event.value else "power.off")

    async def _on_input(self, name: str, value: bool) -> None:
        if value != self._tab.state.get("inputs", {}).get(name, {}).get("on"):
            await self._tab.call("input.set", name=name, on=value)

    async def _send_pulses(self, count: float | None) -> None:
        await self._tab.call("input.pulses", name=_METER, count=int(count or 0))

    async def _send_line(self, line: ui.input) -> None:
        if await self._tab.call("console.send", text=line.value or "") is not None:
            line.set_value("")

    def show(self) -> None:
        """Set the switches to the state of the bench."""
        state, may_act = self._tab.state, self._tab.may_act
        inputs = state.get("inputs", {})
        names = [name for name in inputs if name != _METER]
        if inputs and names != list(self._switches):
            self._build_switches(names)
        for name, switch in self._switches.items():
            switch.set_enabled(may_act)
            if name in inputs and switch.value != inputs[name]["on"]:
                switch.set_value(inputs[name]["on"])
        self._meter.set_visibility(_METER in inputs)
        if state.get("power") and self._power.value != state["power"]["is_on"]:
            self._power.set_value(state["power"]["is_on"])
        for control in self._controls:
            control.set_enabled(may_act)

    def _build_switches(self, names: list[str]) -> None:
        self._inputs.clear()
        with self._inputs:
            self._switches = {name: self._switch(name) for name in names}

    def _switch(self, name: str) -> ui.switch:
        words = name.replace("_", " ")
        switch = ui.switch(words, on_change=lambda event: self._on_input(name, event.value))
        return switch.props(f'dense aria-label="input {words}"').classes("q-my-xs")
