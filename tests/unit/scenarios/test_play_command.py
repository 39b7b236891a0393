"""`rig csms play` in its own process, with an independent charge point."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.csms.conftest import Peer

ROOT = Path(__file__).parents[3]

SCENARIO = """\
scenario: A card is presented, and the charge point asks for it.
params: {status: Accepted}
steps:
  - present_tag
  - answer: Authorize
    with: {idTagInfo: {status: "${status}"}}
  - expect: Authorize
    with: {idTag: "${tag}"}
  - output: contactor
    is: true
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "card.yaml"
    path.write_text(SCENARIO)
    return path


@contextlib.contextmanager
def playing(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], Peer]]:
    """Run the command, and connect a charge point to it."""
    command = [Path(sys.executable).parent / "rig", "csms", "play", "--port", "0", "--tag", "CARD", *arguments]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, text=True, bufsize=1, cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]
        try:
            found = re.search(r"ws://127\.0\.0\.1:\d+/", process.stdout.readline())
            assert found
            peer = Peer(found[0] + "OTHER-1")
            peer.boot()
            yield process, peer
            peer.socket.close()
        finally:
            process.kill()


def play_card(arguments: tuple[str, ...], tag: str, answer: str) -> tuple[int, str]:
    """Play the scenario: the person presents a card, then answers the question. Return the exit code and the output."""
    with playing(*arguments) as (process, peer):
        before = _until(process, "Enter: ")
        peer.call("Authorize", {"idTag": tag})
        out, err = process.communicate(f"\n{answer}\n", timeout=60)
        assert err == ""
    return process.returncode, before + out


def _until(process: subprocess.Popen[str], end: str) -> str:
    """Read the output up to a prompt, which has no newline."""
    assert process.stdout is not None
    out = ""
    while not out.endswith(end):
        letter = process.stdout.read(1)
        assert letter, out
        out += letter
    return out


def test_a_person_acts_and_answers_and_the_scenario_passes(file: Path) -> None:
    code, out = play_card((str(file),), "CARD", "y")
    assert code == 0
    assert "OTHER-1 has connected" in out
    assert "? Present the card CARD, then press Enter: " in out
    assert "? Is the contactor on (closed)? [y/n] " in out
    assert out.endswith("card: passed\n")


def test_a_wrong_message_fails_with_the_place_and_the_exchange(file: Path, tmp_path: Path) -> None:
    file.write_text(SCENARIO.replace("  - output", "    timeout: 10 ms\n  - output"))
    code, out = play_card((str(file),), "ANOTHER", "y")
    assert code == 1
    assert "card: failed" in out
    assert f"{file.name}:7:5: expect: expected within 0.01 s: Authorize" in out
    assert "nearest miss: idTag: expected 'CARD', got 'ANOTHER'" in out


def test_the_answer_no_fails(file: Path) -> None:
    code, out = play_card((str(file),), "CARD", "n")
    assert code == 1
    assert "Is the contactor on (closed)? The answer was no" in out


def test_a_wrong_file_is_an_error_before_anything_starts(file: Path) -> None:
    file.write_text(SCENARIO.replace("present_tag", "present_card"))
    ran = subprocess.run(
        [Path(sys.executable).parent / "rig", "csms", "play", file], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert f"{file.name}:4:5: 'present_card' is not a step: did you mean 'present_tag'?" in ran.stderr


def test_an_unknown_parameter_is_an_error(file: Path) -> None:
    ran = subprocess.run(
        [Path(sys.executable).parent / "rig", "csms", "play", file, "--param", "state=Blocked"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "no scenario has a parameter 'state'" in ran.stderr
