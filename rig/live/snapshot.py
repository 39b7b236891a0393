"""A snapshot: one file for a bug report, with the timeline, logs, state, settings and versions, without secrets."""

from __future__ import annotations

import contextlib
import io
import json
import platform
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import orjson

from rig.util.new_file import new_file
from rig.util.redaction import masked, masked_text, remember_secrets, without_url_passwords

_LARGEST_DESCRIPTION = 1_000_000


def write_snapshot(path: Path, records: Iterable[bytes], state: Mapping[str, Any], bench: Path | None = None) -> int:
    """Write a snapshot.

    The archive holds `run.jsonl`, `console.log`, `ocpp.log`, `state.json`, `versions.json` and `bench.toml`.

    Args:
        path: a new file.
        records: the events as lines of a record, with masked secrets.
        state: the state of docs/live.md, and further members for the report.
        bench: the bench description; None, or a path that is no file, leaves it out.

    Returns:
        The number of events.

    Raises:
        BenchError: the file exists already, or cannot be written.
    """
    with new_file(path, "snapshot") as file:
        return _write(file, records, state, bench)


def _write(file: Any, records: Iterable[bytes], state: Mapping[str, Any], bench: Path | None) -> int:
    console, ocpp = io.StringIO(), io.StringIO()
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("run.jsonl", "w", force_zip64=True) as run:
            for record in records:
                run.write(record.rstrip(b"\n") + b"\n")
                count += 1
                _log(orjson.loads(record), console, ocpp)
        for name, log in (("console.log", console), ("ocpp.log", ocpp)):
            archive.writestr(name, log.getvalue().encode(errors="backslashreplace"))
        archive.writestr("state.json", json.dumps(masked(state), indent=2))
        archive.writestr("versions.json", json.dumps(_versions(), indent=2))
        if bench is not None and (text := _description(bench)):
            archive.writestr("bench.toml", text)
    return count


def _log(event: Mapping[str, Any], console: io.StringIO, ocpp: io.StringIO) -> None:
    seconds = f"{event.get('t', 0) / 1e9:12.3f}"
    if event["type"] == "log_line":
        console.write(f"{seconds} {event['text']}\n")
    elif event["type"] == "panic":
        console.writelines(f"{'':12}   {frame}\n" for frame in event.get("backtrace", ()))
    elif event["type"] == "ocpp_frame":
        arrow = "->" if event["direction"] == "received" else "<-"
        ocpp.write(f"{seconds} {event['charge_point']} {arrow} {event['raw']}\n")


def _versions() -> dict[str, Any]:
    return {
        "python": sys.version,
        "platform": platform.platform(),
        "packages": {found.name: found.version for found in sorted(distributions(), key=lambda found: found.name)},
    }


def _description(path: Path) -> str:
    """Return a bench description without secrets; empty if it cannot be read, or is not TOML."""
    with contextlib.suppress(OSError, ValueError):
        if path.is_file() and path.stat().st_size <= _LARGEST_DESCRIPTION:
            text = path.read_text(encoding="utf-8")
            remember_secrets(tomllib.loads(text))  # a value may be on another line than its name
            return "\n".join(map(masked_text, without_url_passwords(text).split("\n")))
    return ""
