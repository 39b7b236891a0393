"""axe-core's rules for people with disabilities, on a page in the browser."""

from __future__ import annotations

from typing import Any

import pytest

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


def violations(tab: Any) -> list[str]:
    """Return what axe-core finds on a page: rule and element."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extra browser")
    found = axe.Axe().run(tab).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]
