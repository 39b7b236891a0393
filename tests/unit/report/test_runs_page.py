"""The page that lists the runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html
from synthetic_run import Recorder

from rig.report import build, write_runs
from rig.runs.recorder import Recorder as FileRecorder
from rig.runs.store import write_summary
from rig.timeline import Timeline
from rig.timeline import events as ev


def recorded(folder: Path, outcome: str, day: int = 23, *, ended: bool = True) -> None:
    """Write a run of one test on a day of November to a folder."""
    r = Recorder()
    r.put(ev.RunStarted(run=folder.name, date=f"2026-11-{day}T12:00:00+01:00", bench="virtual", commit="abc", seed="7"))
    began = r.test("tests/hil/test_a.py::test_one", "")
    r.end("tests/hil/test_a.py::test_one", began, outcome, "" if outcome == "passed" else "no tea came")
    r.put(ev.RunEnded())
    r.write(folder)
    if ended:
        write_summary(folder)
        build(folder, folder)


def rows(page: html.HtmlElement) -> list[str]:
    return [" ".join(row.text_content().split()) for row in page.xpath("//table/tbody/tr")]


def test_runs_are_listed_newest_first_with_their_summaries_and_pages(tmp_path: Path) -> None:
    for name, outcome, day in (("named", "failed", 23), ("20261124-120000", "passed", 24)):
        recorded(tmp_path / "runs" / name, outcome, day)
    page = html.fromstring(write_runs(tmp_path, tmp_path / "runs").read_bytes())
    newest, oldest = rows(page)
    for part in ("20261124-120000", "1 passed", "virtual", "abc", "7"):
        assert part in newest
    assert "1 failed" in oldest
    for link in page.xpath("//table//a/@href"):
        assert (tmp_path / link).is_file()
    assert not page.xpath("//article"), "the newest is green"


def test_the_failures_of_the_newest_run_are_shown_at_once(tmp_path: Path) -> None:
    for name, outcome, day in (("20261123-120000", "passed", 23), ("20261124-120000", "failed", 24)):
        recorded(tmp_path / "runs" / name, outcome, day)
    page = html.fromstring(write_runs(tmp_path, tmp_path / "runs").read_bytes())
    (article,) = page.xpath("//article")
    assert "no tea came" in article.text_content()


def test_a_run_without_a_summary_is_listed_with_the_reason(tmp_path: Path) -> None:
    recorded(tmp_path / "runs" / "20261123-120000", "passed", ended=False)
    (row,) = rows(html.fromstring(write_runs(tmp_path, tmp_path / "runs").read_bytes()))
    assert "no summary: it is still running, or it was killed" in row


@pytest.mark.parametrize("other", ["allure", "coverage/index.html", "coverage/firmware/index.html"])
def test_existing_other_reports_are_linked(tmp_path: Path, other: str) -> None:
    recorded(tmp_path / "runs" / "20261123-120000", "passed")
    page = html.fromstring(write_runs(tmp_path, tmp_path / "runs").read_bytes())
    assert other not in page.xpath("//header//a/@href")
    (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / other).touch()
    page = html.fromstring(write_runs(tmp_path, tmp_path / "runs").read_bytes())
    assert other in page.xpath("//header//a/@href")


def test_without_runs_there_is_a_page(tmp_path: Path) -> None:
    assert "No run was recorded yet" in write_runs(tmp_path, tmp_path / "runs").read_text()


def test_a_record_is_never_overwritten(tmp_path: Path) -> None:
    timeline = Timeline()
    first = FileRecorder(timeline, tmp_path)
    timeline.append(ev.Note(text="first"))
    first.close()
    before = first.path.read_bytes()
    with pytest.raises(FileExistsError, match="never overwritten"):
        FileRecorder(timeline, tmp_path)
    assert first.path.read_bytes() == before
