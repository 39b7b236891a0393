"""Tests read from `run.jsonl`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from synthetic_run import MS, Recorder, S

from rig.runs import load
from rig.timeline import events as ev


def test_recorded_tests_are_read_back(recorder: Recorder, run: load.Run, tmp_path: Path) -> None:
    recorder.write(tmp_path / "some-run")
    read = load.read_run(tmp_path / "some-run")
    assert [t.nodeid for t in read.tests] == [t.nodeid for t in run.tests]
    assert [t.outcome for t in read.tests] == [t.outcome for t in run.tests]
    assert [len(t.events) for t in read.tests] == [len(t.events) for t in run.tests]
    assert (read.name, read.bench, read.date) == ("2026-11-23T12-00-00", "virtual", "2026-11-23T12:00:00+01:00")
    assert read.firmware == ("0.1.0 build 5ec0ffee",)
    some = {verdict: count for verdict, count in read.totals.items() if count}
    assert some == {"passed": 6, "failed": 2, "error": 1, "skipped": 1}
    assert set(read.totals) == set(load.VERDICTS)
    assert read.cut_off == ""
    assert read.skipped_lines == ()


def test_every_lane_is_known_when_a_test_begins(by_name: dict[str, load.Test]) -> None:
    before = by_name["test_torn_write_in_transaction"].before
    assert (before.rail, before.access_point) == (True, True)
    assert before.links == {"CP-BENCH-1": True}
    assert before.leds["status"].pattern == "on"
    assert before.pins["outputs.contactor"] is False
    # Events in a test do not change its initial state.
    assert by_name["test_access_point_gone_and_back"].before.access_point is True


def test_a_fault_of_an_earlier_test_is_still_known() -> None:
    r = Recorder()
    fault = r.put(ev.FaultInjected(fault="black_hole"))
    r.put(ev.TestStarted(nodeid="t::a"), after_ms=5)
    r.put(ev.TestEnded(nodeid="t::a", outcome="passed", seconds=0.01), after_ms=10)
    (test,) = load.from_events(r.events).tests
    assert list(test.before.faults) == [fault.id]


def test_a_record_without_real_time_takes_it_from_its_stamps(recorder: Recorder, run: load.Run) -> None:
    test = run.tests[0]
    assert (test.stepped, test.wall_started) == (False, test.started)
    assert test.duration == pytest.approx((test.ended - test.started) / S, abs=1e-6)
    assert (run.began, run.ended) == (recorder.events[0].t, recorder.now)
    assert run.seconds == pytest.approx(run.wall_seconds)


NOON = 1_795_000_000 * S
"""A moment of real time."""


def stepped(wall: int, worker: str, device_seconds: float) -> Recorder:
    """Make a run in stepped time with a test of `device_seconds` and 2 ms of real time."""
    r = Recorder(wall)
    started = ev.RunStarted(
        run="one", date="2026-11-23T12:00:00+01:00", bench="virtual", worker=worker, clock="stepped"
    )
    r.put(started)
    r.test(f"t::{worker}", "")
    r.put(ev.Note(text="after all that time"), after_ms=1000 * device_seconds)
    r.put(ev.TestEnded(nodeid=f"t::{worker}", outcome="passed", seconds=0.002))
    r.put(ev.RunEnded())
    return r


def test_a_record_in_stepped_time_has_both_times(tmp_path: Path) -> None:
    stepped(NOON, "", 3720).write(tmp_path)
    run = load.read_run(tmp_path)
    (test,) = run.tests
    assert (test.stepped, test.started, test.duration, test.wall_seconds) == (True, 0, 3720, 0.002)
    assert test.wall_started == NOON + MS
    assert (run.stepped, run.seconds, run.wall_seconds) == (True, 3720, 0.004)


def test_workers_are_in_the_order_of_real_time(tmp_path: Path) -> None:
    stepped(NOON + 20 * S, "gw0", 3).write(tmp_path / "gw0")
    stepped(NOON, "gw1", 50).write(tmp_path / "gw1")
    run = load.read_run(tmp_path)
    assert [test.worker for test in run.tests] == ["gw1", "gw0"]
    assert run.wall_seconds == pytest.approx(20.004)
    assert run.seconds == 53


def test_a_test_that_is_cut_off_took_real_time_as_well(tmp_path: Path) -> None:
    path = stepped(NOON, "", 50).write(tmp_path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    (test,) = load.read_run(tmp_path).tests
    assert (test.outcome, test.duration, test.wall_seconds) == ("cut off", 50, 0.001)


@pytest.mark.parametrize("keep", [400, 700, -1, -40])
def test_a_record_cut_anywhere_is_read_and_reported_as_cut(recorder: Recorder, tmp_path: Path, keep: int) -> None:
    path = recorder.write(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:keep].rstrip(b"\n")[:-3])
    run = load.read_run(path)
    assert "stops in the middle of line" in run.cut_off


def test_a_record_that_ends_in_a_test_shows_that_test_cut_off(recorder: Recorder, tmp_path: Path) -> None:
    inside = next(i for i, e in enumerate(recorder.events) if isinstance(e, ev.TestStarted)) + 5
    path = recorder.write(tmp_path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:inside]))
    run = load.read_run(path)
    assert [test.outcome for test in run.tests] == ["cut off"]
    assert run.tests[0].nodeid in run.cut_off


def test_a_whole_last_line_without_its_newline_counts(recorder: Recorder, tmp_path: Path) -> None:
    path = recorder.write(tmp_path)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert load.read_run(path).cut_off == ""


def test_a_record_without_an_end_is_reported(recorder: Recorder, tmp_path: Path) -> None:
    path = recorder.write(tmp_path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert load.read_run(path).cut_off == "the record has a start and no end"


def test_unreadable_lines_are_skipped_and_reported(tmp_path: Path) -> None:
    lines = [
        b'{"type": "note", "id": 1, "t": 5, "text": "fine"}',
        b'{"type": "from_the_future", "id": 2, "t": 6}',
        b"[]",
        b"{broken",
        b'{"type": "note", "id": 3, "t": 7}',
        b'{"type": "note", "id": 4, "t": 7.5, "text": "x"}',
        b'{"type": "measurement", "id": 5, "t": 8, "name": "m", "value": null, "unit": "s"}',
        b'{"type": "note", "id": 6, "t": 9, "text": "x", "wall": "noon"}',
    ]
    (tmp_path / "run.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    run = load.read_run(tmp_path)
    assert [number for number, _ in run.skipped_lines] == [2, 3, 4, 5, 6, 7, 8]
    reasons = " ".join(why for _, why in run.skipped_lines)
    assert "unknown type 'from_the_future'" in reasons
    assert "not JSON" in reasons
    assert "'measurement' with value = 'None'" in reasons
    assert "'note' with wall = 'noon'" in reasons


def test_a_missing_record_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(load.ReportError, match=r"no record of a run at .*run\.jsonl"):
        load.read_run(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b"# Plugbench\n\nA bench.\n", "not JSON"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not JSON"),
        (b'{"name": "package"}\n', "not an event: its `type` is missing"),
        (b'{"type": "run_st', "stops in the middle of line 1"),
    ],
)
def test_a_file_without_events_is_not_a_record(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(
        load.ReportError, match=f"file is not a record of a run: none of its lines can be read .*{says}"
    ):
        load.read_run(file)


def worker(folder: Path, run: str, name: str) -> None:
    r = Recorder()
    if run:
        r.put(ev.RunStarted(run=run, date="2026-11-23T12:00:00+01:00", bench="virtual", worker=name))
    r.end(f"t::{folder.name}", r.test(f"t::{folder.name}", ""))
    r.put(ev.RunEnded())
    r.write(folder)


def test_folders_of_one_run_are_its_workers(tmp_path: Path) -> None:
    worker(tmp_path / "gw0", "one", "gw0")
    worker(tmp_path / "gw1", "one", "gw1")
    worker(tmp_path / "gw2", "", "gw2")  # without its first line
    (tmp_path / "gw3").mkdir()
    (tmp_path / "gw3" / "run.jsonl").touch()
    run = load.read_run(tmp_path)
    assert (run.name, [test.nodeid for test in run.tests]) == ("one", ["t::gw0", "t::gw1", "t::gw2"])
    assert re.fullmatch(r".*/gw3/run\.jsonl is not a record of a run: .*", run.cut_off)


@pytest.mark.parametrize("name", ["", "gw0"])
def test_folders_of_several_runs_are_rejected(tmp_path: Path, name: str) -> None:
    for run in ("one", "two", "three"):
        worker(tmp_path / run, run, name)
    with pytest.raises(load.ReportError, match=r"holds the records of 3 runs, one to two, not the workers of one\."):
        load.read_run(tmp_path)


def test_folders_of_no_run_are_rejected(tmp_path: Path) -> None:
    for name in ("monday", "tuesday"):
        worker(tmp_path / name, "", "")
    with pytest.raises(load.ReportError, match="holds records that belong to no run"):
        load.read_run(tmp_path)


def test_a_test_that_runs_again_is_another_attempt() -> None:
    r = Recorder()
    for outcome in ("error", "passed"):
        started = r.test("t::a", "doc")
        r.end("t::a", started, outcome)
    run = load.from_events(r.events)
    assert [(t.attempt, t.outcome) for t in run.tests] == [(1, "retried"), (2, "passed")]
    assert (run.totals["retried"], run.totals["error"]) == (1, 0)


def test_the_last_of_several_errors_is_the_tests() -> None:
    r = Recorder()
    for _ in range(2):
        started = r.test("t::a", "doc")
        r.end("t::a", started, "error")
    assert [(t.attempt, t.outcome) for t in load.from_events(r.events).tests] == [(1, "retried"), (2, "error")]


def test_stamps_out_of_order_stay_within_the_test() -> None:
    r = Recorder()
    r.put(ev.TestStarted(nodeid="t::a"))
    early = ev.Note(text="early", t=r.now - 50 * MS, id=2)
    r.events.append(early)
    r.put(ev.TestEnded(nodeid="t::a", outcome="passed", seconds=0.01), after_ms=10)
    (test,) = load.from_events(r.events).tests
    assert test.at(early.t) == 0.0
    assert test.at(test.ended + S) == test.duration
