"""Checks of what no ready-made linter knows: the seams between rooms, pins, headers, words. `python -m tools.lint`."""
