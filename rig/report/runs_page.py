"""The page that lists all runs, made from their summaries, newest first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rig.report.canvas import environment
from rig.report.message import shown_message
from rig.report.page import FILES, INDEX, write_style
from rig.report.verdict_words import VERDICT_HEADINGS, VERDICT_WORDS
from rig.runs.load import VERDICTS
from rig.runs.store import read_summary
from rig.util.folders import replace_file, unwritable
from rig.util.text import clean, one_line, seconds

_OTHERS = {
    "Allure results": "allure",
    "coverage of the rig": "coverage/index.html",
    "coverage of the firmware": "coverage/firmware/index.html",
}
"""Other reports of the newest session, beside the page: their paths by name."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A run in the list. A run without a summary is still running, or was killed."""

    name: str
    began: float
    page: str
    summary: Mapping[str, Any] | None
    counts: list[tuple[str, str, int]]
    took: str
    links: dict[str, str]


def write_runs(reports: Path, records: Path) -> Path:
    """Write the page that lists the runs.

    Args:
        reports: the folder for `index.html` and `index_files`.
        records: the folder that has a folder for each run.

    Returns:
        The path of `index.html`.

    Raises:
        BenchError: `reports` cannot be written to.
    """
    rows = sorted((_row(folder, reports) for folder in _runs_in(records)), key=lambda row: row.began, reverse=True)
    newest = next((row for row in rows if row.summary is not None), None)
    tests = newest.summary["tests"] if newest is not None and newest.summary is not None else []
    red = [
        test | {"message": shown_message(test["message"])}
        for test in tests
        if test["outcome"] not in ("passed", "skipped")
    ]
    red.sort(key=lambda test: VERDICTS.index(test["outcome"]))
    page = environment.get_template("runs.html.j2").render(
        rows=rows,
        newest=newest,
        red=red,
        words=VERDICT_WORDS,
        headings=VERDICT_HEADINGS,
        links={name: place for name, place in _OTHERS.items() if (reports / place).exists()},
        files=f"{FILES}/",
    )
    index = reports / INDEX
    try:
        (reports / FILES).mkdir(parents=True, exist_ok=True)
        write_style(reports / FILES)
        replace_file(index, clean(page).encode())
    except OSError as problem:
        raise unwritable(reports, problem) from None
    return index


def _runs_in(records: Path) -> list[Path]:
    if not records.is_dir():
        return []
    found = (path for path in records.iterdir() if path.is_dir() and not path.is_symlink())
    return [path for path in found if (path / "run.jsonl").is_file() or any(path.glob("*/run.jsonl"))]


def _row(folder: Path, reports: Path) -> _Row:
    summary = read_summary(folder)
    place = Path(os.path.relpath(folder, reports)).as_posix()
    page = f"{place}/{INDEX}" if (folder / INDEX).is_file() else ""
    if summary is None:
        return _Row(one_line(folder.name), folder.stat().st_mtime, page, None, [], "", {})
    counts = summary["counts"]
    shown = [(verdict, VERDICT_WORDS[verdict], counts[verdict]) for verdict in VERDICTS if counts.get(verdict)]
    links = {one_line(str(name)): f"{place}/{target}" for name, target in summary.get("links", {}).items()}
    began = _began(summary["started"], folder)
    return _Row(one_line(folder.name), began, page, summary, list(shown), seconds(summary["wall_seconds"]), links)


def _began(started: str, folder: Path) -> float:
    """Return when a run began, in seconds; if the record has no time, when its folder was last changed."""
    try:
        return datetime.fromisoformat(started).timestamp()
    except ValueError:
        return folder.stat().st_mtime
