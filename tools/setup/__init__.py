"""Set a clone up with `python3 -m tools.setup`. It runs on a bare python3, so it uses only the standard library."""
