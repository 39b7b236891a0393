"""Two processes with clients that break every rule do not disturb a charge point that follows the rules."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.unit.csms.abuser import SECRET
from tests.unit.csms.conftest import LIMIT_S, Peer

ROOT = Path(__file__).parents[3]
GOOD = "CP-GOOD"
MOST_MEMORY_KB = 250_000
"""Two abusers send 64 MB in a round, and the CSMS itself needs about 60 MB."""
ROUNDS = 2


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "traffic.jsonl"


@pytest.fixture
def csms(record: Path) -> Iterator[subprocess.Popen[str]]:
    code = (
        "import sys; from pathlib import Path; from rig.cli.csms_serve import serve\n"
        "serve(port=0, record=Path(sys.argv[1]))"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code, str(record)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        encoding="utf-8",
    ) as process:
        yield process
        process.kill()


def test_another_charge_point_gets_all_answers_in_order(csms: subprocess.Popen[str], record: Path) -> None:
    assert csms.stdout is not None
    found = re.search(r"ws://127\.0\.0\.1:\d+/", csms.stdout.readline())
    assert found
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(csms.stdout or ()))
    reader.start()
    peer = Peer(found[0] + GOOD)
    abusers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.unit.csms.abuser", found[0], f"CP-{name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for name in ("A", "B")
    ]
    rounds = threading.Thread(target=_await_rounds, args=(abusers,))
    rounds.start()
    number = 0
    while rounds.is_alive() or number < 100:
        peer.start_call("Heartbeat", {}, f"h{number}")
        assert peer.receive()[:2] == [3, f"h{number}"]
        number += 1
    rounds.join()
    assert [abuser.wait(LIMIT_S) for abuser in abusers] == [0, 0]
    memory = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{csms.pid}/status").read_text())
    assert memory
    assert int(memory[1]) < MOST_MEMORY_KB
    assert csms.poll() is None
    csms.terminate()
    assert csms.wait(LIMIT_S) == 0
    reader.join()

    written = record.read_text()
    frames = [event for event in map(orjson.loads, written.splitlines()) if event["type"] == "ocpp_frame"]
    assert [event for event in frames if event["charge_point"] == GOOD and event["error"]] == []
    assert sum(event["charge_point"] == GOOD for event in frames) == 2 * number
    assert sum("breaks RFC 6455" in event["error"] for event in frames) >= 2 * ROUNDS * 4
    shown = "".join(lines)
    assert SECRET not in written + shown
    assert "refused the client" in shown
    assert all(line.removesuffix("\n").isprintable() for line in lines)


def _await_rounds(abusers: list[subprocess.Popen[str]]) -> None:
    """Wait for some rounds of each abuser, then end it. A failed one prints no round and has a nonzero exit code."""
    for abuser in abusers:
        assert abuser.stdout is not None
        assert abuser.stdin is not None
        for _ in range(ROUNDS):
            abuser.stdout.readline()
        abuser.stdin.close()
