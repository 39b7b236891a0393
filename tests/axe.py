"""axe-core's rules for people with disabilities, on a page in the browser."""

from __future__ import annotations

from typing import Any

import pytest

_SETTLED = """() =>
    !document.querySelector('[class*="q-transition--"]') &&
    document.getAnimations().every((each) =>
        each.playState !== "running" || each.effect.getComputedTiming().endTime === Infinity)"""
"""No part of the page appears or disappears, and no animation runs, except those without an end."""

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


def violations(tab: Any) -> list[str]:
    """Return what axe-core finds on a page that has settled: rule and element.

    A part that fades in or out has low contrast, and a menu that closes has no options any more.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extra browser")
    tab.wait_for_function(_SETTLED)
    found = axe.Axe().run(tab).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]
