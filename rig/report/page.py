"""The pages of a run: its summary with the tests that did not pass, and a page for each test file.

They have no script, no inline style and no external resource. So they work from a folder, a zip or a web server, and
under Jenkins' content policy.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rig.report.canvas import environment
from rig.report.drawn import Taker
from rig.report.sections import Link, Section, write_section
from rig.report.verdict_words import VERDICT_WORDS
from rig.runs.load import VERDICTS, Run, Verdict, read_run
from rig.util.folders import replace_file, unwritable
from rig.util.text import clean, one_line, plus_minus, seconds

INDEX = "index.html"
FILES = "index_files"
"""The folder beside the page with all other files. A new report replaces it."""
STYLE = "report.css"


@dataclass(frozen=True, slots=True)
class _File:
    """The page of a file of tests: its name in `index_files`, and its content."""

    page: str
    name: str
    sections: list[Section]

    @property
    def counts(self) -> list[tuple[Verdict, str, int]]:
        """Return the number of tests by verdict, worst first, without zeros."""
        found = Counter(section.verdict for section in self.sections)
        return [
            (verdict, VERDICT_WORDS[verdict], found[verdict]) for verdict in (*VERDICTS, "recorded") if found[verdict]
        ]


def build(run: Path | Run, out_dir: Path, taker: Taker | None = None, runs_page: Path | None = None) -> Path:
    """Write the pages of a run, or of any record.

    Args:
        run: the run's folder, with `run.jsonl` in it or in a folder for each worker; a single record; or a run from
            `read_run`. No other file is read.
        out_dir: the folder for `index.html` and `index_files`; it is created if it is missing.
        taker: called with the pictures and the log of each test, for another report that shows them.
        runs_page: the page that lists the runs; this page links to it.

    Returns:
        The path of `index.html`.

    Raises:
        ReportError: there is no record at `run`.
        BenchError: `out_dir` cannot be written to.
    """
    home = (run if run.is_dir() else run.parent) if isinstance(run, Path) else out_dir
    read = read_run(run) if isinstance(run, Path) else run
    try:
        return _write(read, out_dir, home, taker, runs_page)
    except OSError as problem:
        raise unwritable(out_dir, problem) from None


def write_style(folder: Path) -> None:
    """Write the style sheet of all pages to a folder."""
    (folder / STYLE).write_bytes(files("rig.report").joinpath(f"templates/{STYLE}").read_bytes())


def _write(run: Run, out_dir: Path, home: Path, taker: Taker | None, runs_page: Path | None) -> Path:
    beside = out_dir / FILES
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    write_style(beside)
    pages = _files(run, beside, taker)
    red = [section for page in pages for section in page.sections if section.is_red]
    red.sort(key=lambda section: _severity(section.verdict))
    common = {
        "run": run,
        "took": seconds(run.wall_seconds),
        "device_time": seconds(run.seconds),
        "stamps": {one_line(bench): _stamps(error) for bench, error in run.stamp_errors.items()},
        "totals": [(verdict, VERDICT_WORDS[verdict], run.totals[verdict]) for verdict in VERDICTS],
    }
    for page in pages:
        _render(beside / page.page, "file.html.j2", files="", page=page, **common)
    links = {one_line(name): _relative(home / str(target), out_dir) for name, target in run.links.items()}
    above = _relative(runs_page, out_dir) if runs_page else ""
    return _render(
        out_dir / INDEX, "run.html.j2", files=f"{FILES}/", pages=pages, red=red, links=links, above=above, **common
    )


def _stamps(error: tuple[float, str] | None) -> str:
    if error is None:
        return "the error of measured times was not measured; `rig doctor --latency` does that"
    return f"measured times have an error of {plus_minus(error[0])} in 95 % of cases (measured {one_line(error[1])})"


def _render(path: Path, template: str, **values: object) -> Path:
    return replace_file(path, clean(environment.get_template(template).render(**values)).encode())


def _relative(target: Path, start: Path) -> str:
    return Path(os.path.relpath(target, start)).as_posix()


def _files(run: Run, beside: Path, taker: Taker | None) -> list[_File]:
    """Write the pictures and logs of all tests. Return their pages, those with tests that did not pass first."""
    tests = run.tests or ((run.whole,) if run.whole is not None else ())
    order = sorted(tests, key=lambda t: (t.file, _severity(t.outcome), _natural(t.name), t.attempt))
    names = _page_names([test.file for test in order])
    links = {
        (test.nodeid, test.attempt): Link(names[test.file], f"test-{index}", one_line(test.name))
        for index, test in enumerate(order, 1)
    }
    before: dict[tuple[str, int], Link | None] = {}
    last: dict[str, Link] = {}
    for test in tests:
        before[test.nodeid, test.attempt] = last.get(test.worker)
        last[test.worker] = links[test.nodeid, test.attempt]
    sections: dict[str, list[Section]] = {}
    for index, test in enumerate(order, 1):
        key = (test.nodeid, test.attempt)
        began = seconds(max(0, test.wall_started - run.began) / 1e9)
        stem = f"{index:03d}-{_slug(test.name)}"
        sections.setdefault(test.file, []).append(
            write_section(test, links[key], stem, beside, began, before[key], taker)
        )
    pages = [_File(names[file], one_line(file) or "elsewhere", found) for file, found in sections.items()]
    return sorted(pages, key=lambda page: not any(section.is_red for section in page.sections))


def _severity(verdict: Verdict) -> int:
    """Return a sort key: the worst verdict first, passed and skipped tests equal."""
    return VERDICTS.index(verdict) if verdict in VERDICTS and verdict not in ("passed", "skipped") else len(VERDICTS)


def _page_names(paths: list[str]) -> dict[str, str]:
    """Return unique names of pages by the path of the file of tests."""
    names: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        stem = _slug(path.removesuffix(".py"))
        names[path] = f"{stem}.html" if f"{stem}.html" not in names.values() else f"{stem}-{len(names)}.html"
    return names


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key that compares numbers by value."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60] or "test"
