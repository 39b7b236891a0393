"""File system images for the storage partition."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rig.adapters.plugbench import provision
from rig.firmware.filesystem import GEOMETRY, make_filesystem, read_filesystem
from rig.firmware.partitions import Partition
from rig.util.errors import AuthorError, BenchError

ROOT = Path(__file__).parents[3]
STORAGE = Partition("storage", "data", "littlefs", 0x350000, 0x90000)


def test_provisioning_round_trip():
    image = provision("ws://h:1/p", "CP-1", "net", "psk-psk-psk", partition=STORAGE, heartbeat_interval_s=7)
    assert len(image) == STORAGE.size
    assert json.loads(read_filesystem(image)["config.json"]) == {
        "csms_url": "ws://h:1/p",
        "identity": "CP-1",
        "wifi_ssid": "net",
        "wifi_psk": "psk-psk-psk",
        "heartbeat_interval_s": 7,
    }


def test_equal_settings_make_equal_images():
    images = {provision("ws://h:1/p", "CP-1", "n", "p", partition=STORAGE) for _ in range(3)}
    assert len(images) == 1


def test_unknown_settings_are_rejected_with_the_known_ones():
    with pytest.raises(AuthorError, match=r"no setting hartbeat_s.*heartbeat_interval_s"):
        provision("ws://h:1/p", "CP-1", "n", "p", partition=STORAGE, hartbeat_s=7)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"heartbeat_interval_s": "60"}, "is a finite number, at least 1 and at most 86400, not '60'"),
        ({"heartbeat_interval_s": 0}, "is a finite number, at least 1 and at most 86400, not 0"),
        ({"heartbeat_interval_s": True}, "is a finite number, .*, not True"),
        ({"heartbeat_interval_s": 1.5}, "is a whole number, not 1.5"),
        ({"fixed_cable": "yes"}, "is True or False, not 'yes'"),
        ({"power_fail_action": "resum"}, "is one of stop, resume, not 'resum'. Did you mean 'resume'"),
        ({"stop_txn_sampled_data": "Current.Import,Voltge"}, "is one of .*, not 'Voltge'. Did you mean 'Voltage'"),
        ({"stop_txn_sampled_data": "Voltage,Voltage"}, "names an item twice: 'Voltage,Voltage'"),
        ({"log_level": 3}, "is a text, not 3"),
        ({"ntp_server": "ü" * 32}, "has at most 63 bytes, not 64"),
        ({"local_id_tag": "ü" * 21}, "has at most 20 characters, not 21"),
        ({"backoff_initial_ms": 1000, "backoff_max_ms": 999}, r"\(1000\) is above backoff_max_ms \(999\), .* Set both"),
    ],
)
def test_a_value_that_the_device_would_replace_is_rejected(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(AuthorError, match=f"the setting {next(iter(settings))} {says}"):
        provision("ws://h:1/p", "CP-1", "n", "p", partition=STORAGE, **settings)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"backoff_max_ms": 500}, r"backoff_initial_ms \(1000 by default\) is above backoff_max_ms \(500\)"),
        (
            {"backoff_initial_ms": 200_000},
            r"backoff_initial_ms \(200000\) is above backoff_max_ms \(120000 by default\)",
        ),
    ],
)
def test_a_setting_must_go_with_the_default_of_another(settings: dict[str, int], says: str) -> None:
    with pytest.raises(AuthorError, match=f"the setting {says}"):
        provision("ws://h:1/p", "CP-1", "n", "p", partition=STORAGE, **settings)


def test_files_that_do_not_fit_are_rejected():
    with pytest.raises(BenchError, match="do not fit into 65536 bytes"):
        make_filesystem({"big": bytes(100_000)}, 65536)


def test_garbage_is_rejected():
    with pytest.raises(BenchError, match="no valid LittleFS file system"):
        read_filesystem(b"\x5a" * STORAGE.size)


def test_the_cache_is_not_smaller_than_that_of_the_device() -> None:
    """With a smaller one LittleFS calls some files corrupt that the device has written inside the directory."""
    header = (ROOT / "firmware/src/features/storage/littlefs_storage.h").read_text(encoding="utf-8")
    (size,) = re.findall(r"kCacheSize = (\d+);", header)
    assert int(size) <= GEOMETRY["cache_size"]
