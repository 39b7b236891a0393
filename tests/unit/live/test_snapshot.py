"""The file for a bug report."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from rig.live.snapshot import write_snapshot
from rig.timeline.codec import encode
from rig.timeline.events import LogLine
from rig.util.errors import BenchError
from rig.util.known_secrets import remember_secret


def test_a_snapshot_holds_no_secret(tmp_path: Path) -> None:
    remember_secret("hunter2hunter2")
    bench = tmp_path / "bench.toml"
    bench.write_text('name = "b"\npsk = "hunter2hunter2"\n')
    path = tmp_path / "snapshot.zip"
    line = encode(LogLine(text="the word is hunter2hunter2", t=1_500_000_000))
    assert write_snapshot(path, [line], {"wifi": {"password": "hunter3"}}, bench) == 1
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(contents) == {"run.jsonl", "console.log", "ocpp.log", "state.json", "versions.json", "bench.toml"}
    assert "hunter" not in str(contents)
    assert contents["console.log"].startswith("       1.500 the word is ")
    assert json.loads(contents["versions.json"])["packages"]["plugbench"]


def test_a_secret_below_its_name_is_in_no_snapshot(tmp_path: Path) -> None:
    """The process that writes the snapshot has not opened the bench, so it has not met the secret."""
    bench = tmp_path / "bench.toml"
    bench.write_text('name = "b"\n[network]\npsk = """\ncorrect horse"""\n')
    path = tmp_path / "snapshot.zip"
    write_snapshot(path, [], {}, bench)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("bench.toml").decode()
    assert ('name = "b"' in text, "correct horse" in text) == (True, False)


def test_a_snapshot_replaces_no_file(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.zip"
    path.write_text("mine")
    with pytest.raises(BenchError, match="exists already"):
        write_snapshot(path, [], {})
    assert path.read_text() == "mine"
