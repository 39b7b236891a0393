"""Application images, read by esptool and by the virtual boot loader."""

from __future__ import annotations

import contextlib
import hashlib
import io

import esptool
import pytest

from rig.firmware.image import ImageError, make_image, parse_image

EXECUTABLE = bytes(range(256)) * 333 + b"end"
ELF_SHA256 = hashlib.sha256(b"elf").digest()


@pytest.fixture
def image() -> bytes:
    return make_image(EXECUTABLE, project="plugbench-cp", version="1.2.3", elf_sha256=ELF_SHA256)


def test_esptool_accepts_the_image(image, tmp_path):
    path = tmp_path / "app.bin"
    path.write_bytes(image)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        esptool.main(["--chip", "esp32", "image-info", str(path)])
    assert said.getvalue().count("(valid)") == 2, "checksum and hash"
    assert "Project name: plugbench-cp" in said.getvalue()
    assert "App version: 1.2.3" in said.getvalue()
    assert f"ELF file SHA256: {ELF_SHA256.hex()}" in said.getvalue()


def test_round_trip_with_erased_flash_after_it(image):
    parsed = parse_image(image + b"\xff" * 5000)
    assert parsed.executable == EXECUTABLE
    assert (parsed.project, parsed.version, parsed.elf_sha256) == ("plugbench-cp", "1.2.3", ELF_SHA256)
    assert parsed.length == len(image)


@pytest.mark.parametrize("length", range(1, 40))
def test_every_alignment(length):
    image = make_image(bytes(length), project="p", version="v", elf_sha256=bytes(32))
    assert len(image) % 16 == 0
    assert parse_image(image).executable == bytes(length)


def test_any_flipped_bit_is_detected(image):
    for at in range(0, len(image), 7):
        damaged = bytearray(image)
        damaged[at] ^= 1 << at % 8
        with pytest.raises(ImageError):
            parse_image(bytes(damaged))


def test_any_truncation_is_detected(image):
    for length in range(0, len(image), 97):
        with pytest.raises(ImageError):
            parse_image(image[:length] + b"\xff" * (len(image) - length))


def test_erased_flash_has_the_message_of_the_chip():
    with pytest.raises(ImageError, match="invalid header: 0xffffffff"):
        parse_image(b"\xff" * 4096)


def test_long_names_are_rejected():
    with pytest.raises(ValueError, match="at most 31 bytes"):
        make_image(b"", project="p" * 32, version="1", elf_sha256=bytes(32))
