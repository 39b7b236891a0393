"""The prompt of `rig csms serve`: its lines, its completion, and a session on a terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rig.cli.csms_prompt import Calls
from rig.csms import Csms
from rig.live.calls import Call
from rig.live.csms_calls import CsmsCalls
from rig.live.fault_calls import faults_of_csms
from rig.util.errors import BenchError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def calls(csms: Csms) -> Calls:
    table: dict[str, Call] = {**CsmsCalls(lambda: csms).table(), **faults_of_csms(lambda: csms).table()}
    return Calls(
        {name: call.described() for name, call in table.items()}, lambda: {"CP-1": "ocpp1.6", "CP-2": "ocpp2.0.1"}
    )


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("csms.call action=ClearCache", {"action": "ClearCache"}),
        ('csms.call action=Reset payload={"type": "Soft"}', {"action": "Reset", "payload": {"type": "Soft"}}),
        ("csms.tag id_tag=123 status=Blocked", {"id_tag": "123", "status": "Blocked"}),
        ("csms.tag id_tag=A status=null", {"id_tag": "A", "status": None}),
        ("csms.close code=4000 'reason=good bye'", {"code": 4000, "reason": "good bye"}),
        ('csms.close reason="good bye"', {"reason": "good bye"}),
        ("csms.answer action=Heartbeat times=null", {"action": "Heartbeat", "times": None}),
        ("csms.call timeout=NaN", {"timeout": "NaN"}),
        pytest.param(f"csms.call payload={'[' * 5000}", {"payload": "[" * 5000}, id="deep"),
        ("csms.call action=Reset check=False", {"action": "Reset", "check": False}),
    ],
)
def test_a_line_is_a_call_with_its_arguments(calls: Calls, line: str, arguments: dict[str, Any]) -> None:
    assert calls.parse(line) == (line.split()[0], arguments)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("csms.cal", "there is no call 'csms.cal'. `help` lists the calls"),
        ("csms.call Reset", "'Reset' is not an argument of csms.call. Write KEY=VALUE, KEY: action, payload,"),
        ("csms.call action=Reset action=ClearCache", "csms.call has the argument 'action' twice"),
        ("csms.tag id_tag=A status=Blocked id_tag=A", "csms.tag has the argument 'id_tag' twice"),
        (f"csms.{'x' * 5000}", f"there is no call 'csms.{'x' * 75}…'. `help`"),
        (f"csms.call {'x' * 5000}", f"'{'x' * 80}…' is not an argument of csms.call"),
        ("csms.send 'text=x", "the line cannot be read: No closing quotation"),
    ],
)
def test_a_wrong_line_is_rejected_with_a_remedy(calls: Calls, line: str, error: str) -> None:
    with pytest.raises(BenchError) as raised:
        calls.parse(line)
    assert error in str(raised.value)


@pytest.mark.parametrize(
    ("before", "word", "found"),
    [
        ("", "csms.ca", ["csms.call "]),
        ("help ", "fault.in", ["fault.inject "]),
        ("csms.call ", "ac", ["action="]),
        ("csms.call action=Reset ", "a", []),
        ("csms.call ", "action=Trig", ["action=TriggerMessage "]),
        ("csms.call ", "charge_point=", ["charge_point=CP-1 ", "charge_point=CP-2 "]),
        ("csms.call ", "action=GetVar", ["action=GetVariables "]),
        ("csms.call charge_point=CP-1 ", "action=GetVar", []),
        ("csms.answer ", "action=GetVar", []),
        ("csms.answer charge_point=CP-2 ", "action=TransactionE", ["action=TransactionEvent "]),
        ("csms.normal ", "action=Start", ["action=StartTransaction "]),
        ("csms.call ", "action=StartT", []),
        ("csms.register ", "status=P", ["status=Pending "]),
        ("csms.call ", "check=", ["check=true ", "check=false "]),
        ("nothing ", "x", []),
    ],
)
def test_a_word_is_completed(calls: Calls, before: str, word: str, found: list[str]) -> None:
    assert calls.completions(before, word) == found


def test_help_lists_calls_and_arguments(calls: Calls) -> None:
    assert "csms.register        Answer each BootNotification from now on" in calls.help()
    assert "  interval: int, default 300" in calls.help("csms.register")


def test_a_terminal_has_a_prompt(tmp_path: Path) -> None:
    """A call at the prompt reaches the CSMS, and `quit` ends it with 0. A pipe has no prompt (test_serve)."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "TERM": "dumb"}
    with subprocess.Popen(
        [sys.executable, "-c", "from rig.cli.start import main; main()", "csms", "serve", "--port", "0"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env=environment,
    ) as process:
        os.close(theirs)
        output = b""
        for typed, until in ((b"", b"csms> "), (b"csms.tag id_tag=X status=Bl\t\n", b"done"), (b"quit\n", b"ended")):
            os.write(ours, typed)
            with contextlib.suppress(OSError):  # the end of the process
                while until not in output:
                    output += os.read(ours, 1000)
            assert until in output, output
        assert process.wait(60) == 0
    os.close(ours)
    assert b"status=Blocked" in output
