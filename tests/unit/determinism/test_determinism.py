"""The comparison of traces finds every difference, and ignores values that depend on the computer."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.runs.recorder import Recorder
from rig.timeline import Timeline
from rig.timeline.events import Event, LogLine, OcppFrame, PinEdge, TestEnded, TestStarted
from tools import determinism


def frame(text: str, t: int) -> OcppFrame:
    return OcppFrame(t=t, charge_point="CP", direction="received", message_type="CALL", unique_id="1", raw=text)


def test_a_trace_has_frames_pins_and_lines_in_order_of_time() -> None:
    events: list[Event] = [
        LogLine(t=2, text="I (0) b: second"),
        PinEdge(t=2, signal="outputs.contactor", level=True, driven=False),
        frame("[2,1]", 1),
        TestEnded(t=3, nodeid="t", outcome="passed", seconds=1.0),
    ]
    assert determinism.trace(events) == [
        "1 ocpp received [2,1]",
        "2 log I (0) b: second",
        "2 pin outputs.contactor 1",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I (0) ws: connecting to 127.0.0.1:43353/ocpp/CP", "I (0) ws: connecting to 127.0.0.1:33063/ocpp/CP"),
        ('T (1000) monitor: {"loops":8,"queue":0}', 'T (1000) monitor: {"loops":12,"queue":0}'),
        ('= {"sector_erases":[2,0,10,1]}', '= {"sector_erases":[0,1,2,10]}'),
        (
            'E (0) crash: cause="stack overflow (SIGSEGV)" backtrace=0x380a6,0x4e623',
            'E (0) crash: cause="stack overflow (SIGSEGV)" backtrace=0x380a6,0x4e60b',
        ),
    ],
)
def test_figures_of_the_computer_and_random_ones_are_ignored(one: str, other: str) -> None:
    assert determinism.trace([LogLine(t=1, text=one)]) == determinism.trace([LogLine(t=1, text=other)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('= {"sector_erases":[2,0,10,1]}', '= {"sector_erases":[2,0,10,2]}'),
        ('E (0) crash: cause="abort" backtrace=0x380a6,0x1', 'E (0) crash: cause="abort" backtrace=0x380a6,0x2'),
    ],
)
def test_other_erases_and_backtraces_differ(one: str, other: str) -> None:
    assert determinism.trace([LogLine(t=1, text=one)]) != determinism.trace([LogLine(t=1, text=other)])


def test_every_difference_is_found() -> None:
    assert determinism.differences([["1 a", "2 b"], ["1 a", "2 b"]]) == []
    assert determinism.differences([["1 a", "2 b"], ["1 a", "3 b"], ["1 a", "2 b"]]) == [
        "2 of 3 runs: 2 b",
        "1 of 3 runs: 3 b",
    ]
    assert determinism.differences([["1 a", "1 a"], ["1 a"]]) == ["2 of 2 runs: 1 a"]


def test_heap_figures_may_differ_by_the_tolerance() -> None:
    def traces(*figures: int) -> list[list[str]]:
        return [[f'1 log T (1000) monitor: {{"heap_free":{figure},"queue":0}}', "2 b"] for figure in figures]

    within = traces(100_000, 100_000 + determinism.HEAP_TOLERANCE, 100_016)
    assert determinism.differences(within) == []
    assert determinism.heap_spread(within) == determinism.HEAP_TOLERANCE
    assert len(determinism.differences(traces(100_000, 100_001 + determinism.HEAP_TOLERANCE))) == 2
    assert determinism.differences([*traces(100_000), [*traces(100_016)[0], "3 c"]]) == ["1 of 2 runs: 3 c"]


def test_runs_are_compared_by_their_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def record(name: str, stamp: int) -> str:
        timeline = Timeline()
        recorder = Recorder(timeline, tmp_path / name)
        timeline.append(TestStarted(t=1, nodeid="t::same", doc=""))
        timeline.append(LogLine(t=2, text="tea"))
        timeline.append(TestEnded(t=3, nodeid="t::same", outcome="passed", seconds=1.0))
        timeline.append(TestStarted(t=4, nodeid="t::other", doc=""))
        timeline.append(LogLine(t=stamp, text="tea"))
        timeline.append(TestEnded(t=9, nodeid="t::other", outcome="passed", seconds=1.0))
        recorder.close()
        return str(tmp_path / name)

    assert determinism.main([record("a", 5), record("b", 5)]) == 0
    assert "2 of 2 tests have the same trace in all of 2 runs" in capsys.readouterr().out
    assert determinism.main([record("c", 5), record("d", 6)]) == 1
    said = capsys.readouterr().out
    assert "differs: t::other (attempt 1)\n    1 of 2 runs: 5 log tea\n    1 of 2 runs: 6 log tea\n" in said
    assert "1 of 2 tests have the same trace" in said
    assert determinism.main([str(tmp_path / "a")]) == 2
