"""A call of the CSMS to the charge point, from a form that is made from the schema of its action."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from nicegui import ui

from rig.console.panel import Panel, Tab
from rig.ocpp.schemas import schema, to_charge_point
from rig.ocpp.versions import V16, VERSIONS

_MISSING = object()
Read = Callable[[], Any]
"""Returns the value of a part of the form, or `_MISSING` if it is empty."""


class CallPanel(Panel):
    """Sends one call and shows its answer."""

    title = "OCPP call"

    def __init__(self, tab: Tab) -> None:
        super().__init__(tab)
        self._read: Read = dict
        self._version = V16

    def fill(self) -> None:
        """Build the choices of charge point and action, the action's form, and the place of the answer."""
        self._point = ui.select([], label="charge point", on_change=self._choose_point).classes("w-full")
        actions = sorted(to_charge_point(self._version))
        self._action = ui.select(actions, label="action", with_input=True, on_change=self._choose).classes("w-full")
        self._form = ui.element("div").classes("w-full")
        with ui.element("div").classes("pb-row-of"):
            self._send = ui.button("call", on_click=self._on_send).props("outline")
        self._answer = ui.element("div").classes("w-full").props("role=status aria-label=answer")

    def focus(self) -> None:
        """Put the focus on the choice of the action."""
        self._action.run_method("focus")

    def show(self) -> None:
        """Allow a call only while a person may act, and offer the actions of the charge point's version of OCPP."""
        self._send.set_enabled(self._tab.may_act)
        known = list(self._points())
        if known != self._point.options:
            kept = self._point.value if self._point.value in known else next(iter(known), None)
            self._point.set_options(known, value=kept)
        self._choose_point()

    def _points(self) -> Mapping[str, Any]:
        points: Mapping[str, Any] = self._tab.state.get("csms", {}).get("charge_points", {})
        return points

    def _choose_point(self) -> None:
        point = self._points().get(self._point.value, {})
        version = VERSIONS.get(point.get("protocol", ""), V16)
        if version is not self._version:
            self._version = version
            actions = sorted(to_charge_point(version))
            self._action.set_options(actions, value=self._action.value if self._action.value in actions else None)
            self._choose()  # the fields of an action depend on the version

    def _choose(self) -> None:
        self._form.clear()
        self._answer.clear()
        action = self._action.value
        if not action:
            return
        whole = schema(action, "request", self._version)
        with self._form:
            if not whole.get("properties"):
                ui.label("no fields").classes("pb-soft")
            self._read = build(whole, whole.get("definitions", {}))

    async def _on_send(self) -> None:
        if not self._action.value:
            ui.notify("Choose an action first.", type="warning")
            return
        answer = await self._tab.call(
            "csms.call", action=self._action.value, payload=self._read(), charge_point=self._point.value
        )
        if answer is None:
            return
        self._answer.clear()
        with self._answer:
            ui.label(f"{self._action.value} was answered:").classes("pb-soft")
            text = escape(json.dumps(answer, indent=2, ensure_ascii=False))
            ui.html(f"<pre class='pb-payload' tabindex=0>{text}</pre>", sanitize=False)


def build(part: Mapping[str, Any], definitions: Mapping[str, Any], name: str = "", required: bool = True) -> Read:
    """Build the fields of a JSON schema inside the current element of the page.

    Args:
        part: the schema, or a part of it.
        definitions: the parts of the schema that a `$ref` refers to, by name.
        name: the property's name.
        required: whether the property is required.

    Returns:
        A function that returns the entered value.
    """
    if reference := part.get("$ref"):
        part = definitions[reference.rpartition("/")[2]]
    match part.get("type"):
        case "object":
            return _object(part, definitions, name, required)
        case "array":
            return _array(part, definitions, name)
        case _:
            return _scalar(part, name, required)


def _object(part: Mapping[str, Any], definitions: Mapping[str, Any], name: str, required: bool) -> Read:
    needed = part.get("required", ())
    with _group(name, required):
        readers = {
            key: build(below, definitions, key, key in needed) for key, below in part.get("properties", {}).items()
        }

    def read() -> Any:
        values = {key: value for key, reader in readers.items() if (value := reader()) is not _MISSING}
        return values if values or required else _MISSING

    return read


def _array(part: Mapping[str, Any], definitions: Mapping[str, Any], name: str) -> Read:
    readers: list[Read] = []
    with _group(name, required=False):
        rows = ui.element("div").classes("w-full")

        def add() -> None:
            with rows:
                readers.append(build(part["items"], definitions, f"{name} {len(readers) + 1}", required=False))

        ui.button(f"add {name}", on_click=add).props("flat dense")

    def read() -> Any:
        values = [value for reader in readers if (value := reader()) is not _MISSING]
        return values or _MISSING

    return read


def _scalar(part: Mapping[str, Any], name: str, required: bool) -> Read:
    label = f"{name}{' *' if required else ''}"
    field: Any
    if choices := part.get("enum"):
        field = ui.select(list(choices), label=label, clearable=not required)
    elif part.get("type") in ("integer", "number"):
        field = ui.number(label)
        if part["type"] == "integer":
            field.precision = 0
    elif part.get("type") == "boolean":
        field = ui.select({True: "true", False: "false"}, label=label, clearable=not required)
    else:
        limit = part.get("maxLength")
        field = ui.input(f"{label}{f' (at most {limit} characters)' if limit else ''}")
        if part.get("format") == "date-time":
            field.props('placeholder="2026-01-01T00:00:00Z"')
        if limit:
            field.props(f"maxlength={limit}")
    field.classes("w-full")

    def read() -> Any:
        value = field.value
        if value is None or value == "":
            return _MISSING
        return int(value) if part.get("type") == "integer" else value

    return read


def _group(name: str, required: bool) -> Any:
    if not name:
        return ui.element("div").classes("w-full")
    group = ui.element("fieldset").classes("w-full q-pl-sm").props(f'aria-label="{name}"')
    with group:
        ui.label(f"{name}{' *' if required else ''}").classes("pb-soft")
    return group
