"""Measure Plugbench beside its peers: `make perf`."""
