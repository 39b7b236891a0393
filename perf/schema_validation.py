"""Measure the device's schema validator beside RapidJSON's SAX schema validator."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from firmware.tools.schema_tables import load
from perf.environment import ROOT
from perf.result import Result
from tools.schema_documents import Documents

DOCUMENTS = 1000
ROUNDS = 20
HEADERS = (Path("/usr/include"), ROOT / "build/rapidjson/usr/include")
"""Places of RapidJSON's headers: installed from Debian's package rapidjson-dev, or unpacked from it."""


def measure(_peers: Path, runs: int) -> Iterator[Result]:
    """Yield messages in a second of processor time, and the heap of schemas and of a validation."""
    headers = next((place for place in HEADERS if (place / "rapidjson/schema.h").exists()), None)
    if headers is None:
        print("schema_validation is skipped: install RapidJSON with `make install-extras` as root", file=sys.stderr)
        return
    program = _build(headers)
    documents = _documents()
    ours = [_run(program, "ours", documents) for _ in range(runs)]
    theirs = [_run(program, "rapidjson", documents) for _ in range(runs)]
    for name, unit, key, higher in (
        ("messages of OCPP 1.6 validated by their schemas", "1/s", "per_second", True),
        ("heap of the schemas", "B", "schemas", False),
        ("heap of one validation, at most", "B", "peak", False),
    ):
        values = [statistics.median(run[key] for run in side) for side in (ours, theirs)]
        yield Result(name, unit, higher, values[0], {"RapidJSON": values[1]})


def _build(headers: Path) -> Path:
    program = ROOT / "build" / "schema-validators"
    program.parent.mkdir(exist_ok=True)
    core = [ROOT / f"firmware/src/core/{name}.cpp" for name in ("calendar", "json_stream", "utf8", "text_writer")]
    parts = ("ocpp16_tables", "tables", "validator", "decimal_number", "date_time_format", "uri_format")
    schema = [ROOT / f"firmware/src/features/schema/{name}.cpp" for name in parts]
    flags = ["-std=c++17", "-O2", "-DNDEBUG", "-Wl,--wrap=malloc,--wrap=realloc,--wrap=free"]
    # Not -isystem: with /usr/include before the compiler's own folders, <cstdlib> does not find <stdlib.h>.
    folders = ["-I", str(ROOT / "firmware/src"), "-idirafter", str(headers)]
    subprocess.run(
        ["g++", *flags, *folders, ROOT / "perf/schema_validators.cpp", *schema, *core, "-o", program], check=True
    )
    return program


def _documents() -> bytes:
    """Return valid documents of every message of OCPP 1.6."""
    rng = random.Random(1)
    messages = [
        (message.action, kind, Documents(schema, rng))
        for message in load("ocpp1.6").messages
        for kind, schema in (("request", message.request), ("response", message.response))
        if schema is not None
    ]
    stream = b""
    for i in range(DOCUMENTS):
        action, kind, generator = messages[i % len(messages)]
        text = generator.valid()
        stream += f"{action} {kind} {len(text)}\n".encode() + text
    return stream


def _run(program: Path, which: str, documents: bytes) -> dict[str, float]:
    spec = find_spec("ocpp")
    places = spec.submodule_search_locations if spec else None
    assert places, "the package ocpp is installed by `make setup`"
    folder = Path(places[0], "v16", "schemas")
    done = subprocess.run([program, which, folder, str(ROUNDS)], input=documents, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures
