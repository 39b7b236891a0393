"""Images of the partition `secrets`, as firmware/FORMAT.md describes it."""

from __future__ import annotations

import pytest

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
def test_what_the_device_could_not_read_is_refused(blobs: dict[str, bytes], message: str) -> None:
    with pytest.raises(AuthorError, match=message):
        make_secrets(blobs, SIZE)
