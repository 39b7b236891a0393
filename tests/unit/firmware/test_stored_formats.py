"""The device's stored images, converted between the formats of firmware/FORMAT.md."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import pytest

from rig.adapters.stored_content import decode, sealed
from rig.adapters.stored_file import read_stored_file, with_header
from rig.adapters.stored_formats import Format, convert
from rig.firmware.filesystem import read_filesystem

IMAGES = Path(__file__).parents[2] / "stored_images"
OLD = sorted((IMAGES / "0.1.0-headerless").glob("*.gz"))
ALL = sorted(IMAGES.glob("*/*.gz"))


def files_of(path: Path) -> dict[str, bytes]:
    """Return the files of a stored image."""
    return read_filesystem(gzip.decompress(path.read_bytes()))


def contents(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the contents of files without their headers."""
    return {name: read_stored_file(file).content for name, file in files.items()}


@pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_file_of_a_stored_image_is_decoded(path: Path) -> None:
    """No file is of an unknown kind, damaged or unreadable."""
    for name, file in files_of(path).items():
        stored = read_stored_file(file)
        assert stored.state == "sound", name
        assert decode(name, stored.content), name


@pytest.mark.parametrize("name", ["config.json", "auth_cache", "trial_csms.json", "ledger"])
def test_deep_nesting_is_unreadable(name: str) -> None:
    content = b"[" * 1900
    sealed_content = b"%08x " % zlib.crc32(content) + content
    with pytest.raises(ValueError, match=r"depth limit"):
        decode(name, sealed_content if name == "ledger" else content)


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_an_image_of_0_1_0_returns_from_the_new_format_unchanged(path: Path) -> None:
    """Converted there and back, each file has its old bytes."""
    old = files_of(path)
    new = convert(old, Format.V1)
    assert all(read_stored_file(file).version == 1 for file in new.files.values())
    assert convert(new.files, Format.NONE).files == old


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_the_converted_files_have_the_same_meaning(path: Path) -> None:
    """Samples, records and settings are equal; a batch gains the voltage of the settings."""
    old = files_of(path)
    new = contents(convert(old, Format.V1).files)
    settings = json.loads(old["config.json"])
    for name, content in old.items():
        if name == "auth_cache":
            continue
        before, after = decode(name, content), decode(name, new[name])
        if isinstance(after, dict) and "samples" in after:
            assert after.pop("voltage") == settings.get("nominal_voltage_v", 230)
        assert after == before, name


def test_the_cache_keeps_its_entries_and_their_order() -> None:
    """20 entries fill three files; the old format takes the 16 latest."""
    entries = [{"idTag": f"TAG{number}", "status": "Accepted"} for number in range(20)]
    new = convert({"auth_cache": json.dumps(entries).encode()}, Format.V1)
    assert set(new.files) == {"auth_cache", "cache-0000000000", "cache-0000000001", "cache-0000000002"}
    old = convert(new.files, Format.NONE)
    assert json.loads(old.files["auth_cache"]) == entries[4:]
    assert old.notes == ["the authorization cache keeps the latest 16 of 20 entries"]


def test_damaged_and_newer_files_stay_as_they_are() -> None:
    """Neither direction touches a file that it cannot read."""
    damaged = with_header(b"content")[:-1]
    newer = bytearray(with_header(b"content"))
    newer[4] = 2
    files = {"ledger": damaged, "config.json": bytes(newer)}
    for to in Format:
        converted = convert(files, to)
        assert converted.files == files
        assert converted.notes == [
            "ledger is damaged: it stays as it is",
            "config.json is newer: it stays as it is",
        ]


def test_what_the_older_format_cannot_keep_is_named() -> None:
    """The second copy of the settings, the voltage of a batch, and new members of the ledger."""
    files = files_of(IMAGES / "1-header" / "charging.bin.gz") | {"config_copy.json": with_header(b"{}")}
    notes = " ".join(convert(files, Format.NONE).notes)
    assert "loses its voltage" in notes
    assert "ledger loses last_sent" in notes
    assert "config_copy.json" in notes


def test_unreadable_files_stay_as_they_are() -> None:
    """Neither direction converts content that `rig storage show` reports as unreadable."""
    batch = b"M" + bytes(45)
    for name, content in {
        "cache-0000000000": b"abc",
        "auth_cache": b"[{",
        "ledger": b"00000000 {}",
        "tx-0000000001": batch,
    }.items():
        for to in Format:
            files = {name: with_header(content)}
            converted = convert(files, to)
            assert converted.files == files
            assert len(converted.notes) == 1
            assert converted.notes[0].startswith(f"{name} is unreadable (")


def test_a_cache_with_an_unreadable_part_is_incomplete() -> None:
    """The older format marks a cache that lacks entries with an empty entry."""
    files = {"auth_cache": with_header(b'{"epoch":0}'), "cache-0000000000": with_header(b"abc")}
    assert json.loads(convert(files, Format.NONE).files["auth_cache"]) == [{}]


def test_json_of_another_shape_is_converted() -> None:
    """Valid JSON that the device never writes is no error: invalid entries are missing, and the default applies."""
    files = {
        "auth_cache": json.dumps([1, {"idTag": "TAG", "status": "Unheard"}]).encode(),
        "config.json": b'{"nominal_voltage_v": "high"}',
        "ledger": sealed([]),
    }
    new = contents(convert(files, Format.V1).files)
    assert json.loads(new["auth_cache"]) == {"epoch": 0, "incomplete": True}
    assert convert(files, Format.NONE).files == files


def test_the_note_of_a_batch_names_the_origin_of_its_voltage() -> None:
    """The voltage is from the settings if they have it, and otherwise the default."""
    name, batch = next((name, file) for name, file in files_of(OLD[0]).items() if file[:1] in {b"M", b"S"})
    assert convert({name: batch}, Format.V1).notes == [f"{name} had no voltage: it gets 230 V by default"]
    settings = {"config.json": b'{"nominal_voltage_v": 240}'}
    assert convert({name: batch} | settings, Format.V1).notes == [
        f"{name} had no voltage: it gets 240 V from the settings"
    ]
