"""Load pytester for the tests of the plugins. The package's entry point loads the plugins themselves."""

from __future__ import annotations

pytest_plugins = ("pytester",)
