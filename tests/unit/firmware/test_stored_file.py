"""Files as the device stores them, with and without header."""

from __future__ import annotations

import json

import pytest

from rig.adapters.plugbench import reconfigure
from rig.adapters.stored_file import content_of
from rig.firmware.filesystem import make_filesystem, read_filesystem

HELLO = b"\xfbPB\x1a\x01\x00\x05\x00\xd1\x7e\x78\x53hello"
"""A file as the device writes it; firmware/test/test_stored_files has the same bytes."""


def test_the_header_of_a_valid_file_is_removed():
    assert content_of(HELLO) == b"hello"


@pytest.mark.parametrize("content", [b"{}", b"", b"M\x00\x01", b"\xfbPB"])
def test_a_file_without_a_header_is_its_own_content(content):
    assert content_of(content) == content


@pytest.mark.parametrize("at", range(len(HELLO)))
def test_a_damaged_file_has_no_content(at):
    assert content_of(HELLO[:at] + bytes([HELLO[at] ^ 0x10]) + HELLO[at + 1 :]) is None


@pytest.mark.parametrize("file", [HELLO[:-1], HELLO + b"!", HELLO[:11], HELLO[:4]])
def test_a_file_of_another_length_has_no_content(file):
    assert content_of(file) is None


def test_stored_settings_are_kept_when_others_change():
    stored = b"\xfbPB\x1a\x01\x00\x15\x00\xca\xbf\x0d\x17" + b'{"log_level":"debug"}'
    image = reconfigure(make_filesystem({"config.json": stored}, 65536), {"identity": "CP-2"})
    assert json.loads(read_filesystem(image)["config.json"]) == {"log_level": "debug", "identity": "CP-2"}
