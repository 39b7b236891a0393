"""The console of `rig device run` on the terminal."""

from __future__ import annotations

import io

import pytest

from rig.cli.masked_lines import MaskedLines
from rig.util.known_secrets import remember_secret


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


def test_a_secret_that_comes_in_two_reads_is_masked(shown: io.StringIO) -> None:
    lines = MaskedLines(shown)
    remember_secret("plain-Word_7")
    for part in (b"one\r\npsk plain-W", b"ord_7 set\r", b"\npassword=a", b"bc\n"):
        lines.write(part)
    assert shown.getvalue() == "one\npsk ******** set\npassword=********\n"
    assert not lines.has_open_line


def test_a_prompt_is_shown_when_the_device_pauses(shown: io.StringIO) -> None:
    lines = MaskedLines(shown)
    lines.write(b"esp32> ")
    assert (shown.getvalue(), lines.has_open_line) == ("", True)
    lines.show_open_line()
    assert (shown.getvalue(), lines.has_open_line) == ("esp32> ", False)


def test_a_line_without_an_end_is_shown(shown: io.StringIO) -> None:
    MaskedLines(shown).write(b"x" * 100_000)
    assert shown.getvalue() == "x" * 100_000


def test_a_character_split_over_two_reads_is_shown(shown: io.StringIO) -> None:
    lines = MaskedLines(shown)
    lines.write(b"Pr\xc3")
    lines.write(b"\xbcf\xff\n")
    assert shown.getvalue() == "Prüf\\xff\n"


def test_a_line_that_is_meant_for_the_person_keeps_its_secret(shown: io.StringIO) -> None:
    lines = MaskedLines(shown, reveals=lambda line: line.startswith("I "))
    lines.write(b"I web: password=abcd\nW web: password=abcd\n")
    assert shown.getvalue() == "I web: password=abcd\nW web: password=********\n"
