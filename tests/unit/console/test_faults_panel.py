"""The panel of the faults, without a browser."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("nicegui", reason="needs the extra console: make setup-console")

from rig.console.faults_panel import FaultsPanel

CATALOGUE = {"latency": {"possible": True}, "power-cut": {"possible": False}}


async def test_catalogue_is_loaded_again_after_a_failure() -> None:
    """A failed call is repeated at the next refresh. A successful one, which refreshes the page, is not."""
    results: list[Any] = [None, {"catalogue": CATALOGUE}]
    offered: list[list[str]] = []

    async def call(name: str) -> Any:
        assert name == "fault.list"
        result = results.pop(0)
        if result is not None:
            await panel.load()
        return result

    tab: Any = SimpleNamespace(state={"live": {"pid": 1, "path": "b.toml"}, "bench": {"is_open": True}}, call=call)
    panel: Any = FaultsPanel(tab)
    panel._select = SimpleNamespace(set_options=offered.append)
    for _ in range(3):
        await panel.load()
    assert offered == [["latency"]]
    assert results == []
