"""The page of one browser tab: its own connection to the bench, and the controls that use it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from html import escape
from typing import Any

from nicegui import ui
from nicegui.events import KeyEventArguments

from rig.console.call_form import CallPanel
from rig.console.faults_panel import FaultsPanel
from rig.console.hand_panel import HandPanel
from rig.console.link import Link, RejectedError, Wanted, find
from rig.console.record_panel import RecordPanel
from rig.console.state_words import bench_trouble, chips, session_words
from rig.util.errors import BenchError

_REFRESH_S = 0.5
_KEYS = {
    "p": "switch the power on or off",
    "r": "press the reset button",
    "f": "go to the faults",
    "c": "go to the OCPP call",
    "/": "search the log",
    "?": "show these keys",
}
_HEAD = """<link rel="stylesheet" href="/console/page.css">
<script type="module" src="/console/main.js"></script>
<script>
document.documentElement.lang = "en";
addEventListener("pagehide", () => emitEvent("tab_closed"));
</script>"""


class Page:
    """The content of one browser tab.

    Args:
        wanted: the bench.
        is_local: whether the page is offered on loopback only.
    """

    def __init__(self, wanted: Wanted, *, is_local: bool) -> None:
        self._wanted = wanted
        self._is_local = is_local
        self._link: Link | None = None
        self._is_refreshing = False
        self._has_left = False
        self.state: Mapping[str, Any] = {}

    # -- the bench ------------------------------------------------------------------------------------------------

    @property
    def may_act(self) -> bool:
        """Whether a person may act: the bench is open, and no test runs on it."""
        return bool(self.state) and not self.state["live"]["test"]

    async def call(self, name: str, /, **arguments: Any) -> Any:
        """Make a call of the bench. After an error, show the error and return None.

        Args:
            name: the call.
            arguments: the arguments of the call.
        """
        return await self._attempt(lambda link: link.call(name, **arguments))

    async def request(self, do: str) -> Any:
        """Send a request to the bench. After an error, show the error and return None."""
        return await self._attempt(lambda link: link.request(do))

    async def _attempt(self, act: Callable[[Link], Awaitable[Any]]) -> Any:
        if self._link is None or not self._link.is_open:
            ui.notify("No bench is open.", type="warning")
            return None
        try:
            result = await act(self._link)
        except RejectedError as error:
            ui.notify(str(error), type="negative", multi_line=True, close_button="close", timeout=10_000)
            return None
        await self._refresh()
        return result if result is not None else {}

    async def _refresh(self) -> None:
        """Ask for the state, and show it. Connects first if that is necessary."""
        if self._is_refreshing or self._has_left:
            return
        self._is_refreshing = True
        try:
            if self._link is None or not self._link.is_open:
                if self._link is not None:
                    self._link.close()
                self._link = await find(self._wanted)
                if self._has_left:
                    self._leave()
                    return
            self.state = await self._link.request("state") if self._link is not None else {}
        except (RejectedError, BenchError):  # the banner of the page names the reason
            self.state = {}
        finally:
            self._is_refreshing = False
        self._show()
        await self._faults.load()

    def _show(self) -> None:
        self._chips.refresh()
        live = self.state.get("live", {})
        trouble = bench_trouble(self.state)
        self._trouble.set_text(trouble)
        self._trouble_row.set_visibility(bool(trouble))
        self._reopen.set_visibility(not live.get("can_pause"))
        self._reopen.set_enabled(not live.get("driver"))
        words = session_words(live)
        self._test.set_text(words)
        self._test_row.set_visibility(bool(words))
        self._pause.set_visibility(bool(live.get("can_pause")) and not live.get("paused"))
        self._pause.set_enabled(not live.get("pause_requested"))
        self._resume.set_visibility(bool(live.get("paused")))
        for panel in (self._hand, self._faults, self._calls, self._record):
            panel.show()

    def _leave(self) -> None:
        """Close the connection for good, so that the bench lifts the faults of this tab."""
        self._has_left = True
        self._record.stop()
        self._disconnect()

    def _disconnect(self) -> None:
        """Close the connection. A tab that was only hidden gets a new connection when it is shown again."""
        if self._link is not None:
            self._link.close()
            self._link = None

    # -- the tab --------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Build the page's elements in the tab that is being opened."""
        ui.add_head_html(_HEAD)
        self._dark = ui.dark_mode(None)
        ui.element("pb-banner")
        self._build_head()
        self._hand, self._faults, self._calls = HandPanel(self), FaultsPanel(self), CallPanel(self)
        self._record = RecordPanel(self, self._wanted)
        with ui.element("div").classes("pb-grid"):  # NiceGUI has put the page into a <main>
            with ui.element("div").classes("pb-column"):
                self._hand.build()
                self._faults.build()
                self._record.build()
            with ui.element("div").classes("pb-column"):
                _card("Log", "pb-log")
                _card("OCPP", "pb-sequence")
            with ui.element("div").classes("pb-column pb-right"):
                with ui.element("div").classes("pb-column"):
                    _card("Timeline", "pb-timeline")
                with ui.element("div").classes("pb-column"):
                    _card("Heap, CPU and network", "pb-plots")
                    self._calls.build()
        self._help = ui.element("dialog").classes("pb-dialog").props('aria-label="keys"')
        with self._help:
            ui.html("<h3>Keys</h3>", sanitize=False)
            for key, effect in _KEYS.items():
                ui.label(f"{key}   {effect}").style("white-space: pre")
            ui.button("close", on_click=lambda: self._help.run_method("close")).props("outline dense")
        ui.keyboard(self._on_key, ignore=["input", "select", "textarea"])
        ui.timer(_REFRESH_S, self._refresh)
        ui.on("tab_closed", self._disconnect)
        ui.context.client.on_delete(self._leave)

    def _build_head(self) -> None:
        with ui.element("header").classes("pb-head"):
            ui.html(f"<h1>{escape(self._wanted.path.stem)}</h1>", sanitize=False)
            self._chips = ui.refreshable(self._build_chips)
            self._chips()
            ui.element("span").classes("pb-spring")
            ui.button(icon="brightness_6", on_click=self._next_mode).props('flat round aria-label="light or dark"')
            ui.button(icon="help_outline", on_click=self._show_keys).props('flat round aria-label="keys"')
        if not self._is_local:
            ui.label(
                "Other machines can reach this page. Everybody who knows its address with the token can operate the "
                "bench, and the connection is not encrypted."
            ).classes("pb-warning").props("role=note")
        with ui.element("div").classes("pb-row-of pb-trouble") as self._trouble_row:
            self._trouble = ui.label().props("role=alert")
            self._reopen = ui.button("open the bench again", on_click=lambda: self.call("reopen")).props("outline")
        self._trouble_row.set_visibility(False)
        with ui.element("div").classes("pb-row-of pb-warning") as self._test_row:
            self._test = ui.label().props("role=status")
            self._pause = ui.button("pause after this test", on_click=lambda: self.request("pause")).props("outline")
            self._resume = ui.button("resume", on_click=lambda: self.request("resume")).props("outline")
        self._test_row.set_visibility(False)

    def _build_chips(self) -> None:
        for text in chips(self.state):
            ui.label(text).classes("pb-soft")

    def _show_keys(self) -> None:
        self._help.run_method("showModal")

    def _next_mode(self) -> None:
        self._dark.value = {None: True, True: False, False: None}[self._dark.value]

    async def _on_key(self, event: KeyEventArguments) -> None:
        if not event.action.keydown or event.action.repeat or event.modifiers.ctrl or event.modifiers.alt:
            return
        match event.key.name:
            case "p" | "r" if not self.may_act:
                ui.notify(session_words(self.state.get("live", {})) or "No bench is open.", type="warning")
            case "p":
                await self._hand.toggle_power()
            case "r":
                await self._hand.reset()
            case "f":
                self._faults.focus()
            case "c":
                self._calls.focus()
            case "/":
                ui.run_javascript("document.getElementById('log-search').focus()")
            case "?":
                self._show_keys()


def _card(title: str, tag: str) -> None:
    with ui.element("section").classes("pb-card").props(f'aria-label="{title}"'):
        ui.html(f"<h2>{title}</h2>", sanitize=False)
        ui.element(tag)
