"""The summary of a run, from its record."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
import pytest
from synthetic_run import Recorder, S

from rig.runs import load
from rig.runs.load import VERDICTS
from rig.runs.store import write_summary
from rig.timeline import events as ev
from rig.util.errors import BenchError


def test_a_summary_has_the_figures_of_the_run(recorder: Recorder, run: load.Run, tmp_path: Path) -> None:
    recorder.write(tmp_path)
    path = write_summary(tmp_path)
    assert path == tmp_path / "summary.json"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["run.jsonl", "summary.json"]
    summary = orjson.loads(path.read_bytes())
    tests = summary.pop("tests")
    assert summary == {
        "format": 3,
        "run": "2026-11-23T12-00-00",
        "started": "2026-11-23T12:00:00+01:00",
        "seconds": pytest.approx(run.seconds),
        "wall_seconds": pytest.approx(run.wall_seconds),
        "bench": "virtual",
        "commit": "",
        "seed": "",
        "links": {},
        "workers": [],
        "firmware": ["0.1.0 build 5ec0ffee"],
        "cut_off": "",
        "counts": dict.fromkeys(VERDICTS, 0) | {"failed": 2, "error": 1, "passed": 6, "skipped": 1},
    }
    assert [test["id"] for test in tests] == [test.nodeid for test in run.tests]
    assert tests[0] == {
        "id": "tests/hil/test_boot.py::test_cold_boot_to_accepted",
        "attempt": 1,
        "outcome": "passed",
        "seconds": pytest.approx(run.tests[0].duration),
        "wall_seconds": pytest.approx(run.tests[0].wall_seconds),
        "worker": "",
    }


def test_workers_and_attempts_have_one_summary(tmp_path: Path) -> None:
    for worker in ("gw0", "gw1"):
        r = Recorder()
        r.put(ev.RunStarted(run="one", date="2026-11-23T12:00:00+01:00", bench="virtual", worker=worker))
        for outcome in ("error", "passed"):
            r.end(f"t::{worker}", r.test(f"t::{worker}", ""), outcome)
        r.put(ev.RunEnded())
        r.write(tmp_path / worker)
    summary = orjson.loads(write_summary(tmp_path).read_bytes())
    assert summary["workers"] == ["gw0", "gw1"]
    assert (summary["counts"]["retried"], summary["counts"]["passed"]) == (2, 2)
    assert {(test["id"], test["worker"], test["attempt"], test["outcome"]) for test in summary["tests"]} == {
        (f"t::{worker}", worker, attempt, outcome)
        for worker in ("gw0", "gw1")
        for attempt, outcome in ((1, "retried"), (2, "passed"))
    }


def test_a_run_in_stepped_time_has_both_times(tmp_path: Path) -> None:
    r = Recorder(1_795_000_000 * S)
    r.put(ev.RunStarted(run="one", date="2026-11-23T12:00:00+01:00", bench="virtual", clock="stepped"))
    r.test("t::hour", "")
    r.put(ev.TestEnded(nodeid="t::hour", outcome="passed", seconds=0.5), after_ms=3_600_000)
    r.write(tmp_path)
    summary = orjson.loads(write_summary(tmp_path).read_bytes())
    assert (summary["seconds"], summary["wall_seconds"]) == (3600, 0.002)
    (test,) = summary["tests"]
    assert (test["seconds"], test["wall_seconds"]) == (3600, 0.5)


def test_the_summary_of_an_incomplete_run_has_the_reason(recorder: Recorder, tmp_path: Path) -> None:
    path = recorder.write(tmp_path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert orjson.loads(write_summary(tmp_path).read_bytes())["cut_off"] == "the record has a start and no end"


def test_a_summary_holds_no_secret(tmp_path: Path) -> None:
    url = "ws://user:hunter2@host/"
    test = f"t::a[{url}]"
    (tmp_path / "run.jsonl").write_bytes(
        orjson.dumps({"type": "test_started", "nodeid": test, "t": 1})
        + b"\n"
        + orjson.dumps({"type": "test_ended", "nodeid": test, "outcome": "passed", "seconds": 1.0, "t": 2})
    )
    written = write_summary(tmp_path).read_text()
    assert "hunter2" not in written
    assert "ws://user:********@host/" in written


def test_a_folder_without_a_record_gets_no_summary(tmp_path: Path) -> None:
    with pytest.raises(load.ReportError):
        write_summary(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_an_error_of_the_bench(recorder: Recorder, tmp_path: Path) -> None:
    recorder.write(tmp_path)
    (tmp_path / ".summary.json").mkdir()  # not even root can write to this
    with pytest.raises(BenchError, match="cannot be written to"):
        write_summary(tmp_path)
    shutil.rmtree(tmp_path / ".summary.json")
    assert write_summary(tmp_path).is_file()
