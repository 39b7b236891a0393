"""Set a clone up: `python3 -m tools.setup`. Runs on a bare python3, so it uses the standard library only."""
