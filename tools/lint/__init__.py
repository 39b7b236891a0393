"""Checks that are specific to this repository: layers, pins, headers, words. `python -m tools.lint` runs them."""
