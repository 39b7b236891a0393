"""Loads pytester for the tests of the plugins. The plugins themselves come by the package's entry point."""

from __future__ import annotations

pytest_plugins = ("pytester",)
