"""A damaged `flasher_args.json` is an error of the bench that names the file, before anything is flashed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rig.firmware.build import check_source
from rig.firmware.manifest import FILE_NAME
from rig.util.errors import BenchError


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"flash_files": {}}',
        '{"flash_files": {"0x0": 5}}',
        '{"flash_files": {"-5": "a.bin"}}',
        '{"flash_files": {"0x1ffffffff": "a.bin"}}',
        '{"flash_files": {"0x0": "a.bin"}, "flash_settings": null}',
        '{"flash_files": {"0x0": "a.bin"}, "flash_settings": {"flash_mode": 7}}',
        '{"flash_files": {"0x0": "a.bin"}, "extra_esptool_args": {"chip": 7}}',
        "[" * 100_000,
    ],
)
def test_a_manifest_of_another_form_is_rejected(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.bin").write_bytes(b"x")
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(BenchError, match=f"{FILE_NAME} is no flasher manifest"):
        check_source(str(tmp_path), tmp_path)


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", ".", "a\\u0000b"])
def test_a_file_to_flash_that_has_no_content_is_rejected(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / FILE_NAME).write_text(f'{{"flash_files": {{"0x0": "{name}"}}}}')
    with pytest.raises(BenchError, match="cannot read a file to flash"):
        check_source(str(tmp_path), tmp_path)


def test_a_manifest_that_is_a_device_is_rejected(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).symlink_to("/dev/zero")
    with pytest.raises(BenchError, match="not a file"):
        check_source(str(tmp_path), tmp_path)


def test_a_path_that_is_too_long_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="cannot be read: File name too long"):
        check_source("x" * 5000, tmp_path)
