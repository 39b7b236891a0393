"""Exit codes of the command `rig` other than 0."""

from __future__ import annotations

EXIT_FAILURE = 1
"""The firmware did something wrong, or a check found something."""
EXIT_BENCH_ERROR = 2
"""It cannot be done, or the request makes no sense."""
