"""Debian's Chromium for the tests of pages."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

SLOW_MS = 60_000
"""The limit of a wait in the browser; a busy machine takes long to start it."""

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync")


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Run Chromium within the block; gives Playwright's browser.

    Raises:
        pytest.skip.Exception: Playwright or Chromium is not installed; the reason names the remedy.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra browser: make setup-browser")
    if _CHROMIUM is None:
        pytest.skip("needs Debian's chromium: make install-extras")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=_CHROMIUM, args=list(_FLAGS), timeout=SLOW_MS)
        yield browser
        browser.close()
