"""The record on disk: whole lines, also when the run is killed."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import orjson

from rig.events import Event, FaultInjected, LogLine, OcppFrame, from_record
from rig.recorder import Recorder
from rig.timeline import Timeline


def read(path: Path) -> list[Event]:
    return [from_record(orjson.loads(line)) for line in path.read_bytes().splitlines()]


def test_every_event_comes_back(tmp_path: Path) -> None:
    timeline = Timeline()
    timeline.append(LogLine(text="before the recorder"))
    recorder = Recorder(timeline, tmp_path / "run")
    timeline.append(
        OcppFrame(charge_point="x", direction="sent", message_type="CALL", unique_id="1", payload={"a": [1, None]})
    )
    timeline.append(LogLine(text="\udc80 \x00"[1:], level="I"))
    recorder.close()
    assert read(recorder.path) == list(timeline)


def test_what_json_does_not_know_is_written_in_words(tmp_path: Path) -> None:
    timeline = Timeline()
    recorder = Recorder(timeline, tmp_path)
    timeline.append(FaultInjected(fault="x", arguments=MappingProxyType({"path": Path("a"), "set": frozenset("a")})))
    recorder.close()
    assert orjson.loads(recorder.path.read_bytes())["arguments"] == {"path": "a", "set": ["a"]}


def test_every_event_is_on_disk_at_once(tmp_path: Path) -> None:
    timeline = Timeline()
    recorder = Recorder(timeline, tmp_path)
    for number in range(1, 4):
        timeline.append(LogLine(text="x"))
        assert len(read(recorder.path)) == number
    recorder.close()
    timeline.append(LogLine(text="later"))
    assert len(read(recorder.path)) == 3
