"""Exit codes of the command `rig` other than 0."""

from __future__ import annotations

EXIT_FAILURE = 1
"""The firmware failed, or a check found an error."""
EXIT_BENCH_ERROR = 2
"""The command cannot run, or its arguments are invalid."""
