"""Loads the bench's pytest plugins for every test of this project, and pytester for the tests of the plugins."""

from __future__ import annotations

from fixtures import PLUGINS

pytest_plugins = (*PLUGINS, "pytester")
