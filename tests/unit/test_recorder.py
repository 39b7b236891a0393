"""The record on disk has complete lines, even if the run is killed."""

from __future__ import annotations

import errno
import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import MappingProxyType

import orjson
import pytest

from rig.runs.recorder import Recorder
from rig.timeline import Timeline
from rig.timeline.codec import decode, decode_line
from rig.timeline.events import (
    BenchTrouble,
    ClientRefused,
    Event,
    FaultInjected,
    LinkChange,
    LogLine,
    Measurement,
    Note,
    OcppFrame,
    Panic,
    TelemetrySample,
    TestEnded,
)
from rig.timeline.words import in_words
from rig.util.clock import BenchClock
from rig.util.errors import BenchError


def read(path: Path) -> list[Event]:
    return [decode(line) for line in path.read_bytes().splitlines()]


def test_every_event_is_read_back(tmp_path: Path) -> None:
    timeline = Timeline()
    timeline.append(LogLine(text="before the recorder"))
    recorder = Recorder(timeline, tmp_path / "run")
    timeline.append(
        OcppFrame(charge_point="x", direction="sent", message_type="CALL", unique_id="1", payload={"a": [1, None]})
    )
    timeline.append(LogLine(text="\udc80 \x00"[1:], level="I"))
    recorder.close()
    assert read(recorder.path) == list(timeline)


def test_objects_unknown_to_json_are_written_as_text(tmp_path: Path) -> None:
    timeline = Timeline()
    recorder = Recorder(timeline, tmp_path)
    timeline.append(FaultInjected(fault="x", arguments=MappingProxyType({"path": Path("a"), "set": frozenset("a")})))
    recorder.close()
    assert orjson.loads(recorder.path.read_bytes())["arguments"] == {"path": "a", "set": ["a"]}


SECRET = "hunter2"
URL = f"ws://user:{SECRET}@host/CP-1"


@pytest.mark.parametrize(
    "event",
    [
        LogLine(text=f"I (1) ws: connecting to {URL}"),
        LogLine(text=f'{{"wifi_psk":"{SECRET}"}}'),
        Panic(cause="x", backtrace=(URL,)),
        OcppFrame(
            charge_point="x",
            direction="received",
            message_type="CALL",
            unique_id="1",
            payload={"location": URL},
            error=f"not {URL}",
            raw=f'[2,"1","GetDiagnostics",{{"location":"{URL}"}}]',
        ),
        LinkChange(charge_point="x", connected=False, reason=URL),
        FaultInjected(fault="x", arguments={"url": URL}),
        BenchTrouble(what=URL),
        ClientRefused(address="h:1", how="TLS", reason=URL, charge_point=URL),
        Note(text=URL),
        TestEnded(nodeid="x", outcome="failed", seconds=1, message=URL),
    ],
    ids=lambda event: type(event).__name__,
)
def test_no_event_writes_a_secret_to_the_record(tmp_path: Path, event: Event) -> None:
    timeline = Timeline()
    recorder = Recorder(timeline, tmp_path)
    timeline.append(event)
    recorder.close()
    written = recorder.path.read_text()
    assert SECRET not in written
    assert "********" in written
    assert SECRET not in in_words(event)


class StandingClock(BenchClock):
    """A clock that stands still at 5 ns."""

    def now(self) -> int:
        return 5


def test_a_line_has_the_time_of_writing_but_its_event_does_not(tmp_path: Path) -> None:
    timeline = Timeline(StandingClock())
    recorder = Recorder(timeline, tmp_path)
    before = time.time_ns()
    timeline.append(LogLine(text="a"))
    between = time.time_ns()
    timeline.extend([LogLine(text="b"), LogLine(text="c")])
    after = time.time_ns()
    recorder.close()
    found = [decode_line(line) for line in recorder.path.read_bytes().splitlines()]
    assert [line.event for line in found] == list(timeline)
    assert [line.event.t for line in found] == [5, 5, 5]
    first, second, third = (line.wall for line in found)
    assert before <= first <= between <= second <= third <= after


def test_every_event_is_on_disk_at_once(tmp_path: Path) -> None:
    timeline = Timeline()
    recorder = Recorder(timeline, tmp_path)
    for number in range(1, 4):
        timeline.append(LogLine(text="x"))
        assert len(read(recorder.path)) == number
    recorder.close()
    timeline.append(LogLine(text="later"))
    assert len(read(recorder.path)) == 3


def test_a_batch_is_on_disk_when_extend_returns(tmp_path: Path) -> None:
    timeline = Timeline()
    recorder = Recorder(timeline, tmp_path)
    placed = timeline.extend([LogLine(text=str(number)) for number in range(1000)])
    assert read(recorder.path) == placed
    recorder.close()


def test_values_unknown_to_json_are_written_as_similar_ones(tmp_path: Path) -> None:
    timeline = Timeline()
    recorder = Recorder(timeline, tmp_path)
    timeline.extend([LogLine(text="a"), LogLine(text="\udc80"), LogLine(text="b", uptime_ms=1 << 70)])
    timeline.append(Measurement(name="c", value=float("nan"), unit="ms", high=float("inf")))
    timeline.append(TelemetrySample(values={"heap_free": float("-inf"), "loops": 1}))
    _, half, large, measured, sample = read(recorder.path)
    assert isinstance(half, LogLine)
    assert half.text == "\\udc80"
    assert isinstance(large, LogLine)
    assert large.uptime_ms == 1 << 70
    assert isinstance(measured, Measurement)
    assert math.isnan(measured.value)
    assert measured.high == math.inf
    assert isinstance(sample, TelemetrySample)
    assert sample.values == {"heap_free": -math.inf, "loops": 1}
    recorder.close()


def test_a_killed_process_has_written_all_appended_events(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from pathlib import Path
from rig.timeline.events import LogLine
from rig.runs.recorder import Recorder
from rig.timeline import Timeline
timeline = Timeline()
recorder = Recorder(timeline, Path(sys.argv[1]))
for _ in range(10):
    timeline.extend([LogLine(text="x" * 80)] * 100)
timeline.append(LogLine(text="last"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program, tmp_path], check=False)
    assert ended.returncode == -signal.SIGKILL
    events = read(tmp_path / "run.jsonl")
    assert [event.id for event in events] == list(range(1, 1002))
    assert isinstance(events[-1], LogLine)
    assert events[-1].text == "last"


def test_a_full_disk_is_a_bench_error_and_ends_waits(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").symlink_to("/dev/full")
    timeline = Timeline()
    recorder = Recorder(timeline, tmp_path)
    began = time.monotonic()
    later = threading.Timer(0.1, timeline.append, [LogLine(text="x")])
    later.start()
    assert timeline.expect(LogLine, timeout=60).text == "x"
    assert time.monotonic() - began < 30
    with pytest.raises(BenchError, match=r"run\.jsonl cannot be written: No space left on device\. Make room"):
        timeline.expect(LogLine, timeout=60)
    later.join()
    recorder.close()


def test_a_record_continues_with_complete_lines_when_there_is_space_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline = Timeline()
    recorder = Recorder(timeline, tmp_path)
    write = os.write

    def half_and_no_more(descriptor: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", no_more)
        return write(descriptor, data[: len(data) // 2])

    def no_more(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    timeline.append(LogLine(text="a"))
    monkeypatch.setattr(os, "write", half_and_no_more)
    timeline.append(LogLine(text="b"))
    monkeypatch.setattr(os, "write", write)
    timeline.append(LogLine(text="c"))
    recorder.close()
    assert [event.id for event in read(recorder.path)] == [1, 3]
    assert isinstance(timeline.trouble, BenchError)


def test_a_failing_listener_does_not_prevent_wake_ups() -> None:
    timeline = Timeline()

    def fail(event: Event) -> None:
        raise RuntimeError("a listener's own")

    found: list[Event] = []
    waits = threading.Thread(target=lambda: found.append(timeline.expect(LogLine, timeout=60)))
    waits.start()
    timeline.listen(fail)
    with pytest.raises(RuntimeError, match="a listener's own"):
        timeline.append(LogLine(text="x"))
    waits.join(30)
    assert [event.id for event in found] == [1]
