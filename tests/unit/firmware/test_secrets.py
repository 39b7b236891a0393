"""Images of the partition `secrets`: of the host, as firmware/FORMAT.md describes it, and of a chip."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rig.firmware.nvs_secrets import make_nvs_secrets
from rig.firmware.secrets import MOST_BYTES, SECTOR, make_secrets, read_secrets
from rig.util.errors import AuthorError

SIZE = 16 * SECTOR


def test_what_was_made_is_read() -> None:
    blobs = {"auth_key": bytes(range(16)), "root": b"r" * MOST_BYTES, "crl": b"x"}
    image = make_secrets(blobs, SIZE)
    assert len(image) == SIZE
    assert read_secrets(image) == blobs


def test_the_layout_is_the_documented_one() -> None:
    image = make_secrets({"root": b"abc"}, SIZE)
    assert image[:13] == b"PBS1\x01\0\0\0\x03\0\0\0\0"
    assert image[28:44] == b"root".ljust(16, b"\0")
    assert image[48:51] == b"abc"
    assert image[51:] == b"\xff" * (SIZE - 51)


def test_a_damaged_record_is_none() -> None:
    image = bytearray(make_secrets({"root": b"abc"}, SIZE))
    image[49] ^= 1
    assert read_secrets(bytes(image)) == {}


@pytest.mark.parametrize(
    ("blobs", "message"),
    [({"key": b"x"}, "no secret 'key'. It has: auth_key"), ({"crl": b"x" * (MOST_BYTES + 1)}, "room for 4000")],
)
@pytest.mark.parametrize("make", [make_secrets, make_nvs_secrets])
def test_what_the_device_could_not_read_is_rejected(
    make: Callable[[dict[str, bytes], int], bytes], blobs: dict[str, bytes], message: str
) -> None:
    with pytest.raises(AuthorError, match=message):
        make(blobs, SIZE)


def test_a_chip_finds_its_blobs_in_nvs() -> None:
    """ESP-IDF, "Non-Volatile Storage Library": pages of 4 KB, entries of 32 bytes after their header and bitmap."""
    image = make_nvs_secrets({"auth_key": bytes(range(18)), "root": b"r" * MOST_BYTES}, SIZE)
    assert len(image) == SIZE
    state, version = image[:4], image[8]
    assert (state, version) == (b"\xfc\xff\xff\xff", 0xFE)  # full, because a second page is in use; version 2
    entries = [image[at : at + 32] for at in range(64, SECTOR, 32)]
    namespace, key = entries[0], entries[1]
    assert (namespace[0], namespace[1], namespace[8:24].rstrip(b"\0")) == (0, 1, b"plugbench")
    assert (key[0], key[1], key[8:24].rstrip(b"\0")) == (1, 0x42, b"auth_key")  # a piece of a blob
    assert entries[2][:18] == bytes(range(18))
    assert image.count(b"r" * 16) == MOST_BYTES // 16  # in two pieces, one on each page
    assert image[-SECTOR:] == b"\xff" * SECTOR  # the free page that NVS needs
