"""Plugbench and its peers side by side: `make perf`."""
