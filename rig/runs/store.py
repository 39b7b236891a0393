"""The summary of a run: its main figures, to compare many runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from rig.runs.load import Run, read_run
from rig.runs.slicer import Test
from rig.util.folders import unwritable
from rig.util.redaction import masked

SUMMARY = "summary.json"
FORMAT = 3
"""The version of the summary's layout. Readers skip summaries of an unknown version."""

_MOST_LINES = 6
"""The number of lines of a message in the summary; the run's pages have all lines."""


def write_summary(run_folder: Path, run: Run | None = None) -> Path:
    """Write `summary.json` into a run's folder, from the run's record alone.

    Args:
        run_folder: the folder with `run.jsonl`, or with a folder for each worker.
        run: the result of `read_run`; None reads the record.

    Returns:
        The path of the summary. An existing one is replaced atomically.

    Raises:
        ReportError: the folder has no record.
        BenchError: the folder is not writable.
    """
    summary = masked(_summary(run or read_run(run_folder)))
    path, unfinished = run_folder / SUMMARY, run_folder / f".{SUMMARY}"
    try:
        unfinished.write_bytes(orjson.dumps(summary, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        unfinished.replace(path)
    except OSError as problem:
        raise unwritable(run_folder, problem) from None
    return path


def _summary(run: Run) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "run": run.name,
        "started": run.date,
        "seconds": run.seconds,
        "wall_seconds": run.wall_seconds,
        "bench": run.bench,
        "commit": run.commit,
        "seed": run.seed,
        "links": run.links,
        "workers": run.workers,
        "firmware": run.firmware,
        "cut_off": run.cut_off,
        "counts": run.totals,
        "tests": [
            {
                "id": test.nodeid,
                "attempt": test.attempt,
                "outcome": test.outcome,
                "seconds": test.duration,
                "wall_seconds": test.wall_seconds,
                "worker": test.worker,
                **_why(test),
            }
            for test in run.tests
        ],
    }


def _why(test: Test) -> dict[str, str]:
    """Return why a test did not pass: the first lines of its message, and its failing line."""
    if test.outcome == "passed":
        return {}
    return {"message": "\n".join(test.message.splitlines()[:_MOST_LINES]), "excerpt": test.excerpt}


def read_summary(run_folder: Path) -> dict[str, Any] | None:
    """Read the summary of a run; None if there is none of this format."""
    try:
        summary = orjson.loads((run_folder / SUMMARY).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return summary if isinstance(summary, dict) and summary.get("format") == FORMAT else None
